//! An image that is taken out of a stick: found by its name, unpacked, and proven chunk by chunk.

use std::io;

use ramkey_format::capsule::CapsuleHeader;
use serde::{Deserialize, Serialize};

use crate::capsule::{self, Description, TableError};
use crate::image::{DISK_LEN_MAX, Source, chunk_value};
use crate::stick::{self, CapsuleFile, Entry, ReadError, Reader, StickFile, StickState};
use crate::units::hex;
use crate::verify::Chunks;

/// Most places that are named if an image is damaged.
const PLACES_MAX: usize = 100;

/// An image on a stick that can be taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TakenImage {
    /// The capsule's file.
    pub file: String,
    /// Title in the boot menu.
    pub title: String,
    /// Kind and geometry in words.
    pub words: String,
    /// Length of the image in bytes.
    pub len: u64,
    /// BLAKE3 of the original image, 64 hexadecimal digits.
    pub blake3: String,
    /// BLAKE3 of what comes out if bytes were left out when the stick was written: zeros stand for them.
    pub ram_blake3: Option<String>,
}

/// Why no image is taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum NotTaken {
    /// Nothing on the stick is of this program.
    NoStick,
    /// None of these is meant, or more than one.
    NotOne(Vec<String>),
    /// It is not whole.
    Damaged {
        /// The capsule's file.
        file: String,
        /// What is wrong with it, at least one, with its bytes.
        places: Vec<String>,
    },
    /// What comes out cannot be written.
    Unwritten {
        /// What the system said.
        why: String,
        /// Its number for that, where it has one.
        code: Option<i32>,
    },
    /// Whoever wanted it wants it no more.
    Stopped,
}

impl NotTaken {
    fn unwritten(error: &io::Error) -> Self {
        Self::Unwritten { why: error.to_string(), code: error.raw_os_error() }
    }
}

/// Where an image comes out.
pub struct Way<'w> {
    /// Takes bytes of it at their place. Those that are zeros are left out.
    pub write: &'w dyn Fn(u64, &[u8]) -> io::Result<()>,
    /// Is told how many more bytes are done, and says whether to go on.
    pub tell: &'w dyn Fn(u64) -> bool,
}

impl TakenImage {
    /// Finds the image of `stick` that is meant: the only one, or that with this title or file. Its table must be whole.
    ///
    /// # Errors
    ///
    /// [`NotTaken::NoStick`], [`NotTaken::NotOne`], [`NotTaken::Damaged`].
    pub fn find(stick: &dyn Source, name: Option<&str>) -> Result<Self, NotTaken> {
        if !stick::has_trace(stick) {
            return Err(NotTaken::NoStick);
        }
        let reader = Reader::new(stick, &|_| {});
        let state = stick::read(&reader);
        let (entry, header) = meant(&state, name)?;
        let file = StickFile::new(&reader, entry);
        let block = block(&file, header)?;
        table(&file, header, &block)?;
        Ok(Self::of(entry, header))
    }

    /// The same, and takes it out by `way`. Once a chunk is not right, the others are only looked at, so that all that is wrong
    /// is told.
    ///
    /// # Errors
    ///
    /// Each of [`NotTaken`].
    pub fn take_out(stick: &dyn Source, name: Option<&str>, way: &Way) -> Result<Self, NotTaken> {
        let reader = Reader::new(stick, &|_| {});
        let state = stick::read(&reader);
        let (entry, header) = meant(&state, name)?;
        let file = StickFile::new(&reader, entry);
        let block = block(&file, header)?;
        let table = table(&file, header, &block)?;
        let mut chunks = Chunks::new(&file, header, &table);
        let zeros = vec![0; 1 << header.chunk_shift];
        let mut wrong = Vec::new();
        for index in 0..header.chunk_count.get() {
            let start = u64::from(index) << header.chunk_shift;
            let len = header.raw_len(index);
            let end = start + len;
            let is_right = |plain: &[u8]| {
                chunk_value(plain, start, table.entries.len()) == table.entries[index as usize].chaining_value
            };
            match chunks.plain(index).map(|plain| plain.unwrap_or(&zeros[..len as usize])) {
                Ok(plain) if !is_right(plain) => {
                    wrong.push(format!("bytes {start:#x}..{end:#x} of it are damaged"));
                }
                // The file is all holes.
                Ok(plain) if wrong.is_empty() && plain.iter().any(|&byte| byte != 0) => {
                    (way.write)(start, plain).map_err(|error| NotTaken::unwritten(&error))?;
                }
                Ok(_) => {}
                Err(bad) => wrong.push(format!("bytes {start:#x}..{end:#x} of it cannot be read: {bad}")),
            }
            if wrong.len() == PLACES_MAX {
                break;
            }
            if !(way.tell)(len) {
                return Err(NotTaken::Stopped);
            }
        }
        if wrong.is_empty() { Ok(Self::of(entry, header)) } else { Err(damaged(entry, wrong)) }
    }

    /// Whether this can be said of an image on any stick. Who did not look itself asks that before it believes it.
    pub fn is_possible(&self) -> bool {
        let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        self.len <= DISK_LEN_MAX && is_hash(&self.blake3) && self.ram_blake3.iter().all(is_hash)
    }

    /// BLAKE3 of what comes out, 64 hexadecimal digits.
    pub fn hash_in_file(&self) -> &str {
        self.ram_blake3.as_ref().unwrap_or(&self.blake3)
    }

    fn of(entry: &Entry, header: &CapsuleHeader) -> Self {
        let was = Description::of(header);
        Self {
            file: entry.path.clone(),
            words: was.words(),
            title: was.title,
            len: was.len,
            blake3: hex(was.image_blake3),
            ram_blake3: was.ram_blake3.map(hex),
        }
    }
}

/// The file of the image that is meant, and its header.
fn meant<'s>(state: &'s StickState, name: Option<&str>) -> Result<(&'s Entry, &'s CapsuleHeader), NotTaken> {
    let Some(Ok(volume)) = &state.file_system else { return Err(NotTaken::NotOne(Vec::new())) };
    let entries = volume.tree.as_ref().map_or(&[][..], |tree| &tree.entries);
    let header = |file: &'s CapsuleFile| {
        let sector = file.sector.as_ref()?.as_ref().ok()?;
        Some((&entries[file.entry], capsule::header(sector).ok()?))
    };
    let all: Vec<(&Entry, &CapsuleHeader)> = volume.capsules.iter().filter_map(header).collect();
    let is_meant = |(entry, header): &&(&Entry, &CapsuleHeader)| {
        name.is_none_or(|name| {
            let file = entry.path.rsplit('/').next().unwrap_or_default();
            capsule::title(header) == name || file.eq_ignore_ascii_case(name)
        })
    };
    let mut found = all.iter().filter(is_meant);
    match (found.next(), found.next()) {
        (Some(&found), None) => Ok(found),
        _ => Err(NotTaken::NotOne(all.iter().map(|(entry, header)| called(entry, header)).collect())),
    }
}

/// An image as a person can name it.
fn called(entry: &Entry, header: &CapsuleHeader) -> String {
    format!("\"{}\" ({})", capsule::title(header), entry.path.rsplit('/').next().unwrap_or_default())
}

fn damaged(entry: &Entry, places: Vec<String>) -> NotTaken {
    NotTaken::Damaged { file: entry.path.clone(), places }
}

/// The bytes of the chunk table.
fn block(file: &StickFile, header: &CapsuleHeader) -> Result<Vec<u8>, NotTaken> {
    let block = file.read(header.table_offset.get(), header.table_len.get().into());
    block.map_err(|bad: ReadError| {
        damaged(file.entry, vec![format!("{bad}, where its header or its table lies")])
    })
}

fn table<'b>(
    file: &StickFile,
    header: &CapsuleHeader,
    block: &'b [u8],
) -> Result<capsule::Table<'b>, NotTaken> {
    capsule::table(header, block).map_err(|error| {
        let why = match error {
            TableError::Image { .. } => "its chunks do not combine to the hash of the image",
            _ => "its chunk table is damaged, so nothing of it can be proven",
        };
        damaged(file.entry, vec![why.to_owned()])
    })
}
