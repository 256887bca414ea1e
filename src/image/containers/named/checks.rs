//! Kinds of files that are told by more than bytes at a fixed place.

use super::remedy::FLOPTOOL;
use super::remedy::Remedy::{self, Advice, Disc, Disk, Qemu};
use super::sample::{Named, Sample};
use crate::image::wrapping::BOOT_SIGNATURE;

/// What every sector of a raw CD begins with. (ECMA-130, section 14.)
const SYNC: [u8; 12] = [0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0];
/// Subsystems of programs for EFI: an application, two kinds of drivers, a ROM.
const EFI_SUBSYSTEMS: std::ops::RangeInclusive<u16> = 10..=13;
/// Where the fields of a kernel begin in its first sector.
const KERNEL_HEADER: usize = 0x1F1;
/// The sector of a CD in which its first volume descriptor stands.
const DESCRIPTOR: u64 = 16;
/// Bytes of the sectors before the first track that some programs copy: two seconds.
const PREGAP: u64 = 150 * 2048;

const VOLUME: Remedy = Advice("join them, and give the whole: `zip -s 0 {file} --out {stem}-whole.zip`");
const RAW_DISC: Remedy = Disc("ccd2iso {file} {out}`, or with its .cue file `bchunk {file} {.cue} {stem}");
const ANY_DISC: Remedy = Disc("iat {file} {out}");
const OLD_FLOPPY: Remedy =
    Advice("write it to a floppy with LOADDSKF under OS/2 or DOS, and copy that with `dd`");

/// A kind that a footer tells beyond doubt, whatever stands in the first sector.
pub(super) fn footer(sample: &Sample) -> Option<Named> {
    // A VHD of fixed size is a raw image with a footer; an old Virtual PC wrote one byte less.
    if sample.before_end(512, b"conectix") || sample.before_end(511, b"conectix") {
        return Some(Named { what: "a VHD file", remedy: Qemu("vpc") });
    }
    // The last volume has the directory, and begins anywhere in a file. (APPNOTE.TXT, 4.3.16.)
    let is_volume = sample.before_end(22, b"PK\x05\x06") && !sample.before_end(18, &[0, 0]);
    if is_volume {
        return Some(Named { what: "the last of the volumes of a zip", remedy: VOLUME });
    }
    let is_dmg = sample.before_end(512, b"koly");
    is_dmg.then_some(Named { what: "a DMG file", remedy: Disk("dmg2img {file} {out}") })
}

/// Every other kind.
pub(super) fn find(sample: &Sample) -> Option<Named> {
    let found = |what, remedy| Some(Named { what, remedy });
    if sample.head.starts_with(&SYNC) {
        // Behind 2352 bytes stands the next sector, or 96 bytes of subchannels first.
        let what = if sample.at(2448, &SYNC) && !sample.at(2352, &SYNC) {
            "a raw CD of 2448 bytes per sector"
        } else {
            "a raw CD of 2352 bytes per sector"
        };
        return found(what, if what.contains("2448") { ANY_DISC } else { RAW_DISC });
    }
    if sample.has(DESCRIPTOR * 2336 + 9, b"CD001") {
        return found("a raw CD of 2336 bytes per sector", ANY_DISC);
    }
    if sample.before_end(8, b"NERO") || sample.before_end(12, b"NER5") {
        return found("an NRG file of Nero", Disc("nrg2iso {file} {out}"));
    }
    if sample.before_end(64, b"bbis") {
        return found("a UIF file of MagicISO", Disc("uif2iso {file} {out}"));
    }
    if is_cdi(sample) {
        return found("a CDI file of DiscJuggler", ANY_DISC);
    }
    if sample.has(PREGAP + DESCRIPTOR * 2048 + 1, b"CD001") {
        return found("a CD image with 150 empty sectors in front", Disc("tail -c +307201 {file} > {out}"));
    }
    floppy(sample).or_else(|| other(sample))
}

fn floppy(sample: &Sample) -> Option<Named> {
    let found = |what, remedy| Some(Named { what, remedy });
    if let [a, b, ..] = sample.head[..]
        && matches!((a, b), (0xAA, 0x58..=0x5A) | (0x58..=0x5A, 0xAA))
    {
        return found("a SaveDskF file of OS/2", OLD_FLOPPY);
    }
    // Of a D88 the length and the place of the first track fit; of a DMK the length of all tracks.
    let is_d88 =
        sample.u32_at(0x1C) == Some(sample.len) && matches!(sample.u32_at(0x20), Some(0x2A0 | 0x2B0));
    if is_d88 {
        return found("a D88 file", FLOPTOOL);
    }
    if is_dmk(sample) {
        return found("a DMK file", FLOPTOOL);
    }
    if is_disk_copy(sample) {
        return found("a floppy image of DiskCopy", Disk("tail -c +85 {file} > {out}"));
    }
    None
}

fn other(sample: &Sample) -> Option<Named> {
    let found = |what, remedy| Some(Named { what, remedy });
    // PUSHA and a far jump begin like an ARJ, whose header has 30 to 2600 bytes.
    let header_len = sample.head.get(2..4).map_or(0, |len| u16::from_le_bytes([len[0], len[1]]));
    if sample.head.starts_with(&[0x60, 0xEA]) && (30..=2600).contains(&header_len) {
        return found("compressed (arj)", Remedy::Archive("arj x {file}"));
    }
    if is_old_tar(&sample.head) {
        return found("a tar archive", Remedy::Archive("tar -xf {file}"));
    }
    if sample.head.starts_with(b"BM") && sample.u32_at(2) == Some(sample.len) {
        return found("a picture (BMP)", Advice("give the image of a disk, a floppy or a CD"));
    }
    let rom_len = sample.head.get(2).map(|&blocks| u64::from(blocks) * 512);
    let is_rom =
        sample.head.starts_with(&[0x55, 0xAA]) && rom_len.is_some_and(|len| len > 0 && len <= sample.len);
    if is_rom {
        return found("the ROM of an adapter", Advice("give the image of a disk, a floppy or a CD"));
    }
    None
}

/// A kernel of Linux that says itself that it is not started from a floppy. Before 2.6 it is; memory tests that are
/// built like a kernel are too.
pub(super) fn kernel(sample: &Sample) -> Option<Named> {
    if !sample.at(0x202, b"HdrS") {
        return None;
    }
    let sector = sample.head.get(..512)?;
    // Of iPXE and MEMDISK, which boot loaders start like a kernel.
    let is_empty = sector[..KERNEL_HEADER].iter().all(|byte| *byte == sector[0]);
    let says_no = |text: &[u8]| sector.windows(text.len()).any(|window| window == text);
    let refuses = says_no(b"boot loader") || says_no(b"no longer supported");
    let is_new = || {
        let offset = usize::from(u16::from_le_bytes(*sample.head.get(0x20E..)?.first_chunk()?)) + 0x200;
        let version = sample.head.get(offset..)?.iter().map(|&byte| char::from(byte));
        let numbers: String = version.take_while(|c| c.is_ascii_digit() || *c == '.').take(16).collect();
        let mut numbers = numbers.split('.').map(|number| number.parse().unwrap_or(0u32));
        Some((numbers.next()?, numbers.next()?) >= (2, 6))
    };
    let remedy = Advice(
        "put it on a CD or a disk with a boot loader, such as ISOLINUX or SYSLINUX, and give that image",
    );
    if is_empty {
        return Some(Named { what: "a program that a boot loader starts like a kernel of Linux", remedy });
    }
    (refuses || is_new() == Some(true)).then_some(Named { what: "a kernel of Linux", remedy })
}

/// A program for EFI: its first sector starts as a boot sector would, and only says what it is. What reads a disk there
/// boots with a BIOS too. (Microsoft PE Format, "Optional Header Windows-Specific Fields".)
pub(super) fn efi_program(sample: &Sample) -> Option<Named> {
    let header = sample.head.starts_with(b"MZ").then(|| sample.u32_at(0x3C)).flatten()? as usize;
    let subsystem = sample.head.get(header.checked_add(0x5C)?..)?.first_chunk()?;
    let is_efi = sample.at(header, b"PE\0\0") && EFI_SUBSYSTEMS.contains(&u16::from_le_bytes(*subsystem));
    let is_signed = sample.at(510, &BOOT_SIGNATURE);
    let reads_disk = sample.head.get(..512)?.windows(2).any(|code| code == [0xCD, 0x13]);
    let remedy = Advice("take the edition of the same program that boots with a BIOS");
    let is_program = is_efi && !(is_signed && reads_disk);
    is_program.then_some(Named { what: "an EFI program, which no BIOS starts", remedy })
}

/// Version and place of the header in the last eight bytes. (cdirip, `cdi.h`.)
fn is_cdi(sample: &Sample) -> bool {
    let Some((version, offset)) = sample.tail.last_chunk::<8>().map(|bytes| bytes.split_at(4)) else {
        return false;
    };
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |sum, &byte| sum << 8 | u64::from(byte));
    let (version, offset) = (number(version), number(offset));
    (0x8000_0004..=0x8000_0006).contains(&version) && offset > 0 && offset < sample.len
}

/// Tracks, their length and the number of sides give the length of the file.
fn is_dmk(sample: &Sample) -> bool {
    let [protect, tracks, low, high, flags, rest @ ..] = &sample.head[..] else { return false };
    let track = u64::from(u16::from_le_bytes([*low, *high]));
    let sides = if flags & 0x10 == 0 { 2 } else { 1 };
    matches!(protect, 0 | 0xFF)
        && *tracks > 0
        && (0x80..=0x4000).contains(&track)
        && rest.iter().take(11).all(|&byte| byte == 0)
        && sample.len == 16 + u64::from(*tracks) * track * sides
}

/// A name of Pascal, two lengths that make that of the file, and 0100h at 82. (DiskCopy 4.2.)
fn is_disk_copy(sample: &Sample) -> bool {
    let big = |at: usize| {
        let bytes = sample.head.get(at..)?.first_chunk()?;
        Some(u64::from(u32::from_be_bytes(*bytes)))
    };
    let (Some(data), Some(tags)) = (big(64), big(68)) else { return false };
    sample.at(82, &[1, 0]) && data > 0 && 84 + data + tags == sample.len
}

/// A tar from before there was a signature: its checksum is right.
fn is_old_tar(head: &[u8]) -> bool {
    let Some(head) = head.first_chunk::<512>() else { return false };
    let field = head[148..156].iter().filter(|byte| byte.is_ascii_digit()).map(|&byte| char::from(byte));
    let told = u32::from_str_radix(&field.collect::<String>(), 8);
    let spaces = 8 * u32::from(b' ');
    let others: u32 = head[..148].iter().chain(&head[156..]).map(|&byte| u32::from(byte)).sum();
    head[0] != 0 && told == Ok(others + spaces)
}
