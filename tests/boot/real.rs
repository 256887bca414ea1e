//! Systems that nobody here wrote, from the distribution's packages: each boots from RAM, loses its stick before
//! its first sector runs, and must then work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use ramkey::emulator::{Controller, Machine, Port, Stick};
use serde_json::json;

use super::harness::{DEADLINE, Running, file, scratch, tool};
use super::sticks;

/// How long a system may take to answer once its stick is gone. A BIOS that still asks the pulled stick needs 26
/// seconds for each try, so an answer within this time has not waited for it.
const ANSWER: Duration = Duration::from_secs(20);
/// Where Debian keeps GRUB Legacy's stages.
const GRUB_LEGACY: &str = "usr/lib/grub/x86_64-pc";
/// Modules that a RAM disk needs, in the order of loading, but for phram.
const MTD: [&str; 3] = ["mtd", "mtd_blkdevs", "mtdblock"];

/// A file of an installed package.
pub fn package_file(path: &str) -> PathBuf {
    let path = PathBuf::from(path);
    assert!(path.exists(), "{} is missing: `cargo xtask tools` installs it", path.display());
    path
}

/// A package that need not be installed, unpacked below `target/guests`.
pub fn unpacked(package: &str) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests").join(package);
    if folder.join("usr").exists() || folder.join("boot").exists() {
        return folder;
    }
    let download = scratch();
    let fetch = || {
        let mut apt = Command::new("apt-get");
        apt.args(["-q", "-o", "APT::Sandbox::User=root", "download", package]).current_dir(download.path());
        apt.output().expect("apt-get is needed: the guests are packages of Debian")
    };
    let mut output = fetch();
    if !output.status.success() {
        update_lists();
        output = fetch();
    }
    assert!(output.status.success(), "downloading {package}: {}", String::from_utf8_lossy(&output.stderr));
    let mut entries = fs::read_dir(download.path()).expect("the folder of the download");
    let deb = entries.next().expect("a package was downloaded").expect("its name").path();
    // Into a folder of its own first: a run that is killed leaves nothing that looks whole.
    let fresh = folder.with_file_name(format!("{package}.{}", std::process::id()));
    fs::create_dir_all(&fresh).expect("a folder for the guests");
    tool("dpkg-deb", &["-x".as_ref(), deb.as_os_str(), fresh.as_os_str()]);
    if fs::rename(&fresh, &folder).is_err() {
        fs::remove_dir_all(&fresh).expect("another run was first");
    }
    folder
}

/// Brings the package lists up to date: they may be older than what is to be had.
fn update_lists() {
    tool("apt-get", &["-q", "update"]);
}

/// Name of the package of Debian's newest kernel.
pub fn kernel_package() -> String {
    let find = || {
        let mut ask = Command::new("apt-cache");
        let answer = ask.args(["depends", "--important", "linux-image-amd64"]).output().expect("apt-cache");
        let depends = String::from_utf8_lossy(&answer.stdout).into_owned();
        depends.split_whitespace().find(|word| word.starts_with("linux-image-6")).map(str::to_owned)
    };
    find().unwrap_or_else(|| {
        update_lists();
        find().expect("the package lists have a kernel")
    })
}

/// Boots `image` from RAM with `ram_mib` of memory, and pulls the stick when the image is proven and in place.
pub fn boot_and_pull(image: &Path, options: &[&str], controller: Controller, ram_mib: u32) -> Running {
    let folder = scratch();
    let stick = sticks::ramkey(folder.path(), &[image], options);
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(controller)));
    machine.ram_mib = ram_mib;
    let mut machine = Running::start(&machine);
    machine.pull_and_boot();
    machine
}

/// What both GRUBs print before a command.
const PROMPT: &str = "grub> ";

/// Types a command for GRUB: small letters, digits, space, dot, slash and brackets. Each key waits for the one before it to be
/// seen, because a BIOS that is busy drops keys.
pub fn enter(machine: &mut Running, command: &str) {
    machine.wait_screen(PROMPT, DEADLINE);
    for (index, key) in command.char_indices() {
        match key {
            ' ' => machine.press(&["spc"]),
            '/' => machine.press(&["slash"]),
            '.' => machine.press(&["dot"]),
            '(' => press_shifted(machine, "9"),
            ')' => press_shifted(machine, "0"),
            key => machine.press(&[&key.to_string()]),
        }
        machine.wait_screen(&format!("{PROMPT}{}", &command[..=index]), DEADLINE);
    }
    machine.press(&["ret"]);
}

/// A key with shift.
fn press_shifted(machine: &mut Running, key: &str) {
    let keys = json!({ "keys": [
        { "type": "qcode", "data": "shift" },
        { "type": "qcode", "data": key },
    ] });
    let sent = machine.emulator().qmp().execute("send-key", keys);
    machine.need(sent);
}

/// What GRUB answered to a command, once its prompt is there again.
pub fn answer(machine: &mut Running, command: &str) -> String {
    let entered = format!("{PROMPT}{command}");
    machine.wait_on_screen(&format!("the answer to {command:?}"), ANSWER, |screen| {
        let text = screen.to_string();
        let (_, after) = text.split_once(&entered)?;
        after.split_once(PROMPT.trim_end()).map(|(answer, _)| answer.to_owned())
    })
}

/// GRUB 2 as a floppy: its command line lists the drives and reads them.
pub fn grub_floppy(controller: Controller) {
    let image = package_file("/usr/lib/grub-rescue/grub-rescue-floppy.img");
    let mut machine = boot_and_pull(&image, &["--kind", "floppy"], controller, 64);
    machine.wait_screen("GNU GRUB", DEADLINE);
    machine.press(&["c"]);
    enter(&mut machine, "ls");
    let drives = answer(&mut machine, "ls");
    assert!(drives.contains("(fd0)"), "the floppy is not listed\n{drives}");
}

/// The same bytes as a hard disk.
pub fn grub_disk(controller: Controller) {
    let image = package_file("/usr/lib/grub-rescue/grub-rescue-floppy.img");
    let mut machine = boot_and_pull(&image, &["--kind", "hdd"], controller, 64);
    machine.wait_screen("GNU GRUB", DEADLINE);
    machine.press(&["c"]);
    enter(&mut machine, "ls");
    let drives = answer(&mut machine, "ls");
    assert!(drives.contains("(hd0)"), "the disk is not listed\n{drives}");
    assert!(!drives.contains("(hd1)"), "the pulled stick is still listed\n{drives}");
}

/// GRUB Legacy loads its own GDT and goes to protected mode and back around each BIOS call.
pub fn grub_legacy(controller: Controller) {
    let stages = unpacked("grub-legacy").join(GRUB_LEGACY);
    let mut floppy = fs::read(stages.join("stage1")).expect("stage1");
    floppy.extend(fs::read(stages.join("stage2")).expect("stage2"));
    let folder = scratch();
    let image = file(folder.path(), "legacy.img", &floppy);
    let mut machine = boot_and_pull(&image, &["--kind", "floppy"], controller, 64);
    machine.wait_screen("GNU GRUB  version 0.97", DEADLINE);
    enter(&mut machine, "find /x");
    let found = answer(&mut machine, "find /x");
    assert!(found.contains("Error 15"), "it did not read the disk\n{found}");
}

/// Memtest86+ takes all memory that it is told of: it must not be told of the RAM disk.
pub fn memtest(controller: Controller) {
    let image = package_file("/usr/lib/memtest86+/memtest86+ia32.iso");
    let mut machine = boot_and_pull(&image, &["--kind", "hdd"], controller, 64);
    machine.wait_screen("Memtest86+ v6", DEADLINE);
    machine.wait_screen("Testing:", DEADLINE);
    let mib = machine.wait_on_screen("the size of memory", DEADLINE, |screen| {
        let memory = screen.lines.iter().find_map(|line| line.split_once("Memory  :"))?.1;
        memory.split_once("MB")?.0.trim().parse::<u64>().ok()
    });
    let disk = fs::metadata(&image).expect("the image").len() >> 20;
    assert!(
        (48..=64 - disk).contains(&mib),
        "{mib} MB of 64 are tested, with a disk of {disk} in them\n{}",
        machine.evidence()
    );
}

/// iPXE, whose disc is also a hard disk.
pub fn ipxe(controller: Controller) {
    let image = package_file("/usr/lib/ipxe/ipxe.iso");
    let mut machine = boot_and_pull(&image, &["--kind", "hdd"], controller, 64);
    machine.wait_screen("Open Source Network Boot Firmware", DEADLINE);
}

/// SYSLINUX starts Linux, whose memdiskfind, phram and mtdblock find the RAM disk again and read all of it.
pub fn linux(controller: Controller) {
    linux_finds_all_of_it(controller, LINUX_MIB, 256);
}

/// The same with a disk of `mib` MiB, in a machine with `ram_mib`.
pub fn linux_finds_all_of_it(controller: Controller, mib: u64, ram_mib: u32) {
    let folder = scratch();
    let image = linux_disk_of(folder.path(), mib);
    let sum = tool("md5sum", &[&image]);
    let sum = sum.split_whitespace().next().expect("a sum");
    let len = fs::metadata(&image).expect("the image").len();
    let mut machine = boot_and_pull(&image, &["--kind", "hdd"], controller, ram_mib);
    machine.wait_text("GUEST DONE", DEADLINE);
    let serial = machine.evidence().serial;
    let found = serial.lines().find_map(|line| line.split_once("MEMDISKFIND rc=0 <")).expect("memdiskfind");
    assert!(found.1.trim_end().ends_with(&format!(",{len:#x}>")), "another length than {len:#x}\n{serial}");
    assert!(serial.contains(&format!("SUM {sum}")), "Linux read other bytes than {sum}\n{serial}");
}

/// Length of the disk with Linux, in MiB.
const LINUX_MIB: u64 = 24;

/// A partitioned FAT16 disk with SYSLINUX, Debian's kernel, and an initial RAM disk that looks for its disk.
pub fn linux_disk(folder: &Path) -> PathBuf {
    linux_disk_of(folder, LINUX_MIB)
}

/// The same of `mib` MiB.
fn linux_disk_of(folder: &Path, mib: u64) -> PathBuf {
    let (vmlinuz, initrd) = linux_files(folder);
    const START_SECTOR: u64 = 2048;
    let disk = folder.join("linux.img");
    fs::File::create(&disk).and_then(|file| file.set_len(mib << 20)).expect("making the disk");
    let name = disk.display().to_string();
    let table = format!("start={START_SECTOR}, type=6, bootable");
    tool("sh", &["-c", &format!("echo '{table}' | /sbin/sfdisk -q {name}")]);
    tool("sh", &["-c", &format!("dd if=/usr/lib/syslinux/mbr/mbr.bin of={name} conv=notrunc status=none")]);
    let blocks = ((mib << 20) / 512 - START_SECTOR) / 2;
    tool("mkfs.fat", &["-F16", "--offset", "2048", "-h", "2048", &name, &blocks.to_string()]);
    tool("syslinux", &["--install", "-t", &(START_SECTOR * 512).to_string(), &name]);
    let config = file(folder, "syslinux.cfg", LINUX_CONFIG.as_bytes());
    for (path, target) in [(&vmlinuz, "vmlinuz"), (&initrd, "initrd"), (&config, "syslinux.cfg")] {
        let at = format!("{name}@@{}", START_SECTOR * 512);
        tool("mcopy", &["-i", &at, &path.display().to_string(), &format!("::{target}")]);
    }
    disk
}

/// SYSLINUX' configuration that starts Linux at once.
pub const LINUX_CONFIG: &str =
    "DEFAULT l\nPROMPT 0\nLABEL l\n LINUX vmlinuz\n INITRD initrd\n APPEND console=ttyS0 quiet\n";

/// Debian's kernel, and an initial RAM disk that looks for its disk.
pub fn linux_files(folder: &Path) -> (PathBuf, PathBuf) {
    let package = kernel_package();
    let kernel = unpacked(&package);
    let release = package.trim_start_matches("linux-image-");
    let initrd = initrd(folder, &kernel.join("lib/modules").join(release).join("kernel/drivers/mtd"));
    (kernel.join("boot").join(format!("vmlinuz-{release}")), initrd)
}

/// What runs in Linux: finds the disk as a user would, and prints the sum of all its bytes.
const INIT: &str = "#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
exec >/dev/ttyS0 2>&1
A=$(memdiskfind); echo \"MEMDISKFIND rc=$? <$A>\"
for m in mtd mtd_blkdevs mtdblock; do insmod /m/$m.ko; done
insmod /m/phram.ko phram=memdisk,$A; cat /proc/mtd
echo \"SUM $(md5sum < /dev/mtdblock0)\"; echo GUEST DONE; poweroff -f
";

fn initrd(folder: &Path, modules: &Path) -> PathBuf {
    let root = folder.join("initrd.d");
    for path in ["bin", "m", "proc", "sys", "dev", "lib64", "lib/x86_64-linux-gnu"] {
        fs::create_dir_all(root.join(path)).expect("a folder of the initial RAM disk");
    }
    let copy = |from: &Path, to: &str| {
        fs::copy(from, root.join(to)).unwrap_or_else(|error| panic!("copying {}: {error}", from.display()));
    };
    copy(&package_file("/bin/busybox"), "bin/busybox");
    copy(&package_file("/usr/bin/memdiskfind"), "bin/memdiskfind");
    copy(&package_file("/lib64/ld-linux-x86-64.so.2"), "lib64/ld-linux-x86-64.so.2");
    copy(&package_file("/lib/x86_64-linux-gnu/libc.so.6"), "lib/x86_64-linux-gnu/libc.so.6");
    for module in MTD {
        copy(&modules.join(module).with_extension("ko"), &format!("m/{module}.ko"));
    }
    copy(&modules.join("devices/phram.ko"), "m/phram.ko");
    file(&root, "init", INIT.as_bytes());
    tool("chmod", &["+x".as_ref(), root.join("init").as_os_str()]);
    let initrd = folder.join("initrd.gz");
    let pack = "cd \"$1\" && find . | cpio -o -H newc --quiet | gzip -1 > \"$2\"";
    let (root, target) = (root.display().to_string(), initrd.display().to_string());
    tool("sh", &["-c", pack, "sh", &root, &target]);
    initrd
}
