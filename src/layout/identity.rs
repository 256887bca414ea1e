//! Everything that other programs make at random, derived from what is on the stick.

use ramkey_format::capsule::flags;

use crate::capsule::{Writes, number_of};
use crate::image::Scan;
use crate::plan::{CapsulePlan, Plan};

/// The numbers by which systems tell this stick from others.
pub(super) struct Identity {
    /// In the boot header and the manifest.
    pub stick: [u8; 16],
    /// In sector 0; not zero.
    pub disk_signature: [u8; 4],
    /// In the boot sector of the file system.
    pub volume_serial: u32,
    /// GUID of a GPT, as text.
    pub disk_guid: String,
    /// GUID of its partition, as text.
    pub partition_guid: String,
}

impl Identity {
    /// The same for the same images and options; another for any other.
    pub fn derive(plan: &Plan, scans: &[Scan]) -> Self {
        let mut seed = blake3::Hasher::new_derive_key("ramkey 2026 stick contents v1");
        describe_plan(plan, &mut |bytes| {
            seed.update(bytes);
        });
        for (capsule, scan) in plan.capsules.iter().zip(scans) {
            seed.update(&scan.root);
            describe_capsule(capsule, &mut |bytes| {
                seed.update(bytes);
            });
        }
        describe_set(plan, &mut |bytes| {
            seed.update(bytes);
        });
        let seed = seed.finalize();
        let derive =
            |context| *blake3::Hasher::new_derive_key(context).update(seed.as_bytes()).finalize().as_bytes();
        let [a, b, c, d, ..] = derive("ramkey 2026 disk signature v1");
        let [e, f, g, h, ..] = derive("ramkey 2026 volume serial v1");
        let first_16 = |bytes: [u8; 32]| bytes.first_chunk::<16>().copied().expect("16 of 32 bytes");
        Self {
            stick: first_16(derive("ramkey 2026 stick id v1")),
            // A signature of zero means that there is none, and Windows would write its own.
            disk_signature: [a, b, c, d.max(1)],
            volume_serial: u32::from_le_bytes([e, f, g, h]),
            disk_guid: guid(first_16(derive("ramkey 2026 disk guid v1"))),
            partition_guid: guid(first_16(derive("ramkey 2026 partition guid v1"))),
        }
    }
}

/// Feeds the options in a form that no two plans share: numbers have fixed lengths, texts their own before them.
fn describe_plan(plan: &Plan, feed: &mut dyn FnMut(&[u8])) {
    feed(&plan.stick_sectors.to_le_bytes());
    feed(&[
        plan.layout.code(),
        plan.volume.bits.bits(),
        plan.volume.cluster_sectors,
        plan.start_timeout,
        plan.menu_timeout,
    ]);
    feed(&plan.label);
    feed(&(plan.capsules.len() as u64).to_le_bytes());
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
fn describe_set(plan: &Plan, feed: &mut dyn FnMut(&[u8])) {
    let flags = |capsule: &CapsulePlan| capsule.options(&plan.set).flags(capsule.set_role());
    if plan.capsules.iter().any(|capsule| flags(capsule) & !flags::READ_ONLY != 0) {
        plan.capsules.iter().for_each(|capsule| feed(&flags(capsule).to_le_bytes()));
    }
}

/// A GUID of version 8, whose bits are for its maker to choose (RFC 9562, section 5.8).
fn guid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let hex = |range: &[u8]| range.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let parts = [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]];
    parts.map(hex).join("-")
}
