//! An image whose container is read by a child without rights, which serves its bytes.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};

use super::error::LookError;
use super::parent::spawn;
use super::pieces::{OPENING_LEN_MAX, Opening, PIECE, THERE};
use super::rights::Limits;
use super::work::Task;
use crate::image::{Files, ImageError, Source, Wrapping};

/// Such an image. The child ends with it.
struct Served {
    len: u64,
    wrapping: Option<Wrapping>,
    link: Mutex<Link>,
}

/// A child, and the way to it.
struct Link {
    child: Child,
    socket: UnixStream,
}

/// The image in `files`, which lies in a container; `command` prints its bytes.
///
/// # Errors
///
/// It is damaged or cannot be read, names a file that is not opened for it, or there is no child or no answer.
pub(super) fn serve(path: &Path, files: &mut Files, command: &str) -> Result<Box<dyn Source>, LookError> {
    let mut is_all = false;
    // Ends: no image has more than so many files.
    loop {
        let (opening, link) = Link::open(path, files.descriptors(), is_all)?;
        match opening {
            Opening::Image { len, wrapping } => {
                // What people are told to type is not taken from it.
                let wrapping =
                    wrapping.map(|wrapping| Wrapping { plain_command: command.to_owned(), ..wrapping });
                return Ok(Box::new(Served { len, wrapping, link: Mutex::new(link) }));
            }
            Opening::Wants(_) if is_all => return Err(LookError::Answer { path: path.to_owned() }),
            Opening::Wants(name) => match files.open_beside(&OsString::from_vec(name)) {
                Ok(_) => {}
                // The container has words for that.
                Err(ImageError::Open { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    is_all = true
                }
                Err(error) => return Err(error.into()),
            },
            Opening::Failed(told) => return Err(LookError::Told(told)),
        }
    }
}

impl Link {
    fn open(path: &Path, files: &[File], is_all: bool) -> Result<(Opening, Self), LookError> {
        let cannot_start = |source| LookError::Start { path: path.to_owned(), source };
        let spawned = spawn(path, files, Task::Serve { is_all }, Limits::Serving, Stdio::null())
            .map_err(cannot_start)?;
        let (child, socket) = spawned;
        let mut link = Self { child, socket };
        link.socket.set_read_timeout(Some(Limits::Serving.patience())).map_err(cannot_start)?;
        let opening = link.opening();
        let opening = opening.map_err(|_| {
            let how = "ended without an answer".to_owned();
            LookError::Ended { path: path.to_owned(), how }
        })?;
        Ok((opening, link))
    }

    fn opening(&mut self) -> io::Result<Opening> {
        let mut len = [0; 4];
        self.socket.read_exact(&mut len)?;
        let len = u32::from_le_bytes(len) as usize;
        if len > OPENING_LEN_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut opening = vec![0; len];
        self.socket.read_exact(&mut opening)?;
        Ok(serde_json::from_slice(&opening)?)
    }

    /// Fills `piece` from byte `offset` of the image on, or gives the reason why that cannot be.
    fn piece(&mut self, offset: u64, piece: &mut [u8]) -> io::Result<Result<(), String>> {
        let mut wanted = [0; 16];
        wanted[..8].copy_from_slice(&offset.to_le_bytes());
        wanted[8..].copy_from_slice(&(piece.len() as u64).to_le_bytes());
        self.socket.write_all(&wanted)?;
        let mut state = [0];
        self.socket.read_exact(&mut state)?;
        if state == [THERE] {
            self.socket.read_exact(piece)?;
            return Ok(Ok(()));
        }
        let mut len = [0; 2];
        self.socket.read_exact(&mut len)?;
        let mut why = vec![0; u16::from_le_bytes(len).into()];
        self.socket.read_exact(&mut why)?;
        Ok(Err(String::from_utf8_lossy(&why).into_owned()))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // It has nothing that it could finish.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Source for Served {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, piece) in (offset..).step_by(PIECE).zip(buffer.chunks_mut(PIECE)) {
            let given = link.piece(at, piece);
            given
                .map_err(|_| io::Error::other("the process without rights that reads it has ended"))?
                .map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn wrapping(&self) -> Option<&Wrapping> {
        self.wrapping.as_ref()
    }
}
