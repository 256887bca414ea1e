//! VMDK, the disks of VMware: one file, or a text that names several.
//!
//! (VMware, "Virtual Disk Format 5.0".)

mod descriptor;
mod sparse;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use descriptor::{Descriptor, Extent, Kind};
use sparse::Sparse;

use super::fault::{Fault, Form, OF_A_MACHINE, Way, parent};
use super::mapped::{self, Found, Map, Parts, Piece, Place};
use super::window;
use crate::image::containers::container::{Container, Opened};
use crate::image::error::ImageError;
use crate::image::file::FileSource;
use crate::image::files::Files;
use crate::image::source::Source;
use crate::units::named;

const FORM: Form = Form {
    name: "VMDK",
    what: "a VMDK file",
    program: "VMware",
    qemu: "vmdk",
    hard_disk: Some(OF_A_MACHINE),
};

/// Most bytes of a descriptor, alone or in a disk.
const DESCRIPTOR_LEN_MAX: u64 = 64 << 10;

pub struct Vmdk;

impl Container for Vmdk {
    fn detect(&self, path: &Path, outer: &dyn Source) -> Result<bool, ImageError> {
        if window::starts_with(path, outer, 0, sparse::MAGIC)? {
            return Ok(true);
        }
        let mut head = vec![0; outer.len().min(descriptor::TITLE.len() as u64) as usize];
        let read = outer.read_at(0, &mut head);
        read.map_err(|source| ImageError::Read { path: path.to_owned(), offset: 0, source })?;
        Ok(head.eq_ignore_ascii_case(descriptor::TITLE))
    }

    fn command(&self, path: &Path) -> Option<String> {
        Some(FORM.plain_command(path))
    }

    fn open<'s>(
        &self,
        path: &Path,
        outer: Box<dyn Source + 's>,
        files: &mut Files,
    ) -> Result<Opened<'s>, ImageError> {
        let is_alone = window::starts_with(path, &*outer, 0, sparse::MAGIC)?;
        let opened = if is_alone { alone(outer) } else { of_parts(path, outer, files) };
        let (sources, found) = opened.map_err(|fault| fault.named(path, &FORM))?;
        mapped::open(path, &FORM, sources, found)
    }
}

/// A disk, and the files that it lies in.
type Made<'s> = (Vec<Box<dyn Source + 's>>, Found<Extents>);

/// A part of the disk.
struct Range {
    /// First byte on the disk, and bytes.
    start: u64,
    len: u64,
    bytes: Bytes,
}

enum Bytes {
    Zero,
    Flat { file: usize, offset: u64 },
    Sparse(Sparse),
}

/// The parts of a disk, one behind the other.
struct Extents(Vec<Range>);

impl Map for Extents {
    fn find<'s>(&self, files: &Parts<'s>, offset: u64) -> Result<Piece, Fault> {
        let index = self.0.partition_point(|range| range.start <= offset);
        let range = index.checked_sub(1).and_then(|index| self.0.get(index));
        let range = range.filter(|range| offset - range.start < range.len);
        let range =
            range.ok_or_else(|| Fault::damaged(format!("byte {offset} of the disk is in no part")))?;
        let within = offset - range.start;
        let piece = match &range.bytes {
            Bytes::Zero => Piece { place: Place::Zero, len: u64::MAX },
            Bytes::Flat { file, offset } => {
                let offset = offset.saturating_add(within);
                Piece { place: Place::At { file: *file, offset }, len: u64::MAX }
            }
            Bytes::Sparse(sparse) => sparse.find(files, within)?,
        };
        Ok(Piece { len: piece.len.min(range.len - within), ..piece })
    }
}

/// A disk in one file.
fn alone(outer: Box<dyn Source + '_>) -> Result<Made<'_>, Fault> {
    let (sparse, header) = Sparse::parse(&*outer, 0)?;
    if header.descriptor_len == 0 {
        let text = "give the small .vmdk file beside it, which names all parts of the disk";
        return Err(Fault::refused("it is one part of a disk alone", Way::Text(text.into())));
    }
    if header.descriptor_len > DESCRIPTOR_LEN_MAX {
        return Err(Fault::damaged(format!("its descriptor has {} bytes", header.descriptor_len)));
    }
    let text = window::bytes(&*outer, header.descriptor, header.descriptor_len, "its descriptor")?;
    let descriptor = Descriptor::parse(&text)?;
    check(&descriptor)?;
    let mut tables = sparse.tables(&*outer, 0)?;
    tables.push((0, header.descriptor..header.descriptor + header.descriptor_len));
    let (len, is_open) = (header.len, header.is_open);
    let kind = if sparse.is_packed() { "stream-optimised" } else { "monolithic sparse" };
    let map = Extents(vec![Range { start: 0, len, bytes: Bytes::Sparse(sparse) }]);
    let note = is_open.then(|| NOT_CLOSED.into());
    Ok((vec![outer], Found { len, map, kind: kind.into(), note, tables, parts: Vec::new() }))
}

const NOT_CLOSED: &str = "not closed by the program that wrote it";

/// A disk whose parts the text in `outer` names.
fn of_parts<'s>(path: &Path, outer: Box<dyn Source + 's>, files: &mut Files) -> Result<Made<'s>, Fault> {
    if outer.len() > DESCRIPTOR_LEN_MAX {
        return Err(Fault::damaged(format!("its descriptor has {} bytes", outer.len())));
    }
    let text = window::bytes(&*outer, 0, outer.len(), "its descriptor")?;
    let descriptor = Descriptor::parse(&text)?;
    check(&descriptor)?;
    let kind = kind_of(&descriptor);
    let (mut sources, mut names) = (vec![outer], Vec::new());
    let (mut start, mut ranges, mut tables, mut is_open) = (0u64, Vec::new(), Vec::new(), false);
    for extent in &descriptor.extents {
        let Extent { len, kind, name, offset } = extent;
        let bytes = if *kind == Kind::Zero {
            Bytes::Zero
        } else {
            check_extent(extent)?;
            let file = files.open_beside(name).map_err(|error| missing(error, path, extent))?;
            let source = FileSource::take(&path.with_file_name(name), file).map_err(Fault::Other)?;
            let number = sources.len();
            names.push(named(name).into_owned());
            let bytes = if *kind == Kind::Flat {
                Bytes::Flat { file: number, offset: *offset }
            } else {
                let (sparse, header) = Sparse::parse(&source, number).map_err(|fault| fault.of_part(name))?;
                if header.len < *len {
                    let why = format!("its part {} has {} bytes, and not {len}", named(name), header.len);
                    return Err(Fault::damaged(why));
                }
                tables.extend(sparse.tables(&source, number).map_err(|fault| fault.of_part(name))?);
                is_open |= header.is_open;
                Bytes::Sparse(sparse)
            };
            sources.push(Box::new(source) as Box<dyn Source + 's>);
            bytes
        };
        ranges.push(Range { start, len: *len, bytes });
        start = start.checked_add(*len).ok_or_else(|| Fault::damaged("its parts are too long together"))?;
    }
    if start == 0 {
        return Err(Fault::damaged("its descriptor names no part of the disk"));
    }
    let note = is_open.then(|| NOT_CLOSED.into());
    Ok((sources, Found { len: start, map: Extents(ranges), kind, note, tables, parts: names }))
}

/// What such a disk is called.
fn kind_of(descriptor: &Descriptor) -> Cow<'static, str> {
    let is_split = descriptor.extents.len() > 1;
    let is_sparse = descriptor.extents.iter().any(|extent| extent.kind == Kind::Sparse);
    match descriptor.create_type.as_str() {
        "twoGbMaxExtentSparse" => "split sparse".into(),
        "twoGbMaxExtentFlat" => "split flat".into(),
        "monolithicFlat" => "monolithic flat".into(),
        "vmfs" | "vmfsThin" | "vmfsEagerZeroedThick" => "flat, of ESX".into(),
        _ if is_split => format!("of {} parts", descriptor.extents.len()).into(),
        _ if is_sparse => "sparse".into(),
        _ => "flat".into(),
    }
}

/// That it is no snapshot, and not encrypted.
fn check(descriptor: &Descriptor) -> Result<(), Fault> {
    if descriptor.is_encrypted {
        let text = "remove the encryption of the machine in VMware, and give the disk again";
        return Err(Fault::refused("it is encrypted", Way::Text(text.into())));
    }
    if let Some(name) = &descriptor.parent {
        let why = format!("it holds what changed since a snapshot alone, beside {}", parent(name));
        return Err(Fault::refused(why, Way::Convert));
    }
    Ok(())
}

/// That `extent` is a file, and of a kind that is known.
fn check_extent(extent: &Extent) -> Result<(), Fault> {
    let name = named(&extent.name);
    if extent.kind == Kind::Device || name.starts_with("/dev/") || name.starts_with(r"\\.\") {
        let text = "copy that disk into a file, for example with `dd`, and give that";
        return Err(Fault::refused(format!("its bytes are on the disk {name}"), Way::Text(text.into())));
    }
    if extent.kind == Kind::Unknown {
        return Err(Fault::refused(format!("its part {name} is of an unknown kind"), Way::Convert));
    }
    Ok(())
}

/// Why a part was not opened.
fn missing(error: ImageError, path: &Path, extent: &Extent) -> Fault {
    match error {
        ImageError::Open { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| *folder != Path::new(""));
            let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
            let text = format!("put it into the folder {}, as all parts of the disk", named(&folder));
            Fault::refused(format!("its part {} is not beside it", named(&extent.name)), Way::Text(text))
        }
        error => Fault::Other(error),
    }
}
