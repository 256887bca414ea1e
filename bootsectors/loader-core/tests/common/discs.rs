//! Discs with ISO 9660, and a BIOS that reads one by packet calls, with a clock that is made up.

use ramkey_loader_core::bios::PAUSE_TICKS;
use ramkey_loader_core::disc::DiscBios;
use ramkey_loader_core::drive::{Bios, Trace};

use super::Answer;

pub const BLOCK: usize = 2048;
/// Block of the primary volume descriptor, of the root directory, and of the folder.
pub const DESCRIPTOR: usize = 16;
pub const ROOT: usize = 18;
pub const FOLDER: usize = 19;
pub const DIRECTORY: u8 = 2;

pub fn both_16(number: u16) -> [u8; 4] {
    let [low, high] = number.to_le_bytes();
    [low, high, high, low]
}

pub fn both_32(number: u32) -> Vec<u8> {
    [number.to_le_bytes(), number.to_be_bytes()].concat()
}

/// A directory record.
pub fn record(name: &[u8], block: usize, len: usize, flags: u8) -> Vec<u8> {
    let mut record = vec![0; 33];
    record[2..10].copy_from_slice(&both_32(block as u32));
    record[10..18].copy_from_slice(&both_32(len as u32));
    record[25] = flags;
    record[28..32].copy_from_slice(&both_16(1));
    record[32] = name.len() as u8;
    record.extend_from_slice(name);
    record.resize(record.len().next_multiple_of(2), 0);
    record[0] = record.len() as u8;
    record
}

/// A directory of these records, none across the end of a block.
pub fn directory(records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for record in records {
        if bytes.len() % BLOCK + record.len() > BLOCK {
            bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        }
        bytes.extend_from_slice(record);
    }
    bytes.resize(bytes.len().next_multiple_of(BLOCK).max(BLOCK), 0);
    bytes
}

/// A disc whose folder RAMKEY has these files, in this order.
pub fn disc(files: &[(&str, &[u8])]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = files.iter().map(|(name, _)| record(name.as_bytes(), 0, 0, 0)).collect();
    let folder_len =
        directory(&[&[record(b"\0", 0, 0, 2), record(b"\x01", 0, 0, 2)], &names[..]].concat()).len();
    let mut block = FOLDER + folder_len / BLOCK;
    let dots = |block, len| [record(b"\0", block, len, DIRECTORY), record(b"\x01", ROOT, BLOCK, DIRECTORY)];
    let mut records = dots(FOLDER, folder_len).to_vec();
    let mut data = Vec::new();
    for (name, bytes) in files {
        records.push(record(name.as_bytes(), block, bytes.len(), 0));
        data.extend_from_slice(bytes);
        data.resize(data.len().next_multiple_of(BLOCK), 0xD1);
        block += bytes.len().div_ceil(BLOCK);
    }
    let mut disc = vec![0xD1; DESCRIPTOR * BLOCK];
    let mut descriptor = vec![0; BLOCK];
    descriptor[..7].copy_from_slice(b"\x01CD001\x01");
    descriptor[80..88].copy_from_slice(&both_32(block as u32));
    descriptor[120..124].copy_from_slice(&both_16(1));
    descriptor[124..128].copy_from_slice(&both_16(1));
    descriptor[128..132].copy_from_slice(&both_16(BLOCK as u16));
    descriptor[156..190].copy_from_slice(&record(b"\0", ROOT, BLOCK, DIRECTORY));
    descriptor[881] = 1;
    disc.extend(descriptor);
    let mut terminator = vec![0; BLOCK];
    terminator[..7].copy_from_slice(b"\xFFCD001\x01");
    disc.extend(terminator);
    let mut root = dots(ROOT, BLOCK).to_vec();
    root.push(record(b"RAMKEY", FOLDER, folder_len, DIRECTORY));
    disc.extend(directory(&root));
    disc.extend(directory(&records));
    disc.extend(data);
    assert_eq!(disc.len(), block * BLOCK);
    disc
}

/// What a BIOS does with a read that begins at this tick: number of the first unit, and units.
type Fault = Box<dyn FnMut(u32, u64, u16) -> Answer>;

/// A BIOS that reads a disc as drive E0h.
pub struct CdBios {
    pub disc: Vec<u8>,
    pub buffer: Vec<u8>,
    /// log2 of 512-byte sectors in what its packet calls count.
    pub shift: u8,
    pub fault: Fault,
    /// First unit and units of each read, whether it worked or not.
    pub calls: Vec<(u64, u16)>,
    pub resets: usize,
    pub pauses: usize,
    pub now: u32,
    /// Ticks that a read that fails takes.
    pub slow: u32,
    /// Whether time goes on.
    pub stopped: bool,
}

impl CdBios {
    pub fn new(disc: Vec<u8>, fault: impl FnMut(u32, u64, u16) -> Answer + 'static) -> Self {
        Self {
            disc,
            buffer: vec![0xD1; 0x1_0000],
            shift: 2,
            fault: Box::new(fault),
            calls: Vec::new(),
            resets: 0,
            pauses: 0,
            // A minute before midnight.
            now: 0x18_00B0 - 1092,
            slow: 0,
            stopped: false,
        }
    }

    pub fn good(disc: Vec<u8>) -> Self {
        Self::new(disc, |_, _, _| Answer::Good)
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> u32 {
        (self.now + 1092 - 0x18_00B0) * 10 / 182
    }

    fn passes(&mut self, ticks: u32) {
        if !self.stopped {
            self.now += ticks;
        }
    }
}

impl Bios for CdBios {
    fn edd_read(&mut self, drive: u8, first: u64, count: u16) -> Result<(), u8> {
        assert_eq!(drive, 0xE0);
        let (unit, len) = (512 << self.shift, usize::from(count) * (512 << self.shift));
        assert!(count > 0 && len <= self.buffer.len(), "{count} units from {first} on");
        self.calls.push((first, count));
        let answer = (self.fault)(self.now, first, count);
        let start = first as usize * unit;
        match (answer, self.disc.get(start..start + len)) {
            (Answer::Fails(status), _) => {
                self.buffer.fill(0xD1);
                self.passes(self.slow);
                Err(status)
            }
            (_, None) => Err(0x04),
            (answer, Some(data)) => {
                self.buffer[..len].copy_from_slice(data);
                self.buffer[len..].fill(0xD1);
                if answer == Answer::Lies {
                    self.buffer[7] ^= 0x10;
                }
                Ok(())
            }
        }
    }

    fn chs_read(&mut self, _: u8, _: u16, _: u8, _: u8, _: u8) -> Result<(), u8> {
        panic!("a disc has no CHS");
    }

    fn reset(&mut self, drive: u8) {
        assert_eq!(drive, 0xE0);
        self.resets += 1;
    }

    fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    fn ticks(&mut self) -> u32 {
        self.now % 0x18_00B0
    }

    fn pause(&mut self) {
        self.pauses += 1;
        self.passes(PAUSE_TICKS);
    }

    fn trace(&mut self, _: &Trace) {}
}

/// What a drive of a [`Machine`] is.
pub struct MachineDrive {
    pub number: u8,
    /// Bytes from its first unit on.
    pub bytes: Vec<u8>,
    pub shift: u8,
    /// Status of reads before this tick.
    pub fails: Option<(u8, u32)>,
    /// Whether it is there only when the emulation has ended.
    pub hidden: bool,
}

/// A machine that was booted from a disc by emulation.
pub struct Machine {
    pub drives: Vec<MachineDrive>,
    pub buffer: Vec<u8>,
    pub now: u32,
    /// Ticks that each read takes.
    pub slow: u32,
    /// Drives whose emulation was ended.
    pub ended: Vec<u8>,
    pub reads: Vec<(u8, u64, u16)>,
    pub resets: Vec<u8>,
    pub pauses: u32,
    /// Whether reads of drives that are not there say that they worked, and bring nothing.
    pub pretends: bool,
    pub stopped: bool,
}

impl Machine {
    pub fn new(drives: Vec<MachineDrive>) -> Self {
        Self {
            drives,
            buffer: vec![0xD1; 0x1_0000],
            now: 100,
            slow: 0,
            ended: Vec::new(),
            reads: Vec::new(),
            resets: Vec::new(),
            pauses: 0,
            pretends: false,
            stopped: false,
        }
    }

    fn passes(&mut self, ticks: u32) {
        if !self.stopped {
            self.now += ticks;
        }
    }
}

impl Bios for Machine {
    fn edd_read(&mut self, drive: u8, first: u64, count: u16) -> Result<(), u8> {
        self.reads.push((drive, first, count));
        let now = self.now;
        self.passes(self.slow);
        let is_ended = !self.ended.is_empty();
        let found = self.drives.iter().find(|found| found.number == drive && (is_ended || !found.hidden));
        let Some(found) = found else { return if self.pretends { Ok(()) } else { Err(0x01) } };
        if let Some((status, _)) = found.fails.filter(|&(_, until)| now < until) {
            return Err(status);
        }
        let unit = 512 << found.shift;
        let start = first as usize * unit;
        let data = found.bytes.get(start..start + usize::from(count) * unit).ok_or(0x04)?;
        self.buffer[..data.len()].copy_from_slice(data);
        Ok(())
    }

    fn chs_read(&mut self, _: u8, _: u16, _: u8, _: u8, _: u8) -> Result<(), u8> {
        panic!("a disc has no CHS");
    }

    fn reset(&mut self, drive: u8) {
        self.resets.push(drive);
    }

    fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    fn ticks(&mut self) -> u32 {
        self.now
    }

    fn pause(&mut self) {
        self.pauses += 1;
        self.passes(PAUSE_TICKS);
    }
}

impl DiscBios for Machine {
    fn end_emulation(&mut self, drive: u8) {
        self.ended.push(drive);
    }
}
