//! A universal stick is one file system, from sector 0, from its partition, and from behind a hidden track: fsck.fat and
//! mtools see the same in each.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::frames::sticks::{Image, MIB, Stick, noise, printed, tool};
use ramkey::image::FileSource;
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::verify::{Strictness, verify};

/// Lengths in sectors: small, usual, and those of sticks that are sold as 128 MB.
fn sizes() -> Vec<(FsChoice, u64)> {
    let auto = [16 * MIB, 32 * MIB, 64 * MIB, 128 * MIB].map(|len| len / 512);
    let auto = auto.into_iter().chain([250_000, 251_904, 256_000]).map(|sectors| (FsChoice::Auto, sectors));
    let asked = [
        (FsChoice::Is(FatBits::Fat12), 131_072),
        (FsChoice::Is(FatBits::Fat16), 40_960),
        (FsChoice::Is(FatBits::Fat32), 100_000),
        (FsChoice::Is(FatBits::Fat32), 250_000),
        (FsChoice::Is(FatBits::Fat32), 2_000_000),
    ];
    auto.chain(asked).collect()
}

fn for_each_stick(test: impl Fn(&Stick, &Path, &str)) {
    for (number, (fs, sectors)) in sizes().into_iter().enumerate() {
        let slot = if number % 2 == 0 { Slot::First } else { Slot::Fourth };
        let images = vec![("one.img", Image(noise(700_000))), ("two.img", Image(noise(1_474_560)))];
        let stick = Stick::new(images, LayoutKind::Universal { slot }, fs, sectors * 512);
        let folder = tempfile::tempdir().unwrap();
        let path = stick.file(folder.path());
        test(&stick, &path, &format!("{fs:?} {sectors}"));
    }
}

/// The stick from sector `lba` to the end of its file system, as sparse as the stick.
fn cut(stick: &Stick, path: &Path, lba: u64) -> PathBuf {
    let view = path.with_extension(lba.to_string());
    let (mut from, mut to) = (File::open(path).unwrap(), File::create(&view).unwrap());
    let end = stick.plan.division.volume.lba + stick.plan.division.volume.sectors;
    for extent in stick.layout.extents.iter().filter(|extent| extent.lba < end) {
        let start = extent.lba.max(lba);
        let Some(sectors) = (extent.lba + extent.sectors).checked_sub(start) else { continue };
        let mut bytes = vec![0; sectors as usize * 512];
        from.seek(SeekFrom::Start(start * 512)).unwrap();
        from.read_exact(&mut bytes).unwrap();
        to.seek(SeekFrom::Start((start - lba) * 512)).unwrap();
        to.write_all(&bytes).unwrap();
    }
    to.set_len((end - lba) * 512).unwrap();
    view
}

/// What fsck.fat says beside its name and the number of files, and that number.
fn checked(view: &Path) -> (bool, Vec<String>, String) {
    let output = tool("dosfstools", "fsck.fat", &["-n", view.to_str().unwrap()]);
    let text = printed(&output);
    let (count, complaints): (Vec<&str>, Vec<&str>) = text
        .lines()
        .filter(|line| !line.starts_with("fsck.fat 4"))
        .partition(|line| line.contains(" files, "));
    let count = count.first().and_then(|line| line.split(": ").last()).unwrap_or("").to_owned();
    (output.status.success(), complaints.into_iter().map(str::to_owned).collect(), count)
}

#[test]
fn fsck_finds_nothing_to_say_in_either_view_and_the_same_files() {
    for_each_stick(|stick, path, name| {
        let views = [0, stick.plan.division.volume.lba].map(|lba| checked(&cut(stick, path, lba)));
        for (sound, complaints, count) in &views {
            assert!(sound & complaints.is_empty(), "{name}: {complaints:?}");
            assert!(count.starts_with("5 files, "), "{name}: {count}");
        }
        assert_eq!(views[0].2, views[1].2, "{name}");
    });
}

#[test]
fn each_copy_of_sector_0_is_a_boot_sector_of_the_same_file_system_as_seen_from_there() {
    for_each_stick(|stick, path, name| {
        let is_fat32 = stick.plan.division.volume.bits == FatBits::Fat32;
        // Behind the partition's start there is no summary of free clusters to name.
        let lbas = [18, 32, 63, 2048 + 18];
        for &lba in if is_fat32 { &lbas[..3] } else { &lbas } {
            let (_, complaints, count) = checked(&cut(stick, path, lba));
            // A copy of each copy would be too much.
            let known = ["backup", "Leaving filesystem unchanged"];
            let is_known = |line: &String| is_fat32 && known.iter().any(|known| line.contains(known));
            let others = complaints.iter().filter(|line| !is_known(line));
            let others: Vec<&String> = others.filter(|line| !line.is_empty()).collect();
            assert!(others.is_empty(), "{name}, sector {lba}: {complaints:?}");
            assert!(count.starts_with("5 files, "), "{name}, sector {lba}: {count}");
        }
    });
}

#[test]
fn mtools_read_the_same_files_from_every_sector_that_a_bios_may_begin_with() {
    for_each_stick(|stick, path, name| {
        let copied = |lba: u64, file: &str| {
            let image = format!("{}@@{}", path.display(), lba * 512);
            let output = tool("mtools", "mcopy", &["-i", &image, &format!("::RAMKEY/{file}"), "-"]);
            assert!(output.status.success(), "{name}, sector {lba}: {}", printed(&output));
            blake3::hash(&output.stdout)
        };
        for capsule in &stick.plan.carried.capsules {
            let whole = copied(stick.plan.division.volume.lba, &capsule.file_name);
            for lba in [0, 18, 32, 63] {
                assert_eq!(copied(lba, &capsule.file_name), whole, "{name}, sector {lba}");
            }
        }
    });
}

#[test]
fn a_file_that_is_written_through_one_view_is_read_through_the_other_and_the_stick_stays_sound() {
    for_each_stick(|stick, path, name| {
        let note = path.with_file_name("note.txt");
        std::fs::write(&note, noise(5000)).unwrap();
        let at = |lba: u64| format!("{}@@{}", path.display(), lba * 512);
        let ran = |program: &str, lba: u64, arguments: &[&str]| {
            let image = at(lba);
            let output = tool("mtools", program, &[&["-i", &image], arguments].concat());
            assert!(output.status.success(), "{name}, sector {lba}: {}", printed(&output));
            output.stdout
        };
        let partition = stick.plan.division.volume.lba;
        for (from, to, file) in [(0, partition, "::A.TXT"), (partition, 0, "::B.TXT")] {
            ran("mcopy", from, &[note.to_str().unwrap(), file]);
            assert_eq!(ran("mcopy", to, &[file, "-"]), noise(5000), "{name}");
        }
        ran("mlabel", 0, &["::NEW"]);
        let verdict = verify(&FileSource::open(path).unwrap(), Strictness::Boot, &|_| ());
        assert!(verdict.sound, "{name}: {:?}", verdict.faults);
        assert_eq!(verdict.label, "NEW", "{name}");
        assert_eq!(verdict.capsules.iter().filter(|capsule| capsule.proven).count(), 2, "{name}");
        for lba in [0, partition] {
            let (_, complaints, _) = checked(&cut_written(path, stick, lba));
            // Each boot sector has a label of its own, and one of the two was changed.
            let known = ["olume label", "Leaving filesystem unchanged"];
            let others = complaints.iter().filter(|line| !known.iter().any(|known| line.contains(known)));
            let others: Vec<&String> = others.filter(|line| !line.is_empty()).collect();
            assert!(others.is_empty(), "{name}, sector {lba}: {complaints:?}");
        }
    });
}

/// The view from `lba` of a stick that others have written to.
fn cut_written(path: &Path, stick: &Stick, lba: u64) -> PathBuf {
    let view = path.with_extension(format!("{lba}.written"));
    let mut from = File::open(path).unwrap();
    from.seek(SeekFrom::Start(lba * 512)).unwrap();
    let sectors = stick.plan.division.volume.lba + stick.plan.division.volume.sectors - lba;
    let mut to = File::create(&view).unwrap();
    std::io::copy(&mut from.take(sectors * 512), &mut to).unwrap();
    view
}

#[test]
fn fsck_would_have_found_a_view_whose_numbers_are_wrong() {
    let images = vec![("one.img", Image(noise(700_000)))];
    let kind = LayoutKind::Universal { slot: Slot::First };
    let stick = Stick::new(images, kind, FsChoice::Auto, 32 * MIB);
    let folder = tempfile::tempdir().unwrap();
    let path = stick.file(folder.path());
    let mut file = File::options().write(true).open(&path).unwrap();
    // Reserved sectors, one too many.
    file.seek(SeekFrom::Start(14)).unwrap();
    file.write_all(&(2048 + 385u16).to_le_bytes()).unwrap();
    let (sound, complaints, count) = checked(&cut(&stick, &path, 0));
    assert!(!sound || !complaints.is_empty() || !count.starts_with("4 files"), "{complaints:?} {count}");
}
