//! What is a disc's own, around the ranges that it has in common with a stick.
//!
//! The capsules' files are named twice, by the FAT and by ISO 9660, and lie there once. Both a floppy and a hard disk that
//! a BIOS emulates begin at block 0, so what boots there is sector 0 of the stick.

pub mod iso9660;

use std::ops::Range;

use ramkey_format::capsule::README;

use super::beside::{Beside, Placed};
use super::error::LayoutError;
use super::extent::{Content, Extent, Role};
use crate::boot::{self, BootVolume, Patch};
use crate::plan::{BLOCK_LEN, BLOCK_SECTORS, Carried, DiscBoot, DiscDivision, FolderFiles, Plan};
use crate::units::SECTOR_LEN;
use iso9660::{BootCatalogue, BootEntry, BootMode, Run, Structures, Tree, Volume};

/// Sectors of 512 bytes that a BIOS loads of the boot image: one block.
const LOADED_SECTORS: u16 = BLOCK_SECTORS as u16;
/// Blocks of the boot catalogue.
const CATALOGUE_BLOCKS: u64 = 1;
/// What the boot images are as files, in the folder of the capsules: the one that is loaded, and one block of each that is
/// emulated. Other programs take a boot image that is no file for one of unknown length, and warn of it.
const BOOT_FILES: [&str; 3] = ["DISC.BIN", "FLOPPY.BIN", "DISK.BIN"];
/// Sectors of the largest floppy that a BIOS emulates.
pub(crate) const FLOPPY_288_SECTORS: u64 = 80 * 2 * 36;

/// Blocks that the boot image, the boot catalogue, path tables and directories take on a disc with what `carried` has, and
/// the user's own `files`.
///
/// # Errors
///
/// [`LayoutError::Files`] if ISO 9660 cannot name a file.
pub fn structure_blocks(carried: &Carried, files: &FolderFiles) -> Result<u64, LayoutError> {
    let capsules = carried.capsules.iter().map(|capsule| (&capsule.file_name[..], 0));
    let mut tree = Tree::of_capsules(capsules);
    tree.add_extra(&files.tree)?;
    let image = boot_image(
        Patch { options: [0; 8], volume: BootVolume::Iso9660, is_disc: true, start: carried.start },
        0,
    )?;
    add_boot_files(&mut tree, DiscBoot::Auto, 0, &image);
    let readme_blocks =
        add_readme(&mut tree, &carried.readme).map_or(0, |bytes| bytes.len() as u64 / BLOCK_LEN);
    let structure_blocks = u64::from(Structures::new(&tree)?.blocks());
    Ok(image.len() as u64 / BLOCK_LEN + CATALOGUE_BLOCKS + readme_blocks + structure_blocks)
}

/// Everything that makes the medium of `plan` a disc as well.
///
/// # Errors
///
/// [`LayoutError::Files`] if ISO 9660 cannot name a file; the others are faults of this program.
pub(super) fn beside(plan: &Plan, disc: &DiscDivision, placed: &Placed) -> Result<Beside, LayoutError> {
    let carried = &plan.carried;
    let capsules = carried.capsules.iter().zip(placed.capsules);
    let mut tree = Tree::of_capsules(capsules.map(|(plan, capsule)| (&plan.file_name[..], capsule.file_len)));
    tree.add_extra(&disc.files.tree)?;
    // A BIOS looks at the catalogue first; behind it everything is read forward.
    let catalogue_block = disc.structures.start;
    let image_block = catalogue_block + CATALOGUE_BLOCKS;
    let patch =
        Patch { options: placed.options, volume: BootVolume::Iso9660, is_disc: true, start: carried.start };
    let image = boot_image(patch, image_block as u32)?;
    let boot_blocks = add_boot_files(&mut tree, disc.boot, image_block as u32, &image);
    let readme = add_readme(&mut tree, &carried.readme);
    let structures = Structures::new(&tree)?;

    let readme_block = image_block + image.len() as u64 / BLOCK_LEN;
    let readme_blocks = readme.as_ref().map_or(0, |bytes| bytes.len() as u64 / BLOCK_LEN);
    let first_block = readme_block + readme_blocks;
    if first_block + u64::from(structures.blocks()) > disc.structures.end {
        return Err(LayoutError::Unsound { what: "its directories are longer than planned" });
    }

    let mut file_blocks = placed.files.iter().map(|file| block_of(file)).collect::<Result<Vec<u32>, _>>()?;
    let own = disc.files.tree.files().iter();
    file_blocks.extend(own.map(|file| (disc.extra.start + file.offset / BLOCK_LEN) as u32));
    file_blocks.extend(boot_blocks);
    file_blocks.extend(readme.as_ref().map(|_| readme_block as u32));
    let mut extents = Vec::new();
    if !disc.extra.is_empty() {
        // Behind the images of the capsules comes what the user's own files are together.
        let content = Content::Image { image: carried.capsules.len(), offset: 0 };
        extents.push(extent(disc.extra.start, disc.extra.end - disc.extra.start, Role::Files, content));
    }

    let label = String::from_utf8_lossy(&plan.division.label).trim_end().to_owned();
    let volume = Volume {
        label: &label,
        blocks: (plan.division.sectors / BLOCK_SECTORS) as u32,
        catalogue_block: catalogue_block as u32,
        first_block: first_block as u32,
        file_blocks: &file_blocks,
    };
    let last_sector = placed.files.iter().flatten().map(|run| run.end).max().unwrap_or(0);
    let catalogue = catalogue(disc.boot, image_block as u32, floppy(last_sector), placed.partition_type);
    let runs = structures.runs(&volume, &catalogue);
    let image = Run { block: image_block as u32, bytes: image };
    let readme = readme.map(|bytes| Run { block: readme_block as u32, bytes });
    for Run { block, bytes } in runs.into_iter().chain([image]).chain(readme) {
        let blocks = bytes.len() as u64 / BLOCK_LEN;
        extents.push(extent(block.into(), blocks, Role::Disc, Content::Bytes(bytes)));
    }
    Ok(Beside { extents, files_hash: disc.files.blake3 })
}

/// Adds the boot images as files, and gives the first block of each.
fn add_boot_files(tree: &mut Tree, boot: DiscBoot, image_block: u32, image: &[u8]) -> Vec<u32> {
    let files = [(image_block, image.len() as u64), (0, BLOCK_LEN), (0, BLOCK_LEN)];
    let count = if boot == DiscBoot::NoEmulation { 1 } else { files.len() };
    for (name, (_, len)) in BOOT_FILES.iter().zip(files).take(count) {
        tree.add_file(Tree::CAPSULES, name, len);
    }
    files.iter().map(|&(block, _)| block).take(count).collect()
}

/// Adds the text of a disc as its last file, if there is one, and gives its blocks.
fn add_readme(tree: &mut Tree, text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() {
        return None;
    }
    tree.add_file(Tree::CAPSULES, README, text.len() as u64);
    let mut blocks = text.to_vec();
    blocks.resize(text.len().next_multiple_of(BLOCK_LEN as usize), 0);
    Some(blocks)
}

fn boot_image(patch: Patch, block: u32) -> Result<Vec<u8>, LayoutError> {
    boot::disc_image(&patch, block).map_err(|what| LayoutError::BootCode { what })
}

fn extent(block: u64, blocks: u64, role: Role, content: Content) -> Extent {
    Extent { lba: block * BLOCK_SECTORS, sectors: blocks * BLOCK_SECTORS, role, content }
}

/// The first block of a file of the FAT, which is one run of whole blocks.
fn block_of(file: &[Range<u64>]) -> Result<u32, LayoutError> {
    match file {
        [run] if run.start.is_multiple_of(BLOCK_SECTORS) => Ok((run.start / BLOCK_SECTORS) as u32),
        _ => Err(LayoutError::Unsound { what: "a file is no run of blocks" }),
    }
}

/// The floppy that a BIOS is to emulate: the larger one only if it reaches the end of all capsules, because older BIOSes know
/// the smaller one alone.
fn floppy(capsules_end: u64) -> BootMode {
    if capsules_end <= FLOPPY_288_SECTORS { BootMode::Floppy288 } else { BootMode::Floppy144 }
}

/// The default entry, and the others in sections.
fn catalogue(boot: DiscBoot, image_block: u32, floppy: BootMode, partition_type: u8) -> BootCatalogue {
    let no_emulation =
        BootEntry { mode: BootMode::NoEmulation { sectors: LOADED_SECTORS }, block: image_block };
    let floppy = BootEntry { mode: floppy, block: 0 };
    let hard_disk = BootEntry { mode: BootMode::HardDisk { system_type: partition_type }, block: 0 };
    let (default, others) = match boot {
        DiscBoot::Auto => (no_emulation, vec![floppy, hard_disk]),
        DiscBoot::NoEmulation => (no_emulation, vec![]),
        DiscBoot::Floppy => (floppy, vec![no_emulation, hard_disk]),
        DiscBoot::HardDisk => (hard_disk, vec![no_emulation, floppy]),
    };
    BootCatalogue { default, others }
}

const _: () = assert!(BLOCK_LEN.is_multiple_of(SECTOR_LEN), "a block is whole sectors");
