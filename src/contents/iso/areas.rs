//! Where the structures and files of a disc lie.

use std::collections::BTreeSet;

use super::blocks::{BLOCK_LEN, Blocks};
use super::boot_entry::Emulation;
use super::catalogue::{self, CatalogueEntry};
use super::descriptor;
use super::directory::{Encoding, Extent, list};
use crate::contents::area::{AreaUse, Areas};
use crate::contents::bytes::u32_at;
use crate::contents::mbr::{self, TableEntry};
use crate::image::Source;
use crate::units::SECTOR_LEN;

/// Sectors in a block.
const BLOCK_SECTORS: u64 = BLOCK_LEN / SECTOR_LEN;
/// Block of the first descriptor, and most of them that are looked at.
const FIRST: u64 = 16;
const DESCRIPTORS_MAX: u64 = 64;
/// Most directories that are looked into.
const DIRECTORIES_MAX: usize = 1024;
/// Offsets in a volume descriptor: length of its path table, where two of those lie, and where two others do. The last two have
/// their high byte first. (ECMA-119, section 8.4.)
const PATH_TABLE_LEN: usize = 132;
const PATH_TABLES: [(usize, bool); 4] = [(140, false), (144, false), (148, true), (152, true)];

/// Blocks as sectors, from a block on and for some bytes.
fn run(block: u64, len: u64) -> (u64, u64) {
    (block * BLOCK_SECTORS, len.div_ceil(BLOCK_LEN) * BLOCK_SECTORS)
}

/// The parts of the disc in `source`.
pub(in crate::contents) fn areas(source: &dyn Source) -> Areas {
    let mut areas = Areas::default();
    if walk(&mut areas, Blocks { source }).is_none() {
        areas.partial = true;
    }
    areas
}

/// Finds them; `None` if not all of them can be found.
fn walk(areas: &mut Areas, blocks: Blocks) -> Option<()> {
    areas.add(run(0, FIRST * BLOCK_LEN), AreaUse::Disc, "system area, which a disc does not use");
    descriptors(areas, blocks)?;
    let found = descriptor::read(blocks).ok()??;
    let entries = found.catalogue.map(|lba| catalogue(areas, blocks, lba)).unwrap_or_default();
    let joliet = found.joliet.map(|root| (root, Encoding::Joliet));
    let plain = found.volume.map(|volume| (volume.root, Encoding::Plain));
    let is_whole = joliet.into_iter().chain(plain).map(|(root, names)| tree(areas, blocks, root, names));
    let is_whole = is_whole.fold(true, |all, one| all & one.is_some());
    // A boot image may have all the files in it.
    for (number, entry) in entries.iter().enumerate() {
        boot_image(areas, blocks, number, entry);
    }
    (is_whole && !found.udf).then_some(())
}

/// The volume descriptors, and the path tables to which they lead.
fn descriptors(areas: &mut Areas, blocks: Blocks) -> Option<()> {
    for lba in FIRST..FIRST + DESCRIPTORS_MAX {
        let Some(block) = blocks.get(lba).ok()? else { break };
        let name = match (&block[1..6], block[0]) {
            (b"CD001", 0) => "boot record of El Torito",
            (b"CD001", 1) => "primary volume descriptor",
            (b"CD001", 2) => "supplementary volume descriptor",
            (b"CD001", 255) => "end of the volume descriptors",
            (b"CD001", _) => "volume descriptor",
            (b"BEA01" | b"NSR02" | b"NSR03" | b"TEA01" | b"BOOT2", _) => "descriptor of UDF",
            _ => break,
        };
        areas.add(run(lba, BLOCK_LEN), AreaUse::Disc, name);
        if &block[1..6] == b"CD001" && matches!(block[0], 1 | 2) {
            let len = u64::from(u32_at(&block, PATH_TABLE_LEN));
            for (at, is_big) in PATH_TABLES {
                let lba = u32_at(&block, at);
                let lba = if is_big { lba.swap_bytes() } else { lba };
                if lba > 0 {
                    areas.add(run(lba.into(), len), AreaUse::Disc, "path table");
                }
            }
        }
    }
    Some(())
}

/// The entries of the boot catalogue at block `lba`.
fn catalogue(areas: &mut Areas, blocks: Blocks, lba: u32) -> Vec<CatalogueEntry> {
    areas.add(run(lba.into(), BLOCK_LEN), AreaUse::Disc, "boot catalogue of El Torito");
    let block = blocks.get(lba.into()).ok().flatten();
    block.and_then(|block| catalogue::read(&block).ok()).map_or_else(Vec::new, |found| found.entries)
}

/// What a BIOS boots by this entry.
fn boot_image(areas: &mut Areas, blocks: Blocks, number: usize, entry: &CatalogueEntry) {
    let lba = u64::from(entry.lba);
    let emulation = Emulation::of(entry.media & 0x0F);
    let sectors = match emulation {
        Some(Emulation::Floppy12) => 2400,
        Some(Emulation::Floppy144) => 2880,
        Some(Emulation::Floppy288) => 5760,
        Some(Emulation::HardDisk) => {
            let first = blocks.sector(lba * BLOCK_LEN).ok().flatten();
            let entries = first.map_or_else(Vec::new, |first| mbr::read(&first));
            entries.iter().map(TableEntry::end).max().unwrap_or(1)
        }
        Some(Emulation::NoEmulation) | None => u64::from(entry.sectors.max(BLOCK_SECTORS as u16)),
    };
    let how = emulation.map_or_else(|| "unknown emulation".to_owned(), |emulation| emulation.to_string());
    let platform = if entry.is_efi() { ", EFI" } else { "" };
    let name = format!("El Torito entry {}: {how}{platform}", number + 1);
    areas.add((lba * BLOCK_SECTORS, sectors), AreaUse::BootImage, name);
}

/// The directories and files below `root`; `None` if not all of them can be told.
fn tree(areas: &mut Areas, blocks: Blocks, root: Extent, names: Encoding) -> Option<()> {
    let mut open = vec![(String::new(), root)];
    let mut seen = BTreeSet::new();
    // Ends: no directory is looked into twice, and only so many are.
    while let Some((path, place)) = open.pop() {
        if !seen.insert(place.lba) {
            continue;
        }
        if seen.len() > DIRECTORIES_MAX || areas.partial {
            return None;
        }
        let name = if path.is_empty() { "root directory" } else { &path };
        areas.add(run(place.lba.into(), place.len.into()), AreaUse::Directory, name);
        for listed in list(blocks, place, names).ok()? {
            let path = match &path[..] {
                "" => listed.name,
                folder => format!("{folder}/{}", listed.name),
            };
            match listed.is_directory {
                true => open.push((path, listed.place)),
                false => {
                    let place = run(listed.place.lba.into(), listed.place.len.into());
                    areas.add(place, AreaUse::File, path);
                }
            }
        }
    }
    Some(())
}
