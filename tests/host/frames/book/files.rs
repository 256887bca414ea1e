//! The files of those who read the book.

use std::fs;
use std::process::Command;

use crate::frames::discs::Tree;
use crate::frames::drivers::{X86, driver};
use crate::frames::packers::{archive, pack};
use crate::frames::sticks::noise;
use crate::frames::windows_image::{System, bare};

/// A file that a page wants; what it is its name says.
pub fn made(name: &str) -> Option<Vec<u8>> {
    let disk = ramkey::emulator::demo_image;
    Some(match name {
        "xp.img" => bare(System::Fat16).disk(),
        "firadisk.sys" | "firadisk/firadisk.sys" => driver("FiraDisk", X86),
        "SERIALS.txt" => b"# bought in May\n".to_vec(),
        "freedos.img.xz" => pack(&["xz", "-0"], &disk()),
        "SHA256SUMS" => sums("freedos.img.xz"),
        "disks.zip" => archive(&["zip", "-q"], &[("boot/dos.img", &disk())]),
        "tools.7z" => archive(&["7zz", "a", "-mx1"], &[("tools.img", &noise(100_000))]),
        "freedos/KERNEL.SYS" => noise(50_000),
        "DRIVERS.img" | "f6.img" => noise(1_474_560),
        _ if name.ends_with("/modules.builtin") => {
            b"kernel/drivers/mtd/mtd.ko\nkernel/drivers/mtd/mtd_blkdevs.ko\n".to_vec()
        }
        _ if name.ends_with(".img") => disk(),
        _ if name.ends_with(".iso") => iso(),
        _ if name.contains('/') => name.as_bytes().to_vec(),
        _ => return None,
    })
}

/// A list of hashes, as it is beside a download.
fn sums(name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), made(name).unwrap()).unwrap();
    Command::new("sha256sum").arg(name).current_dir(folder.path()).output().unwrap().stdout
}

/// A disc that a BIOS can boot.
fn iso() -> Vec<u8> {
    let tree = Tree::new(&["readme.txt"]);
    tree.add("boot.bin", &noise(2048));
    fs::read(tree.xorriso(&["-b", "boot.bin", "-no-emul-boot", "-c", "boot.cat"])).unwrap()
}
