//! The memory map: what the BIOS says, cleaned up, and what the hook will say.
//!
//! BIOSes return entries that overlap, are empty, unsorted, wrap around, or never end; the defences are those of
//! `docs/quirks.md#memory`. Where two entries overlap, the one that is not RAM wins.

use ramkey_format::resident::E820_STORED_LEN;

/// Ranges that a [`Map`] can hold, and entries that are taken from E820.
pub const RANGES_MAX: usize = 128;
/// Usable memory.
pub const RAM: u32 = 1;
/// Memory that nobody may use.
pub const RESERVED: u32 = 2;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const PAGE: u64 = 4096;
const FOUR_GIB: u64 = 1 << 32;
/// Longest range that is told of: what 40 bits hold, in whole pages.
const LEN_MAX: u64 = (1 << 40) - PAGE;
/// Ranges that are told of begin below: what 48 bits hold.
const START_END: u64 = 1 << 48;
/// Hole that ISA cards may use; only E820 can be believed about it.
const HOLE: (u64, u64) = (15 * MIB, 16 * MIB);
const BASE_MEMORY_MAX: u64 = 640 * KIB;

/// A range of memory of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// Kind as E820 numbers it: [`RAM`], [`RESERVED`], 3 ACPI tables, 4 ACPI storage, and others.
    pub kind: u32,
}

const NOTHING: Range = Range { start: 0, end: 0, kind: 0 };

/// Ranges in ascending order that do not overlap; what lies between them is not memory.
#[derive(Clone)]
pub struct Map {
    ranges: [Range; RANGES_MAX],
    count: usize,
    taken: usize,
    hole_is_known: bool,
}

impl Map {
    /// A map without any memory.
    pub const fn new() -> Self {
        Self { ranges: [NOTHING; RANGES_MAX], count: 0, taken: 0, hole_is_known: false }
    }

    /// The map of INT 15h E820h, from its answers in order.
    pub fn from_e820<'e>(entries: impl Iterator<Item = &'e [u8]>) -> Self {
        let mut map = Self::new();
        for entry in entries {
            if !map.add_e820(entry) {
                break;
            }
        }
        map
    }

    /// Adds one answer of E820h, 20 bytes or more (extended attributes are often wrong, and ignored). Returns
    /// `false` when enough were taken: a BIOS may never say which is the last.
    pub fn add_e820(&mut self, entry: &[u8]) -> bool {
        self.hole_is_known = true;
        self.taken += 1;
        if let Some(entry) = entry.first_chunk::<20>() {
            let [s0, s1, s2, s3, s4, s5, s6, s7, l0, l1, l2, l3, l4, l5, l6, l7, k0, k1, k2, k3] = *entry;
            let start = u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]);
            let len = u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]);
            let kind = u32::from_le_bytes([k0, k1, k2, k3]);
            if kind != 0 {
                self.insert(start, start.saturating_add(len), kind);
            }
        }
        self.taken < RANGES_MAX
    }

    /// The map of INT 15h E801h: KiB from 1 MiB (AX, CX), 64-KiB units from 16 MiB (BX, DX). Some BIOSes fill
    /// only AX and BX, some only CX and DX.
    pub fn from_e801(ax: u16, bx: u16, cx: u16, dx: u16, base_kib: u16) -> Self {
        let (low, high) = if ax == 0 && bx == 0 { (cx, dx) } else { (ax, bx) };
        let mut map = Self::with_base(base_kib);
        map.insert(MIB, MIB + u64::from(low.min(0x3C00)) * KIB, RAM);
        map.insert(16 * MIB, 16 * MIB + u64::from(high) * (64 * KIB), RAM);
        map
    }

    /// The map of INT 15h AH=88h: KiB from 1 MiB, believed up to 63 MiB.
    pub fn from_88(ax: u16, base_kib: u16) -> Self {
        let mut map = Self::with_base(base_kib);
        map.insert(MIB, MIB + u64::from(ax.min(63 << 10)) * KIB, RAM);
        map
    }

    fn with_base(base_kib: u16) -> Self {
        let mut map = Self::new();
        map.insert(0, (u64::from(base_kib) * KIB).min(BASE_MEMORY_MAX), RAM);
        map
    }

    /// Ends base memory where both the map and the BIOS data area (0:413h, in KiB) have memory; returns that
    /// end in KiB. What lies between it and 640 KiB becomes reserved.
    pub fn limit_base(&mut self, base_kib: u16) -> u16 {
        let told = (u64::from(base_kib) * KIB).min(BASE_MEMORY_MAX);
        let end = match self.ranges().first() {
            Some(first) if first.start == 0 && first.kind == RAM => first.end.min(told),
            _ => told,
        };
        let end = end & !(KIB - 1);
        self.insert(end, BASE_MEMORY_MAX, RESERVED);
        (end >> 10) as u16
    }

    /// Takes `len` bytes from `start` on out of the usable memory; above 1 MiB in whole pages.
    pub fn reserve(&mut self, start: u64, len: u64) {
        let end = start.saturating_add(len);
        if start < MIB {
            self.insert(start, end, RESERVED);
        } else if len > 0 {
            self.insert(start & !(PAGE - 1), end.saturating_add(PAGE - 1) & !(PAGE - 1), RESERVED);
        }
    }

    /// Where `len` bytes fit highest below 4 GiB: from 1 MiB up, a multiple of `align` (a power of two) and of a
    /// page, not in the ISA hole unless E820 has memory there.
    pub fn highest_fit(&self, len: u64, align: u32) -> Option<u32> {
        let mask = u64::from(align.max(PAGE as u32)) - 1;
        let fits = |(start, end): (u64, u64)| {
            let base = end.checked_sub(len)? & !mask;
            (base >= start).then_some(base as u32)
        };
        self.usable().filter_map(fits).last()
    }

    /// Takes a RAM disk of `disk` bytes out of the usable memory, the highest that has room for `lent` bytes directly
    /// below it, too; both are whole pages. Returns the linear addresses of both; `None` and no change if there is no room.
    pub fn place(&mut self, disk: u64, lent: u64) -> Option<(u32, u32)> {
        let lent_start = self.highest_fit(disk.checked_add(lent)?, PAGE as u32)?;
        let start = lent_start + lent as u32;
        self.reserve(u64::from(start), disk);
        Some((start, lent_start))
    }

    /// Bytes of the largest piece that [`Map::highest_fit`] can give.
    pub fn largest_fit(&self) -> u64 {
        self.usable().map(|(start, end)| end - start).max().unwrap_or(0)
    }

    /// Whole pages of RAM between 1 MiB and 4 GiB, ascending.
    fn usable(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let hole = if self.hole_is_known { (FOUR_GIB, FOUR_GIB) } else { HOLE };
        let ram = self.ranges().iter().filter(|range| range.kind == RAM);
        let pieces = ram.flat_map(move |range| {
            [
                (range.start.max(MIB), range.end.min(hole.0)),
                (range.start.max(hole.1), range.end.min(FOUR_GIB)),
            ]
        });
        let pages = pieces.map(|(start, end)| ((start + PAGE - 1) & !(PAGE - 1), end & !(PAGE - 1)));
        pages.filter(|(start, end)| start < end)
    }

    /// Bytes of RAM.
    pub fn total_ram(&self) -> u64 {
        self.ranges().iter().filter(|range| range.kind == RAM).map(|range| range.end - range.start).sum()
    }

    /// The ranges.
    pub fn ranges(&self) -> &[Range] {
        self.ranges.get(..self.count).unwrap_or(&[])
    }

    /// Writes the ranges as the resident part keeps them, [`E820_STORED_LEN`] bytes each, ascending, none empty; returns
    /// how many, or `None` if `out` is too small.
    ///
    /// A kind that has no byte is told as reserved, which every system leaves alone. A range that is longer is
    /// told as 1 TiB less a page, and one that begins behind 256 TiB not at all: no machine with such a BIOS has that.
    pub fn write_e820(&self, out: &mut [u8]) -> Option<usize> {
        let mut rest = out;
        let mut count = 0;
        for range in self.ranges().iter().filter(|range| range.start < START_END) {
            let (entry, tail) = rest.split_at_mut_checked(E820_STORED_LEN as usize)?;
            let (start, entry) = entry.split_at_mut(6);
            let (len, kind) = entry.split_at_mut(5);
            start.copy_from_slice(&range.start.to_le_bytes()[..6]);
            len.copy_from_slice(&(range.end - range.start).min(LEN_MAX).to_le_bytes()[..5]);
            kind[0] = u8::try_from(range.kind).unwrap_or(RESERVED as u8);
            rest = tail;
            count += 1;
        }
        Some(count)
    }

    /// KiB of RAM from 1 MiB up to the first gap, at most to 16 MiB: AX and CX of E801h.
    pub fn kib_1m_16m(&self) -> u16 {
        ((self.ram_end(MIB).min(16 * MIB) - MIB) >> 10) as u16
    }

    /// 64-KiB units of RAM from 16 MiB up to the first gap, below 4 GiB: BX and DX of E801h.
    pub fn units_64k_above_16m(&self) -> u16 {
        ((self.ram_end(16 * MIB).min(FOUR_GIB) - 16 * MIB) >> 16) as u16
    }

    /// KiB of RAM from 1 MiB up to the first gap, as AH=88h answers.
    pub fn kib_88(&self) -> u16 {
        ((self.ram_end(MIB).min(FOUR_GIB) - MIB) >> 10).min(0xFFFF) as u16
    }

    /// End of the RAM that holds the byte at `start`; `start` itself if there is none.
    fn ram_end(&self, start: u64) -> u64 {
        let holds = |range: &&Range| range.kind == RAM && range.start <= start && start < range.end;
        self.ranges().iter().find(holds).map_or(start, |range| range.end)
    }

    /// Adds a range; where it overlaps another, the higher kind wins.
    fn insert(&mut self, start: u64, end: u64, kind: u32) {
        if start >= end {
            return;
        }
        let mut map = Self { taken: self.taken, hole_is_known: self.hole_is_known, ..Self::new() };
        // First byte of the new range that is not placed yet.
        let mut next = start;
        let mut room = true;
        for old in self.ranges() {
            room &= map.append(next, old.start.min(end), kind);
            let (from, to) = (old.start.max(start), old.end.min(end));
            if from < to && kind > old.kind {
                room &= map.append(old.start, from, old.kind);
                room &= map.append(from, to, kind);
                room &= map.append(to, old.end, old.kind);
            } else {
                room &= map.append(old.start, old.end, old.kind);
            }
            next = next.max(old.end);
        }
        room &= map.append(next, end, kind);
        if room {
            *self = map;
        } else if kind != RAM {
            // No room to cut pieces out: give up the whole of each RAM range that it touches.
            for old in self.ranges.iter_mut().take(self.count) {
                if old.kind == RAM && old.start < end && start < old.end {
                    old.kind = kind;
                }
            }
        }
    }

    /// Appends a range behind all others, joined with its neighbour if it can be; `false` if there is no room.
    fn append(&mut self, start: u64, end: u64, kind: u32) -> bool {
        if start >= end {
            return true;
        }
        if let Some(last) = self.count.checked_sub(1).and_then(|last| self.ranges.get_mut(last))
            && last.end == start
            && last.kind == kind
        {
            last.end = end;
            return true;
        }
        match self.ranges.get_mut(self.count) {
            Some(free) => {
                *free = Range { start, end, kind };
                self.count += 1;
                true
            }
            None => false,
        }
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}
