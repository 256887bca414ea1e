//! Packages: `cargo xtask package` makes them in `target/package`, and looks at what it made.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::tools::{self, cargo, root, run_command};

/// Files that the package must have, each as `dpkg-deb -c` ends its line.
const WANTED: [&str; 10] = [
    "./usr/bin/ramkey",
    "./usr/share/man/man1/ramkey.1.gz",
    "./usr/share/man/man1/ramkey-write.1.gz",
    "./usr/share/bash-completion/completions/ramkey",
    "./usr/share/zsh/vendor-completions/_ramkey",
    "./usr/share/fish/vendor_completions.d/ramkey.fish",
    "./usr/share/polkit-1/actions/org.ramkey.policy",
    "./usr/share/metainfo/org.ramkey.ramkey.metainfo.xml",
    "./usr/share/doc/ramkey/copyright",
    "./usr/share/doc/ramkey/docs/schema/ramkey.schema.json",
];
/// Completions: the shell, and the file.
const COMPLETIONS: [(&str, &str); 3] = [("bash", "ramkey"), ("zsh", "_ramkey"), ("fish", "ramkey.fish")];
/// The package that every program here needs.
const C_LIBRARY: &str = "libc6";
/// What lintian says that is known: nobody's address can be named, and there is no distribution's changelog.
const KNOWN: &str = "malformed-contact,no-changelog";
/// Target of the program that needs no other file.
const STATIC: &str = "x86_64-unknown-linux-gnu";

/// `cargo xtask package [static]`: the crate's list of files and a `.deb`, or a program that needs no shared
/// library. Both are run from where they were put.
///
/// # Errors
///
/// A tool is missing, something cannot be built, or a file is not in the package.
pub fn run(arguments: &[String]) -> Result<(), String> {
    match arguments {
        [] => {
            tools::for_deb()?;
            crates()?;
            deb()
        }
        [what] if what == "static" => linked_statically(),
        _ => Err("what is made: nothing named for the .deb, or static".into()),
    }
}

/// The crates can be packed, one behind the other.
fn crates() -> Result<(), String> {
    cargo(&["package", "--workspace", "--exclude", "xtask", "--locked", "--no-verify", "--allow-dirty"])
}

fn deb() -> Result<(), String> {
    if !has("cargo-deb") {
        println!("cargo-deb is not there: installing it with `cargo install`; this takes some minutes, once");
        cargo(&["install", "cargo-deb", "--locked"])?;
    }
    cargo(&["build", "--release", "--locked", "--package", "ramkey"])?;
    let folder = root().join("target/package");
    beside(&root().join("target/release/ramkey"), &folder)?;
    let package = folder.join("ramkey.deb");
    let name = package.display().to_string();
    cargo(&["deb", "--no-build", "--package", "ramkey", "--output", &name])?;
    check(&package, &folder.join("unpacked"))?;
    println!("{name} is made and runs");
    Ok(())
}

/// The pages for `man` and the completions, as `program` prints them.
fn beside(program: &Path, folder: &Path) -> Result<(), String> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    for folder in [&man, &completions] {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    run_command(Command::new(program).args(["man", "--to"]).arg(&man))?;
    for (shell, name) in COMPLETIONS {
        let text = printed(Command::new(program).args(["completions", shell]))?;
        let path = completions.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// The package has what it must, others have nothing to say against it, and its program runs where it was unpacked.
fn check(package: &Path, unpacked: &Path) -> Result<(), String> {
    let listed = printed(Command::new("dpkg-deb").arg("-c").arg(package))?;
    let missing: Vec<&str> =
        WANTED.into_iter().filter(|wanted| !listed.lines().any(|line| line.ends_with(wanted))).collect();
    if !missing.is_empty() {
        return Err(format!("{} lacks {}", package.display(), missing.join(", ")));
    }
    let needs = printed(Command::new("dpkg-deb").arg("-f").arg(package).arg("Depends"))?;
    if !needs.contains(C_LIBRARY) {
        return Err(format!("{} does not need {C_LIBRARY}, and its program does", package.display()));
    }
    if has("appstreamcli") {
        let text = root().join("packaging/org.ramkey.ramkey.metainfo.xml");
        run_command(Command::new("appstreamcli").args(["validate", "--no-net"]).arg(text))?;
    }
    match has("lintian") {
        true => run_command(
            Command::new("lintian")
                .args(["--fail-on", "error", "--allow-root", "--suppress-tags", KNOWN])
                .arg(package),
        )?,
        false => println!("lintian is not there, and was not asked"),
    }
    let _ = fs::remove_dir_all(unpacked);
    run_command(Command::new("dpkg-deb").arg("-x").arg(package).arg(unpacked))?;
    runs(&unpacked.join("usr/bin/ramkey"), &unpacked.join("stick.img"))
}

/// The program makes a stick in a file and proves it.
fn runs(program: &Path, stick: &Path) -> Result<(), String> {
    println!("{}", printed(Command::new(program).arg("--version"))?.trim_end());
    let image = stick.with_extension("raw");
    let bytes: Vec<u8> = (0..1_474_560_u32).map(|at| (at.wrapping_mul(0x9E37_79B1) >> 24) as u8).collect();
    fs::write(&image, bytes).map_err(|error| format!("{}: {error}", image.display()))?;
    let mut write = Command::new(program);
    write.arg("write").arg(&image).args(["--kind", "floppy", "--size", "8M", "--yes", "--to"]).arg(stick);
    printed(&mut write)?;
    printed(Command::new(program).args(["verify", "--strict"]).arg(stick)).map(drop)
}

/// A program without any shared library. It is linked with the C library of this machine, because there is no unwinder for musl.
fn linked_statically() -> Result<(), String> {
    tools::for_static()?;
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--release", "--locked", "--package", "ramkey", "--bin", "ramkey"])
        .args(["--target", STATIC, "--target-dir", "target/static"])
        .current_dir(root())
        .env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "-C target-feature=+crt-static")
        .env_remove("RUSTFLAGS");
    run_command(&mut build)?;
    let program = root().join("target/static").join(STATIC).join("release/ramkey");
    let found = printed(Command::new("file").arg(&program))?;
    if !found.contains("statically linked") && !found.contains("static-pie linked") {
        return Err(format!("it needs shared libraries: {}", found.trim_end()));
    }
    let folder = root().join("target/package");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    runs(&program, &folder.join("static.img"))?;
    println!("{} is made and runs", program.display());
    Ok(())
}

fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

/// What a command prints that must succeed.
fn printed(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("{name} failed: {}", String::from_utf8_lossy(&output.stderr))),
    }
}
