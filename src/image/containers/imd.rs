//! IMD, floppies by track as ImageDisk copies them.
//!
//! (Dave Dunfield, ImageDisk, `IMD.TXT`, section 6, "Image file format".)

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;

use super::container::{Container, Opened};
use crate::image::error::ImageError;
use crate::image::files::{Files, SourceFile};
use crate::image::source::Source;
use crate::image::wrapping::Wrapping;
use crate::units::{SECTOR_LEN, shell_word};

/// What it begins with, before the version of the program.
const MAGIC: &[u8; 4] = b"IMD ";
/// End of the text that it begins with.
const TEXT_END: u8 = 0x1A;
/// Most bytes of the file: more than a floppy of 2.88 MB and the longest text.
const FILE_LEN_MAX: u64 = 8 << 20;
/// Most cylinders, sides and sectors of a track.
const CYLINDERS_MAX: usize = 86;
const HEADS_MAX: usize = 2;
const TRACK_MAX: usize = 63;
/// Modes: three rates, each with FM and with MFM.
const MODE_MAX: u8 = 5;
/// The code for sectors of 512 bytes, and that for a table of lengths.
const LEN_512: u8 = 2;
const LEN_TABLE: u8 = 0xFF;
/// Bits of the byte with the side: each sector has another cylinder, or another side, than the track.
const HAS_CYLINDERS: u8 = 0x80;
const HAS_HEADS: u8 = 0x40;
/// Bytes of a sector.
const LEN: usize = SECTOR_LEN as usize;

pub(super) struct Imd;

impl Container for Imd {
    fn detect(&self, path: &Path, outer: &dyn Source) -> Result<bool, ImageError> {
        let mut head = [0; 5];
        if outer.len() < head.len() as u64 {
            return Ok(false);
        }
        outer.read_at(0, &mut head).map_err(|source| ImageError::Read {
            path: path.to_owned(),
            offset: 0,
            source,
        })?;
        Ok(head.starts_with(MAGIC) && head[4].is_ascii_digit())
    }

    fn command(&self, path: &Path) -> Option<String> {
        Some(command(path))
    }

    fn open<'s>(
        &self,
        path: &Path,
        outer: Box<dyn Source + 's>,
        _: &mut Files,
    ) -> Result<Opened<'s>, ImageError> {
        let unusable = |why: String, help: &str| ImageError::Unusable {
            path: path.to_owned(),
            what: "an ImageDisk file (IMD)",
            why,
            help: help.into(),
        };
        if outer.len() > FILE_LEN_MAX {
            return Err(unusable(format!("it has {} bytes, more than any floppy", outer.len()), HELP));
        }
        let mut file = vec![0; outer.len() as usize];
        let read = outer.read_at(0, &mut file);
        read.map_err(|source| ImageError::Read { path: path.to_owned(), offset: 0, source })?;
        let Floppy { bytes, shape } = Floppy::parse(&file).map_err(|why| unusable(why, HELP))?;
        Ok(Opened::Anywhere(Box::new(Decoded { outer, bytes, wrapping: wrapping(path, shape) })))
    }
}

const HELP: &str = "read the floppy again with ImageDisk, or copy it with `dd` where it is a floppy of a PC";

fn wrapping(path: &Path, shape: Shape) -> Wrapping {
    let Shape { cylinders, heads, track } = shape;
    Wrapping {
        program: Cow::Borrowed("ImageDisk"),
        header_len: None,
        hard_disk: None,
        geometry: None,
        left_out: format!("IMD, {cylinders} cylinders, {heads} heads, {track} sectors per track"),
        plain_command: command(path),
    }
}

/// The command that prints the bytes of the floppy.
fn command(path: &Path) -> String {
    let mut plain = path.as_os_str().to_owned();
    plain.push(".raw");
    let plain = shell_word(plain);
    format!("dsktrans -otype raw {} {plain} && cat {plain}", shell_word(path))
}

/// A floppy that was read track by track.
struct Decoded<'s> {
    outer: Box<dyn Source + 's>,
    bytes: Vec<u8>,
    wrapping: Wrapping,
}

impl Source for Decoded<'_> {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..));
        let bytes = rest.and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn wrapping(&self) -> Option<&Wrapping> {
        Some(&self.wrapping)
    }

    fn files(&self) -> &[SourceFile] {
        self.outer.files()
    }

    fn descriptors(&self) -> &[File] {
        self.outer.descriptors()
    }
}

/// Cylinders, heads and sectors of each track.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    cylinders: usize,
    heads: usize,
    track: usize,
}

/// All sectors of a floppy in their order.
struct Floppy {
    bytes: Vec<u8>,
    shape: Shape,
}

/// A track: its place, and its sectors in their order.
struct Track {
    cylinder: usize,
    head: usize,
    sectors: Vec<[u8; LEN]>,
}

impl Floppy {
    fn parse(file: &[u8]) -> Result<Self, String> {
        let text = file.iter().position(|&byte| byte == TEXT_END).ok_or("its text has no end")?;
        let mut rest = &file[text + 1..];
        let mut tracks: Vec<Track> = Vec::new();
        while !rest.is_empty() {
            let track = Track::take(&mut rest)?;
            let place = (track.cylinder, track.head);
            if tracks.iter().any(|other| (other.cylinder, other.head) == place) {
                return Err(format!("cylinder {}, side {} is in it twice", place.0, place.1));
            }
            tracks.push(track);
        }
        let most = |of: fn(&Track) -> usize| tracks.iter().map(of).max().unwrap_or(0);
        let shape = Shape {
            cylinders: most(|track| track.cylinder) + 1,
            heads: most(|track| track.head) + 1,
            track: most(|track| track.sectors.len()),
        };
        let mut bytes = Vec::new();
        for place in 0..shape.cylinders * shape.heads {
            let (cylinder, head) = (place / shape.heads, place % shape.heads);
            let found = tracks.iter().find(|track| (track.cylinder, track.head) == (cylinder, head));
            match found.map(|track| &track.sectors) {
                Some(sectors) if sectors.len() == shape.track => bytes.extend(sectors.as_flattened()),
                Some(sectors) => {
                    let (count, most) = (sectors.len(), shape.track);
                    return Err(format!(
                        "cylinder {cylinder}, side {head} has {count} sectors, and others have {most}"
                    ));
                }
                None => return Err(format!("cylinder {cylinder}, side {head} is not in it")),
            }
        }
        Ok(Self { bytes, shape })
    }
}

impl Track {
    /// The track at the start of `rest`, which goes on behind it.
    fn take(rest: &mut &[u8]) -> Result<Self, String> {
        let [mode, cylinder, side, count, code] = *take(rest)?;
        let (cylinder, head, count) = (cylinder.into(), usize::from(side & 0x3F), usize::from(count));
        let place = format!("cylinder {cylinder}, side {head}");
        if mode > MODE_MAX
            || cylinder >= CYLINDERS_MAX
            || head >= HEADS_MAX
            || !(1..=TRACK_MAX).contains(&count)
        {
            return Err(format!("{place} in mode {mode} with {count} sectors is no track of a PC"));
        }
        if code != LEN_512 {
            let len = if code == LEN_TABLE { 0 } else { 128u32 << code.min(7) };
            return Err(match len {
                0 => format!("{place} has sectors of several lengths"),
                len => format!("{place} has sectors of {len} bytes, and those of a PC have 512"),
            });
        }
        let numbers = take_some(rest, count)?;
        let cylinders = if side & HAS_CYLINDERS != 0 { take_some(rest, count)? } else { &[] };
        let heads = if side & HAS_HEADS != 0 { take_some(rest, count)? } else { &[] };
        let is_elsewhere = cylinders.iter().any(|&other| usize::from(other) != cylinder)
            || heads.iter().any(|&other| usize::from(other) != head);
        if is_elsewhere {
            return Err(format!("{place} has sectors that say another place"));
        }
        let mut sectors: Vec<Option<[u8; LEN]>> = vec![None; count];
        for &number in numbers {
            let index = usize::from(number).wrapping_sub(1);
            let bytes = take_sector(rest).map_err(|why| format!("{place}, sector {number} {why}"))?;
            match sectors.get_mut(index) {
                Some(empty @ None) => *empty = Some(bytes),
                Some(Some(_)) => return Err(format!("{place} has sector {number} twice")),
                None => {
                    return Err(format!("{place} has sector {number}, and its {count} do not count from 1"));
                }
            }
        }
        // As many were taken as there are places, and none twice.
        Ok(Self { cylinder, head, sectors: sectors.into_iter().flatten().collect() })
    }
}

const CUT: &str = "is not whole: the file ends in it";

/// The bytes of a sector, which may be one byte over and over; whether it was marked as deleted does not count.
fn take_sector(rest: &mut &[u8]) -> Result<[u8; LEN], &'static str> {
    let [kind] = *take(rest).map_err(|_| CUT)?;
    match kind {
        0 => Err("could not be read when the floppy was"),
        1 | 3 => take(rest).copied().map_err(|_| CUT),
        2 | 4 => take::<1>(rest).map(|&[byte]| [byte; LEN]).map_err(|_| CUT),
        5..=8 => Err("was read with an error when the floppy was"),
        _ => Err("is of an unknown kind"),
    }
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], String> {
    let (taken, behind) = rest.split_first_chunk().ok_or("the file ends in the middle of a track")?;
    *rest = behind;
    Ok(taken)
}

fn take_some<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], String> {
    let (taken, behind) = rest.split_at_checked(count).ok_or("the file ends in the middle of a track")?;
    *rest = behind;
    Ok(taken)
}
