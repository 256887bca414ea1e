//! Which BIOS number each RAM drive gets, and what every other number means then.
//!
//! Floppies count from 00h and hard disks from 80h, and a system finds them by counting up; so the drives of the
//! machine move to make room, and the stick's own number closes. CDs count from E0h down, where the BIOS has none.

use ramkey_format::capsule::DRIVES_MAX;
use ramkey_format::resident::{DISK_MAP_LEN, FIRST_DISC, FLOPPY_MAP_LEN, MAP_NONE, MAP_RAM};

/// Numbers below this of a class that the BIOS has not are refused: some BIOSes hang when they are asked.
const NEVER_ASKED: u8 = 4;
/// First number of the hard disks.
const FIRST_DISK: u8 = 0x80;
/// CD numbers that are looked at.
pub const DISC_NUMBERS: u8 = 16;

/// Class of a drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 00h and up.
    Floppy,
    /// 80h and up.
    HardDisk,
    /// E0h and down.
    Cd,
}

/// A RAM drive that needs a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its class.
    pub class: Class,
    /// The number that it must have; `None` is the next that is free.
    pub number: Option<u8>,
}

/// What the machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Hard disks, as the BIOS counts them.
    pub disks: u8,
    /// Floppies, as the BIOS counts them.
    pub floppies: u8,
    /// Number of the stick, which one of the counts may hold.
    pub stick: u8,
    /// The stick keeps a number.
    pub keep_stick: bool,
    /// The machine's hard disks come before those in RAM.
    pub internal_first: bool,
    /// Bit `n`: the BIOS has a CD with number E0h - `n`.
    pub discs: u16,
}

/// The numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Number of each RAM drive, in the order in which they were wanted.
    pub drives: [u8; DRIVES_MAX],
    /// What each hard disk number means: a number of the BIOS, [`MAP_RAM`] and a drive, or [`MAP_NONE`].
    pub disk_map: [u8; DISK_MAP_LEN as usize],
    /// The same for floppies.
    pub floppy_map: [u8; FLOPPY_MAP_LEN as usize],
    /// Hard disks that are shown.
    pub disks_shown: u8,
    /// Floppies that are shown.
    pub floppies_shown: u8,
}

/// Gives each of `wanted`, at most [`DRIVES_MAX`], its number.
pub fn number(machine: &Machine, wanted: &[Wanted]) -> Numbers {
    let mut numbers = Numbers {
        drives: [0; DRIVES_MAX],
        disk_map: [MAP_NONE as u8; DISK_MAP_LEN as usize],
        floppy_map: [MAP_NONE as u8; FLOPPY_MAP_LEN as usize],
        disks_shown: 0,
        floppies_shown: 0,
    };
    let disks = ClassNumbers { class: Class::HardDisk, first: FIRST_DISK, told: machine.disks };
    let floppies = ClassNumbers { class: Class::Floppy, first: 0, told: machine.floppies };
    numbers.disks_shown = disks.fill(machine, wanted, &mut numbers.disk_map, &mut numbers.drives);
    numbers.floppies_shown = floppies.fill(machine, wanted, &mut numbers.floppy_map, &mut numbers.drives);
    let mut next = 0;
    for (wanted, number) in wanted.iter().zip(&mut numbers.drives) {
        if wanted.class == Class::Cd {
            while next < DISC_NUMBERS - 1 && machine.discs >> next & 1 != 0 {
                next += 1;
            }
            *number = FIRST_DISC as u8 - next;
            next = (next + 1).min(DISC_NUMBERS - 1);
        }
    }
    numbers
}

/// The numbers of one class that is counted up.
struct ClassNumbers {
    class: Class,
    first: u8,
    /// Drives that the BIOS says it has.
    told: u8,
}

impl ClassNumbers {
    /// Fills the map; returns how many numbers are shown.
    fn fill(&self, machine: &Machine, wanted: &[Wanted], map: &mut [u8], numbers: &mut [u8]) -> u8 {
        let stick = (machine.stick & 0x80 == self.first).then_some(machine.stick & 0x7F);
        // A BIOS that boots the stick as 80h and counts no hard disk has one all the same.
        let proven = stick.filter(|&stick| usize::from(stick) < map.len()).map_or(0, |stick| stick + 1);
        let room = map.len() - self.of(wanted).count();
        let real = self.told.max(proven);

        for (index, drive) in self.of(wanted) {
            let Some(place) = drive.number.and_then(|number| number.checked_sub(self.first)) else {
                continue;
            };
            if let Some(free) = map.get_mut(usize::from(place)).filter(|free| **free == MAP_NONE as u8) {
                *free = MAP_RAM as u8 | index;
                put(numbers, index, self.first + place);
            }
        }
        let internal_first = machine.internal_first && self.class == Class::HardDisk;
        if internal_first {
            self.fill_real(real, room, stick, machine, map);
        }
        for (index, _) in self.of(wanted) {
            if map.contains(&(MAP_RAM as u8 | index)) {
                continue;
            }
            let Some(place) = map.iter().position(|&free| free == MAP_NONE as u8) else { break };
            put(map, place as u8, MAP_RAM as u8 | index);
            put(numbers, index, self.first + place as u8);
        }
        if !internal_first {
            self.fill_real(real, room, stick, machine, map);
        }

        let shown = map.iter().rposition(|&place| place != MAP_NONE as u8).map_or(0, |last| last + 1);
        let refused = if real == 0 { NEVER_ASKED } else { real };
        for (place, number) in (self.first..).zip(map.iter_mut()).skip(shown) {
            if place - self.first >= refused {
                *number = place;
            }
        }
        shown as u8
    }

    /// Puts at most `room` of the BIOS's drives into the places that are free.
    fn fill_real(&self, real: u8, room: usize, stick: Option<u8>, machine: &Machine, map: &mut [u8]) {
        let drives = (0..real).filter(|&drive| machine.keep_stick || Some(drive) != stick);
        for drive in drives.take(room) {
            let Some(place) = map.iter().position(|&free| free == MAP_NONE as u8) else { return };
            put(map, place as u8, self.first + drive);
        }
    }

    /// The RAM drives of this class, with their place among all.
    fn of<'w>(&self, wanted: &'w [Wanted]) -> impl Iterator<Item = (u8, &'w Wanted)> + use<'w> {
        let class = self.class;
        (0..DRIVES_MAX as u8).zip(wanted).filter(move |(_, drive)| drive.class == class)
    }
}

fn put(list: &mut [u8], index: u8, value: u8) {
    if let Some(place) = list.get_mut(usize::from(index)) {
        *place = value;
    }
}
