//! A person at a real terminal: sees the screen, presses keys, makes the window larger, closes it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

/// A screen that does not come within this time does not come.
const PATIENCE: Duration = Duration::from_secs(40);

pub const ENTER: &str = "\r";
pub const ESC: &str = "\u{1b}";
pub const DOWN: &str = "\u{1b}[B";
pub const PAGE_DOWN: &str = "\u{1b}[6~";
pub const CTRL_C: &str = "\u{3}";
pub const CTRL_U: &str = "\u{15}";

/// A folder with the image of a floppy in it, a text, and a folder.
pub struct Desk {
    pub folder: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.image("dos.img", 368_640);
        fs::write(desk.path("words.txt"), "hello\n".repeat(200)).unwrap();
        fs::create_dir(desk.path("more")).unwrap();
        desk
    }

    /// Makes an image that boots, of bytes that cannot be packed.
    pub fn image(&self, name: &str, len: usize) {
        let mut image = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut image);
        image[446] = 0x7F;
        image[510..512].copy_from_slice(&[0x55, 0xAA]);
        fs::write(self.path(name), image).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A command at a terminal of 80 columns and 24 rows, and the end of that at which a person sits.
pub fn at_terminal(desk: &Desk, words: &[&str]) -> (OwnedFd, Child) {
    let terminal = terminal();
    let child = at(&terminal, desk, words);
    (terminal, child)
}

fn terminal() -> OwnedFd {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    tcsetwinsize(&terminal, size(24, 80)).unwrap();
    terminal
}

fn at(terminal: &OwnedFd, desk: &Desk, words: &[&str]) -> Child {
    let name = ptsname(terminal, Vec::new()).unwrap().into_string().unwrap();
    let end = || File::options().read(true).write(true).open(&name).unwrap();
    // It becomes the terminal of the session, so that its size is told and its end is.
    let mut command = Command::new("setsid");
    command.args(["--wait", "--ctty"]).args(words).current_dir(desk.folder.path());
    command.env("TERM", "xterm").env("LANG", "C.UTF-8").env_remove("LC_ALL");
    command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap()
}

/// A person at a terminal.
pub struct Person {
    child: Child,
    terminal: OwnedFd,
    keys: File,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Everything that came.
    told: Arc<Mutex<Vec<u8>>>,
    found: Termios,
}

impl Person {
    /// Starts `ramkey` with `arguments` in the folder of `desk`, at a terminal of 80 columns and 24 rows.
    pub fn starts(desk: &Desk, arguments: &[&str]) -> Self {
        let ramkey = [env!("CARGO_BIN_EXE_ramkey")];
        Self::starts_command(desk, &[&ramkey[..], arguments].concat())
    }

    /// Starts a command in the same way.
    pub fn starts_command(desk: &Desk, words: &[&str]) -> Self {
        let terminal = terminal();
        // As long as nobody else has it.
        let found = tcgetattr(&terminal).unwrap();
        let child = at(&terminal, desk, words);
        let keys = File::from(terminal.try_clone().unwrap());
        let screen = Arc::new(Mutex::new(vt100::Parser::new(24, 80, 1000)));
        let told = Arc::new(Mutex::new(Vec::new()));
        let (mut bytes, parser) = (File::from(terminal.try_clone().unwrap()), Arc::clone(&screen));
        let all = Arc::clone(&told);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Ends with an error once nobody has the other end.
            while let Ok(len @ 1..) = bytes.read(&mut buffer) {
                // First: what is on the screen was told.
                all.lock().unwrap().extend_from_slice(&buffer[..len]);
                parser.lock().unwrap().process(&buffer[..len]);
            }
        });
        Self { child, terminal, keys, screen, told, found }
    }

    /// What is on the screen, a line each.
    pub fn screen(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Forgets what is on the screen, so that it is not taken for what comes.
    pub fn forgets(&mut self) -> &mut Self {
        self.screen.lock().unwrap().process(b"\x1b[2J\x1b[H");
        self
    }

    /// What the kernel tells of the program, in a file of `/proc`.
    pub fn field(&self, file: &str, name: &str) -> String {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap();
        text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned()
    }

    /// Everything that came, whatever became of it on the screen.
    pub fn told(&self) -> Vec<u8> {
        self.told.lock().unwrap().clone()
    }

    /// Waits until all of this is on the screen.
    #[track_caller]
    pub fn sees(&mut self, texts: &[&str]) -> &mut Self {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            let Some(missing) = texts.iter().find(|text| !screen.contains(*text)) else { return self };
            assert!(begun.elapsed() < PATIENCE, "nobody sees {missing:?}:\n{screen}");
            sleep(Duration::from_millis(10));
        }
    }

    /// Presses keys.
    pub fn presses(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits until this is on the screen, and presses keys.
    #[track_caller]
    pub fn answers(&mut self, seen: &str, keys: &str) -> &mut Self {
        self.sees(&[seen]);
        self.presses(keys)
    }

    /// Presses Down until a choice is marked whose line has this text, and then Enter.
    #[track_caller]
    pub fn chooses(&mut self, choice: &str) -> &mut Self {
        for _ in 0..40 {
            // The mark is drawn a moment after the key.
            for _ in 0..20 {
                if self.marked().is_some_and(|line| line.contains(choice)) {
                    return self.presses(ENTER);
                }
                sleep(Duration::from_millis(10));
            }
            self.presses(DOWN);
        }
        panic!("{choice:?} cannot be marked:\n{}", self.screen());
    }

    /// The choice that is marked.
    pub fn marked(&self) -> Option<String> {
        self.screen().lines().find(|line| line.trim_start().starts_with('>')).map(str::to_owned)
    }

    /// Makes the window larger or smaller.
    pub fn resizes(&self, rows: u16, columns: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(rows, columns);
        tcsetwinsize(&self.terminal, size(rows, columns)).unwrap();
    }

    /// Takes choices, the usual one where there is no text, and waits for the page of each.
    #[track_caller]
    pub fn walks(&mut self, way: &[(&str, &str)]) -> &mut Self {
        for (seen, choice) in way {
            self.sees(&[seen]);
            match *choice {
                "" => self.presses(ENTER),
                choice => self.chooses(choice),
            };
        }
        self
    }

    /// Sends the program a signal.
    pub fn signals(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.child.id().try_into().unwrap()).unwrap(), signal).unwrap();
    }

    /// Waits for the end, at which the terminal must be as it was found; gives how it ended, and what is on the screen then.
    #[track_caller]
    pub fn ends(mut self) -> (End, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.screen());
            sleep(Duration::from_millis(10));
        };
        // The last lines may be on their way.
        sleep(Duration::from_millis(100));
        let now = tcgetattr(&self.terminal).unwrap();
        assert_eq!(now.local_modes, self.found.local_modes, "the terminal's modes");
        assert_eq!(now.input_modes, self.found.input_modes, "the terminal's modes");
        let screen = self.screen.lock().unwrap();
        assert!(!screen.screen().alternate_screen(), "it left a screen of its own behind");
        assert!(!screen.screen().hide_cursor(), "it left no cursor behind");
        let text = screen.screen().contents();
        drop(screen);
        (End::of(status), text)
    }

    /// The same by its exit status alone.
    #[track_caller]
    pub fn ends_with(self, status: i32) -> String {
        let (end, screen) = self.ends();
        assert_eq!(end, End::Status(status), "{screen}");
        screen
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // Where a test failed it is still there.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Status(i32),
    Signal(i32),
}

impl End {
    fn of(status: ExitStatus) -> Self {
        status.code().map_or_else(|| Self::Signal(status.signal().unwrap_or_default()), Self::Status)
    }
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
