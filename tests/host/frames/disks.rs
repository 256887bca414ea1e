//! Hard disks and boot sectors for tests, by hand.

use ramkey::units::{Chs, Geometry};

/// Code that reads by CHS: `mov ax, 201h; int 13h`.
pub const BY_CHS: &[u8] = &[0xB8, 0x01, 0x02, 0xCD, 0x13];
/// Code that asks for EDD, and reads with it: `mov ah, 41h; int 13h; mov ah, 42h; int 13h`.
pub const BY_EDD: &[u8] = &[0xB4, 0x41, 0xCD, 0x13, 0xB4, 0x42, 0xCD, 0x13];
/// What `mkfs.fat` leaves.
pub const DUMMY: &[u8] =
    b"\x0E\x1F\xCD\x10\xCD\x16\xCD\x19This is not a bootable disk.  Please insert a bootable floppy";
/// The same behind code that reads.
pub const OVER_DUMMY: &[u8] =
    b"\xB8\x01\x02\xCD\x13This is not a bootable disk.  Please insert a bootable floppy";
/// What `mformat` leaves: it reads the first sector of the first hard disk.
pub const MFORMAT: &[u8] = &[
    0xFA, 0x31, 0xC0, 0x8E, 0xD8, 0x8E, 0xC0, 0xFC, 0xB9, 0x00, 0x01, 0xBE, 0x00, 0x7C, 0xBF, 0x00, 0x80,
    0xF3, 0xA5, 0xEA, 0x56, 0x00, 0x00, 0x08, 0xB8, 0x01, 0x02, 0xBB, 0x00, 0x7C, 0xBA, 0x80, 0x00, 0xB9,
    0x01, 0x00, 0xCD, 0x13, 0x72, 0x05,
];
/// A master boot record of DOS, as far as it matters: it takes the address of the table, and reads by CHS alone.
pub const OLD_RECORD: &[u8] = &[0xFA, 0x33, 0xC0, 0xBE, 0xBE, 0x07, 0xB8, 0x01, 0x02, 0xCD, 0x13];
/// A master boot record that reads with EDD where there is EDD.
pub const EDD_RECORD: &[u8] = &[0xFA, 0x33, 0xC0, 0xBE, 0xBE, 0x07, 0xB4, 0x41, 0xBB, 0xAA, 0x55, 0xCD, 0x13];
/// A boot manager that reads by CHS, and not by the table.
pub const MANAGER: &[u8] = &[0xFA, 0x33, 0xC0, 0x8E, 0xD0, 0xB8, 0x01, 0x02, 0xCD, 0x13];

/// The boot sector of a FAT.
#[derive(Clone, Copy, Debug)]
pub struct Volume {
    pub heads: u16,
    pub track: u16,
    pub hidden: u32,
    pub sectors: u32,
    pub code: &'static [u8],
}

impl Volume {
    pub fn sector(&self) -> [u8; 512] {
        let mut s = [0; 512];
        s[..3].copy_from_slice(&[0xEB, 0x3C, 0x90]);
        s[11..13].copy_from_slice(&512u16.to_le_bytes());
        s[13] = if self.sectors < 8192 { 1 } else { 4 };
        s[14..17].copy_from_slice(&[1, 0, 2]);
        s[17..19].copy_from_slice(&224u16.to_le_bytes());
        s[21] = 0xF8;
        s[22] = 64;
        s[24..26].copy_from_slice(&self.track.to_le_bytes());
        s[26..28].copy_from_slice(&self.heads.to_le_bytes());
        s[28..32].copy_from_slice(&self.hidden.to_le_bytes());
        if self.sectors < 0x1_0000 {
            s[19..21].copy_from_slice(&(self.sectors as u16).to_le_bytes());
        } else {
            s[32..36].copy_from_slice(&self.sectors.to_le_bytes());
        }
        s[0x3E..0x3E + self.code.len()].copy_from_slice(self.code);
        s[510..].copy_from_slice(&[0x55, 0xAA]);
        s
    }

    /// An image of `present` sectors that begins with it.
    pub fn image(&self, present: u32) -> Vec<u8> {
        let mut bytes = vec![0; present as usize * 512];
        bytes[..512].copy_from_slice(&self.sector());
        bytes
    }

    /// The same, and it says that it is on a floppy.
    pub fn floppy(&self, present: u32) -> Vec<u8> {
        let mut bytes = self.image(present);
        bytes[21] = 0xF0;
        bytes[22] = 9;
        bytes[0x24..0x27].copy_from_slice(&[0, 0, 0x29]);
        bytes
    }
}

/// A hard disk.
pub struct Disk {
    pub bytes: Vec<u8>,
}

impl Disk {
    /// A disk of so many sectors, without partitions.
    pub fn new(sectors: u32) -> Self {
        let mut bytes = vec![0; sectors as usize * 512];
        bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
        Self { bytes }
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// Puts code into sector 0.
    pub fn record(&mut self, code: &[u8]) {
        self.bytes[..code.len()].copy_from_slice(code);
    }

    /// Puts a boot sector at `lba`.
    pub fn volume(&mut self, lba: usize, volume: &Volume) {
        self.bytes[lba * 512..(lba + 1) * 512].copy_from_slice(&volume.sector());
    }

    /// Fills an entry of the table in sector 0, with the addresses of so many heads and sectors per track.
    pub fn partition(
        &mut self,
        number: usize,
        status: u8,
        kind: u8,
        start: u32,
        sectors: u32,
        tracks: (u16, u16),
    ) {
        self.slot(0, number, [status, kind], (start, start, sectors), tracks);
    }

    /// Makes the table in sector `at` within the extended partition at `extended`: a partition `own`, from `at` on, and
    /// the place of the next table, from `extended` on.
    pub fn logical(
        &mut self,
        at: u32,
        own: (u32, u32),
        next: Option<u32>,
        extended: u32,
        tracks: (u16, u16),
    ) {
        let sector = at as usize * 512;
        self.bytes[sector + 510..sector + 512].copy_from_slice(&[0x55, 0xAA]);
        self.slot(at as usize, 1, [0, 0x06], (own.0, at + own.0, own.1), tracks);
        if let Some(next) = next {
            self.slot(at as usize, 2, [0, 0x05], (next, extended + next, 50_063), tracks);
        }
    }

    /// Fills an entry in the table of sector `lba`: its `start` as it stands there, and on the disk, and its sectors.
    fn slot(
        &mut self,
        lba: usize,
        number: usize,
        [status, kind]: [u8; 2],
        (start, on_disk, sectors): (u32, u32, u32),
        (heads, sectors_per_track): (u16, u16),
    ) {
        let geometry = Geometry { cylinders: 1, heads, sectors_per_track };
        let chs = |lba: u32| Chs::from_lba(u64::from(lba), &geometry).to_bytes();
        let at = lba * 512 + 0x1BE + (number - 1) * 16;
        let slot = &mut self.bytes[at..at + 16];
        slot[0] = status;
        slot[1..4].copy_from_slice(&chs(on_disk));
        slot[4] = kind;
        slot[5..8].copy_from_slice(&chs(on_disk + sectors - 1));
        slot[8..12].copy_from_slice(&start.to_le_bytes());
        slot[12..16].copy_from_slice(&sectors.to_le_bytes());
    }
}
