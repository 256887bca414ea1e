//! How the bytes of an image go from a child without rights to the process that asked for them, through a socket.
//!
//! First the child tells what it opened: four bytes of length, and so much JSON. Then it is asked for pieces, each by its place and
//! its length, eight bytes each, and gives one byte, which says whether the bytes follow, or two bytes of length and the reason.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{LookError, Told};
use crate::image::{Source, Wrapping, open_or_want};

/// Most bytes of a piece.
pub(super) const PIECE: usize = 1 << 20;
/// Most bytes of what is told in the first place, and of a reason.
pub(super) const OPENING_LEN_MAX: usize = 1 << 16;
/// What a piece begins with that is there.
pub(super) const THERE: u8 = 0;

/// What a child opened.
#[derive(Serialize, Deserialize)]
pub(super) enum Opening {
    /// An image of so many bytes.
    Image { len: u64, wrapping: Option<Wrapping> },
    /// Nothing yet: it needs the file beside the image's own with this name, which may be no text.
    Wants(Vec<u8>),
    /// Nothing.
    Failed(Told),
}

/// Serves the image in `files`, in a process that has no rights, until nobody asks any more. `is_all` says that there are no more
/// files.
///
/// # Errors
///
/// What the system says of the socket.
pub(super) fn serve(
    path: &Path,
    files: Vec<File>,
    is_all: bool,
    socket: &mut (impl Read + Write),
) -> io::Result<()> {
    let (opening, source) = opened(path, files, is_all);
    let opening = serde_json::to_vec(&opening)?;
    socket.write_all(&(opening.len() as u32).to_le_bytes())?;
    socket.write_all(&opening)?;
    let Some(source) = source else { return Ok(()) };
    let mut piece = vec![0; PIECE];
    loop {
        let mut wanted = [0; 16];
        match socket.read_exact(&mut wanted) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let [offset, len] =
            [0, 8].map(|at| u64::from_le_bytes(wanted[at..at + 8].try_into().expect("8 bytes")));
        let piece =
            piece.get_mut(..usize::try_from(len).unwrap_or(usize::MAX)).ok_or(io::ErrorKind::InvalidInput)?;
        match source.read_at(offset, piece) {
            Ok(()) => {
                socket.write_all(&[THERE])?;
                socket.write_all(piece)?;
            }
            Err(error) => {
                let why = error.to_string().into_bytes();
                let why = &why[..why.len().min(OPENING_LEN_MAX - 1)];
                socket.write_all(&[!THERE])?;
                socket.write_all(&(why.len() as u16).to_le_bytes())?;
                socket.write_all(why)?;
            }
        }
    }
}

fn opened(path: &Path, files: Vec<File>, is_all: bool) -> (Opening, Option<Box<dyn Source>>) {
    match open_or_want(path, files) {
        Ok(source) => {
            let (len, wrapping) = (source.len(), source.wrapping().cloned());
            (Opening::Image { len, wrapping }, Some(source))
        }
        Err((_, Some(name))) if !is_all => (Opening::Wants(name.into_vec()), None),
        Err((error, _)) => {
            let error = LookError::from(error);
            let help = error.help();
            (Opening::Failed(Told::new(&error, help)), None)
        }
    }
}
