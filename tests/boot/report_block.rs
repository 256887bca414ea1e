//! A halt is told by the block that it shows: typed, and read from the screen by a phone.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ramkey_format::markers::STOPPED;
use serde_json::{Value, json};

use super::harness::{DEADLINE, Running, scratch};
use super::tamper::Tampered;

/// How long a machine may take to draw a page.
const DRAWN: Duration = Duration::from_secs(60);

/// Where the cells of a colour adapter lie, and how many bytes a page of them has.
const TEXT: u64 = 0xB_8000;
const PAGE_LEN: u64 = 0x1000;
/// Where the BIOS has the number of the page that the adapter shows.
const ACTIVE_PAGE: u64 = 0x462;

/// What `ramkey explain` says of the words that the screen tells to type.
fn explained(command: &str) -> Value {
    let words = command.strip_prefix("ramkey explain").expect("a command of ours").split_whitespace();
    let mut ramkey = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    let output = ramkey.arg("explain").args(words).arg("--json").output().expect("running ramkey");
    assert!(output.status.success(), "{command}: {output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The texts of all QR codes on the screen.
fn qr_codes(running: &mut Running) -> Vec<String> {
    let folder = scratch();
    let path = folder.path().join("screen.ppm");
    let taken = running.emulator().qmp().execute("screendump", json!({ "filename": path }));
    running.need(taken);
    let bytes = fs::read(path).expect("the picture");
    // P6, width and height, 255, and three bytes for each pixel.
    let mut words = bytes.splitn(5, u8::is_ascii_whitespace);
    let mut number = || {
        let word = words.next().and_then(|word| std::str::from_utf8(word).ok()).expect("a header");
        word.parse::<usize>().unwrap_or(0)
    };
    let [_, width, height, most] = std::array::from_fn(|_| number());
    let pixels = words.next().expect("pixels");
    assert_eq!((most, pixels.len()), (255, width * height * 3));
    let grey = |x: usize, y: usize| pixels[(y * width + x) * 3 + 1];
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    // A screen that is half drawn has a code that cannot be read.
    picture.detect_grids().iter().filter_map(|grid| Some(grid.decode().ok()?.1)).collect()
}

/// Waits until the screen has what is wanted, and gives its QR codes.
fn picture(running: &mut Running, what: &str, is_wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
    let start = Instant::now();
    loop {
        let codes = qr_codes(running);
        if is_wanted(&codes) {
            return codes;
        }
        assert!(start.elapsed() < DRAWN, "no picture of {what}: {codes:?}\n{}", running.evidence());
        sleep(Duration::from_millis(200));
    }
}

#[test]
fn the_block_of_a_halt_says_what_the_screen_says_and_a_phone_reads_it() {
    let stick = Tampered::new();
    let (machine, lba) = stick.with_bad_sector(2);
    let mut running = Running::start(&machine);
    for text in ["ramkey E31", &format!("LBA {lba}"), STOPPED] {
        running.wait_screen(text, DEADLINE);
    }
    assert!(qr_codes(&mut running).is_empty());
    let before = running.emulator().memory(TEXT, 2 * PAGE_LEN);
    let before = running.need(before);
    running.press(&["q"]);
    let read = picture(&mut running, "a QR code", |codes| !codes.is_empty());
    running.press(&["spc"]);
    picture(&mut running, "the report again", |codes| codes.is_empty());
    // The second page as it was found too, and the first one is what the adapter shows.
    let again = running.emulator().wait_for("both pages as they were", DRAWN, |machine| {
        let is_first = machine.memory(ACTIVE_PAGE, 1)? == [0];
        Ok((is_first && machine.memory(TEXT, 2 * PAGE_LEN)? == before).then_some(()))
    });
    running.need(again);
    let evidence = running.evidence();
    let halt = evidence.console.split_once("ramkey E31").expect("a halt").1;
    let lines: Vec<&str> = halt.lines().collect();
    let command = lines.iter().position(|line| line.trim().starts_with("ramkey explain")).expect("a block");
    let rows = lines[command..].iter().take_while(|line| line.starts_with("  "));
    let command = rows.map(|row| row.trim()).collect::<Vec<_>>().join(" ");

    let told = explained(&command);
    assert_eq!((&told["code"], &told["is_of_this_ramkey"]), (&json!("E31"), &json!(true)), "{told}");
    assert_eq!(told["details"], lines[1], "{evidence}");
    let report: Vec<&str> = told["report"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| line["screen"].as_str().expect("text"))
        .collect();
    assert_eq!(report, lines[2..9], "{evidence}");

    let typed = command.replacen("ramkey explain ", "", 1).replace(' ', "");
    assert_eq!(read, [format!("ramkey explain {typed}")], "{evidence}");
}
