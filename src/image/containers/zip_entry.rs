//! The directory at the end of a zip. (APPNOTE.TXT, 4.3 and 4.5.3.)

use std::io::{BufRead, Read};

use super::fault::Fault;
use super::packing::Input;
use crate::image::field::{u16_at, u32_at, u64_at};

/// Bytes of the record at the end, without its comment, which is at most so long.
const END_LEN: usize = 22;
const COMMENT_MAX: usize = 0xFFFF;
/// Bytes of what leads to the end of a zip64, and of that.
const LOCATOR_LEN: usize = 20;
const END64_LEN: usize = 56;
/// Bytes of a file's record in the directory, and in front of its bytes, without names.
const ENTRY_LEN: usize = 46;
const LOCAL_LEN: u64 = 30;
/// Most bytes of the directory.
const DIRECTORY_MAX: u64 = 64 << 20;
/// Flags of a file.
const ENCRYPTED: u16 = 1;
const UTF_8: u16 = 0x800;
/// Stands for a number that is in the part for zip64.
const IN_64: u64 = 0xFFFF_FFFF;

/// A file, as the directory tells it.
pub(super) struct Entry {
    pub name: String,
    flags: u16,
    pub method: u16,
    pub sum: u32,
    pub packed_len: u64,
    pub len: u64,
    offset: u64,
}

impl Entry {
    pub fn is_folder(&self) -> bool {
        self.name.ends_with('/') || self.len == 0 && self.name.ends_with('\\')
    }

    pub fn is_encrypted(&self) -> bool {
        self.flags & ENCRYPTED != 0
    }
}

/// Where the directory is.
struct Directory {
    offset: u64,
    len: u64,
    count: u64,
}

/// Calls `each` with the number of each file and what the directory says of it, until that says no.
pub(super) fn entries(input: &Input<'_>, each: &mut dyn FnMut(u64, Entry) -> bool) -> Result<(), Fault> {
    let directory = directory(input)?;
    let mut reader = input.range(directory.offset, directory.len);
    for number in 0..directory.count {
        if !each(number, entry(&mut reader)?) {
            break;
        }
    }
    Ok(())
}

fn damaged(what: &str) -> Fault {
    Fault::Damaged(format!("its directory is no directory of a zip: {what}"))
}

fn directory(input: &Input<'_>) -> Result<Directory, Fault> {
    let len = input.len();
    let tail_len = len.min((END_LEN + COMMENT_MAX + LOCATOR_LEN) as u64);
    let mut tail = Vec::new();
    input.range(len - tail_len, tail_len).read_to_end(&mut tail)?;
    let last = tail.len().checked_sub(END_LEN).ok_or(Fault::Short)?;
    let is_end = |at: &usize| tail[*at..].starts_with(b"PK\x05\x06");
    // A comment that ends the file tells the true record from letters in it.
    let fits = |at: &usize| at + END_LEN + usize::from(u16_at(&tail, at + 20)) == tail.len();
    let places = || (0..=last).rev().filter(is_end);
    let end = places().find(fits).or_else(|| places().next()).ok_or(Fault::Short)?;
    let record = &tail[end..];
    let volumes = [u16_at(record, 4), u16_at(record, 6)];
    let locator = end.checked_sub(LOCATOR_LEN).map(|at| &tail[at..]);
    let directory = match locator.filter(|bytes| bytes.starts_with(b"PK\x06\x07")) {
        Some(locator) => end64(input, u64_at(locator, 8), u32_at(locator, 16))?,
        None if volumes.iter().any(|&volume| volume != 0 && volume != 0xFFFF) => return Err(several()),
        None => Directory {
            offset: u32_at(record, 16).into(),
            len: u32_at(record, 12).into(),
            count: u16_at(record, 10).into(),
        },
    };
    match directory.offset.checked_add(directory.len) {
        Some(end) if end <= len && directory.len <= DIRECTORY_MAX => Ok(directory),
        Some(end) if end <= len => Err(damaged("it is longer than 64 MiB")),
        _ => Err(Fault::Short),
    }
}

fn end64(input: &Input<'_>, offset: u64, volumes: u32) -> Result<Directory, Fault> {
    let mut record = [0; END64_LEN];
    input.range(offset, END64_LEN as u64).read_exact(&mut record)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(damaged("its end for zip64 is missing"));
    }
    if volumes > 1 || u32_at(&record, 16) != 0 {
        return Err(several());
    }
    Ok(Directory { offset: u64_at(&record, 48), len: u64_at(&record, 40), count: u64_at(&record, 32) })
}

fn several() -> Fault {
    let why = "it is one of several volumes";
    Fault::Other(why.into(), "join them, as in `zip -s 0 FILE.zip --out WHOLE.zip`, and give the whole")
}

fn entry(reader: &mut dyn BufRead) -> Result<Entry, Fault> {
    let mut record = [0; ENTRY_LEN];
    reader.read_exact(&mut record).map_err(|_| damaged("it ends in a file"))?;
    if !record.starts_with(b"PK\x01\x02") {
        return Err(damaged("a file has other letters"));
    }
    let mut rest = |len: u16| {
        let mut bytes = vec![0; len.into()];
        reader.read_exact(&mut bytes).map_err(|_| damaged("it ends in a name"))?;
        Ok::<_, Fault>(bytes)
    };
    let (name, extra) = (rest(u16_at(&record, 28))?, rest(u16_at(&record, 30))?);
    rest(u16_at(&record, 32))?;
    let flags = u16_at(&record, 8);
    let mut lens = [u32_at(&record, 24), u32_at(&record, 20), u32_at(&record, 42)].map(u64::from);
    put_64(&extra, &mut lens);
    let [len, packed_len, offset] = lens;
    let (method, sum) = (u16_at(&record, 10), u32_at(&record, 16));
    Ok(Entry { name: text(&name, flags & UTF_8 != 0), flags, method, sum, packed_len, len, offset })
}

/// Puts what the part for zip64 says in the places of the numbers that are too large for 32 bits.
fn put_64(mut extra: &[u8], numbers: &mut [u64; 3]) {
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let (kind, len) = (u16_at(head, 0), usize::from(u16_at(head, 2)));
        let (field, after) = rest.split_at(len.min(rest.len()));
        if kind == 1 {
            let large = numbers.iter_mut().filter(|number| **number == IN_64);
            for (number, bytes) in large.zip(field.chunks_exact(8)) {
                *number = u64_at(bytes, 0);
            }
            return;
        }
        extra = after;
    }
}

/// A name as text. Without a flag it may be of any code page, and often it is UTF-8 all the same.
fn text(name: &[u8], is_utf_8: bool) -> String {
    match std::str::from_utf8(name) {
        Ok(text) => text.to_owned(),
        Err(_) if is_utf_8 => String::from_utf8_lossy(name).into_owned(),
        Err(_) => name.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { '_' }).collect(),
    }
}

/// Where the bytes of a file begin.
pub(super) fn start(input: &Input<'_>, entry: &Entry) -> Result<u64, Fault> {
    let mut record = [0; LOCAL_LEN as usize];
    input.range(entry.offset, LOCAL_LEN).read_exact(&mut record)?;
    if !record.starts_with(b"PK\x03\x04") {
        return Err(Fault::Damaged("there is no file where the directory says".into()));
    }
    let names = u64::from(u16_at(&record, 26)) + u64::from(u16_at(&record, 28));
    entry.offset.checked_add(LOCAL_LEN + names).ok_or(Fault::Short)
}
