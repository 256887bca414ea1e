//! Standard input as an image.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::kept::Kept;
use super::progress::Unpacking;
use super::room::room;
use crate::image::{DISK_LEN_MAX, ImageError};

/// Bytes of standard input that are taken at once.
const PIECE: usize = 1 << 18;
/// Most bytes of standard input: what is longer than a packed image of the largest size is none.
const INPUT_MAX: u64 = DISK_LEN_MAX + (DISK_LEN_MAX >> 4);

/// Standard input, kept in a temporary file because an image is read anywhere.
pub(super) fn of_input(path: &Path, tell: &dyn Fn(Unpacking)) -> Result<Kept, ImageError> {
    let mut input = io::stdin();
    if input.is_terminal() {
        return Err(ImageError::Keyboard);
    }
    let (file, folder) = room(path)?;
    tell(Unpacking::Begin(0));
    let kept = keep(path, &mut input, &file, &folder, tell);
    tell(Unpacking::End);
    kept?;
    Kept::of(path, file)
}

fn keep(
    path: &Path,
    input: &mut dyn Read,
    file: &File,
    folder: &Path,
    tell: &dyn Fn(Unpacking),
) -> Result<(), ImageError> {
    let (mut piece, mut at) = (vec![0; PIECE], 0);
    loop {
        let count = match input.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(ImageError::Read { path: path.to_owned(), offset: at, source }),
        };
        if at + count as u64 > INPUT_MAX {
            return Err(ImageError::LongInput { limit: INPUT_MAX });
        }
        let put = file.write_all_at(&piece[..count], at);
        put.map_err(|source| ImageError::Room { path: path.to_owned(), folder: folder.to_owned(), source })?;
        at += count as u64;
        tell(Unpacking::Advance(count as u64));
    }
}
