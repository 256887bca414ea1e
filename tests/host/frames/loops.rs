//! Real loop devices, mounts and processes for tests. Each is taken away when its value is dropped, the upper before the
//! lower.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ramkey::device::{BlockTarget, DeviceFacts, OpenError, System, TargetPath};

use crate::frames::skip::skip;

/// Length of every file and device here.
pub const LEN: u64 = 8 << 20;

/// Runs a program, also one that is for administrators.
pub fn run(program: &str, arguments: &[&OsStr]) -> Output {
    let found = ["/usr/sbin", "/sbin"].map(|folder| Path::new(folder).join(program));
    let program = found.into_iter().find(|path| path.exists()).unwrap_or_else(|| program.into());
    Command::new(&program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

/// Runs a program that must succeed.
pub fn must(program: &str, arguments: &[&OsStr]) {
    let output = run(program, arguments);
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Held while a number is taken, and while one is free for a moment: no other test takes it then.
static NUMBERS: Mutex<()> = Mutex::new(());

/// A loop device; detached when this is dropped.
pub struct Loop {
    pub node: PathBuf,
}

impl Loop {
    /// A loop device that shows `file`. `None`, with a line that says so, where the kernel gives us none.
    pub fn of(file: &Path, options: &[&str]) -> Option<Self> {
        let _turn = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
        let words = ["--find", "--show"].iter().chain(options).map(OsStr::new);
        let output = run("losetup", &words.chain([file.as_os_str()]).collect::<Vec<_>>());
        if !output.status.success() {
            skip("loop device", &output.stderr);
            return None;
        }
        let node = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout).to_vec();
        Some(Self { node: OsString::from_vec(node).into() })
    }

    /// Its name, as in `loop3`.
    pub fn name(&self) -> String {
        self.node.file_name().unwrap().to_string_lossy().into_owned()
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _turn = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
        detach(&self.node);
    }
}

/// The stick at `node` is pulled out, and another one, `file`, is in its place.
pub fn exchange(node: &Path, file: &Path) {
    let _turn = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
    detach(node);
    must("losetup", &[node.as_os_str(), file.as_os_str()]);
}

/// It is gone when this returns, although others look at every loop device for a moment.
fn detach(node: &Path) {
    let shown = Path::new("/sys/block").join(node.file_name().unwrap()).join("loop/backing_file");
    let file = fs::read(&shown).ok();
    run("losetup", &["--detach".as_ref(), node.as_os_str()]);
    for _ in 0..100 {
        if file.is_none() || fs::read(&shown).ok() != file {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A mounted file system; unmounted when this is dropped.
pub struct Mount {
    pub folder: PathBuf,
}

impl Mount {
    /// Mounts `what` on `folder`, which is made. `None`, with a line that says so, where the kernel refuses.
    pub fn new(what: &Path, folder: PathBuf, options: &[&str]) -> Option<Self> {
        fs::create_dir_all(&folder).unwrap();
        let words = options.iter().map(OsStr::new).chain([what.as_os_str(), folder.as_os_str()]);
        let output = run("mount", &words.collect::<Vec<_>>());
        if !output.status.success() {
            skip("mount", &output.stderr);
            return None;
        }
        Some(Self { folder })
    }

    /// From now on the kernel writes nothing of its own to it.
    pub fn settle(&self) {
        must("mount", &["-o".as_ref(), "remount,ro".as_ref(), self.folder.as_os_str()]);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &[self.folder.as_os_str()]);
    }
}

/// A process that runs until this is dropped.
pub struct Running {
    child: Child,
}

impl Running {
    /// Starts a shell with `script`, whose `$1` is `path`; it has done its work when it says `ready`.
    pub fn shell(script: &str, path: &Path) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self::wait(command)
    }

    /// Starts a program that says `ready`, and ends when its standard input does.
    pub fn wait(mut command: Command) -> Self {
        use std::io::{BufRead, BufReader};
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What `ramkey` knows of a device.
pub fn look(node: &Path) -> (System, DeviceFacts) {
    let system = System::default();
    let TargetPath::Block(facts) = TargetPath::look(&system, node).unwrap() else { panic!("no device") };
    (system, *facts)
}

/// Opens a device as a target.
pub fn open(node: &Path) -> Result<BlockTarget, OpenError> {
    let (system, facts) = look(node);
    BlockTarget::open(&system, &facts, &[])
}

/// A folder with a file of [`LEN`] bytes, `disk.img`, and an image, `dos.img`.
pub struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(desk.path("dos.img"), [7; 100_000]).unwrap();
        desk.file("disk.img");
        desk
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a file of [`LEN`] bytes.
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.path(name);
        File::create(&path).unwrap().set_len(LEN).unwrap();
        path
    }

    /// Makes an ext2 on a file or device.
    pub fn format(&self, path: &Path) {
        must("mkfs.ext2", &["-q".as_ref(), "-F".as_ref(), path.as_os_str()]);
        self.mark(path);
    }

    /// Puts something into the first sector, which no Linux file system uses and a write clears first.
    pub fn mark(&self, path: &Path) {
        File::options().write(true).open(path).unwrap().write_all_at(&[0xD1; 512], 0).unwrap();
    }

    /// Runs `ramkey write IMAGE --to TARGET --yes`.
    pub fn write(&self, image: &Path, target: &Path) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.arg("write").arg(image).arg("--to").arg(target).arg("--yes");
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// The write is refused with each of these texts, and no byte of the target changes.
    pub fn refuses(&self, target: &Path, texts: &[&str]) {
        self.refuses_image(&self.path("dos.img"), target, texts);
    }

    /// The same of a target that a file system writes to meanwhile: its mark is still there.
    pub fn refuses_in_motion(&self, target: &Path, texts: &[&str]) {
        self.refusal(&self.path("dos.img"), target, texts);
        run("sync", &[]);
        let mut sector = [0; 512];
        File::open(target).unwrap().read_exact_at(&mut sector, 0).unwrap();
        assert!(sector == [0xD1; 512], "the target was changed");
    }

    /// The same of another image.
    pub fn refuses_image(&self, image: &Path, target: &Path, texts: &[&str]) {
        run("sync", &[]);
        let before = blake3::hash(&fs::read(target).unwrap());
        self.refusal(image, target, texts);
        run("sync", &[]);
        assert!(blake3::hash(&fs::read(target).unwrap()) == before, "the target was changed");
    }

    fn refusal(&self, image: &Path, target: &Path, texts: &[&str]) {
        let output = self.write(image, target);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{errors}");
        for text in texts {
            assert!(errors.contains(text), "{text:?} is not in: {errors}");
        }
    }

    /// The write is done.
    pub fn accepts(&self, target: &Path) {
        let output = self.write(&self.path("dos.img"), target);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
