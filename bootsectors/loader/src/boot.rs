//! The order of events, from stage 2 to the image's first sector.

use ramkey_format::boot::{BootHeader, NO_WAIT};
use ramkey_format::errors;
use ramkey_format::memory::STAGE2_LOAD;
use ramkey_loader_core::drive::{Disk, Method};
use ramkey_loader_core::fat::{FatError, Volume};
use ramkey_loader_core::progress::{Clock, seconds, ticks};

use crate::console::Console;
use crate::halt::{Text, stop};
use crate::{a20, bios, choose, disk, install, load, low, map};

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
    let images = choose::images(&mut console, &mut disk, &mut volume, room);
    let file = choose::choose(&mut console, &images, room, map.total_ram(), header.menu_timeout);

    let ram_disk = load::load(&mut console, &mut disk, &mut volume, &file, &mut map);
    let resident = install::install(&mut console, &ram_disk, &mut map, base_kib, info.drive, a20_method);

    let mut line = Text::new();
    line.text("In memory and proven: BLAKE3 ").hash(&ram_disk.header.image_blake3[..8]);
    line.text(". You may remove the stick.");
    console.line(b"");
    console.line(line.as_bytes());
    wait(&mut console, header.start_timeout);
    install::hand_off(&ram_disk, resident)
}

/// Waits `timeout` seconds or for a key; 0 waits for a key only.
fn wait(console: &mut Console, timeout: u8) {
    if timeout == NO_WAIT {
        return;
    }
    let mut clock = Clock::new(bios::ticks());
    let total = ticks(timeout);
    let mut shown = u32::MAX;
    loop {
        if console.key().is_some() {
            break;
        }
        let elapsed = clock.elapsed(bios::ticks());
        if timeout != 0 && elapsed >= total {
            break;
        }
        let left = seconds(total.saturating_sub(elapsed + 1)) + 1;
        if left != shown {
            shown = left;
            let mut line = Text::new();
            match timeout {
                0 => line.text("Press a key to start."),
                _ => line.text("Starting in ").decimal(left).text(" s; a key starts now. "),
            };
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
