//! What is on the stick: every image, and the set of drives that belongs to each.

use ramkey_format::capsule::{COMPANIONS_MAX, CapsuleError, CapsuleHeader, Companion, Need, flags};
use ramkey_format::errors;
use ramkey_loader_core::capsule::{OpenError, open};
use ramkey_loader_core::drive::Disk;
use ramkey_loader_core::file::FileReader;
use ramkey_loader_core::memory::Map;
use ramkey_loader_core::menu::{ENTRIES_MAX, TITLE_MAX};
use ramkey_loader_core::screen::say;
use ramkey_loader_core::settle::{extension, folder_name};
use ramkey_loader_core::text::Line;
use ramkey_loader_core::volume::{FileEntry, Volume};

use crate::console::Console;
use crate::disk::Int13;
use crate::halt::{Within, stop, stop_for};

/// Companions that a stick can have; further ones are not found, and said to be missing.
const COMPANIONS_SEEN: usize = 48;

/// An image that can be chosen.
#[derive(Clone, Copy)]
pub struct Image {
    /// Its capsule.
    pub file: FileEntry,
    /// The capsules of its other drives, in order.
    pub companions: [Option<FileEntry>; COMPANIONS_MAX],
    /// Title for people.
    pub title: Line<TITLE_MAX>,
    /// Bytes of memory that all its drives need.
    pub need: u64,
    /// Whether this machine has that much, in pieces that are large enough.
    pub fits: bool,
    /// Why it cannot be booted at all.
    pub damage: Option<Damage>,
}

/// Why an image cannot be booted.
#[derive(Clone, Copy)]
pub enum Damage {
    /// Its capsule is not what it should be.
    Capsule(OpenError),
    /// This companion is not in the folder, or is another image than it was.
    Missing([u8; 8]),
}

impl Image {
    /// Its capsule and those of its other drives.
    pub fn files(&self) -> impl Iterator<Item = FileEntry> + '_ {
        core::iter::once(self.file).chain(self.companions.iter().flatten().copied())
    }
}

/// The images on the stick, in the order in which they were written.
pub struct Images {
    images: [Option<Image>; ENTRIES_MAX],
    count: usize,
}

impl Images {
    /// How many there are; at least one.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Image `index`.
    pub fn get(&self, index: usize) -> Option<&Image> {
        self.images.get(index)?.as_ref()
    }

    /// Where the file of image `index` begins.
    fn start(&self, index: usize) -> Option<u32> {
        self.get(index).map(|image| image.file.start)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Image> {
        self.images.iter().flatten()
    }
}

/// A companion in the folder.
#[derive(Clone, Copy)]
struct Seen {
    file: FileEntry,
    image_blake3: [u8; 16],
    need: Need,
}

/// Finds the capsules and reads their headers; stops when there are none.
pub fn find<V: Volume>(console: &mut Console, disk: &mut Disk<Int13>, volume: &mut V, map: &Map) -> Images {
    let extension = extension();
    let mut folder = match volume.find_folder(disk, &folder_name()) {
        Ok(folder) => folder,
        Err(error) => stop_for(console, error, Within::Stick),
    };
    let mut images = Images { images: [None; ENTRIES_MAX], count: 0 };
    let mut wanted = [[Companion::default(); COMPANIONS_MAX]; ENTRIES_MAX];
    let mut needs = [Need::default(); ENTRIES_MAX];
    let mut seen: [Option<Seen>; COMPANIONS_SEEN] = [None; COMPANIONS_SEEN];
    let mut companions = 0;
    let mut too_many = false;
    loop {
        let file = match volume.next_file(disk, &mut folder, &extension) {
            Ok(Some(file)) => file,
            Ok(None) => break,
            Err(error) => stop_for(console, error, Within::Stick),
        };
        let opened = open(&mut FileReader::new(disk, volume, file));
        match &opened {
            Ok(header) if header.flags.get() & flags::COMPANION != 0 => {
                if let Some(free) = seen.get_mut(companions) {
                    let mut image_blake3 = [0; 16];
                    image_blake3.copy_from_slice(&header.image_blake3[..16]);
                    *free = Some(Seen { file, image_blake3, need: header.need() });
                    companions += 1;
                }
                continue;
            }
            // "._NAME.RKC", in which a Macintosh keeps what FAT has no place for.
            Err(OpenError::Format(CapsuleError::NotACapsule)) if file.name[0] == b'_' => continue,
            _ => {}
        }
        let Some(free) = images.images.get_mut(images.count) else {
            too_many = true;
            continue;
        };
        *free = Some(match &opened {
            Ok(header) => {
                wanted[images.count] = header.companions;
                needs[images.count] = header.need();
                sound(file, header)
            }
            Err(damage) => damaged(file, *damage),
        });
        images.count += 1;
    }
    if images.count == 0 {
        stop(console, errors::NO_CAPSULE, None);
    }
    if too_many {
        console.say(&say::too_many_images());
    }
    if V::BY_NAME {
        order(&mut images, &mut wanted, &mut needs);
    }
    for (image, (wanted, need)) in images.images.iter_mut().flatten().zip(wanted.iter().zip(needs)) {
        if image.damage.is_none() {
            complete(image, wanted, need, &seen, map);
        }
    }
    images
}

/// Puts the images, with what is wanted by and needed for each, into the order in which they lie on the medium.
fn order(
    images: &mut Images,
    wanted: &mut [[Companion; COMPANIONS_MAX]; ENTRIES_MAX],
    needs: &mut [Need; ENTRIES_MAX],
) {
    // Each step takes an image towards its place among those before it.
    for end in 1..images.count {
        let mut at = end;
        while at > 0 && images.start(at) < images.start(at - 1) {
            images.images.swap(at, at - 1);
            wanted.swap(at, at - 1);
            needs.swap(at, at - 1);
            at -= 1;
        }
    }
}

fn sound(file: FileEntry, header: &CapsuleHeader) -> Image {
    let mut title = Line::new();
    title.bytes(header.title().unwrap_or(b""));
    Image { file, companions: [None; COMPANIONS_MAX], title, need: 0, fits: false, damage: None }
}

fn damaged(file: FileEntry, damage: OpenError) -> Image {
    let mut title = Line::new();
    title.bytes(&file.stem());
    let damage = Some(Damage::Capsule(damage));
    Image { file, companions: [None; COMPANIONS_MAX], title, need: 0, fits: false, damage }
}

/// Finds the companions of an image, and whether all of them fit the memory together.
fn complete(image: &mut Image, wanted: &[Companion], first: Need, seen: &[Option<Seen>], map: &Map) {
    let mut map = map.clone();
    image.need = first.all();
    image.fits = map.place(first.disk, first.lent()).is_some();
    for (wanted, place) in wanted.iter().take_while(|wanted| wanted.is_there()).zip(&mut image.companions) {
        let found = seen
            .iter()
            .flatten()
            .find(|seen| seen.file.stem() == wanted.name && seen.image_blake3 == wanted.image_blake3);
        let Some(found) = found else {
            image.damage = Some(Damage::Missing(wanted.name));
            image.fits = false;
            return;
        };
        *place = Some(found.file);
        image.need += found.need.all();
        image.fits &= map.place(found.need.disk, found.need.lent()).is_some();
    }
}
