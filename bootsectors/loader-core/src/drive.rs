//! Reads sectors through INT 13h: transfer sizes, retries, and the choice between EDD and CHS.
//!
//! What it does not do: make the call. That is [`Bios`], so that tests can be a BIOS of any kind.
//! The rules are those of `docs/quirks.md#int-13h`.

use ramkey_format::memory::{SECTOR_SHIFT, TRANSFER_SECTORS_MAX};

use crate::geometry::Geometry;

/// Calls at one transfer size before it is given up.
pub const TRIES: u32 = 3;
/// Status of a call that timed out: the BIOS waited for seconds.
const TIME_OUT: u8 = 0x80;
/// Calls at the first size of a read that may time out, before one sector is tried once.
const PATIENCE: u32 = 2;
/// Reads that must work at a reduced size before twice as much is tried again.
const GROW_AFTER: u16 = 32;
/// How often that is tried: a BIOS with a limit keeps it.
const GROWTHS: u8 = 4;

/// The BIOS calls that reading needs. Every read fills [`Bios::buffer`] from its start.
///
/// A read returns the BIOS status when the carry flag is set; nothing else of the answer is believed.
pub trait Bios {
    /// INT 13h AH=42h.
    fn edd_read(&mut self, drive: u8, lba: u64, sectors: u16) -> Result<(), u8>;
    /// INT 13h AH=02h; sectors count from 1, and the run stays on its track.
    fn chs_read(&mut self, drive: u8, cylinder: u16, head: u8, sector: u8, sectors: u8) -> Result<(), u8>;
    /// INT 13h AH=00h for this drive.
    fn reset(&mut self, drive: u8);
    /// The bounce buffer.
    fn buffer(&self) -> &[u8];
}

/// Why a sector cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// BIOS status of the last try.
    pub status: u8,
    /// First sector that was asked for.
    pub lba: u64,
}

/// Whether the BIOS answered AH=41h as one that has EDD reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EddAnswer {
    /// It said so; CHS is tried when EDD fails all the same.
    Claimed,
    /// It did not; EDD is tried when CHS fails or cannot reach a sector, for some BIOSes are too modest.
    Absent,
}

/// How sectors are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By LBA, AH=42h.
    Edd,
    /// By cylinder, head and sector, AH=02h.
    Chs,
}

/// A BIOS drive, and what was learnt about reading it.
#[derive(Clone, Debug)]
pub struct Drive {
    number: u8,
    geometry: Option<Geometry>,
    method: Method,
    edd_sectors: u16,
    chs_sectors: u16,
    /// Reads that worked since the size was last changed.
    good: u16,
    /// How often the size may still grow.
    growths: u8,
}

impl Drive {
    /// The drive `number`; with no `geometry` (or a senseless one) only EDD is used.
    pub fn new(number: u8, edd: EddAnswer, geometry: Option<Geometry>) -> Self {
        let geometry = geometry.filter(Geometry::is_sound);
        let method = match (edd, geometry) {
            (EddAnswer::Absent, Some(_)) => Method::Chs,
            _ => Method::Edd,
        };
        let most = TRANSFER_SECTORS_MAX as u16;
        Self { number, geometry, method, edd_sectors: most, chs_sectors: most, good: 0, growths: GROWTHS }
    }

    /// BIOS drive number.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The method that the next read tries first.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Most sectors that the next read asks for in one call.
    pub fn transfer_sectors(&self) -> u16 {
        match self.method {
            Method::Edd => self.edd_sectors,
            Method::Chs => self.chs_sectors,
        }
    }

    /// Quarters the transfers, because data was wrong without an error; `false` if they were single sectors.
    pub fn shrink(&mut self) -> bool {
        let sectors = self.sectors_mut(self.method);
        let smaller = *sectors > 1;
        // Faster down than after an error: a whole chunk is read at each size.
        *sectors = half(half(*sectors));
        // A BIOS that spoils long transfers will do so again.
        self.growths = 0;
        smaller
    }

    /// Reads from `lba` on into the buffer: at least one sector, at most `max_sectors`; returns how many.
    ///
    /// Tries each transfer size [`TRIES`] times with a reset behind each failure, halves it down to one sector,
    /// then does the same by the other method. What worked is remembered; after some reads that work, twice as much
    /// is tried again, a few times in all, because one weak sector must not make the rest slow. At most 42 reads.
    /// After a time-out only single sectors are tried, once by each method: the stick may be gone.
    ///
    /// # Errors
    ///
    /// The status of the last call, when one sector can be read by neither method.
    pub fn read(&mut self, bios: &mut impl Bios, lba: u64, max_sectors: u16) -> Result<u16, ReadError> {
        let room = (bios.buffer().len() >> SECTOR_SHIFT).min(usize::from(max_sectors)).max(1) as u16;
        let first = self.method;
        let other = if first == Method::Edd { Method::Chs } else { Method::Edd };
        let mut status = 0;
        for method in [first, other] {
            match self.read_by(method, bios, lba, room) {
                Ok(sectors) => {
                    self.method = method;
                    self.grow();
                    return Ok(sectors);
                }
                Err(Some(found)) => status = found,
                Err(None) => {}
            }
            if status == TIME_OUT {
                *self.sectors_mut(other) = 1;
            }
        }
        Err(ReadError { status, lba })
    }

    /// Reads by one method; the error is `None` when the method cannot reach `lba`.
    fn read_by(
        &mut self,
        method: Method,
        bios: &mut impl Bios,
        lba: u64,
        room: u16,
    ) -> Result<u16, Option<u8>> {
        let place = match (method, self.geometry) {
            (Method::Edd, _) => None,
            (Method::Chs, None) => return Err(None),
            (Method::Chs, Some(geometry)) => {
                let chs = u32::try_from(lba).ok().and_then(|lba| geometry.locate(lba)).ok_or(None)?;
                let left_on_track = geometry.sectors_per_track - u16::from(chs.sector) + 1;
                Some((chs, left_on_track))
            }
        };
        let mut room = place.map_or(room, |(_, left)| room.min(left)).min(*self.sectors_mut(method));
        loop {
            let mut status = 0;
            for tried in 1..=TRIES {
                let answer = match place {
                    None => bios.edd_read(self.number, lba, room),
                    Some((chs, _)) => {
                        bios.chs_read(self.number, chs.cylinder, chs.head, chs.sector, room as u8)
                    }
                };
                match answer {
                    Ok(()) => return Ok(room),
                    Err(found) => status = found,
                }
                bios.reset(self.number);
                if status == TIME_OUT && (room == 1 || tried == PATIENCE) {
                    break;
                }
            }
            if room == 1 {
                return Err(Some(status));
            }
            room = if status == TIME_OUT { 1 } else { half(room) };
            *self.sectors_mut(method) = room;
            self.good = 0;
        }
    }

    /// Tries larger transfers again when enough small ones worked.
    fn grow(&mut self) {
        let most = TRANSFER_SECTORS_MAX as u16;
        if self.transfer_sectors() >= most || self.growths == 0 {
            return;
        }
        self.good += 1;
        if self.good < GROW_AFTER {
            return;
        }
        self.good = 0;
        self.growths -= 1;
        let sectors = self.sectors_mut(self.method);
        *sectors = (*sectors * 2 + 1).min(most);
    }

    fn sectors_mut(&mut self, method: Method) -> &mut u16 {
        match method {
            Method::Edd => &mut self.edd_sectors,
            Method::Chs => &mut self.chs_sectors,
        }
    }
}

fn half(sectors: u16) -> u16 {
    (sectors >> 1).max(1)
}

/// Sectors that can be read: a drive, or a file in tests.
pub trait Sectors {
    /// Reads sectors from `lba` on: at least one and at most `max`, as many as the returned bytes hold.
    ///
    /// # Errors
    ///
    /// The read failed for good.
    fn read(&mut self, lba: u64, max: u16) -> Result<&[u8], ReadError>;

    /// Forgets what was read, so that the next read asks the device again.
    fn invalidate(&mut self) {}

    /// Asks for smaller transfers from now on, after wrong data; `false` if they cannot be smaller.
    fn shrink(&mut self) -> bool {
        false
    }
}

/// A drive whose last transfer stays readable in the bounce buffer.
pub struct Disk<B> {
    bios: B,
    drive: Drive,
    first: u64,
    count: u16,
}

impl<B: Bios> Disk<B> {
    /// Reads `drive` through `bios`.
    pub fn new(bios: B, drive: Drive) -> Self {
        Self { bios, drive, first: 0, count: 0 }
    }

    /// The drive.
    pub fn drive(&self) -> &Drive {
        &self.drive
    }

    /// The BIOS, for other calls; what was read is forgotten, because they may use the buffer.
    pub fn bios(&mut self) -> &mut B {
        self.count = 0;
        &mut self.bios
    }
}

impl<B: Bios> Sectors for Disk<B> {
    fn read(&mut self, lba: u64, max: u16) -> Result<&[u8], ReadError> {
        let kept = lba >= self.first && lba - self.first < u64::from(self.count);
        if !kept {
            // A failed call may leave anything in the buffer.
            self.count = 0;
            self.count = self.drive.read(&mut self.bios, lba, max)?;
            self.first = lba;
        }
        let skip = (lba - self.first) as u16;
        let sectors = (self.count - skip).min(max.max(1));
        let start = usize::from(skip) << SECTOR_SHIFT;
        let bytes = self.bios.buffer().get(start..start + (usize::from(sectors) << SECTOR_SHIFT));
        bytes.ok_or(ReadError { status: 0, lba })
    }

    fn invalidate(&mut self) {
        self.count = 0;
    }

    fn shrink(&mut self) -> bool {
        self.count = 0;
        self.bios.reset(self.drive.number);
        self.drive.shrink()
    }
}
