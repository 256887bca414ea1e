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
use crate::image::{DISK_LEN_MAX, Files, ImageError, Source, Wrapping};

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
    /// Whether an answer was late or cut off: what still comes through the socket is not what is asked for next.
    is_dead: bool,
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
                if !is_possible(len, wrapping.as_ref()) {
                    return Err(LookError::Answer { path: path.to_owned() });
                }
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

/// Whether a container can hold an image of `len` bytes, with this around it.
fn is_possible(len: u64, wrapping: Option<&Wrapping>) -> bool {
    len <= DISK_LEN_MAX && wrapping.is_none_or(Wrapping::is_possible)
}

impl Link {
    fn open(path: &Path, files: &[File], is_all: bool) -> Result<(Opening, Self), LookError> {
        let cannot_start = |source| LookError::Start { path: path.to_owned(), source };
        let spawned = spawn(path, files, Task::Serve { is_all }, Limits::Serving, Stdio::null())
            .map_err(cannot_start)?;
        let (child, socket) = spawned;
        let mut link = Self { child, socket, is_dead: false };
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

    /// Fills `piece` from byte `offset` of the image on. Once there was no whole answer, there is none any more.
    fn piece(&mut self, offset: u64, piece: &mut [u8]) -> io::Result<()> {
        let answer = match self.is_dead {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => self.answer(offset, piece),
        };
        self.is_dead = answer.is_err();
        let ended =
            |_| io::Error::other("the process without rights that reads it has ended, or is too slow");
        answer.map_err(ended)?.map_err(io::Error::other)
    }

    /// The same, or the reason that the child gives why that cannot be.
    fn answer(&mut self, offset: u64, piece: &mut [u8]) -> io::Result<Result<(), String>> {
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
            link.piece(at, piece)?;
        }
        Ok(())
    }

    fn wrapping(&self) -> Option<&Wrapping> {
        self.wrapping.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;
    use crate::units::Geometry;

    #[test]
    fn an_answer_that_comes_late_is_not_taken_for_the_next_one() {
        let (socket, mut theirs) = UnixStream::pair().unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let child = Command::new("true").spawn().unwrap();
        let link = Mutex::new(Link { child, socket, is_dead: false });
        let served = Served { len: 1000, wrapping: None, link };
        let mut found = [0; 4];
        served.read_at(0, &mut found).unwrap_err();
        // Now both are there: what was asked for first, and what would be asked for next.
        theirs.write_all(&[THERE, 1, 1, 1, 1, THERE, 2, 2, 2, 2]).unwrap();
        let error = served.read_at(4, &mut found).expect_err("bytes of another place").to_string();
        assert!(error.contains("has ended, or is too slow"), "{error}");
        served.read_at(4, &mut found).unwrap_err();
    }

    #[test]
    fn a_reason_ends_nothing_and_the_next_piece_comes() {
        let (socket, mut theirs) = UnixStream::pair().unwrap();
        let child = Command::new("true").spawn().unwrap();
        let served =
            Served { len: 1000, wrapping: None, link: Mutex::new(Link { child, socket, is_dead: false }) };
        theirs.write_all(&[!THERE, 3, 0, b'b', b'a', b'd', THERE, 2, 2]).unwrap();
        let mut found = [0; 2];
        assert_eq!(served.read_at(0, &mut found).unwrap_err().to_string(), "bad");
        served.read_at(4, &mut found).unwrap();
        assert_eq!(found, [2, 2]);
    }

    #[test]
    fn an_image_that_no_container_holds_is_not_believed() {
        let wrapping = Wrapping {
            program: "QEMU".into(),
            header_len: None,
            hard_disk: None,
            geometry: Geometry::new(10, 16, 63),
            left_out: "its tables".into(),
            plain_command: String::new(),
        };
        assert!(is_possible(DISK_LEN_MAX, Some(&wrapping)) && is_possible(0, None));
        assert!(!is_possible(DISK_LEN_MAX + 1, Some(&wrapping)));
        assert!(!is_possible(u64::MAX, None));
        let none = Geometry { cylinders: 0, heads: 0, sectors_per_track: 0 };
        for forged in [
            Wrapping { left_out: "x".repeat(5000), ..wrapping.clone() },
            Wrapping { program: "x".repeat(5000).into(), ..wrapping.clone() },
            Wrapping { hard_disk: Some("x".repeat(5000).into()), ..wrapping.clone() },
            Wrapping { header_len: Some(u64::MAX), ..wrapping.clone() },
            Wrapping { geometry: Some(none), ..wrapping },
        ] {
            assert!(!is_possible(512, Some(&forged)), "{forged:?}");
        }
    }
}
