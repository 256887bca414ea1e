//! Entries of a directory, byte by byte.
//!
//! Microsoft, FAT32 File System Specification 1.03, "FAT Directory Structure" and "FAT Long Directory Entries".

use super::names::FatName;

/// Bytes of an entry.
pub const SLOT_LEN: usize = 32;
/// Attributes.
pub const READ_ONLY: u8 = 0x01;
pub const HIDDEN: u8 = 0x02;
pub const SYSTEM: u8 = 0x04;
pub const LABEL: u8 = 0x08;
pub const DIRECTORY: u8 = 0x10;
pub const ARCHIVE: u8 = 0x20;
const LONG_NAME: u8 = 0x0F;
/// In the number of the first slot of a long name, which is the last of it.
const LAST: u8 = 0x40;
/// Letters of a long name in a slot, and where they are.
const LETTERS: [usize; 13] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

const DAY: i64 = 86_400;
/// 1 January 1980, the first day of a FAT, and the end of 2107, its last, in seconds since 1970.
const FIRST: i64 = 3652 * DAY;
const LAST_SECOND: i64 = 4_354_819_199;

/// A date and a time as a directory has them, to two seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    date: u16,
    time: u16,
}

impl Stamp {
    /// 1 January 1980.
    pub const FIRST_DAY: Self = Self { date: 0x0021, time: 0 };

    /// In universal time: `seconds` count from 1970. What a FAT cannot say becomes its first or last moment.
    pub fn of(seconds: i64) -> Self {
        let seconds = seconds.clamp(FIRST, LAST_SECOND);
        let (mut day, second) = (seconds / DAY - FIRST / DAY, seconds % DAY);
        let is_leap = |year: i64| year % 4 == 0 && year != 2100;
        let (mut year, mut month) = (1980, 1);
        // Ends: there are 128 years.
        while day >= 365 + i64::from(is_leap(year)) {
            day -= 365 + i64::from(is_leap(year));
            year += 1;
        }
        let days = |month| match month {
            2 => 28 + i64::from(is_leap(year)),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        // Ends: a year has twelve.
        while day >= days(month) {
            day -= days(month);
            month += 1;
        }
        let date = (year - 1980) << 9 | month << 5 | (day + 1);
        let (hour, minute, half) = (second / 3600, second / 60 % 60, second % 60 / 2);
        let time = hour << 11 | minute << 5 | half;
        Self { date: date as u16, time: time as u16 }
    }
}

/// What an entry says beside the name.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub attributes: u8,
    pub stamp: Stamp,
    /// First cluster, or 0.
    pub cluster: u16,
    /// Length in bytes; 0 of a folder.
    pub len: u32,
}

/// Entries that `name` takes.
pub(super) fn slots(name: &FatName) -> usize {
    1 + name.long.as_ref().map_or(0, |long| long.len().div_ceil(LETTERS.len()))
}

/// Adds an entry, with those of its long name before it.
pub(super) fn push(bytes: &mut Vec<u8>, name: &FatName, entry: Entry) {
    let long = name.long.as_deref().unwrap_or_default();
    let count = long.len().div_ceil(LETTERS.len());
    for number in (1..=count).rev() {
        let mut slot = [0; SLOT_LEN];
        slot[0] = number as u8 | if number == count { LAST } else { 0 };
        slot[11] = LONG_NAME;
        slot[13] = sum(&name.short);
        let first = (number - 1) * LETTERS.len();
        for (index, at) in LETTERS.into_iter().enumerate() {
            let place = first + index;
            // A zero ends the name where there is room for it, and the rest is filled with ones.
            let letter = long.get(place).copied().unwrap_or(if place == long.len() { 0 } else { 0xFFFF });
            slot[at..at + 2].copy_from_slice(&letter.to_le_bytes());
        }
        bytes.extend(slot);
    }
    push_short(bytes, &name.short, name.case, entry);
}

/// Adds an entry with a short name alone.
pub(super) fn push_short(bytes: &mut Vec<u8>, name: &[u8; 11], case: u8, entry: Entry) {
    let mut slot = [0; SLOT_LEN];
    slot[..11].copy_from_slice(name);
    slot[11] = entry.attributes;
    slot[12] = case;
    let Stamp { date, time } = entry.stamp;
    for (at, word) in [(14, time), (16, date), (18, date), (22, time), (24, date), (26, entry.cluster)] {
        slot[at..at + 2].copy_from_slice(&word.to_le_bytes());
    }
    slot[28..].copy_from_slice(&entry.len.to_le_bytes());
    bytes.extend(slot);
}

/// The sum of a short name that each slot of the long one has.
fn sum(name: &[u8; 11]) -> u8 {
    name.iter().fold(0u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_the_day_and_the_even_second_of_universal_time() {
        for (seconds, date, time) in [
            (0, (1980, 1, 1), (0, 0, 0)),
            (-1, (1980, 1, 1), (0, 0, 0)),
            (315_532_801, (1980, 1, 1), (0, 0, 0)),
            (315_532_802, (1980, 1, 1), (0, 0, 2)),
            (951_782_399, (2000, 2, 28), (23, 59, 58)),
            (951_782_400, (2000, 2, 29), (0, 0, 0)),
            (1_709_251_199, (2024, 2, 29), (23, 59, 58)),
            (4_107_542_400, (2100, 3, 1), (0, 0, 0)),
            (4_354_819_199, (2107, 12, 31), (23, 59, 58)),
            (i64::MAX, (2107, 12, 31), (23, 59, 58)),
        ] {
            let (year, month, day): (u16, u16, u16) = date;
            let (hour, minute, second): (u16, u16, u16) = time;
            let wanted = Stamp {
                date: (year - 1980) << 9 | month << 5 | day,
                time: hour << 11 | minute << 5 | (second / 2),
            };
            assert_eq!(Stamp::of(seconds), wanted, "{seconds}");
        }
        assert_eq!(Stamp::of(0), Stamp::FIRST_DAY);
    }
}
