//! A folder with an image of Windows and a driver, and what becomes of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;

use super::hive::Tree;
use crate::frames::drivers::{X86, driver};
use crate::frames::sticks::{printed, tool};
use crate::frames::windows_image::{LEAD, System, Xp, windows};
use ramkey::contents::windows::Windows;
use ramkey::device::TargetPath;
use ramkey::job::{Destination, JobError, WindowsChange, WindowsOutput, WindowsReport, prepare_windows};
use ramkey::windows::Attach;

/// Everything that is asked beside image and driver.
#[derive(Clone, Copy, Default)]
pub struct Wish {
    pub attach: Option<Attach>,
    pub remove_other: bool,
    pub allow_unsigned: bool,
}

pub struct Desk {
    pub folder: TempDir,
}

struct Quiet;

impl ramkey::job::Observer for Quiet {
    fn tell(&self, _: ramkey::job::Event) {}
}

impl Desk {
    pub fn new(xp: &Xp) -> Self {
        Self::of(&xp.disk())
    }

    pub fn of(image: &[u8]) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(desk.path("xp.img"), image).unwrap();
        for (name, word) in
            [("firadisk.sys", "FiraDisk"), ("wvblk32.sys", "WinVBlock"), ("svbusx86.sys", "SVBus")]
        {
            fs::write(desk.path(name), driver(word, X86)).unwrap();
        }
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn image(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn add(&self, image: &str, driver: &str, to: &str, wish: Wish) -> Result<WindowsReport, JobError> {
        let Wish { attach, remove_other, allow_unsigned } = wish;
        let driver = self.path(driver);
        self.change(image, &WindowsChange::Add { driver, attach, remove_other, allow_unsigned }, to)
    }

    pub fn remove(&self, image: &str, to: &str) -> Result<WindowsReport, JobError> {
        self.change(image, &WindowsChange::Remove { installed: false }, to)
    }

    /// `to` is the name of a new image; without one nothing is written.
    pub fn change(&self, image: &str, change: &WindowsChange, to: &str) -> Result<WindowsReport, JobError> {
        let system = ramkey::device::System::default();
        let (path, stop) = (self.path(image), AtomicBool::new(false));
        if to.is_empty() {
            return Ok(prepare_windows(&path, change, WindowsOutput::InPlace, &Quiet)?.plan());
        }
        if to == image {
            return prepare_windows(&path, change, WindowsOutput::InPlace, &Quiet)?.change(&stop, &Quiet);
        }
        let target = TargetPath::look(&system, &self.path(to)).unwrap();
        let output = WindowsOutput::New(Destination { system: &system, target: &target });
        prepare_windows(&path, change, output, &Quiet)?.change(&stop, &Quiet)
    }

    /// The error of adding `driver`, which leaves the folder as it was.
    pub fn refused(&self, driver: &str, wish: Wish) -> String {
        let names = || {
            let mut names: Vec<_> =
                fs::read_dir(self.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let (before, image) = (names(), self.image("xp.img"));
        for to in ["new.img", "xp.img", ""] {
            let error = self.add("xp.img", driver, to, wish).expect_err("it is refused");
            assert_eq!(names(), before, "{error}");
        }
        assert!(self.image("xp.img") == image);
        let error = self.add("xp.img", driver, "", wish).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        source.unwrap_or_else(|| error.to_string())
    }

    /// The Windows in an image.
    pub fn windows(&self, name: &str) -> Windows {
        windows(self.image(name)).expect("there is a Windows")
    }

    /// A file of the Windows in an image, by other people's tools.
    pub fn file(&self, image: &str, path: &str, system: System) -> Option<Vec<u8>> {
        let image = self.path(image);
        let (out, offset) = (self.path("taken"), LEAD * 512);
        let _ = fs::remove_file(&out);
        let output = match system {
            System::Fat16 | System::Fat32 => {
                let volume = format!("{}@@{offset}", image.display());
                tool("mtools", "mcopy", &["-n", "-i", &volume, &format!("::{path}"), out.to_str().unwrap()])
            }
            System::Ntfs => {
                let volume = self.volume(&image);
                let output = tool("ntfs-3g", "ntfscat", &[volume.to_str().unwrap(), path]);
                if output.status.success() {
                    fs::write(&out, &output.stdout).unwrap();
                }
                output
            }
        };
        output.status.success().then(|| fs::read(&out).unwrap())
    }

    /// Gives a file of a FAT in an image other bytes, by other people's tools.
    pub fn put_file(&self, image: &str, path: &str, bytes: &[u8]) {
        let given = self.path("given");
        fs::write(&given, bytes).unwrap();
        let volume = format!("{}@@{}", self.path(image).display(), LEAD * 512);
        let arguments = ["-o", "-i", &volume, given.to_str().unwrap(), &format!("::{path}")];
        let output = tool("mtools", "mcopy", &arguments);
        assert!(output.status.success(), "{}", printed(&output));
    }

    /// The partition of an image, as a file of its own.
    fn volume(&self, image: &Path) -> PathBuf {
        let volume = self.path("volume");
        fs::write(&volume, &fs::read(image).unwrap()[LEAD * 512..]).unwrap();
        volume
    }

    /// The registry of the Windows in an image, by other people's tools and then our reader.
    pub fn registry(&self, image: &str, system: System) -> Tree {
        Tree::parse(&self.file(image, "WINDOWS/system32/config/SYSTEM", system).expect("it has a registry"))
    }

    /// Fails if the file system of an image is damaged.
    pub fn is_whole(&self, image: &str, system: System) {
        let volume = self.volume(&self.path(image));
        let volume = volume.to_str().unwrap();
        let output: Output = match system {
            System::Fat16 | System::Fat32 => tool("dosfstools", "fsck.fat", &["-n", volume]),
            System::Ntfs => tool("ntfs-3g", "ntfsresize", &["--info", "--force", volume]),
        };
        assert!(output.status.success(), "{system:?}: {}", printed(&output));
    }
}
