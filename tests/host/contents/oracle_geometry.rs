//! The geometry of disks that other people's programs make, as `inspect`, CDs and `doctor` see it.

use std::fs;
use std::path::Path;

use crate::frames::disks::{EDD_RECORD, OLD_RECORD};
use crate::frames::sticks::{Image, printed, tool};
use ramkey::contents::{Kind, KindChoice, Warning, probe};
use ramkey::doctor::diagnose;
use tempfile::TempDir;

/// A file that becomes a disk.
struct Work {
    folder: TempDir,
}

impl Work {
    fn new(len: u64) -> Self {
        let work = Self { folder: tempfile::tempdir().unwrap() };
        fs::File::create(work.path()).unwrap().set_len(len).unwrap();
        work
    }

    fn path(&self) -> String {
        self.folder.path().join("disk.img").to_str().unwrap().to_owned()
    }

    fn ran(&self, package: &str, program: &str, arguments: &[&str]) {
        let output = tool(package, program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {}", printed(&output));
    }

    /// Partitions by a program that reads what to do.
    fn partition(&self, program: &str, script: &str) {
        let told = self.folder.path().join("script");
        fs::write(&told, script).unwrap();
        let command =
            format!("PATH=$PATH:/sbin:/usr/sbin {program} '{}' < '{}'", self.path(), told.display());
        self.ran("fdisk", "sh", &["-c", &command]);
    }

    /// Puts bytes at an offset.
    fn put(&self, offset: usize, bytes: &[u8]) {
        let mut image = fs::read(self.path()).unwrap();
        image[offset..offset + bytes.len()].copy_from_slice(bytes);
        fs::write(self.path(), image).unwrap();
    }

    /// The geometry, and who says something else. `doctor` must see the same heads and sectors per track.
    fn found(&self) -> (String, Vec<String>) {
        let image = Image(fs::read(self.path()).unwrap());
        let facts = probe(Path::new("disk.img"), &image, KindChoice::Auto, None).unwrap();
        if facts.kind == Kind::HardDisk && facts.contents.is_some_and(|text| text.contains("partition")) {
            let tracks = (facts.geometry.heads, facts.geometry.sectors_per_track);
            assert_eq!(diagnose(&image).unwrap().geometry, Some(tracks));
        }
        let others = facts.warnings.iter().filter_map(|warning| match warning {
            Warning::Geometries(disagreement) => Some(&disagreement.others),
            _ => None,
        });
        let others = others.flatten().map(|other| format!("{}: {}", other.witness, other.geometry)).collect();
        (facts.geometry.to_string(), others)
    }
}

fn by(geometry: &str, others: &[&str]) -> (String, Vec<String>) {
    (geometry.into(), others.iter().map(|&other| other.into()).collect())
}

const TABLE: &str = "its partition table: 4/255/63";
const BOOT_SECTOR: &str = "the boot sector of partition 1: 512/4/32";

#[test]
fn a_dos_disk_by_sfdisk_mkfs_and_syslinux_goes_by_its_boot_sector_and_the_table_is_named() {
    let work = Work::new(32 << 20);
    work.partition("sfdisk -q", "label: dos\n2048,,6,*\n");
    assert_eq!(work.found(), by("4/255/63", &[]), "the table alone");
    work.ran("dosfstools", "mkfs.fat", &["-F", "16", "--offset", "2048", &work.path(), "31744"]);
    assert_eq!(work.found(), by("4/255/63", &[BOOT_SECTOR]), "mkfs.fat's code reads nothing");
    work.ran("syslinux", "syslinux", &["--install", "--offset", "1048576", &work.path()]);
    work.put(0, &fs::read("/usr/lib/syslinux/mbr/mbr.bin").expect("of the package syslinux-common"));
    assert_eq!(work.found(), by("512/4/32", &[TABLE]));
}

#[test]
fn a_table_by_sfdisk_under_boot_code_that_reads_by_chs_goes_by_the_table() {
    for (record, system) in [(OLD_RECORD, "6"), (OLD_RECORD, "83"), (EDD_RECORD, "83")] {
        let work = Work::new(32 << 20);
        work.partition("sfdisk -q", &format!("label: dos\n2048,,{system},*\n"));
        if system == "6" {
            work.ran("dosfstools", "mkfs.fat", &["-F", "16", "--offset", "2048", &work.path(), "31744"]);
        }
        work.put(0, record);
        let others: &[&str] = if system == "6" { &[BOOT_SECTOR] } else { &[] };
        assert_eq!(work.found(), by("4/255/63", others), "type {system}");
    }
}

#[test]
fn a_file_system_that_was_told_its_geometry_agrees_with_its_table_or_is_believed() {
    let work = Work::new(32 << 20);
    work.partition("sfdisk -q", "label: dos\n2048,,6,*\n");
    let told = |geometry: &'static str, hidden: &'static str| {
        let path = work.path();
        let options = ["-F", "16", "-g", geometry, "-h", hidden, "--offset", "2048", &path, "31744"];
        work.ran("dosfstools", "mkfs.fat", &options);
        work.found()
    };
    assert_eq!(told("255/63", "2048"), by("4/255/63", &[]));
    assert_eq!(told("255/63", "0"), by("4/255/63", &[]));
    assert_eq!(told("16/63", "2048"), by("66/16/63", &[TABLE]));
    assert_eq!(told("16/63", "63"), by("4/255/63", &[]), "it was made for another place");
}

#[test]
fn fdisk_for_dos_makes_tables_of_any_geometry() {
    for (heads, track) in [(16, 63), (255, 63), (64, 32), (15, 63), (4, 17), (8, 32), (240, 63)] {
        let work = Work::new(60 << 20);
        let program = format!("fdisk -c=dos -u=cylinders -H {heads} -S {track}");
        work.partition(&program, "o\nn\np\n1\n\n\na\nt\n6\nw\n");
        let (geometry, others) = work.found();
        assert!(geometry.ends_with(&format!("/{heads}/{track}")), "{geometry} for {heads}/{track}");
        assert_eq!(others, [""; 0]);
    }
}

#[test]
fn logical_drives_by_sfdisk_are_read_with_the_geometry_of_their_table() {
    let work = Work::new(64 << 20);
    work.partition("sfdisk -q", "label: dos\n2048,20480,83,*\n,,5\n,20480,6\n,,6\n");
    assert_eq!(work.found(), by("8/255/63", &[]));
    // The second logical drive is formatted as mkfs.fat does it untold, and is only named.
    let list = printed(&tool("fdisk", "sfdisk", &["-q", "--dump", &work.path()]));
    let line = list.lines().filter(|line| line.contains("start=")).nth(3).unwrap();
    let start = line.split("start=").nth(1).unwrap().split(',').next().unwrap().trim();
    work.ran("dosfstools", "mkfs.fat", &["-F", "16", "--offset", start, &work.path(), "20000"]);
    let (geometry, others) = work.found();
    assert_eq!((&*geometry, others.len()), ("8/255/63", 1), "{others:?}");
    assert!(others[0].starts_with("the boot sector of partition 6: "), "{others:?}");
}

#[test]
fn what_mtools_formats_in_a_partition_knows_its_disk() {
    for (heads, track) in [("64", "32"), ("16", "63"), ("32", "32"), ("4", "17")] {
        let work = Work::new(32 << 20);
        let program = format!("fdisk -c=dos -u=cylinders -H {heads} -S {track}");
        work.partition(&program, "o\nn\np\n1\n\n\na\nt\n6\nw\n");
        let offset: usize = track.parse::<usize>().unwrap() * 512;
        let place = format!("{}@@{offset}", work.path());
        let options = ["-i", &place, "-h", heads, "-s", track, "-H", track, "-T", "60000", "::"];
        work.ran("mtools", "mformat", &options);
        let (geometry, others) = work.found();
        assert!(geometry.ends_with(&format!("/{heads}/{track}")), "{geometry} for {heads}/{track}");
        assert_eq!(others, [""; 0]);
    }
}

#[test]
fn floppies_by_mformat_have_the_geometry_that_was_asked_for() {
    for geometry in [
        "83/2/21", "80/2/48", "80/1/18", "40/1/9", "20/4/18", "80/2/36", "82/2/18", "40/2/36", "160/1/18",
        "10/8/17",
    ] {
        let work = Work::new(0);
        let [cylinders, heads, track] = geometry.split('/').collect::<Vec<_>>()[..] else { panic!() };
        let path = work.path();
        work.ran("mtools", "mformat", &["-C", "-t", cylinders, "-h", heads, "-s", track, "-i", &path, "::"]);
        let image = Image(fs::read(&path).unwrap());
        let facts = probe(Path::new("disk.img"), &image, KindChoice::Auto, None).unwrap();
        assert_eq!((facts.kind, &*facts.geometry.to_string()), (Kind::Floppy, geometry));
        let is_guess =
            |warning: &Warning| matches!(warning, Warning::Geometries(_) | Warning::UnusualFloppy { .. });
        assert!(!facts.warnings.iter().any(is_guess), "{geometry}: {:?}", facts.warnings);
    }
    // A larger one is a hard disk, and a floppy if that is asked for.
    let work = Work::new(0);
    let path = work.path();
    work.ran("mtools", "mformat", &["-C", "-t", "160", "-h", "2", "-s", "48", "-i", &path, "::"]);
    let image = Image(fs::read(&path).unwrap());
    for choice in [KindChoice::Auto, KindChoice::Is(Kind::Floppy)] {
        let facts = probe(Path::new("disk.img"), &image, choice, None).unwrap();
        assert_eq!(facts.geometry.to_string(), "160/2/48", "{choice:?}");
    }
}
