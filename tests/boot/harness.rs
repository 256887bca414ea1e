//! Assembles guests, makes media that load them, boots them, and keeps the evidence.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use ramkey::emulator::{Emulator, EmulatorError, End, Machine, Screen};
pub use ramkey_format::markers::MAY_REMOVE as PROVEN;
pub use ramkey_format::markers::MAY_REMOVE_DISC;

/// How long a guest may take from power-on to its verdict: it only ends what hangs. The slowest stick (USB 1.1,
/// emulated, on a busy machine of two cores) needs a minute and a half.
pub const DEADLINE: Duration = Duration::from_secs(900);
/// Sectors that every guest's code takes; `GUEST_SECTORS` in `guest.inc`.
pub const GUEST_SECTORS: usize = 24;
/// What a guest writes to port F4h when its property holds.
const PASS: u8 = 0x10;
/// And when it does not.
const FAIL: u8 = 0x11;
/// Machines that may run at the same time. On two cores: each waits for more than half of its time, for the timers of its BIOS or for
/// what must not happen. More would make all of them late.
const MACHINES: usize = 4;

/// A disk as a BIOS counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    pub cylinders: u32,
    pub heads: u32,
    pub track_sectors: u32,
}

impl Geometry {
    pub const fn new(cylinders: u32, heads: u32, track_sectors: u32) -> Self {
        Self { cylinders, heads, track_sectors }
    }

    pub const fn sectors(self) -> u32 {
        self.cylinders * self.heads * self.track_sectors
    }
}

/// A folder for the files of one test.
pub fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("ramkey-boot-").tempdir().expect("a folder for the test's files")
}

/// Runs a tool that must succeed.
pub fn tool<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> String {
    let mut command = Command::new(program);
    command.args(arguments);
    // Not every user's search path has the tools for file systems.
    let path = std::env::var("PATH").unwrap_or_default();
    let output = command.env("PATH", format!("{path}:/usr/sbin:/sbin")).output();
    let output =
        output.unwrap_or_else(|error| panic!("running {program}: {error}; `cargo xtask tools` installs it"));
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} failed: {text}");
    text
}

/// Assembles a guest of `tests/boot/guests`, with `NAME=value` definitions.
pub fn assemble(guest: &str, definitions: &[String]) -> Vec<u8> {
    let folder = scratch();
    let binary = folder.path().join("guest.bin");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot/guests");
    let mut arguments: Vec<String> = ["-w+all", "-w+error", "-f", "bin"].map(str::to_owned).to_vec();
    arguments.extend(["-I".into(), format!("{}/", sources.display())]);
    arguments.extend(definitions.iter().map(|definition| format!("-D{definition}")));
    arguments.extend(["-o".into(), binary.display().to_string()]);
    arguments.push(sources.join(guest).with_extension("asm").display().to_string());
    tool("nasm", &arguments);
    fs::read(&binary).expect("reading the assembled guest")
}

/// A whole disk: the guest, then numbers that `is_disk` in `guest.inc` knows.
pub fn disk(guest: &str, geometry: Geometry, image_sectors: u32, more: &[&str]) -> Vec<u8> {
    let mut definitions = vec![
        format!("HEADS={}", geometry.heads),
        format!("TRACK_SECTORS={}", geometry.track_sectors),
        format!("CYLINDERS={}", geometry.cylinders),
        format!("DISK_SECTORS={}", geometry.sectors()),
        format!("IMAGE_SECTORS={image_sectors}"),
    ];
    definitions.extend(more.iter().map(|&definition| definition.to_owned()));
    let mut image = assemble(guest, &definitions);
    assert_eq!(image.len(), GUEST_SECTORS * 512, "{guest}");
    for word in GUEST_SECTORS as u32 * 128..image_sectors * 128 {
        image.extend_from_slice(&word.wrapping_mul(0x9E37_79B1).to_le_bytes());
    }
    image
}

/// Writes bytes to a file of the test's folder.
pub fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
    path
}

/// Everything that a machine said.
pub struct Evidence {
    pub console: String,
    pub serial: String,
    pub screen: String,
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "--- port E9h\n{}", self.console)?;
        writeln!(f, "--- COM1\n{}", self.serial)?;
        writeln!(f, "--- screen\n{}", self.screen)
    }
}

/// A running machine that is one of at most [`MACHINES`], and whose failures carry its console.
pub struct Running {
    emulator: Emulator,
    _slot: Slot,
}

impl Running {
    /// Starts a machine, when it is its turn.
    pub fn start(machine: &Machine) -> Self {
        // Stopped until it can be asked: else a guest may end before that on a busy machine.
        Self::begin(|| {
            let mut emulator = Emulator::start_stopped(machine)?;
            emulator.resume()?;
            Ok(emulator)
        })
    }

    /// The same with a machine that is started in a way of its own.
    pub fn begin(start: impl FnOnce() -> Result<Emulator, EmulatorError>) -> Self {
        let slot = Slot::take();
        let emulator = start().unwrap_or_else(|error| panic!("{error}: {:?}", error.help()));
        Self { emulator, _slot: slot }
    }

    /// The machine itself, for what may fail.
    pub fn emulator(&mut self) -> &mut Emulator {
        &mut self.emulator
    }

    /// What it said so far.
    pub fn evidence(&mut self) -> Evidence {
        let screen =
            self.emulator.screen().map_or_else(|error| error.to_string(), |screen| screen.to_string());
        Evidence { console: self.emulator.console(), serial: self.emulator.serial(), screen }
    }

    /// The value, or a panic with everything that the machine said.
    pub fn need<T>(&mut self, result: Result<T, EmulatorError>) -> T {
        match result {
            Ok(value) => value,
            Err(error) => panic!("{error}\n{}", self.evidence()),
        }
    }

    /// Waits until `look` finds what it wants on the screen.
    ///
    /// The only way to read the screen of a guest that runs: one look may find it half drawn.
    pub fn wait_on_screen<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut(&Screen) -> Option<T>,
    ) -> T {
        let found = self
            .emulator
            .wait_for(&format!("{what} on the screen"), limit, |machine| Ok(look(&machine.screen()?)));
        self.need(found)
    }

    /// Waits until the screen contains a text.
    pub fn wait_screen(&mut self, text: &str, limit: Duration) {
        self.wait_on_screen(&format!("{text:?}"), limit, |screen| screen.contains(text).then_some(()));
    }

    /// Waits until COM1 or port E9h said a text.
    pub fn wait_text(&mut self, text: &str, limit: Duration) {
        let found = self.emulator.wait_for(&format!("{text:?} on COM1"), limit, |machine| {
            Ok(machine.said().contains(text).then_some(()))
        });
        self.need(found);
    }

    /// Waits until the INT 13h vector points to a safe hook: the image is in memory.
    pub fn wait_hook(&mut self, limit: Duration) {
        let found = self
            .emulator
            .wait_for("the INT 13h hook", limit, |machine| Ok(machine.is_hooked()?.then_some(())));
        self.need(found);
    }

    /// Pulls the stick.
    pub fn pull(&mut self) {
        let pulled = self.emulator.pull(Duration::from_secs(30));
        self.need(pulled);
    }

    /// Pulls the stick when the image is in memory, and only then lets it boot. For sticks that wait for a key.
    pub fn pull_and_boot(&mut self) {
        self.wait_text(PROVEN, DEADLINE);
        self.pull();
        self.press(&["ret"]);
    }

    /// Takes the disc out when the image is in memory, and only then lets it boot. For discs that wait for a key.
    pub fn eject_and_boot(&mut self) {
        self.wait_text(MAY_REMOVE_DISC, DEADLINE);
        let ejected = self.emulator.eject();
        self.need(ejected);
        self.press(&["ret"]);
    }

    /// Presses keys, by QEMU's names.
    pub fn press(&mut self, keys: &[&str]) {
        let pressed = self.emulator.press(keys);
        self.need(pressed);
    }

    /// The guest's verdict, and what it said.
    pub fn verdict(mut self, limit: Duration) -> (bool, Evidence) {
        let end = self.emulator.wait_end(limit);
        let end = self.need(end);
        let evidence = self.evidence();
        match end {
            End::Value(PASS) => (true, evidence),
            End::Value(FAIL) => (false, evidence),
            other => panic!("the guest ended with {other:?}\n{evidence}"),
        }
    }

    /// Panics unless the guest passes.
    pub fn must_pass(self) {
        let (passed, evidence) = self.verdict(DEADLINE);
        assert!(passed, "the guest failed\n{evidence}");
    }
}

/// One of the machines that may run.
pub struct Slot;

/// Waits for its turn to run a machine of another kind.
pub fn take_slot() -> Slot {
    Slot::take()
}

static FREE: Mutex<usize> = Mutex::new(MACHINES);
static FREED: Condvar = Condvar::new();

thread_local! {
    /// Whether this test has a machine: two tests that each wait for a second one would wait for ever.
    static HAS_ONE: Cell<bool> = const { Cell::new(false) };
}

impl Slot {
    fn take() -> Self {
        assert!(!HAS_ONE.replace(true), "a test runs one machine at a time");
        let free = FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut free =
            FREED.wait_while(free, |free| *free == 0).unwrap_or_else(|poisoned| poisoned.into_inner());
        *free -= 1;
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        HAS_ONE.set(false);
        *FREE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) += 1;
        FREED.notify_one();
    }
}
