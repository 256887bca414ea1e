//! What an image's file system calls free is not on the stick, and everything says which of two hashes it means.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ramkey::contents::FreeQuestion;
use ramkey::device::{System, TargetPath};
use ramkey::image::Compression;
use ramkey::job::{Destination, Images, StickRequest, prepare, verify, write};
use ramkey::report::Report;
use ramkey::units::hex;
use ramkey::verify::Strictness;

use crate::frames::sticks::{noise, tool};

/// What a deleted file held.
const SECRET: &[u8; 16] = b"nobody's affair.";

/// A floppy with a file that is there, and one of 900 KiB that was deleted.
fn floppy(folder: &Path) -> PathBuf {
    let (path, kept, gone) = (folder.join("a.img"), folder.join("KEPT.BIN"), folder.join("GONE.BIN"));
    fs::write(&kept, noise(200_000)).unwrap();
    fs::write(&gone, SECRET.repeat((900 << 10) / SECRET.len())).unwrap();
    let image = path.to_str().unwrap();
    let run = |package: &str, program: &str, arguments: &[&str]| {
        let output = tool(package, program, arguments);
        assert!(output.status.success(), "{program}: {output:?}");
    };
    run("dosfstools", "mkfs.fat", &["-C", image, "1440"]);
    for file in [&gone, &kept] {
        run("mtools", "mcopy", &["-i", image, file.to_str().unwrap(), "::"]);
    }
    run("mtools", "mdel", &["-i", image, "::GONE.BIN"]);
    path
}

fn written(request: &StickRequest, to: &Path) -> Report {
    let system = System::default();
    let target = TargetPath::look(&system, to).unwrap();
    let destination = Destination { system: &system, target: &target };
    let prepared = prepare(request, Images::open(request).unwrap(), Some(destination), &|_| ()).unwrap();
    write(&prepared, destination, &AtomicBool::new(false), &|_| ()).unwrap()
}

#[test]
fn free_space_is_left_out_unless_it_is_to_stay() {
    let folder = tempfile::tempdir().unwrap();
    let image = floppy(folder.path());
    let original = fs::read(&image).unwrap();
    let usual = StickRequest { compression: Compression::None, ..StickRequest::new(vec![image]) };
    let to = |name: &str| folder.path().join(name);

    let trimmed = written(&usual, &to("trimmed.img"));
    let found = &trimmed.stick.images[0];
    assert_eq!(found.blake3, hex(*blake3::hash(&original).as_bytes()));
    let in_memory = found.ram_blake3.clone().expect("another hash");
    assert!(
        found.load.left_out > 1100 << 10,
        "the deleted file and what was never used: {}",
        found.load.left_out
    );
    let verdict = verify(&to("trimmed.img"), Strictness::EveryByte, &|_| ()).unwrap();
    assert!(verdict.sound, "{:?}", verdict.faults);
    let capsule = &verdict.capsules[0];
    assert_eq!((&capsule.blake3, capsule.ram_blake3.as_ref()), (&found.blake3, Some(&in_memory)));
    assert!(capsule.proven);
    let stick = fs::read(to("trimmed.img")).unwrap();
    let has_secret = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|part| part == SECRET);
    assert!(has_secret(&original) && !has_secret(&stick), "a deleted file is not on the stick");

    let whole = written(&StickRequest { trim: None, ..usual.clone() }, &to("whole.img"));
    let image = &whole.stick.images[0];
    assert_eq!((image.ram_blake3.as_ref(), image.load.left_out), (None, 0));
    assert_ne!(whole.stick.stick_id, trimmed.stick.stick_id, "the options are in the identity");
    let verdict = verify(&to("whole.img"), Strictness::EveryByte, &|_| ()).unwrap();
    assert!(verdict.sound && verdict.capsules[0].ram_blake3.is_none());
}

#[test]
fn a_volume_that_was_not_closed_stays_whole_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = floppy(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    // The mark of Windows NT in the boot sector of a FAT12.
    bytes[0x25] |= 1;
    fs::write(&path, bytes).unwrap();
    let report = written(&StickRequest::new(vec![path]), &folder.path().join("stick.img"));
    let image = &report.stick.images[0];
    assert_eq!((image.ram_blake3.as_ref(), image.load.left_out), (None, 0));
    let note = "free space is not left out: the image: its file system is marked as not closed";
    assert!(image.notes.iter().any(|found| found.starts_with(note)), "{:?}", image.notes);
    assert!(image.warnings.iter().all(|warning| !warning.contains("left out")), "it speaks against nothing");
}

#[test]
fn swap_files_are_left_out_only_if_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.img");
    let swap = folder.path().join("386SPART.PAR");
    fs::write(&swap, noise(300_000)).unwrap();
    let image = path.to_str().unwrap();
    assert!(tool("dosfstools", "mkfs.fat", &["-C", image, "1440"]).status.success());
    assert!(tool("mtools", "mcopy", &["-i", image, swap.to_str().unwrap(), "::"]).status.success());
    let request = StickRequest::new(vec![path]);
    let left = written(&request, &folder.path().join("1.img"));
    assert_eq!(
        (left.stick.images[0].load.swap_left_out, left.stick.images[0].ram_blake3.as_ref()),
        (0, None)
    );
    let request = StickRequest { trim: Some(FreeQuestion { swap: true }), ..request };
    let gone = written(&request, &folder.path().join("2.img"));
    assert!((300_000..302_000).contains(&gone.stick.images[0].load.swap_left_out));
    assert!(gone.stick.images[0].ram_blake3.is_some());
}

#[test]
fn an_image_that_somebody_may_write_to_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = floppy(folder.path());
    let open = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let report = written(&StickRequest::new(vec![path]), &folder.path().join("stick.img"));
    drop(open);
    let image = &report.stick.images[0];
    assert_eq!((image.ram_blake3.as_ref(), image.load.left_out), (None, 0));
    let note = "free space is not left out: the image: it is in use, and what is free may change";
    assert!(image.notes.iter().any(|found| found == note), "{:?}", image.notes);
}

#[test]
fn an_image_stays_whole_beside_one_on_which_a_system_sleeps() {
    let folder = tempfile::tempdir().unwrap();
    let (beside, sleeper) = (floppy(folder.path()), folder.path().join("c.img"));
    let memory = folder.path().join("HIBERFIL.SYS");
    fs::write(&memory, [&b"hibr"[..], &[7; 9000]].concat()).unwrap();
    let image = sleeper.to_str().unwrap();
    assert!(tool("dosfstools", "mkfs.fat", &["-C", image, "1440"]).status.success());
    assert!(tool("mtools", "mcopy", &["-i", image, memory.to_str().unwrap(), "::"]).status.success());
    let report = written(&StickRequest::new(vec![beside, sleeper]), &folder.path().join("stick.img"));
    assert!(report.stick.images.iter().all(|image| image.ram_blake3.is_none()));
}
