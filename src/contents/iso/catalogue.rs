//! The boot catalogue of a disc. (El Torito Bootable CD-ROM Format Specification 1.0, section 2.)

use super::blocks::{Block, text};
use super::no_boot::CatalogueFault;
use crate::contents::bytes::{u16_at, u32_at};

const ENTRY_LEN: usize = 32;
const BOOTABLE: u8 = 0x88;
const SECTION: u8 = 0x90;
const LAST_SECTION: u8 = 0x91;
const EXTENSION: u8 = 0x44;
/// Bit of a section entry's media byte, and of an extension's flags: an extension follows.
const CONTINUES: u8 = 0x20;
const X86: u8 = 0x00;
const EFI: u8 = 0xEF;

/// One entry that boots something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CatalogueEntry {
    pub platform: u8,
    pub bootable: bool,
    pub media: u8,
    pub segment: u16,
    pub system_type: u8,
    pub sectors: u16,
    pub lba: u32,
    /// Who made it, as the catalogue or its section says.
    pub id: String,
}

impl CatalogueEntry {
    pub fn is_x86(&self) -> bool {
        self.platform == X86
    }

    pub fn is_efi(&self) -> bool {
        self.platform == EFI
    }

    fn of(raw: &[u8], platform: u8, media_mask: u8, id: &str) -> Self {
        Self {
            platform,
            bootable: raw[0] == BOOTABLE,
            media: raw[1] & media_mask,
            segment: u16_at(raw, 2),
            system_type: raw[4],
            sectors: u16_at(raw, 6),
            lba: u32_at(raw, 8),
            id: id.to_owned(),
        }
    }
}

/// A catalogue whose first entry is sound.
#[derive(Clone, Debug)]
pub(super) struct Catalogue {
    /// Whether the 16-bit words of the first entry add up to 0, as they must.
    pub sum_is_zero: bool,
    /// The default entry, then those of the sections, in the catalogue's order.
    pub entries: Vec<CatalogueEntry>,
}

/// Reads the catalogue's first block, which has room for 64 entries.
pub(super) fn read(block: &Block) -> Result<Catalogue, CatalogueFault> {
    if block[0] != 1 {
        return Err(CatalogueFault::Header(block[0]));
    }
    let key = u16_at(block, 30);
    if key != 0xAA55 {
        return Err(CatalogueFault::Key(key));
    }
    let sum = block[..ENTRY_LEN].chunks_exact(2).fold(0u16, |sum, word| sum.wrapping_add(u16_at(word, 0)));
    let mut raw = block.chunks_exact(ENTRY_LEN).skip(1).peekable();
    let mut entries = Vec::new();
    if let Some(default) = raw.next() {
        entries.push(CatalogueEntry::of(default, block[1], 0xFF, &text(&block[4..28])));
    }
    // Each pass takes an entry from the block, so it ends.
    while let Some(header) = raw.next().filter(|raw| [SECTION, LAST_SECTION].contains(&raw[0])) {
        let id = text(&header[4..]);
        for _ in 0..u16_at(header, 2) {
            let Some(entry) = raw.next() else { break };
            // The upper bits of a section entry's media byte are flags.
            entries.push(CatalogueEntry::of(entry, header[1], 0x0F, &id));
            let mut continues = entry[1] & CONTINUES != 0;
            while continues {
                let extension = raw.next_if(|raw| raw[0] == EXTENSION);
                continues = extension.is_some_and(|raw| raw[1] & CONTINUES != 0);
            }
        }
        if header[0] == LAST_SECTION {
            break;
        }
    }
    Ok(Catalogue { sum_is_zero: sum == 0, entries })
}
