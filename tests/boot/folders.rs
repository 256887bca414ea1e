//! Disks that are made of folders: each kind of DOS, made up after what is published of it, finds what it wants.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ramkey::emulator::{Controller, Machine, Port, Stick};
use ramkey::folder::{Wish, make};

use super::harness::{DEADLINE, Running, assemble, scratch};
use super::personality::rom;
use super::sticks;

/// A system that is made up.
struct Dos {
    name: &'static str,
    /// Its files; the first is the kernel.
    files: &'static [&'static str],
    segment: u32,
    offset: u32,
    is_whole: bool,
    sectors: usize,
    loaded: usize,
    maker: Option<&'static str>,
}

const FREEDOS: Dos = Dos {
    name: "FreeDOS",
    files: &["KERNEL.SYS"],
    segment: 0x60,
    offset: 0,
    is_whole: true,
    // As long as is taken: it lies over the place of the boot sector.
    sectors: 308,
    loaded: 308,
    maker: None,
};

const SYSTEMS: [Dos; 6] = [
    FREEDOS,
    Dos {
        name: "MSDOS",
        files: &["IO.SYS", "MSDOS.SYS"],
        segment: 0x70,
        is_whole: false,
        sectors: 80,
        loaded: 3,
        ..FREEDOS
    },
    Dos {
        name: "MSDOS7",
        files: &["io.sys"],
        segment: 0x70,
        offset: 0x200,
        is_whole: false,
        sectors: 200,
        loaded: 4,
        ..FREEDOS
    },
    Dos {
        name: "PCDOS",
        files: &["IBMBIO.COM", "IBMDOS.COM"],
        segment: 0x70,
        is_whole: false,
        sectors: 70,
        loaded: 52,
        ..FREEDOS
    },
    Dos {
        name: "DRDOS",
        files: &["Ibmbio.com", "Ibmdos.com"],
        segment: 0x70,
        sectors: 100,
        loaded: 100,
        maker: Some("Digital Research"),
        ..FREEDOS
    },
    Dos {
        name: "EDRDOS",
        files: &["DRBIO.SYS", "DRDOS.SYS"],
        segment: 0x70,
        sectors: 150,
        loaded: 150,
        ..FREEDOS
    },
];

impl Dos {
    /// A folder with its files and others, names that are longer than DOS knows, and a folder before them by its name.
    fn folder(&self, within: &Path, drive: u8, more: &[&str]) -> PathBuf {
        let folder = within.join(self.name);
        let own = if self.is_whole { 0x2000 } else { 0 };
        let mut definitions = vec![
            format!("TITLE={}", self.name),
            format!("SEGMENT={}", self.segment),
            format!("OFFSET={}", self.offset),
            format!("OWN_SEGMENT={own}"),
            format!("DRIVE={drive}"),
            format!("SECTORS={}", self.sectors),
            format!("LOADED={}", self.loaded),
        ];
        definitions.extend(self.maker.map(|maker| format!("MAKER=\"{maker}\"")));
        definitions.extend(more.iter().map(|&more| more.to_owned()));
        fs::create_dir_all(folder.join("A FOLDER WITH A LONG NAME/B")).unwrap();
        fs::write(folder.join("A FOLDER WITH A LONG NAME/B/data.bin"), vec![0xD1; 100_000]).unwrap();
        fs::write(folder.join("AUTOEXEC.BAT"), "ECHO OFF\r\n").unwrap();
        fs::write(folder.join(self.files[0]), assemble("dos_kernel", &definitions)).unwrap();
        for file in &self.files[1..] {
            fs::write(folder.join(file), vec![0xD2; 30_000]).unwrap();
        }
        folder
    }
}

#[test]
fn a_folder_with_a_freedos_boots_from_a_stick_that_is_gone() {
    let scratch = scratch();
    let folder = FREEDOS.folder(scratch.path(), 0x80, &["WAIT_FOR_KEY"]);
    let stick = sticks::ramkey(scratch.path(), &[], &["--dir", folder.to_str().unwrap()]);
    let mut machine = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    machine.pull_and_boot();
    machine.wait_screen("FreeDOS runs", DEADLINE);
    machine.press(&["ret"]);
    machine.must_pass();
}

#[test]
fn a_folder_becomes_a_floppy_that_boots_where_the_floppies_are() {
    let scratch = scratch();
    let folder = SYSTEMS[1].folder(scratch.path(), 0, &[]);
    let stick = sticks::ramkey(scratch.path(), &[&folder], &["--kind", "floppy", "--timeout", "off"]);
    Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)))).must_pass();
}

#[test]
fn each_system_gets_what_it_wants_by_edd_and_by_chs() {
    for (number, dos) in SYSTEMS.iter().enumerate() {
        let scratch = scratch();
        let folder = dos.folder(scratch.path(), 0x80, &[]);
        let path = scratch.path().join("disk.img");
        let file = File::create(&path).unwrap();
        let made = make(&folder, Wish { boots: true, ..Wish::default() }, &file, &|_| ()).unwrap();
        assert!(made.system.is_some(), "{}", dos.name);
        let mut machine = Machine::new(Stick::new(path, Port::Ide));
        // Every other one under a BIOS without EDD, the longest of them too.
        let is_old = number % 2 == 0;
        machine.option_rom = is_old.then(|| rom(scratch.path(), "no_edd.asm", &[]));
        let (passed, evidence) = Running::start(&machine).verdict(DEADLINE);
        assert!(passed, "{}\n{evidence}", dos.name);
        assert_eq!(evidence.console.contains("xx"), is_old, "{}\n{evidence}", dos.name);
    }
}

#[test]
fn a_file_that_was_taken_out_is_named_and_a_foreign_partition_boots_nothing() {
    let scratch = scratch();
    let folder = FREEDOS.folder(scratch.path(), 0x80, &[]);
    let path = scratch.path().join("disk.img");
    let file = File::create(&path).unwrap();
    make(&folder, Wish { boots: true, ..Wish::default() }, &file, &|_| ()).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let name = bytes.windows(11).rposition(|name| name == b"KERNEL  SYS").unwrap();
    bytes[name] = 0xE5;
    fs::write(&path, &bytes).unwrap();
    let mut machine = Running::start(&Machine::new(Stick::new(path.clone(), Port::Ide)));
    machine.wait_screen("Not there: KERNEL  SYS", DEADLINE);
    drop(machine);
    bytes[446] = 0;
    fs::write(&path, &bytes).unwrap();
    Running::start(&Machine::new(Stick::new(path, Port::Ide))).wait_screen("No active partition", DEADLINE);
}
