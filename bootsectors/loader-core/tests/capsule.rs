//! Capsules through the whole stack: BIOS, drive, FAT, file, hash.

mod common;
#[path = "../../../tests/host/frames/rewritten.rs"]
mod rewritten;

use common::sticks::{CHUNK, Stop, boot, capsule, image, stick};
use common::{Answer, Call, Lcg, MockBios, SECTOR, plain};
use ramkey_format::capsule::{CapsuleError, CapsuleHeader};
use ramkey_loader_core::capsule::{ChunkError, OpenError, end_is_proven};
use ramkey_loader_core::drive::{Disk, Drive, Method, ReadError};
use ramkey_loader_core::fat::FatVolume;
use ramkey_loader_core::file::{FileError, FileReader};
use ramkey_loader_core::volume::{Volume, VolumeError};
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, IntoBytes};

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
    let error = FileError::Volume(VolumeError::Read(ReadError { status: 0x10, lba: 200 }));
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
    reseal(&mut other_hash, |header| header.ram_blake3[31] ^= 1);
    assert_eq!(boot(MockBios::good(stick(&other_hash))).0, Err(Stop::Open(OpenError::ImageHash)));
    // That of the original image is not what is in memory where something was left out.
    let mut other_original = whole.clone();
    reseal(&mut other_original, |header| header.image_blake3[31] ^= 1);
    assert!(boot(MockBios::good(stick(&other_original))).0.unwrap() == image());

    let mut flag = whole.clone();
    reseal(&mut flag, |header| header.flags = U32::new(0x8000));
    let error = OpenError::Format(CapsuleError::UnknownFlags { bits: 0x8000 });
    assert_eq!(boot(MockBios::good(stick(&flag))).0, Err(Stop::Open(error)));

    // Form, codec and chunks before of the third chunk, with fewer bytes than a chunk.
    let packed = |form: [u8; 3], stored_len: u32| {
        let mut packed = whole.clone();
        packed[512 + 2 * 48..][..3].copy_from_slice(&form);
        packed[512 + 2 * 48 + 4..][..4].copy_from_slice(&stored_len.to_le_bytes());
        let table = *blake3::hash(&packed[512..512 + 48 * 10]).as_bytes();
        reseal(&mut packed, |header| header.table_blake3 = table);
        boot(MockBios::good(stick(&packed))).0
    };
    let wrong = Err(Stop::Open(OpenError::Format(CapsuleError::Chunk { index: 2 })));
    assert_eq!(packed([9, 0, 0], CHUNK as u32), wrong);
    assert_eq!(packed([2, 1, 3], 100), wrong, "it refers to what is not there");
    assert_eq!(packed([2, 1, 0], CHUNK as u32), wrong, "it is as long as it would be raw");
    for codec in [0, 1, 255] {
        let error = CapsuleError::UnknownCodec { index: 2, found: codec };
        assert_eq!(packed([2, codec, 2], 100), Err(Stop::Open(OpenError::Format(error))));
    }
}

/// An image whose last but one chunk is the first again, and its capsule with all parts elsewhere.
fn elsewhere() -> (Vec<u8>, Vec<u8>) {
    let mut image = image();
    image.copy_within(..CHUNK, 8 * CHUNK);
    let capsule = rewritten::rewritten(&capsule(&image), 1, 0xD1);
    (image, capsule)
}

#[test]
fn table_and_chunks_may_lie_anywhere_in_any_order_and_share_bytes() {
    let (image, capsule) = elsewhere();
    let header = CapsuleHeader::parse(&capsule).unwrap();
    let table = header.entries(&capsule[header.table_offset.get() as usize..]).unwrap();
    assert_eq!(table[0].stored(), table[8].stored());
    assert!(
        table[9].stored().end < table[7].stored().start && table[0].stored().end < header.table_offset.get()
    );
    assert!(u64::from(header.table_len.get()) > header.entries_len(), "there is an origin record");
    let (loaded, _) = boot(MockBios::good(stick(&capsule)));
    assert!(loaded.unwrap() == image);
    for limit in [1, 8, 100] {
        let bios = MockBios::new(stick(&capsule), move |call| match call {
            Call::Edd { lba: 100.., sectors } if sectors > limit => Answer::Lies,
            _ => Answer::Good,
        });
        assert!(boot(bios).0.unwrap() == image, "limit {limit}");
    }
    let mut flipped = capsule.clone();
    flipped[table[6].stored().end as usize] ^= 1;
    assert!(boot(MockBios::good(stick(&flipped))).0.unwrap() == image, "no part has that byte");
    let at = capsule.windows(8).position(|bytes| bytes == &image[7 * CHUNK..][..8]).unwrap();
    flipped[at] ^= 1;
    assert_eq!(boot(MockBios::good(stick(&flipped))).0, Err(Stop::Chunk(7, ChunkError::StickWrong)));
}

/// Whether the end of a capsule is proven on a good drive.
fn is_end_proven(capsule: &[u8]) -> bool {
    let header = CapsuleHeader::parse(capsule).unwrap();
    let mut disk = Disk::new(MockBios::good(stick(capsule)), Drive::new(0x80, plain(Method::Edd)));
    let mut window = [0; 4096];
    let mut volume = FatVolume::open(&mut disk, 0, &mut window).unwrap();
    let mut folder = volume.find_folder(&mut disk, b"RAMKEY     ").unwrap();
    let file = volume.next_file(&mut disk, &mut folder, b"RKC").unwrap().unwrap();
    let mut reader = FileReader::new(&mut disk, &mut volume, file);
    let mut known = None;
    let is_proven = end_is_proven(&mut reader, header, &mut known).unwrap();
    assert_eq!(end_is_proven(&mut reader, header, &mut known), Ok(is_proven), "from what is known");
    is_proven
}

/// Flips a bit of each part of a capsule; `true` for a part without which the end is not proven. The table block is last.
fn parts_that_prove(capsule: &[u8]) -> Vec<bool> {
    assert!(is_end_proven(capsule));
    let header = CapsuleHeader::parse(capsule).unwrap();
    let start = header.table_offset.get();
    let table = header.entries(&capsule[start as usize..]).unwrap();
    let chunks = table.iter().map(|entry| entry.stored().start + 99).filter(|at| *at > 99);
    // The value of the first chunk, and the last byte of the block.
    let of_table = [start + 40, start + u64::from(header.table_len.get()) - 1];
    let is_needed = chunks.chain(of_table).map(|at| {
        let mut flipped = capsule.to_vec();
        flipped[at as usize] ^= 1;
        !is_end_proven(&flipped)
    });
    is_needed.collect()
}

#[test]
fn the_end_that_is_proven_is_what_lies_farthest_and_not_the_last_chunk() {
    let whole = capsule(&image());
    let proves = parts_that_prove(&whole);
    let chunks = proves.len() - 2;
    assert!(chunks > 4);
    assert!(proves[..chunks - 1].iter().all(|is_needed| !is_needed), "{proves:?}");
    assert_eq!(proves[chunks - 1..], [true; 3], "the last chunk, and the table that has its value");
    // Behind all chunks lies the table block.
    let proves = parts_that_prove(&elsewhere().1);
    let (table, chunks) = proves.split_last_chunk::<2>().map(|(chunks, table)| (table, chunks)).unwrap();
    assert_eq!(*table, [true; 2]);
    assert!(chunks.iter().all(|is_needed| !is_needed), "{proves:?}");
    // Nothing but the table.
    assert_eq!(parts_that_prove(&capsule(&[0; 2 * CHUNK])), [true; 2]);
}

#[test]
fn an_entry_that_was_read_wrong_proves_nothing() {
    let mut wrong = capsule(&image());
    // The last chunk would be zeros, and the one before it the farthest.
    let last = 512 + 48 * 9;
    wrong[last..last + 16].fill(0);
    wrong[last] = 1;
    assert!(!is_end_proven(&wrong));
}
