//! The state of a stick is enough to change it: where each chunk lies, which sectors are free, which files are there.

use std::io;

use crate::frames::sticks::{Image, MIB};
use crate::frames::verdicts::stick;
use ramkey::image::Source;
use ramkey::layout::Role;
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::stick::{NoVolume, Reader, SlotState, StickFile, StickState, StickVolume, read};

fn with_state(source: &dyn Source, look: impl FnOnce(&Reader, &StickState)) {
    let reader = Reader::new(source, &|_| {});
    look(&reader, &read(&reader));
}

fn volume<'s, 'r>(state: &'s StickState<'r>) -> &'s StickVolume<'r> {
    state.file_system.as_ref().expect("a place").as_ref().expect("a volume")
}

#[test]
fn where_each_chunk_lies_and_what_is_free_is_known_on_every_file_system() {
    for (fs, len) in [
        (FsChoice::Is(FatBits::Fat12), 8 * MIB),
        (FsChoice::Is(FatBits::Fat16), 12 * MIB),
        (FsChoice::Is(FatBits::Fat32), 48 * MIB),
    ] {
        let made = stick(LayoutKind::Hdd, fs, len);
        let image = Image(made.bytes());
        with_state(&image, |reader, state| {
            let found = volume(state);
            let tree = found.tree.as_ref().expect("a tree");
            assert!(tree.oddities.first.is_empty() && found.table.is_usable());
            assert_eq!(found.capsules.len(), 2);
            let mut taken: Vec<(u64, u64)> = Vec::new();
            for (capsule, source) in found.capsules.iter().zip(&made.images) {
                let entry = &tree.entries[capsule.entry];
                taken.extend(&entry.runs);
                let header = capsule.header().expect("a sector").expect("a header");
                let file = StickFile::new(reader, entry);
                let (offset, len) = (header.table_offset.get(), u64::from(header.table_len.get()));
                let block = file.read(offset, len).expect("a table");
                let mut bytes = Vec::new();
                for (index, entry) in (0..).zip(header.entries(&block).expect("entries")) {
                    let stored = entry.stored();
                    let places = file.places(stored.start, stored.end - stored.start);
                    let sectors = places.iter().flat_map(|(lba, sectors)| *lba..lba + sectors);
                    let start = bytes.len();
                    bytes.extend(sectors.flat_map(|lba| image.0[lba as usize * 512..][..512].to_vec()));
                    bytes.resize(start + header.raw_len(index) as usize, 0);
                }
                assert!(bytes == source.0, "{fs:?}: {}", entry.path);
            }
            let mut free = 0;
            let data = found.volume.cluster_lba(2);
            found
                .volume
                .each_free(|(lba, sectors)| {
                    assert!(lba >= data && sectors > 0);
                    let overlaps = |run: &&(u64, u64)| run.0 < lba + sectors && lba < run.0 + run.1;
                    assert_eq!(taken.iter().find(overlaps), None, "{fs:?}");
                    free += sectors;
                })
                .expect("a table");
            assert_eq!(free, tree.usage.free * found.volume.cluster_sectors());
            assert!(free > 0 && tree.usage.lost == 0);
        });
    }
}

#[test]
fn both_slots_of_the_manifest_and_the_boot_code_are_in_the_state() {
    let image = Image(stick(LayoutKind::Superfloppy, FsChoice::Auto, 8 * MIB).bytes());
    with_state(&image, |_, state| {
        let area = state.area.as_ref().expect("a boot area");
        assert_eq!(area.counting(), Some(0));
        assert_eq!(area.slots[1].state, SlotState::Clear);
        let manifest = state.manifest().expect("a manifest");
        assert_eq!((manifest.generation(), manifest.rest_lba), (1, None));
        assert_eq!(state.volume_lba, Some(0));
        let (header, sums) = (area.header.as_ref(), area.sums.as_ref());
        let header = header.expect("a sector").as_ref().expect("a header");
        let sums = sums.expect("a header").as_ref().expect("sums");
        assert_eq!(sums.loader, header.loader_checksum.get());
    });
}

/// A stick of which some sectors cannot be read.
struct Broken(Image, std::ops::Range<u64>);

impl Source for Broken {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let (start, end) = (offset / 512, (offset + buffer.len() as u64).div_ceil(512));
        if start < self.1.end && self.1.start < end {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.0.read_at(offset, buffer)
    }
}

#[test]
fn a_sector_that_cannot_be_read_is_missing_where_it_belongs_and_named() {
    let made = stick(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let of = |role: Role| made.layout.extents.iter().find(|extent| extent.role == role).expect("it").lba;
    let (boot, table, manifest) = (of(Role::FatReserved), of(Role::FatTable), of(Role::Manifest));
    let broken = |lba: u64| Broken(Image(made.bytes()), lba..lba + 1);
    with_state(&broken(boot), |_, state| {
        let error = state.file_system.as_ref().expect("a place").as_ref().err();
        assert!(matches!(error, Some(NoVolume::Unreadable(error)) if error.lba == boot));
        assert!(state.manifest().is_some());
    });
    with_state(&broken(table), |_, state| {
        let found = volume(state);
        assert_eq!(found.table.unreadable.as_ref().map(|error| error.lba), Some(table));
        assert!(found.tree.is_none() && found.capsules.is_empty());
    });
    with_state(&broken(manifest + 5), |_, state| {
        let area = state.area.as_ref().expect("a boot area");
        let slot = &area.slots[0].state;
        assert!(matches!(slot, SlotState::Unreadable(error) if error.lba == manifest + 5));
        assert!(
            state.manifest().is_none() && volume(state).tree.is_some(),
            "the boot header says where it is"
        );
    });
    let capsule = of(Role::Capsule { image: 1 });
    with_state(&broken(capsule), |_, state| {
        let sector = volume(state).capsules[1].sector.as_ref().expect("a file");
        assert_eq!(sector.as_ref().err().map(|error| error.lba), Some(capsule));
    });
}
