//! A stick in memory that remembers every write and flush, so that it can be cut at any of them.

use std::io;
use std::sync::Mutex;

use ramkey::pipeline::Target;

use super::moments::dice;

/// What came to the stick.
#[derive(Clone, Debug)]
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

/// Gives `look` what the stick `before` may hold when it is cut: after each write, the last one torn, and for each flush
/// with `rounds` choices of sectors of what was written since the last one. Says how often.
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
                for round in 0..rounds {
                    let mut roll = dice(number as u64 * rounds + round);
                    let mut now = flushed.clone();
                    for (offset, bytes) in &open {
                        for (sector, bytes) in (0..).zip(bytes.chunks(512)) {
                            if roll(2) == 0 {
                                put(&mut now, offset + sector * 512, bytes);
                            }
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

fn put(stick: &mut [u8], offset: u64, bytes: &[u8]) {
    stick[offset as usize..][..bytes.len()].copy_from_slice(bytes);
}
