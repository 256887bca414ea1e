//! A stick in memory for the tests of changes, and the images that are made for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ramkey::device::{System, TargetPath};
use ramkey::image::Compression;
use ramkey::job::{
    Destination, Images, JobError, Observer, ReflashReport, ReflashRequest, StickRequest, prepare,
    prepare_reflash, reflash_to, write_to,
};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::units::hex;
use ramkey::verify::{StickVerdict, Strictness, verify};

use super::recorder::{Op, Recorder};
use super::sticks::{Image, noise, printed, tool};
use super::verdicts::told;

pub const CHUNK: usize = 1 << 18;

/// Bytes that are packed to about half.
pub fn bytes(len: usize, seed: u8) -> Vec<u8> {
    noise(len)
        .iter()
        .zip(0..)
        .map(|(byte, at): (&u8, usize)| if at % 2 == 0 { seed } else { byte ^ seed })
        .collect()
}

/// A stick, and the images that are made for it.
pub struct Desk {
    pub folder: tempfile::TempDir,
    pub request: StickRequest,
    pub stick: Vec<u8>,
}

impl Desk {
    pub fn new(images: &[(&str, Vec<u8>)], usual: StickRequest) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = images
            .iter()
            .map(|(name, bytes)| {
                let path = folder.path().join(name);
                fs::write(&path, bytes).unwrap();
                path
            })
            .collect();
        let request = StickRequest { images: paths, trim: None, ..usual };
        let prepared = prepare(&request, Images::open(&request).unwrap(), None, &|_| ()).unwrap();
        let len = prepared.plan.division.sectors * 512;
        let target = Recorder::new(vec![0; len as usize]);
        write_to(&prepared, &target, &AtomicBool::new(false), &|_| ()).unwrap();
        Self { folder, request, stick: target.end().0 }
    }

    /// Replaces an image on the stick `before`; what was written, and the report.
    pub fn reflash(
        &self,
        before: &[u8],
        new: &[u8],
        replaces: Option<&str>,
    ) -> Result<(Vec<u8>, Vec<Op>, ReflashReport), JobError> {
        self.reflash_watched(before, new, replaces, &|_| ())
    }

    /// The same, with somebody who is told how far it is.
    pub fn reflash_watched(
        &self,
        before: &[u8],
        new: &[u8],
        replaces: Option<&str>,
        observer: &dyn Observer,
    ) -> Result<(Vec<u8>, Vec<Op>, ReflashReport), JobError> {
        let path = self.folder.path().join("new.img");
        fs::write(&path, new).unwrap();
        let image = StickRequest {
            images: vec![path],
            companions: Vec::new(),
            titles: Vec::new(),
            ..self.request.clone()
        };
        let request = ReflashRequest { image, replaces: replaces.map(Into::into) };
        let stick = self.folder.path().join("stick.img");
        fs::write(&stick, before).unwrap();
        let system = System::default();
        let target = TargetPath::look(&system, &stick).unwrap();
        let destination = Destination { system: &system, target: &target };
        let prepared = prepare_reflash(request, destination, &|_| ())?;
        let target = Recorder::new(before.to_vec());
        let report = reflash_to(&prepared, &stick, &target, &AtomicBool::new(false), observer)?;
        let (after, log) = target.end();
        Ok((after, log, report))
    }
}

pub fn judge(stick: &[u8], strictness: Strictness) -> StickVerdict {
    verify(&Image(stick.to_vec()), strictness, &|_| {})
}

/// Sound to the last byte, and clean to `fsck.fat`.
pub fn is_whole(stick: &[u8], offset: u64, folder: &Path) {
    let verdict = judge(stick, Strictness::EveryByte);
    assert!(verdict.sound && verdict.changes.is_empty(), "{}", told(&verdict));
    let path = folder.join("checked.img");
    fs::write(&path, &stick[offset as usize..]).unwrap();
    let found = tool("dosfstools", "fsck.fat", &["-n", path.to_str().unwrap()]);
    assert!(found.status.success(), "{}", printed(&found));
}

pub fn hash(bytes: &[u8]) -> String {
    hex(*blake3::hash(bytes).as_bytes())
}

pub fn superfloppy(bits: FatBits, len: u64) -> StickRequest {
    StickRequest {
        layout: LayoutKind::Superfloppy.into(),
        fs: FsChoice::Is(bits),
        size: Some(len),
        compression: Compression::Fast,
        ..StickRequest::new(Vec::new())
    }
}

/// The stick with a file of the user's own, put there and taken away by mtools.
pub fn with_own_file(desk: &Desk, stick: &[u8], place: &str) -> Vec<u8> {
    let path = desk.folder.path().join("own.img");
    let own = desk.folder.path().join("own.txt");
    fs::write(&path, stick).unwrap();
    fs::write(&own, noise(3000)).unwrap();
    let (image, own) = (path.to_str().unwrap(), own.to_str().unwrap());
    assert!(tool("mtools", "mcopy", &["-i", image, own, place]).status.success());
    fs::read(&path).unwrap()
}

pub fn without_own_file(desk: &Desk, stick: &[u8], place: &str) -> Vec<u8> {
    let path = desk.folder.path().join("own.img");
    fs::write(&path, stick).unwrap();
    assert!(tool("mtools", "mdel", &["-i", path.to_str().unwrap(), place]).status.success());
    fs::read(&path).unwrap()
}
