//! The order of events, from stage 2 to the image's first sector.

use ramkey_format::boot::{BootHeader, BootInfo, HEADER_IS_DISC, NO_WAIT, START_KEY_REPORT, VOLUME_ISO9660};
use ramkey_format::capsule::{DRIVES_MAX, flags};
use ramkey_format::errors;
use ramkey_loader_core::copy_mode::CopyMode;
use ramkey_loader_core::drive::Disk;
use ramkey_loader_core::fat::Fat;
use ramkey_loader_core::iso9660::Iso9660;
use ramkey_loader_core::menu::Key;
use ramkey_loader_core::progress::{Clock, seconds, ticks};
use ramkey_loader_core::report::Memory;
use ramkey_loader_core::screen::say;
use ramkey_loader_core::settle::{reaches, settle};
use ramkey_loader_core::volume::FileSystem;

use crate::bios_copy::bios_copies;
use crate::console::Console;
use crate::disc::Stamp;
use crate::disk::Int13;
use crate::halt::{Within, stop, stop_for};
use crate::load::RamDisk;
use crate::low::Ram;
use crate::{a20, bios, choose, disc, disk, images, install, load, low, map, report};

/// Bytes of the volume's tables that are kept in memory.
const WINDOW: usize = 8 << 10;

/// Boots an image, or says why not.
pub fn run() -> ! {
    let info = low::boot_info();
    // Before any BIOS call: each one checks A20 and would switch it on by itself.
    if a20::switch_on().is_none() {
        stop(&mut Console::silent(), errors::NO_PROTECTED_MODE_MEMORY, None);
    }
    let mut console = Console::new();

    let Some((map, base_kib, source)) = map::ask() else {
        stop(&mut console, errors::NO_MEMORY_MAP, None);
    };
    report::note_memory(Memory { ram: map.total_ram(), base_kib, source });
    let ram = Ram::take(map);
    let sector = low::boot_header();
    let Ok(header) = BootHeader::parse(&sector) else {
        stop(&mut console, errors::LOADER_CHECKSUM, Some(say::boot_header_damaged().as_message()));
    };

    let is_iso9660 = u32::from(header.volume_kind) == VOLUME_ISO9660;
    let mut medium = disk::medium(&info, is_iso9660);
    console.show_machine(ram.map().total_ram(), info.drive, medium.method());
    if u32::from(info.start_key) == START_KEY_REPORT {
        report::ask(&mut console, &mut medium);
        console.start_afresh();
    }
    let disk = Disk::new(Int13::new(), medium);
    let start = Start {
        console,
        header,
        stamp: Stamp { header: &sector, lba: info.boot_lba.get().into() },
        ram,
        base_kib,
    };
    if is_iso9660 {
        boot_from::<Iso9660>(start, disk, 0, info.drive);
    }
    boot_from_fat(start, disk, &info)
}

/// What a boot begins with, beside the medium.
struct Start<'s> {
    console: Console,
    header: &'s BootHeader,
    stamp: Stamp<'s>,
    ram: Ram,
    base_kib: u16,
}

/// Boots an image from the FAT of a stick, or of a disc that the BIOS shows as one; from the disc itself, if what the BIOS
/// shows ends too soon.
fn boot_from_fat(mut start: Start<'_>, mut disk: Disk<Int13>, info: &BootInfo) -> ! {
    let lba = disk.drive().first_visible(u64::from(start.header.volume_lba.get()));
    let mut window = [0; WINDOW];
    settle::<Fat, _>(&mut disk, lba, &mut window, || {
        start.console.say(&say::trying_heads());
    });
    if start.is_disc_too() && !reaches::<Fat, _>(&mut disk, lba, &mut window) {
        start.console.say(&say::looking_for_disc());
        if let Some((drive, number)) = disc::find_itself(&mut disk, &start.stamp) {
            start.console.say(&say::disc_found(drive.number()));
            *disk.drive_mut() = drive;
            boot_from::<Iso9660>(start, disk, 0, number);
        }
        start.console.say(&say::no_disc());
    }
    boot_from::<Fat>(start, disk, lba, info.drive)
}

impl Start<'_> {
    /// Whether the medium is a disc as well, or was meant to be one.
    fn is_disc_too(&self) -> bool {
        self.header.flags.get() & HEADER_IS_DISC != 0
    }
}

/// Boots an image from the volume at `volume_lba` of `disk`, or says why not. `number` shows the medium too.
fn boot_from<F: FileSystem>(start: Start<'_>, mut disk: Disk<Int13>, volume_lba: u64, number: u8) -> ! {
    let may_be_disc = start.is_disc_too();
    let Start { mut console, header, stamp, mut ram, base_kib } = start;
    let map = ram.map();
    let mut window = [0; WINDOW];
    let mut volume = match F::open(&mut disk, volume_lba, &mut window) {
        Ok(volume) => volume,
        Err(error) => stop_for(&mut console, error, Within::Stick),
    };
    let room = map.largest_fit();
    let total = map.total_ram();
    let images = images::find(&mut console, &mut disk, &mut volume, map);
    let mut copy = None;
    let image = choose::choose(&mut console, &images, room, total, header.menu_timeout, &mut copy);

    if image.companions[0].is_some() {
        console.end_line();
        console.say(&say::together(image.files().count() as u32, image.need));
    }
    let mut disks = [const { None }; DRIVES_MAX];
    for (file, place) in image.files().zip(&mut disks) {
        *place = Some(load::load(&mut console, &mut disk, &mut volume, &file, &mut ram));
    }
    let stored = disks[0].as_ref().map_or(0, |boot| boot.header.flags.get());
    let is_kept = stored & flags::KEEP_STICK != 0;
    let medium = disc::leave(&mut disk, &stamp, number, may_be_disc, is_kept);
    let mut install = |console: &mut Console, disks: &mut [Option<RamDisk>]| {
        install::install(console, disks, &mut ram, base_kib, medium.number, a20::worked())
    };
    // What is installed depends on the kind, so it waits for who may know better.
    let is_guess = stored & flags::KIND_IS_GUESS != 0 && header.start_timeout != NO_WAIT;
    let installed = (!is_guess).then(|| install(&mut console, &mut disks));

    let mark = console.mark();
    let show = |console: &mut Console| {
        console.back_to(mark);
        show_proven(console, &disks, medium.is_disc, is_kept);
        if is_guess {
            console.say(&say::kind_is_guess());
        }
    };
    show(&mut console);
    let mut copy = copy.unwrap_or(CopyMode::of(stored));
    let last = wait(&mut console, header.start_timeout, &mut copy, &show);
    let installed = installed.unwrap_or_else(|| {
        if let (Some(Key::Kind), Some(boot)) = (last, &mut disks[0]) {
            boot.header.become_hard_disk();
            console.say(&say::is_hard_disk());
        }
        install(&mut console, &mut disks)
    });
    if copy == CopyMode::Int15
        && let Some(boot) = &disks[0]
        && !bios_copies(disk.bios().bounce(), boot)
    {
        console.say(&say::no_int15());
        copy = CopyMode::Auto;
    }
    console.leave();
    // The calls of the screen do not tell that A20 stays off; this one does.
    bios::key_waits();
    install::hand_off(installed, copy)
}

/// Says that the disks are in memory and proven, and whether the medium must stay.
fn show_proven(console: &mut Console, disks: &[Option<RamDisk>], is_disc: bool, is_kept: bool) {
    let what = match (is_disc, is_kept) {
        (false, false) => say::remove_stick(),
        (false, true) => say::leave_stick(),
        (true, false) => say::remove_disc(),
        (true, true) => say::leave_disc(),
    };
    console.frame(&what, !is_kept);
    console.end_line();
    let last = disks.iter().flatten().count() - 1;
    for (place, ram_disk) in disks.iter().flatten().enumerate() {
        if let Some(original) = ram_disk.original() {
            console.say(&say::trimmed(&original));
        }
        let hash = &ram_disk.hash();
        console.say(&match (place < last, is_disc, is_kept) {
            (true, _, _) => say::proven(hash),
            (_, false, false) => say::proven_remove(hash),
            (_, false, true) => say::proven_keep(hash),
            (_, true, false) => say::proven_remove_disc(hash),
            (_, true, true) => say::proven_keep_disc(hash),
        });
    }
}

/// Waits `timeout` seconds or for a key, which it gives; 0 waits for a key only. The key C changes `copy` and stops the
/// countdown. So does L, which changes the language: `show` says everything else again.
fn wait(console: &mut Console, timeout: u8, copy: &mut CopyMode, show: &dyn Fn(&mut Console)) -> Option<Key> {
    if timeout == NO_WAIT {
        return None;
    }
    let mut clock = Clock::new(bios::ticks());
    let mut total = Some(ticks(timeout)).filter(|_| timeout != 0);
    let mut shown = u32::MAX;
    let mut last = None;
    loop {
        match console.key() {
            Some(Key::Copy) => {
                *copy = copy.next();
                total = None;
                shown = u32::MAX;
            }
            Some(Key::Language) => {
                console.switch_language(show);
                total = None;
                shown = u32::MAX;
            }
            Some(key) => {
                last = Some(key);
                break;
            }
            None => {}
        }
        let elapsed = clock.elapsed(bios::ticks());
        if total.is_some_and(|total| elapsed >= total) {
            break;
        }
        let left = total.map_or(0, |total| seconds(total.saturating_sub(elapsed + 1)) + 1);
        if left != shown {
            shown = left;
            let mut line = match total {
                None => console.words(&say::press_key()),
                Some(_) => console.words(&say::starts_in(left)),
            };
            if *copy != CopyMode::Auto {
                line.byte(b' ');
                console.append(&mut line, &say::copies(*copy));
            }
            console.count_down(&line);
        }
    }
    console.end_line();
    last
}
