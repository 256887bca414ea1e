//! The process that looks.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::net::sockopt::socket_peercred;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use super::descriptors::{close_others, receive};
use super::rights::{Limits, confine};
use super::work::Request;

/// What the program is called when it is such a process. No file has this name.
pub(super) const NAME: &str = "ramkey: looks without rights";

/// Whether this program serves.
static SERVES: AtomicBool = AtomicBool::new(false);

/// What a program calls first of all that wants to look at images as root: a child of it is the same program again.
///
/// In such a child this does what is asked, and gives its exit status. Otherwise it is `None`, and the program goes on.
pub fn serve() -> Option<ExitCode> {
    SERVES.store(true, Ordering::Relaxed);
    let is_child = std::env::args_os().next().is_some_and(|name| name == NAME);
    is_child.then(|| if answer().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a child of this process would know what it is.
pub(super) fn serves() -> bool {
    SERVES.load(Ordering::Relaxed)
}

/// The other side of standard input, which is a socket.
struct Socket<'f>(BorrowedFd<'f>);

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.0, buffer)?)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(self.0, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives all rights away, and only then takes the image and looks at it.
fn answer() -> io::Result<()> {
    close_others()?;
    let unlimited = confine()?;
    end_with_parent(io::stdin().as_fd())?;
    let (request, files) = receive(io::stdin().as_fd())?;
    let argument = std::env::args_os().nth(1);
    let confined = unlimited.limit(Limits::of_argument(argument.as_deref()))?;
    let request: Request = serde_json::from_slice(&request)?;
    if request.is_to_serve() {
        return request.serve(&confined, files, &mut Socket(io::stdin().as_fd()));
    }
    let answer = serde_json::to_vec(&request.answer(&confined, files))?;
    let mut out = io::stdout().lock();
    out.write_all(&answer)?;
    out.flush()
}

/// From now on this process ends with the one that made `socket`, which is its parent.
///
/// The end of the socket does not tell that: whoever else has the other one keeps it open.
fn end_with_parent(socket: BorrowedFd<'_>) -> io::Result<()> {
    // Behind the change of user, which would undo it.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Of an end before that there is no signal.
    match getppid() == Some(socket_peercred(socket)?.pid) {
        true => Ok(()),
        false => Err(io::ErrorKind::BrokenPipe.into()),
    }
}
