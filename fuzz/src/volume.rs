//! A small FAT12 with files that lie one behind the other, made by hand.

use super::sparse::SECTOR;

/// Where the root directory and cluster 2 begin; a cluster is a sector.
const FAT_SECTORS: usize = 12;
const ROOT: usize = 1 + FAT_SECTORS;
const DATA: usize = ROOT + 2;
/// A volume that is being filled.
pub struct Volume {
    bytes: Vec<u8>,
    next: usize,
}

/// A folder of it: where its entries begin, how many it has, and its first cluster, 0 for the root.
pub struct Folder {
    at: usize,
    entries: usize,
    cluster: usize,
}

impl Volume {
    /// An empty one of `sectors` sectors, at most 4000, that begins `hidden` sectors behind the start of its disk; and its
    /// root.
    pub fn new(sectors: u16, hidden: u32) -> (Self, Folder) {
        let mut bytes = vec![0; usize::from(sectors) * SECTOR];
        bytes[..11].copy_from_slice(b"\xEB\x3C\x90MSWIN4.1");
        bytes[11..19].copy_from_slice(&[0, 2, 1, 1, 0, 1, 32, 0]);
        bytes[19..21].copy_from_slice(&sectors.to_le_bytes());
        bytes[21..23].copy_from_slice(&[0xF8, FAT_SECTORS as u8]);
        bytes[24..28].copy_from_slice(&[63, 0, 16, 0]);
        bytes[28..32].copy_from_slice(&hidden.to_le_bytes());
        bytes[36..62].copy_from_slice(b"\x80\0\x29\x01\x02\x03\x04NO NAME    FAT12   ");
        bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
        bytes[SECTOR..SECTOR + 3].copy_from_slice(&[0xF8, 0xFF, 0xFF]);
        (Self { bytes, next: 2 }, Folder { at: ROOT * SECTOR, entries: 0, cluster: 0 })
    }

    /// Adds a file; what has no room is cut.
    pub fn file(&mut self, folder: &mut Folder, name: &[u8; 11], contents: &[u8]) {
        let room = self.bytes.len() - (DATA + self.next - 2) * SECTOR;
        let contents = &contents[..contents.len().min(room)];
        let first = self.take(contents.len().div_ceil(SECTOR));
        let at = (DATA + first.max(2) - 2) * SECTOR;
        self.bytes[at..at + contents.len()].copy_from_slice(contents);
        self.entry(folder, name, 0x20, first, contents.len());
    }

    /// Adds a folder of one sector.
    pub fn folder(&mut self, parent: &mut Folder, name: &[u8; 11]) -> Folder {
        let cluster = self.take(1);
        self.entry(parent, name, 0x10, cluster, 0);
        let mut folder = Folder { at: (DATA + cluster - 2) * SECTOR, entries: 0, cluster };
        self.entry(&mut folder, b".          ", 0x10, cluster, 0);
        self.entry(&mut folder, b"..         ", 0x10, parent.cluster, 0);
        folder
    }

    /// Its bytes.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn take(&mut self, clusters: usize) -> usize {
        if clusters == 0 {
            return 0;
        }
        let first = self.next;
        for cluster in first..first + clusters {
            let value = if cluster + 1 == first + clusters { 0xFFF } else { cluster + 1 };
            let at = SECTOR + cluster * 3 / 2;
            let shifted = if cluster % 2 == 1 { value << 4 } else { value };
            self.bytes[at] |= shifted as u8;
            self.bytes[at + 1] |= (shifted >> 8) as u8;
        }
        self.next += clusters;
        first
    }

    fn entry(&mut self, folder: &mut Folder, name: &[u8; 11], attributes: u8, cluster: usize, len: usize) {
        let slot = &mut self.bytes[folder.at + folder.entries * 32..][..32];
        slot[..11].copy_from_slice(name);
        slot[11] = attributes;
        slot[26..28].copy_from_slice(&(cluster as u16).to_le_bytes());
        slot[28..32].copy_from_slice(&(len as u32).to_le_bytes());
        folder.entries += 1;
    }
}
