//! Which image to boot: what fits, and the menu.

use ramkey_format::boot::NO_WAIT;
use ramkey_format::capsule::CapsuleError;
use ramkey_format::errors;
use ramkey_loader_core::capsule::OpenError;
use ramkey_loader_core::fat::FileEntry;
use ramkey_loader_core::file::FileError;
use ramkey_loader_core::menu::{Action, Entry, Menu};
use ramkey_loader_core::progress::Clock;

use crate::bios;
use crate::console::Console;
use crate::copy_mode::CopyMode;
use crate::halt::{Text, stop, stop_for};
use crate::images::{Damage, Image, Images};

/// Rows of the menu; more images scroll.
const ROWS: usize = 12;
/// Images that are named when another does not fit.
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
        let Some(image) = images.get(0) else { stop(console, errors::NO_CAPSULE, b"") };
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
            let mut line = Text::new();
            line.bytes(&name).text(".RKC");
            stop(console, errors::NO_COMPANION, line.as_bytes());
        }
        None => {}
    }
    if !image.fits {
        console.line(b"");
        explain(console, images, image, room, ram);
        stop(console, errors::TOO_LITTLE_MEMORY, b"");
    }
}

/// Says what the machine has, what `image` needs, and which images would fit.
fn explain(console: &mut Console, images: &Images, image: &Image, room: u64, ram: u64) {
    let mut line = Text::new();
    line.text("This machine has ")
        .mib(ram)
        .text(" MB, of which ")
        .free_mib(room)
        .text(" MB can hold an image.");
    console.line(line.as_bytes());
    let mut line = Text::new();
    line.bytes(&image.title.as_bytes()[..image.title.as_bytes().len().min(48)]);
    line.text(" needs ").needed_mib(image.need).text(" MB.");
    console.line(line.as_bytes());
    let mut any = false;
    for other in images.iter().filter(|other| other.fits).take(NAMED) {
        let mut line = Text::new();
        line.text("Would fit: ").bytes(&other.title.as_bytes()[..other.title.as_bytes().len().min(48)]);
        line.text(", ").needed_mib(other.need).text(" MB.");
        console.line(line.as_bytes());
        any = true;
    }
    if !any {
        console.line(b"No image on this stick would fit.");
    }
}

/// Stops because a capsule is not what it should be.
pub fn stop_damaged(console: &mut Console, file: &FileEntry, damage: OpenError) -> ! {
    let mut line = Text::new();
    line.bytes(&file.name[..8]).text(".RKC: ");
    let code = match damage {
        OpenError::File(FileError::Fat(error)) => stop_for(console, error, line.as_bytes()),
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
        OpenError::HeaderHash => "header hash",
        OpenError::TableHash | OpenError::MemoryWrong => "table hash",
        OpenError::ImageHash => "image hash",
        OpenError::Truncated { .. } | OpenError::File(_) => "too short",
        _ => "header",
    };
    line.text(what);
    stop(console, code, line.as_bytes())
}

fn menu(
    console: &mut Console,
    images: &Images,
    room: u64,
    ram: u64,
    timeout: u8,
    copy: &mut Option<CopyMode>,
) -> Image {
    let mut menu = Menu::new(ROWS, timeout);
    for image in images.iter() {
        let mib = ((image.need + 0xF_FFFF) >> 20) as u32;
        menu.push(Entry { title: image.title, mib, fits: image.fits });
    }
    console.line(b"");
    console.line(b"Choose an image: arrow keys and Enter, or its number.");
    let top = console.cursor_row();
    if timeout != NO_WAIT {
        draw(console, &menu, images, top, *copy);
    }
    let mut clock = Clock::new(bios::ticks());
    loop {
        let action = match console.key() {
            Some(key) => menu.key(key),
            None => menu.tick(clock.elapsed(bios::ticks())),
        };
        match action {
            Action::None => {}
            Action::SwitchCopy => {
                *copy = Some(copy.map_or(CopyMode::Direct, CopyMode::next));
                draw(console, &menu, images, top, *copy);
            }
            Action::Redraw => draw(console, &menu, images, top, *copy),
            Action::Boot(index) | Action::Refused(index) => {
                let Some(image) = images.get(index) else { continue };
                if matches!(action, Action::Boot(_)) {
                    console.line(b"");
                    return *image;
                }
                draw(console, &menu, images, top, *copy);
                match image.damage {
                    Some(Damage::Capsule(_)) => console.line(b"This image file is damaged."),
                    Some(Damage::Missing(name)) => {
                        let mut line = Text::new();
                        line.text("An image that belongs to this one is missing: ").bytes(&name).text(".RKC");
                        console.line(line.as_bytes());
                    }
                    None => explain(console, images, image, room, ram),
                }
            }
        }
    }
}

fn draw(console: &mut Console, menu: &Menu, images: &Images, top: u8, copy: Option<CopyMode>) {
    console.row(top);
    for index in menu.window() {
        let (Some(entry), Some(image)) = (menu.entry(index), images.get(index)) else { continue };
        let mut line = Text::new();
        line.text(if index == menu.selected() { "> " } else { "  " });
        line.decimal_wide(index as u32 + 1, 2).text("  ");
        line.bytes(&entry.title.as_bytes()[..entry.title.as_bytes().len().min(44)]).pad_to(52);
        match image.damage {
            Some(Damage::Capsule(_)) => line.text("damaged"),
            Some(Damage::Missing(_)) => line.text("incomplete"),
            None => line.decimal_wide(entry.mib, 4).text(" MB").text(if entry.fits {
                ""
            } else {
                "  does not fit"
            }),
        };
        line.pad_to(78);
        console.line(line.as_bytes());
    }
    let mut line = Text::new();
    if let Some(left) = menu.seconds_left() {
        line.text("Starting the marked one in ").decimal(left).text(" s. ");
    }
    if let Some(copy) = copy {
        line.text("INT 13h copies: ").text(copy.name()).text(".");
    }
    line.pad_to(78);
    console.line(line.as_bytes());
}
