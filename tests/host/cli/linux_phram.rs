//! The addition to an initramfs: its archive, its modules, and its script on memory that is made up.

use crate::frames::sticks;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::frames::sticks::{printed, tool};
use ramkey::linux_phram::{Module, PhramError, SCRIPT, addition, modules};

const LOW_END: usize = 0xA_0000;

/// A machine's low memory, and what Linux says of it.
struct Memory {
    bytes: Vec<u8>,
    ram: String,
}

impl Memory {
    /// Low memory of which the system has `kib` KiB, in the BIOS data area and in Linux's list.
    fn new(kib: u16) -> Self {
        let mut bytes = vec![0xD1; 1 << 20];
        bytes[0x413..0x415].copy_from_slice(&kib.to_le_bytes());
        let end = usize::from(kib) * 1024 - 1;
        let ram = format!(
            "00000000-00000fff : Reserved\n00001000-{end:08x} : System RAM\n{:08x}-0009ffff : Reserved\n\
             000a0000-000bffff : PCI Bus 0000:00\n00100000-0e7cdfff : System RAM\n  01000000-01e00000 : Kernel code\n\
             100000000-17fffffff : System RAM\n",
            end + 1
        );
        Self { bytes, ram }
    }

    /// Puts a table at `at`, with `information` bytes of MDI, for a disk of 24 MiB at 0xE7DE000.
    fn table(mut self, at: usize, information: u16) -> Self {
        let len = 40 + usize::from(information);
        let table = &mut self.bytes[at..at + len];
        table.fill(0);
        table[..4].copy_from_slice(b"mBFT");
        table[4..8].copy_from_slice(&(len as u32).to_le_bytes());
        table[40..42].copy_from_slice(&information.to_le_bytes());
        table[44..48].copy_from_slice(&0x0E7D_E000u32.to_le_bytes());
        table[48..52].copy_from_slice(&0xC000u32.to_le_bytes());
        self.sum(at);
        self
    }

    /// Changes bytes of the table at `at`, and its sum.
    fn change(mut self, at: usize, offset: usize, bytes: &[u8]) -> Self {
        self.bytes[at + offset..at + offset + bytes.len()].copy_from_slice(bytes);
        self.sum(at);
        self
    }

    fn sum(&mut self, at: usize) {
        let len = u32::from_le_bytes(self.bytes[at + 4..at + 8].try_into().unwrap()) as usize;
        let table = &mut self.bytes[at..(at + len).min(LOW_END)];
        table[9] = 0;
        table[9] = table.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte)).wrapping_neg();
    }

    /// What a read gives: zeros for a page in which the system has memory, as far as the list's second line goes.
    fn as_read(&self) -> Vec<u8> {
        let line = self.ram.lines().nth(1).unwrap_or("0-ffffffff : nothing");
        let last = line.split([' ', '-']).nth(1).unwrap();
        let end = usize::from_str_radix(last, 16).unwrap() + 1;
        let mut bytes = self.bytes.clone();
        if !end.is_multiple_of(4096) && end < LOW_END {
            bytes[end / 4096 * 4096..end.next_multiple_of(4096)].fill(0);
        }
        bytes
    }

    /// What the script finds in it with `shell`, and its exit status. `path` replaces the search path.
    fn found_by(&self, shell: &[&str], path: Option<&Path>) -> (String, Option<i32>) {
        self.found_with(shell, path, true)
    }

    /// The same, with or without a devmem.
    fn found_with(&self, shell: &[&str], path: Option<&Path>, devmem: bool) -> (String, Option<i32>) {
        let folder = tempfile::tempdir().unwrap();
        let [memory, mapped, iomem, program, script] =
            ["mem", "mapped", "iomem", "devmem", "phram"].map(|name| folder.path().join(name));
        fs::write(&memory, self.as_read()).unwrap();
        fs::write(&mapped, &self.bytes).unwrap();
        fs::write(&iomem, &self.ram).unwrap();
        let word = "set -- $(/bin/dd if=\"$MAPPED\" bs=1 skip=$1 count=4 2>/dev/null | /usr/bin/od -An -tx4)";
        let word = word.replace("$MAPPED", mapped.to_str().unwrap());
        fs::write(&program, format!("#!/bin/dash\n{word}\necho 0x$1 | /usr/bin/tr a-f A-F\n")).unwrap();
        fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let devmem = if devmem { program.to_str().unwrap() } else { "" };
        let text = SCRIPT
            .replace("devmem \"busybox devmem\"", devmem)
            .replace("/proc/iomem", iomem.to_str().unwrap())
            .replace("MEM=/dev/mem", &format!("MEM={}", memory.display()))
            .replace("-c $MEM", "-f $MEM")
            .replace("/dev/kmsg", "/nowhere/kmsg");
        fs::write(&script, text).unwrap();
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).arg(&script).arg("--find").stdin(Stdio::null());
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let output = command.output().unwrap_or_else(|error| panic!("{shell:?}: {error}"));
        // devmem prints capital letters, and the kernel takes both.
        let lower = |line: &str| {
            if line.starts_with("0x") { line.to_ascii_lowercase() } else { line.to_owned() }
        };
        let lines: Vec<String> = printed(&output).lines().map(lower).collect();
        (lines.join(" "), output.status.code())
    }

    fn found(&self) -> String {
        self.found_by(&["/bin/dash"], None).0
    }
}

/// The disk of [`Memory::table`].
const DISK: &str = "0x0e7de000,0x1800000";
const SHELLS: [&[&str]; 3] = [&["/bin/dash"], &["/bin/busybox", "sh"], &["/bin/bash", "--posix"]];

#[test]
fn the_table_is_found_by_every_shell() {
    let memory = Memory::new(636).table(0x9F410, 30);
    for shell in SHELLS {
        assert_eq!(memory.found_by(shell, None), (DISK.into(), Some(0)), "{shell:?}");
    }
    for shell in SHELLS {
        assert_eq!(Memory::new(636).found_by(shell, None), (String::new(), Some(1)), "{shell:?}");
    }
}

#[test]
fn any_program_that_prints_bytes_will_do_and_its_lack_is_said() {
    let memory = Memory::new(636).table(0x9F410, 30);
    let busybox = fs::canonicalize("/bin/busybox").expect("the package busybox-static");
    for programs in [&["dd", "od"][..], &["dd", "hexdump"], &["dd", "busybox"]] {
        let folder = tempfile::tempdir().unwrap();
        for program in programs {
            symlink(&busybox, folder.path().join(program)).unwrap();
        }
        // The shell of busybox would run its own programs, whatever the path says.
        let found = memory.found_by(&["/bin/dash"], Some(folder.path()));
        assert_eq!(found, (DISK.into(), Some(0)), "{programs:?}");
    }
    let empty = tempfile::tempdir().unwrap();
    let (text, status) = memory.found_by(&["/bin/dash"], Some(empty.path()));
    assert_eq!(
        (text.as_str(), status),
        ("ramkey: this initramfs has neither od nor hexdump nor busybox", Some(2))
    );
}

#[test]
fn each_form_of_the_table_is_understood_and_each_damage_refused() {
    let at = 0x9F410;
    let sound = || Memory::new(636).table(at, 30);
    let cases = [
        ("as it is", sound(), DISK),
        ("of version 3.00", Memory::new(636).table(at, 27), DISK),
        ("before version 3.00", Memory::new(636).table(at, 26), DISK),
        ("of a CD", sound().change(at, 67, &[11]), "0x0e7de000,0x6000000"),
        ("of another place", sound().change(at, 44, &[0, 0, 0x12, 0xF0]), "0xf0120000,0x1800000"),
        ("in the last place", Memory::new(636).table(LOW_END - 80, 30), DISK),
        ("where memory ends", Memory::new(636).table(0x9F000, 30), DISK),
        ("in system memory", Memory::new(636).table(0x9E400, 30), ""),
        ("between paragraphs", Memory::new(636).table(0x9F418, 30), ""),
        ("too short", Memory::new(636).table(at, 25), ""),
        ("of another length inside", sound().change(at, 40, &[29]), ""),
        ("behind the end", Memory::new(636).table(LOW_END - 64, 24).change(LOW_END - 64, 4, &[70]), ""),
        ("with a bad name", sound().change(at, 3, b"t"), ""),
    ];
    for (name, memory, expected) in cases {
        for shell in SHELLS {
            assert_eq!(memory.found_by(shell, None).0, expected, "{name}, {shell:?}");
        }
    }
    let mut bad = sound();
    bad.bytes[at + 69] ^= 1;
    assert_eq!(bad.found(), "", "with a bad sum");
}

#[test]
fn several_tables_are_told_in_the_order_of_memory() {
    let memory = Memory::new(628).table(0x9E000, 30).table(0x9F410, 30).change(0x9F410, 44, &[0, 0, 0, 8]);
    assert_eq!(memory.found(), format!("{DISK} 0x08000000,0x1800000"));
}

#[test]
fn the_search_begins_at_the_higher_of_both_ends_of_memory() {
    // Linux takes more than the BIOS says it has: what lies there may be anything.
    let mut memory = Memory::new(636).table(0x9F410, 30);
    memory.ram = memory.ram.replace("9efff", "9ffff");
    assert_eq!(memory.found(), "");
    // And less: the BIOS' word counts.
    let mut memory = Memory::new(636).table(0x90010, 30);
    memory.ram = memory.ram.replace("9efff", "8ffff");
    assert_eq!(memory.found(), "");
    let mut memory = Memory::new(576).table(0x90010, 30);
    assert_eq!(memory.found(), DISK);
    memory.ram = String::new();
    assert!(memory.found().ends_with(" shows no memory"), "{}", memory.found());
}

#[test]
fn a_page_that_a_read_hides_is_mapped_and_its_lack_is_said() {
    let hidden = Memory::new(637).table(0x9F410, 30);
    for shell in SHELLS {
        let (text, status) = hidden.found_with(shell, None, false);
        let expected = "ramkey: there is no devmem to see the page at 651264; the RAM disk may be missed";
        assert_eq!((text.as_str(), status), (expected, Some(1)), "{shell:?}");
    }
    // Behind that page, and where memory ends with a page, nobody needs it.
    let open = Memory::new(634).table(0x9F410, 30);
    let (text, status) = open.found_with(&["/bin/dash"], None, false);
    assert!(text.starts_with(DISK) && status == Some(0), "{text}");
    let whole = Memory::new(636).table(0x9F010, 30);
    assert_eq!(whole.found_with(&["/bin/dash"], None, false), (DISK.into(), Some(0)));
    // A table that goes on behind the hidden page is read whole.
    assert_eq!(Memory::new(635).table(0x9EFF0, 30).found(), DISK);
}

#[test]
fn nothing_is_found_where_the_bios_data_area_makes_no_sense() {
    for kib in [0u16, 63, 640, 0xFFFF] {
        let mut memory = Memory::new(636).table(0x9F410, 30);
        memory.bytes[0x413..0x415].copy_from_slice(&kib.to_le_bytes());
        // Linux's own list is the floor, so a small word does no harm.
        let expected = if kib < 640 { DISK } else { "" };
        assert_eq!(memory.found(), expected, "{kib} KiB");
    }
}

fn module(release: &str, file: &str) -> Module {
    Module { release: release.into(), file: file.into(), contents: file.as_bytes().to_vec() }
}

#[test]
fn cpio_reads_the_archive_and_it_is_the_same_every_time() {
    let two = [module("6.1.0-1", "phram.ko"), module("5.10.0-9", "mtd.ko.xz"), module("6.1.0-1", "mtd.ko")];
    let mut turned = two.to_vec();
    turned.reverse();
    let archive = addition(&two);
    assert_eq!(archive, addition(&turned));
    assert!(archive.len().is_multiple_of(512));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.cpio");
    fs::write(&path, &archive).unwrap();
    let list = Command::new("cpio").args(["-i", "-t", "--quiet", "-F"]).arg(&path).output().expect("cpio");
    let expected = "ramkey\nramkey/phram\nramkey/init\nconf\nconf/conf.d\nconf/conf.d/ramkey-phram\n\
        lib/dracut/hooks/pre-udev/00-ramkey-phram.sh\nvar/lib/dracut/hooks/pre-udev/00-ramkey-phram.sh\n\
        ramkey/modules\nramkey/modules/5.10.0-9\nramkey/modules/5.10.0-9/mtd.ko.xz\nramkey/modules/6.1.0-1\n\
        ramkey/modules/6.1.0-1/mtd.ko\nramkey/modules/6.1.0-1/phram.ko\n";
    assert_eq!(printed(&list), expected);

    let unpack = Command::new("cpio")
        .args(["-i", "-d", "--quiet", "-F"])
        .arg(&path)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(unpack.status.success(), "{}", printed(&unpack));
    let script = folder.path().join("ramkey/phram");
    assert_eq!(fs::read_to_string(&script).unwrap(), SCRIPT);
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&script).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(fs::read(folder.path().join("ramkey/modules/6.1.0-1/phram.ko")).unwrap(), b"phram.ko");
}

/// A folder of modules in which `files` are, below `kernel/drivers/mtd`.
fn kernel(files: &[&str], built_in: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let release = folder.path().join("6.1.0-1-amd64");
    fs::create_dir_all(release.join("kernel/drivers/mtd/devices")).unwrap();
    for file in files {
        fs::write(release.join("kernel/drivers/mtd").join(file), file).unwrap();
    }
    fs::write(release.join("modules.builtin"), built_in).unwrap();
    (folder, release)
}

#[test]
fn modules_are_taken_in_any_packing_and_left_out_where_the_kernel_has_them() {
    let (_folder, release) =
        kernel(&["mtd.ko", "mtd_blkdevs.ko.xz", "mtdblock.ko.zst", "devices/phram.ko.gz"], "");
    let found = modules(&release).unwrap();
    let files: Vec<_> = found.iter().map(|module| (module.release.as_str(), module.file.as_str())).collect();
    let release_name = "6.1.0-1-amd64";
    let expected = ["mtd.ko", "mtd_blkdevs.ko.xz", "mtdblock.ko.zst", "phram.ko.gz"];
    assert_eq!(files, expected.map(|file| (release_name, file)));
    assert_eq!(found[3].contents, b"devices/phram.ko.gz");

    let (_folder, release) = kernel(
        &["mtdblock.ko", "devices/phram.ko"],
        "kernel/drivers/mtd/mtd.ko\nkernel/drivers/mtd/mtd_blkdevs.ko\n",
    );
    assert_eq!(modules(&release).unwrap().len(), 2);
}

#[test]
fn a_missing_module_and_a_wrong_folder_are_told() {
    let (_folder, release) = kernel(&["mtd.ko", "mtd_blkdevs.ko", "mtdblock.ko"], "");
    let error = modules(&release).unwrap_err();
    assert_eq!(error.to_string(), format!("{} has no module phram", release.display()));
    assert!(error.help().contains("package"));
    let error = modules(release.parent().unwrap()).unwrap_err();
    assert!(matches!(error, PhramError::NoModules { .. }), "{error}");
    let error = modules(Path::new("/nowhere/6.1")).unwrap_err();
    assert_eq!(error.to_string(), "reading /nowhere/6.1");
}

fn ramkey(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ramkey")).args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn the_command_makes_the_file_and_never_overwrites_another() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| ramkey(folder.path(), arguments);
    let (_kernel, release) = kernel(&["mtd.ko", "mtd_blkdevs.ko", "mtdblock.ko", "devices/phram.ko"], "");
    let release = release.to_str().unwrap();
    let made = run(&["phram", "--to", "a.cpio", "--modules", release, "--modules", release]);
    assert!(made.status.success(), "{}", printed(&made));
    assert!(printed(&made).contains("module    6.1.0-1-amd64/phram.ko"), "{}", printed(&made));
    let bytes = fs::read(folder.path().join("a.cpio")).unwrap();
    assert_eq!(bytes, addition(&modules(Path::new(release)).unwrap()));

    // The same again is nothing new; anything else is refused.
    assert!(run(&["phram", "--to", "a.cpio", "--modules", release]).status.success());
    let other = run(&["phram", "--to", "a.cpio"]);
    assert_eq!(other.status.code(), Some(3), "{}", printed(&other));
    let expected = "error: a.cpio exists and holds something else\nhelp: move a.cpio away\n";
    assert_eq!(printed(&other), expected);
    assert_eq!(fs::read(folder.path().join("a.cpio")).unwrap(), bytes);

    assert_eq!(run(&["phram", "--to", "."]).status.code(), Some(3));
    assert_eq!(run(&["phram", "--to", "missing/a.cpio"]).status.code(), Some(1));
    let none = run(&["phram", "--to", "b.cpio", "--modules", "."]);
    assert_eq!(none.status.code(), Some(3));
    assert!(!folder.path().join("b.cpio").exists());
}

#[test]
fn write_puts_the_addition_beside_the_image() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("live.img"), sticks::noise(1 << 20)).unwrap();
    let arguments = ["write", "live.img", "--to", "stick.img", "--linux-phram"];
    let shown = ramkey(folder.path(), &[&arguments[..], &["--dry-run"]].concat());
    assert!(shown.status.success() && !folder.path().join("live.phram.cpio").exists());
    let written = ramkey(folder.path(), &arguments);
    assert!(written.status.success(), "{}", printed(&written));
    assert!(printed(&written).contains("note: live.phram.cpio goes into the image"), "{}", printed(&written));
    assert_eq!(fs::read(folder.path().join("live.phram.cpio")).unwrap(), addition(&[]));

    // Another file in its place stops the write before the stick is touched.
    fs::write(folder.path().join("live.phram.cpio"), "mine").unwrap();
    let before = fs::read(folder.path().join("stick.img")).unwrap();
    let refused = ramkey(folder.path(), &[&arguments[..], &["--yes", "--title", "other"]].concat());
    assert_eq!(refused.status.code(), Some(3), "{}", printed(&refused));
    assert_eq!(fs::read(folder.path().join("stick.img")).unwrap(), before);
    assert_eq!(fs::read_to_string(folder.path().join("live.phram.cpio")).unwrap(), "mine");
}

#[test]
fn shells_of_other_makers_find_no_fault_in_the_scripts() {
    for script in ["phram.sh", "init.sh", "hook.sh"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/linux_phram/files").join(script);
        for shell in SHELLS {
            let mut command = Command::new(shell[0]);
            let output = command.args(&shell[1..]).arg("-n").arg(&path).output().unwrap();
            assert!(output.status.success(), "{script} {shell:?}: {}", printed(&output));
        }
        // Words are split, and names are read, on purpose.
        let exclude = "--exclude=SC2046,SC2034,SC2086,SC2148";
        let output = tool("shellcheck", "shellcheck", &["--shell=sh", exclude, path.to_str().unwrap()]);
        assert!(output.status.success(), "{script}: {}", printed(&output));
    }
}
