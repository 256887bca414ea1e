//! Sets a machine up: finds out which tools the checks need and lacks, and installs them.

use std::path::Path;
use std::process::{Command, Stdio};

/// How it is seen that a package is there.
enum Probe {
    /// A program in the search path, or where Debian keeps those for administrators.
    Program(&'static str),
    /// A file.
    File(&'static str),
}

use Probe::{File, Program};

/// What `ramkey demo` needs.
const FOR_DEMO: &[(Probe, &str)] = &[(Program("qemu-system-x86_64"), "qemu-system-x86")];

/// What `cargo xtask package` needs to make a `.deb` that names the libraries of its program.
const FOR_DEB: &[(Probe, &str)] = &[(Program("dpkg-deb"), "dpkg"), (Program("dpkg-shlibdeps"), "dpkg-dev")];

/// What `cargo xtask package static` needs.
const FOR_STATIC: &[(Probe, &str)] = &[(Program("file"), "file")];

/// What the checks need: other people's tools that judge what we write, and guests that nobody here wrote.
const FOR_TEST: &[(Probe, &str)] = &[
    (Program("qemu-system-x86_64"), "qemu-system-x86"),
    (Program("qemu-img"), "qemu-utils"),
    (Program("qemu-storage-daemon"), "qemu-system-common"),
    (Program("bochs"), "bochs"),
    (File("/usr/share/bochs/BIOS-bochs-legacy"), "bochsbios"),
    (File("/usr/share/vgabios/vgabios.bin"), "vgabios"),
    (Program("nasm"), "nasm"),
    (Program("objdump"), "binutils"),
    (Program("strip"), "binutils"),
    (Program("ldd"), "libc-bin"),
    (Program("g++"), "g++"),
    (Program("mcopy"), "mtools"),
    (Program("fsck.fat"), "dosfstools"),
    (Program("sgdisk"), "gdisk"),
    (Program("sfdisk"), "fdisk"),
    (Program("file"), "file"),
    (Program("losetup"), "mount"),
    (Program("script"), "bsdutils"),
    (Program("prlimit"), "util-linux"),
    (Program("setpriv"), "util-linux"),
    (Program("sudo"), "sudo"),
    (Program("mkfs.ext2"), "e2fsprogs"),
    (Program("mkfs.btrfs"), "btrfs-progs"),
    (Program("dmsetup"), "dmsetup"),
    (Program("python3"), "python3"),
    (Program("b3sum"), "b3sum"),
    (Program("hivexsh"), "libhivex-bin"),
    (Program("reged"), "chntpw"),
    (Program("mkntfs"), "ntfs-3g"),
    (Program("fusermount3"), "fuse3"),
    (Program("setfattr"), "attr"),
    (Program("wimlib-imagex"), "wimtools"),
    (Program("xorriso"), "xorriso"),
    (Program("isoinfo"), "genisoimage"),
    (Program("cpio"), "cpio"),
    (Program("gzip"), "gzip"),
    (Program("xz"), "xz-utils"),
    (Program("zstd"), "zstd"),
    (Program("bzip2"), "bzip2"),
    (Program("lz4"), "lz4"),
    (Program("zip"), "zip"),
    (Program("7zz"), "7zip"),
    (Program("shellcheck"), "shellcheck"),
    (Program("busybox"), "busybox-static"),
    (Program("syslinux"), "syslinux"),
    (Program("memdiskfind"), "syslinux-utils"),
    (File("/usr/lib/syslinux/memdisk"), "syslinux-common"),
    (File("/usr/lib/ISOLINUX/isolinux.bin"), "isolinux"),
    (File("/usr/lib/grub-rescue/grub-rescue-floppy.img"), "grub-rescue-pc"),
    (File("/usr/lib/memtest86+/memtest86+ia32.iso"), "memtest86+"),
    (File("/usr/lib/ipxe/ipxe.iso"), "ipxe"),
];

/// Parts of the Rust toolchain that the checks need, and the program that shows that each is there.
const RUST_PARTS: &[(&str, &str)] = &[("rustfmt", "rustfmt"), ("clippy-driver", "clippy")];

/// Folders that are not in every user's search path.
const ADMINISTRATION: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// `cargo xtask tools`: installs everything that `cargo xtask test` needs.
///
/// # Errors
///
/// What could not be installed, and the command that does it by hand.
pub fn run(_arguments: &[String]) -> Result<(), String> {
    for_test()
}

/// Installs what `ramkey demo` needs.
///
/// # Errors
///
/// As [`run`].
pub fn for_demo() -> Result<(), String> {
    let mut missing = missing_packages(FOR_DEMO);
    // QEMU's windows are a package of their own; without one the demo shows its screen as text.
    if !missing.is_empty() && has_display() {
        missing.push("qemu-system-gui");
    }
    install(&missing)
}

/// Installs what `cargo xtask package` needs.
///
/// # Errors
///
/// As [`run`].
pub fn for_deb() -> Result<(), String> {
    install(&missing_packages(FOR_DEB))
}

/// Installs what `cargo xtask package static` needs.
///
/// # Errors
///
/// As [`run`].
pub fn for_static() -> Result<(), String> {
    install(&missing_packages(FOR_STATIC))
}

/// Installs what `cargo xtask test` needs.
///
/// # Errors
///
/// As [`run`].
pub fn for_test() -> Result<(), String> {
    install(&missing_packages(FOR_TEST))?;
    for (program, part) in RUST_PARTS {
        if !has_program(program) {
            run_command(Command::new("rustup").args(["component", "add", part]))?;
        }
    }
    if !has_program("cargo-deny") {
        println!("installing cargo-deny from source; this takes some minutes, once");
        run_command(Command::new("cargo").args(["install", "--locked", "cargo-deny"]))?;
    }
    Ok(())
}

/// Whether a window could be shown.
pub fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()))
}

fn missing_packages(wanted: &[(Probe, &'static str)]) -> Vec<&'static str> {
    let there = |probe: &Probe| match probe {
        Program(name) => has_program(name),
        File(path) => Path::new(path).exists(),
    };
    wanted.iter().filter(|(probe, _)| !there(probe)).map(|&(_, package)| package).collect()
}

fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME").map(|home| Path::new(&home).join("bin"));
    let folders = std::env::split_paths(&path).chain(ADMINISTRATION.map(Into::into)).chain(cargo);
    folders.into_iter().any(|folder| folder.join(name).is_file())
}

fn install(missing: &[&str]) -> Result<(), String> {
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !has_program("apt-get") {
        return Err(format!(
            "missing: the equivalents of these Debian packages: {list}; install them and try again"
        ));
    }
    println!("missing: {list}; installing with apt-get");
    run_command(&mut as_root(&["apt-get", "update", "-q"])?)?;
    let mut packages: Vec<String> = missing.iter().map(|&package| package.to_owned()).collect();
    if missing.contains(&"qemu-system-x86") {
        // The two packages share files, and must have one version: an older qemu-utils may have come from elsewhere.
        packages.retain(|package| package != "qemu-utils");
        packages.push(format!("qemu-utils={}", candidate("qemu-system-x86")?));
    }
    let command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", "--allow-downgrades"];
    run_command(as_root(&command)?.args(&packages)).map_err(|error| format!("{error}; missing: {list}"))
}

/// The version of a package that apt-get would install.
fn candidate(package: &str) -> Result<String, String> {
    let output = Command::new("apt-cache").args(["policy", package]).env("LC_ALL", "C").output();
    let output = output.map_err(|error| format!("running apt-cache: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
    version
        .filter(|version| *version != "(none)")
        .map(str::to_owned)
        .ok_or_else(|| format!("this system's package lists have no {package}"))
}

/// `command`, through sudo unless root runs us.
fn as_root(command: &[&str]) -> Result<Command, String> {
    let id = Command::new("id").arg("-u").output().map_err(|error| format!("running id: {error}"))?;
    let root = id.stdout.trim_ascii() == b"0";
    if !root && !has_program("sudo") {
        return Err(format!("this needs root: run `{}` and what is missing", command.join(" ")));
    }
    let mut words: Vec<&str> = if root { vec![] } else { vec!["sudo"] };
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive"]);
    words.extend(command);
    let mut built = Command::new(words[0]);
    built.args(&words[1..]);
    Ok(built)
}

/// Runs a command to its end, its output on the terminal.
///
/// # Errors
///
/// If it cannot be run, or fails.
pub fn run_command(command: &mut Command) -> Result<(), String> {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let line = words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    match command.stdin(Stdio::inherit()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` ended with {status}")),
        Err(error) => Err(format!("running `{line}`: {error}")),
    }
}

/// Runs cargo at the root of the repository.
///
/// # Errors
///
/// If it fails.
pub fn cargo(arguments: &[&str]) -> Result<(), String> {
    run_command(Command::new(env!("CARGO")).args(arguments).current_dir(root()))
}

/// The root of the repository.
pub fn root() -> &'static Path {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    ours.parent().unwrap_or(ours)
}
