//! How large the image of a folder is, and how it is divided.

use super::Form;
use super::error::FolderError;
use crate::units::{Geometry, SECTOR_LEN};

/// Copies of the file allocation table.
pub const FATS: u64 = 2;
/// Sectors before the first one.
pub const RESERVED: u64 = 1;
/// Clusters begin with this number.
pub const FIRST_CLUSTER: u64 = 2;
/// Entries in a sector of the root directory.
const SECTOR_ENTRIES: usize = 16;
/// Most entries of the topmost folder, which has a fixed place, and those that it usually has.
const ROOT_MAX: usize = 4096;
const ROOT_USUAL: usize = 512;

/// Sectors of a track, and of the first one, which has the partition table and nothing else.
const TRACK: u16 = 63;
/// Heads of a disk, as BIOSes count them: 16 where 1024 cylinders are enough, else 255.
const HEADS: [u16; 2] = [16, 255];
const CYLINDERS: u64 = 1024;

/// Kinds of a volume on a hard disk as the FORMAT of DOS makes them: sectors in a cluster, and most sectors of the volume.
///
/// The first one is a FAT12. Its length, which every DOS goes by where it has no other sign, keeps each of them far from the number of
/// clusters at which one system sees another kind than the next.
const KINDS: [(u64, u64); 6] =
    [(8, FAT12_END - 1), (4, 1 << 18), (8, 1 << 19), (16, 1 << 20), (32, 1 << 21), (64, (1 << 22) - 64)];
/// Sectors from which on a volume on a hard disk is a FAT16 to DOS.
const FAT12_END: u64 = 32_680;
/// More than the sectors by which the tables of a volume up to the end of its cylinder can be longer than those of what it was made for.
const TABLES_SLACK: u64 = 8;
/// Media descriptors.
const HARD_DISK_MEDIA: u8 = 0xF8;
const FLOPPY_MEDIA: u8 = 0xF0;

/// Floppies of 1.44 and 2.88 MB: sectors, sectors per track, sectors in a cluster, root entries, sectors of a table.
const FLOPPIES: [(u64, u16, u64, usize, u64); 2] = [(2880, 18, 1, 224, 9), (5760, 36, 2, 240, 9)];
const FLOPPY_HEADS: u16 = 2;
/// Bytes of the longer floppy, which are more than it has for files.
pub const FLOPPY_LEN_MAX: u64 = FLOPPIES[1].0 * SECTOR_LEN;

/// What the image must have room for.
pub(super) struct Needs<'n> {
    /// Length of everything that takes clusters, in bytes.
    pub lens: &'n [u64],
    /// Entries of the topmost folder.
    pub root_entries: usize,
    /// Bytes that stay free; some if nobody said how many.
    pub free: Option<u64>,
}

impl Needs<'_> {
    /// Clusters of so many sectors that the files and folders take.
    fn clusters(&self, cluster_sectors: u64) -> u64 {
        self.lens.iter().map(|len| len.div_ceil(cluster_sectors * SECTOR_LEN)).sum()
    }

    /// The same, and those that stay free.
    fn with_free(&self, cluster_sectors: u64, usual: u64) -> u64 {
        let free = self.free.unwrap_or(usual);
        self.clusters(cluster_sectors).saturating_add(free.div_ceil(cluster_sectors * SECTOR_LEN))
    }

    /// Bytes that stay free on a hard disk if nobody said how many: an eighth, and at least a MiB.
    fn usual_free(&self) -> u64 {
        (self.lens.iter().sum::<u64>() / 8).max(1 << 20)
    }
}

/// An image as it is divided. LBAs count from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Of the whole disk.
    pub geometry: Geometry,
    /// First sector of the volume on the disk, which the image may be without.
    pub hidden: u64,
    /// First sector of the volume in the image.
    pub lba: u64,
    /// Sectors of the volume.
    pub sectors: u64,
    /// Sectors in a cluster.
    pub cluster_sectors: u64,
    /// Sectors of a table.
    pub fat_sectors: u64,
    /// Entries of the root directory.
    pub root_entries: usize,
    /// Whether the entries of a table have 12 bits; else 16.
    pub is_fat12: bool,
    /// Media descriptor.
    pub media: u8,
}

impl Shape {
    /// The smallest that has room. `too_large` makes the error of bytes that are needed, and that there are at most.
    pub fn find(
        form: Form,
        needs: &Needs<'_>,
        too_large: impl Fn(&'static str, u64, u64) -> FolderError,
    ) -> Result<Self, FolderError> {
        let (shapes, what): (Vec<Self>, _) = match form {
            Form::Floppy => (FLOPPIES.map(Self::floppy).into(), "a floppy"),
            _ => {
                let kinds = (0..KINDS.len()).map(|kind| Self::disk(kind, form, needs));
                (kinds.collect(), "an image")
            }
        };
        let usual = if form == Form::Floppy { 0 } else { needs.usual_free() };
        let fits = |shape: &&Self| {
            shape.has_its_kind()
                && needs.root_entries <= shape.root_entries
                && needs.with_free(shape.cluster_sectors, usual) <= shape.clusters()
        };
        let largest = shapes.last().expect("there are some");
        let needed = needs.with_free(largest.cluster_sectors, usual).saturating_mul(largest.cluster_len());
        let limit = match form {
            Form::Floppy => largest.clone(),
            _ => Self::largest_disk(form, largest.root_entries),
        };
        let limit = limit.clusters() * limit.cluster_len();
        shapes.iter().find(fits).cloned().ok_or_else(|| too_large(what, needed, limit))
    }

    fn floppy(
        (sectors, track, cluster_sectors, root_entries, fat_sectors): (u64, u16, u64, usize, u64),
    ) -> Self {
        let cylinders = sectors / u64::from(FLOPPY_HEADS * track);
        let geometry =
            Geometry { cylinders: cylinders as u32, heads: FLOPPY_HEADS, sectors_per_track: track };
        Self {
            geometry,
            hidden: 0,
            lba: 0,
            sectors,
            cluster_sectors,
            fat_sectors,
            root_entries,
            is_fat12: true,
            media: FLOPPY_MEDIA,
        }
    }

    /// A hard disk with a volume of this kind, as long as is needed, up to the end of a cylinder.
    fn disk(kind: usize, form: Form, needs: &Needs<'_>) -> Self {
        let (cluster_sectors, _) = KINDS[kind];
        let is_fat12 = kind == 0;
        let root_entries = needs.root_entries.clamp(ROOT_USUAL, ROOT_MAX).next_multiple_of(SECTOR_ENTRIES);
        let clusters = needs.with_free(cluster_sectors, needs.usual_free()).min(1 << 32);
        let root = (root_entries / SECTOR_ENTRIES) as u64;
        let rest = RESERVED + root + clusters * cluster_sectors;
        let wanted = rest + FATS * table_sectors(clusters, is_fat12);
        let wanted = if is_fat12 { wanted } else { wanted.max(FAT12_END) };
        let sized = |wanted: u64| {
            let disk = wanted + u64::from(TRACK);
            let fits = |heads: &&u16| disk <= CYLINDERS * u64::from(**heads * TRACK);
            let heads = *HEADS.iter().find(fits).unwrap_or(&HEADS[1]);
            let cylinders = disk.div_ceil(u64::from(heads) * u64::from(TRACK));
            Self::of_cylinders(kind, form, root_entries, (heads, cylinders))
        };
        let shape = sized(wanted);
        // Where the last cylinder is filled to the end, its tables leave too little.
        if shape.clusters() < clusters { sized(wanted + TABLES_SLACK) } else { shape }
    }

    /// The longest hard disk.
    fn largest_disk(form: Form, root_entries: usize) -> Self {
        let kind = KINDS.len() - 1;
        let cylinders = (KINDS[kind].1 + u64::from(TRACK)) / (u64::from(HEADS[1]) * u64::from(TRACK));
        Self::of_cylinders(kind, form, root_entries, (HEADS[1], cylinders))
    }

    fn of_cylinders(kind: usize, form: Form, root_entries: usize, (heads, cylinders): (u16, u64)) -> Self {
        let (cluster_sectors, _) = KINDS[kind];
        let is_fat12 = kind == 0;
        let root = (root_entries / SECTOR_ENTRIES) as u64;
        let hidden = u64::from(TRACK);
        let geometry = Geometry { cylinders: cylinders as u32, heads, sectors_per_track: TRACK };
        let sectors = geometry.sectors() - hidden;
        // As many as without the tables: they are a little longer than they need to be.
        let most = (sectors - RESERVED - root) / cluster_sectors;
        Self {
            geometry,
            hidden,
            lba: if form == Form::Partition { 0 } else { hidden },
            sectors,
            cluster_sectors,
            fat_sectors: table_sectors(most, is_fat12),
            root_entries,
            is_fat12,
            media: HARD_DISK_MEDIA,
        }
    }

    /// Whether every system sees the kind of FAT that it is.
    fn has_its_kind(&self) -> bool {
        if self.media == FLOPPY_MEDIA {
            return true;
        }
        KINDS.iter().enumerate().any(|(kind, (cluster_sectors, most))| {
            *cluster_sectors == self.cluster_sectors && (kind == 0) == self.is_fat12 && self.sectors <= *most
        })
    }

    /// First sector of the root directory in the image.
    pub fn root(&self) -> u64 {
        self.lba + RESERVED + FATS * self.fat_sectors
    }

    /// First sector of the first cluster in the image.
    pub fn data(&self) -> u64 {
        self.root() + (self.root_entries / SECTOR_ENTRIES) as u64
    }

    /// Whole clusters of the volume.
    pub fn clusters(&self) -> u64 {
        (self.lba + self.sectors).saturating_sub(self.data()) / self.cluster_sectors
    }

    /// Bytes of a cluster.
    pub fn cluster_len(&self) -> u64 {
        self.cluster_sectors * SECTOR_LEN
    }

    /// Bytes of the image.
    pub fn len(&self) -> u64 {
        (self.lba + self.sectors) * SECTOR_LEN
    }

    /// The kind of its partition: Ralf Brown's Interrupt List, table 00651.
    pub fn type_byte(&self) -> u8 {
        match (self.is_fat12, self.sectors < 1 << 16) {
            (true, _) => 0x01,
            (false, true) => 0x04,
            (false, false) => 0x06,
        }
    }
}

/// Most entries of the topmost folder of an image of this form.
pub fn root_max(form: Form) -> usize {
    if form == Form::Floppy { FLOPPIES[1].3 } else { ROOT_MAX }
}

/// Sectors of a table for so many clusters.
fn table_sectors(clusters: u64, is_fat12: bool) -> u64 {
    let bits = if is_fat12 { 12 } else { 16 };
    ((clusters + FIRST_CLUSTER) * bits).div_ceil(8 * SECTOR_LEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::MIB;

    fn find(form: Form, lens: &[u64], free: Option<u64>) -> Result<Shape, (u64, u64)> {
        let needs = Needs { lens, root_entries: 20, free };
        let error = |what, needed, limit| FolderError::TooLarge { what, needed, limit };
        Shape::find(form, &needs, error).map_err(|error| match error {
            FolderError::TooLarge { needed, limit, .. } => (needed, limit),
            error => panic!("{error}"),
        })
    }

    #[test]
    fn every_length_up_to_the_limit_has_a_shape_that_every_system_sees_alike() {
        let mut len = 1;
        while len < 2000 * MIB {
            for free in [Some(0), None] {
                let shape = find(Form::HardDisk, &[len], free).unwrap();
                let room = shape.clusters() * shape.cluster_len();
                assert!(room >= len && room < len + len / 8 + 32 * MIB, "{len}: {shape:?}");
                let (bits, clusters) = (ramkey_format::bpb::fat_bits(shape.clusters()), shape.clusters());
                assert_eq!(bits, if shape.is_fat12 { 12 } else { 16 }, "{len}: {shape:?}");
                // What systems take for the border is up to ten off.
                assert!(clusters.abs_diff(4085) > 16 && clusters.abs_diff(65_525) > 8, "{len}: {shape:?}");
                assert!(shape.geometry.cylinders <= 1024, "{len}: {shape:?}");
                assert_eq!(shape.len(), shape.geometry.sectors() * 512);
                let entries = shape.fat_sectors * 4096 / if shape.is_fat12 { 12 } else { 16 };
                assert!(entries >= clusters + 2, "{len}: {shape:?}");
            }
            len += len / 7 + 40_000;
        }
    }

    #[test]
    fn a_floppy_is_the_smaller_one_that_has_room_and_a_longer_folder_none() {
        let sectors = |lens: &[u64]| find(Form::Floppy, lens, None).map(|shape| shape.sectors);
        assert_eq!(sectors(&[2847 * 512]), Ok(2880));
        assert_eq!(sectors(&[2847 * 512, 1]), Ok(5760));
        assert_eq!(sectors(&[2863 * 1024]), Ok(5760));
        assert_eq!(sectors(&[2863 * 1024 + 1]), Err((2864 * 1024, 2863 * 1024)));
        find(Form::Floppy, &[1], Some(3 << 20)).unwrap_err();
    }

    #[test]
    fn a_partition_is_the_same_without_the_first_track() {
        let (disk, part) =
            (find(Form::HardDisk, &[MIB], None).unwrap(), find(Form::Partition, &[MIB], None).unwrap());
        assert_eq!((part.hidden, part.lba, part.len() + 63 * 512), (63, 0, disk.len()));
    }

    #[test]
    fn more_than_a_fat16_has_is_refused() {
        find(Form::HardDisk, &[1 << 31], None).unwrap_err();
        find(Form::HardDisk, &[1], Some(u64::MAX)).unwrap_err();
    }

    #[test]
    fn what_is_refused_needs_more_than_the_limit_and_what_needs_no_more_is_taken() {
        for form in [Form::HardDisk, Form::Partition, Form::Floppy] {
            let (_, limit) = find(form, &[1 << 31], Some(0)).unwrap_err();
            let largest = find(form, &[limit], Some(0)).unwrap();
            assert_eq!(largest.clusters() * largest.cluster_len(), limit, "{form:?}");
            for more in [1, 900_000, 3_000_000] {
                let (needed, told) = find(form, &[limit + more], Some(0)).unwrap_err();
                assert!(needed > told && told == limit, "{form:?}: {needed}, {told}");
            }
        }
    }

    #[test]
    fn files_that_fill_the_last_cylinder_get_one_more_and_no_other_kind() {
        for (kind, (cluster_sectors, most)) in KINDS.into_iter().enumerate() {
            let cluster_len = cluster_sectors * SECTOR_LEN;
            // Around the ends of some cylinders near the end of the kind.
            for len in (0..3000).map(|less| (most * SECTOR_LEN * 15 / 16) - less * cluster_len) {
                let needs = Needs { lens: &[len], root_entries: 20, free: Some(0) };
                let shape = Shape::disk(kind, Form::HardDisk, &needs);
                assert!(shape.clusters() >= len.div_ceil(cluster_len), "{kind}: {len}: {shape:?}");
            }
        }
    }
}
