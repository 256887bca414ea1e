//! The system that runs in the machine: the program as cargo built it, the libraries that it needs, the drivers of a stick,
//! busybox, and an init that does what it is told.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ramkey::emulator::Controller;

use crate::harness::{file, tool};
use crate::real::{kernel_package, package_file, unpacked};

/// What every machine has, whatever its controller: sticks, disks in files, and the file system of sticks with its letters.
const DRIVERS: [&str; 7] = ["usb-storage", "sd_mod", "vfat", "nls_cp437", "nls_ascii", "loop", "dm-mod"];

/// Does what it reads from COM2, a line at a time, and answers with the exit status, the lengths of both outputs, and the
/// outputs. COM1 has the kernel's messages. `node SERIAL` prints the node of the stick with that serial number, once it can be used.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev; mount -t tmpfs t /tmp
exec 2>/dev/ttyS0
for m in $(cat /drivers/order); do insmod /drivers/$m.ko || echo "no driver $m" >&2; done
stty raw -echo 115200 </dev/ttyS1; stty 115200 </dev/ttyS2
exec </dev/ttyS1 >/dev/ttyS1
node() {
  for d in /sys/block/sd*; do
    usb=$(readlink -f $d); usb=${usb%%/host*}; usb=${usb%/*}
    [ "$(cat $usb/serial)" = "$1" ] && [ "$(cat $d/size)" -gt 0 ] && [ -b /dev/${d##*/} ] && echo /dev/${d##*/} && return
  done 2>/dev/null
  return 1
}
echo READY
while read -r line; do
  eval "$line" </dev/null >/tmp/output 2>/tmp/errors
  echo "STATUS $? $(wc -c </tmp/output) $(wc -c </tmp/errors)"
  cat /tmp/output /tmp/errors
done
"#;

/// The kernel, and an initial RAM disk in `folder` with `files`, by their paths in it.
pub fn make(folder: &Path, controller: Controller, files: &[(&str, &[u8])]) -> (PathBuf, PathBuf) {
    let package = kernel_package();
    let kernel = unpacked(&package);
    let release = package.trim_start_matches("linux-image-");
    let root = folder.join("initramfs");
    for path in ["bin", "drivers", "proc", "sys", "dev", "tmp"] {
        fs::create_dir_all(root.join(path)).expect("a folder of the initial RAM disk");
    }
    copy(&package_file("/bin/busybox"), &root.join("bin/busybox"));
    // Its symbols would fill the machine's memory.
    let stripped = folder.join("ramkey");
    tool("strip", &["-o", &stripped.display().to_string(), env!("CARGO_BIN_EXE_ramkey")]);
    program(&root, &stripped);
    program(&root, &package_file("/sbin/dmsetup"));
    drivers(&root, &kernel.join("lib/modules").join(release), controller);
    for (path, bytes) in files {
        file(&root, path, bytes);
    }
    let init = file(&root, "init", INIT.as_bytes());
    tool("chmod", &["+x".as_ref(), init.as_os_str()]);
    let initrd = folder.join("initrd");
    let pack = "cd \"$1\" && find . | cpio -o -H newc --quiet > \"$2\"";
    tool("sh", &["-c", pack, "sh", &root.display().to_string(), &initrd.display().to_string()]);
    fs::remove_dir_all(&root).expect("removing what is packed");
    (kernel.join("boot").join(format!("vmlinuz-{release}")), initrd)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("a folder")).expect("a folder of the initial RAM disk");
    fs::copy(from, to).unwrap_or_else(|error| panic!("copying {}: {error}", from.display()));
}

/// A program, and every library that it is linked to.
fn program(root: &Path, from: &Path) {
    let name = from.file_name().expect("a name");
    copy(from, &root.join("bin").join(name));
    let libraries = tool("ldd", &[from]);
    let paths: Vec<&str> = libraries.split_whitespace().filter(|word| word.starts_with('/')).collect();
    assert!(!paths.is_empty(), "no loader of libraries: {libraries}");
    for path in paths {
        copy(Path::new(path), &root.join(path.trim_start_matches('/')));
    }
}

/// The drivers and all that they are made of, with the order in which to load them.
fn drivers(root: &Path, modules: &Path, controller: Controller) {
    let host = match controller {
        Controller::Uhci => "uhci-hcd",
        Controller::Ohci => "ohci-pci",
        Controller::Ehci => "ehci-pci",
        Controller::Xhci => "xhci-pci",
    };
    let mut found = BTreeMap::new();
    find(&modules.join("kernel"), &mut found);
    let mut order = Vec::new();
    for name in [host].iter().chain(&DRIVERS) {
        add(name, &found, &mut order);
    }
    for name in &order {
        copy(&found[name], &root.join("drivers").join(name).with_extension("ko"));
    }
    file(root, "drivers/order", order.join("\n").as_bytes());
}

/// A module's name as modules name each other.
fn module(name: &str) -> String {
    name.replace('-', "_")
}

fn find(folder: &Path, found: &mut BTreeMap<String, PathBuf>) {
    for entry in fs::read_dir(folder).expect("the kernel's modules") {
        let path = entry.expect("a module").path();
        if path.is_dir() {
            find(&path, found);
        } else if let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".ko")) {
            found.insert(module(name), path);
        }
    }
}

/// Adds a module behind those that it needs: it names them itself.
fn add(name: &str, found: &BTreeMap<String, PathBuf>, order: &mut Vec<String>) {
    let name = module(name);
    if order.contains(&name) {
        return;
    }
    let path = found.get(&name).unwrap_or_else(|| panic!("this kernel has no module {name}"));
    let bytes = fs::read(path).expect("a module");
    let needs = [b"\0depends=".as_slice(), b"depends="].into_iter().find_map(|mark| {
        let at = bytes.windows(mark.len()).position(|window| window == mark)?;
        bytes[at + mark.len()..].split(|&byte| byte == 0).next()
    });
    let needs = String::from_utf8_lossy(needs.unwrap_or_default()).into_owned();
    for need in needs.split(',').filter(|need| !need.is_empty()) {
        add(need, found, order);
    }
    order.push(name);
}
