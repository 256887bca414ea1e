//! The images that the measurements of booting load. Each is a hard disk whose boot code is `boot.asm`: its first
//! instructions say that the loader is done.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use super::peers::{assembled, tool};

/// Bytes of a master boot record that are code.
const BOOT_CODE_LEN: usize = 440;
/// Length of the image that is filled like a disk with Windows, and what stands on it: files, and files that were
/// deleted, whose bytes are there still. The rest is zeros.
const WINDOWS_MIB: u64 = 72;
const KEPT_BYTES: u64 = 56 << 20;
const DELETED_BYTES: u64 = 8 << 20;
/// The package whose files are 32- and 64-bit programs and libraries for Windows.
const PROGRAMS: &str = "libwine";
/// Endings of the files that are taken from it.
const ENDINGS: [&str; 7] = ["dll", "exe", "drv", "sys", "ttf", "nls", "inf"];
/// Where this system's own programs are, for a system without that package.
const OWN_PROGRAMS: [&str; 3] = ["/usr/bin", "/usr/sbin", "/usr/lib"];
/// Lengths of the files that are taken: not of a few bytes, nor so long that a few files are the image.
const FILE_LENS: std::ops::Range<u64> = 2049..3 << 20;
/// Bytes of a cluster of the volume.
const CLUSTER_LEN: u64 = 2048;
/// Sectors in front of the partition, and the geometry that its boot sector has.
const START: u64 = 63;
const HEADS: u64 = 255;
/// Files that one call of `mcopy` gets.
const BATCH: usize = 200;
/// The time that every file has, in seconds since 1970.
const STAMP: u64 = 1_000_000_000;

/// An image of `mib` that nothing compresses: the same bytes each time.
pub fn random(folder: &Path, mib: u64) -> PathBuf {
    let path = folder.join("random.img");
    let mut bytes = vec![0; (mib << 20) as usize];
    let mut seeded = blake3::Hasher::new();
    seeded.update(b"bytes that nothing compresses");
    seeded.finalize_xof().fill(&mut bytes);
    let code = assembled(folder, "boot.asm");
    bytes[..code.len()].copy_from_slice(&code);
    fs::write(&path, bytes).expect("writing the image");
    path
}

/// A hard disk that has nothing but the boot code: what booting costs without an image.
pub fn empty(folder: &Path) -> PathBuf {
    let path = folder.join("empty.img");
    let mut bytes = assembled(folder, "boot.asm");
    bytes.resize(64 << 10, 0);
    fs::write(&path, bytes).expect("writing the image");
    path
}

/// A copy of the user's image whose boot code is ours.
pub fn given(folder: &Path, image: &Path) -> PathBuf {
    let mut bytes = fs::read(image).unwrap_or_else(|error| panic!("{}: {error}", image.display()));
    let has_partition = bytes.get(446..510).is_some_and(|table| table.iter().any(|&byte| byte != 0));
    let is_disk = has_partition && bytes[510..512] == [0x55, 0xAA];
    assert!(
        is_disk,
        "{}: a disk with a partition table is needed: its boot code is replaced",
        image.display()
    );
    put_boot_code(folder, &mut bytes);
    let path = folder.join("given.img");
    fs::write(&path, bytes).expect("writing the image");
    path
}

fn put_boot_code(folder: &Path, disk: &mut [u8]) {
    disk[..BOOT_CODE_LEN].copy_from_slice(&assembled(folder, "boot.asm")[..BOOT_CODE_LEN]);
}

/// A disk of 72 MiB with one FAT16 volume that is filled like a Windows, and what its files are, for people.
pub fn windows_like(folder: &Path) -> (PathBuf, &'static str) {
    let (mut files, what) = files();
    let sectors = (WINDOWS_MIB << 20) / 512 - START;
    let volume = folder.join("volume");
    let mut format = mtools("mformat", &volume);
    format.args(["-C", "-T", &sectors.to_string(), "-h", &HEADS.to_string(), "-s", &START.to_string()]);
    tool(format.args(["-H", &START.to_string(), "-N", "12345678", "-v", "WINLIKE", "::"]));
    tool(mtools("mmd", &volume).args(["::/WINDOWS", "::/WINDOWS/OLD"]));
    let flat = folder.join("flat");
    fs::create_dir(&flat).expect("a folder for the files");
    let kept = put(&volume, &flat, &mut files, "::/WINDOWS", KEPT_BYTES);
    let deleted = put(&volume, &flat, &mut files, "::/WINDOWS/OLD", DELETED_BYTES);
    assert!(!kept.is_empty() && !deleted.is_empty(), "there are not enough files for the image");
    for name in deleted {
        tool(mtools("mdel", &volume).arg(format!("::/WINDOWS/OLD/{name}")));
    }
    fs::remove_dir_all(&flat).expect("the folder of the files");
    let mut disk = vec![0; (START * 512) as usize];
    put_boot_code(folder, &mut disk);
    disk[0x1BE..0x1CE].copy_from_slice(&entry(sectors));
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    disk.extend(fs::read(&volume).expect("reading the volume"));
    disk.resize((WINDOWS_MIB << 20) as usize, 0);
    let path = folder.join("windows.img");
    fs::write(&path, disk).expect("writing the image");
    (path, what)
}

/// The partition's entry.
fn entry(sectors: u64) -> [u8; 16] {
    let chs = |lba: u64| {
        let (track, cylinder) = (lba / START, lba / (HEADS * START));
        [(track % HEADS) as u8, (lba % START + 1) as u8 | (cylinder >> 2 & 0xC0) as u8, cylinder as u8]
    };
    let mut entry = [0; 16];
    (entry[0], entry[4]) = (0x80, 6);
    entry[1..4].copy_from_slice(&chs(START));
    entry[5..8].copy_from_slice(&chs(START + sectors - 1));
    entry[8..12].copy_from_slice(&(START as u32).to_le_bytes());
    entry[12..].copy_from_slice(&(sectors as u32).to_le_bytes());
    entry
}

/// Copies files into a folder of the volume until they take so many bytes; their names there.
fn put(volume: &Path, flat: &Path, files: &mut Vec<PathBuf>, to: &str, budget: u64) -> Vec<String> {
    let (mut names, mut taken) = (Vec::new(), 0);
    while taken < budget {
        let Some(file) = files.pop() else { break };
        let name = format!("{:05}.bin", files.len());
        let copy = flat.join(&name);
        taken += fs::copy(&file, &copy).expect("copying a file").next_multiple_of(CLUSTER_LEN);
        let opened = fs::File::options().write(true).open(&copy).expect("the copy");
        opened.set_modified(UNIX_EPOCH + Duration::from_secs(STAMP)).expect("setting a file's time");
        names.push(name);
    }
    for batch in names.chunks(BATCH) {
        let mut copy = mtools("mcopy", volume);
        tool(copy.arg("-m").args(batch.iter().map(|name| flat.join(name))).arg(to));
    }
    names
}

fn mtools(program: &str, volume: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("MTOOLS_SKIP_CHECK", "1").env("SOURCE_DATE_EPOCH", STAMP.to_string()).env("TZ", "UTC");
    command.arg("-i").arg(volume);
    command
}

/// Files that programs are made of, and what they are.
fn files() -> (Vec<PathBuf>, &'static str) {
    let mut found = Vec::new();
    if let Some(folder) = unpacked(PROGRAMS) {
        let is_wanted = |file: &Path| {
            let ending = file.extension().map(|ending| ending.to_ascii_lowercase());
            ending.is_some_and(|ending| ENDINGS.iter().any(|&wanted| ending == wanted))
        };
        collect(&folder, &is_wanted, &mut found);
        mix(&mut found, &folder);
        return (found, "PE files of Debian's package libwine");
    }
    let is_program = |file: &Path| {
        let mut magic = [0; 4];
        let read = fs::File::open(file).and_then(|mut file| std::io::Read::read_exact(&mut file, &mut magic));
        read.is_ok() && magic == *b"\x7fELF"
    };
    for folder in OWN_PROGRAMS {
        collect(Path::new(folder), &is_program, &mut found);
    }
    mix(&mut found, Path::new("/"));
    (found, "ELF files of this system, for the package libwine cannot be fetched")
}

/// An order that mixes the folders below `base`, and is the same each time and wherever `base` is.
fn mix(files: &mut [PathBuf], base: &Path) {
    files.sort_by_cached_key(|file| {
        let name = file.strip_prefix(base).unwrap_or(file);
        *blake3::hash(name.as_os_str().as_encoded_bytes()).as_bytes()
    });
}

/// The files below a folder whose length is right.
fn collect(folder: &Path, is_wanted: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            collect(&entry.path(), is_wanted, found);
        } else if kind.is_file() {
            let is_right = entry.metadata().is_ok_and(|facts| FILE_LENS.contains(&facts.len()));
            if is_right && is_wanted(&entry.path()) {
                found.push(entry.path());
            }
        }
    }
}

/// A package that need not be installed, unpacked where the boot tests keep theirs; `None` if it cannot be fetched.
fn unpacked(package: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests").join(package);
    if folder.exists() {
        return Some(folder);
    }
    let download = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let mut fetch = Command::new("apt-get");
    fetch.args(["-q", "-o", "APT::Sandbox::User=root", "download", package]).current_dir(download.path());
    if !fetch.output().is_ok_and(|output| output.status.success()) {
        return None;
    }
    let deb = fs::read_dir(download.path()).expect("the folder").next()?.expect("a package").path();
    // Into a folder of its own first: a run that is killed leaves nothing that looks whole.
    let fresh = download.path().join("unpacked");
    tool(Command::new("dpkg-deb").arg("-x").arg(deb).arg(&fresh));
    fs::create_dir_all(folder.parent()?).expect("a folder for packages");
    fs::rename(&fresh, &folder).expect("moving the package's files");
    Some(folder)
}
