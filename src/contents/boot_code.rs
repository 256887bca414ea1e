//! The code in boot sectors, as far as one can tell what it does: nothing, start a partition, or go its own way.
//!
//! Code that is not known is taken to know what it does.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::bpb::BpbFields;
use crate::boot::starts_nothing;

/// Bytes of a master boot record that can be code.
pub const CODE_LEN: usize = 440;
/// Where SYSLINUX's `altmbr.bin` keeps the number of the partition that it starts.
const ALTERNATE_NUMBER: usize = 439;
/// Where the last field ends that a FAT's boot sector can have.
const BPB_END: usize = 0x5A;
/// Most bytes of code, beside text and zeros, of a boot sector that only prints a message.
const MESSAGE_CODE_MAX: usize = 64;
pub(crate) const JUMP_SHORT: u8 = 0xEB;
pub(crate) const JUMP_NEAR: u8 = 0xE9;

/// What the code of a master boot record starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starts {
    /// There is no code.
    Nothing,
    /// The active partition of the table.
    Active,
    /// The partition with this number, from 1; 0 for none.
    Numbered(u8),
    /// The partition of a GPT that is marked for it.
    Marked,
    /// Something that the table does not say.
    Own,
}

/// What a boot sector does that boots nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dummy {
    /// It prints a message and gives up: of mkfs.fat, mkntfs, newfs_msdos and others.
    Message,
    /// It starts the first hard disk: of mformat.
    HardDisk,
    /// It asks for a boot loader: of a kernel.
    Kernel,
}

impl fmt::Display for Dummy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message => "is a formatter's, which only says that the disk does not boot",
            Self::HardDisk => "is mformat's, which only starts the first hard disk",
            Self::Kernel => "is a kernel's, which only says that it needs a boot loader",
        })
    }
}

/// The boot sector of mkfs.fat, of mkntfs and of the crate fatfs, from its code on; 0 stands for any byte.
const MKFS: &[u8] = &[
    0x0E, 0x1F, 0xBE, 0x00, 0x7C, 0xAC, 0x22, 0xC0, 0x74, 0x0B, 0x56, 0xB4, 0x0E, 0xBB, 0x07, 0x00, 0xCD,
    0x10, 0x5E, 0xEB, 0xF0, 0x32, 0xE4, 0xCD, 0x16, 0xCD, 0x19,
];
/// That of mformat.
const MFORMAT: &[u8] = &[
    0xFA, 0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0, 0xFC, 0xB9, 0x00, 0x01, 0xBE, 0x00, 0x7C, 0xBF, 0x00, 0x80,
    0xF3, 0xA5, 0xEA, 0x00, 0x00, 0x00, 0x08, 0xB8, 0x01, 0x02, 0xBB, 0x00, 0x7C, 0xBA, 0x80, 0x00, 0xB9,
    0x01, 0x00, 0xCD, 0x13,
];
/// That of newfs_msdos.
const NEWFS: &[u8] = &[
    0xFA, 0x31, 0xC0, 0x8E, 0xD0, 0xBC, 0x00, 0x7C, 0xFB, 0x8E, 0xD8, 0xE8, 0x00, 0x00, 0x5E, 0x83, 0xC6,
    0x19, 0xBB, 0x07, 0x00, 0xFC, 0xAC, 0x84, 0xC0, 0x74, 0x06, 0xB4, 0x0E, 0xCD, 0x10, 0xEB, 0xF5, 0x30,
    0xE4, 0xCD, 0x16, 0xCD, 0x19,
];
/// What the first sector of a Linux kernel says that cannot be started as a floppy.
const KERNELS: [&[u8]; 3] =
    [b"Use a boot loader", b"Direct floppy boot is not supported", b"Direct booting from floppy"];
/// Text in boot code that finds what it starts without the table: GRUB, LILO, GRUB4DOS, isohybrid, FreeBSD's boot0, XOSL.
const OWN_WAY: [&[u8]; 8] =
    [b"GRUB", b"LILO", b"GRLDR", b"MBR-helper", b"isolinux.bin", b"FreeBS\xC4", b"XOSL", b"Plop"];

/// What the code of the master boot record in `sector` starts.
pub fn starts(sector: &[u8; 512]) -> Starts {
    let code = &sector[..CODE_LEN];
    let has = |text: &[u8]| holds(code, text);
    if has_no_code(sector) {
        Starts::Nothing
    } else if OWN_WAY.iter().any(|text| has(text)) {
        Starts::Own
    } else if has(b"Missing OS\r\n") && has(b"Multiple active partitions") {
        Starts::Marked
    } else if has(b"Operating system load error") && !has(b"Multiple active partitions") {
        Starts::Numbered(sector[ALTERNATE_NUMBER])
    } else if reads_table(code) {
        Starts::Active
    } else {
        Starts::Own
    }
}

/// Whether the boot sector of a file system belongs to a boot loader that needs no DOS: SYSLINUX, GRUB, LILO.
pub fn starts_anything(sector: &[u8; 512]) -> bool {
    [&b"SYSLINUX"[..], b"EXTLINUX", b"GRUB", b"LILO", b"GRLDR"].iter().any(|name| holds(sector, name))
}

/// What the boot sector does if it is one that boots nothing.
pub fn dummy(sector: &[u8; 512]) -> Option<Dummy> {
    if KERNELS.iter().any(|text| holds(sector, text)) {
        return Some(Dummy::Kernel);
    }
    // Boot loaders leave what they do not need: only where the processor goes it counts.
    let code = code(sector)?;
    let is = |pattern: &[u8]| {
        let same = |(found, wanted): (&u8, &u8)| *wanted == 0 || found == wanted;
        code.len() > pattern.len() && code.iter().zip(pattern).all(same)
    };
    if is(MFORMAT) {
        return Some(Dummy::HardDisk);
    }
    (is(MKFS) || is(NEWFS) || only_prints(sector)).then_some(Dummy::Message)
}

/// Whether the boot sector has no code: what the processor would run is all one byte, or ours that starts nothing.
pub fn has_no_code(sector: &[u8; 512]) -> bool {
    if starts_nothing(sector) {
        return true;
    }
    let Some(code) = code(sector) else { return false };
    code.iter().all(|byte| *byte == code[0])
}

/// The bytes that can be code: of a file system's boot sector those behind its BPB, else those before the table.
fn code(sector: &[u8; 512]) -> Option<&[u8]> {
    let target = match sector[0] {
        JUMP_SHORT => 2 + isize::from(sector[1] as i8),
        JUMP_NEAR => 3 + isize::from(i16::from_le_bytes([sector[1], sector[2]])),
        _ if has_bpb(sector) => return sector.get(BPB_END..CODE_LEN),
        _ => return sector.get(..CODE_LEN),
    };
    let target = match target {
        // Some formatters write a jump to itself.
        0 => BPB_END,
        _ => usize::try_from(target).ok()?,
    };
    sector.get(target..if target < CODE_LEN { CODE_LEN } else { 510 }).filter(|code| !code.is_empty())
}

/// Whether the fields are there that every BPB has.
fn has_bpb(sector: &[u8; 512]) -> bool {
    let bpb = BpbFields::read(sector);
    let cluster = bpb.cluster_sectors;
    bpb.bytes_per_sector == 512 && (cluster == 0 || cluster.is_power_of_two()) && bpb.media & 0xF0 == 0xF0
}

/// Whether it is a file system's and its code is short, prints, gives up, and reads no disk.
fn only_prints(sector: &[u8; 512]) -> bool {
    let Some(code) = code(sector).filter(|_| has_bpb(sector)) else { return false };
    let calls = |number: u8| holds(code, &[0xCD, number]);
    let is_text = |byte: &&u8| matches!(byte, 0 | b'\r' | b'\n' | 0x20..0x7F);
    let bytes = code.iter().filter(|byte| !is_text(byte)).count();
    bytes <= MESSAGE_CODE_MAX && calls(0x10) && (calls(0x18) || calls(0x19)) && !calls(0x13)
}

/// Whether the code takes the address of the partition table: where it was loaded, or where such code moves to.
fn reads_table(code: &[u8]) -> bool {
    let is_address = |bytes: &[u8]| bytes[0] == 0xBE && matches!(bytes[1], 0x01 | 0x07 | 0x7D);
    let moves = |bytes: &[u8]| matches!(bytes[0], 0xB8..=0xBF) && is_address(&bytes[1..]);
    let loads = |bytes: &[u8]| bytes[0] == 0x8D && bytes[1] & 0xC7 == 0x06 && is_address(&bytes[2..]);
    code.windows(3).any(moves) || code.windows(4).any(loads)
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|found| found == text)
}

#[cfg(test)]
mod tests {
    use super::{Dummy, Starts, dummy, has_no_code, starts};

    fn sector(code: &[u8]) -> [u8; 512] {
        let mut sector = [0; 512];
        sector[..code.len()].copy_from_slice(code);
        sector[510..].copy_from_slice(&[0x55, 0xAA]);
        sector
    }

    #[test]
    fn code_that_takes_the_address_of_the_table_starts_the_active_partition() {
        // Of DOS, of Windows 7, of FreeDOS, which stays at 7C00h, and of OpenBSD, which counts from its segment.
        for code in
            [&[0xBE, 0xBE, 0x07][..], &[0xBD, 0xBE, 0x07], &[0xBE, 0xBE, 0x7D], &[0x8D, 0x36, 0xBE, 0x01]]
        {
            assert_eq!(starts(&sector(&[&[0xFA, 0x33, 0xC0], code].concat())), Starts::Active, "{code:02X?}");
        }
    }

    #[test]
    fn code_that_goes_its_own_way_is_told_by_its_name_or_by_not_reading_the_table() {
        for name in [&b"GRUB Geom"[..], b"LILO", b"isolinux.bin missing", b"FreeBS\xC4"] {
            assert_eq!(starts(&sector(&[&[0xFA, 0xBE, 0xBE, 0x07], name].concat())), Starts::Own, "{name:?}");
        }
        assert_eq!(starts(&sector(&[0xFA, 0x33, 0xC0, 0xBE, 0xBE, 0x08])), Starts::Own);
    }

    #[test]
    fn a_record_of_one_byte_has_no_code_and_one_of_two_has() {
        assert_eq!(starts(&sector(&[])), Starts::Nothing);
        assert_eq!(starts(&sector(&[0xF6; 440])), Starts::Nothing);
        let mut last = sector(&[]);
        last[439] = 1;
        assert_eq!(starts(&last), Starts::Own);
    }

    #[test]
    fn a_boot_sector_with_fields_and_no_code_has_no_code_whatever_fills_it() {
        let mut fat = sector(&[0xEB, 0x3C, 0x90]);
        fat[11..13].copy_from_slice(&[0, 2]);
        assert!(has_no_code(&fat));
        fat[0x3E..510].fill(0xF4);
        assert!(has_no_code(&fat));
        fat[0x3F] = 0xEB;
        assert!(!has_no_code(&fat));
        assert!(has_no_code(&sector(&[0xEB, 0xFE, 0x90, b'M', b'S'])), "a jump to itself is no code");
    }

    #[test]
    fn what_a_formatter_left_beside_the_way_of_the_processor_is_no_dummy() {
        let mut fat = sector(&[0xEB, 0x3C, 0x90]);
        fat[0x3E..0x3E + super::MKFS.len()].copy_from_slice(super::MKFS);
        assert_eq!(dummy(&fat), Some(Dummy::Message));
        // As SYSLINUX jumps, on every FAT.
        fat[1] = 0x58;
        assert_eq!(dummy(&fat), None);
    }

    #[test]
    fn a_short_message_is_a_dummy_in_a_file_system_only_and_reading_the_disk_is_none() {
        let mut fat = sector(&[0xEB, 0x3C, 0x90]);
        fat[11..14].copy_from_slice(&[0, 2, 1]);
        fat[21] = 0xF0;
        let code = [0xBE, 0x50, 0x7C, 0xAC, 0xB4, 0x0E, 0xCD, 0x10, 0x98, 0xCD, 0x16, 0xCD, 0x19];
        fat[0x3E..0x3E + code.len()].copy_from_slice(&code);
        assert_eq!(dummy(&fat), Some(Dummy::Message));
        let mut reads = fat;
        reads[0x4C..0x4E].copy_from_slice(&[0xCD, 0x13]);
        assert_eq!(dummy(&reads), None);
        let mut bare = fat;
        bare[11..22].fill(0);
        assert_eq!(dummy(&bare), None, "a boot sector of somebody's own may be all that there is");
    }
}
