//! The order of events, from stage 2 to the image's first sector.

use ramkey_format::boot::{BootHeader, NO_WAIT, START_KEY_REPORT};
use ramkey_format::capsule::{DRIVES_MAX, flags};
use ramkey_format::errors;
use ramkey_format::memory::STAGE2_LOAD;
use ramkey_loader_core::drive::Disk;
use ramkey_loader_core::fat::Volume;
use ramkey_loader_core::menu::Key;
use ramkey_loader_core::progress::{Clock, seconds, ticks};
use ramkey_loader_core::report::Memory;
use ramkey_loader_core::settle::settle;

use crate::console::Console;
use crate::copy_mode::{CopyMode, bios_copies};
use crate::halt::{Text, stop, stop_for};
use crate::{a20, bios, choose, disk, images, install, load, low, map, report};

/// Bytes of the file allocation table that are kept in memory.
const FAT_WINDOW: usize = 8 << 10;

/// Boots an image, or says why not.
pub fn run() -> ! {
    let info = bios::boot_info();
    // Before any BIOS call: each one checks A20 and would switch it on by itself.
    if a20::switch_on().is_none() {
        stop(&mut Console::silent(), errors::NO_PROTECTED_MODE_MEMORY, b"");
    }
    let mut console = Console::new();
    console.line(concat!("ramkey ", env!("CARGO_PKG_VERSION")).as_bytes());

    let Some((mut map, base_kib, source)) = map::ask() else {
        stop(&mut console, errors::NO_MEMORY_MAP, b"");
    };
    report::note_memory(Memory { ram: map.total_ram(), base_kib, source });
    let sector: [u8; 512] = low::read(STAGE2_LOAD);
    let Ok(header) = BootHeader::parse(&sector) else {
        stop(&mut console, errors::LOADER_CHECKSUM, b"boot header");
    };

    let mut stick = disk::stick(&info);
    let mut line = Text::new();
    line.text("memory ").mib(map.total_ram()).text(" MB, drive ").hex(u64::from(info.drive), 2).text("h by ");
    line.text(stick.method().name());
    console.line(line.as_bytes());
    if u32::from(info.start_key) == START_KEY_REPORT {
        report::ask(&mut console, &mut stick);
    }

    let mut window = [0; FAT_WINDOW];
    let volume_lba = stick.first_visible(u64::from(header.volume_lba.get()));
    let mut disk = Disk::new(disk::Int13, stick);
    settle(&mut disk, volume_lba, &mut window, || {
        console.line(b"Heads not measured: trying which of them prove the image.");
    });
    let mut volume = match Volume::open(&mut disk, volume_lba, &mut window) {
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
    let installed = install::install(&mut console, &disks, &mut map, base_kib, info.drive, a20::worked());

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
    if copy == CopyMode::Int15 && !bios_copies(disks[0].as_ref().map_or(0, |boot| boot.base)) {
        console.line(b"INT 15h does not copy on this machine: INT 13h will copy by itself.");
        copy = CopyMode::Auto;
    }
    install::hand_off(&installed, copy)
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
