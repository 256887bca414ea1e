//! The order of events, from stage 2 to the image's first sector.

use ramkey_format::boot::{BootHeader, NO_WAIT};
use ramkey_format::capsule::{DRIVES_MAX, flags};
use ramkey_format::errors;
use ramkey_format::memory::STAGE2_LOAD;
use ramkey_format::resident::{COPY_AUTO, COPY_DIRECT, COPY_INT15};
use ramkey_loader_core::drive::{Disk, Method};
use ramkey_loader_core::fat::{FatError, Volume};
use ramkey_loader_core::menu::Key;
use ramkey_loader_core::progress::{Clock, seconds, ticks};

use crate::console::Console;
use crate::halt::{Text, stop};
use crate::{a20, bios, choose, disk, images, install, load, low, map};

/// Bytes of the file allocation table that are kept in memory.
const FAT_WINDOW: usize = 8 << 10;

/// Boots an image, or says why not.
pub fn run() -> ! {
    let info = bios::boot_info();
    // Before any BIOS call: each one checks A20 and would switch it on by itself.
    let Some(a20_method) = a20::switch_on() else {
        stop(&mut Console::silent(), errors::NO_PROTECTED_MODE_MEMORY, b"");
    };
    let mut console = Console::new();
    console.line(concat!("ramkey ", env!("CARGO_PKG_VERSION")).as_bytes());

    let Some((mut map, base_kib)) = map::ask() else {
        stop(&mut console, errors::NO_MEMORY_MAP, b"");
    };
    let sector: [u8; 512] = low::read(STAGE2_LOAD);
    let Ok(header) = BootHeader::parse(&sector) else {
        stop(&mut console, errors::LOADER_CHECKSUM, b"boot header");
    };

    let stick = disk::stick(&info);
    let mut line = Text::new();
    line.text("memory ").mib(map.total_ram()).text(" MB, drive ").hex(u64::from(info.drive), 2).text("h by ");
    line.text(if stick.method() == Method::Edd { "EDD" } else { "CHS" });
    console.line(line.as_bytes());

    let mut window = [0; FAT_WINDOW];
    let mut disk = Disk::new(disk::Int13, stick);
    let mut volume = match Volume::open(&mut disk, u64::from(header.volume_lba.get()), &mut window) {
        Ok(volume) => volume,
        Err(error) => stop_for(&mut console, error, b""),
    };
    let room = map.largest_fit();
    let ram = map.total_ram();
    let images = images::find(&mut console, &mut disk, &mut volume, &map);
    let mut copy = None;
    let image = choose::choose(&mut console, &images, room, ram, header.menu_timeout, &mut copy);

    if image.companions[0].is_some() {
        let mut line = Text::new();
        line.decimal(image.files().count() as u32).text(" images belong together and need ");
        line.needed_mib(image.need).text(" MB.");
        console.line(b"");
        console.line(line.as_bytes());
    }
    let mut disks = [const { None }; DRIVES_MAX];
    for (file, place) in image.files().zip(&mut disks) {
        *place = Some(load::load(&mut console, &mut disk, &mut volume, &file, &mut map));
    }
    let stored = disks[0].as_ref().map_or(0, |boot| boot.header.flags.get());
    let installed = install::install(&mut console, &disks, &mut map, base_kib, info.drive, a20_method);

    console.line(b"");
    let last = disks.iter().flatten().count() - 1;
    for (place, ram_disk) in disks.iter().flatten().enumerate() {
        let mut line = Text::new();
        line.text("In memory and proven: BLAKE3 ").hash(&ram_disk.header.image_blake3[..8]).text(".");
        if place == last {
            line.text(if stored & flags::KEEP_STICK != 0 {
                " Leave the stick plugged in."
            } else {
                " You may remove the stick."
            });
        }
        console.line(line.as_bytes());
    }
    let mut copy = copy.unwrap_or(CopyMode::of(stored));
    wait(&mut console, header.start_timeout, &mut copy);
    install::hand_off(&installed, copy)
}

/// How INT 13h moves bytes between the RAM disk and below 1 MiB.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CopyMode {
    /// Our own mode switch, and INT 15h AH=87h in V86 mode.
    Auto,
    /// Our own mode switch wherever the processor allows it.
    Direct,
    /// INT 15h AH=87h.
    Int15,
}

impl CopyMode {
    /// What the flags of a capsule say.
    fn of(stored: u32) -> Self {
        match stored & (flags::COPY_DIRECT | flags::COPY_INT15) {
            flags::COPY_DIRECT => Self::Direct,
            flags::COPY_INT15 => Self::Int15,
            _ => Self::Auto,
        }
    }

    /// The one that the key C chooses next.
    pub fn next(self) -> Self {
        match self {
            Self::Auto => Self::Direct,
            Self::Direct => Self::Int15,
            Self::Int15 => Self::Auto,
        }
    }

    /// For the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Direct => "direct",
            Self::Int15 => "INT 15h",
        }
    }

    /// For the engine.
    pub fn value(self) -> u8 {
        (match self {
            Self::Auto => COPY_AUTO,
            Self::Direct => COPY_DIRECT,
            Self::Int15 => COPY_INT15,
        }) as u8
    }
}

/// Waits `timeout` seconds or for a key; 0 waits for a key only. The key C changes `copy` and stops the countdown.
fn wait(console: &mut Console, timeout: u8, copy: &mut CopyMode) {
    if timeout == NO_WAIT {
        return;
    }
    let mut clock = Clock::new(bios::ticks());
    let mut total = Some(ticks(timeout)).filter(|_| timeout != 0);
    let mut shown = u32::MAX;
    loop {
        match console.key() {
            Some(Key::Copy) => {
                *copy = copy.next();
                total = None;
                shown = u32::MAX;
            }
            Some(_) => break,
            None => {}
        }
        let elapsed = clock.elapsed(bios::ticks());
        if total.is_some_and(|total| elapsed >= total) {
            break;
        }
        let left = total.map_or(0, |total| seconds(total.saturating_sub(elapsed + 1)) + 1);
        if left != shown {
            shown = left;
            let mut line = Text::new();
            match total {
                None => line.text("Press a key to start."),
                Some(_) => line.text("Starting in ").decimal(left).text(" s; a key starts now. "),
            };
            if *copy != CopyMode::Auto {
                line.text(" INT 13h copies: ").text(copy.name()).text(".");
            }
            line.pad_to(60);
            console.over(line.as_bytes());
        }
    }
    console.line(b"");
}

/// Stops because of the drive or the file system; `details` go in front of the numbers.
pub fn stop_for(console: &mut Console, error: FatError, details: &[u8]) -> ! {
    let mut line = Text::new();
    line.bytes(details);
    let code = match error {
        FatError::Read(read) => {
            line.text("status ").hex(u64::from(read.status), 2).text("h, LBA ").decimal(read.lba as u32);
            errors::READ_FAILED
        }
        FatError::NoFileSystem => errors::NO_FILE_SYSTEM,
        FatError::NoFolder => errors::NO_FOLDER,
        FatError::Broken { cluster } => {
            line.text("cluster ").decimal(cluster);
            errors::BAD_FILE_SYSTEM
        }
    };
    stop(console, code, line.as_bytes())
}
