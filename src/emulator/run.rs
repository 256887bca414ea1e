//! One machine that runs: started, watched, and always ended.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ramkey_format::cp437;
use serde_json::{Value, json};

use super::qemu::{STICK_DEVICE, STICK_DRIVE, bare_arguments};
use super::screen::{PAGE, PAGE_LEN};
use super::{EmulatorError, Machine, Qmp, Screen};

/// How long QEMU may take to open its control socket.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long a QEMU that closed its control socket may take to end.
const EXIT_LIMIT: Duration = Duration::from_secs(2);
/// Time between two looks at the machine.
const POLL: Duration = Duration::from_millis(50);
/// Time between two keys; SeaBIOS drops faster ones.
const KEY_GAP: Duration = Duration::from_millis(100);
/// Bytes at offset 3 of an INT 13h handler that follows the safe hook convention.
const SAFE_HOOK: &[u8] = b"$INT13SF";

/// How a machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The guest wrote this value to port F4h.
    Value(u8),
    /// The guest switched the machine off, or caused a triple fault.
    Off,
    /// QEMU ended in another way.
    Other,
}

/// What has been read from the medium.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockStats {
    /// Bytes read.
    pub bytes: u64,
    /// Read operations.
    pub operations: u64,
}

/// A running machine. Dropping it ends QEMU; so does the end of the thread that started it, where the system can.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    qmp: Qmp,
    folder: Folder,
    memory_number: u32,
    started: Instant,
}

impl Emulator {
    /// Starts `machine`.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Missing`] without QEMU; [`EmulatorError::Ended`] if it refuses the machine.
    pub fn start(machine: &Machine) -> Result<Self, EmulatorError> {
        Self::begin(machine, &[])
    }

    /// Starts `machine` stopped before its first instruction; [`Self::resume`] lets it run.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn start_stopped(machine: &Machine) -> Result<Self, EmulatorError> {
        Self::begin(machine, &["-S"])
    }

    /// Starts a PC with `ram_mib` MiB of memory that has COM1, and beside that only what `more` of QEMU's arguments give it.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn start_bare(ram_mib: u32, more: &[OsString]) -> Result<Self, EmulatorError> {
        let folder = Folder::new()?;
        let arguments = bare_arguments(ram_mib, &folder.path);
        Self::launch(folder, ram_mib, arguments.into_iter().chain(more.iter().cloned()))
    }

    fn begin(machine: &Machine, more: &[&str]) -> Result<Self, EmulatorError> {
        let folder = Folder::new()?;
        let arguments = machine.arguments(&folder.path);
        Self::launch(folder, machine.ram_mib, arguments.into_iter().chain(more.iter().map(OsString::from)))
    }

    fn launch(
        folder: Folder,
        ram_mib: u32,
        arguments: impl Iterator<Item = OsString>,
    ) -> Result<Self, EmulatorError> {
        let errors = folder.create("errors")?;
        let (program, mut command) = super::program::qemu()?;
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let mut child = command.spawn().map_err(|source| EmulatorError::Start { program, source })?;
        match connect(&mut child, &folder) {
            Ok(qmp) => Ok(Self { child, qmp, folder, memory_number: 0, started: Instant::now() }),
            Err(error) => Err(not_started(ram_mib, &mut child, &folder, error)),
        }
    }

    /// Time since the start.
    pub fn running_for(&self) -> Duration {
        self.started.elapsed()
    }

    /// The control connection, for commands that have no method here.
    pub fn qmp(&mut self) -> &mut Qmp {
        &mut self.qmp
    }

    /// Everything that the guest wrote to COM1.
    pub fn serial(&self) -> String {
        self.folder.text("serial")
    }

    /// Everything that the guest wrote to port E9h, which has the letters of its screen.
    pub fn console(&self) -> String {
        let letter = |&byte: &u8| match byte {
            b'\r' | b'\n' => char::from(byte),
            _ => cp437::decode(byte).unwrap_or(' '),
        };
        self.folder.bytes("console").iter().map(letter).collect()
    }

    /// Everything that the guest wrote to COM1 or to port E9h: the boot chain writes to the port, and to COM1 if the stick asks for it.
    pub fn said(&self) -> String {
        self.serial() + &self.console()
    }

    /// How the machine ended, or `None` while it runs.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::File`] if the process cannot be asked.
    pub fn ended(&mut self) -> Result<Option<End>, EmulatorError> {
        let status = self.child.try_wait().map_err(|source| self.folder.failed("qmp", source))?;
        Ok(status.map(|status| match status.code() {
            Some(0) => End::Off,
            // QEMU's own failures have status 1, which is a guest's value of 0; no guest writes that.
            Some(code @ 3..=255) if code % 2 == 1 => End::Value((code / 2) as u8),
            _ => End::Other,
        }))
    }

    /// Waits until `look` returns something, or `limit` is over.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Deadline`] that names `what`; [`EmulatorError::Ended`] if the machine ended first; what
    /// `look` fails with.
    pub fn wait_for<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&mut Self) -> Result<Option<T>, EmulatorError>,
    ) -> Result<T, EmulatorError> {
        let until = Instant::now() + limit;
        loop {
            let over = Instant::now() > until;
            let ended = self.ended()?.is_some();
            match look(self) {
                Ok(Some(found)) => return Ok(found),
                Ok(None) | Err(EmulatorError::Socket { .. }) if ended => return Err(self.ended_error()),
                Err(EmulatorError::Socket { .. }) if self.exits_soon() => return Err(self.ended_error()),
                Ok(None) if over => return Err(EmulatorError::Deadline { what: what.into(), limit }),
                Ok(None) => sleep(POLL),
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until the machine ends.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Deadline`] if it does not within `limit`; it runs on.
    pub fn wait_end(&mut self, limit: Duration) -> Result<End, EmulatorError> {
        let until = Instant::now() + limit;
        loop {
            if let Some(end) = self.ended()? {
                return Ok(end);
            }
            if Instant::now() > until {
                return Err(EmulatorError::Deadline { what: "the guest's end".into(), limit });
            }
            sleep(POLL);
        }
    }

    /// The text screen.
    ///
    /// # Errors
    ///
    /// As [`Self::memory`].
    pub fn screen(&mut self) -> Result<Screen, EmulatorError> {
        Ok(Screen::from_page(&self.memory(PAGE, PAGE_LEN as u64)?))
    }

    /// Physical memory from `start` on. Consistent only while the machine is stopped.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Socket`] if QEMU has gone, [`EmulatorError::File`] if its file cannot be read.
    pub fn memory(&mut self, start: u64, len: u64) -> Result<Vec<u8>, EmulatorError> {
        self.memory_number += 1;
        let name = format!("memory{}", self.memory_number);
        let path = self.folder.path.join(&name);
        self.qmp.execute("pmemsave", json!({ "val": start, "size": len, "filename": path }))?;
        let bytes = fs::read(&path).map_err(|source| self.folder.failed(&name, source))?;
        fs::remove_file(&path).map_err(|source| self.folder.failed(&name, source))?;
        Ok(bytes)
    }

    /// Whether the real-mode INT 13h vector points to a handler that says it is a safe hook.
    ///
    /// # Errors
    ///
    /// As [`Self::memory`].
    pub fn is_hooked(&mut self) -> Result<bool, EmulatorError> {
        let vector = self.memory(0x4C, 4)?;
        let word = |at: usize| u64::from(u16::from_le_bytes([vector[at], vector[at + 1]]));
        let entry = word(2) * 16 + word(0);
        Ok(self.memory(entry + 3, SAFE_HOOK.len() as u64)? == SAFE_HOOK)
    }

    /// Writes a picture of the screen to `path`, as PNG.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Refused`] by a QEMU before 7.1; [`EmulatorError::File`] if the file cannot be written.
    pub fn screenshot(&mut self, path: &Path) -> Result<(), EmulatorError> {
        let made = self.folder.path.join("picture.png");
        self.qmp.execute("screendump", json!({ "filename": made, "format": "png" }))?;
        fs::copy(&made, path).map(drop).map_err(|source| EmulatorError::File { path: path.into(), source })
    }

    /// Presses keys, one after the other, by QEMU's names: `ret`, `down`, `1`.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Refused`] for a name that QEMU does not know.
    pub fn press(&mut self, keys: &[&str]) -> Result<(), EmulatorError> {
        for key in keys {
            let key = json!({ "keys": [{ "type": "qcode", "data": key }] });
            self.qmp.execute("send-key", key)?;
            sleep(KEY_GAP);
        }
        Ok(())
    }

    /// Pulls the stick, and returns when the guest can no longer reach it.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Refused`] if there is none in a USB port; [`EmulatorError::Deadline`] after `limit`.
    pub fn pull(&mut self, limit: Duration) -> Result<(), EmulatorError> {
        self.qmp.execute("device_del", json!({ "id": STICK_DEVICE }))?;
        let gone =
            |event: &Value| event["event"] == "DEVICE_DELETED" && event["data"]["device"] == STICK_DEVICE;
        self.qmp.wait_event("the stick to be gone", limit, gone).map(drop)
    }

    /// Opens the tray of the CD drive, even if the guest has locked it, and takes the disc out.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Refused`] if the medium is not in a CD drive.
    pub fn eject(&mut self) -> Result<(), EmulatorError> {
        self.qmp.execute("eject", json!({ "id": STICK_DEVICE, "force": true })).map(drop)
    }

    /// What has been read from the medium so far; zeros once it is pulled or ejected.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Socket`] if QEMU has gone.
    pub fn stick_reads(&mut self) -> Result<BlockStats, EmulatorError> {
        let all = self.qmp.execute("query-blockstats", json!({}))?;
        let ours = |drive: &&Value| drive["device"] == STICK_DRIVE || drive["node-name"] == STICK_DRIVE;
        let stats = all.as_array().into_iter().flatten().find(ours).map(|drive| &drive["stats"]);
        let number = |name: &str| stats.and_then(|stats| stats[name].as_u64()).unwrap_or(0);
        Ok(BlockStats { bytes: number("rd_bytes"), operations: number("rd_operations") })
    }

    /// Stops the processor.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Socket`] if QEMU has gone.
    pub fn stop(&mut self) -> Result<(), EmulatorError> {
        self.qmp.execute("stop", json!({})).map(drop)
    }

    /// Lets the processor run.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Socket`] if QEMU has gone.
    pub fn resume(&mut self) -> Result<(), EmulatorError> {
        self.qmp.execute("cont", json!({})).map(drop)
    }

    /// QEMU closes its socket just before it ends: whether it does so within a moment.
    fn exits_soon(&mut self) -> bool {
        self.wait_end(EXIT_LIMIT).is_ok()
    }

    fn ended_error(&mut self) -> EmulatorError {
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        EmulatorError::Ended { status, messages: self.folder.text("errors").trim().replace('\n', "; ") }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends our own QEMU, whatever it does.
fn end(child: &mut Child) {
    // An error here means that it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

/// Opens the control connection as soon as QEMU offers it.
fn connect(child: &mut Child, folder: &Folder) -> Result<Qmp, EmulatorError> {
    let until = Instant::now() + START_LIMIT;
    loop {
        match UnixStream::connect(folder.path.join("qmp")) {
            Ok(stream) => return Qmp::new(stream),
            Err(source) if Instant::now() > until => {
                return Err(EmulatorError::Socket { command: "its control socket".into(), source });
            }
            Err(_) => {}
        }
        if let Ok(Some(status)) = child.try_wait() {
            let messages = folder.text("errors").trim().replace('\n', "; ");
            return Err(EmulatorError::Ended { status: status.to_string(), messages });
        }
        sleep(Duration::from_millis(10));
    }
}

/// Ends a QEMU that did not take the control connection. If it said why on standard error, that is the reason.
fn not_started(ram_mib: u32, child: &mut Child, folder: &Folder, error: EmulatorError) -> EmulatorError {
    let until = Instant::now() + EXIT_LIMIT;
    while Instant::now() < until && matches!(child.try_wait(), Ok(None)) {
        sleep(Duration::from_millis(10));
    }
    end(child);
    let messages = folder.text("errors").trim().replace('\n', "; ");
    if messages.contains("cannot set up guest memory") {
        return EmulatorError::Memory { mib: ram_mib };
    }
    match (error, child.wait()) {
        (EmulatorError::Socket { .. }, Ok(status)) if !messages.is_empty() => {
            EmulatorError::Ended { status: status.to_string(), messages }
        }
        (error, _) => error,
    }
}

/// The files of one run; removed with it.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Self, EmulatorError> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ramkey-run-{}-{number}", std::process::id()));
        match fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => Ok(Self { path }),
            Err(source) => Err(EmulatorError::File { path, source }),
        }
    }

    fn create(&self, name: &str) -> Result<fs::File, EmulatorError> {
        fs::File::create(self.path.join(name)).map_err(|source| self.failed(name, source))
    }

    /// A file's text; empty while there is none.
    fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.bytes(name)).into_owned()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path.join(name)).unwrap_or_default()
    }

    fn failed(&self, name: &str, source: io::Error) -> EmulatorError {
        EmulatorError::File { path: self.path.join(name), source }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind is a few small files in the system's folder for them.
        let _ = fs::remove_dir_all(&self.path);
    }
}
