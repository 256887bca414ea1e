//! A stick in memory for the tests of changes, and the images that are made for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ramkey::device::{System, TargetPath};
use ramkey::image::Compression;
use ramkey::job::{
    AddReport, Companion, Destination, Images, JobError, Observer, PreparedAddition, PreparedImage,
    ReflashReport, ReflashRequest, RemoveReport, RestoreRequest, StickRequest, add_to, prepare,
    prepare_addition, prepare_reflash, prepare_restore, prepare_update, reflash_to, remove_from, restore_to,
    update_to, write_to,
};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::units::hex;
use ramkey::verify::{StickVerdict, Strictness, verify};

use super::loader::{Loaded, load_all};
use super::recorder::{Op, Recorder, each_cut};
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
    /// Whether an image may be written over the one before it.
    pub over: bool,
}

/// What became of a change, the stick after it, and what was written.
type Tried = (Result<ReflashReport, JobError>, Vec<u8>, Vec<Op>);

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
        Self { folder, request, stick: target.end().0, over: false }
    }

    /// Writes a stick with these images over what `before` is.
    pub fn write(&self, before: &[u8], images: &[(String, Vec<u8>)]) -> (Vec<u8>, Vec<Op>) {
        let paths = images.iter().map(|(name, bytes)| self.put(name, bytes)).collect();
        let request = StickRequest { images: paths, ..self.request.clone() };
        let prepared = prepare(&request, Images::open(&request).unwrap(), None, &|_| ()).unwrap();
        let target = Recorder::new(before.to_vec());
        write_to(&prepared, &target, &AtomicBool::new(false), &|_| ()).unwrap();
        target.end()
    }

    /// Gives the stick `before` the boot code of this version.
    pub fn update(&self, before: &[u8]) -> Result<(Vec<u8>, Vec<Op>), JobError> {
        let prepared = self.with(before, prepare_update)?;
        let plan = ramkey::repair::update(&Image(before.to_vec())).unwrap();
        assert_eq!(prepared.is_same(), plan.code.is_none());
        let target = Recorder::new(before.to_vec());
        update_to(&plan, &target, &AtomicBool::new(false), &|_| ())?;
        Ok(target.end())
    }

    /// Makes a plain stick of `before`; what was written.
    pub fn restore(&self, before: &[u8]) -> (Vec<u8>, Vec<Op>) {
        let request = RestoreRequest { label: "PLAIN".into(), volume_id: Some(1) };
        let prepared = self.with(before, |destination| prepare_restore(&request, destination)).unwrap();
        let target = Recorder::new(before.to_vec());
        restore_to(&prepared, &self.stick(), &target, &AtomicBool::new(false), &|_| ()).unwrap();
        target.end()
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
        let prepared = self.prepared(before, new, replaces)?;
        let target = Recorder::new(before.to_vec());
        let report =
            reflash_to(&prepared, &self.stick(), &target, &AtomicBool::new(false), observer, &|| self.over)?;
        let (after, log) = target.end();
        Ok((after, log, report))
    }

    /// The image `new`, ready to replace one on the stick `before`.
    pub fn prepared(
        &self,
        before: &[u8],
        new: &[u8],
        replaces: Option<&str>,
    ) -> Result<PreparedImage, JobError> {
        let path = self.folder.path().join("new.img");
        fs::write(&path, new).unwrap();
        let image = StickRequest {
            images: vec![path],
            companions: Vec::new(),
            titles: Vec::new(),
            ..self.request.clone()
        };
        let request = ReflashRequest { image, replaces: replaces.map(Into::into) };
        self.with(before, |destination| prepare_reflash(request, destination, &|_| ()))
    }

    /// Replaces an image by `new`, beside which stand those that `beside` names.
    pub fn reflash_set(
        &self,
        before: &[u8],
        new: &[u8],
        replaces: Option<&str>,
        beside: &[(&str, &[u8])],
    ) -> Result<(Vec<u8>, Vec<Op>, ReflashReport), JobError> {
        let (report, after, log) = self.try_set(before, new, replaces, beside)?;
        Ok((after, log, report?))
    }

    /// The same, and what the stick is after an error.
    pub fn try_set(
        &self,
        before: &[u8],
        new: &[u8],
        replaces: Option<&str>,
        beside: &[(&str, &[u8])],
    ) -> Result<Tried, JobError> {
        let path = self.put("new.img", new);
        let companion = |(name, bytes): &(&str, &[u8])| Companion {
            number: None,
            path: self.put(name, bytes),
            is_floppy: false,
        };
        let image = StickRequest {
            images: vec![path],
            companions: beside.iter().map(companion).collect(),
            titles: Vec::new(),
            ..self.request.clone()
        };
        let request = ReflashRequest { image, replaces: replaces.map(Into::into) };
        let prepared = self.with(before, |destination| prepare_reflash(request, destination, &|_| ()))?;
        let target = Recorder::new(before.to_vec());
        let stop = AtomicBool::new(false);
        let report = reflash_to(&prepared, &self.stick(), &target, &stop, &|_| (), &|| self.over);
        let (after, log) = target.end();
        Ok((report, after, log))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn stick(&self) -> PathBuf {
        self.folder.path().join("stick.img")
    }

    /// Does something with the stick `before` in a file.
    fn with<T>(&self, before: &[u8], work: impl FnOnce(Destination) -> T) -> T {
        fs::write(self.stick(), before).unwrap();
        let system = System::default();
        let target = TargetPath::look(&system, &self.stick()).unwrap();
        work(Destination { system: &system, target: &target })
    }

    /// Adds the image `name`, and those that stand beside it, to the stick `before`.
    pub fn add(
        &self,
        before: &[u8],
        (name, image): (&str, &[u8]),
        title: Option<&str>,
        beside: &[(&str, &[u8])],
    ) -> Result<(Vec<u8>, Vec<Op>, AddReport), JobError> {
        let prepared = self.prepared_addition(before, (name, image), title, beside)?;
        let target = Recorder::new(before.to_vec());
        let report = add_to(&prepared, &self.stick(), &target, &AtomicBool::new(false), &|_| ())?;
        let (after, log) = target.end();
        Ok((after, log, report))
    }

    /// The image `name`, and those that stand beside it, ready to come to the stick `before`.
    pub fn prepared_addition(
        &self,
        before: &[u8],
        (name, image): (&str, &[u8]),
        title: Option<&str>,
        beside: &[(&str, &[u8])],
    ) -> Result<PreparedAddition, JobError> {
        let put = |(name, bytes): (&str, &[u8])| self.put(name, bytes);
        let companion = |image| Companion { number: None, path: put(image), is_floppy: false };
        let request = StickRequest {
            images: vec![put((name, image))],
            companions: beside.iter().copied().map(companion).collect(),
            titles: title.map(str::to_owned).into_iter().collect(),
            ..self.request.clone()
        };
        self.with(before, |destination| prepare_addition(request, destination, &|_| ()))
    }

    /// Removes the image with this title or file from the stick `before`.
    pub fn remove(&self, before: &[u8], name: &str) -> Result<(Vec<u8>, Vec<Op>, RemoveReport), JobError> {
        let target = Recorder::new(before.to_vec());
        let report = remove_from(name, &self.stick(), &target, &AtomicBool::new(false), &|_| ())?;
        let (after, log) = target.end();
        Ok((after, log, report))
    }
}

/// What goes on with a stick.
type Again<'a> = dyn Fn(&[u8]) -> Result<Vec<u8>, JobError> + 'a;

/// Looks at the stick `before` wherever what wrote `log` could be cut, with `rounds` choices of what was not flushed: it is sound,
/// and loads what it did or what `after` loads; both happen. Every `step`th of these moments goes on with `again`, behind which it is
/// whole and loads what `after` does.
pub fn survives(stick: (&[u8], &[Op], &[u8]), rounds: u64, (step, folder): (usize, &Path), again: &Again) {
    survives_some(stick, rounds, (1, step, folder), again);
}

/// The same at every `sample`th of these moments.
pub fn survives_some(
    (before, log, after): (&[u8], &[Op], &[u8]),
    rounds: u64,
    (sample, step, folder): (usize, usize, &Path),
    again: &Again,
) {
    let old = load_all(before, 0).unwrap();
    let new = load_all(after, 0).unwrap();
    let sorted = |mut menu: Vec<Loaded>| {
        menu.sort();
        menu
    };
    let mut seen = [0; 2];
    let (mut number, mut moments) = (0, 0);
    each_cut(before, log, rounds, |case, stick| {
        moments += 1;
        if moments % sample > 0 {
            return;
        }
        let verdict = judge(stick, Strictness::Boot);
        assert!(verdict.sound, "{case}: {}", told(&verdict));
        assert!(!told(&verdict).contains("renamed"), "{case}: {}", told(&verdict));
        let menu = load_all(stick, 0).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert!(menu == old || menu == new, "{case}: {menu:?}\n{}", told(&verdict));
        seen[usize::from(menu == new)] += 1;
        number += 1;
        if number % step == 0 {
            let end = match menu == new {
                true => again(stick).or_else(|_| Ok::<_, JobError>(stick.to_vec())).unwrap(),
                false => again(stick).unwrap_or_else(|error| panic!("{case}: {error}")),
            };
            let menu = load_all(&end, 0).unwrap();
            assert_eq!(sorted(menu), sorted(new.clone()), "{case}");
            let verdict = judge(&end, Strictness::Boot);
            assert!(verdict.sound, "{case}: {}", told(&verdict));
            if old != new && end != stick {
                is_clean(&end, folder);
            }
        }
    });
    assert!(old == new || seen.iter().all(|&count| count > 0), "{seen:?}");
}

/// Clean to `fsck.fat`.
pub fn is_clean(stick: &[u8], folder: &Path) {
    let path = folder.join("checked.img");
    fs::write(&path, stick).unwrap();
    let found = tool("dosfstools", "fsck.fat", &["-n", path.to_str().unwrap()]);
    assert!(found.status.success(), "{}", printed(&found));
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
