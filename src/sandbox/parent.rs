//! The process that asks.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid, getgid, getuid};
use rustix::thread::capabilities;

use super::child::{NAME, serves};
use super::descriptors::send;
use super::error::LookError;
use super::rights::{Limits, NOBODY};
use super::work::{Answer, Request, Task};
use crate::contents::{self, Looked, Question};
use crate::doctor::{self, Diagnosis};
use crate::image::{DISK_LEN_MAX, PackedFile, Source, Unpacked};

/// How often is looked how far a child is.
const LOOKS: Duration = Duration::from_millis(100);
/// How long it may take to end when it has said all.
const ENDING_MAX: Duration = Duration::from_secs(10);
/// This program, whatever its file is called now.
const PROGRAM: &str = "/proc/self/exe";

/// What is known of the image in `source`, as [`contents::look`] says it. As root a child without rights looks; it gets the
/// descriptors of `source`, so that must have them. `path` is for messages and titles only.
///
/// # Errors
///
/// As [`contents::look`], and that there is no child or no answer: then nothing has been looked at.
pub fn look(path: &Path, source: &dyn Source, question: &Question) -> Result<Looked, LookError> {
    if !has_rights() {
        return Ok(contents::look(path, source, question)?);
    }
    match ask(path, source.descriptors(), Task::Look(*question), Limits::Looking, &|| Wait::On)? {
        Answer::Looked(mut looked) if looked.is_possible(question, source.len(), source.wrapping()) => {
            looked.facts.path = path.to_owned();
            looked.facts.unpacked = source.unpacked().to_vec();
            Ok(*looked)
        }
        Answer::Failed(told) => Err(LookError::Told(told)),
        _ => Err(LookError::Answer { path: path.to_owned() }),
    }
}

/// What on the stick in `source` contradicts what, as [`doctor::diagnose`] says it; as root by a child without rights.
///
/// # Errors
///
/// As [`doctor::diagnose`], and that there is no child or no answer.
pub fn diagnose(path: &Path, source: &dyn Source) -> Result<Diagnosis, LookError> {
    if !has_rights() {
        return Ok(doctor::diagnose(&source)?);
    }
    match ask(path, source.descriptors(), Task::Diagnose, Limits::Looking, &|| Wait::On)? {
        Answer::Diagnosed(diagnosis) if diagnosis.is_possible(source.len()) => Ok(*diagnosis),
        Answer::Failed(told) => Err(LookError::Told(told)),
        _ => Err(LookError::Answer { path: path.to_owned() }),
    }
}

/// What comes out of `packed`, put into `file` in `folder` by a child without rights. `progress` is told how many more packed
/// bytes are done.
///
/// # Errors
///
/// [`LookError`].
pub(super) fn ask_to_unpack(
    packed: &PackedFile<'_>,
    file: &File,
    folder: &Path,
    progress: &dyn Fn(u64),
) -> Result<Unpacked, LookError> {
    let cannot_start = |source| LookError::Start { path: packed.path.to_owned(), source };
    let files = [packed.file, file].map(File::try_clone);
    let files = files.into_iter().collect::<io::Result<Vec<_>>>().map_err(cannot_start)?;
    let member = packed.member.map(str::to_owned);
    let task = Task::Unpack { member, folder: folder.as_os_str().as_bytes().to_vec() };
    let told = Cell::new(0);
    let look = || {
        let done = (&*file).stream_position().unwrap_or(0).min(packed.outer.len());
        progress(done.saturating_sub(told.get()));
        told.set(done.max(told.get()));
        Wait::On
    };
    let answer = ask(packed.path, &files, task, Limits::Unpacking, &look)?;
    let put = file.metadata().map_err(cannot_start)?.len();
    match answer {
        Answer::Unpacked(unpacked) if put <= DISK_LEN_MAX && is_possible(&unpacked, packed, put) => {
            Ok(unpacked)
        }
        Answer::Failed(told) => Err(LookError::Told(told)),
        _ => Err(LookError::Answer { path: packed.path.to_owned() }),
    }
}

fn is_possible(unpacked: &Unpacked, packed: &PackedFile<'_>, put: u64) -> bool {
    unpacked.is_possible(packed.container, [packed.outer.len(), put], packed.member)
}

/// Whether this process can do more than the user who started it: as root, or by its file.
pub(super) fn has_rights() -> bool {
    let has_capabilities = || capabilities(None).is_ok_and(|sets| !sets.permitted.is_empty());
    geteuid().is_root() || geteuid() != getuid() || getegid() != getgid() || has_capabilities()
}

/// Whether this process can do more than the user who started it, by its file. A session of root has its rights itself.
pub fn has_lent_rights() -> bool {
    !getuid().is_root() && has_rights()
}

/// Who is to run a program of others that this process needs: nobody with rights, where this one has all of them.
pub fn lesser_user() -> Option<u32> {
    geteuid().is_root().then_some(NOBODY)
}

/// What is known while a child is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Nothing.
    On,
    /// It gave a sign of life, and may take its time again.
    Anew,
    /// Nobody wants its answer any more.
    NoMore,
}

/// Asks a child, which gets the `files` and ends with its answer; `wait` is called again and again until then.
pub(super) fn ask(
    path: &Path,
    files: &[File],
    task: Task,
    limits: Limits,
    wait: &dyn Fn() -> Wait,
) -> Result<Answer, LookError> {
    let cannot_start = |source| LookError::Start { path: path.to_owned(), source };
    let (child, _) = spawn(path, files, task, limits, Stdio::piped()).map_err(cannot_start)?;
    let mut child = Asked(child);
    let bytes = answer_of(&mut child.0, limits, wait);
    let is_whole = matches!(&bytes, Ok(bytes) if bytes.len() as u64 <= limits.answer_len());
    if !is_whole || !ends(&mut child.0, Instant::now() + ENDING_MAX) {
        // It is waited for all the same.
        let _ = child.0.kill();
    }
    let status = child.0.wait().map_err(cannot_start)?;
    match &bytes {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            return Err(LookError::Stopped { path: path.to_owned() });
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            let how = "took too long, and was ended".to_owned();
            return Err(LookError::Ended { path: path.to_owned(), how });
        }
        _ if status.success() => {}
        _ => return Err(LookError::Ended { path: path.to_owned(), how: ending(status) }),
    }
    serde_json::from_slice(&bytes.unwrap_or_default())
        .map_err(|_| LookError::Answer { path: path.to_owned() })
}

/// A child that does not outlive the question, even if `wait` unwinds.
struct Asked(Child);

impl Drop for Asked {
    fn drop(&mut self) {
        // One that was waited for is left alone by both.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the child says until it closes its output, or until it has said too much; `TimedOut` if it takes too long, and
/// `Interrupted` if nobody wants to know any more.
fn answer_of(child: &mut Child, limits: Limits, wait: &dyn Fn() -> Wait) -> io::Result<Vec<u8>> {
    let patience = limits.patience();
    let mut until = Instant::now() + patience;
    let mut out = child.stdout.take().expect("it was asked for");
    let (mut bytes, mut piece) = (Vec::new(), [0; 1 << 16]);
    while bytes.len() as u64 <= limits.answer_len() {
        match wait() {
            Wait::On => {}
            Wait::Anew => until = Instant::now() + patience,
            Wait::NoMore => return Err(io::ErrorKind::Interrupted.into()),
        }
        let left = until.checked_duration_since(Instant::now()).ok_or(io::ErrorKind::TimedOut)?.min(LOOKS);
        let mut wanted = [PollFd::new(&out, PollFlags::IN)];
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        match poll(&mut wanted, Some(&left)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        match out.read(&mut piece)? {
            0 => break,
            len => bytes.extend_from_slice(&piece[..len]),
        }
    }
    Ok(bytes)
}

/// Whether the child ends by itself before `until`.
fn ends(child: &mut Child, until: Instant) -> bool {
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() >= until {
            return false;
        }
        sleep(Duration::from_millis(1));
    }
    true
}

/// Starts a child, which gets the `files` and says what it has to say to `out`; gives the other end of its standard input, too.
pub(super) fn spawn(
    path: &Path,
    files: &[File],
    task: Task,
    limits: Limits,
    out: Stdio,
) -> io::Result<(Child, UnixStream)> {
    if !serves() {
        return Err(io::Error::other("this program is not made for it"));
    }
    if files.is_empty() {
        return Err(io::Error::other("its bytes are in no open file"));
    }
    let request = serde_json::to_vec(&Request::new(path, task))?;
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new(PROGRAM);
    // What ends or stops this command at the terminal is for this process, and the child goes with it.
    command.process_group(0);
    command.arg0(NAME).env_clear().stdin(OwnedFd::from(theirs)).stdout(out).stderr(Stdio::null());
    if limits != Limits::Looking {
        command.arg(limits.argument());
    }
    let mut child = start(command)?;
    match send(&ours, &request, files) {
        // It has ended already; how, whoever waits for it is told.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
        _ => Ok((child, ours)),
    }
}

/// Starts it from a thread that ends with this process: a child is told of the end of the thread that started it, and others may still
/// read by it.
fn start(command: Command) -> io::Result<Child> {
    type Order = (Command, Sender<io::Result<Child>>);
    static STARTER: LazyLock<io::Result<Sender<Order>>> = LazyLock::new(|| {
        let (orders, taken) = channel::<Order>();
        let start = move || {
            for (mut command, answer) in taken {
                // Who ordered it waits.
                let _ = answer.send(command.spawn());
            }
        };
        Builder::new().name("starts children".into()).spawn(start)?;
        Ok(orders)
    });
    let (answer, started) = channel();
    let gone = || io::Error::other("the thread that starts processes has ended");
    match &*STARTER {
        Ok(orders) => orders.send((command, answer)).map_err(|_| gone())?,
        Err(error) => return Err(io::Error::new(error.kind(), error.to_string())),
    }
    started.recv().map_err(|_| gone())?
}

fn ending(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (_, Some(code)) => format!("ended with status {code}"),
        _ => "ended".into(),
    }
}
