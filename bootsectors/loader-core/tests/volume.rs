//! Capsules on a volume that is no FAT: with files in one piece, on a medium with sectors of 2048 bytes.
//!
//! The volume is made up for this test. It shows that nothing above `trait Volume` knows of clusters.

mod common;

use common::sticks::{Stop, capsule, image, load};
use common::{Answer, Call, MockBios, SECTOR, plain};
use ramkey_loader_core::access::DriveAccess;
use ramkey_loader_core::capsule::{ChunkError, end_is_proven, open};
use ramkey_loader_core::drive::{Disk, Drive, Method, ReadError, Sectors};
use ramkey_loader_core::file::{FileError, FileReader};
use ramkey_loader_core::geometry::Geometry;
use ramkey_loader_core::settle::{extension, folder_name, settle};
use ramkey_loader_core::volume::{FileEntry, FileSystem, Volume, VolumeError};

/// Bytes of a block, and sectors of 512 bytes in it.
const BLOCK: usize = 2048;
const PER_BLOCK: u64 = (BLOCK / SECTOR) as u64;
/// Block that names the blocks of the folder.
const DESCRIPTOR: u64 = 16;
const MAGIC: &[u8; 8] = b"A VOLUME";
const ENTRY: usize = 32;
/// Block of the folder, and blocks in it.
const FOLDER: u32 = 18;
const FOLDER_BLOCKS: u32 = 2;

/// The bytes of a volume with these files in its folder.
fn volume_of(files: &[(&[u8; 11], &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0xD1; DESCRIPTOR as usize * BLOCK];
    bytes.resize((FOLDER + FOLDER_BLOCKS) as usize * BLOCK, 0);
    let at = DESCRIPTOR as usize * BLOCK;
    bytes[at..at + 8].copy_from_slice(MAGIC);
    bytes[at + 8..at + 12].copy_from_slice(&FOLDER.to_le_bytes());
    for (number, (name, data)) in files.iter().enumerate() {
        let block = (bytes.len() / BLOCK) as u32;
        let entry = FOLDER as usize * BLOCK + number * ENTRY;
        bytes[entry..entry + 11].copy_from_slice(&name[..]);
        bytes[entry + 12..entry + 16].copy_from_slice(&block.to_le_bytes());
        bytes[entry + 16..entry + 20].copy_from_slice(&(data.len() as u32).to_le_bytes());
        bytes.extend_from_slice(data);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes
}

/// The file system: nothing but blocks.
struct Blocks;

struct BlockVolume {
    lba: u64,
    folder: u32,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

impl FileSystem for Blocks {
    type Volume<'w> = BlockVolume;

    fn open(sectors: &mut impl Sectors, lba: u64, _: &mut [u8]) -> Result<BlockVolume, VolumeError> {
        let bytes = sectors.read(lba + DESCRIPTOR * PER_BLOCK, 1)?;
        if !bytes.starts_with(MAGIC) {
            return Err(VolumeError::NoFileSystem);
        }
        Ok(BlockVolume { lba, folder: word(bytes, 8) })
    }
}

impl BlockVolume {
    fn lba_of(&self, block: u32) -> u64 {
        self.lba + u64::from(block) * PER_BLOCK
    }
}

impl Volume for BlockVolume {
    /// Number of the next entry.
    type Folder = u32;
    /// First block and sectors of the file.
    type Cursor = (u32, u32);

    fn find_folder(&mut self, _: &mut impl Sectors, name: &[u8; 11]) -> Result<u32, VolumeError> {
        if name == b"RAMKEY     " { Ok(0) } else { Err(VolumeError::NoFolder) }
    }

    fn next_file(
        &mut self,
        sectors: &mut impl Sectors,
        folder: &mut u32,
        extension: &[u8; 3],
    ) -> Result<Option<FileEntry>, VolumeError> {
        let per_sector = (SECTOR / ENTRY) as u32;
        while *folder < FOLDER_BLOCKS * PER_BLOCK as u32 * per_sector {
            let lba = self.lba_of(self.folder) + u64::from(*folder / per_sector);
            let at = (*folder % per_sector) as usize * ENTRY;
            let entry: [u8; ENTRY] = sectors.read(lba, 1)?[at..at + ENTRY].try_into().unwrap();
            *folder += 1;
            let name: [u8; 11] = entry[..11].try_into().unwrap();
            if name[8..] == extension[..] {
                return Ok(Some(FileEntry { name, start: word(&entry, 12), len: word(&entry, 16) }));
            }
        }
        Ok(None)
    }

    fn cursor(&self, file: &FileEntry) -> (u32, u32) {
        (file.start, file.len.div_ceil(SECTOR as u32))
    }

    fn run(
        &mut self,
        _: &mut impl Sectors,
        &mut (start, count): &mut (u32, u32),
        sector: u32,
        max: u16,
    ) -> Result<Option<(u64, u16)>, VolumeError> {
        let left = count.saturating_sub(sector).min(max.into()) as u16;
        Ok((left > 0).then(|| (self.lba_of(start) + u64::from(sector), left)))
    }

    fn invalidate(&mut self) {}
}

/// A drive that reads whole blocks only, from one on that is a multiple.
struct Disc {
    bytes: Vec<u8>,
    /// Most blocks in one transfer.
    most: u64,
    reads: Vec<(u64, u64)>,
}

impl Sectors for Disc {
    fn read(&mut self, lba: u64, max: u16) -> Result<&[u8], ReadError> {
        let (first, skip) = (lba / PER_BLOCK, lba % PER_BLOCK);
        let count = (skip + u64::from(max)).div_ceil(PER_BLOCK).min(self.most);
        self.reads.push((first, count));
        let end = ((first + count) as usize * BLOCK).min((lba as usize + usize::from(max)) * SECTOR);
        let bytes = self.bytes.get(lba as usize * SECTOR..end.min(self.bytes.len()));
        bytes.filter(|bytes| !bytes.is_empty()).ok_or(ReadError { status: 0x04, lba })
    }

    fn shrink(&mut self) -> bool {
        let is_longer = self.most > 1;
        self.most = self.most.div_ceil(4);
        is_longer
    }
}

const NAME: &[u8; 11] = b"TEST    RKC";

fn disc(capsule: &[u8], most: u64) -> Disc {
    let bytes = volume_of(&[(b"READ    ME ", b"no capsule"), (NAME, capsule), (b"LAST    RKC", b"x")]);
    Disc { bytes, most, reads: Vec::new() }
}

fn boot(disc: &mut Disc) -> Result<Vec<u8>, Stop> {
    let mut volume = Blocks::open(disc, 0, &mut []).unwrap();
    let mut folder = volume.find_folder(disc, &folder_name()).unwrap();
    let file = volume.next_file(disc, &mut folder, &extension()).unwrap().unwrap();
    assert_eq!(&file.name, NAME);
    disc.reads.clear();
    load(&mut FileReader::new(disc, &mut volume, file))
}

#[test]
fn a_capsule_is_loaded_from_blocks_of_2048_bytes_in_transfers_of_any_length() {
    let image = image();
    for most in [1, 2, 16, 32] {
        let mut disc = disc(&capsule(&image), most);
        assert!(boot(&mut disc).unwrap() == image, "{most} blocks at once");
        let longest = disc.reads.iter().map(|&(_, count)| count).max();
        assert_eq!(longest, Some(most), "the transfers are as long as they may be");
    }
}

#[test]
fn every_file_of_the_folder_is_found_and_no_folder_is_an_error() {
    let mut disc = disc(&capsule(&image()), 1);
    let mut volume = Blocks::open(&mut disc, 0, &mut []).unwrap();
    assert_eq!(volume.find_folder(&mut disc, b"OTHER      "), Err(VolumeError::NoFolder));
    let mut folder = volume.find_folder(&mut disc, &folder_name()).unwrap();
    let mut names = Vec::new();
    while let Some(file) = volume.next_file(&mut disc, &mut folder, &extension()).unwrap() {
        names.push(file.stem());
    }
    assert_eq!(names, [*b"TEST    ", *b"LAST    "]);
    disc.bytes[DESCRIPTOR as usize * BLOCK] ^= 1;
    assert_eq!(Blocks::open(&mut disc, 0, &mut []).err(), Some(VolumeError::NoFileSystem));
}

#[test]
fn wrong_data_and_missing_sectors_stop_the_load_there_too() {
    let whole = capsule(&image());
    let mut wrong = disc(&whole, 32);
    let at = wrong.bytes.len() - 2 * BLOCK - SECTOR;
    wrong.bytes[at] ^= 1;
    let stop = boot(&mut wrong).map(|data| data.len()).unwrap_err();
    assert!(matches!(stop, Stop::Chunk(_, ChunkError::StickWrong)), "{stop:?}");

    let mut short = disc(&whole, 32);
    short.bytes.truncate(40 * BLOCK);
    let stop = boot(&mut short).map(|data| data.len()).unwrap_err();
    let is_read = |error| matches!(error, FileError::Volume(VolumeError::Read(ReadError { status: 4, .. })));
    assert!(matches!(stop, Stop::Chunk(_, ChunkError::File(error)) if is_read(error)), "{stop:?}");
}

#[test]
fn the_last_chunk_is_proven_there_and_heads_are_found_by_it() {
    let whole = capsule(&image());
    let mut disc = disc(&whole, 8);
    let mut volume = Blocks::open(&mut disc, 0, &mut []).unwrap();
    let mut folder = volume.find_folder(&mut disc, &folder_name()).unwrap();
    let file = volume.next_file(&mut disc, &mut folder, &extension()).unwrap().unwrap();
    let mut reader = FileReader::new(&mut disc, &mut volume, file);
    let header = open(&mut reader).unwrap();
    assert_eq!(end_is_proven(&mut reader, &header, &mut None), Ok(true));

    let real = Geometry { heads: 16, sectors_per_track: 2 };
    let mut bios = MockBios::new(volume_of(&[(NAME, &whole)]), |call| match call {
        Call::Edd { .. } => Answer::Fails(0x01),
        _ => Answer::Good,
    });
    (bios.geometry, bios.lenient) = (real, true);
    let geometry = Some(Geometry { heads: 255, ..real });
    let access = DriveAccess { geometry, heads_are_told: true, ..plain(Method::Chs) };
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle::<Blocks, _>(&mut disk, 0, &mut [0; 512], || ());
    let trace = disk.drive().trace();
    assert_eq!((trace.heads, trace.heads_proven), (16, true));
}
