//! The DOS in a folder: which one it is, and how it wants to be started. docs/folders.md has the sources of each fact.

use std::io::Read;

use ramkey_format::dos::{DOS_BELOW_MAX, DOS_LOAD, DOS_LOAD_FREEDOS, DOS_WHOLE_MAX};

use super::names::plain;
use super::tree::Tree;
use crate::boot::DosStart;
use crate::image::ImageError;
use crate::units::SECTOR_LEN;

/// Bytes of a file that are looked at for the names of its makers.
const LOOKED_AT: u64 = 1 << 18;
/// Sectors that MS-DOS wants of its first file, up to version 6 and from 7 on.
const MSDOS_SECTORS: u16 = 3;
const MSDOS_7_SECTORS: u16 = 4;
/// Where MS-DOS 7 begins in its file, and what stands there.
const MSDOS_7_ENTRY: u16 = 0x200;
const MSDOS_7_MARK: &[u8] = b"BJ";
/// Who made the other IBMBIO.COM.
const DR_DOS_MAKERS: [&[u8]; 5] = [b"Digital Research", b"DR-DOS", b"DR DOS", b"Caldera", b"Novell"];

/// A system that the image starts.
pub(super) struct System {
    /// Its name.
    pub name: &'static str,
    /// The numbers of its files in the tree, which come first in the image, in this order.
    pub files: Vec<usize>,
    /// How it is started.
    pub start: DosStart,
}

/// The system in the topmost folder; `None` if there is none that is known, or it cannot be started.
///
/// # Errors
///
/// As [`Tree::open_file`].
pub(super) fn find(tree: &Tree) -> Result<Option<System>, ImageError> {
    let file = |name: &str| {
        let named = |file: &super::tree::SeenFile| {
            file.folder == 0 && file.len > 0 && file.name.eq_ignore_ascii_case(name)
        };
        tree.files.iter().position(named)
    };
    if let Some(kernel) = file("KERNEL.SYS") {
        return Ok(whole(tree, "FreeDOS", vec![kernel], DOS_LOAD_FREEDOS));
    }
    if let Some(io) = file("IO.SYS") {
        let start = start_of(tree, io)?;
        let is_7 = start.starts_with(b"MZ")
            && start.get(usize::from(MSDOS_7_ENTRY)..).is_some_and(|rest| rest.starts_with(MSDOS_7_MARK));
        return Ok(match (is_7, file("MSDOS.SYS")) {
            (true, msdos) => {
                let files = [Some(io), msdos].into_iter().flatten().collect();
                some("MS-DOS 7 or later", tree, files, (MSDOS_7_SECTORS, MSDOS_7_ENTRY))
            }
            (false, Some(msdos)) => some("MS-DOS", tree, vec![io, msdos], (MSDOS_SECTORS, 0)),
            (false, None) => None,
        });
    }
    if let (Some(bio), Some(dos)) = (file("IBMBIO.COM"), file("IBMDOS.COM")) {
        let start = start_of(tree, bio)?;
        let is_of = |maker: &[u8]| start.windows(maker.len()).any(|text| text == maker);
        if DR_DOS_MAKERS.into_iter().any(is_of) {
            return Ok(whole(tree, "DR-DOS", vec![bio, dos], DOS_LOAD));
        }
        // A DR-DOS whose file is packed shows no name. It wants all of its file, and PC DOS does not mind.
        return Ok(some("PC DOS", tree, vec![bio, dos], (DOS_BELOW_MAX as u16, 0)));
    }
    for (bio, dos) in [("DRBIO.SYS", "DRDOS.SYS"), ("DRBIOS.SYS", "DRBDOS.SYS")] {
        if let (Some(bio), Some(dos)) = (file(bio), file(dos)) {
            return Ok(whole(tree, "DR-DOS", vec![bio, dos], DOS_LOAD));
        }
    }
    Ok(None)
}

/// A system whose first file is loaded whole; `None` if there is no room for that in memory.
fn whole(tree: &Tree, name: &'static str, files: Vec<usize>, segment: u32) -> Option<System> {
    let sectors = tree.files[files[0]].len.div_ceil(SECTOR_LEN);
    let start = DosStart {
        name: plain(&tree.files[files[0]].name)?.0,
        sectors_max: DOS_WHOLE_MAX as u16,
        segment: segment as u16,
        offset: 0,
        is_whole: true,
    };
    (sectors <= u64::from(DOS_WHOLE_MAX)).then_some(System { name, files, start })
}

/// A system of whose first file so many sectors are loaded, and which begins at this offset.
fn some(
    name: &'static str,
    tree: &Tree,
    files: Vec<usize>,
    (sectors_max, offset): (u16, u16),
) -> Option<System> {
    let start = DosStart {
        name: plain(&tree.files[files[0]].name)?.0,
        sectors_max,
        segment: DOS_LOAD as u16,
        offset,
        is_whole: false,
    };
    Some(System { name, files, start })
}

/// The first bytes of a file.
fn start_of(tree: &Tree, number: usize) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let read = tree.open_file(number)?.take(LOOKED_AT).read_to_end(&mut bytes);
    read.map_err(|source| ImageError::Read {
        path: tree.file_path(number),
        offset: bytes.len() as u64,
        source,
    })?;
    Ok(bytes)
}
