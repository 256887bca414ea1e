//! The boot record and the boot catalogue. (El Torito 1.0, section 2.)

use super::fields::BLOCK;

const ENTRY_LEN: usize = 32;
/// Header identification of the validation entry, and the key at its end. (Section 2.1.)
const VALIDATION: u8 = 0x01;
const KEY: [u8; 2] = [0x55, 0xAA];
/// Platform of PCs.
const X86: u8 = 0x00;
/// Who made it.
const ID: &[u8] = b"ramkey";
const BOOTABLE: u8 = 0x88;
/// Header of a section that another follows, and of the last. (Section 2.3.)
const SECTION: u8 = 0x90;
const LAST_SECTION: u8 = 0x91;
/// Name of the boot system. (Section 2.0.)
const EL_TORITO: &[u8] = b"EL TORITO SPECIFICATION";
/// Where the boot record names the block of the catalogue.
const CATALOGUE_OFFSET: usize = 0x47;
/// Most entries of a catalogue that is one block: the validation entry, the default entry, and two for each section.
const SECTIONS_MAX: usize = (BLOCK / ENTRY_LEN - 2) / 2;

/// What a BIOS makes of a boot image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootMode {
    /// Code that is loaded to segment 07C0h; the disc is a drive with sectors of 2048 bytes.
    NoEmulation {
        /// Sectors of 512 bytes that are loaded.
        sectors: u16,
    },
    /// A floppy of 1.44 MB: drive 00h.
    Floppy144,
    /// A floppy of 2.88 MB: drive 00h.
    Floppy288,
    /// A hard disk: drive 80h.
    HardDisk {
        /// Type byte of its partition, as its partition table has it.
        system_type: u8,
    },
}

/// An entry of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootEntry {
    /// What the machine will see.
    pub mode: BootMode,
    /// First block of the boot image: what is loaded, or the first sectors of the emulated disk.
    pub block: u32,
}

/// What boots from a disc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootCatalogue {
    /// What a BIOS boots that knows no more than one entry.
    pub default: BootEntry,
    /// Further entries, each in a section of its own; at most 31.
    pub others: Vec<BootEntry>,
}

impl BootEntry {
    fn bytes(&self) -> [u8; ENTRY_LEN] {
        let (media, system_type, sectors) = match self.mode {
            BootMode::NoEmulation { sectors } => (0, 0, sectors),
            BootMode::Floppy144 => (2, 0, 1),
            BootMode::Floppy288 => (3, 0, 1),
            BootMode::HardDisk { system_type } => (4, system_type, 1),
        };
        let mut entry = [0; ENTRY_LEN];
        entry[0] = BOOTABLE;
        entry[1] = media;
        // Bytes 2 and 3: segment 0 stands for 07C0h.
        entry[4] = system_type;
        entry[6..8].copy_from_slice(&u16::to_le_bytes(sectors));
        entry[8..12].copy_from_slice(&self.block.to_le_bytes());
        entry
    }
}

impl BootCatalogue {
    /// The block of the catalogue.
    ///
    /// # Panics
    ///
    /// If there are more than 31 further entries.
    pub(super) fn block(&self) -> Vec<u8> {
        assert!(
            self.others.len() <= SECTIONS_MAX,
            "a catalogue of one block has room for {SECTIONS_MAX} sections"
        );
        let mut bytes = validation().to_vec();
        bytes.extend_from_slice(&self.default.bytes());
        for (index, entry) in self.others.iter().enumerate() {
            let is_last = index + 1 == self.others.len();
            bytes.extend_from_slice(&section(if is_last { LAST_SECTION } else { SECTION }));
            bytes.extend_from_slice(&entry.bytes());
        }
        bytes.resize(BLOCK, 0);
        bytes
    }
}

/// The first entry, whose 16-bit words add up to 0.
fn validation() -> [u8; ENTRY_LEN] {
    let mut entry = [0; ENTRY_LEN];
    entry[0] = VALIDATION;
    entry[1] = X86;
    entry[4..4 + ID.len()].copy_from_slice(ID);
    entry[30..].copy_from_slice(&KEY);
    let words = entry.chunks_exact(2).map(|word| u16::from_le_bytes([word[0], word[1]]));
    let sum = words.fold(0u16, u16::wrapping_add);
    entry[28..30].copy_from_slice(&sum.wrapping_neg().to_le_bytes());
    entry
}

/// The header of a section of one entry.
fn section(indicator: u8) -> [u8; ENTRY_LEN] {
    let mut header = [0; ENTRY_LEN];
    header[0] = indicator;
    header[1] = X86;
    header[2..4].copy_from_slice(&1u16.to_le_bytes());
    header[4..4 + ID.len()].copy_from_slice(ID);
    header
}

/// The boot record, which names the block of the catalogue.
pub(super) fn boot_record(catalogue_block: u32) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    block[1..6].copy_from_slice(b"CD001");
    block[6] = 1;
    block[7..7 + EL_TORITO.len()].copy_from_slice(EL_TORITO);
    block[CATALOGUE_OFFSET..CATALOGUE_OFFSET + 4].copy_from_slice(&catalogue_block.to_le_bytes());
    block
}
