//! A disc image is a stick as well: the same capsules, once, under the names of two file systems.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::frames::sticks::{Image, MIB, facts, imagined, noise, printed, request, tool};
use ramkey::layout::{Layout, LayoutError, Role, layout};
use ramkey::plan::{DiscBoot, DiscMedium, DiscRequest, FolderFiles, LayoutKind, Plan, Slot, plan_disc};

/// Sectors of a block.
const BLOCK: u64 = 4;
/// Sectors of the post-gap.
const POST_GAP: u64 = 600;

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for (name, len) in [("dos.img", 1_474_560), ("data.img", 2_300_416)] {
            fs::write(desk.path(name), noise(len)).unwrap();
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ramkey(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.ramkey(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", printed(&output));
        printed(&output)
    }

    /// The error of a command that ends with `status`.
    fn refused(&self, arguments: &[&str], status: i32) -> String {
        let output = self.ramkey(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", printed(&output));
        String::from_utf8(output.stderr).unwrap()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// A file of the FAT that begins at 1 MiB.
    fn of_fat(&self, medium: &str, name: &str) -> Vec<u8> {
        let volume = format!("{}@@{MIB}", self.path(medium).display());
        let target = self.path("from-fat");
        let arguments = ["-i", &volume, "-n", &format!("::RAMKEY/{name}"), target.to_str().unwrap()];
        let output = tool("mtools", "mcopy", &arguments);
        assert!(output.status.success(), "{}", printed(&output));
        self.bytes("from-fat")
    }

    /// Everything that ISO 9660 names, taken out by xorriso.
    fn of_iso(&self, medium: &str, folder: &str) -> PathBuf {
        let target = self.path(folder);
        let medium = self.path(medium);
        let arguments = ["-osirrox", "on", "-indev", medium.to_str().unwrap(), "-extract", "/"];
        let output = tool("xorriso", "xorriso", &[&arguments[..], &[target.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{}", printed(&output));
        target
    }
}

#[test]
fn stick_and_disc_hold_the_same_capsules_and_both_file_systems_name_them() {
    let desk = Desk::new();
    desk.done(&["write", "dos.img", "--with", "data.img", "--to", "stick.img", "--size", "16M"]);
    desk.done(&["disc", "dos.img", "--with", "data.img", "--to", "mini.iso"]);
    let from_iso = desk.of_iso("mini.iso", "tree");
    for name in ["DOS.RKC", "DATA.RKC"] {
        let capsule = desk.of_fat("stick.img", name);
        assert!(capsule.len() > 1 << 19, "{name}");
        assert!(desk.of_fat("mini.iso", name) == capsule, "{name} of the FAT of the disc");
        assert!(fs::read(from_iso.join("RAMKEY").join(name)).unwrap() == capsule, "{name} of ISO 9660");
    }
    assert!(desk.done(&["verify", "mini.iso"]).contains("sound"));
}

#[test]
fn other_programs_find_nothing_wrong() {
    let desk = Desk::new();
    for boot in ["auto", "no-emulation", "floppy", "hard-disk"] {
        desk.done(&["disc", "dos.img", "--to", "mini.iso", "--boot", boot, "--yes"]);
        let image = desk.path("mini.iso");
        let image = image.to_str().unwrap();
        let partition = desk.path("partition");
        let table = printed(&tool("fdisk", "sfdisk", &["--verify", image]));
        assert!(table.contains("No errors detected"), "{boot}: {table}");
        let bytes = desk.bytes("mini.iso");
        let (start, sectors) = partition_of(&bytes);
        fs::write(&partition, &bytes[start * 512..(start + sectors) * 512]).unwrap();
        for volume in [image, partition.to_str().unwrap()] {
            let output = tool("dosfstools", "fsck.fat", &["-n", volume]);
            assert!(output.status.success(), "{boot}: {}", printed(&output));
        }
        let report = printed(&tool("xorriso", "xorriso", &["-indev", image, "-report_el_torito", "plain"]));
        let complaints =
            |line: &&str| line.contains("WARNING") || line.contains("FAILURE") || line.contains("SORRY");
        assert_eq!(report.lines().filter(complaints).collect::<Vec<_>>(), [""; 0], "{boot}");
        let entries: Vec<&str> =
            report.lines().filter(|line| line.starts_with("El Torito boot img")).collect();
        let emulations: Vec<&str> =
            entries.iter().map(|line| line.split_whitespace().nth(8).unwrap()).collect();
        let expected: &[&str] = match boot {
            "auto" => &["none", "fd2.8", "hd"],
            "no-emulation" => &["none"],
            "floppy" => &["fd2.8", "none", "hd"],
            _ => &["hd", "none", "fd2.8"],
        };
        assert_eq!(emulations, expected, "{report}");
        let descriptor = printed(&tool("genisoimage", "isoinfo", &["-d", "-i", image]));
        let blocks = bytes.len() / 2048;
        assert!(descriptor.contains(&format!("Volume size is: {blocks}\n")), "{descriptor}");
    }
}

/// First sector and sectors of the only partition.
fn partition_of(bytes: &[u8]) -> (usize, usize) {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!(bytes[462..510], [0; 48], "there is one partition");
    (number(454), number(458))
}

#[test]
fn the_same_images_and_options_give_the_same_bytes_whatever_the_file_held() {
    let desk = Desk::new();
    desk.done(&["disc", "dos.img", "--to", "one.iso"]);
    fs::write(desk.path("two.iso"), vec![0x5A; 9 << 20]).unwrap();
    desk.done(&["disc", "dos.img", "--to", "two.iso", "--yes", "--media", "12cm"]);
    assert!(desk.bytes("one.iso") == desk.bytes("two.iso"));
    desk.done(&["disc", "dos.img", "--to", "two.iso", "--yes", "--boot", "floppy"]);
    assert!(desk.bytes("one.iso") != desk.bytes("two.iso"));
}

#[test]
fn files_of_the_users_own_are_on_the_disc_byte_for_byte() {
    let desk = Desk::new();
    let own = desk.path("own");
    fs::create_dir_all(own.join("deep/er")).unwrap();
    for (name, len) in [("Read me first.txt", 5), ("deep/er/Treiber für XP.zip", 300_001), ("empty", 0)] {
        fs::write(own.join(name), noise(len)).unwrap();
    }
    desk.done(&["disc", "dos.img", "--to", "plain.iso"]);
    let report = desk.done(&["disc", "dos.img", "--to", "mini.iso", "--dir", "own", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["disc"]["own_files"], 2048 + 300_001_u64.next_multiple_of(2048));
    let tree = desk.of_iso("mini.iso", "tree");
    for name in ["Read me first.txt", "deep/er/Treiber für XP.zip", "empty"] {
        assert!(fs::read(tree.join(name)).unwrap() == fs::read(own.join(name)).unwrap(), "{name}");
    }
    assert!(desk.done(&["verify", "mini.iso"]).contains("sound"));
    let mut bytes = desk.bytes("mini.iso");
    let own_bytes = noise(300_001);
    let place =
        (0..bytes.len()).step_by(2048).find(|&at| bytes[at..].starts_with(&own_bytes[4096..4160])).unwrap();
    bytes[place] ^= 1;
    fs::write(desk.path("mini.iso"), &bytes).unwrap();
    let verdict = printed(&desk.ramkey(&["verify", "mini.iso", "--json"]));
    assert!(verdict.contains("\"files\"") && verdict.contains("files of your own"), "{verdict}");

    fs::write(own.join("empty"), "x").unwrap();
    desk.done(&["disc", "dos.img", "--to", "other.iso", "--dir", "own"]);
    assert!(desk.bytes("other.iso")[440..444] != bytes[440..444], "other files, another identity");
    fs::write(own.join("ramkey"), "x").unwrap();
    let error = desk.refused(&["disc", "dos.img", "--to", "new.iso", "--dir", "own"], 3);
    assert!(error.contains("ramkey") && error.contains("help: give it another name"), "{error}");
    assert!(!desk.path("new.iso").exists());
    let error = desk.refused(&["disc", "dos.img", "--to", "new.iso", "--dir", "nowhere"], 3);
    assert!(error.contains("nowhere"), "{error}");
}

#[test]
fn a_disc_that_is_too_large_is_refused_with_what_it_lacks() {
    let desk = Desk::new();
    let error = desk.refused(&["disc", "dos.img", "--to", "mini.iso", "--media", "2000"], 3);
    let blocks = blocks_in(&desk.done(&["plan", "--disc", "dos.img", "--json"]));
    let expected = format!(
        "the disc has {blocks} blocks of 2048 bytes and the medium has 2000: {} too many",
        blocks - 2000
    );
    assert!(error.contains(&expected) && error.contains("--media card"), "{error}");
    assert!(!desk.path("mini.iso").exists());
    desk.done(&["disc", "dos.img", "--to", "mini.iso", "--media", &blocks.to_string()]);
    desk.refused(&["disc", "dos.img", "--to", "mini.iso", "--media", &(blocks - 1).to_string()], 3);
}

#[test]
fn a_floppy_that_ends_before_the_images_is_warned_of() {
    let desk = Desk::new();
    fs::write(desk.path("small.img"), noise(700 << 10)).unwrap();
    let warnings = |image: &str, boot: &str| {
        let report = desk.done(&["plan", "--disc", image, "--boot", boot, "--json"]);
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        report["warnings"].as_array().unwrap().len()
    };
    assert_eq!(warnings("data.img", "floppy"), 1);
    assert_eq!(warnings("data.img", "auto") + warnings("data.img", "hard-disk"), 0);
    assert_eq!(warnings("small.img", "floppy"), 0, "all of it lies in a floppy of 2.88 MB");
}

#[test]
fn a_disc_that_cannot_take_the_place_of_a_file_leaves_it_as_it_was_or_says_that_it_is_gone() {
    let desk = Desk::new();
    fs::write(desk.path("precious"), "precious").unwrap();
    let is_there = |status: &str| {
        assert_eq!(fs::read(desk.path("precious")).unwrap(), b"precious", "{status}");
    };
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        let script = script.replace("ramkey", env!("CARGO_BIN_EXE_ramkey"));
        let output = command.args(["-c", &script]).current_dir(desk.0.path()).output().unwrap();
        (output.status.code(), printed(&output))
    };
    let (status, text) = shell("ulimit -f 100; trap '' XFSZ; ramkey disc dos.img --to precious --yes");
    assert_eq!(status, Some(3), "{text}");
    is_there(&text);
    let (status, text) = shell("exec 9<precious; flock 9; ramkey disc dos.img --to precious --yes");
    assert_eq!(status, Some(3), "{text}");
    is_there(&text);
    // An old disc of ramkey is taken without a question.
    desk.done(&["disc", "dos.img", "--to", "old.iso"]);
    let (status, text) = shell("ulimit -f 100; ramkey disc data.img --to old.iso");
    assert_eq!(status, Some(5), "{text}");
    assert!(text.contains("will not boot"), "{text}");
}

#[test]
fn own_files_that_no_disc_has_room_for_are_refused_before_they_are_read() {
    let desk = Desk::new();
    fs::create_dir(desk.path("own")).unwrap();
    for (len, part) in [(1u64 << 40, "split"), (300 << 20, "--media 12cm")] {
        fs::File::create(desk.path("own/huge")).unwrap().set_len(len).unwrap();
        let error = desk.refused(&["disc", "dos.img", "--to", "mini.iso", "--dir", "own"], 3);
        assert!(error.contains(part), "{error}");
        assert!(!error.contains("hash"), "{error}");
    }
    let error = desk.refused(&["disc", "dos.img", "--to", "dos.img", "--dir", "own"], 3);
    assert!(error.contains("dos.img"), "{error}");
}

fn blocks_in(json: &str) -> u64 {
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    report["disc"]["blocks"].as_u64().unwrap()
}

#[test]
fn what_makes_no_sense_for_a_disc_is_a_usage_error_and_changes_nothing() {
    let desk = Desk::new();
    for (arguments, part) in [
        (&["disc", "dos.img", "--to", "mini.iso", "--media", "9cm"][..], "8cm-24"),
        (&["disc", "dos.img", "--to", "mini.iso", "--boot", "usb"], "no-emulation"),
        (&["disc", "dos.img", "--to", "mini.iso", "--size", "1M"], "--size"),
        (&["plan", "dos.img", "--media", "12cm"], "--disc"),
        (&["plan", "dos.img", "--disc", "--size", "64M"], "--size"),
        (&["disc", "dos.img"], "--to"),
    ] {
        let error = desk.refused(arguments, 2);
        assert!(error.contains(part), "{arguments:?}: {error}");
    }
    assert_eq!(fs::read_dir(desk.0.path()).unwrap().count(), 2);
}

#[test]
fn what_follows_a_burnt_disc_is_no_error_and_what_is_missing_is_one() {
    let desk = Desk::new();
    desk.done(&["disc", "dos.img", "--to", "mini.iso"]);
    let mut bytes = desk.bytes("mini.iso");
    bytes.extend(noise(300 * 2048));
    fs::write(desk.path("burnt.iso"), &bytes).unwrap();
    let said = desk.done(&["verify", "burnt.iso"]);
    assert!(said.contains("sound"), "{said}");
    bytes.truncate(bytes.len() - 300 * 2048 - 151 * 2048);
    fs::write(desk.path("short.iso"), &bytes).unwrap();
    desk.refused(&["verify", "short.iso"], 4);
}

/// A disc that `scans` of an image of `len` bytes would make.
fn planned(len: u64, boot: DiscBoot) -> (Plan, Layout) {
    let mut facts = facts("x.img", &Image(noise(4096)));
    facts.len = len;
    facts.disk_sectors = len.div_ceil(512) as u32;
    let request = request(facts, 0);
    let request =
        ramkey::plan::Request { layout: LayoutKind::Universal { slot: Slot::First }.into(), ..request };
    let disc = DiscRequest {
        boot,
        medium: DiscMedium::default(),
        structure_blocks: 90,
        files: FolderFiles::default(),
    };
    let mut cylinders = len >> 20;
    loop {
        let plan = plan_disc(&request, &disc, cylinders).unwrap();
        match layout(&plan, &[imagined(len)]) {
            Ok(layout) => return (plan, layout),
            Err(LayoutError::TooLarge { .. }) => cylinders += 1,
            Err(error) => panic!("{len} bytes: {error}"),
        }
    }
}

#[test]
fn files_are_runs_of_whole_blocks_on_discs_of_every_size() {
    let mut lens: Vec<u64> = (0..24).map(|step| MIB + step * 790_528 + step * 512).collect();
    lens.extend([30, 63, 64, 126, 127, 128, 180].map(|mib| mib * MIB - 4096));
    for len in lens {
        let (plan, layout) = planned(len, DiscBoot::Auto);
        let name = format!("{len} bytes");
        let volume = &plan.division.volume;
        assert!(volume.cluster_sectors >= BLOCK as u8, "{name}");
        let pieces: Vec<_> =
            layout.extents.iter().filter(|extent| matches!(extent.role, Role::Capsule { .. })).collect();
        assert!(pieces[0].lba.is_multiple_of(BLOCK), "{name}: {}", pieces[0].lba);
        assert!(pieces.windows(2).all(|two| two[0].lba + two[0].sectors == two[1].lba), "{name}");
        let end = volume.lba + volume.sectors;
        assert!(end.is_multiple_of(2048) && plan.division.sectors == end + POST_GAP, "{name}");
        let disc = plan.division.disc.as_ref().unwrap();
        let descriptors: Vec<u64> = layout
            .extents
            .iter()
            .filter(|extent| extent.role == Role::Disc)
            .map(|extent| extent.lba)
            .collect();
        assert_eq!(descriptors[0], 64, "{name}");
        assert_eq!(descriptors[1], disc.structures.start * BLOCK, "{name}");
    }
}
