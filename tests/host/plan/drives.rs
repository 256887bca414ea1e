//! Sets of drives: what can be planned, what their capsules say of each other, and what `verify` makes of them.

use crate::frames::{discs, sticks};
use std::path::Path;

use crate::frames::sticks::{Image, MIB, Stick, noise, printed, tool};
use ramkey::capsule::{ram_needed_together, ram_taken};
use ramkey::contents::iso::NoBoot;
use ramkey::contents::{ImageFacts, Kind, KindChoice, probe};
use ramkey::image::{Scan, scan};
use ramkey::layout::{Content, Role, disk_signatures};
use ramkey::plan::{
    CapsuleRole, CompanionRequest, FirstDisk, ImageRequest, PlanError, Request, SetOptions, Writes, plan,
};
use ramkey::verify::{Change, FaultKind, StickVerdict, Strictness, verify};
use ramkey_format::capsule::{CapsuleHeader, DISK_LEN_MAX};

fn as_kind(name: &str, kind: Kind, image: &Image) -> ImageFacts {
    probe(Path::new(name), image, KindChoice::Is(kind), None).unwrap()
}

/// A CD whose boot catalogue names the medium `media`.
fn cd(media: u8) -> Image {
    Image(discs::by_hand(40, 0, &[discs::entry(0x88, media, 0, 1, 24)]))
}

/// A hard disk with one partition; `signature` is its NT disk signature.
fn disk(signature: u32) -> Image {
    let mut disk = discs::partitioned();
    disk[0x1B8..0x1BC].copy_from_slice(&signature.to_le_bytes());
    Image(disk)
}

fn boot(facts: ImageFacts) -> ImageRequest {
    ImageRequest { facts, title: None, writes: Writes::Kept }
}

fn beside(facts: ImageFacts, number: Option<u8>) -> CompanionRequest {
    CompanionRequest { facts, number, writes: Writes::Kept }
}

/// A request of one image and others beside it, on 32 MiB.
fn set(facts: ImageFacts, companions: Vec<CompanionRequest>) -> Request {
    Request { companions, ..sticks::request(facts, 32 * MIB) }
}

fn hard_disk(name: &str) -> ImageFacts {
    as_kind(name, Kind::HardDisk, &Image(noise(5000)))
}

fn floppy(name: &str) -> ImageFacts {
    as_kind(name, Kind::Floppy, &Image(noise(5000)))
}

fn cd_facts(name: &str, media: u8) -> ImageFacts {
    as_kind(name, Kind::Disc, &cd(media))
}

#[test]
fn eight_drives_are_planned_and_a_ninth_is_refused_also_when_a_cd_makes_one() {
    let disks = |count| vec![beside(hard_disk("data.img"), None); count];
    for (facts, most) in [(hard_disk("a.img"), 7), (cd_facts("a.img", 0), 7), (cd_facts("a.img", 2), 6)] {
        let made = plan(&set(facts.clone(), disks(most))).unwrap();
        assert_eq!((made.carried.capsules.len(), made.carried.boot_images()), (1 + most, 1));
        let mut names: Vec<&str> =
            made.carried.capsules.iter().map(|capsule| &capsule.file_name[..]).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 1 + most, "{names:?}");
        let error = plan(&set(facts, disks(most + 1))).unwrap_err();
        assert_eq!(error, PlanError::TooManyDrives { path: "a.img".into(), found: 9, limit: 8 });
        assert_eq!(error.to_string(), "a.img would have 9 drives in RAM and can have at most 8");
    }
}

#[test]
fn four_floppies_have_numbers_and_a_fifth_has_none() {
    let floppies = |count| vec![beside(floppy("f.img"), None); count];
    for (facts, most) in [(hard_disk("a.img"), 4), (floppy("a.img"), 3), (cd_facts("a.img", 3), 3)] {
        plan(&set(facts.clone(), floppies(most))).unwrap();
        let error = plan(&set(facts, floppies(most + 1))).unwrap_err();
        assert_eq!(error, PlanError::TooManyFloppies { path: "a.img".into(), found: 5, limit: 4 });
    }
}

#[test]
fn the_disks_of_a_set_end_below_4_gib_together() {
    let of = |name, sectors| ImageFacts { disk_sectors: sectors, ..hard_disk(name) };
    let most = (DISK_LEN_MAX / 512) as u32;
    let request = |sectors| set(of("a.img", 2048), vec![beside(of("b.img", sectors), None)]);
    plan(&request(most - 2048)).unwrap();
    let error = plan(&request(most - 2047)).unwrap_err();
    let expected =
        "a.img would have 4293919232 bytes of disks in RAM together and a PC can have at most 4293918720";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_number_is_in_the_class_of_its_kind_and_has_one_drive() {
    let table = [
        (hard_disk("d.img"), 0x80, true),
        (hard_disk("d.img"), 0x8F, true),
        (hard_disk("d.img"), 0x90, false),
        (hard_disk("d.img"), 0x7F, false),
        (floppy("d.img"), 0x03, true),
        (floppy("d.img"), 0x04, false),
        (cd_facts("d.img", 0), 0xE0, true),
        (cd_facts("d.img", 0), 0xE1, false),
    ];
    for (facts, number, is_one) in table {
        let made = plan(&set(hard_disk("a.img"), vec![beside(facts.clone(), Some(number))]));
        match made {
            Ok(made) => assert!(is_one && made.carried.capsules[1].number == number, "{number:02X}h"),
            Err(error) => {
                assert!(!is_one, "{number:02X}h: {error}");
                assert!(matches!(error, PlanError::DriveNumber { number: n, .. } if n == number));
                assert!(error.to_string().starts_with("d.img cannot be drive "), "{error}");
            }
        }
    }
    let numbered = |numbers: [u8; 2]| {
        let [one, two] = numbers;
        let companions = vec![beside(hard_disk("b.img"), Some(one)), beside(hard_disk("c.img"), Some(two))];
        plan(&set(hard_disk("a.img"), companions))
    };
    numbered([0x81, 0x82]).unwrap();
    numbered([0x80, 0x80]).unwrap();
    let error = numbered([0x83, 0x83]).unwrap_err();
    assert_eq!(error.to_string(), "b.img and c.img cannot both be drive 83h");
}

#[test]
fn internal_disks_come_first_only_where_no_hard_disk_of_ram_is_booted() {
    let data = || vec![beside(hard_disk("data.img"), None)];
    let table = [
        (hard_disk("a.img"), data(), None, false),
        (floppy("a.img"), data(), None, true),
        (cd_facts("a.img", 0), data(), None, true),
        (cd_facts("a.img", 2), data(), None, true),
        // Without a hard disk in RAM there is no question.
        (floppy("a.img"), vec![beside(floppy("b.img"), None)], None, false),
        (cd_facts("a.img", 0), Vec::new(), None, false),
        (floppy("a.img"), data(), Some(FirstDisk::Ram), false),
        (hard_disk("a.img"), Vec::new(), Some(FirstDisk::Internal), true),
    ];
    for (number, (facts, companions, first_disk, expected)) in table.into_iter().enumerate() {
        let options = SetOptions { first_disk, ..SetOptions::default() };
        let made = plan(&Request { set: options, ..set(facts, companions) }).unwrap();
        assert_eq!(
            made.carried.capsules[0].role,
            CapsuleRole::Boot { internal_first: expected },
            "row {number}"
        );
    }
    let emulated = Image(discs::by_hand(1100, 0, &[discs::entry(0x88, 4, 0, 1, 24)]));
    let mut emulated = emulated.0;
    emulated[24 * 2048..][..512].copy_from_slice(&discs::partitioned()[..512]);
    let facts = as_kind("a.img", Kind::Disc, &Image(emulated));
    let made = plan(&set(facts, data())).unwrap();
    assert_eq!(
        made.carried.capsules[0].role,
        CapsuleRole::Boot { internal_first: false },
        "an emulated hard disk"
    );
}

#[test]
fn a_cd_that_does_not_boot_stands_beside_others_and_is_not_booted() {
    let mut data = cd(0);
    data.0[17 * 2048] = 9;
    let facts = as_kind("data.iso", Kind::Disc, &data);
    let error = plan(&set(facts.clone(), Vec::new())).unwrap_err();
    assert_eq!(error, PlanError::NoBoot { path: "data.iso".into(), why: NoBoot::NoRecord });
    assert_eq!(error.to_string(), "data.iso does not boot as a CD: it has no boot record");
    let request = set(hard_disk("a.img"), vec![beside(facts, None)]);
    let stick = Image(Stick::of(&request, vec![Image(noise(5000)), data]).bytes());
    assert!(judge(&stick).sound);
}

#[test]
fn no_two_disks_of_a_machine_get_one_signature_and_one_that_is_there_stays() {
    let (plain, own) = (disk(0), disk(0x1234_5678));
    let scans = |images: &[&Image]| -> Vec<Scan> {
        images.iter().map(|image| scan(*image, &mut |_| ()).unwrap()).collect()
    };
    let facts = |image: &Image| as_kind("d.img", Kind::HardDisk, image);
    let [a, b, c, d, ..] = *blake3::hash(&plain.0).as_bytes();
    let given = u32::from_le_bytes([a, b, c, d]) | 1;

    let mut request = set(facts(&plain), vec![beside(facts(&own), None), beside(facts(&plain), None)]);
    let all = scans(&[&plain, &own, &plain]);
    assert_eq!(disk_signatures(&plan(&request).unwrap().carried, &all), [given, 0, given.wrapping_add(2)]);
    // Another entry of the menu is never in memory together with the first.
    request.images.push(boot(facts(&plain)));
    let all = scans(&[&plain, &plain, &own, &plain]);
    assert_eq!(
        disk_signatures(&plan(&request).unwrap().carried, &all),
        [given, given, 0, given.wrapping_add(2)]
    );
    // A disk beside it has by chance what the image would get.
    let twin = disk(given);
    let request = set(facts(&plain), vec![beside(facts(&twin), None)]);
    let all = scans(&[&plain, &twin]);
    assert_eq!(disk_signatures(&plan(&request).unwrap().carried, &all), [given.wrapping_add(2), 0]);
    // No signature for what has no place for one.
    let request = set(floppy("f.img"), vec![beside(cd_facts("c.iso", 0), None)]);
    assert_eq!(disk_signatures(&plan(&request).unwrap().carried, &scans(&[&plain, &plain])), [0, 0]);
}

fn judge(stick: &Image) -> StickVerdict {
    verify(stick, Strictness::EveryByte, &|_| ())
}

fn told(verdict: &StickVerdict) -> Vec<String> {
    let faults = verdict.faults.iter().map(|fault| fault.to_string());
    faults.chain(verdict.changes.iter().map(ToString::to_string)).collect()
}

/// A stick with two entries, and a disk and a floppy beside each of them.
fn stick() -> Stick {
    let images = || [disk(0), cd(2), Image(noise(300_000)), Image(noise(9000))];
    let [a, b, c, d] = images();
    let facts = as_kind("a.img", Kind::HardDisk, &a);
    let companions = vec![
        beside(as_kind("data.img", Kind::HardDisk, &c), Some(0x84)),
        beside(as_kind("f6.img", Kind::Floppy, &d), None),
    ];
    let images = vec![boot(facts.clone()), boot(as_kind("cd.iso", Kind::Disc, &b))];
    Stick::of(&Request { images, ..set(facts, companions) }, vec![a, b, c, d])
}

/// The header of each capsule.
fn headers(stick: &Stick) -> Vec<CapsuleHeader> {
    let first = |image| {
        let mut extents = stick.layout.extents.iter().filter(|extent| extent.role == Role::Capsule { image });
        let Content::Bytes(bytes) = &extents.next().unwrap().content else { panic!("no header") };
        CapsuleHeader::parse(bytes).unwrap().clone()
    };
    (0..stick.plan.carried.capsules.len()).map(first).collect()
}

#[test]
fn every_entry_names_the_same_companions_and_they_name_none() {
    let headers = headers(&stick());
    for boot in &headers[..2] {
        let named: Vec<_> =
            boot.companions().map(|companion| (companion.name, companion.image_blake3)).collect();
        let half = |header: &CapsuleHeader| *header.image_blake3.first_chunk::<16>().unwrap();
        assert_eq!(named, [(*b"DATA    ", half(&headers[2])), (*b"F6      ", half(&headers[3]))]);
    }
    assert!(headers[2..].iter().all(|header| header.companions().count() == 0));
    let numbers: Vec<u8> = headers.iter().map(|header| header.drive).collect();
    assert_eq!(numbers, [0x80, 0xE0, 0x84, 0x00]);
    let flags: Vec<u32> = headers.iter().map(|header| header.flags.get()).collect();
    assert_eq!(flags, [0, 8, 4, 4], "internal disks first for the CD");
}

#[test]
fn a_stick_of_sets_is_sound_and_tells_its_drives() {
    let verdict = judge(&Image(stick().bytes()));
    assert!(verdict.sound && verdict.changes.is_empty(), "{:?}", told(&verdict));
    let files: Vec<(&str, bool)> =
        verdict.capsules.iter().map(|capsule| (&capsule.file[..], capsule.companion)).collect();
    let expected = [
        ("RAMKEY/A.RKC", false),
        ("RAMKEY/CD.RKC", false),
        ("RAMKEY/DATA.RKC", true),
        ("RAMKEY/F6.RKC", true),
    ];
    assert_eq!(files, expected);
    let first = &verdict.capsules[0];
    assert!(first.companions.iter().all(|companion| companion.present));
    assert_eq!(first.companions[0].file, "RAMKEY/DATA.RKC");
    let together = ram_needed_together(
        verdict.capsules.iter().map(|capsule| ram_taken(capsule.disk_sectors, capsule.len)),
    );
    assert!(first.ram_needed < together && first.ram_needed > first.len);
    assert_eq!(verdict.capsules[1].words, "CD, 1.44 MB floppy emulation 80/2/18");
    assert_eq!(verdict.capsules[2].words, "hard disk 1/16/63");
    assert!(first.disk_signature.is_some());
}

/// What `verify` says after an mtools command on the files of a stick.
fn after(program: &str, arguments: &[&str]) -> StickVerdict {
    let folder = tempfile::tempdir().unwrap();
    let path = stick().file(folder.path());
    let volume = format!("{}@@1M", path.display());
    let output = tool("mtools", program, &[&["-i", &volume], arguments].concat());
    assert!(output.status.success(), "{}", printed(&output));
    let source = ramkey::image::FileSource::open(&path).unwrap();
    verify(&source, Strictness::Boot, &|_| ())
}

#[test]
fn a_companion_that_is_gone_is_a_fault_of_each_image_that_needs_it() {
    let verdict = after("mdel", &["::RAMKEY/DATA.RKC"]);
    let told = told(&verdict);
    assert_eq!(verdict.faults.len(), 2, "{told:?}");
    assert!(verdict.faults.iter().all(|fault| fault.kind == FaultKind::Capsule));
    assert!(told[0].starts_with("RAMKEY/A.RKC: it needs RAMKEY/DATA.RKC, which is not there"), "{told:?}");
    assert!(told[1].starts_with("RAMKEY/CD.RKC: it needs RAMKEY/DATA.RKC"), "{told:?}");
    assert!(!verdict.capsules[0].companions[0].present && verdict.capsules[0].companions[1].present);
}

#[test]
fn another_image_under_the_name_of_a_companion_is_a_fault() {
    // An image of the menu takes the place of the floppy.
    let folder = tempfile::tempdir().unwrap();
    let path = stick().file(folder.path());
    let volume = format!("{}@@1M", path.display());
    for (program, arguments) in
        [("mdel", ["::RAMKEY/F6.RKC", ""]), ("mren", ["::RAMKEY/CD.RKC", "::RAMKEY/F6.RKC"])]
    {
        let arguments = arguments.into_iter().filter(|argument| !argument.is_empty());
        let output =
            tool("mtools", program, &["-i", &volume].into_iter().chain(arguments).collect::<Vec<_>>());
        assert!(output.status.success(), "{}", printed(&output));
    }
    let source = ramkey::image::FileSource::open(&path).unwrap();
    let told = told(&verify(&source, Strictness::Boot, &|_| ()));
    assert!(told[0].starts_with("RAMKEY/A.RKC: it needs another image as RAMKEY/F6.RKC"), "{told:?}");
}

#[test]
fn a_companion_without_an_image_to_stand_beside_is_named_and_boots_nothing() {
    let verdict = after("mdel", &["::RAMKEY/A.RKC", "::RAMKEY/CD.RKC"]);
    assert_eq!(verdict.faults.iter().map(|fault| fault.kind).collect::<Vec<_>>(), [FaultKind::NoImage]);
    for file in ["RAMKEY/DATA.RKC", "RAMKEY/F6.RKC"] {
        assert!(verdict.changes.contains(&Change::Alone { path: file.into() }), "{:?}", verdict.changes);
    }
}
