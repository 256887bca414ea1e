//! A BIOS in memory whose faults each test chooses.

#![allow(dead_code, reason = "every test file uses a part")]

pub mod adapter;
pub mod discs;
pub mod numbers;
pub mod sticks;

use ramkey_loader_core::access::DriveAccess;
use ramkey_loader_core::drive::{Bios, Method, ReadError, Sectors, Trace};
use ramkey_loader_core::geometry::{Chs, Geometry};

pub const SECTOR: usize = 512;
pub const GEOMETRY: Geometry = Geometry { heads: 16, sectors_per_track: 63 };

/// One call that the drive engine made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Edd { lba: u64, sectors: u16 },
    Chs { lba: u64, sectors: u16 },
    Reset,
}

/// What the BIOS does with a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Good,
    /// The carry flag, and this status.
    Fails(u8),
    /// No error, but one bit of the first sector is wrong.
    Lies,
}

type Fault = Box<dyn FnMut(Call) -> Answer>;

pub struct MockBios {
    pub disk: Vec<u8>,
    pub buffer: Vec<u8>,
    pub calls: Vec<Call>,
    pub fault: Fault,
    /// What CHS calls really count by.
    pub geometry: Geometry,
    /// Sectors before the first one that each method shows.
    pub edd_hidden: u64,
    pub chs_hidden: u64,
    /// Whether a place outside the geometry is an error of the drive, and not of the caller.
    pub lenient: bool,
    /// Status of a place outside the geometry.
    pub outside: u8,
    /// The last thing that the drive said of itself.
    pub trace: Option<Trace>,
}

impl MockBios {
    pub fn new(disk: Vec<u8>, fault: impl FnMut(Call) -> Answer + 'static) -> Self {
        Self {
            disk,
            buffer: vec![0xD1; 0x1_0000],
            calls: Vec::new(),
            fault: Box::new(fault),
            geometry: GEOMETRY,
            edd_hidden: 0,
            chs_hidden: 0,
            lenient: false,
            outside: 0x04,
            trace: None,
        }
    }

    pub fn good(disk: Vec<u8>) -> Self {
        Self::new(disk, |_| Answer::Good)
    }

    pub fn reads(&self) -> Vec<Call> {
        self.calls.iter().copied().filter(|call| *call != Call::Reset).collect()
    }

    /// Hides sectors from each method.
    pub fn hiding(mut self, edd: u64, chs: u64) -> Self {
        (self.edd_hidden, self.chs_hidden) = (edd, chs);
        self
    }

    fn answer(&mut self, call: Call, lba: u64, sectors: u16) -> Result<(), u8> {
        assert!((1..=127).contains(&sectors), "{call:?}");
        self.calls.push(call);
        let answer = (self.fault)(call);
        let start = lba as usize * SECTOR;
        let len = usize::from(sectors) * SECTOR;
        let data = self.disk.get(start..start + len);
        match (answer, data) {
            (Answer::Fails(status), _) => {
                self.buffer.fill(0xD1);
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
}

impl Bios for MockBios {
    fn edd_read(&mut self, drive: u8, lba: u64, sectors: u16) -> Result<(), u8> {
        assert_eq!(drive, 0x80);
        let lba = lba + self.edd_hidden;
        self.answer(Call::Edd { lba, sectors }, lba, sectors)
    }

    fn chs_read(&mut self, drive: u8, cylinder: u16, head: u8, sector: u8, sectors: u8) -> Result<(), u8> {
        assert_eq!(drive, 0x80);
        let Geometry { heads, sectors_per_track } = self.geometry;
        let inside =
            u16::from(head) < heads && u16::from(sector) + u16::from(sectors) <= sectors_per_track + 1;
        assert!(cylinder <= 1023 && (1..=63).contains(&sector));
        assert!(inside || self.lenient, "the read leaves its track");
        let lba = u64::from(self.geometry.lba(Chs { cylinder, head, sector })) + self.chs_hidden;
        let call = Call::Chs { lba, sectors: sectors.into() };
        if !inside {
            self.calls.push(call);
            return Err(self.outside);
        }
        self.answer(call, lba, sectors.into())
    }

    fn reset(&mut self, drive: u8) {
        assert_eq!(drive, 0x80);
        self.calls.push(Call::Reset);
        (self.fault)(Call::Reset);
    }

    fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    fn ticks(&mut self) -> u32 {
        panic!("a stick has no time");
    }

    fn pause(&mut self) {
        panic!("a stick has no time");
    }

    fn trace(&mut self, trace: &Trace) {
        self.trace = Some(*trace);
    }
}

/// A drive of [`GEOMETRY`] that shows everything, by `first` before the other method.
pub const fn plain(first: Method) -> DriveAccess {
    let geometry = Some(GEOMETRY);
    DriveAccess { first, geometry, is_disc: false, ..DriveAccess::disc(0) }
}

/// Sectors that begin with their own number.
pub fn numbered(sectors: usize) -> Vec<u8> {
    let mut disk = vec![0xD1; sectors * SECTOR];
    for (lba, sector) in disk.chunks_exact_mut(SECTOR).enumerate() {
        sector[..4].copy_from_slice(&(lba as u32).to_le_bytes());
    }
    disk
}

/// A volume in memory; reads give at most `most` sectors, and are kept.
pub struct Image {
    pub bytes: Vec<u8>,
    pub most: u16,
    pub reads: Vec<(u64, u16)>,
    pub fails: Option<u64>,
}

impl Image {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, most: 127, reads: Vec::new(), fails: None }
    }
}

impl Sectors for Image {
    fn read(&mut self, lba: u64, max: u16) -> Result<&[u8], ReadError> {
        assert!(max > 0);
        self.reads.push((lba, max));
        let count = max.min(self.most);
        if self.fails.is_some_and(|bad| (lba..lba + u64::from(count)).contains(&bad)) {
            return Err(ReadError { status: 0x10, lba });
        }
        let start = lba as usize * SECTOR;
        let end = (start + usize::from(count) * SECTOR).min(self.bytes.len());
        self.bytes.get(start..end).filter(|bytes| !bytes.is_empty()).ok_or(ReadError { status: 0x04, lba })
    }
}

/// Numbers that look random and are the same on every machine.
pub struct Lcg(pub u64);

impl Lcg {
    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}
