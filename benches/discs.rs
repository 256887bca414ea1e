//! The discs that the measurements of booting compare: ours, and one with ISOLINUX and MEMDISK.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::peers::{MEMDISK, config, tool};

/// A disc that boots `image` as a hard disk at once; `options` are those of `ramkey disc`.
pub fn ramkey_disc(folder: &Path, name: &str, image: &Path, options: &[&str]) -> PathBuf {
    let disc = folder.join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("disc").arg(image).arg("--to").arg(&disc);
    tool(command.args(["--kind", "hdd", "--timeout", "off", "--yes"]).args(options));
    disc
}

/// The same with ISOLINUX and MEMDISK, whose options these are.
pub fn memdisk_disc(folder: &Path, name: &str, image: &Path, options: &str) -> PathBuf {
    let (disc, tree) = (folder.join(name), folder.join("tree"));
    fs::create_dir(&tree).expect("a folder for the disc's files");
    let config = config(folder, options);
    for (path, name) in [
        (Path::new("/usr/lib/ISOLINUX/isolinux.bin"), "isolinux.bin"),
        (Path::new("/usr/lib/syslinux/modules/bios/ldlinux.c32"), "ldlinux.c32"),
        (Path::new(MEMDISK), "memdisk"),
        (image, "image.img"),
        (&config, "isolinux.cfg"),
    ] {
        let copied = fs::copy(path, tree.join(name));
        copied.unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask tools` installs it", path.display()));
    }
    let boot = ["-b", "isolinux.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"];
    let mut xorriso = Command::new("xorriso");
    tool(xorriso.args(["-as", "mkisofs", "-quiet", "-r", "-o"]).arg(&disc).args(boot).arg(&tree));
    fs::remove_dir_all(&tree).expect("the folder of the disc's files");
    disc
}
