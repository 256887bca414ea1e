//! The quick look at a stick that was never seen: each way in which sticks claim more than they have, told from worn ones and
//! honest ones, with little written and everything given back that is not the layout's.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::frames::fake::{self, Lies, Missing};
use crate::frames::mock::CLEARED_FIRST;
use ramkey::layout::{Content, Extent, Layout, Role};
use ramkey::pipeline::{
    Aftermath, Event, Evidence, Failure, Fake, Job, Kept, Phase, PipelineError, RunId, Target, write,
};

/// 128 MB as on a label, and 128 MiB, and 8 GiB, in sectors.
const SMALL: u64 = 250_000;
const MIB_128: u64 = 1 << 18;
const GIB_8: u64 = 1 << 24;
/// Sectors of the layout's image, and where it begins.
const IMAGE: u64 = 12_000;
const IMAGE_LBA: u64 = 4096;

/// A layout with an image of 6 MB.
fn layout(stick_sectors: u64) -> Layout {
    let at = |lba, role| Extent { lba, sectors: 1, role, content: Content::Bytes(vec![0xB0; 512]) };
    let image = Extent { lba: IMAGE_LBA, sectors: IMAGE, role: Role::Directory, content: Content::Zeros };
    Layout {
        stick_sectors,
        cleared_first: CLEARED_FIRST.to_vec(),
        held_back: vec![2176, 128, 0],
        extents: vec![at(0, Role::Sector0), at(128, Role::BootCode), at(2176, Role::BootCopy), image],
    }
}

fn run(
    stick: &dyn Target,
    sectors: u64,
    stop: &AtomicBool,
    observe: &(dyn Fn(Event) + Sync),
) -> Result<(), Failure> {
    let probe = Some(RunId::new(b"probe"));
    write(layout(sectors), Job { target: stick, buffers: 2, inputs: &[], probe, stop, observe }).map(drop)
}

fn probe(lies: Lies) -> (fake::Fake, Result<(), Failure>) {
    let stick = fake::Fake::new(lies);
    let done = run(&stick, stick.lies.claimed, &AtomicBool::new(false), &|_| {});
    (stick, done)
}

/// What gave the stick away. It does not boot.
#[track_caller]
fn lie(lies: Lies) -> Fake {
    let claimed = lies.claimed * 512;
    let (stick, done) = probe(lies);
    let Err(Failure { stick: Aftermath::WillNotBoot, cause: PipelineError::Fake(fake) }) = done else {
        panic!("{:?} is believed: {:?}", stick.lies, done.map_err(|failure| failure.to_string()));
    };
    for lba in CLEARED_FIRST {
        assert_eq!(stick.on_medium(lba), Some([0; 512]), "sector {lba}");
    }
    assert_eq!(fake.claimed, claimed);
    *fake
}

/// What the stick keeps is told to within a MiB.
#[track_caller]
fn is_near(fake: &Fake, real: u64) {
    let kept = fake.kept / 512;
    assert!(kept <= real && real - kept <= 2048, "{real} sectors: {fake}");
}

#[test]
fn an_honest_stick_is_believed_and_little_is_written() {
    for claimed in [16384, SMALL, MIB_128, GIB_8, GIB_8 * 16 + 8, 61_035_156] {
        let (stick, done) = probe(Lies::none(claimed));
        done.unwrap_or_else(|failure| panic!("{claimed}: {failure}"));
        let written = stick.state().written * 512;
        let most = IMAGE * 512 + 8_000_000;
        assert!(written < most, "{claimed}: {written} bytes");
    }
}

#[test]
fn a_stick_that_counts_from_the_start_again_is_found() {
    for (claimed, real) in [
        (GIB_8, MIB_128),
        (GIB_8, GIB_8 / 2),
        (GIB_8 * 16, GIB_8),
        (61_035_156, MIB_128),
        (MIB_128, 1 << 16),
        (1 << 15, 1 << 14),
    ] {
        let fake = lie(Lies::wraps(claimed, real));
        assert_eq!(fake.kept, real * 512, "{fake}");
        assert!(matches!(fake.evidence, Evidence::Held(Kept::Stamp { .. })), "{fake}");
    }
    let text = lie(Lies::wraps(GIB_8, MIB_128)).to_string();
    let sector = MIB_128 + 8;
    assert_eq!(
        text,
        format!(
            "the stick claims 8 GiB and keeps what is written up to 128 MiB (134217728 bytes): sector {sector} read back the stamp of sector 8"
        )
    );
}

#[test]
fn the_same_is_found_where_the_real_size_is_no_power_of_two() {
    for (claimed, real) in [
        (GIB_8, 250_000),
        (GIB_8, 7_654_321),
        (GIB_8, 3 << 20),
        (61_035_156, 3_999_999),
        (GIB_8 * 16, 8_000_000),
        (250_000, 99_999),
    ] {
        let fake = lie(Lies::wraps(claimed, real));
        assert_eq!(fake.kept / 512 % real, 0, "{real}: {fake}");
        assert!(fake.kept / 512 < claimed, "{real}: {fake}");
        assert!(matches!(fake.evidence, Evidence::Held(Kept::Stamp { .. })), "{fake}");
    }
}

#[test]
fn a_stick_that_counts_again_behind_more_than_it_has_is_found() {
    for missing in [Missing::Zeros, Missing::Old] {
        let lies = Lies { wraps: Some(GIB_8), ..Lies::drops(GIB_8 * 4, 10_000_000, missing) };
        is_near(&lie(lies), 10_000_000);
    }
}

#[test]
fn a_stick_that_drops_what_it_has_no_room_for_is_found() {
    let kinds = [Missing::Zeros, Missing::Ones, Missing::Old, Missing::Error];
    for (claimed, real) in [(GIB_8, MIB_128), (GIB_8, 7_654_321), (SMALL, 65_536), (GIB_8 * 16, 16_000_000)] {
        for missing in kinds {
            let fake = lie(Lies::drops(claimed, real, missing));
            is_near(&fake, real);
            let is_as_made = matches!(
                (&fake.evidence, missing),
                (Evidence::Held(Kept::Zeros), Missing::Zeros)
                    | (Evidence::Held(Kept::Ones), Missing::Ones)
                    | (Evidence::Held(Kept::Other), Missing::Old)
                    | (Evidence::Refused(_), Missing::Error)
            );
            assert!(is_as_made, "{missing:?}: {fake}");
        }
    }
}

#[test]
fn a_memory_of_four_megabytes_does_not_help_a_stick() {
    let cache = 4_000_000 / 512;
    for lies in [
        Lies { cache, ..Lies::wraps(GIB_8, MIB_128) },
        Lies { cache, ..Lies::wraps(GIB_8, 7_654_321) },
        Lies { cache, ..Lies::drops(GIB_8, 7_654_321, Missing::Zeros) },
    ] {
        lie(lies);
    }
}

#[test]
fn worn_places_are_no_lie() {
    let honest = Lies::none(GIB_8);
    for lies in [
        Lies { weak: 0..GIB_8, ..honest.clone() },
        Lies { weak: GIB_8 - 100..GIB_8, ..honest.clone() },
        Lies { unreadable: GIB_8 - 100..GIB_8, ..honest.clone() },
        Lies { unreadable: 2056..2057, ..honest.clone() },
        Lies { volatile: 0..GIB_8, ..honest },
    ] {
        let (stick, done) = probe(lies);
        let cause = done.err().map(|failure| failure.cause);
        let is_fake = matches!(cause, Some(PipelineError::Fake(_)));
        assert!(!is_fake, "{:?}: {cause:?}", stick.lies);
    }
}

/// What every sector of a stick holds that the probe may touch.
fn contents(stick: &fake::Fake, lbas: &BTreeMap<u64, u64>) -> Vec<Option<fake::Sector>> {
    lbas.keys().map(|&lba| stick.on_medium(lba)).collect()
}

/// A stick on which the sectors around powers of two and at the end hold something of their own.
fn marked(lies: Lies) -> (fake::Fake, BTreeMap<u64, u64>) {
    let stick = fake::Fake::new(lies);
    let claimed = stick.lies.claimed;
    let powers = (0..30).map(|power| 1 << power).flat_map(|power| power..power + 24);
    let end = claimed - 2060..claimed;
    let inside = |lba: &u64| {
        let is_image = (IMAGE_LBA..IMAGE_LBA + IMAGE).contains(lba);
        *lba < claimed && !is_image && !CLEARED_FIRST.contains(lba)
    };
    let lbas: BTreeMap<u64, u64> = powers.chain(end).filter(inside).map(|lba| (lba, lba)).collect();
    for &lba in lbas.keys() {
        let mut sector = [0xA5; 512];
        sector[..8].copy_from_slice(&lba.to_le_bytes());
        stick.write_at(lba * 512, &sector).unwrap();
    }
    (stick, lbas)
}

#[test]
fn what_is_not_the_layouts_gets_back_what_it_held() {
    for lies in [
        Lies::none(GIB_8),
        Lies::none(61_035_156),
        Lies::drops(GIB_8, 7_654_321, Missing::Old),
        Lies::wraps(GIB_8, 7_654_321),
        Lies::wraps(GIB_8, MIB_128),
    ] {
        let (stick, lbas) = marked(lies);
        let before = contents(&stick, &lbas);
        let _ = run(&stick, stick.lies.claimed, &AtomicBool::new(false), &|_| {});
        // On a stick that counts again some of these are what is cleared, or the image.
        let real = stick.lies.wraps.unwrap_or(u64::MAX);
        let is_kept = |lba: u64| {
            let lba = lba % real;
            !CLEARED_FIRST.contains(&lba) && !(IMAGE_LBA..IMAGE_LBA + IMAGE).contains(&lba)
        };
        for ((lba, before), now) in lbas.keys().zip(before).zip(contents(&stick, &lbas)) {
            assert!(before == now || !is_kept(*lba), "{:?}: sector {lba}", stick.lies);
        }
    }
}

#[test]
fn a_request_to_stop_is_obeyed_and_everything_is_given_back() {
    for moment in [1, 5, 20, 40, 100, 1000] {
        let (stick, lbas) = marked(Lies::none(GIB_8));
        let before = contents(&stick, &lbas);
        let (stop, seen) = (AtomicBool::new(false), AtomicU64::new(0));
        let observe = |event: Event| {
            if matches!(event, Event::Advance { phase: Phase::Probe, .. })
                && seen.fetch_add(1, Ordering::Relaxed) == moment
            {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let failure = run(&stick, GIB_8, &stop, &observe).expect_err("stopped");
        let stopped = matches!(failure.cause, PipelineError::Stopped { phase: Phase::Probe });
        assert!(stopped && failure.stick == Aftermath::WillNotBoot, "{moment}: {failure}");
        assert!(contents(&stick, &lbas) == before, "moment {moment}");
    }
}

#[test]
fn a_stick_that_is_pulled_meanwhile_is_no_lie() {
    for pulled_after in [3, 4, 10, 20, 25] {
        let (_, done) = probe(Lies { pulled_after, ..Lies::none(GIB_8) });
        let failure = done.expect_err("it is gone");
        assert_eq!(failure.stick, Aftermath::Unknown, "{failure}");
        let is_told = matches!(
            failure.cause,
            PipelineError::Write { .. } | PipelineError::Read { .. } | PipelineError::Flush(_)
        );
        assert!(is_told, "{pulled_after}: {failure}");
    }
}

#[test]
fn only_the_part_that_the_layout_is_for_is_looked_at() {
    let stick = fake::Fake::new(Lies::drops(GIB_8, MIB_128, Missing::Zeros));
    run(&stick, MIB_128, &AtomicBool::new(false), &|_| {}).unwrap();
    run(&stick, MIB_128 + 4096, &AtomicBool::new(false), &|_| {}).expect_err("too long for what is there");
}
