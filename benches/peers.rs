//! The sticks that the measurements of booting compare: ours, and one with SYSLINUX and MEMDISK.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian keeps MEMDISK.
pub const MEMDISK: &str = "/usr/lib/syslinux/memdisk";

/// A stick of `mib` MiB that boots `image` as a hard disk at once; `options` are those of `ramkey write`.
pub fn ramkey_stick(folder: &Path, name: &str, image: &Path, mib: u64, options: &[&str]) -> PathBuf {
    let stick = folder.join(name);
    let size = format!("{mib}M");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("write").arg(image).arg("--to").arg(&stick);
    tool(command.args(["--kind", "hdd", "--timeout", "off", "--yes", "--size", &size]).args(options));
    stick
}

/// The same with MEMDISK, whose options these are.
pub fn memdisk_stick(folder: &Path, name: &str, image: &Path, mib: u64, options: &str) -> PathBuf {
    let stick = folder.join(name);
    fs::File::create(&stick).and_then(|file| file.set_len(mib << 20)).expect("making a stick");
    let config = config(folder, options);
    tool(Command::new("mkfs.fat").args(["-F", "16"]).arg(&stick));
    tool(Command::new("syslinux").arg("--install").arg(&stick));
    for (path, name) in [(Path::new(MEMDISK), "memdisk"), (image, "image.img"), (&config, "syslinux.cfg")] {
        tool(Command::new("mcopy").arg("-i").arg(&stick).arg(path).arg(format!("::{name}")));
    }
    stick
}

/// A configuration for SYSLINUX and ISOLINUX that starts MEMDISK with these options.
pub fn config(folder: &Path, options: &str) -> PathBuf {
    let config = folder.join("syslinux.cfg");
    let text =
        format!("DEFAULT m\nPROMPT 0\nLABEL m\n LINUX memdisk\n INITRD image.img\n APPEND {options}\n");
    fs::write(&config, text).expect("the configuration");
    config
}

/// A boot sector of this folder, assembled.
pub fn assembled(folder: &Path, source: &str) -> Vec<u8> {
    let target = folder.join("assembled");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(source);
    tool(Command::new("nasm").args(["-f", "bin", "-o"]).arg(&target).arg(source));
    fs::read(&target).expect("the boot sector")
}

/// Runs what must succeed.
pub fn tool(command: &mut Command) {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = command.env("PATH", format!("{path}:/usr/sbin:/sbin")).output();
    let output =
        output.unwrap_or_else(|error| panic!("{command:?}: {error}; `cargo xtask tools` installs it"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
