//! Capsules through the whole stack: BIOS, drive, FAT, file, hash.

mod common;

use std::io::{Cursor, Write};

use blake3::hazmat::HasherExt;
use common::{Answer, Call, Lcg, MockBios, SECTOR, plain};
use ramkey_format::capsule::{CapsuleError, CapsuleHeader, ChunkEntry, codec, kind};
use ramkey_loader_core::access::{Access, HEADS, Trial, trial};
use ramkey_loader_core::capsule::{ChunkError, OpenError, load_chunk, load_table, open};
use ramkey_loader_core::drive::{Disk, Drive, Method, ReadError};
use ramkey_loader_core::fat::{FatError, Volume};
use ramkey_loader_core::file::{FileError, FileReader};
use ramkey_loader_core::geometry::Geometry;
use ramkey_loader_core::settle::settle;
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, IntoBytes};

const SHIFT: u8 = 14;
const CHUNK: usize = 1 << SHIFT;

/// A capsule as `docs/format.md` specifies it, made with the reference crate.
fn capsule(image: &[u8]) -> Vec<u8> {
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
        let entry = ChunkEntry {
            codec: if zero { codec::ZERO } else { codec::RAW },
            reserved: [0; 3],
            stored_len: U32::new(if zero { 0 } else { chunk.len() as u32 }),
            stored_offset: U64::new(if zero { 0 } else { stored.len() as u64 }),
            chaining_value: value,
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
    header.table_blake3 = *blake3::hash(&table).as_bytes();
    header.disk_sectors = U32::new(image.len().div_ceil(512) as u32);
    header.chunk_count = U32::new(chunks.len() as u32);
    header.data_offset = U32::new(data_offset as u32);
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
fn image() -> Vec<u8> {
    let mut image = Lcg(9).bytes(9 * CHUNK + 1234);
    image[3 * CHUNK..5 * CHUNK].fill(0);
    image
}

fn stick(capsule: &[u8]) -> Vec<u8> {
    stick_of(&[capsule])
}

fn stick_of(capsules: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Cursor::new(vec![0; 8000 * SECTOR]);
    fatfs::format_volume(&mut bytes, fatfs::FormatVolumeOptions::new().bytes_per_cluster(1024)).unwrap();
    let disk = fatfs::FileSystem::new(&mut bytes, fatfs::FsOptions::new()).unwrap();
    let folder = disk.root_dir().create_dir("RAMKEY").unwrap();
    for (name, capsule) in ["TEST.RKC", "LAST.RKC"].into_iter().zip(capsules) {
        folder.create_file(name).unwrap().write_all(capsule).unwrap();
    }
    drop(folder);
    disk.unmount().unwrap();
    bytes.into_inner()
}

#[derive(Debug, PartialEq, Eq)]
enum Stop {
    Open(OpenError),
    Chunk(u32, ChunkError),
}

/// Loads the capsule on `bios`: the image, or why not; and the reads of the chunks.
fn boot(bios: MockBios) -> (Result<Vec<u8>, Stop>, Vec<Call>) {
    boot_by(bios, plain(Method::Edd))
}

/// The same; how the drive is read at first is chosen.
fn boot_by(bios: MockBios, access: Access) -> (Result<Vec<u8>, Stop>, Vec<Call>) {
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    let mut window = [0; 4096];
    settle(&mut disk, 0, &mut window, || ());
    let mut volume = Volume::open(&mut disk, 0, &mut window).unwrap();
    let mut folder = volume.find_folder(&mut disk, b"RAMKEY     ").unwrap();
    let file = volume.next_file(&mut disk, &mut folder, b"RKC").unwrap().unwrap();
    disk.bios().calls.clear();
    let mut reader = FileReader::new(&mut disk, &mut volume, file);
    let result = load(&mut reader);
    (result, disk.bios().reads())
}

fn load(reader: &mut FileReader<'_, '_, Disk<MockBios>>) -> Result<Vec<u8>, Stop> {
    let header = open(reader).map_err(Stop::Open)?;
    let mut table = vec![0xD1; header.table_len() as usize + 5];
    let table = load_table(reader, &header, &mut table).map_err(Stop::Open)?;
    let mut memory = vec![0xD1; header.image_len.get() as usize];
    let mut done = 0;
    for (index, (entry, out)) in (0..).zip(table.iter().zip(memory.chunks_mut(CHUNK))) {
        load_chunk(reader, &header, entry, index, out, &mut |bytes| done += bytes)
            .map_err(|error| Stop::Chunk(index, error))?;
    }
    assert_eq!(done as usize, memory.len(), "progress counts each byte once");
    Ok(memory)
}

#[test]
fn images_of_every_shape_come_out_whole() {
    let image = image();
    for len in [1, 511, 512, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 4 * CHUNK, image.len()] {
        let (loaded, _) = boot(MockBios::good(stick(&capsule(&image[..len]))));
        assert!(loaded.unwrap() == image[..len], "{len} bytes");
    }
    let (loaded, _) = boot(MockBios::good(stick(&capsule(&[0; 2 * CHUNK]))));
    assert!(loaded.unwrap() == [0; 2 * CHUNK], "nothing but zeros");
}

#[test]
fn a_bios_that_spoils_long_transfers_is_read_in_short_ones_from_the_header_on() {
    let image = image();
    for limit in [1, 7, 40] {
        let bios = MockBios::new(stick(&capsule(&image)), move |call| match call {
            Call::Edd { sectors, .. } | Call::Chs { sectors, .. } if sectors > limit => Answer::Lies,
            _ => Answer::Good,
        });
        let (loaded, _) = boot(bios);
        assert!(loaded.unwrap() == image, "limit {limit}");
    }
}

#[test]
fn chunks_do_not_shorten_the_transfers() {
    let image = image();
    let sectors = capsule(&image).len() / SECTOR;
    let (loaded, reads) = boot(MockBios::good(stick(&capsule(&image))));
    loaded.unwrap();
    let of_file = reads.iter().skip_while(|call| !matches!(call, Call::Edd { sectors: 127, .. }));
    let lengths: Vec<usize> = of_file
        .map(|call| match call {
            Call::Edd { sectors, .. } | Call::Chs { sectors, .. } => usize::from(*sectors),
            Call::Reset => 0,
        })
        .collect();
    assert_eq!(lengths[..lengths.len() - 1], vec![127; sectors / 127]);
    assert_eq!(lengths.last(), Some(&(sectors % 127)));
}

#[test]
fn wrong_data_is_read_again_in_smaller_transfers() {
    for limit in [1, 8, 100] {
        let bios = MockBios::new(stick(&capsule(&image())), move |call| match call {
            Call::Edd { lba: 100.., sectors } if sectors > limit => Answer::Lies,
            _ => Answer::Good,
        });
        let (loaded, reads) = boot(bios);
        assert!(loaded.unwrap() == image(), "limit {limit}");
        let over =
            reads.iter().filter(|call| matches!(call, Call::Edd { lba: 100.., sectors } if *sectors > limit));
        assert!(over.count() <= 30, "limit {limit} must be learnt once");
    }
}

#[test]
fn data_that_stays_wrong_stops_the_load() {
    let bios = MockBios::new(stick(&capsule(&image())), |call| match call {
        Call::Edd { lba, sectors } if (lba..lba + u64::from(sectors)).contains(&200) => Answer::Lies,
        _ => Answer::Good,
    });
    let (loaded, reads) = boot(bios);
    let stop = loaded.map(|data| data.len()).unwrap_err();
    assert!(matches!(stop, Stop::Chunk(_, ChunkError::StickWrong)), "{stop:?}");
    assert!(reads.len() < 300, "{} reads", reads.len());
}

#[test]
fn a_sector_that_cannot_be_read_stops_the_load_with_its_lba() {
    let bios = MockBios::new(stick(&capsule(&image())), |call| match call {
        Call::Edd { lba, sectors } | Call::Chs { lba, sectors }
            if (lba..lba + u64::from(sectors)).contains(&200) =>
        {
            Answer::Fails(0x10)
        }
        _ => Answer::Good,
    });
    let (loaded, _) = boot(bios);
    let error = FileError::Fat(FatError::Read(ReadError { status: 0x10, lba: 200 }));
    let stop = loaded.map(|data| data.len()).unwrap_err();
    assert!(matches!(stop, Stop::Chunk(_, ChunkError::File(found)) if found == error), "{stop:?}");
}

#[test]
fn no_flipped_bit_of_header_table_or_data_is_loaded() {
    let image = image();
    let whole = capsule(&image);
    let disk = stick(&whole);
    let start = disk.windows(8).position(|bytes| bytes == CapsuleHeader::MAGIC).unwrap();
    let mut random = Lcg(12);
    let table_end = 512 + 48 * 10;
    let header = (0..512).step_by(3);
    let table = (512..table_end).step_by(7);
    let data = (0..150).map(|_| 1024 + random.below(whole.len() as u32 - 1024 - 512) as usize);
    for at in header.chain(table).chain(data) {
        let mut disk = disk.clone();
        disk[start + at] ^= 1 << (at % 8);
        let (loaded, _) = boot(MockBios::good(disk));
        match loaded {
            Ok(_) => panic!("byte {at} does not matter"),
            Err(Stop::Open(error)) => match at {
                0..8 => assert_eq!(error, OpenError::Format(CapsuleError::NotACapsule)),
                8..10 => assert!(matches!(error, OpenError::Format(CapsuleError::Version { .. }))),
                10..512 => assert_eq!(error, OpenError::HeaderHash, "byte {at}"),
                _ => assert_eq!(error, OpenError::TableHash, "byte {at}"),
            },
            Err(Stop::Chunk(_, error)) => {
                assert!(at >= table_end);
                assert_eq!(error, ChunkError::StickWrong);
            }
        }
    }
}

#[test]
fn a_capsule_that_lost_its_end_and_one_that_is_none_are_refused() {
    let whole = capsule(&image());
    let (loaded, _) = boot(MockBios::good(stick(&whole[..whole.len() - 512])));
    let (expected, found) = (whole.len() as u64, whole.len() as u64 - 512);
    assert_eq!(loaded, Err(Stop::Open(OpenError::Truncated { expected, found })));
    for nothing in [&[][..], &whole[..511], &[0x52; 600][..]] {
        let (loaded, _) = boot(MockBios::good(stick(nothing)));
        assert_eq!(loaded, Err(Stop::Open(OpenError::Format(CapsuleError::NotACapsule))));
    }
}

/// Changes the header and gives it a new hash, as an attacker or a careless program would.
fn reseal(capsule: &mut [u8], change: impl FnOnce(&mut CapsuleHeader)) {
    let (header, _) = CapsuleHeader::mut_from_prefix(capsule).unwrap();
    change(header);
    header.header_blake3 = *blake3::hash(&header.as_bytes()[..480]).as_bytes();
}

#[test]
fn what_the_hashes_cover_must_also_agree() {
    let whole = capsule(&image());
    let mut other_hash = whole.clone();
    reseal(&mut other_hash, |header| header.image_blake3[31] ^= 1);
    assert_eq!(boot(MockBios::good(stick(&other_hash))).0, Err(Stop::Open(OpenError::ImageHash)));

    let mut flag = whole.clone();
    reseal(&mut flag, |header| header.flags = U32::new(0x8000));
    let error = OpenError::Format(CapsuleError::UnknownFlags { bits: 0x8000 });
    assert_eq!(boot(MockBios::good(stick(&flag))).0, Err(Stop::Open(error)));

    let mut codec = whole;
    codec[512] = 9;
    let table = *blake3::hash(&codec[512..512 + 48 * 10]).as_bytes();
    reseal(&mut codec, |header| header.table_blake3 = table);
    let error = OpenError::Format(CapsuleError::Chunk { index: 0 });
    assert_eq!(boot(MockBios::good(stick(&codec))).0, Err(Stop::Open(error)));
}

/// A BIOS without EDD that counts by `real`, and says that it has `told` heads.
fn by_told_heads(bytes: &[u8], real: Geometry, told: u16) -> (MockBios, Access) {
    let mut bios = MockBios::new(bytes.to_vec(), |call| match call {
        Call::Edd { .. } => Answer::Fails(0x01),
        _ => Answer::Good,
    });
    (bios.geometry, bios.lenient) = (real, true);
    let geometry = Some(Geometry { heads: told, ..real });
    (bios, Access { geometry, heads_are_told: true, ..plain(Method::Chs) })
}

/// Whether the image is loaded, and how often sectors were asked for before its first chunk.
fn settled(bytes: &[u8], real: Geometry, told: u16) -> (bool, usize) {
    let (bios, access) = by_told_heads(bytes, real, told);
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle(&mut disk, 0, &mut [0; 4096], || ());
    assert!(!disk.drive().heads_are_in_doubt());
    let reads = disk.bios().reads().len();
    let access = Access {
        geometry: Some(Geometry { heads: disk.drive().trace().heads, ..real }),
        heads_are_told: false,
        ..access
    };
    let (bios, _) = by_told_heads(bytes, real, told);
    (boot_by(bios, access).0.is_ok_and(|loaded| loaded == image()), reads)
}

#[test]
fn heads_that_nobody_measured_are_found_by_what_can_be_proven() {
    let bytes = stick(&capsule(&image()));
    for heads in HEADS.into_iter().chain((1..=255).step_by(23)) {
        let real = Geometry { heads, sectors_per_track: if heads > 4 { 2 } else { 18 } };
        for told in [255, 64, 3] {
            let (loaded, reads) = settled(&bytes, real, told);
            assert!(loaded, "{heads} heads, told {told}");
            assert!(reads < 6000, "{heads} heads, told {told}: {reads} reads");
        }
    }
}

#[test]
fn heads_that_differ_behind_all_but_the_last_capsule_are_found_before_one_is_chosen() {
    // Two capsules: the first lies in the first cylinder of every geometry, the last is behind it.
    let whole = capsule(&image());
    let bytes = stick_of(&[&whole, &whole]);
    let from = bytes.windows(8).rposition(|window| window == CapsuleHeader::MAGIC).unwrap() / SECTOR;
    let real = Geometry { heads: (from / 8) as u16, sectors_per_track: 8 };
    assert!(real.heads > 30 && usize::from(real.heads) * 8 > whole.len() / SECTOR, "{real:?}");
    for told in [255, 64, real.heads - 1] {
        let (bios, access) = by_told_heads(&bytes, real, told);
        let mut disk = Disk::new(bios, Drive::new(0x80, access));
        settle(&mut disk, 0, &mut [0; 4096], || ());
        assert_eq!(disk.drive().trace().heads, real.heads, "told {told}");
    }
}

#[test]
fn heads_that_are_told_right_cost_no_more_than_the_header_and_a_chunk() {
    let real = Geometry { heads: 16, sectors_per_track: 63 };
    let bytes = stick(&capsule(&image()));
    let (bios, access) = by_told_heads(&bytes, real, 16);
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle(&mut disk, 0, &mut [0; 4096], || panic!("the heads were right"));
    assert!(disk.bios().reads().len() <= 9, "{:?}", disk.bios().reads());
}

#[test]
fn a_bios_that_spoils_long_transfers_is_no_reason_to_count_by_other_heads() {
    let bytes = stick(&capsule(&image()));
    let real = Geometry { heads: 255, sectors_per_track: 63 };
    let (mut bios, access) = by_told_heads(&bytes, real, 255);
    bios.fault = Box::new(|call| match call {
        Call::Edd { .. } => Answer::Fails(0x01),
        Call::Chs { sectors, .. } if sectors > 1 => Answer::Lies,
        _ => Answer::Good,
    });
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    settle(&mut disk, 0, &mut [0; 4096], || ());
    assert_eq!(disk.drive().trace().heads, 255);
    assert!(!disk.drive().heads_are_in_doubt());
}

#[test]
fn heads_that_cannot_be_found_end_with_what_was_told_after_a_bounded_number_of_calls() {
    let mut whole = capsule(&image());
    *whole.last_mut().unwrap() ^= 1;
    let at = whole.len() - SECTOR;
    whole[at] ^= 1;
    let bytes = stick(&whole);
    let real = Geometry { heads: 7, sectors_per_track: 3 };
    let (bios, access) = by_told_heads(&bytes, real, 255);
    let mut disk = Disk::new(bios, Drive::new(0x80, access));
    let mut searched = 0;
    settle(&mut disk, 0, &mut [0; 4096], || searched += 1);
    assert!(!disk.drive().heads_are_in_doubt());
    assert_eq!((disk.drive().trace().heads, searched), (255, 1));
    let calls = disk.bios().calls.len();
    assert!(calls < 8000, "{calls} calls");
}

#[test]
fn a_stick_that_is_gone_is_not_asked_with_every_number_of_heads() {
    for status in [0x80, 0xFE] {
        let real = Geometry { heads: 16, sectors_per_track: 63 };
        let (mut bios, access) = by_told_heads(&stick(&capsule(&image())), real, 64);
        bios.fault = Box::new(move |_| Answer::Fails(status));
        let mut disk = Disk::new(bios, Drive::new(0x80, access));
        settle(&mut disk, 0, &mut [0; 4096], || panic!("nothing was there to be proven"));
        assert_eq!(disk.drive().trace().heads, 64);
        assert!(disk.bios().reads().len() <= 6, "{:?}", disk.bios().reads());
    }
}

#[test]
fn every_number_of_heads_is_tried() {
    for told in [1, 77, 255] {
        let trials: Vec<Trial> = (0..).map_while(|number| trial(number, told)).collect();
        assert_eq!(trials[0], Trial { heads: told, single: false });
        for heads in 1..=255 {
            assert!(trials.contains(&Trial { heads, single: false }), "{heads} heads, told {told}");
        }
        assert!(trials.len() < 300, "{}", trials.len());
    }
}
