//! The committed boot code is what its manifest says, was made from the sources that lie beside it, and holds what the
//! host program, BIOSes and drivers expect at every place that they read.

#[path = "../../../xtask/src/sources.rs"]
mod sources;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ramkey_format::boot::{
    BOOT_HEADER_LEN, BootHeader, HEADER_VOLUME_KIND, SECTOR0_CODE, SECTOR0_MAGIC, SECTOR0_STAGE1_CHECKSUM,
    STAGE1_LEN,
};
use ramkey_format::checksum::checksum;
use ramkey_format::hooks::*;
use ramkey_format::memory::{BOOT_LBA, BOOT_SECTORS_MAX, SECTOR_SIZE, STAGE2_SECTORS};
use ramkey_format::resident::*;
use ramkey_loader_core::boot_image::RESIDENT_MIN;

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
    for name in ["sector0.bin", "stage1.bin", "disc.bin", "boot.bin"] {
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
    let (patched, magic) = (SECTOR0_STAGE1_CHECKSUM as usize, SECTOR0_MAGIC as usize);
    assert_eq!(
        sector[patched..magic],
        vec![0; magic - patched],
        "patch points, signature and table are empty"
    );
    assert_eq!(sector[magic..], [0x55, 0xAA]);
}

#[test]
fn stage_1_has_nothing_of_any_stick() {
    let sector = blob("stage1.bin");
    assert_eq!(sector.len(), SECTOR_SIZE as usize);
    let len = STAGE1_LEN as usize;
    assert_eq!(sector[len..], vec![0; SECTOR_SIZE as usize - len], "patch points are empty");
    assert_ne!(sector[..16], [0; 16]);
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
    let mut of_a_stick = boot[28..BOOT_HEADER_LEN as usize].to_vec();
    let at = HEADER_VOLUME_KIND as usize - 28;
    assert_eq!(of_a_stick[at..at + 4], [1, 0, b'e', b'n'], "a FAT, and English");
    of_a_stick[at..at + 4].fill(0);
    assert_eq!(of_a_stick, vec![0; BOOT_HEADER_LEN as usize - 28], "nothing of any stick");
}

/// A part of the resident part as it lies in the loader.
struct Part(Vec<u8>);

impl Part {
    /// The head that has `hook` at `offset`, `len` bytes long.
    fn head(hook: &[u8], offset: u32, len: u32) -> Self {
        let boot = blob("boot.bin");
        let places: Vec<usize> =
            (0..boot.len() - hook.len()).filter(|&at| boot[at..].starts_with(hook)).collect();
        assert_eq!(places.len(), 1, "safe hooks of this kind in the boot code");
        let start = places[0] - offset as usize;
        Self(boot[start..start + len as usize].to_vec())
    }

    fn memdisk() -> Self {
        Self::head(b"$INT13SFMEMDISK ", HEAD_SAFE_HOOK + SAFE_HOOK_SIGNATURE, HEAD_LEN)
    }

    fn grub4dos() -> Self {
        Self::head(b"$INT13SFGRUB4DOS", SLOTS_SAFE_HOOK + SAFE_HOOK_SIGNATURE, SLOTS_LEN)
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
}

#[test]
fn the_head_of_a_drive_has_the_header_and_the_safe_hook_of_memdisk() {
    let head = Part::memdisk();
    assert_eq!(u32::from(head.u16(HEAD_INT13)), HEAD_SAFE_HOOK);
    assert_eq!(head.u16(HEAD_INT13), 10, "as in every MEMDISK");
    let int15 = u32::from(head.u16(HEAD_INT15));
    assert_eq!((head.u8(int15), int15 + 1), (0xEA, HEAD_ENGINE_15), "a far jump to the engine");
    assert_eq!(u32::from(head.u16(HEAD_MDI)), HEAD_MBFT + MBFT_MDI);
    assert_eq!(u32::from(head.u16(HEAD_SIZE)), HEAD_LEN);
    assert_eq!(head.u8(u32::from(head.u16(HEAD_IRET))), 0xCF, "an IRET");
    assert!(HEAD_LEN.is_multiple_of(16), "the next head is a segment of its own");

    let hook = HEAD_SAFE_HOOK;
    assert_eq!(head.u8(hook), 0xE9, "a near jump of three bytes");
    let entry = (hook + 3).wrapping_add(head.u16(hook + 1).into());
    assert_eq!(entry, hook + 31, "the jump leads right behind the structure");
    assert_eq!((head.u8(entry), entry + 1), (0xEA, HEAD_ENGINE_13), "a far jump to the engine");
    assert_eq!(head.bytes(hook + 3, 8), b"$INT13SF");
    assert_eq!(head.bytes(hook + 11, 8), b"MEMDISK ");
    assert_eq!((SAFE_HOOK_PREVIOUS, SAFE_HOOK_FLAGS, SAFE_HOOK_MBFT), (19, 23, 27));
    assert_eq!(head.bytes(hook + 19, 12), [0; 12], "previous vector, flags, and the mBFT's address");
}

#[test]
fn the_mbft_is_complete_but_for_its_signature() {
    let head = Part::memdisk();
    let mbft = HEAD_MBFT;
    assert!(mbft.is_multiple_of(16));
    assert_eq!(head.bytes(mbft, 4), [0; 4], "a copy that is not installed must not look so");
    assert_eq!(head.u32(mbft + MBFT_LENGTH), 70, "mdiskchk accepts no other length");
    assert_eq!((head.u8(mbft + 8), head.u8(mbft + MBFT_CHECKSUM)), (1, 0), "revision, and no checksum yet");
    assert_eq!(head.bytes(mbft + 10, 6), b"MEMDSK");
    assert_eq!(head.bytes(mbft + 16, 8), b"Syslinux");
    assert_eq!(head.bytes(mbft + 24, 12), [0; 12], "revisions and creator");
    assert_eq!((MBFT_SAFE_HOOK, MBFT_MDI, MBFT_LEN), (36, 40, 70));
}

#[test]
fn the_mdi_and_the_patch_area_are_where_drivers_read_them() {
    let head = Part::memdisk();
    let mbft = HEAD_MBFT;
    let mdi = mbft + 40;
    assert_eq!(head.u16(mdi), 30, "bytes in the MDI");
    assert_eq!((head.u8(mdi + 2), head.u8(mdi + 3)), (4, 6), "version: minor, major");
    assert_eq!(u32::from(head.u16(mdi + 2)), MEMDISK_VERSION);
    assert_eq!(u32::from(head.u16(mbft + MBFT_COMMAND_LINE)), HEAD_COMMAND_LINE);
    assert_eq!(head.u8(HEAD_COMMAND_LINE), 0, "an empty command line");
    assert_eq!(head.u8(mbft + MBFT_SECTOR_SHIFT), 0, "sectors of 512 bytes");
    // Offsets from the MDI, as drivers know them.
    let known = [
        (MBFT_DISK, 4),
        (MBFT_SECTORS, 8),
        (MBFT_COMMAND_LINE, 12),
        (MBFT_OLD_INT13, 16),
        (MBFT_OLD_INT15, 20),
        (MBFT_OLD_BASE_MEMORY, 24),
        (MBFT_SECTOR_SHIFT, 27),
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
        head.bytes(mbft + MBFT_DPT, 4),
        [0xDF, 0x02, 0x25, 0x02],
        "diskette parameters of a 1.44M drive"
    );
    assert_eq!(head.bytes(mbft + MBFT_DPT + 5, 6), [0x12, 0xFF, 0x6C, 0xF6, 0x0F, 0x05]);
}

#[test]
fn the_head_of_all_drives_has_the_slots_and_the_safe_hook_of_grub4dos() {
    let head = Part::grub4dos();
    assert_eq!((head.u8(3), head.bytes(4, 4), head.u16(8)), (0xE0, &b"G4DS"[..], 1));
    assert_eq!((SLOTS, SLOT_LEN), (0x20, 24), "where FiraDisk, WinVBlock and SVBus look");
    assert_eq!(head.bytes(SLOTS, 9 * SLOT_LEN as usize), [0; 9 * 24], "eight slots and a terminator");
    assert_eq!(head.u32(0xFC), 16);
    let hook = SLOTS_SAFE_HOOK;
    assert_eq!((hook, head.u8(hook)), (0x100, 0xE9));
    let entry = (hook + 3).wrapping_add(head.u16(hook + 1).into());
    assert_eq!(entry, hook + 31, "the jump leads right behind the structure");
    assert_eq!((head.u8(entry), entry + 1), (0xEA, SLOTS_ENGINE_13), "a far jump to the engine");
    assert_eq!(head.bytes(hook + 3, 16), b"$INT13SFGRUB4DOS");
    assert_eq!(head.u32(hook + SAFE_HOOK_PREVIOUS), 0, "filled in at the installation");
    assert_eq!((head.u32(hook + SAFE_HOOK_FLAGS), head.u32(hook + 27)), (1, 1), "flags and scheme");
    for table in (SLOTS_DPT..SLOTS_LEN).step_by(SLOTS_DPT_LEN as usize) {
        assert_eq!(head.bytes(table, 4), [0xDF, 0x02, 0x25, 0x02], "a parameter table for each drive");
    }
    assert_eq!((SLOTS_LEN - SLOTS_DPT) / SLOTS_DPT_LEN, 8, "a set of eight floppies");
    // SVBus wants slots and signature in one page, and the resident part begins on a whole KiB.
    assert!((0..4096).step_by(1024).all(|start| start + hook + 19 <= 4096));
}

#[test]
fn the_engine_has_its_hand_off_in_the_stack_and_its_end_behind_it() {
    let boot = blob("boot.bin");
    // The first bytes of the engine: its header, whose first entry lies right behind it.
    let start = (0..boot.len() - 32).find(|&at| {
        let word = |offset: u32| {
            u32::from(u16::from_le_bytes([boot[at + offset as usize], boot[at + offset as usize + 1]]))
        };
        word(ENGINE_INT13) == ENGINE_LEN_ALL + 2
            && boot[at + 12] == 0xFA
            && word(ENGINE_LEN_CORE) == word(ENGINE_HAND_OFF) + RESIDENT_STACK_LEN
            && word(ENGINE_VARIABLES) + VARIABLES_LEN <= word(ENGINE_HAND_OFF)
            && word(ENGINE_LEN_ALL) > word(ENGINE_LEN_CORE)
    });
    let engine = Part(boot[start.expect("the engine")..].to_vec());
    // One hard disk and eight ranges of memory: no more than MEMDISK takes.
    let usual = HEAD_LEN + u32::from(engine.u16(ENGINE_LEN_CORE)) + RECORD_LEN + 8 * E820_STORED_LEN;
    assert!(usual <= 3 << 10, "{usual} bytes of base memory");
    let disc = HEAD_LEN.min(SLOTS_LEN) + u32::from(engine.u16(ENGINE_LEN_ALL)) + RECORD_LEN + E820_STORED_LEN;
    assert!(
        disc > RESIDENT_MIN - (1 << 10),
        "{disc} bytes for a CD, and the host refuses boot images above more"
    );
    let most = 8 * HEAD_LEN + u32::from(engine.u16(ENGINE_LEN_ALL)) + 8 * RECORD_LEN + 100 * E820_STORED_LEN;
    assert!(most <= RESIDENT_MAX, "{most} bytes for eight drives and a hundred ranges of memory");
}
