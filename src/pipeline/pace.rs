//! How fast each part of a medium is read.

use std::ops::Range;
use std::time::Duration;

use serde::Serialize;

use crate::units::SECTOR_LEN;

/// Most areas: the longer the medium, the longer they are.
const AREAS_MAX: u64 = 65536;
/// Sectors of the shortest: 1 MiB.
const AREA: u64 = 2048;
/// An area is slow if it takes so many times what the others take.
const TIMES: u64 = 4;
/// Nobody waits for less, in microseconds for 1 MiB.
const LEAST: u64 = 20_000;
/// Most areas that are read again.
const AGAIN_MAX: usize = 256;

/// An area that is much slower than the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SlowArea {
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// Bytes a second that it is read with.
    pub rate: u64,
    /// Bytes a second that are usual on this medium.
    pub usual: u64,
}

/// The time that each area took.
pub(super) struct Pace {
    sectors: u64,
    /// Sectors of an area.
    area: u64,
    /// Microseconds of each; 0 if it was not read as a whole.
    micros: Vec<u32>,
}

impl Pace {
    /// Of a medium of so many sectors.
    pub fn new(sectors: u64) -> Self {
        let area = sectors.div_ceil(AREAS_MAX).next_multiple_of(AREA).max(AREA);
        Self { sectors, area, micros: vec![0; sectors.div_ceil(area) as usize] }
    }

    /// Sectors that lie in one area took so long.
    pub fn add(&mut self, lba: u64, sectors: u64, took: Duration) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX).max(1);
        let area = self.micros.get_mut((lba / self.area) as usize);
        if let Some(sum) = area.filter(|_| sectors > 0) {
            *sum = sum.saturating_add(micros);
        }
    }

    /// The areas that are slow, also when `again` reads them, which gives the time that it took.
    pub fn slow(&self, again: &mut dyn FnMut(Range<u64>) -> Option<Duration>) -> Vec<SlowArea> {
        // The last one may be short.
        let whole = self.micros.len().saturating_sub(1);
        let mut sorted: Vec<u32> =
            self.micros[..whole].iter().copied().filter(|&micros| micros > 0).collect();
        sorted.sort_unstable();
        let Some(&usual) = sorted.get(sorted.len() / 2) else { return Vec::new() };
        let usual = u64::from(usual);
        let least = (usual * TIMES).max(LEAST * self.area / AREA);
        let mut found: Vec<SlowArea> = Vec::new();
        let slow = self.micros.iter().enumerate().filter(|(_, micros)| u64::from(**micros) > least);
        for (number, micros) in slow.take(AGAIN_MAX) {
            let lba = number as u64 * self.area;
            let range = lba..self.sectors.min(lba + self.area);
            let Some(took) = again(range.clone()) else { continue };
            let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).min(u64::from(*micros));
            if took <= least {
                continue;
            }
            let sectors = range.end - range.start;
            let rate = sectors * SECTOR_LEN * 1_000_000 / took;
            match found.last_mut().filter(|last| last.lba + last.sectors == lba) {
                Some(last) => {
                    last.sectors += sectors;
                    last.rate = last.rate.min(rate);
                }
                None => {
                    let usual = self.area * SECTOR_LEN * 1_000_000 / usual.max(1);
                    found.push(SlowArea { lba, sectors, rate, usual });
                }
            }
        }
        found
    }
}
