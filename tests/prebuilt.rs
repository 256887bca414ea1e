//! The committed boot code is what its manifest says, was made from the sources that lie beside it, and holds what the
//! host program, BIOSes and drivers expect at every place that they read.

#[path = "../xtask/src/sources.rs"]
mod sources;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ramkey_format::boot::{BOOT_HEADER_LEN, BootHeader, SECTOR0_BOOT_LBA, SECTOR0_CODE, SECTOR0_MAGIC};
use ramkey_format::checksum::checksum;
use ramkey_format::memory::{BOOT_LBA, BOOT_SECTORS_MAX, SECTOR_SIZE, STAGE2_SECTORS};
use ramkey_format::resident::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("bootsectors/prebuilt")
}

fn blob(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn manifest() -> String {
    fs::read_to_string(folder().join("MANIFEST.toml")).expect("MANIFEST.toml")
}

/// The value of `key` in a table of the manifest, without its quotes.
fn value<'t>(table: &'t str, key: &str) -> &'t str {
    let line = table.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    line.unwrap_or_else(|| panic!("the manifest has no {key}")).trim_matches('"')
}

#[test]
fn each_blob_has_the_length_and_the_hash_of_the_manifest() {
    let manifest = manifest();
    let mut listed = BTreeSet::from(["MANIFEST.toml".to_owned()]);
    for table in manifest.split("[[blob]]").skip(1) {
        let name = value(table, "name");
        let bytes = blob(name);
        assert_eq!(bytes.len().to_string(), value(table, "length"), "length of {name}");
        assert_eq!(blake3::hash(&bytes).to_string(), value(table, "blake3"), "hash of {name}");
        listed.insert(name.to_owned());
    }
    let present: BTreeSet<String> = fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(present, listed, "files of bootsectors/prebuilt, and those of the manifest");
    for name in ["sector0.bin", "boot.bin"] {
        assert!(listed.contains(name), "the manifest lacks {name}");
    }
}

#[test]
fn the_manifest_names_the_sources_that_are_here() {
    let bytes = sources::bytes(root()).expect("the sources");
    let hash = blake3::hash(&bytes).to_string();
    assert_eq!(value(&manifest(), "sources"), hash, "run `cargo xtask boot` and commit bootsectors/prebuilt");
}

#[test]
fn sector_0_keeps_clear_of_what_bioses_write_and_hosts_patch() {
    let sector = blob("sector0.bin");
    assert_eq!(sector.len(), SECTOR_SIZE as usize);
    let code = SECTOR0_CODE as usize;
    assert_eq!((sector[0], sector[2]), (0xEB, 0x90), "a short jump and a NOP, as BIOSes check");
    assert!(2 + usize::from(sector[1]) >= code, "the jump leads over the BPB");
    assert_eq!(sector[3..code], vec![0; code - 3], "no code where BIOSes write");
    assert_ne!(sector[code..code + 16], [0; 16], "the code begins at its place");
    let (patched, magic) = (SECTOR0_BOOT_LBA as usize, SECTOR0_MAGIC as usize);
    assert_eq!(
        sector[patched..magic],
        vec![0; magic - patched],
        "patch points, signature and table are empty"
    );
    assert_eq!(sector[magic..], [0x55, 0xAA]);
}

#[test]
fn the_boot_area_proves_itself_and_fits() {
    let boot = blob("boot.bin");
    let header = BootHeader::parse(&boot).expect("a boot header");
    let sectors = STAGE2_SECTORS + u32::from(header.loader_sectors.get());
    assert!(sectors <= BOOT_SECTORS_MAX);
    assert_eq!(boot.len(), (sectors * SECTOR_SIZE) as usize);
    let stage2_end = (STAGE2_SECTORS * SECTOR_SIZE) as usize;
    assert_eq!(checksum(&boot[stage2_end..]), header.loader_checksum.get());
    assert_eq!(header.boot_lba.get(), BOOT_LBA);
    assert_eq!(
        boot[28..BOOT_HEADER_LEN as usize],
        vec![0; BOOT_HEADER_LEN as usize - 28],
        "nothing of any stick"
    );
}

/// The resident part as it lies in the loader.
struct Resident(Vec<u8>);

impl Resident {
    fn find() -> Self {
        let boot = blob("boot.bin");
        let hook = b"$INT13SFMEMDISK ";
        let places: Vec<usize> =
            (0..boot.len() - hook.len()).filter(|&at| boot[at..].starts_with(hook)).collect();
        assert_eq!(places.len(), 1, "safe hooks in the boot code");
        let start = places[0] - RESIDENT_SAFE_HOOK as usize - 3;
        let size = u16::from_le_bytes([
            boot[start + RESIDENT_SIZE as usize],
            boot[start + RESIDENT_SIZE as usize + 1],
        ]);
        Self(boot[start..start + usize::from(size)].to_vec())
    }

    fn u8(&self, offset: u32) -> u8 {
        self.0[offset as usize]
    }

    fn u16(&self, offset: u32) -> u16 {
        u16::from_le_bytes([self.u8(offset), self.u8(offset + 1)])
    }

    fn u32(&self, offset: u32) -> u32 {
        u32::from(self.u16(offset)) | u32::from(self.u16(offset + 2)) << 16
    }

    fn bytes(&self, offset: u32, len: usize) -> &[u8] {
        &self.0[offset as usize..offset as usize + len]
    }

    fn mbft(&self) -> u32 {
        u32::from(self.u16(RESIDENT_MDI)) - MBFT_MDI
    }
}

#[test]
fn the_resident_part_has_the_header_and_the_safe_hook_of_memdisk() {
    let resident = Resident::find();
    assert!(resident.0.len() + 1024 <= RESIDENT_MAX as usize, "room for fifty ranges of memory");
    assert_eq!(u32::from(resident.u16(RESIDENT_INT13)), RESIDENT_SAFE_HOOK);
    assert_eq!(resident.u16(RESIDENT_INT13), 10, "as in every MEMDISK");
    let int15 = usize::from(resident.u16(RESIDENT_INT15));
    assert!((64..resident.0.len()).contains(&int15));
    assert_eq!(resident.u8(u32::from(resident.u16(RESIDENT_IRET))), 0xCF, "an IRET");

    let hook = RESIDENT_SAFE_HOOK;
    assert_eq!(resident.u8(hook), 0xE9, "a near jump of three bytes");
    let entry = (hook + 3).wrapping_add(resident.u16(hook + 1).into()) as usize;
    assert!((hook as usize + 31..resident.0.len()).contains(&entry), "the jump leads behind the structure");
    assert_eq!(resident.bytes(hook + 3, 8), b"$INT13SF");
    assert_eq!(resident.bytes(hook + 11, 8), b"MEMDISK ");
    assert_eq!((SAFE_HOOK_PREVIOUS, SAFE_HOOK_FLAGS, SAFE_HOOK_MBFT), (19, 23, 27));
    assert_eq!(resident.bytes(hook + 19, 12), [0; 12], "previous vector, flags, and the mBFT's address");
}

#[test]
fn the_mbft_is_complete_but_for_its_signature() {
    let resident = Resident::find();
    let mbft = resident.mbft();
    assert!(mbft.is_multiple_of(16));
    assert_eq!(resident.bytes(mbft, 4), [0; 4], "a copy that is not installed must not look so");
    assert_eq!(resident.u32(mbft + MBFT_LENGTH), 70, "mdiskchk accepts no other length");
    assert_eq!(
        (resident.u8(mbft + 8), resident.u8(mbft + MBFT_CHECKSUM)),
        (1, 0),
        "revision, and no checksum yet"
    );
    assert_eq!(resident.bytes(mbft + 10, 6), b"MEMDSK");
    assert_eq!(resident.bytes(mbft + 16, 8), b"Syslinux");
    assert_eq!(resident.bytes(mbft + 24, 12), [0; 12], "revisions and creator");
    assert_eq!((MBFT_SAFE_HOOK, MBFT_MDI, MBFT_LEN), (36, 40, 70));
}

#[test]
fn the_mdi_and_the_patch_area_are_where_drivers_read_them() {
    let resident = Resident::find();
    let mbft = resident.mbft();
    let mdi = mbft + 40;
    assert_eq!(resident.u16(mdi), 30, "bytes in the MDI");
    assert_eq!((resident.u8(mdi + 2), resident.u8(mdi + 3)), (4, 6), "version: minor, major");
    assert_eq!(u32::from(resident.u16(mdi + 2)), MEMDISK_VERSION);
    let command_line = u32::from(resident.u16(mbft + MBFT_COMMAND_LINE));
    assert_eq!(resident.u8(command_line), 0, "an empty command line");
    assert_eq!(resident.u8(mdi + 27), 0, "sectors of 512 bytes");
    // Offsets from the MDI, as drivers know them.
    let known = [
        (MBFT_DISK, 4),
        (MBFT_SECTORS, 8),
        (MBFT_COMMAND_LINE, 12),
        (MBFT_OLD_INT13, 16),
        (MBFT_OLD_INT15, 20),
        (MBFT_OLD_BASE_MEMORY, 24),
        (MBFT_DPT_POINTER, 28),
        (MBFT_SHIFT_LIMIT, 30),
        (MBFT_MEMORY_88, 34),
        (MBFT_CYLINDERS, 36),
        (MBFT_HEADS, 38),
        (MBFT_SECTORS_PER_TRACK, 40),
        (MBFT_MEMORY_1M, 44),
        (MBFT_MEMORY_16M, 48),
        (MBFT_DRIVE, 52),
        (MBFT_DRIVE_TYPE, 53),
        (MBFT_DRIVE_COUNT, 54),
        (MBFT_CONFIG, 55),
        (MBFT_STACK, 56),
        (MBFT_STATUS, 58),
        (MBFT_DPT, 60),
        (MBFT_OLD_INT1E, 76),
    ];
    for (from_mbft, from_mdi) in known {
        assert_eq!(from_mbft, 40 + from_mdi, "an offset of the MDI or the patch area");
    }
    assert_eq!(
        resident.bytes(mbft + MBFT_DPT, 4),
        [0xDF, 0x02, 0x25, 0x02],
        "diskette parameters of a 1.44M drive"
    );
    assert_eq!(resident.bytes(mbft + MBFT_DPT + 5, 6), [0x12, 0xFF, 0x6C, 0xF6, 0x0F, 0x05]);
    assert_eq!(resident.u8(mbft + VAR_STICK_DRIVE), 0xFF, "no stick is hidden before the installation");
    let hand_off = u32::from(resident.u16(mbft + VAR_HAND_OFF));
    let stack = resident.0.len() as u32 - RESIDENT_STACK_LEN;
    assert!((stack..stack + 4).contains(&hand_off), "the hand-off lies in the stack");
    assert!(mbft + VAR_SEGMENT + 2 <= stack, "the variables lie in front of the stack");
}
