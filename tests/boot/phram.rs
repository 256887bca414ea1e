//! Linux finds the RAM disk with the addition to its initramfs: a kernel of the distribution, and the programs with
//! which initramfs-tools and dracut begin. The stick is pulled before the kernel starts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ramkey::emulator::Controller;

use super::harness::{DEADLINE, file, scratch, tool};
use super::real::{boot_and_pull, kernel_package, package_file, unpacked};

const DISK_LEN: u64 = (24 << 20) + 3 * 512;
/// Its length is no multiple of a page, so phram must be told a smaller erase size.
const GEOMETRY: &str = "4/255/63";
const START_SECTOR: u64 = 2048;

/// Looks at the RAM disk that is there when it runs, beside what memdiskfind says.
const CHECK: &str = "exec >/dev/ttyS0 2>&1
echo \"WAY $1\"
cat /proc/mtd
echo \"FOUND <$(sh /ramkey/phram --find)> AND <$(memdiskfind)>\"
echo \"SUM $(md5sum </dev/mtdblock0)\"
sh /ramkey/phram; echo \"AGAIN $? $(cat /proc/mtd | wc -l)\"
dmesg | grep ramkey
[ -e /scripts/live ] && exit
echo GUEST DONE; poweroff -f
";

/// Who starts the addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The kernel, before an init that knows nothing.
    Kernel,
    /// The init of initramfs-tools.
    InitramfsTools,
    /// The init of dracut.
    Dracut,
    /// The init of initramfs-tools with live-boot, on a CD: a whole live system.
    Live,
}

/// Makes the tree of an initramfs: busybox, memdiskfind, the check, and the init of `way`.
fn tree(root: &Path, way: Way) {
    for path in ["bin", "proc", "sys", "dev", "run", "tmp", "usr/lib", "lib64"] {
        fs::create_dir_all(root.join(path)).expect("a folder of the initramfs");
    }
    // As systems have it: an archive that made this a folder would break them.
    std::os::unix::fs::symlink("usr/lib", root.join("lib")).expect("a link");
    let copy = |from: &Path, to: &str| {
        let to = root.join(to);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder of the initramfs");
        fs::copy(from, to).unwrap_or_else(|error| panic!("copying {}: {error}", from.display()));
    };
    copy(&package_file("/bin/busybox"), "bin/busybox");
    for applet in tool("/bin/busybox", &["--list"]).lines().filter(|&name| name != "busybox") {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(applet)).expect("a link");
    }
    copy(&package_file("/usr/bin/memdiskfind"), "bin/memdiskfind");
    copy(&package_file("/lib64/ld-linux-x86-64.so.2"), "lib64/ld-linux-x86-64.so.2");
    copy(&package_file("/lib/x86_64-linux-gnu/libc.so.6"), "usr/lib/x86_64-linux-gnu/libc.so.6");
    let text = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of the initramfs");
        fs::write(&path, text).expect("a file of the initramfs");
        tool("chmod", &["+x".as_ref(), path.as_os_str()]);
    };
    text("check", CHECK);
    match way {
        Way::Kernel => text(
            "init",
            "#!/bin/sh\n[ -e /proc/iomem ] || [ -e /sys/module ] || clean=clean\n\
             mount -t proc p /proc && mount -t sysfs s /sys && mount -t devtmpfs d /dev && all=mounted\n\
             sh /check \"$clean $all $$\"\n",
        ),
        Way::InitramfsTools | Way::Live => {
            let from = unpacked("initramfs-tools-core").join("usr/share/initramfs-tools");
            copy(&from.join("init"), "init");
            for script in ["functions", "local", "nfs"] {
                copy(&from.join("scripts").join(script), &format!("scripts/{script}"));
            }
            text("conf/arch.conf", "DPKG_ARCH=amd64\n");
            text("conf/initramfs.conf", "MODULES=most\nBUSYBOX=y\n");
            text("conf/conf.d/own", "OWN=kept\nexport OWN\n");
            text("scripts/init-top/ORDER", "sh /check \"settings $OWN\"\n");
            if way == Way::Live {
                live_boot(root);
                text("conf/conf.d/own", LIVE_SETTINGS);
                text("scripts/init-bottom/ORDER", "mount -o move /dev ${rootmnt}/dev\n");
            }
        }
        Way::Dracut => {
            let from = unpacked("dracut-core").join("usr/lib/dracut/modules.d/99base");
            copy(&from.join("init.sh"), "init");
            for library in ["dracut-lib.sh", "dracut-dev-lib.sh"] {
                copy(&from.join(library), &format!("usr/lib/{library}"));
            }
            let hooks = "usr/lib/dracut/hooks";
            text(&format!("{hooks}/cmdline/10-root.sh"), "root=block:/dev/none; rootok=1\n");
            text(&format!("{hooks}/pre-udev/99-check.sh"), "sh /check \"hook $hookdir\"\n");
        }
    }
}

/// Modules of the live system, in the order of loading.
const LIVE_MODULES: [&str; 4] =
    ["drivers/block/loop.ko", "drivers/cdrom/cdrom.ko", "fs/isofs/isofs.ko", "fs/overlayfs/overlay.ko"];

/// What Debian's tools do by udev is done here by hand, before the addition.
const LIVE_SETTINGS: &str = "OWN=kept; export OWN
for module in loop cdrom isofs overlay; do insmod /$module.ko; done
";

/// The first program of the live system: it runs from the CD, below an overlay.
const LIVE_INIT: &str = "#!/bin/sh
exec >/dev/ttyS0 2>&1
echo \"READ $(cat /etc/name) from $(grep -m1 -o ^/dev/mtdblock0 /proc/mounts)\"
echo changed >/etc/name && echo \"WRITE $(cat /etc/name)\"
echo GUEST DONE; poweroff -f
";

/// Adds live-boot as its packages have it, and the one program of others that it needs.
fn live_boot(root: &Path) {
    for package in ["live-boot", "live-boot-initramfs-tools"] {
        let from = unpacked(package);
        for path in ["lib/live", "bin/live-boot", "usr/share/initramfs-tools/scripts/live"] {
            let to = path.strip_prefix("usr/share/initramfs-tools/").unwrap_or(path);
            let to = root.join(to);
            if from.join(path).exists() {
                tool("cp", &["-rT".as_ref(), from.join(path).as_os_str(), to.as_os_str()]);
            }
        }
    }
    fs::create_dir_all(root.join("sbin")).expect("a folder of the initramfs");
    tool("cp", &["/usr/sbin/blkid".as_ref(), root.join("sbin").as_os_str()]);
    for word in tool("ldd", &["/usr/sbin/blkid"]).split_whitespace().filter(|word| word.starts_with("/lib/"))
    {
        let to = root.join("usr").join(&word[1..]);
        tool("cp", &["-L".as_ref(), word.as_ref(), to.as_os_str()]);
    }
}

/// What a boot loader needs.
struct Boot {
    vmlinuz: PathBuf,
    initrd: PathBuf,
    addition: PathBuf,
}

/// A kernel, an initramfs of `way`, and the addition with the kernel's modules.
fn boot(folder: &Path, way: Way) -> Boot {
    let package = kernel_package();
    let kernel = unpacked(&package);
    let release = package.trim_start_matches("linux-image-");
    let modules = kernel.join("lib/modules").join(release);
    let root = folder.join("tree");
    tree(&root, way);
    if way == Way::Live {
        for module in LIVE_MODULES {
            tool("cp", &[modules.join("kernel").join(module).as_os_str(), root.as_os_str()]);
        }
    }
    let initrd = folder.join("initrd");
    let pack = "cd \"$1\" && find . | cpio -o -H newc --quiet | gzip -1 >\"$2\"";
    tool("sh", &["-c".as_ref(), pack.as_ref(), "sh".as_ref(), root.as_os_str(), initrd.as_os_str()]);
    let addition = folder.join("phram.cpi");
    let mut make = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    make.args(["phram", "--to"]).arg(&addition);
    make.arg("--modules").arg(&modules);
    let output = make.output().expect("running ramkey");
    assert!(output.status.success(), "ramkey phram: {}", String::from_utf8_lossy(&output.stderr));
    Boot { vmlinuz: kernel.join("boot").join(format!("vmlinuz-{release}")), initrd, addition }
}

/// A live CD with ISOLINUX, to which the addition comes as the page about Linux says.
fn disc(folder: &Path, boot: &Boot) -> PathBuf {
    let tree = folder.join("disc");
    for path in ["isolinux", "live"] {
        fs::create_dir_all(tree.join(path)).expect("a folder of the disc");
    }
    let isolinux = tree.join("isolinux");
    tool("cp", &["/usr/lib/ISOLINUX/isolinux.bin".as_ref(), isolinux.as_os_str()]);
    tool("cp", &["/usr/lib/syslinux/modules/bios/ldlinux.c32".as_ref(), isolinux.as_os_str()]);
    tool("cp", &[boot.vmlinuz.as_os_str(), tree.join("live/vmlinuz").as_os_str()]);
    tool("cp", &[boot.initrd.as_os_str(), tree.join("live/initrd.img").as_os_str()]);
    let system = tree.join("live/filesystem.dir");
    for path in ["bin", "sbin", "etc", "dev", "proc", "sys", "run", "root", "tmp", "lib", "var/log"] {
        fs::create_dir_all(system.join(path)).expect("a folder of the live system");
    }
    tool("cp", &["/bin/busybox".as_ref(), system.join("bin").as_os_str()]);
    for applet in ["sh", "cat", "grep", "poweroff"] {
        std::os::unix::fs::symlink("busybox", system.join("bin").join(applet)).expect("a link");
    }
    let init = file(&system, "sbin/init", LIVE_INIT.as_bytes());
    tool("chmod", &["+x".as_ref(), init.as_os_str()]);
    file(&system, "etc/name", b"the live system");
    file(&isolinux, "isolinux.cfg", b"SAY no addition\n");
    let config = "DEFAULT l\nPROMPT 0\nLABEL l\n LINUX /live/vmlinuz\n INITRD /live/initrd.img,/phram.cpio\n \
                  APPEND boot=live console=ttyS0\n";
    file(folder, "new.cfg", config.as_bytes());
    let make = "cd \"$1\" && xorriso -as mkisofs -quiet -R -o live.iso -b isolinux/isolinux.bin \
                -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table disc && \
                xorriso -indev live.iso -outdev live-ram.iso -boot_image any replay \
                -map \"$2\" /phram.cpio -map new.cfg /isolinux/isolinux.cfg -commit";
    let (place, addition) = (folder.as_os_str(), boot.addition.as_os_str());
    tool("sh", &["-c".as_ref(), make.as_ref(), "sh".as_ref(), place, addition]);
    folder.join("live-ram.iso")
}

/// A partitioned disk with SYSLINUX, a kernel, an initramfs of `way` and the addition as a second one.
fn disk(folder: &Path, boot: &Boot, way: Way) -> PathBuf {
    let disk = folder.join("linux.img");
    fs::File::create(&disk).and_then(|file| file.set_len(DISK_LEN)).expect("making the disk");
    let name = disk.display().to_string();
    let table = format!("start={START_SECTOR}, size=47104, type=6, bootable");
    tool("sh", &["-c", &format!("echo '{table}' | /sbin/sfdisk -q {name}")]);
    tool("sh", &["-c", &format!("dd if=/usr/lib/syslinux/mbr/mbr.bin of={name} conv=notrunc status=none")]);
    tool("mkfs.fat", &["-F16", "--offset", "2048", "-h", "2048", &name, "23552"]);
    tool("syslinux", &["--install", "-t", &(START_SECTOR * 512).to_string(), &name]);
    let first = if way == Way::Kernel { " rdinit=/ramkey/init" } else { "" };
    let config = format!(
        "DEFAULT l\nPROMPT 0\nLABEL l\n LINUX vmlinuz\n INITRD initrd,phram.cpi\n APPEND console=ttyS0 quiet{first}\n"
    );
    let config = file(folder, "syslinux.cfg", config.as_bytes());
    let Boot { vmlinuz, initrd, addition } = boot;
    let files =
        [(vmlinuz, "vmlinuz"), (initrd, "initrd"), (addition, "phram.cpi"), (&config, "syslinux.cfg")];
    for (path, target) in files {
        let at = format!("{name}@@{}", START_SECTOR * 512);
        tool("mcopy", &["-i", &at, &path.display().to_string(), &format!("::{target}")]);
    }
    // What is behind the partition is part of the disk too.
    let mut bytes = fs::read(&disk).expect("the disk");
    let end = bytes.len();
    bytes[end - 1536..].fill(0xA5);
    fs::write(&disk, bytes).expect("writing the disk");
    disk
}

/// Boots the disk of `way` from RAM; what Linux says of the RAM disk must be true.
fn finds_its_disk(way: Way, told: &str) {
    let folder = scratch();
    let files = boot(folder.path(), way);
    let (image, options): (_, &[&str]) = match way {
        Way::Live => (disc(folder.path(), &files), &["--kind", "cd"]),
        _ => (disk(folder.path(), &files, way), &["--kind", "hdd", "--chs", GEOMETRY]),
    };
    let image_len = fs::metadata(&image).expect("the image").len();
    let mut machine = boot_and_pull(&image, options, Controller::Xhci, 256);
    machine.wait_text("GUEST DONE", DEADLINE);
    let serial = machine.evidence().serial;
    assert!(serial.contains(&format!("WAY {told}")), "not {told:?}\n{serial}");
    let line = serial.lines().find_map(|line| line.split_once("FOUND <")).expect("what was found").1;
    let (ours, theirs) = line.trim_end().trim_end_matches('>').split_once("> AND <").expect("two");
    let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("a number");
    let numbers = |text: &str| text.split_once(',').map(|(start, len)| (number(start), number(len)));
    assert!(numbers(ours).is_some() && numbers(ours) == numbers(theirs), "{ours} is not {theirs}\n{serial}");
    let (_, len) = numbers(ours).expect("start and length");
    assert!(len >= image_len, "{len} bytes\n{serial}");
    if way == Way::Live {
        assert!(serial.contains("READ the live system from /dev/mtdblock0"), "{serial}");
        assert!(serial.contains("WRITE changed"), "{serial}");
    } else {
        assert!(!len.is_multiple_of(4096), "{len} bytes\n{serial}");
    }
    // The RAM disk may have zeros behind the image.
    fs::File::options().write(true).open(&image).and_then(|file| file.set_len(len)).expect("the disk");
    let sum = tool("md5sum", &[&image]);
    let sum = sum.split_whitespace().next().expect("a sum");
    assert!(serial.contains(&format!("SUM {sum}")), "Linux read other bytes than {sum}\n{serial}");
    // A second call finds everything done: the heading and one device.
    assert!(serial.contains("AGAIN 0 2"), "the second call did something\n{serial}");
}

#[test]
fn linux_finds_its_disk_when_the_kernel_starts_the_addition_first() {
    // As process 1, and with nothing mounted that was not mounted before.
    finds_its_disk(Way::Kernel, "clean mounted 1");
}

#[test]
fn linux_finds_its_disk_by_the_settings_of_initramfs_tools() {
    finds_its_disk(Way::InitramfsTools, "settings kept");
}

#[test]
fn linux_finds_its_disk_by_the_hooks_of_dracut() {
    finds_its_disk(Way::Dracut, "hook /lib/dracut/hooks");
}

#[test]
fn a_live_system_runs_from_its_cd_in_ram() {
    finds_its_disk(Way::Live, "settings kept");
}
