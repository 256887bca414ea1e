//! The numbers that a stick has beside its identity, derived from that.

use crate::image::Scan;
use crate::layout::identity::{derive, first_16, id};
use crate::plan::Plan;

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
    /// All of them follow from the first.
    pub fn of(plan: &Plan, scans: &[Scan]) -> Self {
        Self::of_stick(id(plan, scans))
    }

    /// Those of the stick with this identity.
    pub fn of_stick(stick: [u8; 16]) -> Self {
        let [a, b, c, d, ..] = derive("ramkey 2026 disk signature v1", &stick);
        let [e, f, g, h, ..] = derive("ramkey 2026 volume serial v1", &stick);
        Self {
            stick,
            // A signature of zero means that there is none, and Windows would write its own.
            disk_signature: [a, b, c, d.max(1)],
            volume_serial: u32::from_le_bytes([e, f, g, h]),
            disk_guid: guid(first_16(derive("ramkey 2026 disk guid v1", &stick))),
            partition_guid: guid(first_16(derive("ramkey 2026 partition guid v1", &stick))),
        }
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
