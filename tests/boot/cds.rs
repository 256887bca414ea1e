//! CDs that nobody here wrote, in every form that boots: each from RAM, with its stick gone before it begins.

use std::fs;
use std::path::{Path, PathBuf};

use ramkey::emulator::Controller;

use super::harness::{DEADLINE, Running, file, scratch, tool};
use super::real::{answer, boot_and_pull, enter, package_file, unpacked};

/// What only a system that reads its CD can say.
const WORDS: &str = "These words were read from the CD in memory.";

/// A CD of the files in `tree`, made by xorriso with these options.
fn disc(folder: &Path, tree: &Path, options: &[&str]) -> PathBuf {
    let disc = folder.join("disc.iso");
    let (to, from) = (disc.display().to_string(), tree.display().to_string());
    tool("xorriso", &[&["-as", "mkisofs", "-quiet", "-r", "-o", &to], options, &[&from]].concat());
    disc
}

/// A folder for a CD's files, with one whose contents are [`WORDS`].
fn tree(folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    fs::create_dir(&tree).expect("a folder for the CD's files");
    file(&tree, "words.txt", format!("{WORDS}\n").as_bytes());
    tree
}

/// A file of SYSLINUX's packages, copied into the CD's folder.
fn take(path: &str, tree: &Path) {
    let path = package_file(path);
    let name = path.file_name().expect("a name");
    fs::copy(&path, tree.join(name)).unwrap_or_else(|error| panic!("copying {}: {error}", path.display()));
}

/// SYSLINUX and its relatives show this, then wait for a command.
const CONFIG: &str = "SAY The configuration was read.\nPROMPT 1\nTIMEOUT 0\nLABEL words\n KERNEL cat.c32\n";

/// `cat.c32` reads a file by SYSLINUX's own file system, so from the drive that it started from.
fn syslinux_reads(machine: &mut Running) {
    machine.wait_screen("The configuration was read.", DEADLINE);
    machine.wait_screen("boot:", DEADLINE);
    for (index, key) in "words words.txt".char_indices() {
        match key {
            ' ' => machine.press(&["spc"]),
            '.' => machine.press(&["dot"]),
            key => machine.press(&[&key.to_string()]),
        }
        machine.wait_screen(&format!("boot: {}", &"words words.txt"[..=index]), DEADLINE);
    }
    machine.press(&["ret"]);
    machine.wait_screen(WORDS, DEADLINE);
}

#[test]
fn grub_2() {
    let image = package_file("/usr/lib/grub-rescue/grub-rescue-cdrom.iso");
    let mut machine = boot_and_pull(&image, &[], Controller::Xhci, 64);
    machine.wait_screen("GNU GRUB", DEADLINE);
    machine.press(&["c"]);
    enter(&mut machine, "ls");
    let drives = answer(&mut machine, "ls");
    assert!(drives.contains("(cd)"), "the CD is not listed\n{drives}");
    assert!(!drives.contains("(hd0)"), "the pulled stick is still listed\n{drives}");
    enter(&mut machine, "ls /boot");
    assert!(answer(&mut machine, "ls /boot").contains("grub"), "the CD cannot be read");
}

#[test]
fn grub_2_sees_the_other_drives_of_its_set() {
    let folder = scratch();
    let floppy = folder.path().join("floppy.img").display().to_string();
    tool("mformat", &["-C", "-f", "1440", "-i", &floppy, "::"]);
    let words = file(folder.path(), "words.txt", format!("{WORDS}\n").as_bytes()).display().to_string();
    tool("mcopy", &["-i", &floppy, &words, "::"]);
    let data = file(folder.path(), "data.img", &[0xA5; 4 << 20]).display().to_string();
    let image = package_file("/usr/lib/grub-rescue/grub-rescue-cdrom.iso");
    for identity in ["memdisk", "grub4dos"] {
        let options = ["--floppy", &floppy, "--with", &data, "--identity", identity];
        let mut machine = boot_and_pull(&image, &options, Controller::Xhci, 64);
        machine.wait_screen("GNU GRUB", DEADLINE);
        machine.press(&["c"]);
        enter(&mut machine, "ls");
        let drives = answer(&mut machine, "ls");
        for drive in ["(cd)", "(hd0)", "(fd0)"] {
            assert!(drives.contains(drive), "{drive} is missing\n{drives}");
        }
        assert!(!drives.contains("(hd1)"), "the pulled stick is still listed\n{drives}");
        enter(&mut machine, "cat (fd0)/words.txt");
        assert!(answer(&mut machine, "cat (fd0)/words.txt").contains(WORDS));
    }
}

#[test]
fn ipxe() {
    let image = package_file("/usr/lib/ipxe/ipxe.iso");
    let mut machine = boot_and_pull(&image, &[], Controller::Ehci, 64);
    machine.wait_screen("Open Source Network Boot Firmware", DEADLINE);
}

#[test]
fn memtest() {
    let image = package_file("/usr/lib/memtest86+/memtest86+ia32.iso");
    let mut machine = boot_and_pull(&image, &["--identity", "grub4dos"], Controller::Xhci, 64);
    machine.wait_screen("Memtest86+ v6", DEADLINE);
    machine.wait_screen("Testing:", DEADLINE);
}

#[test]
fn grub_legacy() {
    let folder = scratch();
    let tree = tree(folder.path());
    let stage = unpacked("grub-legacy").join("usr/lib/grub/x86_64-pc/stage2_eltorito");
    fs::copy(&stage, tree.join("stage2")).expect("stage2_eltorito");
    let options = ["-b", "stage2", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"];
    let image = disc(folder.path(), &tree, &options);
    let mut machine = boot_and_pull(&image, &[], Controller::Xhci, 64);
    machine.wait_screen("GNU GRUB  version 0.97", DEADLINE);
    enter(&mut machine, "cat /words.txt");
    assert!(answer(&mut machine, "cat /words.txt").contains(WORDS));
}

/// ISOLINUX, with more files than one sector of a directory holds.
fn isolinux(identity: &str, ram_mib: u32) {
    let folder = scratch();
    let tree = tree(folder.path());
    take("/usr/lib/ISOLINUX/isolinux.bin", &tree);
    for module in ["ldlinux", "cat", "libcom32", "libutil"] {
        take(&format!("/usr/lib/syslinux/modules/bios/{module}.c32"), &tree);
    }
    file(&tree, "isolinux.cfg", CONFIG.as_bytes());
    let options = ["-b", "isolinux.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"];
    let image = disc(folder.path(), &tree, &options);
    let mut machine = boot_and_pull(&image, &["--identity", identity], Controller::Xhci, ram_mib);
    syslinux_reads(&mut machine);
}

#[test]
fn isolinux_without_emulation() {
    isolinux("memdisk", 64);
    isolinux("grub4dos", 16);
}

/// Puts SYSLINUX on a FAT file system that begins at `offset` of a disk.
fn syslinux_on(disk: &Path, offset: u64, folder: &Path) {
    let name = disk.display().to_string();
    tool("syslinux", &["--install", "-t", &offset.to_string(), &name]);
    let at = format!("{name}@@{offset}");
    let config = file(folder, "syslinux.cfg", CONFIG.as_bytes()).display().to_string();
    let words = file(folder, "words.txt", format!("{WORDS}\n").as_bytes()).display().to_string();
    tool("mcopy", &["-i", &at, &config, &words, "::"]);
    for module in ["cat", "libcom32", "libutil"] {
        let module = package_file(&format!("/usr/lib/syslinux/modules/bios/{module}.c32"));
        tool("mcopy", &["-i", &at, &module.display().to_string(), "::"]);
    }
}

#[test]
fn syslinux_on_an_emulated_floppy() {
    let folder = scratch();
    let tree = tree(folder.path());
    let floppy = tree.join("floppy.img");
    let name = floppy.display().to_string();
    tool("mformat", &["-C", "-f", "1440", "-i", &name, "::"]);
    syslinux_on(&floppy, 0, folder.path());
    let image = disc(folder.path(), &tree, &["-b", "floppy.img"]);
    let mut machine = boot_and_pull(&image, &[], Controller::Xhci, 64);
    syslinux_reads(&mut machine);
}

#[test]
fn grub_2_on_an_emulated_floppy() {
    let folder = scratch();
    let tree = tree(folder.path());
    let mut floppy =
        fs::read(package_file("/usr/lib/grub-rescue/grub-rescue-floppy.img")).expect("GRUB's floppy");
    floppy.resize(1_474_560, 0);
    file(&tree, "floppy.img", &floppy);
    let image = disc(folder.path(), &tree, &["-b", "floppy.img"]);
    let mut machine = boot_and_pull(&image, &["--identity", "grub4dos"], Controller::Xhci, 64);
    machine.wait_screen("GNU GRUB", DEADLINE);
    machine.press(&["c"]);
    enter(&mut machine, "ls");
    let drives = answer(&mut machine, "ls");
    assert!(drives.contains("(fd0)"), "the emulated floppy is not listed\n{drives}");
}

#[test]
fn syslinux_on_an_emulated_hard_disk() {
    let folder = scratch();
    let tree = tree(folder.path());
    let disk = tree.join("hd.img");
    let mut bytes = vec![0; 10 * 16 * 63 * 512];
    let code = fs::read(package_file("/usr/lib/syslinux/mbr/mbr.bin")).expect("the boot record");
    bytes[..code.len()].copy_from_slice(&code);
    // One partition from track 1 on to the last sector of cylinder 9.
    bytes[446..462].copy_from_slice(&[0x80, 1, 1, 0, 4, 15, 63, 9, 63, 0, 0, 0, 0x21, 0x27, 0, 0]);
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(&disk, bytes).expect("making the disk");
    let at = format!("{}@@{}", disk.display(), 63 * 512);
    tool("mformat", &["-i", &at, "-h", "16", "-s", "63", "-T", "10017", "-H", "63", "::"]);
    syslinux_on(&disk, 63 * 512, folder.path());
    let image = disc(folder.path(), &tree, &["-b", "hd.img", "-hard-disk-boot"]);
    let mut machine = boot_and_pull(&image, &[], Controller::Xhci, 64);
    syslinux_reads(&mut machine);
}
