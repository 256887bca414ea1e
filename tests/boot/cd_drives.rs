//! Drives that do not read every block, or slowly.

use std::fs;
use std::path::{Path, PathBuf};

use ramkey::emulator::{CdBus, Controller, Machine, Port, Stick};
use ramkey_format::markers::{MAY_REMOVE_DISC, STOPPED};

use super::harness::{DEADLINE, Running, file, scratch};
use super::sticks;

/// What the image is full of, as no other part of the disc is.
const CONTENTS: &[u8] = b"This is in the middle of the image. ";

/// A disc whose image does not compress, and a sector in the middle of that.
fn disc(folder: &Path) -> (PathBuf, u64) {
    let mut word = 1_u32;
    let mut image: Vec<u8> = (0..1 << 19)
        .flat_map(|_| {
            word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            word.to_le_bytes()
        })
        .collect();
    let middle = image.len() / 2;
    image[middle..][..CONTENTS.len()].copy_from_slice(CONTENTS);
    let image = file(folder, "guest.img", &image);
    let disc = sticks::disc(folder, &image, &["--kind", "hdd"]);
    let bytes = fs::read(&disc).expect("the disc");
    let at =
        bytes.windows(CONTENTS.len()).position(|bytes| bytes == CONTENTS).expect("the image is on the disc");
    (disc, at as u64 / 512)
}

#[test]
fn a_block_that_cannot_be_read_stops_with_its_number_in_either_drive() {
    let folder = scratch();
    let (disc, lba) = disc(folder.path());
    for bus in [CdBus::Ide, CdBus::Usb(Controller::Xhci)] {
        let mut machine = Machine::new(Stick::new(&disc, Port::Cd(bus)));
        machine.stick.bad_lba = Some(lba);
        let mut running = Running::start(&machine);
        running.wait_text(STOPPED, DEADLINE);
        let evidence = running.evidence();
        // A drive reads whole blocks, so the first sector of the block is the one that is named.
        for text in ["ramkey E31".to_owned(), format!("LBA {}", lba / 4 * 4)] {
            assert!(evidence.console.contains(&text), "{bus:?}: no {text:?}\n{evidence}");
        }
    }
}

#[test]
fn a_slow_drive_takes_its_time() {
    let folder = scratch();
    let (disc, _) = disc(folder.path());
    let mut machine = Machine::new(Stick::new(disc, Port::Cd(CdBus::Ide)));
    // A drive of single speed.
    machine.stick.bytes_per_second = Some(150 << 10);
    let mut running = Running::start(&machine);
    running.wait_text(MAY_REMOVE_DISC, DEADLINE);
    // 2 MiB that do not compress.
    assert!(running.emulator().running_for().as_secs() > 10, "{}", running.evidence());
}
