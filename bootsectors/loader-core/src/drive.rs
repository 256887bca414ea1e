//! Reads sectors through INT 13h: transfer sizes, retries, and the choice between EDD and CHS.
//!
//! What it does not do: make the call. That is [`Bios`], so that tests can be a BIOS of any kind.
//! The rules are those of `docs/quirks.md#int-13h`.

use ramkey_format::boot::{STATUS_ABANDONED, STATUS_OUT_OF_REACH};
use ramkey_format::memory::{BLOCK_SHIFT, SECTOR_SHIFT, TRANSFER_BLOCKS_MAX, TRANSFER_SECTORS_MAX};

use crate::access::DriveAccess;
pub use crate::bios::{Bios, ReadError, Trace, verdict};
use crate::geometry::Geometry;
use crate::progress::Clock;
pub use crate::way::Method;
use crate::way::{Way, half};

mod blocks;
mod heads;

/// Calls at one transfer size before it is given up.
pub const TRIES: u32 = 3;
/// Status of a call that timed out: the BIOS waited for seconds.
pub(crate) const TIME_OUT: u8 = 0x80;
/// Status of a call that hung until stage 2 abandoned it.
pub(crate) const ABANDONED: u8 = STATUS_ABANDONED as u8;
/// Calls at the first size of a read that may time out, before one sector is tried once.
const PATIENCE: u32 = 2;
/// Reads that must work at a reduced size before twice as much is tried again.
const GROW_AFTER: u16 = 32;
/// The same for a size that worked on this disc.
const GROW_AFTER_SCRATCH: u16 = 8;
/// How often that is tried: a BIOS with a limit keeps it.
const GROWTHS: u8 = 4;

/// A BIOS drive, and what was learnt about reading it.
#[derive(Clone, Debug)]
pub struct Drive {
    number: u8,
    geometry: Option<Geometry>,
    method: Method,
    /// The heads that somebody told, while others may be right.
    told_heads: Option<u16>,
    /// Whether they are searched for: then only CHS is used.
    searching: bool,
    /// How many of [`HEADS`] were tried because reads failed.
    usual: usize,
    /// The only method that may be used, if somebody said so.
    only: Option<Method>,
    /// log2 of the sectors in a block, which EDD calls count.
    block_shift: u8,
    is_disc: bool,
    /// Since when the disc was not read, if it was.
    turned: Option<Clock>,
    edd: Way,
    chs: Way,
    /// Reads that worked since the size was last changed.
    good: u16,
    /// How often the size may still grow.
    growths: u8,
    trace: Trace,
}

impl Drive {
    /// The drive `number`. Without a sound geometry only EDD is used.
    pub fn new(number: u8, access: DriveAccess) -> Self {
        let block_shift = access.block_shift.min(BLOCK_SHIFT as u8);
        let is_disc = access.is_disc || block_shift > 0;
        let geometry = access.geometry.filter(|geometry| geometry.is_sound() && !is_disc);
        let method = if geometry.is_none() { Method::Edd } else { access.first };
        let most = TRANSFER_SECTORS_MAX as u16;
        let chs = Way::new(access.chs_hidden, access.transfer, most);
        let edd = if is_disc {
            let most = if block_shift > 0 { TRANSFER_BLOCKS_MAX as u16 } else { most };
            Way::new(0, access.transfer.div_ceil(1 << block_shift), most)
        } else {
            Way::new(access.edd_hidden, access.transfer, most)
        };
        let trace = Trace {
            asked: None,
            read: None,
            status: 0,
            abandoned: 0,
            heads: 0,
            heads_proven: false,
            method,
            sectors: edd.sectors << block_shift,
        };
        let told_heads = geometry.filter(|_| access.heads_are_told).map(|geometry| geometry.heads);
        Self {
            number,
            geometry,
            method,
            told_heads,
            searching: false,
            usual: 0,
            only: None,
            block_shift,
            is_disc,
            turned: None,
            edd,
            chs,
            good: 0,
            growths: GROWTHS,
            trace,
        }
    }

    /// BIOS drive number.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The method that the next read tries first.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Where a file system that begins at `lba` begins for this drive: at the first sector that can be seen, if its own is
    /// hidden. Each sector that a BIOS may show as the first describes the same file system (docs/format.md).
    pub fn first_visible(&self, lba: u64) -> u64 {
        lba.max(self.way(self.method).hidden.into())
    }

    /// Most sectors that the next read asks for in one call.
    pub fn transfer_sectors(&self) -> u16 {
        self.way(self.method).sectors << self.block_shift
    }

    /// Whether it is a disc.
    pub fn is_disc(&self) -> bool {
        self.is_disc
    }

    /// What the reads did last.
    pub fn trace(&self) -> Trace {
        let heads = self.geometry.map_or(0, |geometry| geometry.heads);
        Trace { heads, method: self.method, sectors: self.transfer_sectors(), ..self.trace }
    }

    /// Reads by `method` only from now on; `false` and no change if there is no geometry for CHS.
    pub fn restrict(&mut self, method: Method) -> bool {
        let possible = method == Method::Edd || self.geometry.is_some();
        if possible {
            self.method = method;
            self.only = Some(method);
        }
        possible
    }

    /// Reads one sector, or one block, in each call from now on.
    pub fn limit_to_one(&mut self) {
        for way in [&mut self.edd, &mut self.chs] {
            way.sectors = 1;
            way.most = way.most.min(1);
        }
    }

    /// Quarters the transfers, because data was wrong without an error. If they are single sectors already, counts by
    /// other heads, if those are in doubt; `false` if nothing can be changed.
    pub fn shrink(&mut self) -> bool {
        let smaller = self.way_mut(self.method).quarter();
        // A BIOS that spoils long transfers will do so again.
        self.growths = 0;
        if self.is_disc {
            self.edd.worked = self.edd.worked.min(self.edd.sectors);
        }
        smaller || self.other_heads()
    }

    /// Reads from `lba` on into the buffer: at least one sector, at most `max_sectors`; returns how many. On a drive that
    /// counts blocks these are all that hold them, from [`Drive::block_start`] on.
    ///
    /// Tries each transfer size [`TRIES`] times with a reset behind each failure, halves it down to one sector,
    /// then does the same by the other method. What worked is remembered; after some reads that work, twice as much
    /// is tried again, a few times in all, because one weak sector must not make the rest slow. At most 42 reads.
    /// After a time-out only single sectors are tried, once by each method: the stick may be gone. A call that hung
    /// is never made again, nor a longer one: the next asks for the most that worked, else for one sector. No drive
    /// costs more than six such calls in all. If the heads are in doubt, one sector is then tried with each of
    /// [`HEADS`](crate::access::HEADS).
    ///
    /// # Errors
    ///
    /// The status of the last call, when one sector can be read by neither method; 0 when neither can reach `lba`;
    /// [`STATUS_OUT_OF_REACH`] when it is CHS that cannot, and EDD never worked.
    pub fn read(&mut self, bios: &mut impl Bios, lba: u64, max_sectors: u16) -> Result<u16, ReadError> {
        let room = (bios.buffer().len() >> SECTOR_SHIFT).min(usize::from(max_sectors)).max(1) as u16;
        self.trace.asked = Some(lba);
        bios.trace(&self.trace());
        let mut result = match self.is_disc {
            true => self.read_blocks(bios, lba, room),
            false => self.read_by_any(bios, lba, room),
        };
        while result.is_err_and(|error| !matches!(error.status, TIME_OUT | ABANDONED)) && self.other_heads() {
            result = self.read_by_any(bios, lba, room).or(result);
        }
        match result {
            Ok(sectors) => {
                self.trace.read = Some(self.block_start(lba) + u64::from(sectors) - 1);
                self.grow();
            }
            Err(error) => self.trace.status = error.status,
        }
        bios.trace(&self.trace());
        result
    }

    fn read_by_any(&mut self, bios: &mut impl Bios, lba: u64, room: u16) -> Result<u16, ReadError> {
        let first = self.method;
        let (mut status, mut is_behind_chs) = (0, false);
        for method in [first, first.other()] {
            if self.only.is_some_and(|only| only != method) || self.searching && method != Method::Chs {
                continue;
            }
            match self.read_by(method, bios, lba, room) {
                Ok(sectors) => {
                    self.method = method;
                    return Ok(sectors);
                }
                Err(Some(found)) => status = found,
                Err(None) => is_behind_chs |= method == Method::Chs && lba >= u64::from(self.chs.hidden),
            }
            if matches!(status, TIME_OUT | ABANDONED) {
                self.way_mut(first.other()).sectors = 1;
            }
        }
        if is_behind_chs && self.geometry.is_some() && self.edd.worked == 0 && status != TIME_OUT {
            status = STATUS_OUT_OF_REACH as u8;
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
        let lba = lba.checked_sub(u64::from(self.way(method).hidden)).ok_or(None)?;
        let place = match (method, self.geometry) {
            (Method::Edd, _) => None,
            (Method::Chs, None) => return Err(None),
            (Method::Chs, Some(geometry)) => {
                let chs = u32::try_from(lba).ok().and_then(|lba| geometry.locate(lba)).ok_or(None)?;
                let left_on_track = geometry.sectors_per_track - u16::from(chs.sector) + 1;
                Some((chs, left_on_track))
            }
        };
        if self.way(method).most == 0 {
            return Err(Some(ABANDONED));
        }
        let mut room = place.map_or(room, |(_, left)| room.min(left)).min(self.way(method).sectors);
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
                    Ok(()) => {
                        let way = self.way_mut(method);
                        way.worked = way.worked.max(room);
                        return Ok(room);
                    }
                    Err(found) => status = found,
                }
                self.trace.status = status;
                bios.reset(self.number);
                if status == ABANDONED || status == TIME_OUT && (room == 1 || tried == PATIENCE) {
                    break;
                }
            }
            room = self.next_size(method, room, status).ok_or(Some(status))?;
            self.good = 0;
        }
    }

    /// How many sectors to ask for after `room` failed with `status`; `None` if there is nothing left to try.
    fn next_size(&mut self, method: Method, room: u16, status: u8) -> Option<u16> {
        let way = self.way_mut(method);
        if status == ABANDONED {
            let grown = way.worked > 0;
            let next = way.hung(room);
            self.trace.abandoned = self.trace.abandoned.saturating_add(1);
            if grown {
                // The second half minute that a limit costs is the last.
                self.growths = 0;
            }
            return next;
        }
        if room == 1 {
            return None;
        }
        way.sectors = if status == TIME_OUT { 1 } else { half(room) };
        Some(way.sectors)
    }

    /// Tries larger transfers again when enough small ones worked.
    fn grow(&mut self) {
        let Way { sectors, most, worked, .. } = *self.way(self.method);
        let next = if self.is_disc { sectors * 2 } else { sectors * 2 + 1 }.min(most);
        // What worked on a disc once is nothing that its BIOS cannot do: a scratch made it shorter.
        let has_worked = self.is_disc && next <= worked;
        if sectors >= most || self.growths == 0 && !has_worked {
            return;
        }
        self.good += 1;
        if self.good < if has_worked { GROW_AFTER_SCRATCH } else { GROW_AFTER } {
            return;
        }
        self.good = 0;
        self.growths -= u8::from(!has_worked);
        self.way_mut(self.method).sectors = next;
    }

    fn way(&self, method: Method) -> &Way {
        match method {
            Method::Edd => &self.edd,
            Method::Chs => &self.chs,
        }
    }

    fn way_mut(&mut self, method: Method) -> &mut Way {
        match method {
            Method::Edd => &mut self.edd,
            Method::Chs => &mut self.chs,
        }
    }
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

/// A drive whose last transfer stays readable in the bounce buffer, with what of its blocks nobody asked for.
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

    /// The drive, to change how it is read; what was read is forgotten.
    pub fn drive_mut(&mut self) -> &mut Drive {
        self.count = 0;
        &mut self.drive
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
            self.first = self.drive.block_start(lba);
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
