//! A damaged stick that is repaired, gets this boot code, or whose images come and go: what was sound stays so, and no image is lost.

use std::path::Path;

use ramkey::capsule::{Contents, DriveOptions, Role, TablePlace, encode};
use ramkey::change::{NewCapsule, Step, add, finish, mend, remove};
use ramkey::repair::{repair, update};
use ramkey::stick::{self, Entry, Reader, StickState};
use ramkey::verify::{StickVerdict, Strictness, verify};

use super::change::{Image, check, damaged, images, put};
use super::sparse::{Bytes, Sparse};

/// Most rounds that finishing a change takes.
const ROUNDS_MAX: usize = 40;
/// The file of the image that comes.
const NEW_FILE: &str = "ADDED.RKC";

/// What is done, by the first byte of an input; the rest lies over the stick.
pub fn alter(input: &[u8]) {
    let Some((what, over)) = input.split_first() else { return };
    let mut stick = damaged(over);
    let before = judge(&stick);
    match what % 4 {
        0 => {
            let repaired = repair(&stick, &[]);
            let after = verify(&repaired.stick, Strictness::Boot, &|_| {});
            return compare(&before, &after);
        }
        1 => {
            let Ok(update) = update(&stick) else { return };
            for layout in [update.manifest, update.code].iter().flatten() {
                put(&mut stick, layout, &[]);
            }
        }
        what => {
            if !before.sound || !settle(&mut stick) || !come(&mut stick) {
                return;
            }
            let there = judge(&stick);
            compare(&before, &there);
            if what == 3 {
                go(&mut stick);
                assert!(judge(&stick).sound, "a sound stick that an image left is sound");
                return;
            }
        }
    }
    compare(&before, &judge(&stick));
}

fn judge(stick: &Sparse) -> StickVerdict {
    verify(stick, Strictness::Boot, &|_| {})
}

/// A sound stick is sound, and each image that was proven still is.
fn compare(before: &StickVerdict, after: &StickVerdict) {
    assert!(after.sound || !before.sound, "it was sound: {:?}", after.faults);
    for capsule in before.capsules.iter().filter(|capsule| capsule.proven) {
        let is_it = |other: &&ramkey::verify::FoundCapsule| other.blake3 == capsule.blake3 && other.proven;
        assert!(after.capsules.iter().any(|other| is_it(&other)), "{} was proven", capsule.file);
    }
}

/// Finishes what was cut off; whether that can be.
fn settle(stick: &mut Sparse) -> bool {
    for _ in 0..ROUNDS_MAX {
        let steps = {
            let reader = Reader::new(&*stick, &|_| {});
            let state = stick::read(&reader);
            match mend(&reader, &state) {
                Ok(steps) if steps.is_empty() => finish(&reader, &state),
                steps => steps,
            }
        };
        match steps {
            Ok(steps) if steps.is_empty() => return true,
            Ok(steps) => write(stick, &steps, &images()[1]),
            Err(_) => return false,
        }
    }
    panic!("what was cut off is finished in a few rounds");
}

/// Another image comes; whether there is room.
fn come(stick: &mut Sparse) -> bool {
    let image = &images()[1];
    let contents = Contents {
        facts: &image.facts,
        title: "one that comes",
        drive: image.facts.drive,
        role: Role::Boot,
        options: DriveOptions::of(0),
        companions: Default::default(),
        disk_signature: 0,
        made_of: None,
    };
    let parts = image.scan.parts();
    let capsule = encode(&contents, &image.scan, &parts, TablePlace::of(&parts)).expect("a capsule");
    let steps = {
        let reader = Reader::new(&*stick, &|_| {});
        let state = stick::read(&reader);
        let is_taken = |entry: &Entry| Path::new(&entry.short_path).ends_with(NEW_FILE);
        if entries(&state).iter().any(is_taken) {
            return false;
        }
        add(&reader, &state, &[NewCapsule { file_name: NEW_FILE, capsule: &capsule }])
    };
    let Ok(steps) = steps else { return false };
    write(stick, &steps, image);
    true
}

/// The first image of the folder goes.
fn go(stick: &mut Sparse) {
    let steps = {
        let reader = Reader::new(&*stick, &|_| {});
        let state = stick::read(&reader);
        let first = entries(&state).iter().find(|entry| entry.is_capsule && !entry.runs.is_empty());
        let Some(first) = first else { return };
        remove(&reader, &state, &[first])
    };
    if let Ok(steps) = steps {
        write(stick, &steps, &images()[1]);
    }
}

fn entries<'s>(state: &'s StickState<'_>) -> &'s [Entry] {
    let Some(Ok(volume)) = &state.file_system else { return &[] };
    volume.tree.as_ref().map_or(&[], |tree| &tree.entries)
}

fn write(stick: &mut Sparse, steps: &[Step], image: &Image) {
    for step in steps {
        check(step);
        put(stick, &step.layout, &[image.scan.stored(&Bytes(&image.bytes))]);
    }
}
