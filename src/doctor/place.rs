//! Whether a file system fits its place on the stick.

use crate::doctor::boot_code;
use crate::doctor::disk::Disk;
use crate::doctor::error::DoctorError;
use crate::doctor::fat;
use crate::doctor::finding::Findings;
use crate::doctor::kinds::Kind;
use crate::doctor::part::Part;
use crate::doctor::volume::{FoundSystem, FoundVolume};
use crate::image::BOOT_SIGNATURE;

/// Sectors that a volume may be smaller than its place without a word: a cylinder of 255/63.
const SLACK: u64 = 255 * 63;

/// Checks `volume` against its place `part`, and against the `geometry` of the partition table.
pub(super) fn check(
    disk: &Disk,
    volume: &FoundVolume,
    part: &Part,
    geometry: Option<(u16, u16)>,
    findings: &mut Findings,
) -> Result<(), DoctorError> {
    let name = part.name();
    let lba = volume.lba;
    if volume.sector[510..] != BOOT_SIGNATURE && lba != 0 {
        let what = format!("the boot sector of {name} has no 55 AA at its end");
        findings.add(Kind::NoSignature, lba, what);
    }
    boot_code::check_volume(volume, &name, findings);
    if volume.hidden() != lba {
        let what = match part.number {
            Some(_) => {
                format!("{name} begins at sector {lba}, and its boot sector says {}", volume.hidden())
            }
            None => {
                format!("the file system begins at sector 0, and its boot sector says {}", volume.hidden())
            }
        };
        findings.add(Kind::HiddenSectors, lba, what);
    }
    let (sectors, room) = (volume.sectors(), part.sectors);
    if sectors > room {
        let what = format!("{name} has {room} sectors, and its file system {sectors}");
        findings.add(Kind::TotalSectors, lba, what);
    } else if room - sectors > SLACK && sectors != 0 {
        let what = format!("{name} has {room} sectors, and its file system uses {sectors}");
        findings.add(Kind::VolumeSmaller, lba, what);
    }
    if volume.system == FoundSystem::ExFat {
        return Ok(());
    }
    let bpb = &volume.bpb;
    let (heads, track) = (bpb.heads, bpb.sectors_per_track);
    if !(1..=255).contains(&heads) || !(1..=63).contains(&track) {
        let what = format!(
            "{name}: the BPB has {heads} heads and {track} sectors per track; 1 to 255 and 1 to 63 are allowed"
        );
        findings.add(Kind::BpbValue, lba, what);
    } else if let Some((table_heads, table_track)) = geometry.filter(|&table| table != (heads, track)) {
        let what = format!(
            "{name}: the BPB has {heads} heads and {track} sectors per track, the partition table {table_heads} and \
             {table_track}"
        );
        findings.add(Kind::Geometry, lba, what);
    }
    match volume.system {
        FoundSystem::Fat(bits) => fat::check(disk, volume, bits, part, findings),
        FoundSystem::Ntfs | FoundSystem::ExFat => Ok(()),
    }
}
