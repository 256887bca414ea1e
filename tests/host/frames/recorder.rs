//! A stick in memory that remembers every write and flush, so that it can be cut at any of them.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use ramkey::pipeline::Target;

use super::moments::dice;

/// What came to the stick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Write(u64, Vec<u8>),
    Flush,
}

/// The stick.
pub struct Recorder {
    bytes: Mutex<Vec<u8>>,
    log: Mutex<Vec<Op>>,
}

impl Recorder {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Mutex::new(bytes), log: Mutex::default() }
    }

    /// What it holds, and what came to it.
    pub fn end(self) -> (Vec<u8>, Vec<Op>) {
        (self.bytes.into_inner().unwrap(), self.log.into_inner().unwrap())
    }
}

impl Target for Recorder {
    fn len(&self) -> u64 {
        self.bytes.lock().unwrap().len() as u64
    }

    fn alignment(&self) -> usize {
        512
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        buffer.copy_from_slice(&self.bytes.lock().unwrap()[offset as usize..][..buffer.len()]);
        Ok(())
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        self.bytes.lock().unwrap()[offset as usize..][..buffer.len()].copy_from_slice(buffer);
        self.log.lock().unwrap().push(Op::Write(offset, buffer.to_vec()));
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.log.lock().unwrap().push(Op::Flush);
        Ok(())
    }
}

/// Gives `look` what the stick `before` may hold when it is cut: after each write, and for each flush with what was written since
/// the last one kept in any choice, sector by sector, whatever the order was. All choices if there are few, else none of it, all but
/// one sector of it, one alone, and `rounds` others. Says how often.
pub fn each_cut(before: &[u8], log: &[Op], rounds: u64, mut look: impl FnMut(&str, &[u8])) -> usize {
    let mut flushed = before.to_vec();
    let mut open: Vec<(u64, &[u8])> = Vec::new();
    let mut looks = 0;
    for (number, op) in log.iter().enumerate() {
        match op {
            Op::Write(offset, bytes) => {
                open.push((*offset, bytes));
                let mut now = flushed.clone();
                open.iter().for_each(|(offset, bytes)| put(&mut now, *offset, bytes));
                look(&format!("write {number}"), &now);
                looks += 1;
            }
            Op::Flush => {
                let sectors = versions(&open);
                for (round, choice) in choices(&sectors, rounds, number as u64).into_iter().enumerate() {
                    let mut now = flushed.clone();
                    for ((offset, versions), kept) in sectors.iter().zip(choice) {
                        if let Some(version) = kept.checked_sub(1) {
                            put(&mut now, *offset, versions[version]);
                        }
                    }
                    look(&format!("flush {number}, choice {round}"), &now);
                    looks += 1;
                }
                open.drain(..).for_each(|(offset, bytes)| put(&mut flushed, offset, bytes));
            }
        }
    }
    looks
}

/// What was written to each sector, in order.
fn versions<'w>(open: &[(u64, &'w [u8])]) -> BTreeMap<u64, Vec<&'w [u8]>> {
    let mut sectors: BTreeMap<u64, Vec<&[u8]>> = BTreeMap::new();
    for (offset, bytes) in open {
        for (sector, bytes) in (0..).zip(bytes.chunks(512)) {
            sectors.entry(offset + sector * 512).or_default().push(bytes);
        }
    }
    sectors
}

/// Most choices that are all tried: in the part `long` of the checks, and else.
const ALL_MAX: [usize; 2] = [16, 4];

/// Whether the checks are the long ones.
pub fn is_long() -> bool {
    std::env::var_os("RAMKEY_LONG").is_some()
}

/// Which version of each sector is kept; 0 is what was there before.
fn choices(sectors: &BTreeMap<u64, Vec<&[u8]>>, rounds: u64, seed: u64) -> Vec<Vec<usize>> {
    let counts: Vec<usize> = sectors.values().map(|versions| versions.len() + 1).collect();
    let all = counts.iter().try_fold(1usize, |all, &count| all.checked_mul(count));
    if let Some(all) = all.filter(|&all| all <= ALL_MAX[usize::from(!is_long())]) {
        let choice = |mut number: usize| {
            let digits = counts.iter().map(|&count| {
                let digit = number % count;
                number /= count;
                digit
            });
            digits.collect()
        };
        return (0..all).map(choice).collect();
    }
    let mut roll = dice(seed);
    let whole: Vec<usize> = counts.iter().map(|&count| count - 1).collect();
    let alone = roll(counts.len() as u64) as usize;
    let one =
        |is: bool| (0..counts.len()).map(|at| if (at == alone) == is { whole[at] } else { 0 }).collect();
    let mut choices = vec![vec![0; counts.len()], one(true), one(false)];
    let random = (0..rounds).map(|_| counts.iter().map(|&count| roll(count as u64) as usize).collect());
    choices.extend(random.collect::<Vec<_>>());
    choices
}

fn put(stick: &mut [u8], offset: u64, bytes: &[u8]) {
    stick[offset as usize..][..bytes.len()].copy_from_slice(bytes);
}
