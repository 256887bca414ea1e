//! Other people's readers agree with ours: `xorriso -report_el_torito` and `isoinfo -d`, on discs of every mode and
//! on discs that nobody here made.

use std::path::{Path, PathBuf};

use crate::frames::discs::{Tree, load, partitioned};
use crate::frames::sticks::{noise, printed, tool};
use ramkey::contents::iso::{Disc, Emulation, System, read, recognise};

/// A disc that may lie in a folder that goes when it goes.
struct Case {
    name: String,
    path: PathBuf,
    _tree: Option<Tree>,
}

/// Discs from the distribution's packages.
const PACKAGED: &[&str] = &[
    "/usr/lib/grub-rescue/grub-rescue-cdrom.iso",
    "/usr/lib/ipxe/ipxe.iso",
    "/usr/lib/memtest86+/memtest86+ia32.iso",
    "/usr/lib/memtest86+/memtest86+x64.iso",
];

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> =
        PACKAGED.iter().map(|path| Case { name: (*path).into(), path: path.into(), _tree: None }).collect();
    let modes: [(&str, Vec<u8>, &[&str]); 5] = [
        ("no emulation", noise(9000), &["-no-emul-boot", "-boot-load-size", "4"]),
        ("1.2M floppy", noise(1_228_800), &[]),
        ("1.44M floppy", noise(1_474_560), &[]),
        ("2.88M floppy", noise(2_949_120), &[]),
        ("hard disk", partitioned(), &["-hard-disk-boot"]),
    ];
    for (name, image, mode) in modes {
        for (maker, more) in [
            ("xorriso", &["-J"][..]),
            ("xorriso", &["-eltorito-alt-boot", "-e", "efi.img", "-no-emul-boot"]),
            ("genisoimage", &["-R"]),
        ] {
            let tree = Tree::new(&["readme.txt", "folder/file"]);
            tree.add("boot.img", &image);
            tree.add("efi.img", &noise(4096));
            let options = [&["-V", "CASE", "-b", "boot.img", "-c", "boot.cat"], mode, more].concat();
            let path = if maker == "xorriso" { tree.xorriso(&options) } else { tree.genisoimage(&options) };
            cases.push(Case { name: format!("{name}, {maker} {more:?}"), path, _tree: Some(tree) });
        }
    }
    let tree = Tree::new(&[]);
    tree.add("boot.img", &noise(70_000));
    let options = ["-b", "boot.img", "-c", "boot.cat", "-no-emul-boot", "-boot-load-seg", "4096"];
    let path = tree.genisoimage(&[&options[..], &["-boot-load-size", "137"]].concat());
    cases.push(Case { name: "a segment".into(), path, _tree: Some(tree) });
    let tree = Tree::new(&["readme.txt"]);
    tree.add("efi.img", &noise(4096));
    let path = tree.xorriso(&["-e", "efi.img", "-no-emul-boot"]);
    cases.push(Case { name: "EFI alone".into(), path, _tree: Some(tree) });
    let tree = Tree::new(&["readme.txt"]);
    let path = tree.xorriso(&["-V", "DATA"]);
    cases.push(Case { name: "no boot".into(), path, _tree: Some(tree) });
    cases
}

fn look(path: &Path) -> Disc {
    read(&load(path)).unwrap().expect("a disc")
}

#[test]
fn xorriso_reports_the_same_boot_entry() {
    for case in cases() {
        let disc = look(&case.path);
        let output = tool(
            "xorriso",
            "xorriso",
            &["-indev", case.path.to_str().unwrap(), "-report_el_torito", "plain"],
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let images: Vec<Vec<&str>> = text
            .lines()
            .filter_map(|line| line.strip_prefix("El Torito boot img :"))
            .map(|line| line.split_whitespace().collect())
            .collect();
        let bios = images.iter().find(|words| words[1] == "BIOS" && words[2] == "y");
        assert_eq!(disc.efi, images.iter().any(|words| words[1] == "UEFI"), "{}: {text}", case.name);
        let Some(words) = bios else {
            assert!(disc.boot.is_none(), "{}: {text}", case.name);
            continue;
        };
        let boot = disc.boot.unwrap_or_else(|| panic!("{}: {:?}", case.name, disc.no_boot));
        let hex = |word: &str| u16::from_str_radix(word.trim_start_matches("0x"), 16).unwrap();
        let emulation = match words[3] {
            "none" => Emulation::NoEmulation,
            "fd1.2" => Emulation::Floppy12,
            "fd1.4" => Emulation::Floppy144,
            "fd2.8" => Emulation::Floppy288,
            "hd" => Emulation::HardDisk,
            other => panic!("{other}"),
        };
        assert_eq!(boot.emulation, emulation, "{}", case.name);
        let segment = match hex(words[4]) {
            0 => 0x07C0,
            segment => segment,
        };
        assert_eq!(
            (boot.load_segment, u16::from(boot.system_type)),
            (segment, hex(words[5])),
            "{}",
            case.name
        );
        let numbers = (boot.told_sectors.to_string(), boot.load_lba.to_string());
        assert_eq!((numbers.0.as_str(), numbers.1.as_str()), (words[6], words[7]), "{}", case.name);
        let catalogue = text.lines().find_map(|line| line.strip_prefix("El Torito catalog  : ")).unwrap();
        let lba = catalogue.split_whitespace().next().unwrap();
        assert_eq!(lba, boot.catalogue_lba.to_string(), "{}", case.name);
    }
}

#[test]
fn isoinfo_reports_the_same_volume_and_default_entry() {
    for case in cases() {
        let disc = look(&case.path);
        let text = printed(&tool("genisoimage", "isoinfo", &["-d", "-i", case.path.to_str().unwrap()]));
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '));
            line.map(|value| value.trim().to_owned())
        };
        assert_eq!(field("Volume id:").unwrap_or_default(), disc.volume_id, "{}: {text}", case.name);
        assert_eq!(field("Volume size is:"), Some(disc.blocks.to_string()), "{}", case.name);
        let present = disc.len / 2048;
        assert!(u64::from(disc.blocks) <= present, "{}: {} of {present}", case.name, disc.blocks);
        let Some(boot) = disc.boot.filter(|boot| boot.index == 0) else { continue };
        let offset = format!("{:X} {}", boot.load_lba, boot.load_lba);
        assert_eq!(field("Bootoff"), Some(offset), "{}: {text}", case.name);
        // isoinfo shows the segment and the sectors in hexadecimal.
        assert_eq!(field("Nsect"), Some(format!("{:X}", boot.told_sectors)), "{}: {text}", case.name);
        let media = field("Boot media").unwrap();
        assert!(media.starts_with(&format!("{:x} ", boot.media)), "{}: {media}", case.name);
    }
}

#[test]
fn the_boot_image_is_where_the_entry_says() {
    for case in cases().into_iter().filter(|case| case._tree.is_some()) {
        let (image, disc) = (load(&case.path), look(&case.path));
        let Some(boot) = disc.boot else { continue };
        let at = boot.load_lba as usize * 2048;
        let first = match boot.emulation {
            Emulation::NoEmulation => noise(9000)[..64].to_vec(),
            Emulation::HardDisk => partitioned()[..64].to_vec(),
            _ => noise(1_228_800)[..64].to_vec(),
        };
        assert_eq!(image.0[at..at + 64], first, "{}", case.name);
    }
}

#[test]
fn discs_of_packages_are_what_their_makers_say() {
    let hybrid: Vec<bool> = PACKAGED.iter().map(|path| look(Path::new(path)).hybrid).collect();
    assert_eq!(hybrid, [true, true, true, true]);
    let loads = PACKAGED.iter().map(|path| look(Path::new(path)).boot.unwrap().load_sectors);
    assert_eq!(loads.collect::<Vec<_>>(), [4, 4, 1, 1]);
}

#[test]
fn the_systems_of_packages_are_recognised() {
    let systems = PACKAGED.iter().map(|path| {
        let image = load(Path::new(path));
        recognise(&read(&image).unwrap().unwrap(), &image).unwrap()
    });
    let expected = [System::Grub, System::Isolinux, System::Dos, System::Dos];
    assert_eq!(systems.collect::<Vec<_>>(), expected);
}
