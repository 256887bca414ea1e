//! The identity of a medium, and numbers that other programs make at random: derived from what is on it.

use ramkey_format::capsule::flags;

use crate::capsule::{Writes, number_of};
use crate::image::Scan;
use crate::plan::{CapsulePlan, Carried, DiscDivision, Division, Language, Plan, StartOptions};

/// The identity of the medium of `plan`. If the plan names none, it is the same for the same images and options, and another
/// for any other.
pub(super) fn id(plan: &Plan, scans: &[Scan]) -> [u8; 16] {
    plan.carried.id.unwrap_or_else(|| derived(plan, scans))
}

/// The identity that follows from images and options.
fn derived(plan: &Plan, scans: &[Scan]) -> [u8; 16] {
    let mut seed = blake3::Hasher::new_derive_key("ramkey 2026 stick contents v1");
    let mut feed = |bytes: &[u8]| {
        seed.update(bytes);
    };
    describe_options(&plan.division, plan.carried.start, &mut feed);
    feed(&(plan.carried.capsules.len() as u64).to_le_bytes());
    for (capsule, scan) in plan.carried.capsules.iter().zip(scans) {
        feed(&scan.root);
        if scan.ram_root != scan.root {
            feed(b"TRIM");
            feed(&scan.ram_root);
        }
        if let Some(packed) = &scan.packed {
            feed(b"PACK");
            feed(&packed.effort_code());
        }
        describe_capsule(capsule, &mut feed);
    }
    describe_set(&plan.carried, &mut feed);
    first_16(derive("ramkey 2026 stick id v1", seed.finalize().as_bytes()))
}

/// A number that is another for each `context`, which no other use has.
pub(super) fn derive(context: &str, from: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new_derive_key(context).update(from).finalize().as_bytes()
}

/// As many of them as an identity has.
pub(super) fn first_16(bytes: [u8; 32]) -> [u8; 16] {
    bytes.first_chunk().copied().expect("16 of 32 bytes")
}

/// What tells the boot code of two sticks apart that have other sizes or options, whatever their images are.
pub(super) fn options(division: &Division, start: StartOptions) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new_derive_key("ramkey 2026 stick options v1");
    describe_options(division, start, &mut |bytes| {
        hasher.update(bytes);
    });
    hasher.finalize().as_bytes().first_chunk().copied().expect("8 of 32 bytes")
}

/// Feeds the options in a form that no two plans share: numbers have fixed lengths, texts their own before them.
fn describe_options(division: &Division, start: StartOptions, feed: &mut dyn FnMut(&[u8])) {
    let StartOptions { start_timeout, menu_timeout, language, serial } = start;
    feed(&division.sectors.to_le_bytes());
    feed(&[
        division.layout.code(),
        division.volume.bits.bits(),
        division.volume.cluster_sectors,
        start_timeout,
        menu_timeout,
    ]);
    feed(&division.label);
    // A stick that speaks English keeps the identity that it had before there were other languages. What follows the
    // options, if anything does, is a number of images that does not begin with two letters.
    if language != Language::English {
        feed(&language.code());
    }
    if serial {
        feed(b"COM1");
    }
    // The same holds of what a disc has beside a stick.
    if let Some(DiscDivision { boot, files, .. }) = &division.disc {
        feed(b"DISC");
        feed(&[boot.code()]);
        feed(&files.blake3);
    }
}

fn describe_capsule(capsule: &CapsulePlan, feed: &mut dyn FnMut(&[u8])) {
    let facts = &capsule.facts;
    feed(&facts.len.to_le_bytes());
    let read_only = u8::from(capsule.writes == Writes::Refused);
    feed(&[number_of(facts.kind), read_only, capsule.number, facts.drive_type, facts.partition_type]);
    for number in [
        facts.geometry.cylinders,
        u32::from(facts.geometry.heads),
        u32::from(facts.geometry.sectors_per_track),
        facts.disk_sectors,
        facts.lead_sectors,
    ] {
        feed(&number.to_le_bytes());
    }
    for text in [&capsule.title, &capsule.file_name] {
        feed(&(text.len() as u64).to_le_bytes());
        feed(text.as_bytes());
    }
}

/// Feeds what every capsule's flags say, unless they say what [`describe_capsule`] does: it comes last, so a stick of
/// plain drives keeps the identity that it had before there were others.
fn describe_set(carried: &Carried, feed: &mut dyn FnMut(&[u8])) {
    let flags = |capsule: &CapsulePlan| capsule.options(&carried.set).flags(capsule.set_role());
    if carried.capsules.iter().any(|capsule| flags(capsule) & !flags::READ_ONLY != 0) {
        carried.capsules.iter().for_each(|capsule| feed(&flags(capsule).to_le_bytes()));
    }
}
