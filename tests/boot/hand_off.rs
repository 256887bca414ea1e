//! The last step: what is booted is brought to its place, or it is said why not; and how INT 13h will copy.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ramkey::emulator::{Controller, Machine, Port, Stick};
use ramkey::plan::{Request, StartOptions};
use ramkey_format::boot::NO_WAIT;

use super::discs::{Media, disc};
// Sticks that are made by the library, whose values can be changed on the way.
use super::frames::sticks as made;
use super::harness::{DEADLINE, Geometry, PROVEN, Running, assemble, disk, file, scratch, tool};
use super::personality::rom;
use super::sticks;

/// How long a stopped machine is watched for anything that would boot after all.
const WATCH: Duration = Duration::from_secs(2);
const DISK: Geometry = Geometry::new(4, 16, 63);
const AS_HDD: [&str; 6] = ["--kind", "hdd", "--chs", "4/16/63", "--timeout", "off"];
const LOADED: u16 = 8;

/// A stick with a CD whose boot image of [`LOADED`] sectors wants to be at `segment`.
fn cd_at(folder: &Path, segment: u16) -> Machine {
    let stub = assemble("stub", &[format!("LOADED={LOADED}")]);
    let image = file(folder, "stub.iso", &disc(64, Media::NoEmulation, segment, LOADED, &stub));
    let stick = sticks::ramkey(folder, &[&image], &["--kind", "cd", "--timeout", "off"]);
    Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)))
}

#[test]
fn a_boot_image_of_a_cd_goes_where_it_wants() {
    // 0700h: over the place of the first stack. 1000h: over the loader. 8000h: far above.
    for (segment, said) in [(0, "07c0"), (0x0700, "0700"), (0x1000, "1000"), (0x8000, "8000")] {
        let folder = scratch();
        let (passed, evidence) = Running::start(&cd_at(folder.path(), segment)).verdict(DEADLINE);
        assert!(passed && evidence.console.contains(&format!("STUB {said}")), "{segment:04X}h\n{evidence}");
    }
}

/// The same of a program that did not look where the boot image will be: `ramkey write` refuses it.
fn cd_unasked(folder: &Path, media: Media, segment: u16) -> Machine {
    let stub = assemble("stub", &[format!("LOADED={LOADED}")]);
    let image = made::Image(disc(64, media, 0x07C0, LOADED, &stub));
    let mut facts = made::facts("stub.iso", &image);
    let Some(Ok(entry)) = &mut facts.disc else { panic!("the disc boots") };
    entry.load_segment = segment;
    let start = StartOptions { start_timeout: NO_WAIT, ..StartOptions::default() };
    let request = Request { start, ..made::request(facts, 64 << 20) };
    let stick = made::Stick::of(&request, vec![image]).file(folder);
    Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)))
}

#[test]
fn a_boot_image_over_the_bios_or_over_us_is_refused() {
    // 9EC0h: where a machine with less for itself could have it.
    let loaded = [0x0030, 0x9EC0, 0x9F00, 0xF000].map(|segment| (Media::NoEmulation, segment));
    // The one sector of an emulated disk.
    let emulated = [0x0030, 0xF000].map(|segment| (Media::Floppy144, segment));
    for (media, segment) in loaded.into_iter().chain(emulated) {
        let folder = scratch();
        let mut running = Running::start(&cd_unasked(folder.path(), media, segment));
        running.wait_screen("ramkey E23", DEADLINE);
        running.wait_screen("the CD wants its boot image at 0x", DEADLINE);
        std::thread::sleep(WATCH);
        let console = running.evidence().console;
        assert!(!console.contains("STUB") && !console.contains(PROVEN), "{segment:04X}h\n{console}");
    }
}

#[test]
fn a_bios_that_cannot_copy_is_not_relied_on() {
    let folder = scratch();
    let image = file(folder.path(), "guest.img", &disk("int13_hdd", DISK, DISK.sectors(), &[]));
    let mut options = AS_HDD.to_vec();
    options.extend(["--copy", "int15"]);
    let stick = sticks::ramkey(folder.path(), &[&image], &options);
    let mut machine = Machine::new(Stick::new(&stick, Port::Usb(Controller::Xhci)));
    for definitions in [&[][..], &["LIES"]] {
        machine.option_rom = Some(rom(folder.path(), "no_move.asm", definitions));
        let (passed, evidence) = Running::start(&machine).verdict(DEADLINE);
        assert!(passed, "the guest failed\n{evidence}");
        assert!(evidence.console.contains("INT 15h does not copy on this machine"), "{evidence}");
    }
    // And a BIOS that can is.
    machine.option_rom = None;
    let (passed, evidence) = Running::start(&machine).verdict(DEADLINE);
    assert!(passed && !evidence.console.contains("does not copy"), "{evidence}");
}

#[test]
fn code_where_fat32_has_its_drive_number_is_left_alone() {
    let folder = scratch();
    let image = folder.path().join("fat16.img");
    let len = 8 << 20;
    fs::File::create(&image).and_then(|file| file.set_len(len)).expect("making a partition");
    tool("mkfs.fat", &["-F", "16", "-s", "1", "-h", "63", &image.display().to_string()]);
    let mut bytes = fs::read(&image).expect("the partition");
    // FAT16 has the end of its label at 40h and its type behind it; here they look like FAT32's fields.
    bytes[0x40..0x43].copy_from_slice(&[0xB4, 0x11, 0x29]);
    bytes[0x24] = 0x00;
    fs::write(&image, &bytes).expect("writing the partition");
    let stick = sticks::ramkey(folder.path(), &[&image], &["--kind", "partition", "--timeout", "0"]);
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.wait_text(PROVEN, DEADLINE);
    let console = running.evidence().console;
    assert!(console.contains("drive from 00h to 80h"), "its own drive number is set\n{console}");
    assert!(!console.contains("from B4h"), "{console}");
}
