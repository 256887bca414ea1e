//! The code in a boot sector, as far as it shares the sector with a BPB.

use crate::contents::{self, JUMP_NEAR, JUMP_SHORT, NoStart, has_no_code};
use crate::doctor::finding::Findings;
use crate::doctor::kinds::Kind;
use crate::doctor::part::Part;
use crate::doctor::volume::{FoundSystem, FoundVolume};
use crate::image::Source;

/// Bytes into which BIOSes write: media byte to drive number.
const WRITTEN_BY_BIOS: std::ops::Range<usize> = 0x15..0x25;
const NOP: u8 = 0x90;

/// Checks the code of a master boot record; `volume` is the file system that begins there too, if one does.
pub(super) fn check_record(sector: &[u8; 512], volume: Option<&FoundVolume>, findings: &mut Findings) {
    if volume.is_some() {
        // Checked with the volume.
        return;
    }
    if has_no_code(sector) {
        return findings.add(Kind::NoBootCode, 0, "sector 0 has a table and no code".into());
    }
    let starts = format!("it begins with {:02X} {:02X} {:02X}", sector[0], sector[1], sector[2]);
    if sector[0] != JUMP_SHORT || sector[2] != NOP {
        findings.add(Kind::MbrJump, 0, starts);
    }
    // Some records hold the few numbers of a BPB that BIOSes want, and no file system.
    let has_numbers = sector[11..13] == [0, 2];
    if !has_numbers && sector[WRITTEN_BY_BIOS].iter().any(|&byte| byte != 0) {
        findings.add(Kind::CodeInBpb, 0, "sector 0 has code in bytes 15h to 24h".into());
    }
}

/// Looks for what a BIOS would start and boots nothing, by the rules for images. `has_table` says that sector 0 holds a
/// partition table alone.
pub(super) fn check_start(stick: &dyn Source, has_table: bool, parts: &[Part], findings: &mut Findings) {
    for fault in contents::no_start(stick, contents::Kind::HardDisk, has_table) {
        let lba = match fault {
            // These are found where the table is looked at.
            NoStart::NoCode { table: true }
            | NoStart::NoActive
            | NoStart::ManyActive { .. }
            | NoStart::NoTable => continue,
            NoStart::Partition { number, .. } => {
                parts.iter().find(|part| part.number == Some(number)).map_or(0, |part| part.lba)
            }
            _ => 0,
        };
        findings.add(Kind::BootsNothing, lba, fault.to_string());
    }
}

/// Checks that the code of `volume` begins behind its BPB.
pub(super) fn check_volume(volume: &FoundVolume, name: &str, findings: &mut Findings) {
    let sector = &volume.sector;
    let target = match sector[0] {
        JUMP_SHORT => 2 + isize::from(sector[1] as i8),
        JUMP_NEAR => 3 + isize::from(i16::from_le_bytes([sector[1], sector[2]])),
        _ => {
            let what = format!(
                "the boot sector of {name} begins with {:02X} {:02X} {:02X}",
                sector[0], sector[1], sector[2]
            );
            return findings.add(Kind::Jump, volume.lba, what);
        }
    };
    if sector[0] == JUMP_SHORT && sector[2] != NOP {
        let what = format!("{name}: byte 2 of the boot sector is {:02X}", sector[2]);
        findings.add(Kind::JumpThird, volume.lba, what);
    }
    let end = match volume.system {
        FoundSystem::Ntfs => 0x54,
        FoundSystem::ExFat => 0x78,
        FoundSystem::Fat(_) if volume.bpb.is_fat32() => 0x5A,
        FoundSystem::Fat(_) if volume.has_extension() => 0x3E,
        FoundSystem::Fat(_) => 0x24,
    };
    if !(end..0x1FE).contains(&target) {
        let what = format!("{name}: the boot sector jumps to byte {target:#x}, and its BPB ends at {end:#x}");
        findings.add(Kind::CodeInBpb, volume.lba, what);
    }
}
