//! A stick for the tests of `verify`, and its verdict in few words.

use std::path::PathBuf;

use ramkey::image::{FileSource, Source};
use ramkey::plan::{FsChoice, LayoutKind};
use ramkey::verify::{FaultKind, StickVerdict, Strictness, verify};

use crate::frames::sticks::{Image, MIB, Stick, noise, printed, tool};

/// 1 MiB and a few bytes, so that there is padding.
pub const IMAGE_LEN: usize = (1 << 20) + 77;

pub fn stick(layout: LayoutKind, fs: FsChoice, len: u64) -> Stick {
    let images = vec![("dos.img", Image(noise(IMAGE_LEN))), ("tiny.img", Image(noise(1000)))];
    Stick::new(images, layout, fs, len)
}

pub fn judge(stick: &dyn Source, strictness: Strictness) -> StickVerdict {
    verify(stick, strictness, &|_| {})
}

pub fn kinds(verdict: &StickVerdict) -> Vec<FaultKind> {
    verdict.faults.iter().map(|fault| fault.kind).collect()
}

pub fn told(verdict: &StickVerdict) -> String {
    let faults = verdict.faults.iter().map(|fault| fault.to_string());
    faults.chain(verdict.changes.iter().map(ToString::to_string)).collect::<Vec<_>>().join("\n")
}

/// Flips one bit, looks, and flips it back.
pub fn flipped(stick: &mut Image, byte: u64, bit: u64, look: impl FnOnce(&Image)) {
    stick.0[byte as usize] ^= 1 << bit;
    look(stick);
    stick.0[byte as usize] ^= 1 << bit;
}

/// A stick in a file, and mtools' name for its volume.
pub struct OnDisk {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
    pub volume: String,
}

impl OnDisk {
    pub fn new(layout: LayoutKind, fs: FsChoice, len: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = stick(layout, fs, len).file(folder.path());
        Self::of(folder, path, volume_offset(layout))
    }

    /// The stick in `path`, whose file system begins at byte `offset`.
    pub fn of(folder: tempfile::TempDir, path: PathBuf, offset: u64) -> Self {
        let volume = format!("{}@@{offset}", path.display());
        Self { path, volume, _folder: folder }
    }

    pub fn mtools(&self, program: &str, arguments: &[&str]) {
        let arguments = [&["-i", &self.volume], arguments].concat();
        let output = tool("mtools", program, &arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {}", printed(&output));
    }

    pub fn scratch(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path.with_file_name(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    pub fn judge(&self, strictness: Strictness) -> StickVerdict {
        judge(&FileSource::open(&self.path).unwrap(), strictness)
    }

    /// Sound, with these changes; and not as written.
    pub fn expect(&self, changes: &[&str]) {
        let verdict = self.judge(Strictness::Boot);
        assert!(verdict.sound, "{}: {}", self.volume, told(&verdict));
        let told: Vec<String> = verdict.changes.iter().map(ToString::to_string).collect();
        for change in changes {
            assert!(told.iter().any(|text| text.contains(change)), "{change} is not among {told:?}");
        }
        assert!(!self.judge(Strictness::EveryByte).sound, "strict did not see {changes:?}");
    }
}

/// First byte of the file system.
pub fn volume_offset(layout: LayoutKind) -> u64 {
    match layout {
        LayoutKind::Fdd | LayoutKind::Superfloppy => 0,
        LayoutKind::Zip => 32 * 512,
        _ => MIB,
    }
}
