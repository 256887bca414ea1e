//! What is fed: one function for each kind of input. None of them may panic, take long, or take much memory.

use std::hint::black_box;
use std::mem::offset_of;
use std::path::Path;

use blake3::hazmat::ChainingValue;
use ramkey::contents::windows::hive::{Hive, Key};
use ramkey::contents::windows::look;
use ramkey::contents::{FreeQuestion, Kind, KindChoice, Question, free_space, iso, probe};
use ramkey::doctor::diagnose;
use ramkey::image::{ALL, Bounds, Source, Wrapped, bundled, combine};
use ramkey::map::{MapQuestion, MapRange, of_image, of_stick};
use ramkey::origin::List;
use ramkey::stick::{has_trace, is_stick};
use ramkey::verify::{Strictness, facts, verify};
use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CHUNK_ENTRY_LEN, CapsuleHeader, ChunkEntry, Codec, Form, HEADER_HASHED_LEN,
};
use ramkey_format::memory::{MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX};
use ramkey_loader_core::capsule::open;
use ramkey_loader_core::drive::{ReadError, Sectors};
use ramkey_loader_core::file::FileReader;
use ramkey_loader_core::iso9660::Iso9660;
use ramkey_loader_core::settle::{extension, folder_name};
use ramkey_loader_core::volume::{FileSystem, Volume as _};

use ramkey_loader_core::decode::{Encoded, Stored, decode};

use super::sparse::{Bytes, SECTOR, Sparse};
use super::volume::Volume;

/// A target: takes an input apart.
pub type Target = fn(&[u8]);

/// All targets by their names, which are those of the folders of `fuzz/corpus`.
pub const TARGETS: &[(&str, Target)] = &[
    ("alter", super::alter::alter),
    ("block", super::lists::block),
    ("capsule", capsule),
    ("change", super::change::change),
    ("config", super::lists::config),
    ("descriptor", super::disks::descriptor),
    ("disks", super::disks::disks),
    ("el-torito", el_torito),
    ("fat", disk),
    ("free", free),
    ("hash-list", hash_list),
    ("hive", hive),
    ("imd", super::disks::imd),
    ("inspect", |input| inspect(&Bytes(input))),
    ("iso9660", disc),
    ("lent", super::lent::lent),
    ("loader-disc", |input| {
        black_box(loader_disc(input));
    }),
    ("manifest", manifest),
    ("ntfs", disk),
    ("restore", |input| {
        black_box(super::restore::restore(input));
    }),
    ("serials", super::lists::serials),
    ("stick", stick),
    ("tables", tables),
    ("udf", udf),
    ("unpack", unpack),
    ("zstd", zstd),
];

/// Sector of the manifest, and its sectors.
const MANIFEST: usize = MANIFEST_LBA as usize;
const MANIFEST_SECTORS: usize = MANIFEST_SECTORS_MAX as usize;

/// Sectors of a small stick: the boot area, and what an input has room in.
const STICK_SECTORS: u16 = 900;

/// A list of hashes, for a file that it may name.
fn hash_list(input: &[u8]) {
    let list = List::parse(input);
    let mut names = list.names();
    names.truncate(8);
    for name in names.into_iter().chain([&b"dos.img"[..]]) {
        black_box((list.of(name), list.of_only(name)));
    }
}

/// Everything that `ramkey inspect`, `plan` and `write` look at in an image.
pub fn inspect(source: &dyn Source) {
    if is_stick(source) {
        black_box(facts(source).sound);
    }
    for choice in [KindChoice::Auto, KindChoice::Is(Kind::HardDisk), KindChoice::Is(Kind::Partition)] {
        if let Ok(found) = probe(Path::new("input"), source, choice, None) {
            black_box(look(source, &found));
            black_box(found.warnings.iter().map(ToString::to_string).count());
        }
    }
    let question = Question { room: true, cut: true, areas: true, ..Question::default() };
    if let Ok(looked) = ramkey::contents::look(Path::new("input"), source, &question) {
        assert!(
            looked.is_possible(&question, source.len(), source.wrapping()),
            "an answer of ours is believed"
        );
        let map = of_image(&looked);
        assert_eq!(map.ranges.last().map(MapRange::end), Some(map.sectors), "a map leaves nothing out");
    }
    if let Ok(Some(disc)) = iso::read(source) {
        black_box(iso::recognise(&disc, source).map(|system| system.statement()).is_ok());
    }
    black_box(diagnose(source).is_ok());
}

/// An image of a disk with one file system on it.
fn disk(input: &[u8]) {
    inspect(&Sparse::decode(input));
}

/// An image of which is asked what its file systems do not need.
fn free(input: &[u8]) {
    let disk = Sparse::decode(input);
    for choice in [KindChoice::Auto, KindChoice::Is(Kind::HardDisk)] {
        let Ok(found) = probe(Path::new("input"), &disk, choice, None) else { continue };
        for swap in [false, true] {
            let free = free_space(&disk, &found, FreeQuestion { swap });
            assert!(free.is_possible(found.len), "ranges are in order and within the image");
            assert!(free.swap == 0 || swap, "swap files are given up when asked alone");
            black_box(free.kept.iter().map(ToString::to_string).count());
        }
    }
}

fn disc(input: &[u8]) {
    inspect(&Sparse::decode(input));
}

/// An image as the drive of a loader.
struct Drive {
    image: Sparse,
    read: Vec<u8>,
}

impl Sectors for Drive {
    fn read(&mut self, lba: u64, max: u16) -> Result<&[u8], ReadError> {
        let left = self.image.sectors.saturating_sub(lba);
        if left == 0 {
            return Err(ReadError { status: 4, lba });
        }
        self.read = self.image.get(lba, left.min(max.into()));
        Ok(&self.read)
    }
}

/// A disc as the loader reads it: the files of its folder, from the first byte to the last. Returns how many there are.
pub fn loader_disc(input: &[u8]) -> usize {
    let mut drive = Drive { image: Sparse::decode(input), read: Vec::new() };
    let mut window = [0; 8 << 10];
    let Ok(mut volume) = Iso9660::open(&mut drive, 0, &mut window) else { return 0 };
    let Ok(mut folder) = volume.find_folder(&mut drive, &folder_name()) else { return 0 };
    let mut count = 0;
    while let Ok(Some(file)) = volume.next_file(&mut drive, &mut folder, &extension()) {
        let mut reader = FileReader::new(&mut drive, &mut volume, file);
        black_box(open(&mut reader).is_ok());
        black_box(reader.piece(u64::from(file.len).saturating_sub(1), 1).is_ok());
        count += 1;
    }
    count
}

/// A disc whose descriptors of UDF have the right sums.
fn udf(input: &[u8]) {
    let mut disc = Sparse::decode(input);
    let starts: Vec<u64> = disc.present.keys().copied().filter(|lba| lba % 4 == 0).collect();
    for lba in starts {
        if let Some(sector) = disc.present.get_mut(&lba).filter(|sector| matches!(sector[1], 0 | 1)) {
            let sum = sector[..16].iter().enumerate().filter(|(at, _)| *at != 4);
            sector[4] = sum.fold(0u8, |sum, (_, &byte)| sum.wrapping_add(byte));
        }
    }
    inspect(&disc);
}

/// A boot catalogue, and the boot image behind it.
fn el_torito(input: &[u8]) {
    let mut disc = vec![0; 40 * 2048];
    disc[16 * 2048..][..6].copy_from_slice(b"\x01CD001");
    disc[16 * 2048 + 129] = 8;
    disc[17 * 2048..][..7].copy_from_slice(b"\0CD001\x01");
    disc[17 * 2048 + 7..][..23].copy_from_slice(b"EL TORITO SPECIFICATION");
    disc[17 * 2048 + 0x47] = 19;
    disc[18 * 2048..][..6].copy_from_slice(b"\xFFCD001");
    let len = input.len().min(21 * 2048);
    disc[19 * 2048..][..len].copy_from_slice(&input[..len]);
    inspect(&Bytes(&disc));
}

/// A registry hive, alone, changed, and as the `SYSTEM` of a Windows.
fn hive(input: &[u8]) {
    super::hive_edit::edit(input);
    if let Ok(hive) = Hive::parse(input.to_vec()) {
        for path in ["Select", "ControlSet001\\Services", "Microsoft\\Windows NT\\CurrentVersion"] {
            black_box(hive.key(path).is_ok());
        }
        if let Ok(root) = hive.root() {
            walk(root);
        }
    }
    let (mut volume, mut root) = Volume::new(2000, 63);
    volume.file(&mut root, b"NTLDR      ", b"x");
    volume.file(&mut root, b"NTDETECTCOM", b"x");
    volume.file(
        &mut root,
        b"BOOT    INI",
        b"[boot loader]\ndefault=multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS\n",
    );
    let mut windows = volume.folder(&mut root, b"WINDOWS    ");
    let mut system = volume.folder(&mut windows, b"SYSTEM32   ");
    let mut config = volume.folder(&mut system, b"CONFIG     ");
    volume.file(&mut config, b"SOFTWARE   ", input);
    volume.file(&mut config, b"SYSTEM     ", input);
    let mut image = vec![0; 63 * SECTOR];
    image[0x1BE..0x1CE].copy_from_slice(&[0x80, 1, 1, 0, 6, 15, 63, 3, 63, 0, 0, 0, 0xD0, 7, 0, 0]);
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
    image.extend(volume.finish());
    inspect(&Bytes(&image));
}

/// The keys below `root`, as many as are looked at, with their values.
fn walk(root: Key<'_>) {
    let mut waiting = vec![root];
    let mut left = 1000;
    while let Some(key) = waiting.pop().filter(|_| left > 0) {
        left -= 1;
        black_box(key.name());
        for value in key.values().unwrap_or_default().into_iter().take(100) {
            black_box(value.name());
            black_box(value.data().is_ok_and(|data| data.texts().is_some()));
        }
        waiting.extend(key.subkeys().unwrap_or_default().into_iter().take(100));
    }
}

/// Partition tables of any kind; the checksums of a GPT are right.
fn tables(input: &[u8]) {
    let mut stick = Sparse::decode(input);
    for lba in [1, stick.sectors.saturating_sub(1)] {
        let Some(mut header) = stick.present.get(&lba).copied() else { continue };
        let [len, first, count, entry_len] = [12, 72, 80, 84].map(|at| long(&header, at));
        let wanted = u64::from(count) * u64::from(entry_len);
        if wanted <= 1 << 20 {
            let entries = stick.get(first.into(), wanted.div_ceil(SECTOR as u64));
            header[88..92].copy_from_slice(&crc32(&entries[..wanted as usize]).to_le_bytes());
        }
        header[16..20].fill(0);
        let sum = crc32(&header[..(len as usize).min(SECTOR)]);
        header[16..20].copy_from_slice(&sum.to_le_bytes());
        stick.put(lba, &header);
    }
    inspect(&stick);
}

/// The number of four bytes at `at`.
fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| bit(crc)))
}

/// A stick whose manifests have the hashes that they name.
fn stick(input: &[u8]) {
    let mut stick = Sparse::decode(input);
    for lba in [MANIFEST_LBA, MANIFEST_2_LBA].map(u64::from) {
        let mut sectors = stick.get(lba, MANIFEST_SECTORS as u64);
        if sectors.starts_with(b"RAMKEYMF") {
            fix_manifest(&mut sectors);
            stick.put(lba, &sectors);
        }
    }
    judge(&stick);
}

fn judge(stick: &dyn Source) {
    black_box(has_trace(stick));
    black_box(facts(stick).sound);
    for strictness in [Strictness::Boot, Strictness::EveryByte] {
        let verdict = verify(stick, strictness, &|_| {});
        black_box(verdict.faults.iter().map(ToString::to_string).count());
        black_box(verdict.changes.iter().map(ToString::to_string).count());
    }
    let question = MapQuestion { proof: true, against: Some(&[[0; 32]; 4]) };
    let map = of_stick(stick, &question, &|_| {});
    assert!(map.is_possible(stick.len()), "a map leaves nothing out, and no range overlaps another");
}

/// Gives a manifest the hash of what it says.
pub fn fix_manifest(sectors: &mut [u8]) {
    let count = long(sectors, 40) as usize;
    let end = 128usize.saturating_add(count.saturating_mul(64)).min(sectors.len());
    let hash = blake3::Hasher::new().update(&sectors[..96]).update(&sectors[128..end]).finalize();
    sectors[96..128].copy_from_slice(hash.as_bytes());
}

/// A stick without a partition table: the volume begins at sector 0, and the boot area lies in the middle of it.
fn small_stick(capsule: &[u8], manifest: &[u8]) -> Vec<u8> {
    let (mut volume, mut root) = Volume::new(STICK_SECTORS, 0);
    // The clusters below the boot area belong to a file.
    volume.file(
        &mut root,
        b"BOOT    BIN",
        &[0; MANIFEST_2_LBA as usize * SECTOR + MANIFEST_SECTORS * SECTOR],
    );
    let mut folder = volume.folder(&mut root, b"RAMKEY     ");
    volume.file(&mut folder, b"ONE     RKC", capsule);
    let mut bytes = volume.finish();
    bytes[MANIFEST * SECTOR..][..manifest.len()].copy_from_slice(manifest);
    bytes
}

/// A manifest, on a stick with a file for an image that is none.
fn manifest(input: &[u8]) {
    let mut sectors = vec![0; MANIFEST_SECTORS * SECTOR];
    let len = input.len().min(sectors.len());
    sectors[..len].copy_from_slice(&input[..len]);
    fix_manifest(&mut sectors);
    judge(&Bytes(&small_stick(b"no capsule", &sectors)));
}

/// A capsule with the right hashes: of its header, its table block, and its chunks together.
fn capsule(input: &[u8]) {
    let mut capsule = input.to_vec();
    if capsule.len() >= CAPSULE_HEADER_LEN {
        let file_len = (capsule.len() as u64).to_le_bytes();
        let start = long(&capsule, offset_of!(CapsuleHeader, table_offset)) as usize;
        let len = long(&capsule, offset_of!(CapsuleHeader, table_len)) as usize;
        let count = long(&capsule, offset_of!(CapsuleHeader, chunk_count)) as usize;
        if let Some(block) = capsule.get(start..start.saturating_add(len)) {
            let entries = block.chunks_exact(CHUNK_ENTRY_LEN).take(count);
            let values =
                entries.filter_map(|entry| entry[offset_of!(ChunkEntry, chaining_value)..].first_chunk());
            let values: Vec<ChainingValue> = values.copied().collect();
            let table_hash = blake3::hash(block);
            if !values.is_empty() {
                let image = combine(&values);
                capsule[offset_of!(CapsuleHeader, ram_blake3)..][..32].copy_from_slice(image.as_bytes());
            }
            capsule[offset_of!(CapsuleHeader, table_blake3)..][..32].copy_from_slice(table_hash.as_bytes());
        }
        capsule[offset_of!(CapsuleHeader, file_len)..][..8].copy_from_slice(&file_len);
        let header = blake3::hash(&capsule[..HEADER_HASHED_LEN]);
        capsule[HEADER_HASHED_LEN..CAPSULE_HEADER_LEN].copy_from_slice(header.as_bytes());
    }
    let mut sectors = vec![0; MANIFEST_SECTORS * SECTOR];
    sectors[..12].copy_from_slice(b"RAMKEYMF\x01\0\x80\0");
    sectors[16..18].copy_from_slice(&STICK_SECTORS.to_le_bytes());
    sectors[32..34].copy_from_slice(&STICK_SECTORS.to_le_bytes());
    sectors[44..46].copy_from_slice(&[3, 12]);
    sectors[76] = 1;
    fix_manifest(&mut sectors);
    judge(&Bytes(&small_stick(&capsule, &sectors)));
}

/// A packed file; the checksums of the list of a 7z are right.
fn unpack(input: &[u8]) {
    let mut bytes = input.to_vec();
    if bytes.starts_with(b"7z") && bytes.len() >= 32 {
        let [offset, len] = [12, 20].map(|at| long(&bytes, at) as usize);
        let list = bytes.get(32usize.saturating_add(offset)..).and_then(|rest| rest.get(..len));
        if let Some(sum) = list.map(crc32) {
            bytes[28..32].copy_from_slice(&sum.to_le_bytes());
        }
        let sum = crc32(&bytes[12..32]);
        bytes[8..12].copy_from_slice(&sum.to_le_bytes());
    }
    let bounds = Bounds { len: 1 << 20, memory: 8 << 20 };
    let outer = Bytes(&bytes);
    for member in [None, Some("a"), Some("a#b"), Some(ALL)] {
        let wrapped =
            Wrapped { path: Path::new("input"), outer: &outer, member, folder: Path::new("folder"), bounds };
        let (mut end, mut out) = (0, vec![0; bounds.len as usize]);
        let result = wrapped.unpack(
            &mut |offset, bytes| {
                assert!(offset >= end, "offsets ascend");
                end = offset + bytes.len() as u64;
                out[offset as usize..end as usize].copy_from_slice(bytes);
                Ok(())
            },
            &|_| (),
        );
        match result {
            Ok(unpacked) => {
                assert!(end <= unpacked.len && unpacked.len <= bounds.len);
                let files = bundled(&Bytes(&out[..unpacked.len as usize]));
                assert!(member != Some(ALL) || files.is_ok());
            }
            Err(error) => {
                black_box((error.to_string(), error.help()));
            }
        }
    }
}

/// A packed chunk: the length of the chunk in three bytes, that of what lies before it in two, and what is stored.
fn zstd(input: &[u8]) {
    let Some((&[low, middle, high, before_low, before_high], stored)) = input.split_first_chunk() else {
        return;
    };
    let len = u32::from_le_bytes([low, middle, high & 0x0F, 0]) as usize;
    let before: Vec<u8> =
        (0..u16::from_le_bytes([before_low, before_high])).map(|at| (at >> 3) as u8 ^ at as u8).collect();
    let chunk = Encoded {
        form: Form::Packed { codec: Codec::Zstd, before: 0 },
        stored: 0..stored.len() as u64,
        before: &before,
    };
    let (mut room, mut scratch) = (vec![0xD1; len], vec![0xD1; Codec::SCRATCH_LEN]);
    let mut told = 0;
    let done = decode(&chunk, &mut InMemory(stored), &mut scratch, &mut room[..], &mut |put| told += put);
    assert!(done.is_ok() && told == len, "all of the room is filled, whatever is stored");
}

/// Stored bytes in memory.
struct InMemory<'b>(&'b [u8]);

impl Stored for InMemory<'_> {
    type Error = ();

    fn piece(&mut self, offset: u64, max: usize) -> Result<&[u8], ()> {
        let left = self.0.get(offset as usize..).ok_or(())?;
        Ok(&left[..left.len().min(max)])
    }
}
