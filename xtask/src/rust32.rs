//! A private Rust compiler that can build `core` for the loader's target.
//!
//! The toolchain that builds the host program has no 32-bit `core`, and may not be changed. Debian's packages
//! `rustc-web` and `rust-web-src` have the compiler and the library's source in one version; they are unpacked into
//! `target/rust32` and never installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The compiler, and its version.
pub struct Rust32 {
    /// Path of a `rustc` that works.
    pub rustc: PathBuf,
    /// What it calls itself, for example `1.96.0`.
    pub version: String,
}

const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// Finds the compiler below `folder`, or unpacks it there.
pub fn get(folder: &Path) -> Result<Rust32, String> {
    let rustc = folder.join("bin/rustc");
    if let Ok(version) = version(&rustc) {
        return Ok(Rust32 { rustc, version });
    }
    println!("unpacking a private compiler for the loader into {} (137 MB to download)", folder.display());
    for tool in ["apt-get", "dpkg-deb", "tar"] {
        if Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            return Err(format!("{tool} is needed: the loader's compiler comes from Debian's packages"));
        }
    }
    unpack(folder)?;
    let version = version(&rustc)?;
    check_source(folder, &version)?;
    Ok(Rust32 { rustc, version })
}

fn version(rustc: &Path) -> Result<String, String> {
    let output =
        Command::new(rustc).arg("-V").output().map_err(|error| format!("{}: {error}", rustc.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match (output.status.success(), text.split(' ').nth(1)) {
        (true, Some(version)) => Ok(version.to_owned()),
        _ => Err(format!("{} does not run", rustc.display())),
    }
}

/// Compiler and source must be of one version, or `core` fails with errors that do not name the cause.
fn check_source(folder: &Path, version: &str) -> Result<(), String> {
    let source = folder.join("root/usr/src").join(format!("rustc-{version}"));
    if source.is_dir() {
        return Ok(());
    }
    Err(format!("the compiler is {version} and the library's source is of another version"))
}

fn unpack(folder: &Path) -> Result<(), String> {
    // Start from nothing: what an interrupted run left is not trusted.
    let _ = fs::remove_dir_all(folder);
    let make = |path: &str| {
        fs::create_dir_all(folder.join(path))
            .map_err(|error| format!("making {}/{path}: {error}", folder.display()))
    };
    for path in ["apt/lists/partial", "apt/archives/partial", "root", "bin"] {
        make(path)?;
    }
    let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let options = [
        format!("Dir::State::Lists={}/apt/lists", folder.display()),
        format!("Dir::Cache::archives={}/apt/archives", folder.display()),
        "Dir::Cache::pkgcache=".into(),
        "Dir::Cache::srcpkgcache=".into(),
        "APT::Sandbox::User=root".into(),
        "Debug::NoLocking=1".into(),
    ];
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        for option in &options {
            command.args(["-o", option]);
        }
        run(command.arg("-q").args(arguments))
    };
    apt(&["update"])?;
    let mut install = vec!["-y", "--no-install-recommends", "--download-only", "install"];
    install.extend(PACKAGES);
    apt(&install)?;

    let archives = folder.join("apt/archives");
    let entries = fs::read_dir(&archives).map_err(|error| format!("{}: {error}", archives.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".deb") {
            continue;
        }
        if name.starts_with("rust-web-src_") {
            // 340 MB of source, of which the library is all that a build needs.
            let mut deb = Command::new("dpkg-deb")
                .arg("--fsys-tarfile")
                .arg(entry.path())
                .stdout(Stdio::piped())
                .spawn()
                .map_err(|error| format!("dpkg-deb: {error}"))?;
            let pipe = deb.stdout.take().ok_or("dpkg-deb has no output")?;
            run(Command::new("tar")
                .arg("-x")
                .arg("-C")
                .arg(folder.join("root"))
                .args(["--wildcards", "./usr/src/rustc-*/library", "./usr/lib/rustlib/src"])
                .stdin(pipe))?;
            deb.wait().map_err(|error| format!("dpkg-deb: {error}"))?;
        } else {
            run(Command::new("dpkg-deb").arg("-x").arg(entry.path()).arg(folder.join("root")))?;
        }
    }
    let _ = fs::remove_dir_all(folder.join("apt"));
    let wrapper = folder.join("bin/rustc");
    fs::write(&wrapper, WRAPPER).map_err(|error| format!("{}: {error}", wrapper.display()))?;
    run(Command::new("chmod").arg("+x").arg(&wrapper))
}

/// Finds its libraries wherever the folder is.
const WRAPPER: &str = "#!/bin/sh
root=$(dirname \"$(dirname \"$(realpath \"$0\")\")\")/root
libs=$(echo \"$root\"/usr/lib/*-linux-gnu)
LD_LIBRARY_PATH=$libs exec \"$root/usr/bin/rustc\" \"$@\"
";

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    let output = output.map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
