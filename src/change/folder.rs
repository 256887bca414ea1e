//! The folder of the capsules while files come and go: every change shows at once, with one sector.

use ramkey_format::manifest::RANGES_MAX;

use super::sectors::Sector;
use super::{ChangeError, Stick};
use crate::stick::{DELETED, DirectorySlot, LONG_NAME, SLOT_LEN, removed_slot};
use crate::units::SECTOR_LEN;

/// Slots of a sector.
const SLOTS: usize = SECTOR_LEN as usize / SLOT_LEN;
/// Most sectors of a folder that are looked at.
const SECTORS_MAX: usize = 16 * RANGES_MAX;

/// Sectors as they will be that are written in one step.
pub(super) type Edit = Vec<(u64, Sector)>;

/// The slots of a folder.
pub(super) struct Folder {
    lbas: Vec<u64>,
    slots: Vec<DirectorySlot>,
}

impl Folder {
    /// The folder with the path `path`.
    pub fn read(stick: &Stick, path: &str) -> Result<Self, ChangeError> {
        let Some(tree) = &stick.volume.tree else { return Err(ChangeError::NoFileSystem) };
        let entry = tree.entries.iter().find(|entry| entry.is_folder && entry.short_path == path);
        let first = entry.and_then(|entry| entry.runs.first()).ok_or(ChangeError::NoFolder)?;
        let volume = &stick.volume.volume;
        let mut folder = Self { lbas: Vec::new(), slots: Vec::new() };
        let mut cluster = Some(stick.cluster_at(first.0));
        // Ends: so many sectors at most.
        while let Some(here) = cluster.filter(|_| folder.lbas.len() < SECTORS_MAX) {
            let lba = volume.cluster_lba(here);
            for lba in lba..lba + volume.cluster_sectors() {
                let sector = stick.reader.sector(lba)?;
                folder.slots.extend(sector.as_chunks::<SLOT_LEN>().0);
                folder.lbas.push(lba);
            }
            cluster = volume.follow(here);
        }
        Ok(folder)
    }

    /// The number of the slot that stands at byte `at` of sector `lba`.
    pub fn number_of(&self, (lba, at): (u64, usize)) -> Option<usize> {
        let sector = self.lbas.iter().position(|&here| here == lba)?;
        Some(sector * SLOTS + at / SLOT_LEN)
    }

    /// Where the slots end that are looked at.
    fn end(&self) -> usize {
        self.slots.iter().position(|slot| slot[0] == 0).unwrap_or(self.slots.len())
    }

    /// Puts `new` into slots of one sector. Only with the last edit are they seen, all of them. `None` if there is no room.
    pub fn put(&mut self, new: &[DirectorySlot]) -> Option<Vec<Edit>> {
        let end = self.end();
        let free_in = |sector: usize, slots: &[DirectorySlot]| -> Vec<usize> {
            let numbers = sector * SLOTS..((sector + 1) * SLOTS).min(slots.len());
            numbers.filter(|&number| number >= end || slots[number][0] == DELETED).collect()
        };
        let sectors = self.lbas.len();
        let here = end.min(self.slots.len() - 1) / SLOTS;
        // Where the folder ends, behind that, and then in a place that something left.
        let order = [here, here + 1].into_iter().filter(|&sector| sector < sectors).chain((0..here).rev());
        let sector = order.into_iter().find(|&sector| free_in(sector, &self.slots).len() >= new.len())?;
        let free = free_in(sector, &self.slots);
        // The last ones of a gap and the first ones behind the end, so that new images come last in the menu.
        let behind = free.iter().filter(|&&number| number >= end).count();
        let skip = (free.len() - behind).min(free.len() - new.len());
        let chosen = &free[skip..skip + new.len()];
        let last = *chosen.last()?;
        for (&number, slot) in chosen.iter().zip(new) {
            self.slots[number] = *slot;
        }
        let mut edits = Vec::new();
        if last + 1 > end && last + 1 < self.slots.len() && self.slots[last + 1][0] != 0 {
            self.slots[last + 1] = [0; SLOT_LEN];
            if (last + 1) / SLOTS != sector {
                edits.push(self.edit((last + 1) / SLOTS));
            }
        }
        edits.push(self.edit(sector));
        if sector > here {
            // What is behind the end is seen when the end is gone.
            self.slots[end..(here + 1) * SLOTS].fill(removed_slot());
            edits.push(self.edit(here));
        }
        Some(edits)
    }

    /// Takes the slots with these numbers away, and the long names before them. The files of one sector go with one edit; that of
    /// the first number goes first, because it may need the others.
    pub fn take(&mut self, numbers: &[usize]) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut sectors: Vec<usize> = numbers.iter().map(|number| number / SLOTS).collect();
        sectors.sort_unstable();
        sectors.dedup();
        for &number in numbers {
            let mut before = number;
            while before > 0
                && self.slots[before - 1][11] == LONG_NAME
                && self.slots[before - 1][0] != DELETED
            {
                before -= 1;
                self.slots[before] = removed_slot();
                let sector = before / SLOTS;
                // A file without its long name has its short one.
                if !sectors.contains(&sector) {
                    edits.push(self.edit(sector));
                }
            }
        }
        // Those that are left go from the end on, so that it moves up.
        let first = numbers.first().map(|number| number / SLOTS);
        let others = sectors.iter().rev().copied().filter(|&sector| Some(sector) != first);
        for sector in first.into_iter().chain(others) {
            for &number in numbers.iter().filter(|&&number| number / SLOTS == sector) {
                self.slots[number] = removed_slot();
            }
            // Behind the last one that is there are zeros.
            let end = self.end();
            let mut last = end;
            while last > sector * SLOTS && self.slots[last - 1] == removed_slot() {
                last -= 1;
            }
            if last < end && end <= (sector + 1) * SLOTS {
                self.slots[last..end].fill([0; SLOT_LEN]);
            }
            edits.push(self.edit(sector));
        }
        edits
    }

    fn edit(&self, sector: usize) -> Edit {
        let mut bytes = [0; SECTOR_LEN as usize];
        bytes.copy_from_slice(self.slots[sector * SLOTS..(sector + 1) * SLOTS].as_flattened());
        vec![(self.lbas[sector], bytes)]
    }
}

#[cfg(test)]
mod tests {
    use super::{DELETED, Folder, LONG_NAME, SLOT_LEN, SLOTS, removed_slot};

    fn folder(sectors: usize, used: usize) -> Folder {
        let mut slots = vec![[0; SLOT_LEN]; sectors * SLOTS];
        slots[..used].fill([b'A'; SLOT_LEN]);
        Folder { lbas: (100..).take(sectors).collect(), slots }
    }

    #[test]
    fn new_files_stand_in_one_sector_and_the_last_edit_shows_them() {
        let new = [[b'B'; SLOT_LEN]; 3];
        let mut room = folder(2, 5);
        let edits = room.put(&new).unwrap();
        assert_eq!((edits.len(), edits[0][0].0, room.slots[5][0], room.slots[8][0]), (1, 100, b'B', 0));
        // Two places are left in the first sector: they are skipped when the second one has its files.
        let mut room = folder(2, SLOTS - 2);
        let edits = room.put(&new).unwrap();
        assert_eq!(edits.iter().map(|edit| edit[0].0).collect::<Vec<u64>>(), [101, 100]);
        assert_eq!(room.slots[SLOTS - 2..SLOTS], [removed_slot(); 2]);
        assert_eq!(room.end(), SLOTS + 3);
        // A gap is used where the end has no room, and nothing where there is none.
        let mut room = folder(1, SLOTS);
        assert!(room.put(&new).is_none());
        room.slots[3..6].fill(removed_slot());
        assert!(room.put(&new).is_some() && room.slots[3..6] == new);
    }

    #[test]
    fn what_lies_behind_the_end_is_not_seen_when_the_end_moves() {
        let mut room = folder(2, SLOTS - 1);
        room.slots[SLOTS..].fill([7; SLOT_LEN]);
        let edits = room.put(&[[b'B'; SLOT_LEN]]).unwrap();
        assert_eq!(edits.iter().map(|edit| edit[0].0).collect::<Vec<u64>>(), [101, 100]);
        assert_eq!(room.end(), SLOTS);
    }

    #[test]
    fn a_file_goes_with_its_long_name_and_the_end_moves_up() {
        let mut room = folder(1, 6);
        room.slots[4][11] = LONG_NAME;
        room.slots[3][11] = LONG_NAME;
        let edits = room.take(&[5]);
        assert_eq!((edits.len(), room.end()), (1, 3));
        let mut room = folder(2, SLOTS + 1);
        room.slots[SLOTS - 1][11] = LONG_NAME;
        let edits = room.take(&[SLOTS]);
        assert_eq!(edits.iter().map(|edit| edit[0].0).collect::<Vec<u64>>(), [100, 101]);
        assert_eq!((room.slots[SLOTS - 1][0], room.slots[SLOTS][0]), (DELETED, 0));
        // The first one goes first, wherever it stands.
        for (numbers, lbas) in [([3, SLOTS], [100, 101]), ([SLOTS, 3], [101, 100])] {
            let mut room = folder(2, SLOTS + 1);
            let edits = room.take(&numbers);
            assert_eq!(edits.iter().map(|edit| edit[0].0).collect::<Vec<u64>>(), lbas);
            assert_eq!((room.slots[3], room.end()), (removed_slot(), SLOTS));
        }
        let mut room = folder(1, 6);
        room.take(&[3]);
        assert_eq!((room.slots[3], room.end()), (removed_slot(), 6));
    }
}
