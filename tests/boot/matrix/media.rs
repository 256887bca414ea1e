//! Makes the images of the list: from packages, and with the tools that a user would take.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::harness::{file, tool};
use super::super::real::{self, package_file, unpacked};

/// Where Debian keeps GRUB Legacy's stages.
const GRUB_LEGACY: &str = "usr/lib/grub/x86_64-pc";
/// A file of the host, and its name on an image.
type Payload = (PathBuf, &'static str);
/// What the file at the end of a SYSLINUX disk says.
pub const LAST_TEXT: &str = "this came from the end of the disk";
/// SYSLINUX' configuration: a prompt, and a key that shows a file.
const CONFIG: &str = "PROMPT 1\nTIMEOUT 0\nDEFAULT none\nF1 last.txt\n";
/// First sector of the partition of a disk.
pub const START_SECTOR: u64 = 2048;

/// GRUB 2 as it comes: a raw image of an odd size.
pub fn grub_rescue_floppy(_folder: &Path) -> PathBuf {
    package_file("/usr/lib/grub-rescue/grub-rescue-floppy.img")
}

/// GRUB 2's hybrid disc.
pub fn grub_rescue_cd(_folder: &Path) -> PathBuf {
    package_file("/usr/lib/grub-rescue/grub-rescue-cdrom.iso")
}

/// Memtest86+ for 32 bits: a hybrid disc.
pub fn memtest_ia32(_folder: &Path) -> PathBuf {
    package_file("/usr/lib/memtest86+/memtest86+ia32.iso")
}

/// Memtest86+ for 64 bits: a hybrid disc.
pub fn memtest_x64(_folder: &Path) -> PathBuf {
    package_file("/usr/lib/memtest86+/memtest86+x64.iso")
}

/// iPXE's hybrid disc.
pub fn ipxe(_folder: &Path) -> PathBuf {
    package_file("/usr/lib/ipxe/ipxe.iso")
}

/// GRUB Legacy's two stages, one behind the other.
pub fn grub_legacy(folder: &Path) -> PathBuf {
    let stages = unpacked("grub-legacy").join(GRUB_LEGACY);
    let mut image = fs::read(stages.join("stage1")).expect("stage1");
    image.extend(fs::read(stages.join("stage2")).expect("stage2"));
    file(folder, "legacy.img", &image)
}

/// A disc that GRUB Legacy boots without emulation.
pub fn grub_legacy_cd(folder: &Path) -> PathBuf {
    let stages = unpacked("grub-legacy").join(GRUB_LEGACY);
    let root = empty(folder, "legacy.d");
    fs::copy(stages.join("stage2_eltorito"), root.join("stage2_eltorito")).expect("stage2_eltorito");
    file(&root, "last.txt", LAST_TEXT.as_bytes());
    let boot = ["-b", "stage2_eltorito", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"];
    disc(folder, &root, &boot)
}

/// A floppy of `kib` with SYSLINUX.
pub fn syslinux_floppy(folder: &Path, kib: u32) -> PathBuf {
    floppy(folder, kib, &[], CONFIG)
}

/// A partitioned disk of `mib` with SYSLINUX on a FAT of `bits`.
pub fn syslinux_disk(folder: &Path, bits: u32, mib: u64) -> PathBuf {
    disk(folder, bits, mib, &[], CONFIG)
}

/// A disc with ISOLINUX that emulates nothing.
pub fn isolinux_prompt(folder: &Path) -> PathBuf {
    isolinux(folder, &[], CONFIG)
}

/// A disc that emulates a floppy of `kib` with SYSLINUX.
pub fn emulating_floppy(folder: &Path, kib: u32) -> PathBuf {
    let image = syslinux_floppy(folder, kib);
    let root = empty(folder, "disc.d");
    fs::rename(image, root.join("boot.img")).expect("moving the floppy");
    disc(folder, &root, &["-b", "boot.img"])
}

/// A disc that emulates a hard disk with SYSLINUX.
pub fn emulating_disk(folder: &Path) -> PathBuf {
    let image = syslinux_disk(folder, 16, 16);
    let root = empty(folder, "disc.d");
    fs::rename(image, root.join("boot.img")).expect("moving the disk");
    disc(folder, &root, &["-b", "boot.img", "-hard-disk-boot"])
}

/// A floppy whose SYSLINUX starts iPXE.
pub fn ipxe_floppy(folder: &Path) -> PathBuf {
    floppy(folder, 1440, &ipxe_kernel(), IPXE_CONFIG)
}

/// A disk whose SYSLINUX starts iPXE.
pub fn ipxe_disk(folder: &Path) -> PathBuf {
    disk(folder, 16, 16, &ipxe_kernel(), IPXE_CONFIG)
}

const IPXE_CONFIG: &str = "DEFAULT i\nPROMPT 0\nLABEL i\n LINUX ipxe.krn\n";

fn ipxe_kernel() -> [Payload; 1] {
    [(package_file("/usr/lib/ipxe/ipxe.lkrn"), "ipxe.krn")]
}

/// A disk whose SYSLINUX starts HDT.
pub fn hdt_disk(folder: &Path) -> PathBuf {
    disk(folder, 16, 16, &hdt(), HDT_CONFIG)
}

/// A disc whose ISOLINUX starts HDT.
pub fn hdt_cd(folder: &Path) -> PathBuf {
    isolinux(folder, &hdt(), HDT_CONFIG)
}

const HDT_CONFIG: &str = "DEFAULT h\nPROMPT 0\nF1 last.txt\nLABEL h\n COM32 hdt.c32\n APPEND nomenu\n";

fn hdt() -> [Payload; 5] {
    ["hdt.c32", "libcom32.c32", "libgpl.c32", "libmenu.c32", "libutil.c32"].map(module)
}

/// A floppy whose SYSLINUX prints the memory map, and then asks.
pub fn meminfo_floppy(folder: &Path) -> PathBuf {
    let config = "DEFAULT m\nPROMPT 0\nF1 last.txt\nLABEL m\n COM32 meminfo.c32\n";
    floppy(folder, 1440, &["meminfo.c32", "libcom32.c32"].map(module), config)
}

/// A disk whose SYSLINUX starts Linux.
pub fn linux_disk(folder: &Path) -> PathBuf {
    real::linux_disk(folder)
}

/// A disc whose ISOLINUX starts the same Linux.
pub fn linux_cd(folder: &Path) -> PathBuf {
    let (kernel, initrd) = real::linux_files(folder);
    let image = isolinux(folder, &[(kernel, "vmlinuz"), (initrd, "initrd")], real::LINUX_CONFIG);
    // phram takes whole pages of memory only.
    let disc = fs::File::options().write(true).open(&image).expect("the disc");
    let len = disc.metadata().expect("its length").len();
    disc.set_len(len.next_multiple_of(4096)).expect("filling the disc up");
    image
}

fn module(name: &'static str) -> Payload {
    (package_file("/usr/lib/syslinux/modules/bios").join(name), name)
}

/// A floppy of `kib` with SYSLINUX and these files.
fn floppy(folder: &Path, kib: u32, files: &[Payload], config: &str) -> PathBuf {
    let image = folder.join("floppy.img");
    let name = image.display().to_string();
    tool("mformat", &["-C", "-f", &kib.to_string(), "-i", &name, "::"]);
    tool("syslinux", &["--install", &name]);
    fill(folder, &name, files, config);
    image
}

/// A partitioned disk of `mib` with SYSLINUX and these files on a FAT of `bits`.
fn disk(folder: &Path, bits: u32, mib: u64, files: &[Payload], config: &str) -> PathBuf {
    let image = folder.join("disk.img");
    fs::File::create(&image).and_then(|file| file.set_len(mib << 20)).expect("making the disk");
    make_syslinux(&image, bits, mib);
    let volume = format!("{}@@{}", image.display(), START_SECTOR * 512);
    fill(folder, &volume, files, config);
    image
}

/// Partitions a disk of `mib`, with SYSLINUX and its master boot record.
pub fn make_syslinux(disk: &Path, bits: u32, mib: u64) {
    let name = disk.display().to_string();
    let kind = match bits {
        12 => "1",
        16 => "6",
        _ => "c",
    };
    let table = format!("start={START_SECTOR}, type={kind}, bootable");
    tool("sh", &["-c", &format!("echo '{table}' | /sbin/sfdisk -q {name}")]);
    tool("sh", &["-c", &format!("dd if=/usr/lib/syslinux/mbr/mbr.bin of={name} conv=notrunc status=none")]);
    let (bits, start) = (format!("-F{bits}"), START_SECTOR.to_string());
    let mut arguments = vec![bits.as_str(), "--offset", &start, "-h", &start];
    if bits == "-F32" {
        // One sector in a cluster: a FAT32 has at least 65525 of them.
        arguments.extend(["-s", "1"]);
    }
    let blocks = (((mib << 20) / 512 - START_SECTOR) / 2).to_string();
    arguments.extend([name.as_str(), &blocks]);
    tool("mkfs.fat", &arguments);
    let at = (START_SECTOR * 512).to_string();
    tool("syslinux", &["--install", "-t", &at, &name]);
}

/// Puts files on a volume so that the file which is read last lies at its end, and a deleted one before it.
fn fill(folder: &Path, volume: &str, files: &[Payload], config: &str) {
    for (path, target) in files {
        tool("mcopy", &["-i", volume, &path.display().to_string(), &format!("::{target}")]);
    }
    let put = |name: &str, bytes: &[u8]| {
        let path = file(folder, name, bytes).display().to_string();
        tool("mcopy", &["-i", volume, &path, &format!("::{name}")]);
    };
    put("syslinux.cfg", config.as_bytes());
    let listing = tool("mdir", &["-i", volume, "::"]);
    let free = listing.lines().find_map(|line| line.trim().strip_suffix(" bytes free"));
    let free: String = free.expect("the free bytes").chars().filter(char::is_ascii_digit).collect();
    let free: usize = free.parse().expect("a number");
    put("fill.bin", &vec![0xD1; free.saturating_sub(16 << 10)]);
    put("last.txt", format!("{LAST_TEXT}\r\n").as_bytes());
    tool("mdel", &["-i", volume, "::fill.bin"]);
}

/// A disc with ISOLINUX and these files.
fn isolinux(folder: &Path, files: &[Payload], config: &str) -> PathBuf {
    let root = empty(folder, "disc.d");
    let loader = [(package_file("/usr/lib/ISOLINUX/isolinux.bin"), "isolinux.bin"), module("ldlinux.c32")];
    for (path, name) in loader.iter().chain(files) {
        fs::copy(path, root.join(name)).unwrap_or_else(|error| panic!("copying {}: {error}", path.display()));
    }
    file(&root, "isolinux.cfg", config.as_bytes());
    file(&root, "last.txt", format!("{LAST_TEXT}\r\n").as_bytes());
    disc(folder, &root, &["-b", "isolinux.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"])
}

fn empty(folder: &Path, name: &str) -> PathBuf {
    let root = folder.join(name);
    fs::create_dir(&root).expect("a folder for the disc");
    root
}

fn disc(folder: &Path, root: &Path, boot: &[&str]) -> PathBuf {
    let image = folder.join("disc.iso");
    let (name, root) = (image.display().to_string(), root.display().to_string());
    let mut arguments = vec!["-as", "mkisofs", "-quiet", "-o", &name];
    arguments.extend(boot);
    arguments.extend(["-c", "boot.cat", &root]);
    tool("xorriso", &arguments);
    image
}
