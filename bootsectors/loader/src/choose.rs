//! Which image to boot: what fits, and the menu.

use ramkey_format::boot::NO_WAIT;
use ramkey_format::capsule::CapsuleError;
use ramkey_format::errors;
use ramkey_loader_core::capsule::OpenError;
use ramkey_loader_core::copy_mode::CopyMode;
use ramkey_loader_core::file::FileError;
use ramkey_loader_core::menu::{Action, Menu, MenuEntry};
use ramkey_loader_core::page::Row;
use ramkey_loader_core::progress::Clock;
use ramkey_loader_core::screen::{Text, say};
use ramkey_loader_core::volume::FileEntry;

use crate::bios;
use crate::console::Console;
use crate::halt::{Within, stop, stop_for};
use crate::images::{Damage, Image, Images};

/// Images that are named when another does not fit, and one where the screen is narrow.
const NAMED: usize = 4;
/// Seconds that the menu waits when a key opened it on a stick that does not wait.
const OPENED_BY_KEY: u8 = 30;

/// The image to boot: the only one, or what the menu says. Stops when none can be booted.
pub fn choose(
    console: &mut Console,
    images: &Images,
    room: u64,
    ram: u64,
    timeout: u8,
    copy: &mut Option<CopyMode>,
) -> Image {
    let key = console.key();
    if images.count() == 1 && key.is_none() {
        let Some(image) = images.get(0) else { stop(console, errors::NO_CAPSULE, None) };
        refuse_if_needed(console, images, image, room, ram);
        return *image;
    }
    if !images.iter().any(|image| image.fits)
        && let Some(image) = images.get(0)
    {
        refuse_if_needed(console, images, image, room, ram);
    }
    // The key may be older than this program: it opens the menu, but does not stop its countdown.
    let timeout = if key.is_some() && timeout == NO_WAIT { OPENED_BY_KEY } else { timeout };
    menu(console, images, room, ram, timeout, copy)
}

/// Stops with the reason if `image` cannot be booted.
fn refuse_if_needed(console: &mut Console, images: &Images, image: &Image, room: u64, ram: u64) {
    match image.damage {
        Some(Damage::Capsule(damage)) => stop_damaged(console, &image.file, damage),
        Some(Damage::Missing(name)) => {
            stop(console, errors::NO_COMPANION, Some(say::file(&name).as_message()));
        }
        None => {}
    }
    if !image.fits {
        console.halt();
        console.end_line();
        explain(console, images, image, room, ram);
        stop(console, errors::TOO_LITTLE_MEMORY, None);
    }
}

/// Says what the machine has, what `image` needs, and which images would fit.
fn explain(console: &mut Console, images: &Images, image: &Image, room: u64, ram: u64) {
    console.say(&say::machine_has(ram, room));
    console.say(&say::needs(image.title.as_bytes(), image.need));
    let mut any = false;
    let named = if console.is_narrow() { 1 } else { NAMED };
    for other in images.iter().filter(|other| other.fits).take(named) {
        console.say(&say::would_fit(other.title.as_bytes(), other.need));
        any = true;
    }
    if !any {
        console.say(&say::none_would_fit());
    }
}

/// Stops because a capsule is not what it should be.
pub fn stop_damaged(console: &mut Console, file: &FileEntry, damage: OpenError) -> ! {
    let name = file.stem();
    let code = match damage {
        OpenError::File(FileError::Volume(error)) => stop_for(console, error, Within::File(&name)),
        OpenError::Format(
            CapsuleError::Version { .. }
            | CapsuleError::UnknownFlags { .. }
            | CapsuleError::UnknownKind { .. }
            | CapsuleError::UnknownCodec { .. },
        ) => errors::NEWER_CAPSULE,
        OpenError::TableRoom { .. } => errors::TOO_LITTLE_MEMORY,
        OpenError::MemoryWrong => errors::MEMORY_WRONG,
        _ => errors::BAD_CAPSULE,
    };
    let what = match damage {
        OpenError::HeaderHash => say::header_hash_wrong(),
        OpenError::TableHash | OpenError::MemoryWrong => say::table_hash_wrong(),
        OpenError::ImageHash => say::image_hash_wrong(),
        OpenError::Format(CapsuleError::Chunk { .. } | CapsuleError::UnknownCodec { .. }) => {
            say::table_wrong()
        }
        OpenError::Truncated { .. } | OpenError::File(_) => say::too_short(),
        _ => say::header_wrong(),
    };
    stop(console, code, Some(say::in_file(&name, what.as_message()).as_message()))
}

fn menu(
    console: &mut Console,
    images: &Images,
    room: u64,
    ram: u64,
    timeout: u8,
    copy: &mut Option<CopyMode>,
) -> Image {
    let mut menu = Menu::new(console.menu_rows(), timeout);
    for image in images.iter() {
        menu.push(MenuEntry { title: image.title, fits: image.fits });
    }
    let reason = |console: &mut Console, image: &Image| match image.damage {
        Some(Damage::Capsule(_)) => console.say(&say::image_damaged()),
        Some(Damage::Missing(name)) => console.say(&say::companion_missing(&name)),
        None => explain(console, images, image, room, ram),
    };
    console.end_line();
    let mark = console.mark();
    let draw = |console: &mut Console, menu: &Menu, copy: Option<CopyMode>, is_new: bool| {
        draw(console, menu, images, copy, is_new);
        let refused = images.get(menu.selected()).filter(|image| !image.fits);
        if is_new && console.has_page() {
            console.back_to(mark);
            if let Some(image) = refused {
                console.quietly(&|console| reason(console, image));
            }
        }
    };
    console.menu(menu.count());
    if timeout != NO_WAIT {
        draw(console, &menu, *copy, true);
    }
    let mut clock = Clock::new(bios::ticks());
    loop {
        let key = console.key();
        let action = match key {
            Some(key) => menu.key(key),
            None => menu.tick(clock.elapsed(bios::ticks())),
        };
        match action {
            Action::None => {}
            Action::SwitchCopy => {
                *copy = Some(copy.map_or(CopyMode::Direct, CopyMode::next));
                draw(console, &menu, *copy, true);
            }
            Action::SwitchLanguage => {
                console.switch_language(&|console| console.menu(menu.count()));
                draw(console, &menu, *copy, true);
            }
            Action::Redraw => draw(console, &menu, *copy, key.is_some()),
            Action::Boot(index) | Action::Refused(index) => {
                let Some(image) = images.get(index) else { continue };
                if matches!(action, Action::Boot(_)) {
                    console.back_to(mark);
                    console.end_line();
                    return *image;
                }
                draw(console, &menu, *copy, true);
                console.back_to(mark);
                reason(console, image);
            }
        }
    }
}

fn draw(console: &mut Console, menu: &Menu, images: &Images, copy: Option<CopyMode>, is_new: bool) {
    console.begin_rows(is_new);
    for (place, index) in menu.window().enumerate() {
        let (Some(entry), Some(image)) = (menu.entry(index), images.get(index)) else { continue };
        let state = match image.damage {
            Some(Damage::Capsule(_)) => console.words(&say::entry_damaged()),
            Some(Damage::Missing(_)) => console.words(&say::entry_incomplete()),
            None if entry.fits || console.is_narrow() => console.words(&say::entry_needs(image.need)),
            None => console.words(&say::entry_does_not_fit(image.need)),
        };
        let (title, state) = (entry.title.as_bytes(), state.as_bytes());
        let row = Row { number: index + 1, title, state, fits: entry.fits };
        console.menu_row(place, &row, index == menu.selected());
    }
    let mut line = Text::new();
    if let Some(left) = menu.seconds_left() {
        console.append(&mut line, &say::menu_starts_in(left));
    }
    if let Some(copy) = copy {
        console.append(&mut line, &say::copies(copy));
    }
    console.end_rows(&mut line);
}
