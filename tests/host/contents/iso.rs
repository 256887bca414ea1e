//! What a CD image is taken for, how a BIOS boots it, and what its system does afterwards.

use std::fs;

use crate::frames::discs::{Tree, by_hand, entry, fix_sum, load, partitioned, section};
use crate::frames::sticks::{Image, noise};
use proptest::prelude::*;
use ramkey::contents::iso::{
    BootEntry, CatalogueFault, Disc, DiscWarning, Emulation, FileSystem, IsoError, LiveSystem, NoBoot,
    System, read, recognise,
};
use ramkey::image::Source;

fn disc(bytes: Vec<u8>) -> Disc {
    read(&Image(bytes)).unwrap().expect("a disc")
}

fn boot(bytes: Vec<u8>) -> BootEntry {
    let disc = disc(bytes);
    disc.boot.unwrap_or_else(|| panic!("{:?}", disc.no_boot))
}

/// The system on a disc that xorriso made of files in a tree, with ISOLINUX's name in its boot code or another.
fn system(files: &[&str], code: &[u8]) -> System {
    let tree = Tree::new(files);
    tree.add("code.bin", &[code, &noise(4096)].concat());
    let image =
        load(&tree.xorriso(&["-b", "code.bin", "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "4"]));
    let disc = read(&image).unwrap().unwrap();
    recognise(&disc, &image).unwrap()
}

const ISOLINUX: &[u8] = b"\r\nISOLINUX 6.04 isolinux.bin missing or corrupt.";

#[test]
fn what_is_no_disc_is_none() {
    for len in [0, 1, 512, 0x8000, 0x8001, 0x8800, 0x9000, 1 << 20] {
        assert!(read(&Image(noise(len))).unwrap().is_none(), "{len} bytes");
        assert!(read(&Image(vec![0; len])).unwrap().is_none(), "{len} zeros");
    }
}

#[test]
fn a_zero_in_the_catalogue_means_the_usual_segment_and_one_block_or_one_sector() {
    let table = [
        (0, 0, 0, (Emulation::NoEmulation, 0x07C0, 4)),
        (0, 0x1000, 1, (Emulation::NoEmulation, 0x1000, 1)),
        (0, 0x0200, 33, (Emulation::NoEmulation, 0x0200, 33)),
        (1, 0, 0, (Emulation::Floppy12, 0x07C0, 1)),
        (2, 0, 1, (Emulation::Floppy144, 0x07C0, 1)),
        (3, 0, 7, (Emulation::Floppy288, 0x07C0, 1)),
    ];
    for (media, segment, sectors, expected) in table {
        let boot = boot(by_hand(64, 0, &[entry(0x88, media, segment, sectors, 20)]));
        let found = (boot.emulation, boot.load_segment, boot.load_sectors);
        assert_eq!(found, expected, "media {media}, {sectors} sectors");
        assert_eq!(
            (boot.told_sectors, boot.load_lba, boot.catalogue_lba, boot.media),
            (sectors, 20, 19, media)
        );
    }
}

#[test]
fn an_emulated_floppy_has_the_sectors_of_its_format_also_where_the_disc_ends_before() {
    for (media, sectors_per_track) in [(1, 15), (2, 18), (3, 36)] {
        let boot = boot(by_hand(64, 0, &[entry(0x88, media, 0, 1, 60)]));
        let disk = boot.disk.expect("an emulated disk");
        assert_eq!(disk.geometry.to_string(), format!("80/2/{sectors_per_track}"));
        assert_eq!((disk.sectors, disk.present), (160 * sectors_per_track, 16));
    }
}

#[test]
fn an_emulated_hard_disk_ends_with_its_partition() {
    let mut bytes = by_hand(3000, 0, &[entry(0x88, 4, 0, 1, 20)]);
    let disk = partitioned();
    bytes[20 * 2048..20 * 2048 + disk.len()].copy_from_slice(&disk);
    let found = boot(bytes.clone()).disk.unwrap();
    assert_eq!((found.geometry.to_string().as_str(), found.sectors, found.present), ("8/16/63", 8064, 8064));

    // The end address of another geometry than the one that xorriso's loaders use.
    let at = 20 * 2048 + 446;
    bytes[at..at + 16].copy_from_slice(&[0x80, 1, 1, 0, 6, 63, 32, 2, 32, 0, 0, 0, 0xE0, 0x17, 0, 0]);
    let found = boot(bytes.clone()).disk.unwrap();
    assert_eq!((found.geometry.to_string().as_str(), found.sectors), ("3/64/32", 6144));

    // A second partition: the disk reaches to the end of the last, and that is said.
    bytes.copy_within(at..at + 16, at + 16);
    bytes[at + 16 + 8..at + 16 + 12].copy_from_slice(&6144u32.to_le_bytes());
    let two = disc(bytes.clone());
    let cut = DiscWarning::DiskTruncated { claimed: 6144 + 6112, present: 2980 * 4 };
    assert_eq!(two.warnings, [DiscWarning::Partitions { found: 2 }, cut]);
    assert!(two.boot.unwrap().disk.unwrap().sectors >= 6144 + 6112);

    // A partition that is far longer than the disc is cut.
    bytes[at + 16..at + 32].fill(0);
    bytes[at + 12..at + 16].copy_from_slice(&0x00FF_FFFFu32.to_le_bytes());
    let cut = disc(bytes.clone());
    assert!(
        matches!(cut.warnings[..], [DiscWarning::DiskTruncated { present: 11920, .. }]),
        "{:?}",
        cut.warnings
    );
    assert!(cut.boot.unwrap().disk.unwrap().sectors < 16 << 10);

    bytes[at..at + 64].fill(0);
    assert_eq!(disc(bytes).no_boot, Some(NoBoot::NoPartition));
}

#[test]
fn the_first_bootable_entry_for_x86_is_taken_also_from_a_section() {
    let (bios, other) = (entry(0x88, 0, 0, 4, 21), entry(0x88, 0, 0, 8, 22));
    let (efi, off) = (entry(0x88, 0, 0, 0, 23), entry(0x00, 0, 0, 4, 24));
    let last = |platform, count| section(0x91, platform, count);
    let mut continued = efi;
    continued[1] |= 0x20;
    let (mut extension, mut end) = ([0; 32], [0; 32]);
    extension[..2].copy_from_slice(&[0x44, 0x20]);
    end[0] = 0x44;
    let cases = [
        ("default", 0, vec![bios], 0, 21),
        ("default and EFI", 0, vec![bios, last(0xEF, 1), efi], 0, 21),
        ("EFI first", 0xEF, vec![efi, section(0x90, 0xEF, 1), efi, last(0, 1), other], 2, 22),
        ("default off", 0, vec![off, last(0, 2), off, other], 2, 22),
        (
            "behind extensions",
            0xEF,
            vec![efi, section(0x90, 0xEF, 1), continued, extension, end, last(0, 1), bios],
            2,
            21,
        ),
        ("PowerPC first", 1, vec![bios, last(0, 1), other], 1, 22),
    ];
    for (name, platform, entries, index, lba) in cases {
        let boot = boot(by_hand(64, platform, &entries));
        assert_eq!((boot.index, boot.load_lba), (index, lba), "{name}");
    }
}

#[test]
fn each_reason_why_a_disc_does_not_boot_is_told() {
    let good = entry(0x88, 0, 0, 4, 21);
    let efi = by_hand(64, 0xEF, &[good]);
    let also_efi = by_hand(64, 0, &[entry(0, 0, 0, 4, 21), section(0x91, 0xEF, 1), good]);
    let mut no_record = by_hand(64, 0, &[good]);
    no_record[17 * 2048 + 7] = b'e';
    let mut header = by_hand(64, 0, &[good]);
    header[19 * 2048] = 2;
    let mut key = by_hand(64, 0, &[good]);
    key[19 * 2048 + 31] = 0xAB;
    let mut far = by_hand(64, 0, &[good]);
    far[17 * 2048 + 0x47] = 64;
    let fault = |lba, fault| NoBoot::Catalogue { lba, fault };
    let cases = [
        (efi, NoBoot::EfiOnly, "it boots by EFI only"),
        (also_efi, NoBoot::EfiOnly, "it boots by EFI only"),
        (no_record, NoBoot::NoRecord, "it has no boot record"),
        (
            header,
            fault(19, CatalogueFault::Header(2)),
            "its boot catalogue at block 19 is damaged: it begins with 02h and not with 01h",
        ),
        (
            key,
            fault(19, CatalogueFault::Key(0xAB55)),
            "its boot catalogue at block 19 is damaged: its key is AB55h and not AA55h",
        ),
        (
            far,
            fault(64, CatalogueFault::Outside),
            "its boot catalogue at block 64 is damaged: the disc ends before it",
        ),
        (
            by_hand(64, 1, &[good]),
            NoBoot::Platform(1),
            "it boots on another kind of machine only (platform 01h)",
        ),
        (
            by_hand(64, 0, &[entry(0, 0, 0, 4, 21)]),
            NoBoot::NotBootable,
            "its boot catalogue says that nothing on it is to be booted",
        ),
        (
            by_hand(64, 0, &[entry(0x88, 5, 0, 4, 21)]),
            NoBoot::Media(5),
            "its boot catalogue has the unknown media byte 05h",
        ),
        (
            by_hand(64, 0, &[entry(0x88, 0, 0, 4, 64)]),
            NoBoot::Outside { lba: 64, blocks: 64 },
            "its boot image is at block 64 and it has 64 blocks",
        ),
        (
            by_hand(64, 0, &[entry(0x88, 4, 0, 1, 21)]),
            NoBoot::NoPartition,
            "its emulated hard disk has no partition",
        ),
    ];
    for (bytes, why, text) in cases {
        let disc = disc(bytes);
        assert_eq!(disc.no_boot.as_ref(), Some(&why));
        let error = disc.boot_entry().unwrap_err();
        assert_eq!(error.to_string(), format!("the CD image does not boot as a CD: {text}"));
        assert!(!error.help().is_empty());
    }
}

#[test]
fn what_is_odd_and_does_not_matter_is_a_warning() {
    let good = [entry(0x88, 0, 0, 4, 21)];
    assert_eq!(disc(by_hand(64, 0, &good)).warnings, []);

    let mut sum = by_hand(64, 0, &good);
    sum[19 * 2048 + 28] ^= 1;
    assert_eq!(disc(sum).warnings, [DiscWarning::Checksum]);

    let mut id = by_hand(64, 0, &good);
    id[19 * 2048 + 4..19 * 2048 + 10].copy_from_slice(b"MAKER ");
    fix_sum(&mut id);
    assert_eq!((disc(id.clone()).warnings, disc(id).boot.unwrap().id), (vec![], "MAKER".into()));

    let whole = by_hand(64, 0, &good);
    let short = whole[..63 * 2048 + 2047].to_vec();
    let expected = DiscWarning::Truncated { claimed: 64, present: 63 };
    assert_eq!(disc(short).warnings, std::slice::from_ref(&expected));
    assert_eq!(
        expected.to_string(),
        "the CD image is shorter than it says itself: it has 126 KiB of 128 KiB"
    );

    let last = disc(by_hand(64, 0, &[entry(0x88, 0, 0, 6, 63)]));
    assert_eq!(last.warnings, [DiscWarning::LoadCut { wanted: 3072, present: 2048 }]);
}

#[test]
fn a_catalogue_that_no_machine_can_obey_does_not_boot_and_one_that_some_can_is_warned_of() {
    let disc_of = |media, segment, sectors| disc(by_hand(64, 0, &[entry(0x88, media, segment, sectors, 21)]));
    // Over the data of the BIOS, behind the end of base memory, and where the screen is; with emulation too.
    let refused = [
        (0, 0x0004, 76, 0x40, 0x9840, true),
        (0, 0x0050, 4, 0x500, 0xD00, true),
        (0, 0x005F, 4, 0x5F0, 0xDF0, true),
        (0, 0xA000, 4, 0xA_0000, 0xA_0800, false),
        (0, 0x9000, 127, 0x9_0000, 0x9_FE00, false),
        (0, 0, 65535, 0x7C00, 0x7C00 + 65535 * 512, false),
        (2, 0x0004, 1, 0x40, 0x240, true),
        (2, 0xA000, 1, 0xA_0000, 0xA_0200, false),
    ];
    for (media, segment, sectors, start, end, low) in refused {
        let disc = disc_of(media, segment, sectors);
        assert_eq!(disc.no_boot, Some(NoBoot::Load { start, end, low }), "{segment:04X}h {sectors}");
        assert!(disc.no_boot.unwrap().help().contains("-boot-load-seg 0x7c0"));
    }
    let high = DiscWarning::LoadHigh { start: 0x9_0000, end: 0x9_8200 };
    assert_eq!(disc_of(0, 0x9000, 65).warnings[0], high);
    assert!(high.to_string().ends_with("less than 617 KB of base memory may stop with E23"), "{high}");
    for (segment, sectors) in [(0x0060, 4), (0x9000, 64), (0, 4), (0x1000, 16)] {
        let disc = disc_of(0, segment, sectors);
        assert!(disc.boot.is_some(), "{segment:04X}h {sectors}");
        let is_high = |warning: &DiscWarning| matches!(warning, DiscWarning::LoadHigh { .. });
        assert!(!disc.warnings.iter().any(is_high), "{segment:04X}h {sectors}: {:?}", disc.warnings);
    }
}

#[test]
fn a_boot_image_of_zeros_is_warned_of() {
    let mut bytes = by_hand(64, 0, &[entry(0x88, 0, 0, 4, 21)]);
    assert_eq!(disc(bytes.clone()).warnings, []);
    bytes[21 * 2048..22 * 2048].fill(0);
    assert_eq!(disc(bytes).warnings, [DiscWarning::NoCode]);
}

#[test]
fn blocks_of_another_length_and_a_missing_volume_are_errors() {
    let mut odd = by_hand(64, 0, &[]);
    odd[16 * 2048 + 129] = 2;
    let error = read(&Image(odd)).unwrap_err();
    let expected = "the CD image says that its blocks have 512 bytes and those of a CD have 2048";
    assert_eq!(error.to_string(), expected);
    assert!(error.help().contains("bs=2048"));

    let mut none = by_hand(64, 0, &[]);
    none[16 * 2048] = 3;
    assert!(matches!(read(&Image(none)), Err(IsoError::NoVolume { .. })));
}

#[test]
fn udf_is_told_apart_alone_and_beside_iso_9660() {
    let mut both = by_hand(64, 0, &[]);
    let vrs = |disc: &mut [u8], lba: usize, id: &[u8]| {
        disc[lba * 2048 + 1..lba * 2048 + 6].copy_from_slice(id);
    };
    for (lba, id) in [(19, b"BEA01"), (20, b"NSR02"), (21, b"TEA01")] {
        vrs(&mut both, lba, id);
    }
    assert_eq!(disc(both).file_system, FileSystem::Iso9660AndUdf);

    let mut alone = vec![0; 64 * 2048];
    for (lba, id) in [(16, b"BEA01"), (17, b"NSR03"), (18, b"TEA01")] {
        vrs(&mut alone, lba, id);
    }
    let disc = disc(alone);
    assert_eq!((disc.file_system, disc.no_boot, disc.blocks), (FileSystem::Udf, Some(NoBoot::NoRecord), 0));
}

#[test]
fn live_systems_are_told_apart_from_tools_and_their_loader_is_named() {
    use LiveSystem::*;
    let cases: [(&[&str], LiveSystem); 10] = [
        (&["live/filesystem.squashfs", "live/vmlinuz"], DebianLive),
        (&["casper/filesystem.squashfs", "casper/vmlinuz"], Casper),
        (&["LiveOS/squashfs.img", "isolinux/vmlinuz0"], LiveOs),
        (&["arch/x86_64/airootfs.sfs"], Arch),
        (&["sysresccd/x86_64/airootfs.sfs"], SystemRescue),
        (&["slax/01-core.sb"], LinuxLive),
        (&["puppy.sfs", "vmlinuz"], Puppy),
        (&["KNOPPIX/KNOPPIX", "boot/isolinux/linux"], Knoppix),
        (&["install.386/vmlinuz", "install.386/initrd.gz"], DebianInstaller),
        (&["boot/isolinux/vmlinuz"], Other),
    ];
    for (files, kind) in cases {
        let found = system(files, ISOLINUX);
        assert_eq!(found, System::LinuxLive { kind, grub: false }, "{files:?}");
        assert!(found.looks_again() && found.advice().unwrap().contains("--linux-phram"));
        let with_grub = [files, &["boot/grub/grub.cfg"]].concat();
        assert_eq!(system(&with_grub, b"GRUB "), System::LinuxLive { kind, grub: true }, "{files:?}");
    }
    for files in [&["boot/core.gz", "boot/vmlinuz"], &["linux", "initrd.gz"]] {
        let whole = system(files, ISOLINUX);
        assert_eq!(
            (whole, whole.looks_again(), whole.advice()),
            (System::LinuxInitrd, false, None),
            "{files:?}"
        );
    }
    assert_eq!(system(&["boot/grub/grub.cfg"], b"GRUB "), System::Grub);
    assert_eq!(system(&["isolinux.cfg", "tool.c32"], ISOLINUX), System::Isolinux);
    assert_eq!(system(&["readme"], b"own code"), System::Unknown);
    assert!(!system(&["readme"], b"own code").looks_again());
}

#[test]
fn files_that_are_in_udf_alone_are_found() {
    let tree = Tree::new(&["bootmgr", "sources/boot.wim", "readme.txt", "plain/\u{e9}t\u{e9}.txt"]);
    for number in 0..200 {
        tree.add(&format!("many/a name that fills the directory {number}"), b"");
    }
    let made = |more: &[&str]| {
        let image = load(
            &tree.genisoimage(&[&["-udf", "-allow-limited-size", "-input-charset", "utf-8"], more].concat()),
        );
        let disc = read(&image).unwrap().unwrap();
        assert_eq!(disc.file_system, FileSystem::Iso9660AndUdf);
        (recognise(&disc, &image).unwrap(), image)
    };
    assert_eq!(made(&[]).0, System::WindowsPe);
    let hidden = ["-hide", "bootmgr", "-hide", "sources"];
    let (system, image) = made(&hidden);
    assert_eq!(system, System::WindowsPe);
    // The same disc, its anchor spoilt: ISO 9660 has only the note.
    let mut spoilt = image.0;
    spoilt[256 * 2048 + 4] ^= 1;
    let spoilt = Image(spoilt);
    assert_eq!(recognise(&read(&spoilt).unwrap().unwrap(), &spoilt).unwrap(), System::Unknown);
    // genisoimage takes its UDF names from Joliet's.
    assert_eq!(made(&["-hide", "bootmgr", "-hide-joliet", "bootmgr"]).0, System::Unknown);
}

#[test]
fn windows_and_its_relatives_are_told_apart_by_their_files_or_by_their_boot_code() {
    assert_eq!(system(&["bootmgr", "sources/boot.wim", "boot/boot.sdi"], b"x"), System::WindowsPe);
    assert_eq!(system(&["readme.txt"], b"CDBOOT: Couldn't find BOOTMGR\r\n"), System::WindowsPe);
    assert_eq!(system(&["readme.txt"], b"BOOTMGR can be chosen in the menu"), System::Unknown);
    let setup = system(&["i386/txtsetup.sif", "i386/setupldr.bin", "i386/ntdetect.com"], b"x");
    assert_eq!(setup, System::WindowsSetup);
    assert!(setup.advice().unwrap().contains("--floppy") && setup.looks_again());
    assert_eq!(system(&["reactos/reactos.exe", "loader/freeldr.sys"], b"x"), System::ReactOs);
    assert_eq!(system(&["boot/kernel/kernel", "boot/loader"], b"x"), System::FreeBsd);
    assert!(!System::WindowsPe.looks_again());
}

#[test]
fn a_disc_with_an_emulated_floppy_is_a_dos_or_a_tool() {
    let tree = Tree::new(&["setup/setup.exe"]);
    tree.add("boot.img", &noise(1_474_560));
    let image = load(&tree.genisoimage(&["-b", "boot.img", "-c", "boot.cat"]));
    let disc = read(&image).unwrap().unwrap();
    let found = recognise(&disc, &image).unwrap();
    assert_eq!(found, System::Dos);
    assert!(!found.looks_again() && found.advice().unwrap().contains("ELTORITO.SYS"));
}

#[test]
fn names_are_found_as_rock_ridge_and_as_joliet_writes_them() {
    let tree = Tree::new(&["LiveOS.directory/x", "sysresccd/archiso-long-name.img"]);
    for options in [&["-R"][..], &["-J"], &["-J", "-R"], &["-iso-level", "1"]] {
        let image = load(&tree.genisoimage(&[options, &["-V", "NAMES"]].concat()));
        let disc = read(&image).unwrap().unwrap();
        assert_eq!(disc.volume_id, "NAMES");
        let kind = LiveSystem::SystemRescue;
        let found = recognise(&disc, &image).unwrap();
        // Level 1 cuts `sysresccd` to eight letters, and nothing tells the whole name.
        let expected = match options {
            ["-iso-level", "1"] => System::Unknown,
            _ => System::LinuxLive { kind, grub: false },
        };
        assert_eq!(found, expected, "{options:?}");
    }
}

#[test]
fn a_statement_is_one_line_and_advice_comes_where_a_system_looks_again() {
    let kind = LiveSystem::Casper;
    let systems = [
        System::LinuxLive { kind, grub: true },
        System::LinuxInitrd,
        System::WindowsPe,
        System::WindowsSetup,
        System::ReactOs,
        System::FreeBsd,
        System::Grub,
        System::Isolinux,
        System::Dos,
        System::Unknown,
    ];
    for system in systems {
        let text = system.statement();
        assert!(!text.contains('\n') && !text.ends_with('.') && !text.contains("  "), "{text}");
        assert!(!system.looks_again() || system.advice().is_some(), "{system:?}");
    }
}

/// A disc with every kind of structure that is read.
fn full_disc() -> Vec<u8> {
    let tree = Tree::new(&["live/filesystem.squashfs", "isolinux/isolinux.cfg", "a/b/c/d/e"]);
    tree.add("hd.img", &partitioned());
    tree.add("efi.img", &noise(8192));
    let options =
        ["-J", "-R", "-b", "hd.img", "-c", "boot.cat", "-hard-disk-boot", "-eltorito-alt-boot", "-e"];
    fs::read(tree.xorriso(&[&options[..], &["efi.img", "-no-emul-boot"]].concat())).unwrap()
}

/// The same with UDF, and the blocks in which its structures lie.
fn udf_disc() -> Vec<u8> {
    let tree = Tree::new(&["bootmgr", "sources/boot.wim", "a/b/c"]);
    tree.add("boot.img", &noise(2048));
    let options = ["-udf", "-J", "-R", "-b", "boot.img", "-c", "boot.cat", "-no-emul-boot"];
    fs::read(tree.genisoimage(&options)).unwrap()
}

#[test]
fn damaged_discs_never_panic_and_never_claim_what_is_not_there() {
    // Descriptors, catalogue, directories, and the emulated disk's first sector; for UDF its anchor and what follows.
    damage(&full_disc(), 16..60);
    damage(&udf_disc(), 16..40);
    damage(&udf_disc(), 256..290);
}

/// Changes bytes of some blocks of a disc, and looks at what it becomes.
fn damage(good: &[u8], blocks: std::ops::Range<usize>) {
    let interesting = blocks.start * 2048..good.len().min(blocks.end * 2048);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(1500));
    let changes =
        proptest::collection::vec((interesting, prop_oneof![any::<u8>(), Just(0), Just(0xFF)]), 1..24);
    let cut = prop_oneof![3 => Just(usize::MAX), 1 => 0..good.len()];
    let result = runner.run(&(changes, cut), |(changes, cut)| {
        let mut bytes = good.to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(cut);
        let image = Image(bytes);
        let Ok(Some(disc)) = read(&image) else { return Ok(()) };
        let _ = recognise(&disc, &image).unwrap().statement();
        prop_assert!(disc.boot.is_some() != disc.no_boot.is_some());
        if let Some(boot) = &disc.boot {
            prop_assert!(u64::from(boot.load_lba) * 2048 < image.len());
            if let Some(disk) = &boot.disk {
                prop_assert!(disk.present <= disk.sectors && disk.sectors >= disk.geometry.sectors());
                let end = u64::from(boot.load_lba) * 2048 + disk.present * 512;
                prop_assert!(end <= image.len().next_multiple_of(512));
            }
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn programs_are_told_words_in_lower_case() {
    let as_json = |value: serde_json::Value| value.to_string();
    assert_eq!(as_json(serde_json::to_value(Emulation::NoEmulation).unwrap()), "\"no-emulation\"");
    assert_eq!(as_json(serde_json::to_value(FileSystem::Iso9660).unwrap()), "\"iso9660\"");
    let outside = NoBoot::Outside { lba: 5, blocks: 4 };
    assert_eq!(as_json(serde_json::to_value(outside).unwrap()), "{\"outside\":{\"blocks\":4,\"lba\":5}}");
}
