//! Capsules on a FAT, made with the reference crates, and loading them as the loader does.

use std::io::{Cursor, Write};

use blake3::hazmat::HasherExt;
use ramkey_format::capsule::{CapsuleHeader, ChunkEntry, Form, kind};
use ramkey_loader_core::access::DriveAccess;
use ramkey_loader_core::capsule::{ChunkError, OpenError, load_chunk, load_table, open};
use ramkey_loader_core::drive::{Disk, Drive, Method, Sectors};
use ramkey_loader_core::fat::{Fat, FatVolume};
use ramkey_loader_core::file::FileReader;
use ramkey_loader_core::settle::settle;
use ramkey_loader_core::volume::Volume;
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, IntoBytes};

use super::{Call, Lcg, MockBios, SECTOR, plain};

pub const SHIFT: u8 = 14;
pub const CHUNK: usize = 1 << SHIFT;

/// A capsule as `docs/format.md` specifies it, made with the reference crate.
pub fn capsule(image: &[u8]) -> Vec<u8> {
    let chunks: Vec<&[u8]> = image.chunks(CHUNK).collect();
    let data_offset = (512 + 48 * chunks.len()).next_multiple_of(512);
    let mut stored = vec![0; data_offset];
    let mut table = Vec::new();
    for (index, chunk) in chunks.iter().enumerate() {
        let mut hasher = blake3::Hasher::new();
        hasher.set_input_offset((index * CHUNK) as u64).update(chunk);
        let only = chunks.len() == 1;
        let value = if only { *blake3::hash(chunk).as_bytes() } else { hasher.finalize_non_root() };
        let zero = chunk.iter().all(|&byte| byte == 0);
        let start = stored.len() as u64;
        let entry = match zero {
            true => ChunkEntry::new(Form::Zero, 0..0, value),
            false => ChunkEntry::new(Form::Raw, start..start + chunk.len() as u64, value),
        };
        table.extend_from_slice(entry.as_bytes());
        if !zero {
            stored.extend_from_slice(chunk);
            stored.resize(stored.len().next_multiple_of(512), 0);
        }
    }
    let mut header = CapsuleHeader::read_from_bytes(&[0; 512]).unwrap();
    header.magic = CapsuleHeader::MAGIC;
    header.version = U16::new(CapsuleHeader::VERSION);
    header.header_len = U16::new(512);
    header.file_len = U64::new(stored.len() as u64);
    header.image_len = U64::new(image.len() as u64);
    header.image_blake3 = *blake3::hash(image).as_bytes();
    header.ram_blake3 = header.image_blake3;
    header.table_blake3 = *blake3::hash(&table).as_bytes();
    header.disk_sectors = U32::new(image.len().div_ceil(512) as u32);
    header.chunk_count = U32::new(chunks.len() as u32);
    header.table_offset = U64::new(512);
    header.table_len = U32::new(table.len() as u32);
    header.chunk_shift = SHIFT;
    header.kind = kind::HARD_DISK;
    header.drive = 0x80;
    header.cylinders = U32::new(1);
    header.heads = U16::new(16);
    header.sectors_per_track = U16::new(63);
    header.title[..4].copy_from_slice(b"Test");
    header.header_blake3 = *blake3::hash(&header.as_bytes()[..480]).as_bytes();
    stored[..512].copy_from_slice(header.as_bytes());
    stored[512..512 + table.len()].copy_from_slice(&table);
    stored
}

/// An image with a chunk of zeros in the middle and a short last chunk.
pub fn image() -> Vec<u8> {
    let mut image = Lcg(9).bytes(9 * CHUNK + 1234);
    image[3 * CHUNK..5 * CHUNK].fill(0);
    image
}

pub fn stick(capsule: &[u8]) -> Vec<u8> {
    stick_of(&[capsule])
}

pub fn stick_of(capsules: &[&[u8]]) -> Vec<u8> {
    let files: Vec<(&str, &[u8])> =
        ["TEST.RKC", "LAST.RKC"].into_iter().zip(capsules.iter().copied()).collect();
    stick_named(&files)
}

pub fn stick_named(files: &[(&str, &[u8])]) -> Vec<u8> {
    let stored: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let sectors = if stored > 3000 * SECTOR { 24_000 } else { 8000 };
    let mut bytes = Cursor::new(vec![0; sectors * SECTOR]);
    fatfs::format_volume(&mut bytes, fatfs::FormatVolumeOptions::new().bytes_per_cluster(1024)).unwrap();
    let disk = fatfs::FileSystem::new(&mut bytes, fatfs::FsOptions::new()).unwrap();
    let folder = disk.root_dir().create_dir("RAMKEY").unwrap();
    for (name, bytes) in files {
        folder.create_file(name).unwrap().write_all(bytes).unwrap();
    }
    drop(folder);
    disk.unmount().unwrap();
    bytes.into_inner()
}

#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    Open(OpenError),
    Chunk(u32, ChunkError),
}

/// Loads the capsule on `bios`: the image, or why not; and the reads of the chunks.
pub fn boot(bios: MockBios) -> (Result<Vec<u8>, Stop>, Vec<Call>) {
    boot_by(bios, plain(Method::Edd))
}

/// The same; how the drive is read at first is chosen.
pub fn boot_by(bios: MockBios, access: DriveAccess) -> (Result<Vec<u8>, Stop>, Vec<Call>) {
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    let mut window = [0; 4096];
    settle::<Fat, _>(&mut disk, 0, &mut window, || ());
    let mut volume = FatVolume::open(&mut disk, 0, &mut window).unwrap();
    let mut folder = volume.find_folder(&mut disk, b"RAMKEY     ").unwrap();
    let file = volume.next_file(&mut disk, &mut folder, b"RKC").unwrap().unwrap();
    disk.bios().calls.clear();
    let mut reader = FileReader::new(&mut disk, &mut volume, file);
    let result = load(&mut reader);
    (result, disk.bios().reads())
}

pub fn load(reader: &mut FileReader<'_, impl Sectors, impl Volume>) -> Result<Vec<u8>, Stop> {
    let header = open(reader).map_err(Stop::Open)?;
    let mut table = vec![0xD1; header.table_len.get() as usize + 5];
    let table = load_table(reader, &header, &mut table).map_err(Stop::Open)?;
    let mut memory = vec![0xD1; header.image_len.get() as usize];
    let mut done = 0;
    for (index, (entry, out)) in (0..).zip(table.iter().zip(memory.chunks_mut(CHUNK))) {
        load_chunk(reader, &header, entry, index, out, &mut [], &mut |bytes| done += bytes)
            .map_err(|error| Stop::Chunk(index, error))?;
    }
    assert_eq!(done as usize, memory.len(), "progress counts each byte once");
    Ok(memory)
}
