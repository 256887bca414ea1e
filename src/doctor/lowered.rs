//! What is a note here and more than that elsewhere: what a hybrid image does on purpose, the boot sector of a
//! partition that no BIOS starts, and a stick for data that has no active partition.

use crate::doctor::finding::Finding;
use crate::doctor::kinds::Kind;
use crate::doctor::part::Part;
use crate::doctor::severity::Severity;

/// Type of a partition with the programs that UEFI starts.
pub(super) const EFI: u8 = 0xEF;

/// What tools for hybrid images write into sector 0 and into both tables.
const OF_HYBRIDS: [Kind; 9] = [
    Kind::ActiveUnused,
    Kind::StartsAtZero,
    Kind::EndOffCylinder,
    Kind::Overlap,
    Kind::Geometry,
    Kind::GptStale,
    Kind::GptHybrid,
    Kind::GptProtective,
    Kind::GptBackup,
];

/// Makes notes of findings on a stick with `parts`; `is_hybrid` says that a CD image made the table.
pub(super) fn lower(findings: &mut [Finding], is_hybrid: bool, parts: &[Part]) {
    let has_no_code = findings.iter().any(|finding| finding.kind == Kind::NoBootCode);
    for finding in findings {
        let is_harmless = match finding.kind {
            Kind::CodeInBpb => is_hybrid && finding.lba == 0,
            Kind::HiddenSectors | Kind::DriveNumber => nobody_starts(finding.lba, is_hybrid, parts),
            // Without code in sector 0 it holds data: whoever made it does not want it to boot.
            Kind::NoActive => has_no_code,
            // The image of a floppy, as tools for hybrid images make one for UEFI.
            Kind::Media => is_hybrid && nobody_starts(finding.lba, is_hybrid, parts),
            kind => is_hybrid && OF_HYBRIDS.contains(&kind),
        };
        if is_harmless {
            finding.severity = Severity::Note;
        }
    }
}

/// Whether no BIOS starts the boot sector at `lba`: its partition is not active, and another is, or UEFI alone uses it.
fn nobody_starts(lba: u64, is_hybrid: bool, parts: &[Part]) -> bool {
    let has_active = parts.iter().any(|part| part.active);
    let is_passed_over = |part: &Part| {
        let of_record = part.type_byte.is_some_and(|type_byte| type_byte == EFI || has_active);
        !part.active && (is_hybrid || of_record)
    };
    lba != 0 && parts.iter().filter(|part| part.lba == lba).all(is_passed_over)
}
