//! What `write` and `inspect` say of the system on an image.

use crate::frames::discs;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::frames::discs::Tree;
use crate::frames::sticks::noise;
use crate::frames::windows_image::{System, Xp};
use serde_json::Value;

/// What the program prints for people, with an image as the first argument; it must end well.
fn ramkey(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ramkey")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The warnings of the first image of a plan.
fn warnings(image: &Path, options: &[&str]) -> Vec<String> {
    let all = [&["plan", image.to_str().unwrap(), "--json"], options].concat();
    let report: Value = serde_json::from_str(&ramkey(&all)).unwrap();
    let warnings = report["images"][0]["warnings"].as_array().unwrap();
    warnings.iter().map(|warning| warning.as_str().unwrap().to_owned()).collect()
}

const NO_EMULATION: [&str; 4] = ["-b", "boot.bin", "-no-emul-boot", "-boot-load-size"];

/// A disc with these files that boots without emulation.
fn disc(tree: &Tree) -> PathBuf {
    tree.add("boot.bin", &noise(2048));
    tree.xorriso(&[&NO_EMULATION[..], &["4"]].concat())
}

#[test]
fn a_setup_of_xp_is_warned_about_unless_it_has_a_floppy_with_its_driver() {
    let tree = Tree::new(&["I386/TXTSETUP.SIF", "I386/SETUPLDR.BIN"]);
    let disc = disc(&tree);
    let floppy = disc.with_file_name("f6.img");
    fs::write(&floppy, vec![0; 1_474_560]).unwrap();
    let found = warnings(&disc, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("from text mode on it needs a driver") && found[0].contains("add `--floppy`"));
    assert_eq!(warnings(&disc, &["--floppy", floppy.to_str().unwrap()]), [""; 0]);
    let other = warnings(&disc, &["--with", floppy.to_str().unwrap()]);
    assert_eq!(other, found, "a floppy that is not said to be one may hold anything");

    let shown = ramkey(&["inspect", disc.to_str().unwrap()]);
    assert!(shown.contains("\nsystem    a setup of Windows 2000, XP or 2003"), "{shown}");
    assert!(shown.contains("\nboot      no emulation from block "), "{shown}");
    assert!(shown.contains("\n  step    add `--floppy`"), "{shown}");
}

#[test]
fn a_cut_disc_and_a_live_system_are_warned_about() {
    let tree = Tree::new(&["live/filesystem.squashfs", "live/vmlinuz"]);
    tree.add("large", &noise(3 << 20));
    let disc = disc(&tree);
    let found = warnings(&disc, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("its kernel looks for the CD again"), "{found:?}");
    let whole = fs::read(&disc).unwrap();
    fs::write(&disc, &whole[..whole.len() - (1 << 20)]).unwrap();
    let cut = warnings(&disc, &[]);
    assert!(cut[0].starts_with("the CD image is shorter than it says itself"), "{cut:?}");
    assert_eq!(cut[1..], found);
}

#[test]
fn a_windows_that_needs_the_other_identity_is_told_so_unless_one_was_chosen() {
    let mut xp = Xp::new(System::Fat16);
    xp.remove_driver("FiraDisk", "firadisk.sys").driver("SVBus", "svbusx86.sys", [1, 3, 0, 0]);
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("xp.img");
    fs::write(&image, xp.disk()).unwrap();
    let note = "the driver in its Windows looks for GRUB4DOS: add --identity grub4dos";
    assert_eq!(warnings(&image, &[]), [note]);
    for identity in ["memdisk", "grub4dos"] {
        assert_eq!(warnings(&image, &["--identity", identity]), [""; 0]);
    }
    fs::write(&image, Xp::new(System::Fat16).disk()).unwrap();
    assert_eq!(warnings(&image, &[]), [""; 0]);
    let mut xp = Xp::new(System::Fat16);
    xp.remove_driver("FiraDisk", "firadisk.sys");
    fs::write(&image, xp.disk()).unwrap();
    let found = warnings(&image, &[]);
    assert!(found.len() == 1 && found[0].ends_with("; `ramkey inspect` shows the steps"), "{found:?}");
}

#[test]
fn a_disk_without_a_signature_gets_one_and_one_with_keeps_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("disk.img");
    for (signature, shown) in [(0u32, "none; the RAM disk gets one"), (0x1234_5678, "12345678")] {
        let mut disk = discs::partitioned();
        disk[0x1B8..0x1BC].copy_from_slice(&signature.to_le_bytes());
        fs::write(&image, &disk).unwrap();
        let path = image.to_str().unwrap();
        assert!(ramkey(&["inspect", path]).contains(&format!("\nsignature {shown}")));
        let report: Value = serde_json::from_str(&ramkey(&["plan", path, "--json"])).unwrap();
        let [a, b, c, d, ..] = *blake3::hash(&disk).as_bytes();
        let given = u32::from_le_bytes([a, b, c, d]) | 1;
        let expected = if signature == 0 { Value::from(given) } else { Value::Null };
        assert_eq!(report["images"][0]["disk_signature"], expected);
        let said = ramkey(&["plan", path]).contains(&format!("gets the disk signature {given:08X} in RAM"));
        assert_eq!(said, signature == 0);
    }
}

#[test]
fn two_disks_of_a_set_with_one_signature_of_their_own_are_warned_about() {
    let folder = tempfile::tempdir().unwrap();
    let warned = |name: &str, first: u32, second: u32| {
        let path = |which: &str| folder.path().join(format!("{name}-{which}.img"));
        for (which, signature) in [("a", first), ("b", second)] {
            let mut disk = discs::partitioned();
            disk[0x1B8..0x1BC].copy_from_slice(&signature.to_le_bytes());
            fs::write(path(which), disk).unwrap();
        }
        let (a, b) = (path("a"), path("b"));
        let report = ramkey(&["plan", a.to_str().unwrap(), "--with", b.to_str().unwrap(), "--json"]);
        let report: Value = serde_json::from_str(&report).unwrap();
        report["companions"][0]["warnings"].as_array().unwrap().len()
    };
    assert_eq!([warned("same", 7, 7), warned("other", 7, 8), warned("none", 0, 0)], [1, 0, 0]);
}
