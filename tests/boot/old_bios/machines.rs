//! Old processors, every size of memory, and another old BIOS: the same stick on each.

use std::path::PathBuf;

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::super::bochs;
use super::super::harness::{DEADLINE, Geometry, Running, disk, file, scratch};
use super::super::sticks;
use super::sticks::{Size, Sticks, Writer};

/// The default layout of a stick of this size.
const DEFAULT: Writer = Writer::Ramkey(0);

fn machine(stick: PathBuf) -> Machine {
    Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)))
}

#[test]
fn processors_from_the_486_on_boot() {
    let sticks = Sticks::new();
    for cpu in ["486", "pentium", "pentium2", "pentium3"] {
        println!("{cpu}");
        let mut machine = machine(sticks.get(DEFAULT, Size::Large));
        machine.cpu = Some(cpu.into());
        Running::start(&machine).must_pass();
    }
}

#[test]
fn memory_of_every_size_boots() {
    let sticks = Sticks::new();
    for (ram_mib, size) in [
        (4, Size::Small),
        (8, Size::Small),
        (16, Size::Large),
        (32, Size::Large),
        (64, Size::Large),
        (65, Size::Large),
        (128, Size::Large),
        (256, Size::Large),
        (3500, Size::Large),
    ] {
        println!("{ram_mib} MB");
        let mut machine = machine(sticks.get(DEFAULT, size));
        machine.ram_mib = ram_mib;
        Running::start(&machine).must_pass();
    }
}

#[test]
fn an_image_that_is_larger_than_the_memory_is_noticed() {
    let sticks = Sticks::new();
    let mut machine = machine(sticks.get(DEFAULT, Size::Large));
    machine.ram_mib = 8;
    Running::start(&machine).wait_screen("ramkey E22", DEADLINE);
}

#[test]
fn the_default_stick_boots_as_an_ata_disk_of_another_old_bios() {
    let folder = scratch();
    let geometry = Geometry::new(4, 16, 63);
    let image = file(folder.path(), "guest.img", &disk("int13_hdd", geometry, geometry.sectors(), &[]));
    for layout in [&[][..], &["--zip"], &["--layout", "fdd"], &["--layout", "superfloppy"]] {
        println!("{layout:?}");
        let mut options = vec!["--kind", "hdd", "--chs", "4/16/63", "--timeout", "off"];
        options.extend(layout);
        let stick = sticks::ramkey(folder.path(), &[&image], &options);
        let console = bochs::console(folder.path(), &stick);
        assert!(console.contains("PASS\n"), "{layout:?}: {console}");
        std::fs::remove_file(stick).expect("the stick");
    }
}
