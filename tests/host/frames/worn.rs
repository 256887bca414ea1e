//! A stick in memory of which some sectors keep nothing, and what its tables say of them.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ramkey::pipeline::Target;
use ramkey_format::bpb::{Fat32Start, fat_bits};

use super::recorder::Op;

/// What the sectors that keep nothing do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wear {
    /// They take what is written, and hold what they held.
    Forgets,
    /// They refuse each request.
    Refuses,
    /// They refuse to be read.
    RefusesReads,
    /// They refuse to be written.
    RefusesWrites,
}

pub const WEARS: [Wear; 4] = [Wear::Forgets, Wear::Refuses, Wear::RefusesReads, Wear::RefusesWrites];

/// The stick, which remembers what came to its memory.
pub struct Worn {
    pub bytes: Mutex<Vec<u8>>,
    log: Mutex<Vec<Op>>,
    dead: Vec<u64>,
    wear: Wear,
    /// How often it is asked whether it is still the same before it says no.
    pub same: AtomicU64,
}

impl Worn {
    /// A stick that nobody wrote.
    pub fn new(len: u64, dead: &[u64], wear: Wear) -> Self {
        Self::over(vec![0xD1; len as usize], dead, wear)
    }

    /// A stick that holds `bytes`, those of the sectors `dead` too.
    pub fn over(bytes: Vec<u8>, dead: &[u64], wear: Wear) -> Self {
        let (bytes, log, same) = (Mutex::new(bytes), Mutex::default(), AtomicU64::new(u64::MAX));
        Self { bytes, log, dead: dead.to_vec(), wear, same }
    }

    /// What it holds, and what came to it.
    pub fn end(self) -> (Vec<u8>, Vec<Op>) {
        (self.bytes.into_inner().unwrap(), self.log.into_inner().unwrap())
    }

    fn refuses(&self, wear: Wear, offset: u64, len: usize) -> io::Result<()> {
        let sectors = offset / 512..(offset + len as u64) / 512;
        let is_refused = [wear, Wear::Refuses].contains(&self.wear);
        match is_refused && self.dead.iter().any(|lba| sectors.contains(lba)) {
            true => Err(io::Error::from_raw_os_error(5)),
            false => Ok(()),
        }
    }
}

impl Target for Worn {
    fn len(&self) -> u64 {
        self.bytes.lock().unwrap().len() as u64
    }

    fn alignment(&self) -> usize {
        512
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.refuses(Wear::RefusesReads, offset, buffer.len())?;
        buffer.copy_from_slice(&self.bytes.lock().unwrap()[offset as usize..][..buffer.len()]);
        Ok(())
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        self.refuses(Wear::RefusesWrites, offset, buffer.len())?;
        let mut bytes = self.bytes.lock().unwrap();
        let kept = &mut bytes[offset as usize..][..buffer.len()];
        for (lba, (place, sector)) in (offset / 512..).zip(kept.chunks_mut(512).zip(buffer.chunks(512))) {
            if self.wear == Wear::RefusesReads || !self.dead.contains(&lba) {
                place.copy_from_slice(sector);
            }
        }
        self.log.lock().unwrap().push(Op::Write(offset, kept.to_vec()));
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.log.lock().unwrap().push(Op::Flush);
        Ok(())
    }

    fn same_device(&self) -> io::Result<()> {
        let same = self.same.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |same| same.checked_sub(1));
        same.map(drop).map_err(|_| io::Error::other("it is another one"))
    }
}

/// The clusters that are marked bad, as sectors of the stick, by each table; and how many sectors a cluster has.
pub fn marked(volume: &[u8], lba: u64) -> (Vec<Vec<u64>>, u64) {
    let start = Fat32Start::of(volume[..512].try_into().unwrap());
    let bpb = &start.common;
    let (cluster_sectors, reserved) = (u64::from(bpb.cluster_sectors), u64::from(bpb.reserved.get()));
    let table_sectors = u64::from(start.fat_sectors());
    let data = reserved + u64::from(bpb.fats) * table_sectors + u64::from(bpb.root_entries.get()) / 16;
    let clusters = (u64::from(bpb.sectors()) - data) / cluster_sectors;
    let bits = fat_bits(clusters);
    let table = |number: u64| {
        let table = &volume[((reserved + number * table_sectors) * 512) as usize..];
        let is_bad = |n: u64| {
            let at = (n as usize * bits as usize) / 8;
            let word = u32::from_le_bytes(table[at..at + 4].try_into().unwrap());
            match bits {
                12 => (if n % 2 == 1 { word >> 4 } else { word }) & 0xFFF == 0xFF7,
                16 => word & 0xFFFF == 0xFFF7,
                _ => word & 0x0FFF_FFFF == 0x0FFF_FFF7,
            }
        };
        (2..clusters + 2).filter(|&n| is_bad(n)).map(|n| lba + data + (n - 2) * cluster_sectors).collect()
    };
    ((0..u64::from(bpb.fats)).map(table).collect(), cluster_sectors)
}

/// Every table marks the clusters of `dead` as bad, and no others.
pub fn are_marked(volume: &[u8], lba: u64, dead: &[u64], case: &str) {
    let (tables, cluster) = marked(volume, lba);
    assert_eq!(tables.len(), 2, "{case}");
    for table in tables {
        let covers = |start: &u64| dead.iter().any(|lba| (*start..start + cluster).contains(lba));
        assert!(table.iter().all(covers), "{case}: a sound cluster is marked");
        let is_marked = |lba: &u64| table.iter().any(|start| (*start..start + cluster).contains(lba));
        assert!(dead.iter().all(is_marked), "{case}: {table:?}");
    }
}
