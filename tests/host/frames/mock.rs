//! A stick in memory that can misbehave, and a small layout to write to it.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};

use blake3::hazmat::HasherExt;
use ramkey::image::{AsItIs, Source};
use ramkey::layout::{Content, Extent, Layout, Role};
use ramkey::pipeline::{Committed, Event, Failure, Input, Job, Target, Verdict, commit, verify, write};

/// Sectors of the stick: 8 MiB.
pub const STICK_SECTORS: u64 = 16384;
/// What every stick wants cleared first: sector 0, and each place of a boot header.
pub const CLEARED_FIRST: [u64; 3] = [0, 128, 2176];
/// Alignment that the stick insists on.
pub const ALIGNMENT: usize = 4096;
/// log2 of the chunk length of the image.
pub const CHUNK_SHIFT: u8 = 18;

/// How the stick misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not.
    None,
    /// The N-th write, from 0, fails as no other try will change; all later ones work.
    FailWrite(u64),
    /// The N-th write, from 0, fails and writes half of its sectors; all later ones work.
    FlakyWrite(u64),
    /// The N-th read, from 0, fails; all later ones work.
    FlakyRead(u64),
    /// From the N-th write on there is no device.
    GoneAtWrite(u64),
    /// From the N-th read on there is no device.
    GoneAtRead(u64),
    /// These sectors refuse each write.
    Unwritable { lba: u64, sectors: u64 },
    /// These sectors refuse each read.
    Dead { lba: u64, sectors: u64 },
    /// The N-th write and all later ones fail: it was pulled.
    PulledAtWrite(u64),
    /// The N-th write writes half of its sectors, then fails; nothing works after it.
    TornWrite(u64),
    /// The N-th flush fails.
    FailFlush(u64),
    /// The N-th write is reported as done and dropped.
    DropWrite(u64),
    /// Every write to this sector is reported as done and dropped.
    DropSector(u64),
    /// This sector comes back with one bit changed in the first N reads of it.
    BadReads { lba: u64, times: u64 },
    /// This sector cannot be read in the first N reads of it.
    Unreadable { lba: u64, times: u64 },
    /// It has only this many sectors, and counts from the start again behind them.
    Wraps(u64),
    /// It is exchanged for another before the commit.
    Exchanged,
}

pub struct State {
    pub bytes: Vec<u8>,
    pub fault: Fault,
    pub writes: u64,
    pub reads: u64,
    pub flushes: u64,
    pub faults: u64,
    pub checks: u64,
    /// Offset and length of each write, in order.
    pub log: Vec<(u64, u64)>,
}

/// The stick. It starts full of D1h: nothing may rely on zeros.
pub struct Stick {
    pub state: Mutex<State>,
    pub fresh: bool,
    /// Requests that it takes at once.
    pub in_flight: usize,
}

impl Stick {
    pub fn new(fault: Fault) -> Self {
        let bytes = vec![0xD1; (STICK_SECTORS * 512) as usize];
        let state =
            State { bytes, fault, writes: 0, reads: 0, flushes: 0, faults: 0, checks: 0, log: Vec::new() };
        Self { state: Mutex::new(state), fresh: false, in_flight: 2 }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Whether each of the sectors that are cleared first holds nothing but `byte`.
    pub fn boot_sectors_are(&self, byte: u8) -> bool {
        let state = self.state();
        CLEARED_FIRST.iter().all(|&lba| state.bytes[(lba * 512) as usize..][..512] == [byte; 512])
    }
}

fn broken() -> io::Error {
    io::Error::from_raw_os_error(5)
}

fn gone() -> io::Error {
    io::Error::from_raw_os_error(19)
}

/// Whether a request has one of `sectors`.
fn meets(offset: u64, buffer: &[u8], sectors: Range<u64>) -> bool {
    offset / 512 < sectors.end && offset / 512 + buffer.len() as u64 / 512 > sectors.start
}

fn check(offset: u64, buffer: &[u8]) {
    assert_eq!(offset % 512, 0, "the offset is a multiple of a sector");
    assert_eq!(buffer.len() % 512, 0, "the length is a multiple of a sector");
    assert!(!buffer.is_empty(), "a request has a length");
    assert_eq!(buffer.as_ptr().addr() % ALIGNMENT, 0, "the buffer is aligned");
    assert!(offset + buffer.len() as u64 <= STICK_SECTORS * 512, "the request ends on the stick");
}

impl Target for Stick {
    fn len(&self) -> u64 {
        STICK_SECTORS * 512
    }

    fn alignment(&self) -> usize {
        ALIGNMENT
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        check(offset, buffer);
        let mut state = self.state();
        let number = state.reads;
        state.reads += 1;
        match state.fault {
            Fault::PulledAtWrite(n) | Fault::TornWrite(n) if state.writes > n => return Err(broken()),
            Fault::GoneAtWrite(n) if state.writes > n => return Err(gone()),
            Fault::GoneAtRead(n) if n <= number => return Err(gone()),
            Fault::FlakyRead(n) if n == number => return Err(broken()),
            Fault::Dead { lba, sectors } if meets(offset, buffer, lba..lba + sectors) => return Err(broken()),
            _ => {}
        }
        for (index, sector) in (0..).zip(buffer.chunks_exact_mut(512)) {
            let lba = offset / 512 + index;
            let real = if let Fault::Wraps(sectors) = state.fault { lba % sectors } else { lba };
            sector.copy_from_slice(&state.bytes[(real * 512) as usize..][..512]);
            match state.fault {
                Fault::BadReads { lba: bad, times } if bad == lba && state.faults < times => {
                    state.faults += 1;
                    sector[100] ^= 4;
                }
                Fault::Unreadable { lba: bad, times } if bad == lba && state.faults < times => {
                    state.faults += 1;
                    return Err(broken());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        check(offset, buffer);
        let mut state = self.state();
        let number = state.writes;
        state.writes += 1;
        state.log.push((offset, buffer.len() as u64));
        let mut len = buffer.len();
        let mut failed = false;
        match state.fault {
            Fault::FailWrite(n) if n == number => return Err(io::Error::from_raw_os_error(28)),
            Fault::FlakyWrite(n) if n == number => (len, failed) = (len / 1024 * 512, true),
            Fault::GoneAtWrite(n) if n <= number => return Err(gone()),
            Fault::GoneAtRead(n) if n < state.reads => return Err(gone()),
            Fault::Unwritable { lba, sectors } if meets(offset, buffer, lba..lba + sectors) => {
                return Err(broken());
            }
            Fault::PulledAtWrite(n) if n <= number => return Err(broken()),
            Fault::TornWrite(n) if n < number => return Err(broken()),
            Fault::TornWrite(n) if n == number => (len, failed) = (len / 1024 * 512, true),
            Fault::DropWrite(n) if n == number => return Ok(()),
            _ => {}
        }
        for (index, sector) in (0..).zip(buffer[..len].chunks_exact(512)) {
            let lba = offset / 512 + index;
            let real = if let Fault::Wraps(sectors) = state.fault { lba % sectors } else { lba };
            if state.fault != Fault::DropSector(lba) {
                state.bytes[(real * 512) as usize..][..512].copy_from_slice(sector);
            }
        }
        if failed { Err(broken()) } else { Ok(()) }
    }

    fn flush(&self) -> io::Result<()> {
        let mut state = self.state();
        let number = state.flushes;
        state.flushes += 1;
        if state.fault == Fault::FailFlush(number) { Err(broken()) } else { Ok(()) }
    }

    fn in_flight(&self) -> usize {
        self.in_flight
    }

    fn is_fresh(&self) -> bool {
        self.fresh
    }

    fn same_device(&self) -> io::Result<()> {
        let mut state = self.state();
        state.checks += 1;
        let exchanged = state.fault == Fault::Exchanged && state.checks > 1;
        if exchanged { Err(io::Error::other("another medium")) } else { Ok(()) }
    }
}

/// An image in memory that can change while it is read.
pub struct Image {
    pub bytes: Vec<u8>,
    /// From this read on, from 0, the first byte of each read is another.
    pub changes_at: Option<u64>,
    /// From this read on, reading fails.
    pub fails_at: Option<u64>,
    pub reads: Mutex<u64>,
}

impl Source for Image {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut reads = self.reads.lock().unwrap();
        buffer.copy_from_slice(&self.bytes[offset as usize..][..buffer.len()]);
        if self.changes_at.is_some_and(|n| *reads >= n) {
            buffer[0] ^= 1;
        }
        if self.fails_at.is_some_and(|n| *reads >= n) {
            return Err(broken());
        }
        *reads += 1;
        Ok(())
    }
}

/// Bytes that differ everywhere.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// An image of 2.5 MiB and a few bytes.
pub fn image() -> Image {
    Image { bytes: noise(5 << 19 | 77, 1), changes_at: None, fails_at: None, reads: Mutex::new(0) }
}

/// Chaining values of the image's chunks.
pub fn chunks(bytes: &[u8]) -> Vec<[u8; 32]> {
    (0u64..)
        .zip(bytes.chunks(1 << CHUNK_SHIFT))
        .map(|(i, c)| blake3::Hasher::new().set_input_offset(i << CHUNK_SHIFT).update(c).finalize_non_root())
        .collect()
}

/// Sector 0, zeros, boot code and its copy, bytes, the image, and a range at the end of the stick.
pub fn layout(image_len: u64) -> Layout {
    let extent = |lba, sectors, role, content| Extent { lba, sectors, role, content };
    let bytes = |sectors: u64, seed| Content::Bytes(noise((sectors * 512) as usize, seed));
    let image_sectors = image_len.div_ceil(512);
    Layout {
        stick_sectors: STICK_SECTORS,
        cleared_first: CLEARED_FIRST.to_vec(),
        held_back: CLEARED_FIRST.into_iter().rev().collect(),
        extents: vec![
            extent(0, 1, Role::Sector0, bytes(1, 2)),
            extent(1, 33, Role::Cleared, Content::Zeros),
            extent(128, 100, Role::BootCode, bytes(100, 3)),
            extent(2176, 100, Role::BootCopy, bytes(100, 5)),
            extent(2400, 300, Role::FatTable, bytes(300, 4)),
            extent(3000, image_sectors, Role::Capsule { image: 0 }, Content::Image { image: 0, offset: 0 }),
            extent(STICK_SECTORS - 3000, 3000, Role::Cleared, Content::Zeros),
        ],
    }
}

/// How a run ended.
pub enum End {
    Committed(Committed),
    Differs { stick: ramkey::pipeline::Aftermath, differences: Vec<ramkey::pipeline::Difference> },
    Failed(Failure),
}

/// Writes, verifies and commits the small layout.
pub fn run(stick: &Stick, image: &Image) -> End {
    run_observed(stick, image, &AtomicBool::new(false), &|_| {})
}

pub fn run_observed(
    stick: &Stick,
    image: &Image,
    stop: &AtomicBool,
    observe: &(dyn Fn(Event) + Sync),
) -> End {
    let chunks = chunks(&image.bytes);
    let stored = AsItIs { source: image, chunk_shift: CHUNK_SHIFT, chunks: &chunks };
    let inputs = [Input { name: "dos.img", stored: &stored }];
    put(
        layout(image.len()),
        Job { target: stick, buffers: Job::BUFFERS, probe: None, inputs: &inputs, stop, observe },
    )
}

/// Writes, verifies and commits a layout.
pub fn put(layout: Layout, job: Job) -> End {
    let result = write(layout, job).and_then(|written| match verify(written)? {
        Verdict::Identical(proven) => Ok(End::Committed(commit(*proven)?)),
        Verdict::Differs { stick, differences } => Ok(End::Differs { stick, differences }),
    });
    result.unwrap_or_else(End::Failed)
}

/// Whether the stick holds everything that the layout says.
pub fn is_complete(stick: &Stick, image: &Image) -> bool {
    let state = stick.state();
    layout(image.len()).extents.iter().all(|extent| extent_is_complete(extent, &state.bytes, image))
}

/// The same, whatever the sectors hold that are cleared first.
pub fn is_complete_but_for_boot_sectors(stick: &Stick, image: &Image) -> bool {
    let mut bytes = stick.state().bytes.clone();
    let layout = layout(image.len());
    for extent in layout.extents.iter().filter(|extent| CLEARED_FIRST.contains(&extent.lba)) {
        let Content::Bytes(expected) = &extent.content else { panic!("boot code is bytes") };
        bytes[(extent.lba * 512) as usize..][..512].copy_from_slice(&expected[..512]);
    }
    layout.extents.iter().all(|extent| extent_is_complete(extent, &bytes, image))
}

fn extent_is_complete(extent: &Extent, stick: &[u8], image: &Image) -> bool {
    let found = &stick[(extent.lba * 512) as usize..][..(extent.sectors * 512) as usize];
    match &extent.content {
        Content::Bytes(bytes) => found == bytes,
        Content::Zeros => found.iter().all(|&byte| byte == 0),
        Content::Stamps { boot_checksum } => {
            let stamped = |(lba, sector): (u64, &[u8])| {
                sector[0x1AC..0x1B0] == (lba as u32).to_le_bytes()
                    && sector[0x1B4..0x1B8] == boot_checksum.to_le_bytes()
            };
            (extent.lba..).zip(found.chunks(512)).all(stamped)
        }
        Content::Image { .. } => {
            let (data, padding) = found.split_at(image.bytes.len());
            data == image.bytes && padding.iter().all(|&byte| byte == 0)
        }
    }
}

/// Sets the flag when the N-th event comes.
pub fn stop_at(n: usize, stop: &AtomicBool) -> impl Fn(Event) + Sync {
    let count = std::sync::atomic::AtomicUsize::new(0);
    move |_| {
        if count.fetch_add(1, Ordering::Relaxed) == n {
            stop.store(true, Ordering::Relaxed);
        }
    }
}
