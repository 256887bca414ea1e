//! Clusters that go out of use: whatever of that is cut, the changes that come behind it leave a stick that is whole.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ramkey::change::{ChangeError, Step, can_retire, retire};
use ramkey::job::{Event, JobError, Part, reflash_to};
use ramkey::layout::Content;
use ramkey::pipeline::{Aftermath, Failure, PipelineError};
use ramkey::plan::FatBits;
use ramkey::stick::{Entry, Reader, StickState, read};
use ramkey::verify::Strictness;

use crate::frames::desk::{CHUNK, Desk, bytes, is_whole, judge, superfloppy};
use crate::frames::recorder::{Op, is_long};
use crate::frames::sticks::{Image, MIB};
use crate::frames::verdicts::told;
use crate::frames::worn::{Wear, Worn, are_marked};

/// A stick on which the file of the image `a` has clusters in its middle that hold nothing.
fn with_a_gap(bits: FatBits, len: u64) -> (Desk, Vec<u8>) {
    let old = bytes(4 * CHUNK, 1);
    let mut new = old.clone();
    new[2 * CHUNK..2 * CHUNK + 1000].fill(9);
    let desk = Desk::new(&[("a.img", old), ("b.img", bytes(CHUNK, 2))], superfloppy(bits, len));
    let (stick, ..) = desk.reflash(&desk.stick, &new, Some("a")).unwrap();
    (desk, stick)
}

/// What `look` makes of a stick.
fn look<T>(stick: &[u8], look: impl FnOnce(&Reader, &StickState) -> T) -> T {
    let image = Image(stick.to_vec());
    let reader = Reader::new(&image, &|_| ());
    look(&reader, &read(&reader))
}

/// A sector in each cluster of capsules' files that can go out of use.
fn gap(stick: &[u8]) -> Vec<u64> {
    look(stick, |reader, state| {
        let volume = state.file_system.as_ref().unwrap().as_ref().unwrap();
        let step = volume.volume.cluster_sectors() as usize;
        let entries = &volume.tree.as_ref().unwrap().entries;
        let runs = entries.iter().filter(|entry| entry.is_capsule).flat_map(|entry: &Entry| &entry.runs);
        let firsts = runs.flat_map(|(lba, sectors)| (*lba..lba + sectors).step_by(step));
        firsts.filter(|lba| can_retire(reader, state, &[*lba])).collect()
    })
}

/// What `stick` holds before and behind each of `steps`.
fn cuts(stick: &[u8], steps: &[Step]) -> Vec<Vec<u8>> {
    let mut now = stick.to_vec();
    let mut all = vec![now.clone()];
    for step in steps {
        for extent in &step.layout.extents {
            let Content::Bytes(bytes) = &extent.content else { panic!("it needs no image") };
            now[(extent.lba * 512) as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        all.push(now.clone());
    }
    all
}

#[test]
fn a_cut_leaves_no_manifest_that_names_what_is_anothers() {
    let all = [(FatBits::Fat12, 3 * MIB), (FatBits::Fat32, 36 * MIB), (FatBits::Fat16, 5 * MIB)];
    for (case, (bits, len)) in all.into_iter().enumerate().take(if is_long() { 3 } else { 2 }) {
        let (desk, stick) = with_a_gap(bits, len);
        let folder = desk.folder.path();
        let gap = gap(&stick);
        assert!(gap.len() > 9, "{bits:?}: {gap:?}");
        // All of it, which is room for an image; and one cluster, which is a piece of its own.
        for bad in [&gap[..], &gap[3..4]] {
            let steps = look(&stick, |reader, state| retire(reader, state, bad)).unwrap();
            let cuts = cuts(&stick, &steps);
            is_whole(cuts.last().unwrap(), 0, folder);
            are_marked(cuts.last().unwrap(), 0, bad, "retired");
            // In the usual run those behind the new chain and what the tables say of the old one; of a large stick the first of them.
            let is_usual =
                |number: usize| (3..6).contains(&number) && (case == 0 || number == 3 && bad.len() > 1);
            let cuts = cuts.iter().enumerate().filter(|(number, _)| is_long() || is_usual(*number));
            for (number, cut) in cuts {
                let verdict = judge(cut, Strictness::Boot);
                assert!(verdict.sound, "{bits:?} {number}: {}", told(&verdict));
                let (added, ..) = desk.add(cut, ("c.img", &bytes(CHUNK / 4, 7)), None, &[]).unwrap();
                is_whole(&added, 0, folder);
                let (less, ..) = desk.remove(&added, "b").unwrap();
                is_whole(&less, 0, folder);
                assert_eq!(judge(&less, Strictness::Boot).capsules.len(), 2, "{bits:?} {number}");
            }
        }
    }
}

#[test]
fn without_room_it_says_how_much_is_needed_and_how_much_is_there() {
    let (_, stick) = with_a_gap(FatBits::Fat16, 5 * MIB);
    let gap = gap(&stick);
    look(&stick, |reader, state| {
        let volume = state.file_system.as_ref().unwrap().as_ref().unwrap();
        let (step, len) = (volume.volume.cluster_sectors(), volume.volume.cluster_len());
        let mut free = Vec::new();
        volume
            .volume
            .each_free(|(lba, sectors)| free.extend((lba..lba + sectors).step_by(step as usize)))
            .unwrap();
        let bad: Vec<u64> = gap.iter().copied().chain(free.drain(5..)).collect();
        let error = retire(reader, state, &bad).unwrap_err();
        let ChangeError::NoRoom { needed, free } = error else { panic!("{error}") };
        assert_eq!((needed, free), (gap.len() as u64 * len, 5 * len));
    });
}

#[test]
fn whoever_stops_it_on_its_way_around_is_told_so() {
    let desk = Desk::new(&[("a.img", bytes(2 * CHUNK, 1))], superfloppy(FatBits::Fat16, 5 * MIB));
    let new = bytes(3 * CHUNK, 2);
    let (_, log, _) = desk.reflash(&desk.stick, &new, None).unwrap();
    let longest = log.iter().max_by_key(|op| if let Op::Write(_, bytes) = op { bytes.len() } else { 0 });
    let Some(Op::Write(offset, bytes)) = longest else { panic!("a write") };
    let dead = [(*offset + bytes.len() as u64 / 2) / 512];
    let prepared = desk.prepared(&desk.stick, &new, None).unwrap();
    let target = Worn::over(desk.stick.clone(), &dead, Wear::Forgets);
    let (stop, begun) = (AtomicBool::new(false), AtomicU64::new(0));
    let observe = |event: Event| {
        // The second is what undoes the first.
        if matches!(event, Event::Begin { part: Part::Change, .. })
            && begun.fetch_add(1, Ordering::Relaxed) == 1
        {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let error = reflash_to(&prepared, Path::new("stick"), &target, &stop, &observe, &|| false).unwrap_err();
    let JobError::Pipeline(Failure { stick, cause: PipelineError::Stopped { .. } }) = error else {
        panic!("{error}")
    };
    assert_eq!(stick, Aftermath::BootsAsBefore);
}
