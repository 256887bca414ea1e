//! Loads an image into high memory and proves it there, chunk by chunk.

use ramkey_format::capsule::{CapsuleHeader, ChunkEntry, DISC_SECTOR_LEN, Need};
use ramkey_format::errors;
use ramkey_format::memory::SECTOR_SHIFT;
use ramkey_loader_core::capsule::{ChunkError, load_chunk, load_table, open};
use ramkey_loader_core::drive::Disk;
use ramkey_loader_core::file::{FileError, FileReader};
use ramkey_loader_core::progress::{Clock, Progress};
use ramkey_loader_core::screen::{Text, say};
use ramkey_loader_core::volume::{FileEntry, Volume};

use crate::choose::stop_damaged;
use crate::console::Console;
use crate::disk::Int13;
use crate::halt::{Within, stop, stop_for};
use crate::low::{Ram, Region};
use crate::{bios, low};

/// Ticks between two drawings of the progress line.
const REDRAW: u32 = 4;
/// Bytes that are copied between two calls that let interrupts in: the reads do so too, and may be single sectors.
const QUIET: u32 = 32 << 10;
/// Bytes that are cleared at once, between two looks at the clock.
const CLEAR_PIECE: u32 = 1 << 20;

/// A disk in memory, proven.
pub struct RamDisk {
    /// What the capsule says of it.
    pub header: CapsuleHeader,
    /// The memory that it lies in.
    pub memory: Region,
}

impl RamDisk {
    /// Linear address of its first sector.
    pub fn base(&self) -> u32 {
        self.memory.start()
    }

    /// Bytes before the image: the track that a partition image gets.
    fn lead_len(&self) -> u32 {
        self.header.lead_sectors.get() << SECTOR_SHIFT
    }

    /// The start of the hash of what is in memory, for the screen.
    pub fn hash(&self) -> [u8; 8] {
        let mut hash = [0; 8];
        hash.copy_from_slice(&self.header.ram_blake3[..8]);
        hash
    }

    /// The start of the original's hash, if something of it was left out.
    pub fn original(&self) -> Option<[u8; 8]> {
        let CapsuleHeader { image_blake3, ram_blake3, .. } = &self.header;
        let start = image_blake3.first_chunk().copied();
        start.filter(|_| image_blake3 != ram_blake3)
    }

    /// Linear address of a CD's boot image.
    pub fn boot_image(&self) -> u32 {
        self.base() + self.header.disc.load_lba.get() * DISC_SECTOR_LEN as u32
    }
}

/// Loads `file` to the top of memory; takes the RAM disk out of `ram`. Stops if anything is wrong.
pub fn load(
    console: &mut Console,
    disk: &mut Disk<Int13>,
    volume: &mut impl Volume,
    file: &FileEntry,
    ram: &mut Ram,
) -> RamDisk {
    let mut reader = FileReader::new(disk, volume, *file);
    let header = match open(&mut reader) {
        Ok(header) => header,
        Err(damage) => stop_damaged(console, file, damage),
    };
    let need = header.need();
    let Some((mut memory, lent)) = ram.place(need.disk, need.lent()) else {
        stop(console, errors::TOO_LITTLE_MEMORY, None);
    };
    let last_page = memory.len() - Need::PAGE_LEN as u32;
    for end in [&mut *lent, memory.bytes_mut(last_page, Need::PAGE_LEN as u32)] {
        if !low::holds(end) {
            let address = end.as_ptr() as u32;
            stop(console, errors::MEMORY_WRONG, Some(say::no_memory_at(address).as_message()));
        }
    }
    let (scratch, table) = lent.split_at_mut(need.scratch as usize);
    let mut ram_disk = RamDisk { memory, header };
    let lead_len = ram_disk.lead_len();
    let RamDisk { header, memory } = &mut ram_disk;
    console.loading(header.title().unwrap_or(b""));

    let table = match load_table(&mut reader, header, table) {
        Ok(table) => table,
        Err(damage) => stop_damaged(console, file, damage),
    };
    let mut meter = Meter::new(header.image_len.get());
    for (index, entry) in (0..).zip(table) {
        let loaded = header.window(index, entry).map_err(ChunkError::Format).and_then(|window| {
            let len = (window.end - window.start) as u32;
            let window = memory.bytes_mut(lead_len + window.start as u32, len);
            let progress = &mut |bytes| meter.show(console, bytes);
            load_chunk(&mut reader, header, entry, index, window, scratch, progress)
        });
        if let Err(error) = loaded {
            stop_chunk(console, &mut reader, header, entry, index, error);
        }
    }
    let (percent, numbers) = meter.numbers(console);
    console.loaded(percent, &numbers);
    clear_rest(&mut ram_disk);
    ram_disk
}

/// Zeros before and behind the image.
fn clear_rest(ram_disk: &mut RamDisk) {
    let lead_len = ram_disk.lead_len();
    let image_end = lead_len + ram_disk.header.image_len.get() as u32;
    for (start, end) in [(0, lead_len), (image_end, ram_disk.memory.len())] {
        let mut start = start;
        while start < end {
            let len = (end - start).min(CLEAR_PIECE);
            ram_disk.memory.bytes_mut(start, len).fill(0);
            start += len;
            // Lets the interrupts in that are waiting.
            bios::key_waits();
        }
    }
}

/// Stops because of a chunk: the code, the LBA, and which bytes of the image are not there.
fn stop_chunk(
    console: &mut Console,
    reader: &mut FileReader<'_, Disk<Int13>, impl Volume>,
    header: &CapsuleHeader,
    entry: &ChunkEntry,
    index: u32,
    error: ChunkError,
) -> ! {
    let start = index << header.chunk_shift;
    let end = start + header.raw_len(index) as u32;
    console.end_line();
    let code = match error {
        ChunkError::File(FileError::Volume(error)) => stop_for(console, error, Within::Bytes(start, end)),
        ChunkError::MemoryWrong => errors::MEMORY_WRONG,
        _ => errors::CHUNK_WRONG,
    };
    match reader.lba_of(entry.stored_offset.get()) {
        Some(lba) => {
            let lba = say::lba(lba as u32);
            stop(console, code, Some(say::in_bytes(start, end, lba.as_message()).as_message()))
        }
        None => stop(console, code, Some(say::bytes(start, end).as_message())),
    }
}

/// How far it is.
struct Meter {
    progress: Progress,
    clock: Clock,
    drawn: u32,
    /// Bytes since interrupts were let in.
    quiet: u32,
    /// Chunks that were wrong and are read again.
    repeats: u32,
}

impl Meter {
    fn new(total: u64) -> Self {
        Self {
            progress: Progress::new(total),
            clock: Clock::new(bios::ticks()),
            drawn: 0,
            quiet: 0,
            repeats: 0,
        }
    }

    /// Counts bytes, lets waiting interrupts in, and draws now and then.
    fn show(&mut self, console: &mut Console, bytes: i32) {
        self.quiet += bytes.unsigned_abs();
        if bytes <= 0 || self.quiet >= QUIET {
            self.quiet = 0;
            bios::key_waits();
        }
        let elapsed = self.clock.elapsed(bios::ticks());
        self.progress.advance(bytes, elapsed);
        self.repeats += u32::from(bytes < 0);
        if elapsed - self.drawn >= REDRAW {
            self.drawn = elapsed;
            self.draw(console);
        }
    }

    fn draw(&self, console: &mut Console) {
        let (percent, numbers) = self.numbers(console);
        console.progress(percent, &numbers);
    }

    /// Per cent, and everything else in words.
    fn numbers(&self, console: &Console) -> (u8, Text) {
        let (done, total) = (self.progress.done() as u32, self.progress.total() as u32);
        let percent = self.progress.percent() as u8;
        let mut line = match (self.progress.kib_per_second(), self.progress.seconds_left()) {
            (Some(rate), Some(left)) => console.words(&say::loaded_timed(done, total, percent, rate, left)),
            (Some(rate), None) => console.words(&say::loaded_at_rate(done, total, percent, rate)),
            (None, _) => console.words(&say::loaded(done, total, percent)),
        };
        match self.repeats {
            0 => {}
            1 => console.append(&mut line, &say::read_again_once()),
            times => console.append(&mut line, &say::read_again(times)),
        }
        (percent, line)
    }
}
