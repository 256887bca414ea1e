//! A stick on which anything is wrong stops with a code and says where; it never boots.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ramkey::emulator::{CdBus, Controller, Machine, Port, Stick};
use ramkey::image::FileSource;
use ramkey::verify::{Strictness, verify};
use ramkey_format::capsule::{CHUNK_SHIFT, CapsuleHeader, ChunkEntry};
use ramkey_format::manifest::{ManifestHeader, range};
use ramkey_format::markers::STOPPED;
use ramkey_format::memory::{BOOT_LBA, MANIFEST_LBA, STAGE2_SECTORS};

use super::harness::{DEADLINE, Evidence, Geometry, Running, disk, file, scratch, tool};
use super::rewritten::{edit, rewritten};
use super::sticks;

/// How long a stopped machine is watched for anything that would boot after all.
const WATCH: Duration = Duration::from_secs(2);
/// Options of a small stick.
const STICK: [&str; 4] = ["--size", "16M", "--fs", "fat16"];
const DISK: Geometry = Geometry::new(4, 16, 63);

/// A medium with one hard disk that says `IDLE` when it boots, and what its manifest says of it.
pub struct Tampered {
    folder: tempfile::TempDir,
    stick: PathBuf,
    port: Port,
    pub bytes: Vec<u8>,
}

impl Tampered {
    pub fn new() -> Self {
        Self::made(Port::Usb(Controller::Xhci), &STICK, sticks::ramkey)
    }

    /// The same with chunks that can be packed behind the guest, and are.
    fn packed() -> Self {
        let mut image = disk("idle", DISK, DISK.sectors(), &[]);
        for (number, sector) in (0_u32..).zip(image.chunks_exact_mut(512)).skip(200) {
            for (at, byte) in sector.iter_mut().enumerate().skip(number as usize % 40) {
                *byte = (number * 7 + at as u32 / 3) as u8;
            }
        }
        let options = [&STICK[..], &["--compress", "small"]].concat();
        Self::with(&image, Port::Usb(Controller::Xhci), &options, sticks::ramkey)
    }

    /// A disc in an internal drive.
    pub fn disc(options: &[&str]) -> Self {
        Self::made(Port::Cd(CdBus::Ide), options, sticks::ramkey_disc)
    }

    fn made(port: Port, options: &[&str], make: fn(&Path, &[&Path], &[&str]) -> PathBuf) -> Self {
        let options = [options, &["--compress", "none"]].concat();
        Self::with(&disk("idle", DISK, DISK.sectors(), &[]), port, &options, make)
    }

    fn with(
        image: &[u8],
        port: Port,
        options: &[&str],
        make: fn(&Path, &[&Path], &[&str]) -> PathBuf,
    ) -> Self {
        let folder = scratch();
        let image = file(folder.path(), "guest.img", image);
        let all = [&["--kind", "hdd", "--chs", "4/16/63", "--timeout", "off"], options].concat();
        let stick = make(folder.path(), &[&image], &all);
        let bytes = fs::read(&stick).expect("reading the medium");
        Self { folder, stick, port, bytes }
    }

    /// First byte of the first range of a kind.
    fn range(&self, kind: u8) -> usize {
        let (_, ranges) =
            ManifestHeader::parse(&self.bytes[MANIFEST_LBA as usize * 512..]).expect("a manifest");
        let range = ranges.iter().find(|range| range.kind == kind).expect("a range of this kind");
        range.lba.get() as usize * 512
    }

    pub fn capsule(&self) -> usize {
        self.range(range::CAPSULE)
    }

    /// The chunk table.
    fn entries(&self) -> &[ChunkEntry] {
        let capsule = &self.bytes[self.capsule()..];
        let header = CapsuleHeader::parse(capsule).expect("a capsule");
        header.entries(&capsule[header.table_offset.get() as usize..]).expect("a table")
    }

    /// Position of the stored byte `offset` of the image. The image has no chunk that is all zeros.
    pub fn data(&self, offset: usize) -> usize {
        let first = self.entries().first().map(ChunkEntry::stored).expect("a chunk");
        self.capsule() + first.start as usize + offset
    }

    pub fn flip(&mut self, at: usize, bit: u8) {
        self.bytes[at] ^= 1 << bit;
    }

    /// Runs an mtools command on the file system.
    fn mtools(&self, command: &str, arguments: &[&str]) {
        let volume = format!("{}@@{}", self.stick.display(), self.range(range::FAT_RESERVED));
        let mut all = vec!["-i", volume.as_str()];
        all.extend(arguments);
        tool(command, &all);
    }

    pub fn save(&self) {
        fs::write(&self.stick, &self.bytes).expect("writing the stick");
    }

    pub fn machine(&self) -> Machine {
        Machine::new(Stick::new(&self.stick, self.port))
    }

    /// A machine that cannot read a sector of a chunk, and which.
    pub fn with_bad_sector(&self, chunk: usize) -> (Machine, u64) {
        let stored = self.entries()[chunk].stored();
        let lba = (self.capsule() as u64 + (stored.start + stored.end) / 2) / 512;
        let mut machine = self.machine();
        machine.stick.bad_lba = Some(lba);
        (machine, lba)
    }

    /// Boots what `save` wrote; see [`stops`].
    pub fn stops(&self, texts: &[&str]) {
        self.save();
        stops(&self.machine(), texts);
    }
}

/// Boots, and fails unless the machine stops with all of `texts` on its screen and nothing is booted.
pub fn stops(machine: &Machine, texts: &[&str]) -> Evidence {
    let mut running = Running::start(machine);
    for text in texts {
        running.wait_screen(text, DEADLINE);
    }
    std::thread::sleep(WATCH);
    let hooked = running.emulator().is_hooked();
    let hooked = running.need(hooked);
    let evidence = running.evidence();
    assert!(!hooked, "INT 13h is hooked\n{evidence}");
    assert!(!evidence.console.contains("IDLE"), "it booted\n{evidence}");
    evidence
}

#[test]
fn the_stick_boots_as_long_as_nobody_touches_it() {
    let stick = Tampered::new();
    Running::start(&stick.machine()).wait_text("IDLE", DEADLINE);
}

#[test]
fn a_wrong_bit_of_the_image_stops_with_its_sector_and_byte_range() {
    let mut stick = Tampered::new();
    let at = stick.data(0xC_8123);
    stick.flip(at, 3);
    let chunk = stick.data(3 << CHUNK_SHIFT) / 512;
    stick.stops(&["ramkey E46", "image bytes 0x000C0000..0x00100000", &format!("LBA {chunk}")]);
}

#[test]
fn a_packed_image_boots_and_a_wrong_bit_of_it_stops_with_its_sector_and_byte_range() {
    let mut stick = Tampered::packed();
    let verdict = verify(&FileSource::open(&stick.stick).expect("the stick"), Strictness::Boot, &|_| {});
    assert!(verdict.sound && verdict.capsules[0].proven, "{:?}", verdict.faults);
    let stored: Vec<_> = stick.entries().iter().map(ChunkEntry::stored).collect();
    assert!(
        stored.iter().all(|bytes| bytes.end - bytes.start < 1 << CHUNK_SHIFT),
        "all are packed: {stored:?}"
    );
    Running::start(&stick.machine()).wait_text("IDLE", DEADLINE);

    let at = stick.capsule() + stored[3].start as usize;
    stick.flip(at + (stored[3].end - stored[3].start) as usize / 2, 6);
    stick.stops(&["ramkey E46", "image bytes 0x000C0000..0x00100000", &format!("LBA {}", at / 512)]);
}

/// Bits of packed chunks that nobody chose, the same in every run. Those that mean nothing are left out: with them the chunk
/// is what it was, which its hash says.
#[test]
fn any_bit_of_a_packed_chunk_stops_with_its_sector_and_byte_range() {
    let mut stick = Tampered::packed();
    let stored: Vec<_> = stick.entries().iter().map(ChunkEntry::stored).collect();
    let mut number: u64 = 0x0DD_B175;
    let mut stopped = 0;
    for _ in 0..20 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let index = (number >> 50) as usize % stored.len();
        let start = stick.capsule() + stored[index].start as usize;
        let len = (stored[index].end - stored[index].start) as usize;
        let (at, bit) = (start + (number >> 20) as usize % len, (number >> 8) as u8 % 8);
        stick.flip(at, bit);
        stick.save();
        let verdict = verify(&FileSource::open(&stick.stick).expect("the stick"), Strictness::Boot, &|_| {});
        if !verdict.sound {
            println!("bit {bit} of byte {at:#x}");
            let from = index << CHUNK_SHIFT;
            let range = format!("image bytes 0x{from:08X}..");
            stops(&stick.machine(), &["ramkey E46", &range, &format!("LBA {}", start / 512)]);
            stopped += 1;
        }
        stick.flip(at, bit);
        if stopped == 5 {
            return;
        }
    }
    panic!("only {stopped} of 20 bits meant anything");
}

#[test]
fn a_sector_that_cannot_be_read_stops_with_its_number() {
    let stick = Tampered::packed();
    let (machine, lba) = stick.with_bad_sector(3);
    stops(&machine, &["ramkey E31", &format!("LBA {lba}"), STOPPED]);
}

#[test]
fn a_wrong_bit_of_stage_2_is_seen_by_sector_0() {
    let mut stick = Tampered::new();
    stick.flip((BOOT_LBA as usize + 3) * 512 + 100, 0);
    stick.stops(&["ramkey S"]);
}

#[test]
fn a_wrong_bit_of_the_loader_is_seen_by_stage_2() {
    let mut stick = Tampered::new();
    stick.flip((BOOT_LBA + STAGE2_SECTORS + 20) as usize * 512 + 33, 7);
    stick.stops(&["E32"]);
}

#[test]
fn a_wrong_bit_of_a_capsule_header_or_its_table_is_seen() {
    let mut stick = Tampered::new();
    let capsule = stick.capsule();
    // A bit of the title, then one of the last chunk's value.
    for (at, what) in [(250, "header hash"), (512 + 7 * 48 + 20, "table hash")] {
        stick.flip(capsule + at, 5);
        stick.stops(&["ramkey E44", what]);
        stick.flip(capsule + at, 5);
    }
}

#[test]
fn a_stick_without_its_folder_or_its_images_says_so() {
    let stick = Tampered::new();
    stick.mtools("mdel", &["::RAMKEY/*.RKC"]);
    stops(&stick.machine(), &["ramkey E42"]);
    stick.mtools("mdeltree", &["::RAMKEY"]);
    stops(&stick.machine(), &["ramkey E41"]);
}

#[test]
fn a_capsule_that_was_cut_is_seen() {
    for stick in [Tampered::new(), Tampered::packed()] {
        let name = only_capsule(&stick);
        let local = stick.folder.path().join("cut.rkc");
        stick.mtools("mcopy", &[&name, &local.display().to_string()]);
        let whole = fs::read(&local).expect("the capsule");
        stick.mtools("mdel", &[&name]);
        fs::write(&local, &whole[..whole.len() / 5 * 4]).expect("writing the capsule");
        stick.mtools("mcopy", &[&local.display().to_string(), &name]);
        stops(&stick.machine(), &["ramkey E44", "too short"]);
    }
}

/// Puts another capsule in the place of the only one.
fn replace(stick: &Tampered, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let name = only_capsule(stick);
    let local = stick.folder.path().join("other.rkc");
    let path = local.display().to_string();
    stick.mtools("mcopy", &[&name, &path]);
    let capsule = fs::read(&local).expect("the capsule");
    stick.mtools("mdel", &[&name]);
    fs::write(&local, change(capsule)).expect("writing the capsule");
    stick.mtools("mcopy", &["-o", &path, &name]);
}

#[test]
fn a_capsule_boots_wherever_its_table_and_chunks_lie_and_in_whatever_order() {
    let stick = Tampered::new();
    replace(&stick, |capsule| rewritten(&capsule, 2, 0xD1));
    let verdict = verify(&FileSource::open(&stick.stick).expect("the stick"), Strictness::Boot, &|_| {});
    assert!(verdict.sound, "{:?}", verdict.faults);
    assert!(verdict.capsules.iter().all(|capsule| capsule.proven), "{:?}", verdict.capsules);
    Running::start(&stick.machine()).wait_text("IDLE", DEADLINE);
}

#[test]
fn a_chunk_that_is_packed_in_an_unknown_way_asks_for_a_newer_stick() {
    let stick = Tampered::new();
    replace(&stick, |mut capsule| {
        edit(&mut capsule, |_, entries| {
            let entry = &mut entries[1];
            (entry.form, entry.codec, entry.before, entry.stored_len) = (2, 200, 1, 100.into());
        });
        capsule
    });
    stops(&stick.machine(), &["ramkey E45"]);
}

#[test]
fn cluster_chains_that_end_early_or_run_in_a_circle_are_seen() {
    for circle in [true, false] {
        let mut stick = Tampered::new();
        let fat = Fat::of(&stick);
        let first = fat.first_cluster_of_the_capsule(&stick);
        // A cluster well behind the table, so that the header is still found.
        let target = first + 40;
        for copy in 0..2 {
            let value = if circle { first } else { 0 };
            fat.set(&mut stick.bytes, copy, target, value);
        }
        stick.stops(&["ramkey E43"]);
    }
}

/// Where the file allocation tables are. FAT16 only: what the stick of these tests is.
struct Fat {
    start: usize,
    len: usize,
    root: usize,
    root_entries: usize,
    data: usize,
    cluster_len: usize,
}

impl Fat {
    fn of(stick: &Tampered) -> Self {
        let volume = stick.range(range::FAT_RESERVED);
        let word = |at: usize| {
            usize::from(u16::from_le_bytes([stick.bytes[volume + at], stick.bytes[volume + at + 1]]))
        };
        let start = volume + word(14) * 512;
        let len = word(22) * 512;
        assert!(len > 0 && stick.bytes[volume + 54..volume + 59] == *b"FAT16", "not FAT16");
        let (root, root_entries) = (start + 2 * len, word(17));
        let cluster_len = usize::from(stick.bytes[volume + 13]) * 512;
        Self { start, len, root, root_entries, data: root + root_entries * 32, cluster_len }
    }

    fn set(&self, bytes: &mut [u8], copy: usize, cluster: usize, value: usize) {
        let at = self.start + copy * self.len + cluster * 2;
        bytes[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
    }

    fn first_cluster_of_the_capsule(&self, stick: &Tampered) -> usize {
        let folder = self.find(stick, self.root, self.root_entries, b"RAMKEY  ", None);
        let entries = self.data + (folder - 2) * self.cluster_len;
        self.find(stick, entries, self.cluster_len / 32, b"", Some(b"RKC"))
    }

    /// First cluster of the entry with this name or extension.
    fn find(
        &self,
        stick: &Tampered,
        at: usize,
        count: usize,
        name: &[u8],
        extension: Option<&[u8]>,
    ) -> usize {
        let entries = stick.bytes[at..at + count * 32].chunks_exact(32);
        let entry = entries
            .filter(|entry| entry[11] != 0x0F && entry[11] & 8 == 0)
            .find(|entry| entry.starts_with(name) && extension.is_none_or(|end| entry[8..11] == *end))
            .expect("the directory entry");
        usize::from(u16::from_le_bytes([entry[26], entry[27]]))
    }
}

/// The capsule's name, as mtools wants it.
fn only_capsule(stick: &Tampered) -> String {
    let volume = format!("{}@@{}", stick.stick.display(), stick.range(range::FAT_RESERVED));
    let listing = tool("mdir", &["-b", "-i", &volume, "::RAMKEY"]);
    listing.lines().find(|line| line.ends_with(".RKC")).expect("a capsule").trim().to_owned()
}

#[test]
fn any_bit_of_boot_code_or_capsule_stops_the_boot() {
    let mut stick = Tampered::new();
    let boot_len = (STAGE2_SECTORS as usize + loader_sectors(&stick)) * 512;
    let capsule_len =
        CapsuleHeader::parse(&stick.bytes[stick.capsule()..]).expect("a capsule").file_len.get();
    let places = [(BOOT_LBA as usize * 512, boot_len), (stick.capsule(), capsule_len as usize)];
    // A linear congruential sequence: other bits than anyone chose, the same in every run.
    let mut number: u64 = 0x5EED_0F7A_3B00;
    for round in 0..8 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (start, len) = places[round % places.len()];
        let (at, bit) = (start + (number >> 20) as usize % len, (number >> 8) as u8 % 8);
        println!("bit {bit} of byte {at:#x}");
        stick.flip(at, bit);
        stick.save();
        stops(&stick.machine(), &["ramkey "]);
        stick.flip(at, bit);
    }
}

fn loader_sectors(stick: &Tampered) -> usize {
    let header = &stick.bytes[BOOT_LBA as usize * 512..][..512];
    usize::from(u16::from_le_bytes([header[18], header[19]]))
}

#[test]
fn too_little_memory_is_told_in_numbers_with_what_would_fit() {
    let folder = scratch();
    let large = vec![0xD1; 8 << 20];
    let large = file(folder.path(), "large.img", &large);
    let small = file(folder.path(), "small.img", &disk("idle", Geometry::new(1, 16, 63), 1008, &[]));
    let options =
        ["--kind", "hdd", "--title", "Large", "--title", "Small", "--menu-timeout", "0", "--timeout", "off"];
    let stick = sticks::ramkey(folder.path(), &[&large], &["--kind", "hdd", "--title", "Large"]);
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
    machine.ram_mib = 8;
    stops(
        &machine,
        &["ramkey E22", "This machine has 7.", "Large needs 9 MB", "None of the images would fit."],
    );

    let stick = sticks::ramkey(folder.path(), &[&large, &small], &options);
    machine.stick = Stick::new(stick, Port::Usb(Controller::Xhci));
    let mut running = Running::start(&machine);
    running.wait_screen("does not fit", DEADLINE);
    running.press(&["1"]);
    running.wait_screen("Would fit: Small", DEADLINE);
    running.press(&["2"]);
    running.wait_text("IDLE", DEADLINE);
}
