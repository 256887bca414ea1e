//! What keeps an image from booting is said, and of images that boot nothing is said.

use std::fs;
use std::path::Path;

use crate::frames::sticks::{Image, printed, tool};
use ramkey::contents::{Dummy, Kind, KindChoice, NoStart, PartFault, Warning, probe};

const MIB: usize = 1 << 20;
/// First sector of the partitions here.
const START: usize = 2048;

/// What is said of a disk image.
fn warnings(bytes: Vec<u8>) -> Vec<Warning> {
    warnings_as(KindChoice::Auto, bytes)
}

fn warnings_as(choice: KindChoice, bytes: Vec<u8>) -> Vec<Warning> {
    let image = Image(bytes);
    probe(Path::new("guest.img"), &image, choice, None).unwrap().warnings
}

/// What keeps it from booting.
fn no_start(bytes: Vec<u8>) -> Vec<NoStart> {
    let found = warnings(bytes).into_iter();
    found.filter_map(|warning| if let Warning::NoStart(why) = warning { Some(why) } else { None }).collect()
}

fn ran(package: &str, program: &str, arguments: &[&str]) {
    let output = tool(package, program, arguments);
    assert!(output.status.success(), "{program} {arguments:?}: {}", printed(&output));
}

/// A file that tools can work on.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// A disk of so many bytes with a table by sfdisk; without one if `table` is empty.
    fn new(len: usize, table: &str) -> Self {
        let disk = Self { folder: tempfile::tempdir().unwrap() };
        fs::File::create(disk.folder.path().join("disk.img")).unwrap().set_len(len as u64).unwrap();
        if !table.is_empty() {
            let script = disk.put("table", format!("label: dos\n{table}").as_bytes());
            let command = format!("PATH=$PATH:/sbin:/usr/sbin sfdisk -q '{}' < '{script}'", disk.path());
            ran("bsdutils", "sh", &["-c", &command]);
        }
        disk
    }

    fn path(&self) -> String {
        self.folder.path().join("disk.img").display().to_string()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }

    /// A FAT16 by mkfs.fat, from sector `start` to the end.
    fn fat(self, start: usize) -> Self {
        let sectors = self.bytes().len() / 512 - start;
        let (offset, blocks, path) = (start.to_string(), (sectors / 2).to_string(), self.path());
        let arguments = ["-F16", "-g", "255/63", "--offset", &offset, "-h", &offset, &path, &blocks];
        ran("dosfstools", "mkfs.fat", &arguments);
        self
    }

    /// SYSLINUX on the FAT at sector `start`, and a file for each name.
    fn syslinux(self, start: usize, files: &[&str]) -> Self {
        let (path, offset) = (self.path(), (start * 512).to_string());
        ran("syslinux", "syslinux", &["--install", "--offset", &offset, &path]);
        let file = self.put("file", b"a file");
        for name in files {
            ran("mtools", "mcopy", &["-i", &format!("{path}@@{offset}"), &file, &format!("::{name}")]);
        }
        self
    }
}

/// Code of SYSLINUX for a master boot record.
fn record_code(name: &str) -> Vec<u8> {
    fs::read(Path::new("/usr/lib/syslinux/mbr").join(name)).expect("of the package syslinux-common")
}

/// The disk with this code before its table.
fn with_code(mut disk: Vec<u8>, code: &[u8]) -> Vec<u8> {
    disk[..code.len()].copy_from_slice(code);
    disk
}

/// A disk that boots: SYSLINUX in an active partition, and its code in sector 0.
fn booting(table: &str) -> Vec<u8> {
    let disk = Disk::new(20 * MIB, table).fat(START).syslinux(START, &["LDLINUX.CFG"]);
    with_code(disk.bytes(), &record_code("mbr.bin"))
}

const ONE: &str = "2048,,6,*\n";

#[test]
fn a_table_without_code_is_told_with_what_its_active_partition_lacks() {
    let empty = NoStart::Partition { number: 1, why: PartFault::Empty };
    let code = NoStart::NoCode { table: true };
    assert_eq!(no_start(Disk::new(20 * MIB, "2048,,7,*\n").bytes()), [code.clone(), empty]);
    assert_eq!(no_start(Disk::new(20 * MIB, "2048,,7\n").bytes()), [code.clone(), NoStart::NoActive]);
    // Filled with what a formatter of disks leaves.
    let mut filled = booting(ONE);
    filled[..440].fill(0xF6);
    assert_eq!(no_start(filled), [code]);
    assert_eq!(no_start(booting(ONE)), []);
}

#[test]
fn without_exactly_one_active_partition_only_code_that_needs_one_is_warned_of() {
    let none = booting("2048,,6\n");
    assert_eq!(no_start(none.clone()), [NoStart::NoActive]);
    let mut unused = none.clone();
    unused[0x1CE] = 0x80;
    assert_eq!(no_start(unused), [NoStart::NoActive], "an active entry that is no partition");
    let empty = with_code(vec![0; 20 * MIB], &record_code("mbr.bin"));
    assert_eq!(warnings(empty.clone()), [Warning::NoBootSignature]);
    let mut empty = empty;
    empty[510..512].copy_from_slice(&[0x55, 0xAA]);
    assert_eq!(no_start(empty), [NoStart::NoActive], "an empty table");
    let mut two = booting("2048,20480,6,*\n22528,,6\n");
    two[0x1CE] = 0x80;
    let many = NoStart::ManyActive { numbers: vec![1, 2] };
    assert_eq!(many.to_string(), "partitions 1 and 2 are active; the usual boot code wants one");
    assert_eq!(no_start(two.clone()), [many]);
    // What DOS, Windows XP and parted write takes the address of the table too; boot loaders with a menu do not need it.
    for (disk, expected) in [(&none, 1), (&two, 1)] {
        for code in [&[0xFA, 0x33, 0xC0, 0xBE, 0xBE, 0x07][..], &[0xFA, 0xBD, 0xBE, 0x07]] {
            let mut code = code.to_vec();
            code.resize(440, 0);
            assert_eq!(no_start(with_code(disk.clone(), &code)).len(), expected, "{code:02X?}");
        }
        for name in [&b"\xEB\x63\x90\xBE\xBE\x07GRUB \0Geom"[..], b"\xFA\xEB\x21\x01\xB4\x01LILO\xBE\xBE\x07"]
        {
            let mut code = name.to_vec();
            code.resize(430, 0xCC);
            assert_eq!(no_start(with_code(disk.clone(), &code)), [], "{name:?}");
        }
        let hybrid = fs::read("/usr/lib/ISOLINUX/isohdpfx.bin").expect("of the package isolinux");
        assert_eq!(no_start(with_code(disk.clone(), &hybrid)), []);
    }
}

#[test]
fn code_that_has_a_number_starts_that_partition() {
    let alternate = |number: u8| {
        let mut code = record_code("altmbr.bin");
        code.resize(439, 0);
        code.push(number);
        no_start(with_code(booting("2048,,6\n"), &code))
    };
    assert_eq!(alternate(1), []);
    assert_eq!(alternate(2), [NoStart::NoSuchPartition { number: 2 }]);
    assert_eq!(alternate(0), [NoStart::NoSuchPartition { number: 0 }]);
}

#[test]
fn an_active_partition_that_starts_nothing_is_told_and_why() {
    let disk = booting(ONE);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut disk = disk.clone();
        change(&mut disk);
        no_start(disk)
    };
    let at = START * 512;
    let part = |why| [NoStart::Partition { number: 1, why }];
    assert_eq!(with(&|disk| disk[at + 510] = 0), part(PartFault::NoSignature));
    assert_eq!(with(&|disk| disk[at..at + 512].fill(0)), part(PartFault::Empty));
    assert_eq!(with(&|disk| disk[at + 0x3E..at + 510].fill(0)), part(PartFault::Empty));
    assert_eq!(with(&|disk| disk.truncate(at)), part(PartFault::Outside));
    let dummy = Disk::new(20 * MIB, ONE).fat(START).bytes();
    let message = part(PartFault::Dummy(Dummy::Message));
    assert_eq!(no_start(with_code(dummy, &record_code("mbr.bin"))), message);
    assert!(
        message[0].to_string().ends_with("is a formatter's, which only says that the disk does not boot")
    );
}

/// What a formatter leaves on `len` bytes.
fn formatted(len: usize, package: &str, program: &str, arguments: &[&str]) -> Vec<u8> {
    let disk = Disk::new(len, "");
    let path = disk.path();
    let arguments: Vec<&str> =
        arguments.iter().map(|&word| if word == "IMAGE" { &path } else { word }).collect();
    ran(package, program, &arguments);
    disk.bytes()
}

#[test]
fn the_boot_sector_of_each_formatter_is_known_on_floppies_and_in_partitions() {
    let mkfs = formatted(1_474_560, "dosfstools", "mkfs.fat", &["IMAGE"]);
    assert_eq!(no_start(mkfs), [NoStart::Dummy(Dummy::Message)]);
    let own_text = formatted(1_474_560, "sh", "sh", &["-c", "echo data | mkfs.fat -m - \"$0\"", "IMAGE"]);
    assert_eq!(no_start(own_text), [NoStart::Dummy(Dummy::Message)], "with a message of one's own");
    let mformat = formatted(1_474_560, "mtools", "mformat", &["-i", "IMAGE", "-f", "1440", "::"]);
    assert_eq!(no_start(mformat), [NoStart::Dummy(Dummy::HardDisk)]);
    let ntfs = ["-q", "-F", "-f", "-p", "63", "-H", "16", "-S", "63", "IMAGE"];
    let ntfs = formatted(8 * MIB, "ntfs-3g", "mkntfs", &ntfs);
    assert_eq!(no_start(ntfs), [NoStart::Dummy(Dummy::Message)], "an image of a partition");
    let fat = formatted(8 * MIB, "dosfstools", "mkfs.fat", &["-h", "63", "IMAGE"]);
    assert_eq!(no_start(fat), [NoStart::Dummy(Dummy::Message)], "an image of a partition");
    let mut kernel = vec![0xEA; 100_000];
    kernel[40..59].copy_from_slice(b"Use a boot loader.\r");
    kernel[510..512].copy_from_slice(&[0x55, 0xAA]);
    assert_eq!(no_start(kernel), [NoStart::Dummy(Dummy::Kernel)]);
}

#[test]
fn a_floppy_without_code_is_told_once() {
    let mut floppy = vec![0; 1_474_560];
    assert_eq!(warnings(floppy.clone()), [Warning::KindIsGuess, Warning::NoBootSignature]);
    floppy[510..512].copy_from_slice(&[0x55, 0xAA]);
    let expected = [Warning::KindIsGuess, Warning::NoStart(NoStart::NoCode { table: false })];
    assert_eq!(warnings(floppy), expected);
}

#[test]
fn a_file_system_without_a_table_is_a_partition_to_dos() {
    let disk = |files: &[&str]| Disk::new(32 * MIB, "").fat(0).syslinux(0, files).bytes();
    for system in ["KERNEL.SYS", "IO.SYS", "IBMBIO.COM", "COMMAND.COM", "NTLDR"] {
        let image = disk(&["LINUX", system]);
        let found = no_start(image.clone());
        assert_eq!(found, [NoStart::NoTable], "{system}");
        assert!(found[0].to_string().contains("`--kind partition`"));
        assert_eq!(warnings_as(KindChoice::Is(Kind::Partition), image), [], "{system}");
    }
    assert_eq!(
        warnings(disk(&["VMLINUZ", "INITRD.GZ", "LDLINUX.CFG"])),
        [],
        "SYSLINUX and Linux need no table"
    );
    // Code that is not known may be DOS's.
    let mut other = disk(&["VMLINUZ"]);
    other[3..11].copy_from_slice(b"MSDOS5.0");
    other[0x5A..440].fill(0xCD);
    other[0x5A] = 0xFA;
    assert_eq!(no_start(other), [NoStart::NoTable]);
    let data = Disk::new(32 * MIB, "").fat(0).bytes();
    assert_eq!(no_start(data), [NoStart::Dummy(Dummy::Message), NoStart::NoTable]);
}

#[test]
fn a_gpt_boots_by_code_that_finds_its_own_way_or_by_its_mark() {
    let gpt = |marked: bool| {
        let disk = Disk::new(20 * MIB, "");
        let path = disk.path();
        ran("gdisk", "sgdisk", &["-n", "1:2048:0", "-t", "1:0700", &path]);
        if marked {
            ran("gdisk", "sgdisk", &["-A", "1:set:2", &path]);
        }
        disk.fat(START).syslinux(START, &[]).bytes()
    };
    assert_eq!(no_start(gpt(true)), [NoStart::NoCode { table: true }]);
    assert_eq!(no_start(with_code(gpt(true), &record_code("gptmbr.bin"))), []);
    assert_eq!(no_start(with_code(gpt(false), &record_code("gptmbr.bin"))), [NoStart::NoneMarked]);
    assert_eq!(no_start(with_code(gpt(false), &record_code("mbr.bin"))), [NoStart::NoActive]);
    assert_eq!(no_start(with_code(gpt(false), &[&[0xFA; 100][..], b"GRUB "].concat())), []);
}

#[test]
fn images_that_boot_are_not_warned_of() {
    assert_eq!(warnings(booting(ONE)), []);
    let floppy = Disk::new(1_474_560, "");
    ran("mtools", "mformat", &["-i", &floppy.path(), "-f", "1440", "::"]);
    assert_eq!(warnings(floppy.syslinux(0, &["VMLINUZ", "KERNEL.SYS"]).bytes()), [], "SYSLINUX on a floppy");
    for path in [
        "/usr/lib/grub-rescue/grub-rescue-floppy.img",
        "/usr/lib/grub-rescue/grub-rescue-cdrom.iso",
        "/usr/lib/memtest86+/memtest86+ia32.iso",
        "/usr/lib/memtest86+/memtest86+x64.iso",
        "/usr/lib/ipxe/ipxe.iso",
    ] {
        let image = fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(warnings(image.clone()), [], "{path}");
        assert_eq!(warnings_as(KindChoice::Is(Kind::HardDisk), image), [], "{path} as a disk");
    }
    let memtest = fs::read("/boot/memtest86+x64.bin").expect("of the package memtest86+");
    assert!(warnings(memtest).iter().all(Warning::is_note), "it starts as a floppy");
    assert!(warnings(ramkey::emulator::demo_image()).iter().all(Warning::is_note), "our own");
}

#[test]
fn a_disk_that_a_cd_emulates_is_looked_at_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let iso = folder.path().join("disc.iso").display().to_string();
    let disc_of = |image: &[u8], options: &[&str]| {
        fs::write(tree.join("boot.img"), image).unwrap();
        let start = ["-as", "mkisofs", "-quiet", "-o", &iso, "-b", "boot.img", "-c", "boot.cat"];
        ran("xorriso", "xorriso", &[&start[..], options, &[tree.to_str().unwrap()]].concat());
        warnings(fs::read(&iso).unwrap())
    };
    let data = formatted(1_474_560, "dosfstools", "mkfs.fat", &["IMAGE"]);
    assert_eq!(disc_of(&data, &[]), [Warning::EmulatedNoStart(NoStart::Dummy(Dummy::Message))]);
    let disk = booting("2048,38912,6\n");
    assert_eq!(disc_of(&disk, &["-hard-disk-boot"]), [Warning::EmulatedNoStart(NoStart::NoActive)]);
    assert_eq!(disc_of(&booting("2048,38912,6,*\n"), &["-hard-disk-boot"]), []);
}
