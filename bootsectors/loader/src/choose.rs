//! Which image to boot: what is on the stick, what fits, and the menu.

use ramkey_format::boot::NO_WAIT;
use ramkey_format::capsule::{CapsuleError, CapsuleHeader, EXTENSION, FOLDER};
use ramkey_format::errors;
use ramkey_loader_core::capsule::{OpenError, open};
use ramkey_loader_core::drive::Disk;
use ramkey_loader_core::fat::{FileEntry, Volume};
use ramkey_loader_core::file::{FileError, FileReader};
use ramkey_loader_core::menu::{Action, ENTRIES_MAX, Entry, Menu, TITLE_MAX};
use ramkey_loader_core::progress::Clock;
use ramkey_loader_core::text::Line;

use crate::boot::stop_for;
use crate::console::Console;
use crate::disk::Int13;
use crate::halt::{Text, stop};
use crate::{bios, load};

/// Rows of the menu; more images scroll.
const ROWS: usize = 12;
/// Images that are named when another does not fit.
const NAMED: usize = 4;
/// Seconds that the menu waits when a key opened it on a stick that does not wait.
const OPENED_BY_KEY: u8 = 30;

/// An image on the stick.
#[derive(Clone, Copy)]
struct Image {
    file: FileEntry,
    title: Line<TITLE_MAX>,
    /// Bytes of memory that it needs.
    need: u64,
    fits: bool,
    damage: Option<OpenError>,
}

/// The images on the stick, in the order of the folder.
pub struct Images {
    images: [Option<Image>; ENTRIES_MAX],
    count: usize,
}

impl Images {
    fn iter(&self) -> impl Iterator<Item = &Image> {
        self.images.iter().flatten()
    }
}

/// Finds the capsules and reads their headers; stops when there are none.
pub fn images(console: &mut Console, disk: &mut Disk<Int13>, volume: &mut Volume<'_>, room: u64) -> Images {
    let mut name = [b' '; 11];
    name[..FOLDER.len()].copy_from_slice(FOLDER.as_bytes());
    let mut extension = [b' '; 3];
    extension.copy_from_slice(EXTENSION.as_bytes());

    let mut folder = match volume.find_folder(disk, &name) {
        Ok(folder) => folder,
        Err(error) => stop_for(console, error, b""),
    };
    let mut images = Images { images: [None; ENTRIES_MAX], count: 0 };
    while images.count < ENTRIES_MAX {
        let file = match volume.next_file(disk, &mut folder, &extension) {
            Ok(Some(file)) => file,
            Ok(None) => break,
            Err(error) => stop_for(console, error, b""),
        };
        let image = match open(&mut FileReader::new(disk, volume, file)) {
            Ok(header) => sound(file, &header, room),
            // "._NAME.RKC", in which a Macintosh keeps what FAT has no place for.
            Err(OpenError::Format(CapsuleError::NotACapsule)) if file.name[0] == b'_' => continue,
            Err(damage) => damaged(file, damage),
        };
        images.images[images.count] = Some(image);
        images.count += 1;
    }
    if images.count == 0 {
        stop(console, errors::NO_CAPSULE, b"");
    }
    if images.count == ENTRIES_MAX && matches!(volume.next_file(disk, &mut folder, &extension), Ok(Some(_))) {
        console.line(b"More images than the menu can hold: the rest is not shown.");
    }
    images
}

fn sound(file: FileEntry, header: &CapsuleHeader, room: u64) -> Image {
    let mut title = Line::new();
    title.text(header.title().unwrap_or(""));
    let need = load::need(header);
    Image { file, title, need, fits: need <= room, damage: None }
}

fn damaged(file: FileEntry, damage: OpenError) -> Image {
    let mut title = Line::new();
    title.bytes(&file.name[..8]);
    Image { file, title, need: 0, fits: false, damage: Some(damage) }
}

/// The image to boot: the only one, or what the menu says. Stops when none can be booted.
pub fn choose(console: &mut Console, images: &Images, room: u64, ram: u64, timeout: u8) -> FileEntry {
    let key = console.key();
    if images.count == 1 && key.is_none() {
        let Some(image) = images.images[0].as_ref() else { stop(console, errors::NO_CAPSULE, b"") };
        refuse_if_needed(console, images, image, room, ram);
        return image.file;
    }
    if !images.iter().any(|image| image.fits)
        && let Some(image) = images.images[0].as_ref()
    {
        refuse_if_needed(console, images, image, room, ram);
    }
    // The key may be older than this program: it opens the menu, but does not stop its countdown.
    let timeout = if key.is_some() && timeout == NO_WAIT { OPENED_BY_KEY } else { timeout };
    menu(console, images, room, ram, timeout)
}

/// Stops with the reason if `image` cannot be booted.
fn refuse_if_needed(console: &mut Console, images: &Images, image: &Image, room: u64, ram: u64) {
    if let Some(damage) = image.damage {
        stop_damaged(console, &image.file, damage);
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
    line.text("This machine has ").mib(ram).text(" MB, of which ").mib(room).text(" MB can hold an image.");
    console.line(line.as_bytes());
    let mut line = Text::new();
    line.bytes(&image.title.as_bytes()[..image.title.as_bytes().len().min(48)]);
    line.text(" needs ").mib(image.need).text(" MB.");
    console.line(line.as_bytes());
    let mut any = false;
    for other in images.iter().filter(|other| other.fits).take(NAMED) {
        let mut line = Text::new();
        line.text("Would fit: ").bytes(&other.title.as_bytes()[..other.title.as_bytes().len().min(48)]);
        line.text(", ").mib(other.need).text(" MB.");
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
            | CapsuleError::UnknownKind { .. },
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

fn menu(console: &mut Console, images: &Images, room: u64, ram: u64, timeout: u8) -> FileEntry {
    let mut menu = Menu::new(ROWS, timeout);
    for image in images.iter() {
        let mib = ((image.need + 0xF_FFFF) >> 20) as u32;
        menu.push(Entry { title: image.title, mib, fits: image.fits });
    }
    console.line(b"");
    console.line(b"Choose an image: arrow keys and Enter, or its number.");
    let top = console.cursor_row();
    if timeout != NO_WAIT {
        draw(console, &menu, images, top);
    }
    let mut clock = Clock::new(bios::ticks());
    loop {
        let action = match console.key() {
            Some(key) => menu.key(key),
            None => menu.tick(clock.elapsed(bios::ticks())),
        };
        match action {
            Action::None => {}
            Action::Redraw => draw(console, &menu, images, top),
            Action::Boot(index) | Action::Refused(index) => {
                let Some(image) = images.images.get(index).and_then(Option::as_ref) else { continue };
                if matches!(action, Action::Boot(_)) {
                    console.line(b"");
                    return image.file;
                }
                draw(console, &menu, images, top);
                if image.damage.is_some() {
                    console.line(b"This image file is damaged.");
                } else {
                    explain(console, images, image, room, ram);
                }
            }
        }
    }
}

fn draw(console: &mut Console, menu: &Menu, images: &Images, top: u8) {
    console.row(top);
    for index in menu.window() {
        let (Some(entry), Some(image)) =
            (menu.entry(index), images.images.get(index).and_then(Option::as_ref))
        else {
            continue;
        };
        let mut line = Text::new();
        line.text(if index == menu.selected() { "> " } else { "  " });
        line.decimal_wide(index as u32 + 1, 2).text("  ");
        line.bytes(&entry.title.as_bytes()[..entry.title.as_bytes().len().min(44)]).pad_to(52);
        match image.damage {
            Some(_) => line.text("damaged"),
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
        line.text("Starting the marked one in ").decimal(left).text(" s.");
    }
    line.pad_to(78);
    console.line(line.as_bytes());
}
