//! Builds the committed boot code, and proves that the committed bytes are what the sources give.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use ramkey_format::boot::{HEADER_LOADER_CHECKSUM, HEADER_LOADER_SECTORS};
use ramkey_format::checksum::checksum;
use ramkey_format::memory::{BOOT_SECTORS_MAX, SECTOR_SIZE, STAGE2_SECTORS};
use ramkey_format::resident::RESIDENT_MAX;
use ramkey_loader_core::blake3;

use crate::tools::root;
use crate::{rust32, same_names, sources};

/// Where the committed boot code lies.
const PREBUILT: &str = "bootsectors/prebuilt";
/// Instructions that a 486 without FPU does not have.
const TOO_NEW: [&str; 8] = ["cmov", "cmpxchg8b", "cpuid", "rdtsc", "nopw", "nopl", "rdmsr", "wrmsr"];

/// What a build gives.
struct Built {
    blobs: Vec<(&'static str, Vec<u8>)>,
    nasm: String,
    rustc: String,
}

/// Rebuilds the boot code and writes `bootsectors/prebuilt`; with `--check`, compares instead.
pub fn run(arguments: &[String]) -> Result<(), String> {
    crate::layout::run(&[])?;
    if arguments.iter().any(|argument| argument == "--check") {
        return check();
    }
    let built = build()?;
    let folder = root().join(PREBUILT);
    for (name, bytes) in &built.blobs {
        write(&folder.join(name), bytes)?;
        println!("{name}: {} bytes", bytes.len());
    }
    write(&folder.join("MANIFEST.toml"), manifest(&built)?.as_bytes())
}

/// Fails unless the committed boot code is what its sources give.
///
/// With the tools that made it, every byte must be equal. With others it must build, fit, and hold no instruction
/// that a 486 lacks; the boot tests then run what was committed.
pub fn check() -> Result<(), String> {
    let committed = read_text(&root().join(PREBUILT).join("MANIFEST.toml"))?;
    let built = build()?;
    let fresh = manifest(&built)?;
    if fresh == committed {
        for (name, bytes) in &built.blobs {
            if fs::read(root().join(PREBUILT).join(name)).ok().as_ref() != Some(bytes) {
                return Err(format!(
                    "{PREBUILT}/{name} is not what the manifest says: run `cargo xtask boot`"
                ));
            }
        }
        println!("boot code: rebuilt with the same tools, byte for byte the same");
        return Ok(());
    }
    let line = |text: &str, key: &str| text.lines().find(|line| line.starts_with(key)).map(str::to_owned);
    if line(&fresh, "sources") != line(&committed, "sources") {
        return Err(
            "MANIFEST.toml says that the boot code was built from other sources: run `cargo xtask boot`"
                .into(),
        );
    }
    if line(&fresh, "rustc") == line(&committed, "rustc") && line(&fresh, "nasm") == line(&committed, "nasm")
    {
        return Err("the same sources and tools give other boot code: run `cargo xtask boot`".into());
    }
    println!("boot code: builds and fits with other tools (nasm {}, rustc {})", built.nasm, built.rustc);
    Ok(())
}

fn build() -> Result<Built, String> {
    let folder = root().join("target/boot");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let nasm = output(Command::new("nasm").arg("-v"))?;
    let nasm = nasm.split(' ').nth(2).unwrap_or("unknown").trim().to_owned();

    let sector0 = assemble(&folder, "mbr/sector0.asm")?;
    let stage1 = assemble(&folder, "mbr/stage1.asm")?;
    let disc = assemble(&folder, "disc/disc.asm")?;
    assemble(&folder, "mbr/ram_mbr.asm")?;
    for head in ["resident/head_memdisk.asm", "resident/head_grub4dos.asm"] {
        assemble(&folder, head)?;
    }
    let engine = assemble(&folder, "resident/resident.asm")?;
    if engine.len() > RESIDENT_MAX as usize {
        return Err(format!("the engine has {} bytes, limit {RESIDENT_MAX}", engine.len()));
    }
    let mut boot = assemble(&folder, "stage2/stage2.asm")?;
    let (loader, rustc) = build_loader(&folder)?;

    let sectors = loader.len() / SECTOR_SIZE as usize;
    if sectors as u32 + STAGE2_SECTORS > BOOT_SECTORS_MAX {
        let limit = (BOOT_SECTORS_MAX - STAGE2_SECTORS) * SECTOR_SIZE;
        return Err(format!("the loader has {} bytes, limit {limit}", loader.len()));
    }
    let put = |boot: &mut Vec<u8>, at: u32, bytes: &[u8]| {
        boot[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    };
    put(&mut boot, HEADER_LOADER_SECTORS, &(sectors as u16).to_le_bytes());
    put(&mut boot, HEADER_LOADER_CHECKSUM, &checksum(&loader).to_le_bytes());
    boot.extend(loader);

    let mut blobs = vec![
        ("sector0.bin", sector0),
        ("stage1.bin", stage1),
        ("disc.bin", disc),
        ("boot.bin", boot),
        ("plain.bin", assemble(&folder, "mbr/plain.asm")?),
        ("dos.bin", assemble(&folder, "dos/dos.asm")?),
        ("dos_mbr.bin", assemble(&folder, "dos/dos_mbr.asm")?),
    ];
    if root().join("bootsectors/demo/demo.asm").exists() {
        blobs.push(("demo.bin", assemble(&folder, "demo/demo.asm")?));
    }
    Ok(Built { blobs, nasm, rustc })
}

/// Assembles one file of `bootsectors`, warnings being errors.
fn assemble(folder: &Path, source: &str) -> Result<Vec<u8>, String> {
    let source = root().join("bootsectors").join(source);
    let name = source.file_stem().unwrap_or_default();
    let target = folder.join(name).with_extension("bin");
    let mut command = Command::new("nasm");
    command.args(["-w+all", "-w+error", "-f", "bin"]);
    for include in [
        root().join("bootsectors/include"),
        root().join("bootsectors"),
        source.parent().unwrap_or(Path::new("")).to_owned(),
    ] {
        command.arg(format!("-I{}/", include.display()));
    }
    output(command.arg("-o").arg(&target).arg(&source))?;
    fs::read(&target).map_err(|error| format!("{}: {error}", target.display()))
}

/// Builds the loader with its private compiler: a flat binary of whole sectors, and the compiler's version.
fn build_loader(blobs: &Path) -> Result<(Vec<u8>, String), String> {
    let compiler = rust32::get(&root().join("target/rust32"))?;
    let target = root().join("target/loader");
    let this = std::env::current_exe().map_err(|error| format!("the path of this program: {error}"))?;
    // Only for this one command: they would make cargo rebuild the host program with another compiler.
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--quiet", "--release", "--locked"])
        .current_dir(root().join("bootsectors/loader"))
        .env("RUSTC", &compiler.rustc)
        .env("RUSTC_WRAPPER", this)
        .env(same_names::WRAPPER, "1")
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", &target)
        .env("RAMKEY_BLOBS", blobs)
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTUP_TOOLCHAIN");
    output(&mut cargo)?;
    let elf = target.join("i586-loader-none/release/ramkey-loader");
    check_instructions(&output(
        Command::new("objdump").args(["-d", "-M", "intel", "--no-show-raw-insn"]).arg(&elf),
    )?)?;
    check_symbols(&output(Command::new("objdump").args(["-t"]).arg(&elf))?)?;
    let flat = target.join("loader.bin");
    output(Command::new("objcopy").args(["-O", "binary", "--remove-section=.bss"]).arg(&elf).arg(&flat))?;
    let mut bytes = fs::read(&flat).map_err(|error| format!("{}: {error}", flat.display()))?;
    bytes.resize(bytes.len().next_multiple_of(SECTOR_SIZE as usize), 0);
    Ok((bytes, compiler.version))
}

/// Fails if the table of symbols has the formatting machinery of `core`: the loader has its own, and that is two KiB.
fn check_symbols(table: &str) -> Result<(), String> {
    if !table.contains("_start") {
        return Err("the loader has no symbols: they show nothing".into());
    }
    match table.lines().find(|line| line.contains("core3fmt") || line.contains("core::fmt")) {
        Some(line) => Err(format!("the loader has the formatting of core: {}", line.trim())),
        None => Ok(()),
    }
}

/// Fails if a disassembly has an instruction that a 486 without FPU does not have.
fn check_instructions(disassembly: &str) -> Result<(), String> {
    let mut seen = 0;
    for line in disassembly.lines() {
        let Some((_, instruction)) = line.split_once(":\t") else { continue };
        seen += 1;
        let mnemonic = instruction.split_whitespace().next().unwrap_or_default();
        let registers = ["mm0", "mm1", "mm2", "mm3", "mm4", "mm5", "mm6", "mm7"];
        let float = mnemonic.starts_with('f');
        if float
            || TOO_NEW.iter().any(|new| mnemonic.starts_with(new))
            || registers.iter().any(|r| instruction.contains(r))
        {
            return Err(format!("the loader has an instruction that a 486 lacks: {}", line.trim()));
        }
    }
    if seen < 1000 {
        return Err(format!("the disassembly has {seen} instructions only: it shows nothing"));
    }
    Ok(())
}

fn manifest(built: &Built) -> Result<String, String> {
    let mut text =
        String::from("# GENERATED by `cargo xtask boot`: what the committed boot code was made from.\n\n");
    let _ = writeln!(text, "nasm = \"{}\"", built.nasm);
    let _ = writeln!(text, "rustc = \"{}\"", built.rustc);
    let _ = writeln!(text, "sources = \"{}\"", sources_hash()?);
    for (name, bytes) in &built.blobs {
        let _ = write!(
            text,
            "\n[[blob]]\nname = \"{name}\"\nlength = {}\nblake3 = \"{}\"\n",
            bytes.len(),
            hex(&blake3::hash(bytes))
        );
    }
    Ok(text)
}

/// BLAKE3 of every source's path and content, in the order of the paths.
fn sources_hash() -> Result<String, String> {
    let bytes =
        sources::bytes(root()).map_err(|error| format!("reading the sources of the boot code: {error}"))?;
    Ok(hex(&blake3::hash(&bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read_text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}

/// Runs a command to its end and returns what it printed.
fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}; run `cargo xtask tools`"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{name} failed:\n{}", String::from_utf8_lossy(&output.stderr).trim_end()))
}
