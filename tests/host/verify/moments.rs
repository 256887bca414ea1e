//! A stick that is changed in place, sector by sector, in the order of `docs/format.md`: at no moment is it called wrong.

use crate::frames::moments::{Moment, SECTOR, Stick, Write, dice};
use crate::frames::sticks::MIB;
use crate::frames::verdicts::{kinds, told};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::verify::{Change, FaultKind, StickVerdict, Strictness, facts};

/// How a change that is under way is told of a capsule.
fn unfinished(verdict: &StickVerdict, file: &str) -> Option<bool> {
    verdict.changes.iter().find_map(|change| match change {
        Change::Unfinished { path, is_new } if path == file => Some(*is_new),
        _ => None,
    })
}

/// Looks at a stick with both strictnesses: it is sound, its images are proven, and the change is told as far as it went. A
/// manifest that is not whole is nothing that counts, and is there as a byte that is not as written.
fn is_sound(stick: &Stick, case: &str) {
    let moment: Moment = stick.moment();
    let plain = stick.judge(Strictness::Boot);
    assert!(plain.sound, "{case}: {}", told(&plain));
    let strict = stick.judge(Strictness::EveryByte);
    let is_whole = moment.is_whole;
    assert_eq!(strict.sound, is_whole, "{case}: {}", told(&strict));
    assert!(kinds(&strict).iter().all(|kind| *kind == FaultKind::Manifest), "{case}: {}", told(&strict));
    let is_torn = plain.changes.iter().any(|change| matches!(change, Change::Manifest { .. }));
    assert_eq!(is_torn, !is_whole, "{case}: {}", told(&plain));
    for (number, spot) in stick.spots.iter().enumerate() {
        let capsule = plain.capsules.iter().find(|capsule| capsule.file == spot.file).expect(case);
        assert!(capsule.proven && capsule.as_written, "{case}: {}: {}", spot.file, told(&plain));
        assert_eq!(capsule.blake3, stick.image_hash(number), "{case}: {}", spot.file);
        assert_eq!(unfinished(&plain, &spot.file), moment.unfinished[number], "{case}: {}", told(&plain));
    }
    let known = plain.changes.iter().all(|change| {
        matches!(change, Change::Manifest { .. } | Change::Unfinished { .. } | Change::Details { .. })
    });
    assert!(known, "{case}: {}", told(&plain));
}

/// Writes sectors one by one, and looks after each that changed anything; says how often.
fn write(stick: &mut Stick, writes: &[Write], case: &str) -> usize {
    let mut looks = 0;
    for (number, (lba, sector)) in writes.iter().enumerate() {
        if stick.write(*lba, sector) {
            is_sound(stick, &format!("{case}, write {number} to LBA {lba}"));
            looks += 1;
        }
    }
    looks
}

/// Writes some of `writes`, each chosen by a throw, looks, and takes them back; as a stick that keeps what was not flushed may
/// lose any of it. Then writes all. Says how often it looked.
fn lose_some(stick: &mut Stick, writes: &[Write], case: &str) -> usize {
    const ROUNDS: u64 = 6;
    let before = stick.clone();
    for round in 0..ROUNDS {
        let mut roll = dice(round);
        for (lba, sector) in writes {
            if roll(3) > 0 {
                stick.write(*lba, sector);
            }
        }
        is_sound(stick, &format!("{case}, some of the writes, round {round}"));
        *stick = before.clone();
    }
    for (lba, sector) in writes {
        stick.write(*lba, sector);
    }
    is_sound(stick, &format!("{case}, all of it"));
    ROUNDS as usize + 1
}

#[test]
fn at_no_moment_is_a_sound_stick_called_wrong() {
    let cases = [
        (LayoutKind::Superfloppy, 2 * MIB, 1, 4),
        (LayoutKind::Superfloppy, 2 * MIB, 0, 4),
        (LayoutKind::Hdd, 8 * MIB, 1, 2),
    ];
    let mut looks = 0;
    for (layout, len, changes, rounds) in cases {
        let mut stick = Stick::new(layout, FsChoice::Auto, len, changes);
        is_sound(&stick, "as it was written");
        // Every second time both capsules change together. The first change of one that is as written begins with the
        // manifest, because until then what nobody names must be zeros.
        for round in 0..rounds {
            let case = format!("{layout:?}, {changes} changes before, round {round}");
            let spots: &[usize] = [&[0][..], &[0, 1], &[1], &[1, 0]][round];
            let changed: Vec<_> = spots.iter().map(|&spot| stick.prepare(spot, round as u8 + 1)).collect();
            let chunks: Vec<_> = changed.iter().flat_map(|change| change.chunks.clone()).collect();
            let manifest = stick.next_manifest(&changed);
            let manifest_first = changes == 0 || round % 2 == 1;
            let order = if manifest_first { [&manifest, &chunks] } else { [&chunks, &manifest] };
            for (step, writes) in order.into_iter().enumerate() {
                let case = format!("{case}, step {step}");
                looks += match (round + step) % 2 {
                    0 => write(&mut stick, writes, &case),
                    _ => lose_some(&mut stick, writes, &case),
                };
            }
            for change in &changed {
                looks += write(&mut stick, &[change.header], &format!("{case}, header"));
            }
            let manifest = stick.last_manifest();
            looks += match round % 2 {
                0 => lose_some(&mut stick, &manifest, &format!("{case}, last manifest")),
                _ => write(&mut stick, &manifest, &format!("{case}, last manifest")),
            };
            let moment = stick.moment();
            assert!(moment.is_whole && moment.unfinished.iter().all(Option::is_none), "{case}");
            assert!(facts(&stick.image).sound);
        }
    }
    assert!(looks > 500, "only {looks} moments");
}

#[test]
fn the_wrong_order_is_called_what_it_is() {
    let fresh = Stick::new(LayoutKind::Superfloppy, FsChoice::Auto, 2 * MIB, 1);
    let change = fresh.clone().prepare(0, 9);
    let file = &fresh.spots[0].file;

    // The header before its manifest: another image than the manifest knows.
    let mut stick = fresh.clone();
    change.chunks.iter().chain([&change.header]).for_each(|(lba, sector)| {
        stick.write(*lba, sector);
    });
    let plain = stick.judge(Strictness::Boot);
    let is_replaced =
        |change: &Change| matches!(change, Change::Replaced { path, proven: true, .. } if path == file);
    assert!(plain.sound && plain.changes.iter().any(is_replaced), "{}", told(&plain));
    let strict = stick.judge(Strictness::EveryByte);
    assert_eq!(kinds(&strict), [FaultKind::Capsule], "{}", told(&strict));
    assert!(told(&strict).contains("it holds another image than was written"), "{}", told(&strict));

    // The header before its table, and before its chunks.
    for missing in ["its chunk table does not have the hash that its header names", "chunk 0 is damaged"] {
        let mut stick = fresh.clone();
        for (lba, sector) in &stick.next_manifest(std::slice::from_ref(&change)) {
            stick.write(*lba, sector);
        }
        let (table, chunks) = change.chunks.split_last().unwrap();
        let written = if missing.starts_with("chunk") { std::slice::from_ref(table) } else { chunks };
        written.iter().chain([&change.header]).for_each(|(lba, sector)| {
            stick.write(*lba, sector);
        });
        for strictness in [Strictness::Boot, Strictness::EveryByte] {
            let verdict = stick.judge(strictness);
            assert_eq!(kinds(&verdict), [FaultKind::Capsule], "{}", told(&verdict));
            assert!(told(&verdict).contains(missing), "{}", told(&verdict));
        }
    }

    // The last manifest before the header.
    let mut stick = fresh.clone();
    for (lba, sector) in &stick.next_manifest(std::slice::from_ref(&change)) {
        stick.write(*lba, sector);
    }
    for (lba, sector) in
        &stick.manifest_of(|hash| if hash == fresh.header_hash(0) { change.hash() } else { hash })
    {
        stick.write(*lba, sector);
    }
    let plain = stick.judge(Strictness::Boot);
    assert!(plain.changes.iter().any(is_replaced), "{}", told(&plain));
}

#[test]
fn what_nobody_names_is_zeros_until_a_change_is_announced() {
    let fresh = Stick::new(LayoutKind::Superfloppy, FsChoice::Auto, 2 * MIB, 0);
    let change = fresh.clone().prepare(0, 5);
    let mut stick = fresh.clone();
    stick.write(change.chunks[0].0, &change.chunks[0].1);
    let verdict = stick.judge(Strictness::Boot);
    assert_eq!(kinds(&verdict), [FaultKind::Capsule]);
    assert!(told(&verdict).contains("the zeros between its parts hold something"), "{}", told(&verdict));
    for (lba, sector) in &stick.next_manifest(std::slice::from_ref(&change)) {
        stick.write(*lba, sector);
    }
    is_sound(&stick, "announced");
}

#[test]
fn a_file_may_be_longer_than_its_capsule_while_that_is_changed_and_afterwards() {
    let mut stick = Stick::new(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 12 * MIB, 0);
    let change = stick.clone().prepare(0, 3);
    // The file reaches to the end of its last cluster.
    stick.lengthen(0);
    let verdict = stick.judge(Strictness::Boot);
    assert!(told(&verdict).contains("bytes were added behind its end"), "{}", told(&verdict));
    for (lba, sector) in &stick.next_manifest(std::slice::from_ref(&change)) {
        stick.write(*lba, sector);
    }
    let look = |stick: &Stick, case: &str, is_new: Option<bool>| {
        let verdict = stick.judge(Strictness::Boot);
        assert!(verdict.sound, "{case}: {}", told(&verdict));
        assert_eq!(unfinished(&verdict, &stick.spots[0].file), is_new, "{case}: {}", told(&verdict));
    };
    look(&stick, "announced", Some(false));
    for (lba, sector) in change.chunks.iter().chain([&change.header]) {
        stick.write(*lba, sector);
    }
    look(&stick, "changed", Some(true));
    for (lba, sector) in &stick.last_manifest() {
        stick.write(*lba, sector);
    }
    look(&stick, "afterwards", None);
}

/// The bytes of the entry of `cluster` in a table of 16 bits, as they are on the stick when it is `value`.
fn entry_of(stick: &Stick, table_lba: u64, cluster: u16, value: u16) -> Write {
    let lba = table_lba + u64::from(cluster) / 256;
    let mut sector = stick.sector(lba);
    let at = usize::from(cluster) % 256 * 2;
    sector[at..at + 2].copy_from_slice(&value.to_le_bytes());
    (lba, sector)
}

#[test]
fn a_file_that_grows_for_a_change_is_no_fault_once_the_change_is_announced() {
    const VOLUME: u64 = 2048;
    const END: u16 = 0xFFFF;
    let mut announced = Stick::new(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 12 * MIB, 1);
    let mut silent = announced.clone();
    let change = announced.clone().prepare(0, 3);
    for (lba, sector) in &announced.next_manifest(std::slice::from_ref(&change)) {
        announced.write(*lba, sector);
    }
    let boot_sector = announced.sector(VOLUME);
    let word = |at: usize| u64::from(u16::from_le_bytes([boot_sector[at], boot_sector[at + 1]]));
    let tables = [VOLUME + word(14), VOLUME + word(14) + word(22)];
    let value = |stick: &Stick, cluster: u16| {
        let sector = stick.sector(tables[0] + u64::from(cluster) / 256);
        let at = usize::from(cluster) % 256 * 2;
        u16::from_le_bytes([sector[at], sector[at + 1]])
    };
    // The file of the first capsule begins where its header lies.
    let root = tables[1] + word(22);
    let data = root + word(17) / 16;
    let mut last = ((announced.spots[0].lba - data) / u64::from(boot_sector[13]) + 2) as u16;
    while value(&announced, last) != END {
        last = value(&announced, last);
    }
    let free = (2..).find(|&cluster| value(&announced, cluster) == 0).unwrap();
    for (step, table, cluster, next) in [
        ("a cluster is taken", 0, free, END),
        ("it is the file's", 0, last, free),
        ("taken in the other table", 1, free, END),
        ("the file's there", 1, last, free),
    ] {
        for (stick, is_sound) in [(&mut announced, true), (&mut silent, false)] {
            let (lba, sector) = entry_of(stick, tables[table], cluster, next);
            assert!(stick.write(lba, &sector), "{step}");
            let verdict = stick.judge(Strictness::Boot);
            assert_eq!(verdict.sound, is_sound, "{step}: {}", told(&verdict));
            let growing =
                Change::Volume { what: "a file was growing when a change of its image was cut off".into() };
            assert_eq!(verdict.changes.contains(&growing), is_sound, "{step}: {}", told(&verdict));
        }
    }
}

#[test]
fn of_two_sound_manifests_the_higher_generation_counts_and_of_equal_ones_the_first() {
    let fresh = Stick::new(LayoutKind::Superfloppy, FsChoice::Auto, 2 * MIB, 1);
    let sound = |stick: &Stick| stick.judge(Strictness::EveryByte).sound;
    // A manifest that knows another header of the first capsule is wrong if it counts.
    let wrong = |hash: [u8; 32]| if hash == fresh.header_hash(0) { [7; 32] } else { hash };
    for (generations, is_sound) in [([2, 1], true), ([1, 2], false), ([2, 2], true), ([u32::MAX, 1], true)] {
        let mut stick = fresh.clone();
        let writes = [stick.slot(0, generations[0], |hash| hash), stick.slot(1, generations[1], wrong)];
        for (lba, sector) in writes.iter().flatten() {
            stick.write(*lba, sector);
        }
        assert_eq!(sound(&stick), is_sound, "{generations:?}");
    }
    // A manifest alone in either slot counts; that the other one was cleared is a byte that is not as written.
    let mut stick = fresh.clone();
    let clear: Vec<_> =
        stick.slot(0, 1, |hash| hash).into_iter().map(|(lba, _)| (lba, [0; SECTOR])).collect();
    for (lba, sector) in stick.slot(1, 2, |hash| hash).iter().chain(&clear) {
        stick.write(*lba, sector);
    }
    assert!(stick.judge(Strictness::Boot).sound && !sound(&stick));
}
