//! The book: every command that a page shows is run, and prints what the page says. Those that boot are run in `tests/boot`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::frames::book::{Page, pages};
use crate::frames::discs::Tree;
use crate::frames::drivers::X86;
use crate::frames::packers::{archive, pack};
use crate::frames::sticks::noise;
use crate::frames::windows_image::System;
use crate::windows::desk::{bare, driver};

/// A file that a page wants; what it is its name says.
fn made(name: &str) -> Option<Vec<u8>> {
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

#[test]
fn every_command_of_the_book_prints_what_its_page_shows() {
    let pages = pages().into_iter().map(|name| Page::read(&name)).filter(|page| !page.boots());
    let commands: usize = pages
        .map(|page| {
            page.run(made);
            page.count()
        })
        .sum();
    assert!(commands > 0, "no page shows a command");
}

/// No drive with a disc is at hand where tests run.
const CANNOT_BE_RUN: &str = "/dev/sr0";

#[test]
fn every_command_of_ours_that_a_page_shows_is_one_that_is_run() {
    let mut faults = Vec::new();
    for name in pages() {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&name)).unwrap();
        let mut block = None;
        for (number, line) in text.lines().enumerate() {
            let words = line.trim_start().trim_start_matches("$ ").trim_start_matches("sudo ");
            match line.trim_start().strip_prefix("```") {
                Some("") if block.is_some() => block = None,
                Some(kind) => block = Some(kind.to_owned()),
                None => {
                    let is_run = block.as_ref().is_some_and(|kind| kind == "sh" || kind == "console");
                    let is_block = block.is_some() || line.starts_with("    ");
                    if is_block && !is_run && words.starts_with("ramkey ") && !words.contains(CANNOT_BE_RUN) {
                        faults.push(format!("{name}:{}: {line}", number + 1));
                    }
                }
            }
        }
    }
    assert!(
        faults.is_empty(),
        "nobody runs these: they belong into a block of the kind sh or console\n{}",
        faults.join("\n")
    );
}
