//! Pictures of the screen: that of the README is what the boot code shows now, and a screen of graphics has one too.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ramkey::emulator::{Controller, Machine, Port, Screen, Stick};

use super::harness::{DEADLINE, PROVEN, Running, file, scratch};
use super::sticks;

/// Pixels of a character.
const CELL: (usize, usize) = (9, 16);
/// Sets mode 13h, 320 by 200 in 256 colours, fills all of it with colour 15, and stops.
const GRAPHICS: [u8; 21] = [
    0xB8, 0x13, 0x00, // mov ax, 0013h
    0xCD, 0x10, // int 10h
    0xB8, 0x00, 0xA0, // mov ax, A000h
    0x8E, 0xC0, // mov es, ax
    0x31, 0xFF, // xor di, di
    0xB9, 0x00, 0xFA, // mov cx, 64000
    0xB0, 0x0F, // mov al, 15
    0xF3, 0xAA, // rep stosb
    0xEB, 0xFE, // jmp $
];

/// A picture of three bytes for each pixel.
struct Picture {
    width: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// Reads a PNG of QEMU: eight bits of red, green and blue, in one piece. (PNG Specification, second edition, section 9.)
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("4 bytes")) as usize;
        let (width, height) = (word(16), word(20));
        assert_eq!(bytes[24..29], [8, 2, 0, 0, 0], "eight bits of three colours");
        let (mut packed, mut at) = (Vec::new(), 8);
        while at + 8 <= bytes.len() {
            let len = word(at);
            if &bytes[at + 4..at + 8] == b"IDAT" {
                packed.extend_from_slice(&bytes[at + 8..at + 8 + len]);
            }
            at += len + 12;
        }
        let mut filtered = Vec::new();
        flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut filtered).expect("a picture");
        assert_eq!(filtered.len(), height * (width * 3 + 1));
        let mut row = vec![0u8; width * 3];
        let mut pixels = Vec::new();
        for line in filtered.chunks(width * 3 + 1) {
            let above = row.clone();
            for at in 0..row.len() {
                let left = if at < 3 { 0 } else { row[at - 3] };
                let (up, corner) = (above[at], if at < 3 { 0 } else { above[at - 3] });
                row[at] = line[at + 1].wrapping_add(predicted(line[0], left, up, corner));
            }
            pixels.extend(row.as_chunks::<3>().0);
        }
        Self { width, pixels }
    }

    /// The shape in a cell: where it has another colour than most of it.
    fn shape(&self, column: usize, row: usize) -> Vec<bool> {
        let at = |x: usize, y: usize| self.pixels[(row * CELL.1 + y) * self.width + column * CELL.0 + x];
        let cell: Vec<[u8; 3]> =
            (0..CELL.1).flat_map(|y| (0..CELL.0).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect();
        let ground = cell.iter().max_by_key(|&colour| cell.iter().filter(|other| *other == colour).count());
        cell.iter().map(|colour| Some(colour) != ground).collect()
    }

    /// The shapes of all signs of a text screen that is shown in this picture.
    fn alphabet(&self, screen: &Screen) -> BTreeMap<Vec<bool>, char> {
        let mut alphabet = BTreeMap::new();
        for (row, line) in screen.lines.iter().enumerate() {
            for (column, sign) in format!("{line:80}").chars().enumerate() {
                alphabet.insert(self.shape(column, row), without_blocks(sign));
            }
        }
        // The cursor stands on an empty cell.
        let mut cursor = self.shape(79, 24);
        for line in [CELL.1 - 3, CELL.1 - 2] {
            cursor[line * CELL.0..(line + 1) * CELL.0].fill(true);
        }
        alphabet.insert(cursor, ' ');
        alphabet
    }

    /// What it shows. Numbers differ from boot to boot: they, and what is not in the alphabet, count as a number.
    fn text(&self, alphabet: &BTreeMap<Vec<bool>, char>) -> Vec<String> {
        let line = |row: usize| {
            let signs = (0..80).map(|column| alphabet.get(&self.shape(column, row)).copied().unwrap_or('9'));
            without_numbers(&signs.collect::<String>())
        };
        (0..25).map(line).collect()
    }
}

/// What a filter of a PNG expects of a byte.
fn predicted(filter: u8, left: u8, up: u8, corner: u8) -> u8 {
    match filter {
        0 => 0,
        1 => left,
        2 => up,
        3 => ((u16::from(left) + u16::from(up)) / 2) as u8,
        _ => {
            let [a, b, c] = [left, up, corner].map(i16::from);
            let far = |from: i16| (a + b - c - from).abs();
            match (far(a), far(b), far(c)) {
                (a_far, b_far, c_far) if a_far <= b_far && a_far <= c_far => left,
                (_, b_far, c_far) if b_far <= c_far => up,
                _ => corner,
            }
        }
    }
}

/// A full block has the shape of an empty cell: one colour.
fn without_blocks(sign: char) -> char {
    if sign == '█' { ' ' } else { sign }
}

fn without_numbers(line: &str) -> String {
    let mut text = String::new();
    for sign in line.trim_end().chars() {
        match without_blocks(sign) {
            '0'..='9' | '.' if text.ends_with('#') => {}
            '0'..='9' => text.push('#'),
            sign => text.push(sign),
        }
    }
    text
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/boot-screen.png")
}

#[test]
fn the_picture_in_the_readme_is_what_the_boot_code_shows_and_graphics_have_a_picture_too() {
    let folder = scratch();
    let mut image = vec![0; 1_474_560];
    blake3::Hasher::new().update(b"picture").finalize_xof().fill(&mut image[512..]);
    image[..GRAPHICS.len()].copy_from_slice(&GRAPHICS);
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
    let image = file(folder.path(), "rescue.img", &image);
    let stick = sticks::ramkey(
        folder.path(),
        &[&image],
        &["--kind", "floppy", "--title", "Rescue disk", "--size", "8M", "--timeout", "60"],
    );
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    let picture = folder.path().join("picture.png");
    let take = |running: &mut Running, picture: &Path| {
        let taken = running.emulator().screenshot(picture);
        running.need(taken);
        Picture::read(picture)
    };
    running.wait_screen(PROVEN, DEADLINE);
    let stopped = running.emulator().stop();
    running.need(stopped);
    let screen = running.emulator().screen();
    let screen = running.need(screen);
    let shown = take(&mut running, &picture);
    assert_eq!((shown.width, shown.pixels.len()), (720, 720 * 400));
    let alphabet = shown.alphabet(&screen);
    let lines: Vec<String> = screen.lines.iter().map(|line| without_numbers(line)).collect();
    assert_eq!(shown.text(&alphabet), lines, "the picture shows the text that is in the screen's memory");
    if std::env::var_os("RAMKEY_BLESS").is_some() {
        fs::copy(&picture, readme()).expect("docs can be written");
    }
    let told = Picture::read(&readme()).text(&alphabet);
    assert_eq!(
        told, lines,
        "RAMKEY_BLESS=1 cargo test --test boot -- picture makes docs/boot-screen.png anew"
    );

    let resumed = running.emulator().resume();
    running.need(resumed);
    running.press(&["ret"]);
    // All pixels become white, in whatever size QEMU shows them.
    let is_white = running.emulator().wait_for("a white screen", DEADLINE, |machine| {
        machine.screenshot(&picture)?;
        let found = Picture::read(&picture);
        let is_other = found.pixels.len() != 720 * 400;
        Ok((is_other && found.pixels.iter().all(|pixel| *pixel == [255; 3])).then_some(()))
    });
    running.need(is_white);
}
