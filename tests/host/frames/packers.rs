//! The system's own programs that pack, for tests of what is unpacked.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Packs `bytes` with `command`, which reads standard input and writes standard output.
pub fn pack(command: &[&str], bytes: &[u8]) -> Vec<u8> {
    let mut program = Command::new(command[0]);
    program.args(&command[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = program
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; `cargo xtask tools` installs it"));
    let (mut into, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
    let feeder = std::thread::spawn(move || into.write_all(&bytes).unwrap());
    let mut packed = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut packed).unwrap();
    feeder.join().unwrap();
    assert!(child.wait().unwrap().success(), "{command:?}");
    packed
}

/// Packs `files`, names and bytes, into an archive that `command` makes: its name and theirs are put behind it.
pub fn archive(command: &[&str], files: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mut program = Command::new(command[0]);
    program.args(&command[1..]).arg("archive.bin").args(files.iter().map(|(name, _)| name));
    let output = program.current_dir(folder.path()).stdin(Stdio::null()).output();
    let output =
        output.unwrap_or_else(|error| panic!("{command:?}: {error}; `cargo xtask tools` installs it"));
    assert!(output.status.success(), "{command:?}: {output:?}");
    let found = ["archive.bin", "archive.bin.zip", "archive.bin.7z"].map(|name| folder.path().join(name));
    fs::read(found.iter().find(|path| path.exists()).expect("an archive")).unwrap()
}

/// Each program that packs one stream, and what such files are said to be.
pub const STREAMS: [(&[&str], &str); 10] = [
    (&["gzip", "-1"], "gzip"),
    (&["gzip", "-9"], "gzip"),
    (&["xz", "-0"], "xz"),
    (&["xz", "-0", "--check=sha256", "--x86", "--lzma2=preset=0"], "xz"),
    (&["zstd", "-q", "-1"], "zstd"),
    (&["zstd", "-q", "-19", "--long=27"], "zstd"),
    (&["bzip2", "-1"], "bzip2"),
    (&["lz4", "-q", "-1", "-BD", "-B4"], "lz4"),
    (&["lz4", "-q", "-9", "-B7", "-BX"], "lz4"),
    (&["lz4", "-q", "-l"], "lz4"),
];

/// Each program that makes an archive.
pub const ARCHIVES: [(&[&str], &str); 9] = [
    (&["zip", "-q"], "zip"),
    (&["zip", "-q", "-0"], "zip"),
    (&["zip", "-q", "-Z", "bzip2"], "zip"),
    (&["zip", "-q", "-fz"], "zip"),
    (&["7zz", "a", "-tzip", "-mm=LZMA"], "zip"),
    (&["7zz", "a", "-t7z", "-mx=1"], "7z"),
    (&["7zz", "a", "-t7z", "-m0=BZip2", "-mhc=off"], "7z"),
    (&["7zz", "a", "-t7z", "-m0=Deflate"], "7z"),
    (&["7zz", "a", "-t7z", "-m0=BCJ", "-m1=LZMA"], "7z"),
];
