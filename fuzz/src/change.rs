//! A stick that is changed in its place, damaged before: nothing is written beside it, and what was sound stays so.

use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use ramkey::capsule::{self, Contents, Description, Role};
use ramkey::change::{ChangeError, Exchange, NewBytes, Step, Way, finish, mend};
use ramkey::contents::{ImageFacts, KindChoice, probe};
use ramkey::image::{Scan, Source, StoredBytes, scan};
use ramkey::layout::{Layout, layout, materialise};
use ramkey::plan::{FsChoice, ImageRequest, LayoutKind, Request, SetOptions, StartOptions, Writes, plan};
use ramkey::stick::{self, Reader, StickFile, StickState};
use ramkey::verify::{Strictness, verify};
use ramkey_format::capsule::{CAPSULE_HEADER_LEN, HEADER_HASHED_LEN};
use ramkey_format::memory::{MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX};

use super::sparse::{Bytes, SECTOR, Sparse};
use super::targets::fix_manifest;

/// Sectors of the stick that inputs lie over: 5 MiB.
const STICK_SECTORS: u64 = 5 << 11;
/// Most rounds of steps that a change takes: one for each announced change, and a few.
const ROUNDS_MAX: usize = 40;

/// An image, and what is known of it.
pub struct Image {
    pub bytes: Vec<u8>,
    pub facts: ImageFacts,
    pub scan: Scan,
}

impl Image {
    fn new(bytes: Vec<u8>) -> Self {
        let source = Bytes(&bytes);
        let facts = probe(Path::new("new.img"), &source, KindChoice::Auto, None).expect("an image");
        let scan = scan(&source, &mut |_| {}).expect("memory can be read");
        Self { bytes, facts, scan }
    }

    /// Bytes that nothing packs, other ones for each seed.
    fn noise(len: usize, seed: u8) -> Self {
        let mut bytes = vec![0; len];
        blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
        Self::new(bytes)
    }
}

/// What is on the stick, and what may be put there: shorter, longer, and the same.
pub fn images() -> &'static [Image; 3] {
    static IMAGES: OnceLock<[Image; 3]> = OnceLock::new();
    IMAGES.get_or_init(|| [Image::noise(3000, 0), Image::noise(2000, 1), Image::noise(300_000, 2)])
}

/// A sound stick without a partition table.
pub fn base() -> &'static Sparse {
    static BASE: OnceLock<Sparse> = OnceLock::new();
    BASE.get_or_init(|| {
        let image = &images()[0];
        let request = Request {
            images: vec![ImageRequest { facts: image.facts.clone(), title: None, writes: Writes::Kept }],
            companions: Vec::new(),
            set: SetOptions::default(),
            stick_sectors: STICK_SECTORS,
            layout: LayoutKind::Superfloppy.into(),
            fs: FsChoice::Auto,
            label: None,
            id: None,
            readme: Vec::new(),
            disc: None,
            start: StartOptions::default(),
        };
        let plan = plan(&request).expect("there is room");
        let layout = layout(&plan, std::slice::from_ref(&image.scan)).expect("there is room");
        let mut stick = Sparse { sectors: STICK_SECTORS, ..Sparse::default() };
        put(&mut stick, &layout, &[image.scan.stored(&Bytes(&image.bytes))]);
        stick
    })
}

/// The stick with the sectors of an input over it, whose manifests and capsules have the hashes that they name.
pub fn damaged(input: &[u8]) -> Sparse {
    let over = Sparse::decode(input).present;
    let mut stick = base().clone();
    stick.present.extend(over.into_iter().filter(|(lba, _)| *lba < STICK_SECTORS));
    for lba in [MANIFEST_LBA, MANIFEST_2_LBA].map(u64::from) {
        let mut sectors = stick.get(lba, MANIFEST_SECTORS_MAX.into());
        if sectors.starts_with(b"RAMKEYMF") {
            fix_manifest(&mut sectors);
            stick.put(lba, &sectors);
        }
    }
    for header in stick.present.values_mut().filter(|sector| sector.starts_with(b"RAMKEYRC")) {
        let hash = blake3::hash(&header[..HEADER_HASHED_LEN]);
        header[HEADER_HASHED_LEN..CAPSULE_HEADER_LEN].copy_from_slice(hash.as_bytes());
    }
    stick
}

/// A damaged stick that is changed: whole, if it is sound, and else only planned.
pub fn change(input: &[u8]) {
    let mut stick = damaged(input);
    let is_sound = |stick: &Sparse| verify(stick, Strictness::Boot, &|_| {}).sound;
    if !is_sound(&stick) {
        let reader = Reader::new(&stick, &|_| {});
        let state = stick::read(&reader);
        let mut plans: Vec<_> = vec![mend(&reader, &state), finish(&reader, &state)];
        plans.extend(images().iter().map(|new| exchange(&reader, &state, new).map(|plan| plan.0)));
        plans.iter().flatten().flatten().for_each(check);
        return;
    }
    for new in images() {
        apply(&mut stick, new, usize::MAX);
        assert!(is_sound(&stick), "a sound stick that was changed is sound");
    }
}

/// The sound stick after so many steps of a change to the longest image, without what is as it was.
pub fn cut(steps: usize) -> Sparse {
    let mut stick = base().clone();
    apply(&mut stick, &images()[2], steps);
    stick.present.retain(|lba, sector| base().present.get(lba) != Some(&*sector));
    stick
}

/// Changes a stick, by at most so many steps.
fn apply(stick: &mut Sparse, new: &Image, mut most: usize) {
    for _ in 0..ROUNDS_MAX {
        let planned = {
            let reader = Reader::new(&*stick, &|_| {});
            next(&reader, &stick::read(&reader), new)
        };
        // It may have no room, and many reasons to be left alone.
        let Ok((steps, stored)) = planned else { return };
        if steps.is_empty() {
            return;
        }
        for step in steps {
            check(&step);
            if most == 0 {
                return;
            }
            most -= 1;
            let source = Bytes(&new.bytes);
            let bytes = NewBytes::read(new.scan.stored(&source), &stored, &step.layout, &mut |_| {});
            let bytes: Box<dyn StoredBytes> = Box::new(bytes.expect("memory can be read"));
            put(stick, &step.layout, &[bytes]);
        }
    }
    panic!("a change comes to an end");
}

type Planned = Result<(Vec<Step>, Vec<Range<u64>>), ChangeError>;

/// What is to be done next: what was cut off comes first.
fn next<'r>(reader: &'r Reader<'r>, state: &StickState<'r>, new: &Image) -> Planned {
    for steps in [mend(reader, state)?, finish(reader, state)?] {
        if !steps.is_empty() {
            return Ok((steps, Vec::new()));
        }
    }
    exchange(reader, state, new)
}

/// The steps after which the first image of the menu is the new one.
fn exchange<'r>(reader: &'r Reader<'r>, state: &StickState<'r>, new: &Image) -> Planned {
    let Some(Ok(volume)) = &state.file_system else { return Err(ChangeError::NoFileSystem) };
    let entries = volume.tree.as_ref().map_or(&[][..], |tree| &tree.entries);
    let found = volume.capsules.iter().find_map(|file| {
        let header = capsule::header(file.sector.as_ref()?.as_ref().ok()?).ok()?;
        (Description::of(header).role == Role::Boot).then_some((&entries[file.entry], header))
    });
    let (entry, header) = found.ok_or(ChangeError::Unsound)?;
    let file = StickFile::new(reader, entry);
    let block = file.read(header.table_offset.get(), header.table_len.get().into());
    let block = block.map_err(ChangeError::Read)?;
    let table = capsule::table(header, &block).map_err(|_| ChangeError::Unsound)?;
    let was = Description::of(header);
    let contents = Contents {
        facts: &new.facts,
        title: &was.title,
        drive: was.drive,
        role: was.role,
        options: was.options,
        companions: header.companions,
        disk_signature: 0,
        made_of: None,
    };
    let scan = &new.scan;
    let planned = Exchange { entry, header, table: Some(&table), contents: &contents, scan };
    let planned = planned.plan(reader, state, Way::Beside)?;
    Ok((planned.steps, planned.stored))
}

/// A step writes within the stick, in order, never its first sector, and last what decides.
pub fn check(step: &Step) {
    let Layout { stick_sectors, cleared_first, held_back, extents } = &step.layout;
    assert!(*stick_sectors == STICK_SECTORS && cleared_first.is_empty(), "it stays the stick that it was");
    let mut from = 1;
    for extent in extents {
        assert!(extent.lba >= from && extent.sectors > 0, "sector {}", extent.lba);
        from = extent.lba + extent.sectors;
    }
    assert!(from <= STICK_SECTORS, "up to sector {from}");
    assert!(held_back.iter().all(|lba| extents.iter().any(|extent| extent.has(*lba))), "{held_back:?}");
}

/// Writes a layout to a stick.
pub fn put(stick: &mut Sparse, layout: &Layout, stored: &[Box<dyn StoredBytes + '_>]) {
    materialise(layout, stored, &mut Pen { stick, at: 0 }).expect("memory can be written");
}

/// Writes whole sectors anywhere.
struct Pen<'s> {
    stick: &'s mut Sparse,
    at: u64,
}

impl Write for Pen<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sector = SECTOR as u64;
        let (lba, within) = (self.at / sector, (self.at % sector) as usize);
        let len = bytes.len().min(SECTOR - within);
        let place = self.stick.present.entry(lba).or_insert([0; SECTOR]);
        place[within..within + len].copy_from_slice(&bytes[..len]);
        self.at += len as u64;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Pen<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            SeekFrom::End(by) => self.stick.len().saturating_add_signed(by),
        };
        Ok(self.at)
    }
}
