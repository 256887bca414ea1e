//! A stick is proven without its images: damage is found and placed, and a user's own changes are no fault.

mod sticks;

use std::io;
use std::path::{Path, PathBuf};

use ramkey::image::{FileSource, Source};
use ramkey::layout::{Content, Extent, Role};
use ramkey::plan::{FatBits, FsChoice, LayoutKind, Slot};
use ramkey::verify::{Change, FaultKind, StickVerdict, Strictness, facts, has_trace, is_stick, verify};
use sticks::{Image, MIB, Stick, every_layout, noise, printed, tool};

const UNIVERSAL: LayoutKind = LayoutKind::Universal { slot: Slot::First };

/// 1 MiB and a few bytes, so that there is padding.
const IMAGE_LEN: usize = (1 << 20) + 77;

fn stick(layout: LayoutKind, fs: FsChoice, len: u64) -> Stick {
    let images = vec![("dos.img", Image(noise(IMAGE_LEN))), ("tiny.img", Image(noise(1000)))];
    Stick::new(images, layout, fs, len)
}

fn small() -> Stick {
    stick(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB)
}

fn judge(stick: &dyn Source, strictness: Strictness) -> StickVerdict {
    verify(stick, strictness, &|_| {})
}

fn kinds(verdict: &StickVerdict) -> Vec<FaultKind> {
    verdict.faults.iter().map(|fault| fault.kind).collect()
}

fn told(verdict: &StickVerdict) -> String {
    let faults = verdict.faults.iter().map(|fault| fault.to_string());
    faults.chain(verdict.changes.iter().map(ToString::to_string)).collect::<Vec<_>>().join("\n")
}

/// Numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

#[test]
fn a_fresh_stick_of_every_layout_is_sound() {
    // All of a stick is in memory here.
    for (layout, fs, len) in every_layout().into_iter().filter(|(_, _, len)| *len < 200 * MIB) {
        let stick = Image(stick(layout, fs, len).bytes());
        for strictness in [Strictness::Boot, Strictness::EveryByte] {
            let verdict = judge(&stick, strictness);
            assert!(verdict.sound, "{layout:?} {fs:?} {len}: {}", told(&verdict));
            assert!(verdict.changes.is_empty(), "{layout:?} {fs:?} {len}: {}", told(&verdict));
            let hashes: Vec<&str> = verdict.capsules.iter().map(|capsule| &*capsule.blake3).collect();
            let expected = [IMAGE_LEN, 1000].map(|len| blake3::hash(&noise(len)).to_hex().to_string());
            assert_eq!(hashes, expected);
            assert!(verdict.capsules.iter().all(|capsule| capsule.proven && capsule.as_written));
        }
    }
}

/// The extents of one role, and how many of their bytes matter.
fn extents(stick: &Stick, wanted: impl Fn(&Role) -> bool) -> Vec<Extent> {
    stick.layout.extents.iter().filter(|extent| wanted(&extent.role)).cloned().collect()
}

/// Flips one bit, looks, and flips it back.
fn flipped(stick: &mut Image, byte: u64, bit: u64, look: impl FnOnce(&Image)) {
    stick.0[byte as usize] ^= 1 << bit;
    look(stick);
    stick.0[byte as usize] ^= 1 << bit;
}

#[test]
fn strict_finds_every_flipped_bit_of_everything_that_was_written() {
    let mut dice = Dice(1);
    let cases = [
        (LayoutKind::Hdd, FsChoice::Auto, 8 * MIB),
        (LayoutKind::Gpt, FsChoice::Is(FatBits::Fat16), 12 * MIB),
        (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat32), 48 * MIB),
        (UNIVERSAL, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    ];
    for (layout, fs, len) in cases {
        let stick = stick(layout, fs, len);
        let mut bytes = Image(stick.bytes());
        for extent in &stick.layout.extents {
            for _ in 0..6 {
                let byte = extent.lba * 512 + dice.roll(extent.sectors * 512);
                let bit = dice.roll(8);
                flipped(&mut bytes, byte, bit, |bytes| {
                    let verdict = judge(bytes, Strictness::EveryByte);
                    assert!(!verdict.sound, "{layout:?}: bit {bit} of byte {byte:#x}, {:?}", extent.role);
                    let hit = verdict.faults.iter().any(|fault| {
                        let place = &fault.place;
                        (place.offset..place.end).contains(&byte) || place.sectors == 0
                    });
                    let folder = extent.role == Role::Directory || extent.role == Role::Manifest;
                    assert!(hit || folder, "{:?} at {byte:#x}: {}", extent.role, told(&verdict));
                });
            }
        }
    }
}

#[test]
fn a_flipped_bit_that_matters_to_a_boot_is_found_without_strict() {
    let mut dice = Dice(2);
    let stick = small();
    let mut bytes = Image(stick.bytes());
    type Check = (&'static str, fn(&Role) -> bool, &'static [FaultKind]);
    let checks: [Check; 8] = [
        ("sector 0", |role| *role == Role::Sector0, &[FaultKind::Sector0]),
        ("boot code", |role| *role == Role::BootCode, &[FaultKind::BootCode]),
        ("copy of the boot code", |role| *role == Role::BootCopy, &[FaultKind::BootCopy]),
        ("stamps", |role| *role == Role::Stamps, &[FaultKind::Stamps]),
        ("cleared", |role| *role == Role::Cleared, &[FaultKind::Cleared]),
        ("FAT", |role| *role == Role::FatTable, &[FaultKind::FatTable]),
        ("boot sector", |role| *role == Role::FatReserved, &[FaultKind::FatReserved]),
        ("capsule", |role| matches!(role, Role::Capsule { .. }), &[FaultKind::Capsule]),
    ];
    for (name, wanted, expected) in checks {
        for extent in extents(&stick, wanted) {
            for _ in 0..12 {
                let offset = dice.roll(extent.sectors * 512);
                if is_padding(&stick, &extent, offset) || (name == "boot sector" && is_free_to_change(offset))
                {
                    continue;
                }
                let (byte, bit) = (extent.lba * 512 + offset, dice.roll(8));
                flipped(&mut bytes, byte, bit, |bytes| {
                    let verdict = judge(bytes, Strictness::Boot);
                    let found = kinds(&verdict);
                    assert!(
                        expected.iter().all(|kind| found.contains(kind)),
                        "{name}: bit {bit} of byte {byte:#x} gave {found:?}"
                    );
                });
            }
        }
    }
}

/// Bytes behind the chunk table or behind the image, which nobody reads.
fn is_padding(stick: &Stick, extent: &Extent, offset: u64) -> bool {
    let Role::Capsule { image } = extent.role else { return false };
    let len = stick.images[image].0.len() as u64;
    match &extent.content {
        Content::Bytes(_) => offset >= 512 + len.div_ceil(1 << 18) * 48,
        Content::Image { offset: start, .. } => start + offset >= len,
        Content::Zeros | Content::Stamps { .. } => false,
    }
}

/// Name, state and label in the boot sector of a FAT12 or FAT16: systems change them.
fn is_free_to_change(offset: u64) -> bool {
    matches!(offset, 3..11 | 0x25 | 0x2B..0x36)
}

#[test]
fn a_flipped_bit_in_a_manifest_is_found_and_the_images_are_still_proven() {
    let stick = small();
    let mut bytes = Image(stick.bytes());
    let manifest = &extents(&stick, |role| *role == Role::Manifest)[0];
    for offset in (0..400).step_by(13) {
        flipped(&mut bytes, manifest.lba * 512 + offset, offset % 8, |bytes| {
            let verdict = judge(bytes, Strictness::Boot);
            assert_eq!(kinds(&verdict), [FaultKind::Manifest], "byte {offset}: {}", told(&verdict));
            assert_eq!(verdict.capsules.len(), 2, "byte {offset}");
        });
    }
}

#[test]
fn a_flipped_bit_in_a_directory_is_found_or_changes_no_image() {
    let stick = small();
    let mut bytes = Image(stick.bytes());
    let whole = judge(&bytes, Strictness::Boot);
    let mut found = 0;
    for extent in extents(&stick, |role| *role == Role::Directory) {
        for offset in 0..(4 * 32).min(extent.sectors * 512) {
            for bit in 0..8 {
                flipped(&mut bytes, extent.lba * 512 + offset, bit, |bytes| {
                    let verdict = judge(bytes, Strictness::Boot);
                    found += usize::from(!verdict.sound);
                    if verdict.sound {
                        let hashes = |verdict: &StickVerdict| -> Vec<String> {
                            let mut all: Vec<String> =
                                verdict.capsules.iter().map(|capsule| capsule.blake3.clone()).collect();
                            all.sort();
                            all
                        };
                        assert_eq!(hashes(&verdict), hashes(&whole), "bit {bit} of byte {offset}");
                    }
                });
            }
        }
    }
    assert!(found > 300, "only {found} flips were found");
}

#[test]
fn damage_in_an_image_is_placed_in_the_stick_and_in_the_image_with_both_hashes() {
    let stick = small();
    let mut bytes = Image(stick.bytes());
    let wanted = |extent: &&Extent| matches!(extent.content, Content::Image { image: 0, offset: 0 });
    let data = stick.layout.extents.iter().find(wanted).unwrap();
    flipped(&mut bytes, data.lba * 512 + 1000, 0, |bytes| {
        let verdict = judge(bytes, Strictness::Boot);
        let [fault] = &verdict.faults[..] else { panic!("{}", told(&verdict)) };
        assert_eq!((fault.place.lba, fault.place.sectors), (data.lba, 512));
        assert_eq!((fault.place.image_offset, fault.place.image_end), (Some(0), Some(1 << 18)));
        assert_eq!(fault.place.file.as_deref(), Some("RAMKEY/DOS.RKC"));
        assert!(fault.expected.is_some() && fault.found.is_some() && fault.expected != fault.found);
        assert!(
            fault
                .to_string()
                .starts_with("RAMKEY/DOS.RKC: chunk 0 is damaged, bytes 0x0..0x40000 of the image")
        );
        let proven: Vec<bool> = verdict.capsules.iter().map(|capsule| capsule.proven).collect();
        assert_eq!(proven, [false, true]);
    });
}

#[test]
fn an_unfinished_stick_is_named_as_such() {
    let mut bytes = Image(small().bytes());
    bytes.0[..512].fill(0);
    let verdict = judge(&bytes, Strictness::Boot);
    assert!(told(&verdict).contains("sector 0 is clear: the stick was not finished"), "{}", told(&verdict));
}

#[test]
fn what_is_no_stick_is_said_to_be_none() {
    for bytes in [vec![], vec![0; 100], vec![0xD1; 1 << 20], noise(1 << 20)] {
        let stick = Image(bytes);
        assert!(!is_stick(&stick) && !has_trace(&stick));
        assert_eq!(kinds(&judge(&stick, Strictness::Boot)), [FaultKind::NoStick]);
    }
}

#[test]
fn a_stick_cut_short_at_any_place_is_a_fault() {
    let whole = small().bytes();
    for sectors in [35, 100, 129, 320, 350, 384, 2048, 2050, 2180, 2432, 4000, 8 * 2048 - 1] {
        let verdict = judge(&Image(whole[..sectors * 512].to_vec()), Strictness::Boot);
        assert!(!verdict.sound, "cut to {sectors} sectors");
    }
}

/// A stick with one sector that cannot be read.
struct Broken {
    stick: Image,
    lba: u64,
}

impl Source for Broken {
    fn len(&self) -> u64 {
        self.stick.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let (start, end) = (offset / 512, (offset + buffer.len() as u64).div_ceil(512));
        if (start..end).contains(&self.lba) {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.stick.read_at(offset, buffer)
    }
}

#[test]
fn an_unreadable_sector_of_any_range_is_named_by_its_lba() {
    let stick = small();
    let bytes = stick.bytes();
    for extent in &stick.layout.extents {
        for lba in [extent.lba, extent.lba + extent.sectors - 1] {
            let broken = Broken { stick: Image(bytes.clone()), lba };
            let verdict = judge(&broken, Strictness::EveryByte);
            let named = verdict.faults.iter().any(|fault| {
                fault.kind == FaultKind::Unreadable && (fault.place.lba, fault.place.sectors) == (lba, 1)
            });
            assert!(named, "LBA {lba} of {:?}: {}", extent.role, told(&verdict));
        }
    }
}

#[test]
fn nonsense_in_the_file_system_never_panics_and_is_never_sound() {
    let stick = small();
    let bytes = stick.bytes();
    let mut dice = Dice(3);
    let structures =
        extents(&stick, |role| matches!(role, Role::FatReserved | Role::FatTable | Role::Directory));
    for round in 0..400 {
        let mut broken = Image(bytes.clone());
        for _ in 0..1 + round % 7 {
            let extent = &structures[dice.roll(structures.len() as u64) as usize];
            let at = (extent.lba * 512 + dice.roll(extent.sectors.min(2) * 512)) as usize;
            let len = (1 + dice.roll(40) as usize).min(broken.0.len() - at);
            for byte in &mut broken.0[at..at + len] {
                *byte = dice.roll(256) as u8;
            }
        }
        if broken.0 != bytes {
            assert!(!judge(&broken, Strictness::EveryByte).sound, "round {round}");
            let _ = judge(&broken, Strictness::Boot);
            let _ = facts(&broken);
        }
    }
}

/// A stick in a file, and mtools' name for its volume.
struct OnDisk {
    _folder: tempfile::TempDir,
    path: PathBuf,
    volume: String,
}

impl OnDisk {
    fn new(layout: LayoutKind, fs: FsChoice, len: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = stick(layout, fs, len).file(folder.path());
        let offset = volume_offset(layout);
        let volume = format!("{}@@{offset}", path.display());
        Self { path, volume, _folder: folder }
    }

    fn mtools(&self, program: &str, arguments: &[&str]) {
        let arguments = [&["-i", &self.volume], arguments].concat();
        let output = tool("mtools", program, &arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {}", printed(&output));
    }

    fn scratch(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path.with_file_name(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    fn judge(&self, strictness: Strictness) -> StickVerdict {
        judge(&FileSource::open(&self.path).unwrap(), strictness)
    }

    /// Sound, with these changes; and not as written.
    fn expect(&self, changes: &[&str]) {
        let verdict = self.judge(Strictness::Boot);
        assert!(verdict.sound, "{}: {}", self.volume, told(&verdict));
        let told: Vec<String> = verdict.changes.iter().map(ToString::to_string).collect();
        for change in changes {
            assert!(told.iter().any(|text| text.contains(change)), "{change} is not among {told:?}");
        }
        assert!(!self.judge(Strictness::EveryByte).sound, "strict did not see {changes:?}");
    }
}

/// First byte of the file system.
fn volume_offset(layout: LayoutKind) -> u64 {
    match layout {
        LayoutKind::Fdd | LayoutKind::Superfloppy => 0,
        LayoutKind::Zip => 32 * 512,
        _ => MIB,
    }
}

const CHANGED_LAYOUTS: [(LayoutKind, FsChoice, u64); 9] = [
    (UNIVERSAL, FsChoice::Auto, 8 * MIB),
    (UNIVERSAL, FsChoice::Is(FatBits::Fat16), 70 * MIB),
    (UNIVERSAL, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Zip, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Fdd, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Hdd, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Hdd, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat16), 24 * MIB),
    (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat32), 48 * MIB),
];

#[test]
fn files_that_a_user_adds_are_named_and_are_no_fault() {
    for (layout, fs, len) in CHANGED_LAYOUTS {
        let stick = OnDisk::new(layout, fs, len);
        let note = stick.scratch("A long name of mine.txt", &noise(5000));
        stick.mtools("mcopy", &[&note, "::"]);
        stick.mtools("mmd", &["::FOTOS"]);
        stick.mtools("mcopy", &[&note, "::FOTOS/X.TXT"]);
        stick.expect(&["A long name of mine.txt was added", "FOTOS was added", "FOTOS/X.TXT was added"]);
    }
}

#[test]
fn an_image_that_a_user_removes_is_named_and_is_no_fault() {
    let stick = OnDisk::new(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    stick.mtools("mdel", &["::RAMKEY/DOS.RKC"]);
    stick.expect(&["the image \"dos\" was removed"]);
    stick.mtools("mdel", &["::RAMKEY/TINY.RKC"]);
    assert_eq!(kinds(&stick.judge(Strictness::Boot)), [FaultKind::NoImage]);
}

#[test]
fn an_image_that_the_menu_no_longer_shows_is_a_fault() {
    let stick = OnDisk::new(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    stick.mtools("mren", &["::RAMKEY/DOS.RKC", "::RAMKEY/DOS.OLD"]);
    let verdict = stick.judge(Strictness::Boot);
    assert_eq!(kinds(&verdict), [FaultKind::Capsule], "{}", told(&verdict));
}

#[test]
fn an_image_that_was_moved_by_a_file_manager_is_proven_in_its_pieces() {
    for (layout, fs, len) in CHANGED_LAYOUTS {
        let stick = OnDisk::new(layout, fs, len);
        let copy = stick.path.with_file_name("DOS.RKC").display().to_string();
        stick.mtools("mcopy", &["::RAMKEY/DOS.RKC", &copy]);
        stick.mtools("mdel", &["::RAMKEY/DOS.RKC"]);
        // Every second of these is deleted again, and what is behind them is filled: the copy must be cut up.
        let small = stick.scratch("small", &noise(8192));
        let names: Vec<String> = (0..20).map(|n| format!("::S{n}")).collect();
        for name in &names {
            stick.mtools("mcopy", &[&small, name]);
        }
        for name in names.iter().step_by(2) {
            stick.mtools("mdel", &[name]);
        }
        stick.mtools("mcopy", &["-m", &copy, "::RAMKEY/DOS.RKC"]);
        let verdict = stick.judge(Strictness::Boot);
        assert!(verdict.sound, "{}", told(&verdict));
        let dos = verdict.capsules.iter().find(|capsule| capsule.file == "RAMKEY/DOS.RKC").unwrap();
        assert!(dos.proven && dos.as_written);
        // On a FAT32 mtools goes on behind the last cluster that it used, where all is free.
        let fat32 = matches!(fs, FsChoice::Is(FatBits::Fat32));
        assert!(dos.fragments > 1 || fat32, "{layout:?} {fs:?}: it lies in one piece");
        stick.expect(&["RAMKEY/DOS.RKC has other dates", "S1 was added"]);
    }
}

#[test]
fn an_image_that_a_user_copies_in_is_proven_too_and_its_damage_found() {
    let stick = OnDisk::new(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let copy = stick.path.with_file_name("DOS.RKC").display().to_string();
    stick.mtools("mcopy", &["::RAMKEY/DOS.RKC", &copy]);
    stick.mtools("mcopy", &[&copy, "::RAMKEY/SECOND.RKC"]);
    let verdict = stick.judge(Strictness::Boot);
    assert!(verdict.sound, "{}", told(&verdict));
    assert_eq!(verdict.capsules.len(), 3);

    let mut damaged = std::fs::read(&copy).unwrap();
    let last = damaged.len() - 1000;
    damaged[last] ^= 1;
    let damaged = stick.scratch("DAMAGED", &damaged);
    stick.mtools("mcopy", &[&damaged, "::RAMKEY/THIRD.RKC"]);
    let short = stick.scratch("SHORT", &std::fs::read(&copy).unwrap()[..100_000]);
    stick.mtools("mcopy", &[&short, "::RAMKEY/SHORT.RKC"]);
    let other = stick.scratch("OTHER", b"hello");
    stick.mtools("mcopy", &[&other, "::RAMKEY/OTHER.RKC"]);
    let verdict = stick.judge(Strictness::Boot);
    let files: Vec<&str> = verdict.faults.iter().filter_map(|fault| fault.place.file.as_deref()).collect();
    assert_eq!(files, ["RAMKEY/OTHER.RKC", "RAMKEY/SHORT.RKC", "RAMKEY/THIRD.RKC"]);
}

#[test]
fn another_label_is_a_change_and_no_fault() {
    for (layout, fs, len) in CHANGED_LAYOUTS {
        let stick = OnDisk::new(layout, fs, len);
        for (written, found) in [("RAMKEY", "MY STICK"), ("RAMKEY", "ANOTHER")] {
            stick.mtools("mlabel", &[&format!("::{found}")]);
            let verdict = stick.judge(Strictness::Boot);
            assert_eq!(verdict.label, found);
            stick.expect(&[]);
            let label = Change::Label { written: written.into(), found: found.into() };
            assert_eq!(verdict.changes, [label], "{layout:?} {fs:?}");
        }
    }
}

#[test]
fn another_label_in_both_boot_sectors_of_a_fat32_is_a_change_and_no_fault() {
    let mut stick = Image(stick(LayoutKind::Hdd, FsChoice::Is(FatBits::Fat32), 48 * MIB).bytes());
    for sector in [0, 6] {
        let at = (MIB + sector * 512) as usize + 0x47;
        stick.0[at..at + 11].copy_from_slice(b"MY STICK   ");
    }
    let verdict = judge(&stick, Strictness::Boot);
    assert!(verdict.sound, "{}", told(&verdict));
    assert!(matches!(verdict.changes[..], [Change::Label { .. }]), "{}", told(&verdict));
    // A byte of the numbers beside it is no label.
    stick.0[MIB as usize + 0x24] ^= 1;
    assert!(!judge(&stick, Strictness::Boot).sound);
}

#[test]
fn the_state_of_a_stick_that_is_mounted_is_a_change_and_no_fault() {
    for (layout, fs, len) in CHANGED_LAYOUTS {
        let mut stick = Image(stick(layout, fs, len).bytes());
        let volume = volume_offset(layout) as usize;
        let state = if matches!(fs, FsChoice::Is(FatBits::Fat32)) { 0x41 } else { 0x25 };
        stick.0[volume + state] |= 1;
        let verdict = judge(&stick, Strictness::Boot);
        assert!(verdict.sound, "{}", told(&verdict));
        assert!(matches!(verdict.changes[..], [Change::Volume { .. }]), "{}", told(&verdict));
    }
}

#[test]
fn a_universal_stick_may_be_mounted_and_labelled_as_a_whole() {
    for (layout, fs, len) in CHANGED_LAYOUTS.into_iter().filter(|(layout, ..)| *layout == UNIVERSAL) {
        let fresh = Image(stick(layout, fs, len).bytes());
        let fat32 = matches!(fs, FsChoice::Is(FatBits::Fat32));
        let (state, label) = if fat32 { (0x41, 0x47) } else { (0x25, 0x2B) };
        let mut stick = Image(fresh.0.clone());
        stick.0[state] |= 1;
        let verdict = judge(&stick, Strictness::Boot);
        assert!(verdict.sound, "{fs:?}: {}", told(&verdict));
        assert!(matches!(verdict.changes[..], [Change::Volume { .. }]), "{fs:?}: {}", told(&verdict));
        assert_eq!(kinds(&judge(&stick, Strictness::EveryByte)), [FaultKind::Sector0], "{fs:?}");
        stick.0[3..11].copy_from_slice(b"ANOTHER ");
        stick.0[label..label + 11].copy_from_slice(b"MY STICK   ");
        let verdict = judge(&stick, Strictness::Boot);
        assert!(verdict.sound && verdict.changes.len() == 2, "{fs:?}: {}", told(&verdict));
        // Its numbers and its table are not for systems to change.
        for at in [14, 28, 0x1BE, 0x1FE] {
            flipped(&mut stick, at, 0, |stick| {
                assert_eq!(kinds(&judge(stick, Strictness::Boot)), [FaultKind::Sector0], "{fs:?}: byte {at}");
            });
        }
    }
}

#[test]
fn facts_tell_what_is_on_a_stick_and_prove_nothing() {
    let stick = Image(small().bytes());
    let found = facts(&stick);
    assert_eq!(found.capsules.len(), 2);
    assert!(found.capsules.iter().all(|capsule| !capsule.proven));
    assert_eq!((found.layout, &*found.file_system, &*found.label), ("hdd", "FAT12", "RAMKEY"));
    assert!(Path::new(&found.capsules[0].file).starts_with("RAMKEY"));
}
