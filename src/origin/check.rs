//! Whether the files of an image are what was said of them.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::beside::{beside, read};
use super::error::OriginError;
use super::expected::Expectations;
use super::hashes::{Algorithm, Hashes, Published, hash};
use super::list::{Entries, List};
use crate::image::{FileSource, Seen, Source, SourceFile};
use crate::units::{hex, named};

/// Most names of a list that an error shows.
const NAMES_SHOWN: usize = 5;
/// Most bytes of each of them.
const NAME_LEN_SHOWN: usize = 60;

/// The file that an image came in, as it was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub path: PathBuf,
    /// Its hashes: those that were wanted, and those that were needed.
    pub hashes: Hashes,
    /// Whether the image is something within it, and not the file byte by byte.
    pub is_wrapped: bool,
    /// What was said of it and is true.
    pub confirmed: Vec<Confirmed>,
    /// BLAKE3 of each of the image's files of which something was said, by their numbers.
    checked: Vec<(usize, Vec<u8>)>,
    /// The file before anything of it was read, if somebody saw it.
    seen: Option<Seen>,
}

/// A hash that is as somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// Its function.
    pub algorithm: Algorithm,
    /// Who said it.
    pub by: ListedBy,
}

/// Who said what the hash of a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListedBy {
    /// The command line.
    Given,
    /// A list.
    List(PathBuf),
}

impl Confirmed {
    /// The same for people.
    pub fn words(&self) -> String {
        match &self.by {
            ListedBy::Given => format!("{} as expected", self.algorithm.name()),
            ListedBy::List(path) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                format!("{} as in {}", self.algorithm.name(), named(name))
            }
        }
    }
}

/// A hash that a file must have, and who said so.
#[derive(Debug)]
struct Claim {
    hash: Published,
    by: ListedBy,
    is_beside: bool,
}

impl Claim {
    fn said(&self) -> String {
        match &self.by {
            ListedBy::Given => "--expect".into(),
            ListedBy::List(path) => named(path).into_owned(),
        }
    }
}

/// What is said of images.
#[derive(Debug)]
pub struct Said {
    /// The claims on each file of each image; `None` of an image in no file.
    claims: Vec<Option<Vec<Vec<Claim>>>>,
}

impl Said {
    /// Looks for what is said of the images in `sources`, of which the first `named` were named one by one. No image is read.
    ///
    /// # Errors
    ///
    /// See [`OriginError`].
    pub fn find(
        sources: &[&dyn Source],
        named: usize,
        expectations: &Expectations,
    ) -> Result<Self, OriginError> {
        let hashes: Vec<&Published> = expectations.hashes().collect();
        if !hashes.is_empty() && hashes.len() != named {
            return Err(OriginError::Count { hashes: hashes.len(), images: named });
        }
        let mut lists = Vec::new();
        for path in expectations.lists() {
            let list = read(path, false)?;
            if list.is_empty() {
                return Err(OriginError::NoList { list: path.clone() });
            }
            lists.push((path, list));
        }
        let mut claimed = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let given = hashes.get(number).copied();
            // One that stands beside others may be the user's own.
            let must_be_named = number < named && given.is_none();
            claimed.push(claims((number, *source), given, (&lists, must_be_named), expectations.beside)?);
        }
        Ok(Self { claims: claimed })
    }

    /// Whether there is anything that must be true.
    pub fn is_something(&self) -> bool {
        self.claims.iter().flatten().flatten().any(|claims| !claims.is_empty())
    }

    /// Reads each of the files of the same `sources` once and compares. `progress` is called with the bytes that are done. `wanted` are the
    /// hashes that are to be known of each in any case; a file of which nothing is to be known is not read.
    ///
    /// The files are read by the descriptors that the sources have, so a name that leads to another file by now changes nothing. What is
    /// written to a file behind that [`Origin::is_still`] tells.
    ///
    /// # Errors
    ///
    /// See [`OriginError`]; [`OriginError::Differs`] for the first file that is another.
    pub fn compare(
        &self,
        sources: &[&dyn Source],
        wanted: &[Algorithm],
        progress: &dyn Fn(u64),
    ) -> Result<Vec<Option<Origin>>, OriginError> {
        let each = sources.iter().enumerate();
        each.map(|(number, source)| self.compare_one(number, *source, wanted, progress)).collect()
    }

    /// The same with the source of this number alone.
    ///
    /// # Errors
    ///
    /// As [`Self::compare`].
    pub fn compare_one(
        &self,
        number: usize,
        source: &dyn Source,
        wanted: &[Algorithm],
        progress: &dyn Fn(u64),
    ) -> Result<Option<Origin>, OriginError> {
        let claims = self.claims[number].as_ref();
        claims.map(|claims| compare(source, claims, wanted, progress)).transpose()
    }
}

/// What is said of each file of an image; `None` of an image in no file.
fn claims(
    (number, source): (usize, &dyn Source),
    given: Option<&Published>,
    (lists, must_be_named): (&[(&PathBuf, List)], bool),
    is_beside: bool,
) -> Result<Option<Vec<Vec<Claim>>>, OriginError> {
    let Some(own) = source.files().first() else {
        return match given.is_some() || must_be_named && !lists.is_empty() {
            true => Err(OriginError::NoFile { number }),
            false => Ok(None),
        };
    };
    let mut of_files = Vec::new();
    let mut is_named = false;
    for (number, file) in source.files().iter().enumerate() {
        let name = file.path.file_name().unwrap_or_default();
        let mut claims = Vec::new();
        // One that lies elsewhere was made from it, and nobody published that.
        if file.path.parent() != own.path.parent() {
            of_files.push(claims);
            continue;
        }
        if let Some(hash) = given.filter(|_| number == 0) {
            claims.push(Claim { hash: hash.clone(), by: ListedBy::Given, is_beside: false });
        }
        for (path, list) in lists {
            let found = list.of_only(name.as_bytes());
            is_named |= number == 0 && found != Entries::None;
            add(&mut claims, found, (path, name), false)?;
        }
        if is_beside {
            for found in beside(&file.path)? {
                let name_bytes = name.as_bytes();
                let list =
                    if found.is_own { found.list.of_only(name_bytes) } else { found.list.of(name_bytes) };
                add(&mut claims, list, (&found.path, name), true)?;
            }
        }
        of_files.push(claims);
    }
    match lists.first() {
        Some((path, list)) if must_be_named && !is_named => Err(not_named(path, list, &own.path)),
        _ => Ok(Some(of_files)),
    }
}

/// What a list says of a file, as claims.
fn add(
    claims: &mut Vec<Claim>,
    found: Entries,
    (path, name): (&Path, &OsStr),
    is_beside: bool,
) -> Result<(), OriginError> {
    let (list, name) = (path.to_owned(), PathBuf::from(name));
    match found {
        Entries::Hashes(hashes) => {
            let claim = |hash| Claim { hash, by: ListedBy::List(list.clone()), is_beside };
            claims.extend(hashes.into_iter().map(claim));
            Ok(())
        }
        Entries::Contradict => Err(OriginError::Contradicts { list, name, is_beside }),
        Entries::Unknown if !is_beside => Err(OriginError::UnknownHash { list, name }),
        Entries::Unknown | Entries::None => Ok(()),
    }
}

fn not_named(list_path: &Path, list: &List, image: &Path) -> OriginError {
    let names = list.names();
    let short = |name: &&[u8]| {
        let text = named(OsStr::from_bytes(name)).into_owned();
        match text.chars().count() > NAME_LEN_SHOWN {
            true => text.chars().take(NAME_LEN_SHOWN).chain(['.', '.', '.']).collect(),
            false => text,
        }
    };
    OriginError::NotNamed {
        list: list_path.to_owned(),
        name: PathBuf::from(image.file_name().unwrap_or_default()),
        names: names.iter().take(NAMES_SHOWN).map(short).collect(),
        more: names.len().saturating_sub(NAMES_SHOWN),
    }
}

/// Reads the files of an image and compares them with what is said of them.
fn compare(
    source: &dyn Source,
    claims: &[Vec<Claim>],
    wanted: &[Algorithm],
    progress: &dyn Fn(u64),
) -> Result<Origin, OriginError> {
    let mut own = None;
    let (mut confirmed, mut checked) = (Vec::new(), Vec::new());
    for (number, claims) in claims.iter().enumerate() {
        // Of a file beside the image's own one only what is claimed is of use.
        if number > 0 && claims.is_empty() {
            continue;
        }
        let claimed = claims.iter().flat_map(|claim| claim.hash.algorithms);
        // By BLAKE3 it is told later whether the file is still the same.
        let later = claims.first().map(|_| &Algorithm::Blake3);
        let mut algorithms = wanted.to_vec();
        for algorithm in claimed.chain(later) {
            if !algorithms.contains(algorithm) {
                algorithms.push(*algorithm);
            }
        }
        let path = &source.files()[number].path;
        let failed = |source| OriginError::Image { path: path.clone(), source };
        let hashes = hash(&file(source, number).map_err(failed)?, &algorithms, progress).map_err(failed)?;
        if !claims.is_empty() {
            checked.push((number, hashes.of(Algorithm::Blake3).unwrap_or_default().to_vec()));
        }
        for claim in claims {
            match claim.hash.fits(&hashes) {
                Some(algorithm) => confirmed.push(Confirmed { algorithm, by: claim.by.clone() }),
                None => return Err(differs(path, claim, &hashes)),
            }
        }
        own.get_or_insert(hashes);
    }
    let path = source.files()[0].path.clone();
    let hashes = own.expect("the image's own file is read");
    let is_wrapped = source.files().len() > 1 || source.len() != hashes.len || source.wrapping().is_some();
    Ok(Origin { path, hashes, is_wrapped, confirmed, checked, seen: None })
}

/// The bytes of the file with this number, by its descriptor.
fn file(source: &dyn Source, number: usize) -> io::Result<FileSource> {
    let missing = || io::Error::from(io::ErrorKind::NotFound);
    let descriptor = source.descriptors().get(number).ok_or_else(missing)?.try_clone()?;
    FileSource::take(&source.files()[number].path, descriptor).map_err(io::Error::other)
}

fn differs(path: &Path, claim: &Claim, hashes: &Hashes) -> OriginError {
    let of = |algorithm: &Algorithm| {
        let value = hashes.of(*algorithm).map(hex).unwrap_or_default();
        format!("its {} is {value}", algorithm.name())
    };
    let found: Vec<String> = claim.hash.algorithms.iter().map(of).collect();
    OriginError::Differs {
        path: path.to_owned(),
        said: claim.said(),
        found: found.join(", "),
        expected: hex(&claim.hash.value),
        is_beside: claim.is_beside,
    }
}

/// Whether the image in `source` is all of its only file, byte by byte.
pub fn is_whole_file(source: &dyn Source) -> bool {
    let is_as_it_is = source.wrapping().is_none() && source.unpacked().is_empty();
    let is_all = || file(source, 0).is_ok_and(|file| file.len() == source.len());
    is_as_it_is && source.files().len() == 1 && is_all()
}

impl Origin {
    /// That of an image of which nothing is said and which [`is_whole_file`], by the `hashes` of all of its bytes that were taken
    /// when it was read.
    pub fn of_whole_file(source: &dyn Source, hashes: Vec<(Algorithm, Vec<u8>)>) -> Self {
        let (path, hashes) = (source.files()[0].path.clone(), Hashes::known(source.len(), hashes));
        Self { path, hashes, is_wrapped: false, confirmed: Vec::new(), checked: Vec::new(), seen: None }
    }

    /// The same of the image in `source`, whose file is one of those that were `seen` before anything of them was read.
    pub fn seen_before(self, source: &dyn Source, seen: &[Seen]) -> Self {
        let identity = source.files().first().map(SourceFile::identity);
        Self { seen: seen.iter().copied().find(|seen| Some(seen.identity) == identity), ..self }
    }

    /// Refuses a file that is another by now, after what is written was read. `root` is the BLAKE3 of all of the image as it
    /// was read then: where the image is the file itself nothing is read again for that. Else nothing may have been written to the
    /// file since it was seen, and what was said of it is still true.
    ///
    /// # Errors
    ///
    /// [`OriginError::Changed`], or [`OriginError::Image`] if it cannot be read.
    pub fn is_still(
        &self,
        source: &dyn Source,
        root: Option<&[u8; 32]>,
        progress: &dyn Fn(u64),
    ) -> Result<(), OriginError> {
        let changed = || Err(OriginError::Changed { path: self.path.clone() });
        if let Some(root) = root.filter(|_| !self.is_wrapped) {
            let is_same = self.hashes.of(Algorithm::Blake3).is_none_or(|was| was == root);
            return if is_same { Ok(()) } else { changed() };
        }
        let failed = |source| OriginError::Image { path: self.path.clone(), source };
        if let (Some(was), Some(file)) = (self.seen, source.descriptors().first())
            && Seen::of(&file.metadata().map_err(failed)?) != was
        {
            return changed();
        }
        for (number, was) in &self.checked {
            let file = file(source, *number).map_err(failed)?;
            let now = hash(&file, &[Algorithm::Blake3], progress).map_err(failed)?;
            if now.of(Algorithm::Blake3) != Some(&was[..]) {
                return changed();
            }
        }
        Ok(())
    }
}
