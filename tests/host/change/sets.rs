//! Images that have others beside them are replaced, and so are those. Wherever that is cut, each image of the menu has the set that
//! it had, or the new one.

use ramkey::change::ChangeError;
use ramkey::job::{Companion, JobError, StickRequest};
use ramkey::plan::FatBits;
use ramkey::verify::Strictness;

use crate::frames::desk::{CHUNK, Desk, bytes, hash, is_clean, is_whole, judge, superfloppy};
use crate::frames::loader::load_all;
use crate::frames::recorder::{Op, each_cut, is_long};
use crate::frames::sticks::MIB;
use crate::frames::verdicts::told;
use ramkey_format::capsule::CapsuleHeader;

/// Title and hash of each image of the menu, with the first halves of the hashes of those beside it.
type Sets = Vec<(String, String, Vec<String>)>;

/// What the stick has: sound, and all of it loaded.
fn sets(stick: &[u8], case: &str) -> Sets {
    let verdict = judge(stick, Strictness::Boot);
    assert!(verdict.sound, "{case}: {}", told(&verdict));
    load_all(stick, 0).unwrap_or_else(|error| panic!("{case}: {error}"));
    let boot = verdict.capsules.into_iter().filter(|capsule| !capsule.companion);
    boot.map(|boot| {
        let beside = boot.companions.into_iter().map(|beside| beside.blake3).collect();
        (boot.title, boot.blake3, beside)
    })
    .collect()
}

fn half(bytes: &[u8]) -> String {
    hash(bytes)[..32].to_owned()
}

fn set(title: &str, image: &[u8], beside: &[&[u8]]) -> (String, String, Vec<String>) {
    (title.into(), hash(image), beside.iter().copied().map(half).collect())
}

/// A stick with these images in the menu, and those beside each of them.
fn desk(images: &[(&str, Vec<u8>)], beside: &[(&str, Vec<u8>)], usual: StickRequest) -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let companion = |(name, bytes): &(&str, Vec<u8>)| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        Companion { number: None, path, is_floppy: name.starts_with("floppy") }
    };
    let companions = beside.iter().map(companion).collect();
    let mut desk = Desk::new(images, StickRequest { companions, ..usual });
    desk.request.companions.clear();
    desk
}

type Again<'a> = &'a dyn Fn(&[u8]) -> Result<Vec<u8>, JobError>;

/// One of so many cuts is looked at where not all are: no divisor of what repeats among them.
const EVERY: usize = 13;

/// Each image of the menu has one of its two sets at every cut; the same again leads to the end.
fn survives(desk: &Desk, (before, log, after): (&[u8], &[Op], &[u8]), step: usize, again: Again) {
    let (old, new) = (sets(before, "before"), sets(after, "after"));
    let (mut seen, mut number) = ([0; 2], 0_usize);
    each_cut(before, log, 1, |case, stick| {
        number += 1;
        if !number.is_multiple_of(if is_long() { 1 } else { EVERY }) {
            return;
        }
        let now = sets(stick, case);
        assert_eq!(now.len(), new.len(), "{case}");
        for ((now, old), new) in now.iter().zip(&old).zip(&new) {
            assert!(now == old || now == new, "{case}: {now:?}");
        }
        seen[0] += usize::from(now == old);
        seen[1] += usize::from(now == new);
        if (number / EVERY).is_multiple_of(step) {
            let end = again(stick).unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!(sets(&end, case), new, "{case}");
            let verdict = judge(&end, Strictness::Boot);
            assert!(!told(&verdict).contains("beside"), "{case}: {}", told(&verdict));
            is_clean(&end, desk.folder.path());
        }
    });
    assert!(seen.iter().all(|&count| count > 0), "{seen:?}");
}

#[test]
fn an_image_and_those_beside_it_are_replaced_as_one_on_every_fat() {
    for (bits, len) in [(FatBits::Fat12, 2 * MIB), (FatBits::Fat16, 5 * MIB), (FatBits::Fat32, 36 * MIB)] {
        let (boot, disk, floppy) = (bytes(3 * CHUNK, 1), bytes(CHUNK, 2), bytes(360 * 1024, 3));
        let beside = [("disk.img", disk.clone()), ("floppy.img", floppy.clone())];
        let desk = desk(&[("boot.img", boot.clone())], &beside, superfloppy(bits, len));
        assert_eq!(sets(&desk.stick, ""), [set("boot", &boot, &[&disk, &floppy])]);
        // The image shrinks by a chunk and changes in one; its disk grows, and the floppy stays.
        let mut next = boot[..2 * CHUNK].to_vec();
        next[CHUNK] ^= 1;
        let grown = bytes(CHUNK + 512, 7);
        let names = [("disk.img", &grown[..]), ("floppy.img", &floppy[..])];
        let (after, log, report) = desk.reflash_set(&desk.stick, &next, None, &names).unwrap();
        assert_eq!(sets(&after, ""), [set("boot", &next, &[&grown, &floppy])]);
        is_whole(&after, 0, desk.folder.path());
        let files: Vec<&str> = report.beside.iter().map(|image| &image.file[..]).collect();
        assert_eq!(files, ["RAMKEY/DISK~1.RKC", "RAMKEY/FLOPPY.RKC"]);
        assert_eq!((&report.gone[..], report.kept, report.same), (&["RAMKEY/DISK.RKC".into()][..], 1, false));
        survives(&desk, (&desk.stick, &log, &after), 4, &|stick| {
            desk.reflash_set(stick, &next, None, &names).map(|(end, ..)| end)
        });
        // The same again changes nothing, and without names all stay.
        let (same, _, report) = desk.reflash_set(&after, &next, None, &names).unwrap();
        assert!(report.same && report.gone.is_empty() && same == after);
        let (alone, ..) = desk.reflash(&after, &boot, None).unwrap();
        assert_eq!(sets(&alone, ""), [set("boot", &boot, &[&grown, &floppy])]);
        // Fewer and shorter ones.
        let less = [("disk.img", &disk[..CHUNK / 2])];
        let (fewer, log, _) = desk.reflash_set(&after, &next, None, &less).unwrap();
        is_whole(&fewer, 0, desk.folder.path());
        assert_eq!(sets(&fewer, ""), [set("boot", &next, &[&disk[..CHUNK / 2]])]);
        survives(&desk, (&after, &log, &fewer), 4, &|stick| {
            desk.reflash_set(stick, &next, None, &less).map(|(end, ..)| end)
        });
    }
}

#[test]
fn what_stands_beside_several_images_is_replaced_for_all_or_for_one() {
    let (one, two, disk) = (bytes(2 * CHUNK, 1), bytes(3 * CHUNK, 2), bytes(2 * CHUNK, 3));
    let images = [("one.img", one.clone()), ("two.img", two.clone())];
    let desk = desk(&images, &[("disk.img", disk.clone())], superfloppy(FatBits::Fat16, 5 * MIB));
    let new = bytes(3 * CHUNK, 9);
    let (after, log, report) = desk.reflash(&desk.stick, &new, Some("disk")).unwrap();
    assert_eq!(sets(&after, ""), [set("one", &one, &[&new]), set("two", &two, &[&new])]);
    is_whole(&after, 0, desk.folder.path());
    assert_eq!((&report.image.title[..], &report.was), ("disk", &hash(&disk)));
    assert!(report.image.companion && report.gone == ["RAMKEY/DISK.RKC"]);
    survives(&desk, (&desk.stick, &log, &after), 4, &|stick| {
        desk.reflash(stick, &new, Some("disk")).map(|(end, ..)| end)
    });
    let (same, _, report) = desk.reflash(&after, &new, Some("disk")).unwrap();
    assert!(report.same && same == after);

    // One of both gets another disk: the other one keeps what it has.
    let own = bytes(CHUNK, 11);
    let (parted, log, report) = desk.reflash_set(&after, &one, Some("one"), &[("own.img", &own)]).unwrap();
    assert_eq!(sets(&parted, ""), [set("one", &one, &[&own]), set("two", &two, &[&new])]);
    assert!(report.gone.is_empty() && report.kept == 2);
    is_whole(&parted, 0, desk.folder.path());
    survives(&desk, (&after, &log, &parted), 4, &|stick| {
        desk.reflash_set(stick, &one, Some("one"), &[("own.img", &own)]).map(|(end, ..)| end)
    });
    // The disk that both have already is not stored twice.
    let (joined, _, report) = desk.reflash_set(&parted, &one, Some("one"), &[("again.img", &new)]).unwrap();
    assert_eq!(sets(&joined, ""), [set("one", &one, &[&new]), set("two", &two, &[&new])]);
    assert_eq!(report.gone, ["RAMKEY/OWN.RKC"]);
    // With two manifests for the text about them.
    assert!(report.effort.written < 440 * 512, "{}", report.effort.written);
}

#[test]
fn a_set_that_has_no_room_is_refused_before_anything_is_written() {
    let (boot, disk) = (bytes(4 * CHUNK, 1), bytes(2 * CHUNK, 2));
    let mut desk = desk(&[("boot.img", boot)], &[("disk.img", disk)], superfloppy(FatBits::Fat12, 2 * MIB));
    let next = bytes(8 * CHUNK, 7);
    let refused = |desk: &Desk, image: &[u8], replaces, beside: &[(&str, &[u8])]| {
        let done = desk.reflash_set(&desk.stick, image, replaces, beside);
        let error = done.map(|(.., report)| panic!("{report:?}")).unwrap_err();
        assert!(matches!(&error, JobError::Change { has_written: false, .. }), "{error:?}");
        std::error::Error::source(&error).unwrap().to_string()
    };
    // Either alone has room beside what is there, but not both.
    let other = bytes(3 * CHUNK, 5);
    let free = judge(&desk.stick, Strictness::Boot).free;
    assert!((1_000_000..1_200_000).contains(&free), "{free}");
    assert!(refused(&desk, &next, None, &[("disk.img", &other)]).contains("of free space"));
    let large = bytes(10 * CHUNK, 5);
    assert!(refused(&desk, &next, None, &[("disk.img", &large)]).contains("of free space"));
    let error = refused(&desk, &other, Some("disk"), &[("more.img", &other)]);
    assert!(error.contains("nothing stands beside it"), "{error}");
    // The old one is a floppy by its size.
    let disk = vec![0; 4 << 20];
    assert_eq!(refused(&desk, &disk, Some("disk"), &[]), ChangeError::Unsound.to_string());
    // Who lets it be written over gets it.
    desk.over = true;
    let (after, log, _) = desk.reflash_set(&desk.stick, &next, None, &[("disk.img", &other)]).unwrap();
    is_whole(&after, 0, desk.folder.path());
    assert_eq!(sets(&after, ""), [set("boot", &next, &[&other])]);
    desk.over = false;
    let (mut dead, mut number) = (0, 0);
    each_cut(&desk.stick, &log, 1, |case, stick| {
        if stick[..512] != [0; 512] {
            return;
        }
        number += 1;
        if number % 12 == 1 {
            dead += 1;
            let error = desk.reflash_set(stick, &next, None, &[("disk.img", &bytes(CHUNK, 77))]);
            let error = error.map(drop).unwrap_err();
            assert!(
                matches!(&error, JobError::Change { source: ChangeError::WrittenOver, .. }),
                "{case}: {error}"
            );
            let (end, ..) = desk.reflash_set(stick, &next, None, &[("disk.img", &other)]).unwrap();
            assert_eq!(sets(&end, case), [set("boot", &next, &[&other])], "{case}");
            is_clean(&end, desk.folder.path());
        }
    });
    assert!(dead > 1, "{dead}");
}

#[test]
fn what_an_image_needs_stays_while_its_header_is_damaged() {
    let (one, two, disk) = (bytes(4 * CHUNK, 1), bytes(CHUNK, 2), bytes(CHUNK, 3));
    let images = [("one.img", one), ("two.img", two.clone())];
    let mut desk = desk(&images, &[("disk.img", disk.clone())], superfloppy(FatBits::Fat12, 2 * MIB));
    desk.over = true;
    let (next, own) = (bytes(8 * CHUNK, 7), bytes(3 * CHUNK, 5));
    let again = |stick: &[u8]| desk.reflash_set(stick, &next, Some("one"), &[("own.img", &own)]);
    let (after, log, _) = again(&desk.stick).unwrap();
    assert_eq!(sets(&after, ""), [set("one", &next, &[&own]), set("two", &two, &[&disk])]);
    let (mut ended, mut number) = (0, 0);
    each_cut(&desk.stick, &log, 1, |case, stick| {
        number += usize::from(stick[..512] == [0; 512]);
        if stick[..512] != [0; 512] || number % 12 != 1 {
            return;
        }
        let is_two = |sector: &[u8]| {
            sector.starts_with(&CapsuleHeader::MAGIC) && sector.windows(3).any(|three| three == b"two")
        };
        let lba = stick.chunks(512).position(is_two).expect("it has a header");
        let mut damaged = stick.to_vec();
        damaged[lba * 512 + 100] ^= 1;
        let (_, mut end, _) = desk.try_set(&damaged, &next, Some("one"), &[("own.img", &own)]).unwrap();
        end[lba * 512 + 100] ^= 1;
        assert_eq!(sets(&end, case), [set("one", &next, &[&own]), set("two", &two, &[&disk])], "{case}");
        ended += 1;
    });
    assert!(ended > 0, "{number}");
}
