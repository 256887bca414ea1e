//! The page on the screen of a machine: languages, what does not fit, what may be removed, and adapters of other shapes.

use std::path::Path;

use ramkey::emulator::{Controller, Machine, Port, Screen, Stick};
use ramkey_format::cp437;
use ramkey_format::markers::MAY_REMOVE;

use super::harness::{DEADLINE, Geometry, Running, disk, file, scratch};
use super::old_bios::keys::hold_shift;
use super::personality::rom;
use super::sticks;

const DISK: Geometry = Geometry::new(1, 16, 63);
/// Where the cells of a colour adapter lie, and those of a monochrome one.
const COLOUR: u64 = 0xB_8000;
const MONOCHROME: u64 = 0xB_0000;
const ROWS: usize = 25;
/// Grey on black, as a BIOS leaves an empty cell; and black on grey.
const PLAIN: u8 = 0x07;
const REVERSE: u8 = 0x70;

/// A guest that says that it runs, on a stick of its own.
fn machine(folder: &Path, images: &[&Path], options: &[&str]) -> Machine {
    let guest = file(folder, "small.img", &disk("idle", DISK, DISK.sectors(), &[]));
    let images: Vec<&Path> = images.iter().copied().chain([guest.as_path()]).collect();
    let stick = sticks::ramkey(folder, &images, &[&["--kind", "hdd"], options].concat());
    Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)))
}

/// The rows of a screen, with what each cell looks like.
fn rows(running: &mut Running, page: u64, columns: usize) -> Vec<(String, Vec<u8>)> {
    let cells = running.emulator().memory(page, (columns * ROWS * 2) as u64);
    let cells = running.need(cells);
    let row = |row: &[u8]| {
        let text = row.iter().step_by(2).map(|&byte| cp437::decode(byte).unwrap_or(' ')).collect();
        (text, row.iter().skip(1).step_by(2).copied().collect())
    };
    cells.chunks(columns * 2).map(row).collect()
}

#[test]
fn a_german_menu_says_what_does_not_fit_and_changes_its_language_and_the_image_gets_a_clean_screen() {
    let folder = scratch();
    let large = file(folder.path(), "large.img", &vec![0xD1; 8 << 20]);
    let options = ["--title", "Large", "--title", "Small", "--lang", "de", "--menu-timeout", "0"];
    let mut machine = machine(folder.path(), &[&large], &options);
    machine.ram_mib = 8;
    let mut running = Running::start(&machine);
    running.wait_screen("Abbild wählen: Pfeiltasten und Eingabetaste, oder seine Nummer.", DEADLINE);
    running.wait_screen("  - 1  Large", DEADLINE);
    running.wait_screen(" >  2  Small", DEADLINE);
    running.press(&["up"]);
    running.wait_screen("Large braucht 9 MB.", DEADLINE);
    running.press(&["l"]);
    running.wait_screen("9 MB  no cabe", DEADLINE);
    running.wait_screen("Large necesita 9 MB.", DEADLINE);
    running.press(&["2"]);
    running.wait_screen("Comprobada - quitar el USB ahora", DEADLINE);
    running.wait_screen("Una tecla cualquiera arranca.", DEADLINE);
    let framed = rows(&mut running, COLOUR, 80);
    let is_framed = |(text, looks): &&(String, Vec<u8>)| {
        text.contains('║') && looks[1..79].iter().all(|&look| look == REVERSE)
    };
    assert!(framed.iter().filter(is_framed).count() >= 9, "{}", running.evidence());
    running.press(&["l"]);
    running.wait_screen("Vérifiée - retirer la clé maintenant", DEADLINE);
    running.press(&["spc"]);
    running.wait_text("IDLE", DEADLINE);
    let left = rows(&mut running, COLOUR, 80);
    assert!(left.iter().all(|(_, looks)| looks.iter().all(|&look| look == PLAIN)), "a cell looks otherwise");
    let said = |what: &str| left.iter().any(|(text, _)| text.contains(what));
    assert!(said("En mémoire et vérifiée") && !said("Vérifiée -"), "{}", running.evidence());
    let evidence = running.evidence();
    assert!(evidence.console.contains(MAY_REMOVE), "the host is told in English\n{evidence}");
    assert_eq!(evidence.serial, "", "nobody asked for COM1");
}

#[test]
fn a_video_bios_that_leaves_a_mess_shows_the_page_in_40_columns_and_in_black_and_white() {
    for (mode, page, columns) in [("MODE=1", COLOUR, 40), ("MODE=7", MONOCHROME, 80)] {
        let folder = scratch();
        let mut machine = machine(folder.path(), &[], &["--title", "Small"]);
        machine.option_rom = Some(rom(folder.path(), "rough_video.asm", &[mode]));
        let mut running = Running::start(&machine);
        running.wait_text("Press a key to start.", DEADLINE);
        let shown = rows(&mut running, page, columns);
        let row_of = |what: &str| shown.iter().position(|(text, _)| text.contains(what));
        let evidence = running.evidence();
        assert_eq!(row_of("ramkey "), Some(0), "{mode}\n{evidence}");
        let framed = row_of("Proven - remove the stick now").unwrap_or_else(|| panic!("{mode}\n{evidence}"));
        assert!(shown[framed].1[1..columns - 1].iter().all(|&look| look == REVERSE), "{mode}");
        assert!(row_of("Press a key to start.").is_some_and(|row| row > framed), "{mode}\n{evidence}");
        assert!(evidence.console.contains('~'), "the ROM was not in the way\n{evidence}");
        running.press(&["spc"]);
        running.wait_text("IDLE", DEADLINE);
    }
}

#[test]
fn a_halt_in_40_columns_shows_its_code_and_whole_rows_of_its_block() {
    let folder = scratch();
    let large = file(folder.path(), "large.img", &vec![0xD1; 8 << 20]);
    let stick = sticks::ramkey(folder.path(), &[&large], &["--kind", "hdd"]);
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
    machine.ram_mib = 8;
    machine.option_rom = Some(rom(folder.path(), "rough_video.asm", &["MODE=1"]));
    let mut running = Running::start(&machine);
    // The ports are told before the screen.
    let drawn = running.emulator().wait_for("the last row", DEADLINE, |machine| {
        let cells = machine.memory(COLOUR, (40 * ROWS * 2) as u64)?;
        let letters: Vec<u8> = cells.into_iter().step_by(2).collect();
        let is_drawn = letters.chunks(40).any(|row| row.starts_with(b"Nothing was booted."));
        Ok(is_drawn.then_some(()))
    });
    running.need(drawn);
    let shown = rows(&mut running, COLOUR, 40);
    let evidence = running.evidence();
    let has = |what: &str| shown.iter().any(|(text, _)| text.starts_with(what));
    assert!(has("ramkey E22: "), "{shown:?}\n{evidence}");
    assert!(has("Nothing was booted."), "{shown:?}\n{evidence}");
    assert!(!has("AH=08h says"), "the report is in the block\n{evidence}");
    assert!(evidence.console.contains("AH=08h says"), "the ports have the report\n{evidence}");
    let block = shown.iter().find(|(text, _)| text.starts_with("  ramkey explain "));
    let (row, _) = block.unwrap_or_else(|| panic!("no block\n{evidence}"));
    assert!(row.trim_end().len() == 40, "{row:?} has no four groups");
}

#[test]
fn a_video_bios_that_does_not_put_the_cursor_anywhere_shows_line_by_line() {
    let folder = scratch();
    let mut machine = machine(folder.path(), &[], &["--title", "Small"]);
    machine.option_rom = Some(rom(folder.path(), "rough_video.asm", &["MODE=3", "DEAF=0x02"]));
    let mut running = Running::start(&machine);
    running.wait_screen("Press a key to start.", DEADLINE);
    let shown = rows(&mut running, COLOUR, 80);
    let row_of = |what: &str| shown.iter().position(|(text, _)| text.starts_with(what));
    let (title, loading) = (row_of("ramkey "), row_of("Loading Small"));
    assert!(title.is_some() && title < loading, "{}", running.evidence());
    assert!(!shown.iter().any(|(text, _)| text.contains('║')), "nothing is put in its place");
    running.press(&["spc"]);
    running.wait_text("IDLE", DEADLINE);
}

#[test]
fn a_menu_line_by_line_below_a_report_begins_at_the_top_and_is_drawn_in_its_place_by_time_and_keys() {
    let folder = scratch();
    let image = |letter: u8| {
        let bytes = disk("idle", DISK, DISK.sectors(), &[&format!("LETTER={letter}")]);
        file(folder.path(), &format!("{}.img", char::from(letter)), &bytes)
    };
    let images: Vec<_> = (b'A'..=b'I').map(image).collect();
    let images: Vec<&Path> = images.iter().map(|image| image.as_path()).collect();
    let options = ["--kind", "hdd", "--menu-timeout", "60", "--timeout", "off"];
    let stick = sticks::ramkey(folder.path(), &images, &options);
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
    machine.option_rom = Some(rom(folder.path(), "rough_video.asm", &["MODE=3", "DEAF=0x08"]));
    let mut running = Running::start(&machine);
    hold_shift(&mut running);
    running.wait_screen("AH=08h says", DEADLINE);
    running.press(&["spc"]);

    let choose = "Choose an image: arrow keys and Enter, or its number.";
    let counts = |screen: &Screen| {
        let is_first = screen.lines.first().is_some_and(|line| line.starts_with(choose));
        let row = screen.lines.iter().position(|line| line.starts_with("Starting the marked one in "))?;
        is_first.then(|| (row, screen.lines[row].clone()))
    };
    let first = running.wait_on_screen("the menu in the first row", DEADLINE, counts);
    let later = running.wait_on_screen("another second", DEADLINE, |screen| {
        counts(screen).filter(|later| later.1 != first.1)
    });
    assert_eq!(later.0, first.0, "what the time says has its row");
    running.press(&["down", "esc"]);
    let shown = running
        .wait_on_screen("no time", DEADLINE, |screen| counts(screen).is_none().then(|| screen.lines.clone()));
    let rows = |what: &str| shown.iter().filter(|line| line.contains(what)).count();
    assert_eq!(
        (rows(choose), rows(" >  2  B"), rows(" 1  A"), rows("AH=08h says")),
        (1, 1, 1, 0),
        "{shown:#?}"
    );
    running.press(&["9"]);
    running.wait_text("IDLE\nI", DEADLINE);
}
