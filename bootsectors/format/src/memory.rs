//! Where each boot stage lives, in memory and on the stick: the one place that says so.
//!
//! `bootsectors/include/layout.inc` and `bootsectors/loader/layout.ld` are generated from [`CONSTANTS`] by
//! `cargo xtask layout`; `tests/host/format/generated.rs` compares them. Addresses are linear. The picture is in
//! `docs/memory-map.md`.

constants! {
    /// Bytes in a sector, on every device this program writes.
    SECTOR_SIZE = 512;
    /// log2 of SECTOR_SIZE.
    SECTOR_SHIFT = 9;
    /// Sectors from 0 on, and from the partition on, that hold sector 0's code: a BIOS that hides a track starts one of
    /// them.
    CODE_COPIES = 64;
    /// First sector that holds stage 1, counted from sector 0 or from the partition. No usual track (17, 18, 26, 32, 36 or 63
    /// sectors) ends at this sector or at one of the next that hold it, so a BIOS that hides one does not begin there.
    STAGE1_FIRST = 12;
    /// Distance to the next copy of stage 1: a track has at least 17 sectors, so one of them is in the first track of any
    /// BIOS.
    STAGE1_STEP = 16;
    /// One past the last sector that may hold stage 1, counted as STAGE1_FIRST.
    STAGE1_END = 80;
    /// Largest number of sectors before what a BIOS shows as the first, unless it hides everything before the partition.
    HIDDEN_MAX = 63;
    /// First sector of the boot area: behind every sector in which a track of 63 sectors may begin, so that those can be
    /// stamped.
    BOOT_LBA = 128;
    /// Sectors that stage 1 loads: the boot header and stage 2.
    STAGE2_SECTORS = 16;
    /// Most sectors the boot header, stage 2 and the loader may take together: 8 KiB, and 160 KiB of loader.
    BOOT_SECTORS_MAX = 336;
    /// First sector of slot A of the stick manifest.
    MANIFEST_LBA = 464;
    /// First sector of slot B of the stick manifest: zeros, until a stick is changed in place.
    MANIFEST_2_LBA = 526;
    /// Most sectors the stick manifest may take in a slot.
    MANIFEST_SECTORS_MAX = 62;
    /// One past the last sector that the boot chain may use; file systems begin at or after it.
    BOOT_AREA_END_LBA = 592;
    /// First sector of a partition: 1 MiB, the alignment that every partition tool uses, and a track of 32 sectors.
    PARTITION_LBA = 2048;
    /// Most heads that a geometry may have: with 256 DOS fails, so no BIOS has them.
    HEADS_MAX = 255;
    /// Most sectors per track: CHS has six bits for them.
    TRACK_MAX = 63;
    /// Longest cylinder that stamps measure. With a longer one the boot area lies in the first, where heads do not count,
    /// and the loader finds out what they are.
    MEASURED_CYLINDER = 2048;
    /// Most cylinders of a BIOS that are asked for a stamp: the end of 1, 2, 4, 8 or this many lies behind the boot area
    /// and among the stamps, for every cylinder of up to MEASURED_CYLINDER that begins behind up to HIDDEN_MAX sectors.
    CYLINDERS_TRIED = 16;
    /// Stamped sectors from where the first sector of a BIOS may be: a cylinder of MEASURED_CYLINDER, and HIDDEN_MAX.
    STAMPED_SECTORS = 2112;
    /// Bottom of the real-mode stack; it ends at MBR_LOAD.
    REAL_STACK = 0x0600;
    /// The BIOS loads sector 0 here; the image's first sector goes here too.
    MBR_LOAD = 0x7C00;
    /// What stage 2 tells the loader: see boot::BootInfo.
    BOOT_INFO = 0x7E00;
    /// Registers of the BIOS call in progress: see boot::Registers.
    CALL_REGISTERS = 0x7E40;
    /// Packets and small buffers for BIOS calls; the space behind each packet is spare, for BIOSes that write too much.
    BIOS_PACKET = 0x7E80;
    /// Bytes for BIOS packets.
    BIOS_PACKET_LEN = 0x0180;
    /// Stage 1 loads the boot header and stage 2 here.
    STAGE2_LOAD = 0x8000;
    /// Sector 0 loads stage 1 here, behind stage 2.
    STAGE1_LOAD = 0xA000;
    /// Stages 1 and 2 look at stamped sectors here.
    STAMP_BUFFER = 0xA200;
    /// The first block of a disc's boot image moves itself here, behind what a stick uses.
    DISC_LOAD = 0xA400;
    /// And reads itself from the disc here, to know the drive by it.
    DISC_BUFFER = 0xAC00;
    /// Stage 2 loads the loader here; 64 KiB aligned for DMA.
    LOADER_LOAD = 0x1_0000;
    /// One past the loader's code, data and zeroed memory.
    LOADER_END = 0x3_8000;
    /// Initial stack pointer of the loader; its stack begins at LOADER_END.
    LOADER_STACK_TOP = 0x5_0000;
    /// Buffer for INT 13h transfers; 64 KiB aligned for DMA.
    BOUNCE = 0x5_0000;
    /// Bytes in the bounce buffer.
    BOUNCE_LEN = 0x1_0000;
    /// One past the last byte that the boot chain uses below the resident part.
    LOW_MEMORY_END = 0x6_0000;
    /// Most sectors in one INT 13h call (EDD 1.1 allows 127).
    TRANSFER_SECTORS_MAX = 127;
    /// log2 of the sectors in a block of a disc, which has 2048 bytes.
    BLOCK_SHIFT = 2;
    /// Most blocks of a disc in one INT 13h call: 64 KiB, the bounce buffer.
    TRANSFER_BLOCKS_MAX = 32;
    /// Port that the test machines write the boot chain's log to.
    DEBUG_PORT = 0xE9;
}

/// Start and end of each claim on low memory, lowest first.
pub const REGIONS: &[(&str, u32, u32)] = &[
    ("real-mode stack", REAL_STACK, MBR_LOAD),
    ("sector 0", MBR_LOAD, MBR_LOAD + SECTOR_SIZE),
    ("boot info", BOOT_INFO, CALL_REGISTERS),
    ("BIOS call registers", CALL_REGISTERS, BIOS_PACKET),
    ("BIOS packets", BIOS_PACKET, BIOS_PACKET + BIOS_PACKET_LEN),
    ("boot header and stage 2", STAGE2_LOAD, STAGE2_LOAD + STAGE2_SECTORS * SECTOR_SIZE),
    ("stage 1", STAGE1_LOAD, STAGE1_LOAD + SECTOR_SIZE),
    ("stamped sector", STAMP_BUFFER, STAMP_BUFFER + SECTOR_SIZE),
    ("first block of a disc's boot image", DISC_LOAD, DISC_BUFFER),
    ("the same, as the disc returns it", DISC_BUFFER, DISC_BUFFER + (DISC_BUFFER - DISC_LOAD)),
    ("loader", LOADER_LOAD, LOADER_END),
    ("loader's stack", LOADER_END, LOADER_STACK_TOP),
    ("bounce buffer", BOUNCE, BOUNCE + BOUNCE_LEN),
];

const _: () = {
    let mut i = 0;
    let mut free_from = 0;
    while i < REGIONS.len() {
        let (_, start, end) = REGIONS[i];
        assert!(start >= free_from, "regions overlap or are out of order");
        assert!(start < end, "a region is empty");
        free_from = end;
        i += 1;
    }
    assert!(free_from <= LOW_MEMORY_END, "the last region reaches memory that was not asked for");
    assert!(TRANSFER_BLOCKS_MAX << BLOCK_SHIFT << SECTOR_SHIFT == BOUNCE_LEN, "a transfer leaves the buffer");
    assert!(BOUNCE.is_multiple_of(0x1_0000) && LOADER_LOAD.is_multiple_of(0x1_0000), "DMA pages");
    assert!(BOOT_LBA + BOOT_SECTORS_MAX <= MANIFEST_LBA, "the boot code reaches the manifest");
    assert!(BOOT_LBA > HIDDEN_MAX + 63, "a track may begin in the boot area");
    assert!(STAGE1_STEP < 17 && STAGE1_END > HIDDEN_MAX + STAGE1_STEP, "a first track has no stage 1");
    assert!(STAGE1_END <= BOOT_LBA, "stage 1 reaches the boot area");
    assert!(STAMPED_SECTORS > HIDDEN_MAX + MEASURED_CYLINDER, "a cylinder may begin behind the stamps");
    assert!(MEASURED_CYLINDER >= BOOT_AREA_END_LBA, "heads count in the boot area");
    assert!(
        MANIFEST_LBA + MANIFEST_SECTORS_MAX == MANIFEST_2_LBA,
        "the slots of the manifest are not neighbours"
    );
    assert!(MANIFEST_2_LBA + MANIFEST_SECTORS_MAX <= BOOT_AREA_END_LBA, "the manifest leaves the boot area");
    assert!(
        LOADER_LOAD + (BOOT_SECTORS_MAX - STAGE2_SECTORS) * SECTOR_SIZE <= LOADER_END,
        "the largest loader does not fit its region"
    );
};
