//! A small addition to a Linux system's initramfs that finds the RAM disk again.
//!
//! Once Linux drives the hardware itself, nobody asks INT 13h any more, and the disk in RAM is memory like any
//! other. The addition is an archive that a boot loader loads behind the system's own initramfs: a shell script that
//! finds the RAM disk as `memdiskfind` does, the kernel modules it needs if they are given, and hooks that run it
//! early. It does not change the system's own files. See `docs/linux.md`.

mod cpio;
mod error;
mod modules;

pub use error::PhramError;
pub use modules::{MODULES, Module, modules};

use cpio::Archive;

/// The script that finds the RAM disk and loads the drivers; it runs by itself too.
pub const SCRIPT: &str = include_str!("files/phram.sh");
/// What the kernel can be told to start before the initramfs' own program.
const INIT: &str = include_str!("files/init.sh");
/// What runs the script where an initramfs reads such files.
const HOOK: &str = include_str!("files/hook.sh");

/// Folder of the addition.
const FOLDER: &str = "ramkey";
/// Where initramfs-tools reads its settings, as shell code, after it has mounted `/proc`, `/sys` and `/dev`.
const SETTINGS: [&str; 3] = ["conf", "conf/conf.d", "conf/conf.d/ramkey-phram"];
/// Where dracut looks for what runs before udev, in old and in newer versions. `lib` is a link there, so these files
/// come without their folders: the kernel leaves out the one whose folder is missing.
const HOOKS: [&str; 2] =
    ["lib/dracut/hooks/pre-udev/00-ramkey-phram.sh", "var/lib/dracut/hooks/pre-udev/00-ramkey-phram.sh"];

/// The addition, as an uncompressed archive: the same modules give the same bytes everywhere.
///
/// Its length is a multiple of 512, so it may also stand before another archive.
pub fn addition(modules: &[Module]) -> Vec<u8> {
    let mut archive = Archive::default();
    archive.folder(FOLDER);
    archive.program("ramkey/phram", SCRIPT.as_bytes());
    archive.program("ramkey/init", INIT.as_bytes());
    archive.folder(SETTINGS[0]);
    archive.folder(SETTINGS[1]);
    archive.file(SETTINGS[2], HOOK.as_bytes());
    for path in HOOKS {
        archive.program(path, HOOK.as_bytes());
    }
    if !modules.is_empty() {
        archive.folder("ramkey/modules");
    }
    let mut sorted: Vec<&Module> = modules.iter().collect();
    sorted.sort_by_key(|module| (&module.release, &module.file));
    let mut release = None;
    for module in sorted {
        let folder = format!("ramkey/modules/{}", module.release);
        if release != Some(&module.release) {
            archive.folder(&folder);
            release = Some(&module.release);
        }
        archive.file(&format!("{folder}/{}", module.file), &module.contents);
    }
    archive.finish()
}
