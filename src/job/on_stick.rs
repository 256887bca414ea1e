//! The images that a stick has, by title and by file.

use ramkey_format::capsule::CapsuleHeader;

use crate::capsule::{self, Description, Role};
use crate::stick::{CapsuleFile, Entry, StickState, StickVolume};

/// An image on a stick.
#[derive(Clone, Copy)]
pub(super) struct OnStick<'v> {
    /// Its file.
    pub entry: &'v Entry,
    /// Its header.
    pub header: &'v CapsuleHeader,
}

impl OnStick<'_> {
    /// Its title.
    pub fn title(&self) -> String {
        capsule::title(self.header)
    }

    /// Whether it is in the boot menu.
    pub fn is_boot(&self) -> bool {
        Description::of(self.header).role == Role::Boot
    }

    /// The name of its file, as its directory has it.
    pub fn file_name(&self) -> &str {
        self.entry.short_path.rsplit('/').next().unwrap_or_default()
    }

    /// Whether `other` is loaded together with it.
    pub fn needs(&self, other: &OnStick) -> bool {
        Description::of(self.header).companions.iter().any(|beside| beside.path == other.entry.short_path)
    }

    /// Whether it is meant by `name`: by its title, or the name of its file.
    fn is(&self, name: &str) -> bool {
        self.title() == name || self.files().iter().any(|file| file.eq_ignore_ascii_case(name))
    }

    /// Whether it is meant by `name` without the ending of its file.
    fn is_stem(&self, name: &str) -> bool {
        let stem =
            |file: &&str| file.rsplit_once('.').is_some_and(|(stem, _)| stem.eq_ignore_ascii_case(name));
        self.files().iter().any(stem)
    }

    /// The names of its file: the long one, and the short one.
    fn files(&self) -> [&str; 2] {
        [self.entry.path.rsplit('/').next().unwrap_or_default(), self.file_name()]
    }
}

/// The file system of a stick that was proven.
pub(super) fn volume<'v, 'r>(state: &'v StickState<'r>) -> Option<&'v StickVolume<'r>> {
    state.file_system.as_ref()?.as_ref().ok()
}

/// The names of the files on a stick, as their directories have them.
pub(super) fn files(state: &StickState) -> Vec<String> {
    let entries = volume(state).and_then(|volume| volume.tree.as_ref()).map_or(&[][..], |tree| &tree.entries);
    let names = entries.iter().filter_map(|entry| entry.short_path.rsplit('/').next());
    names.map(str::to_owned).collect()
}

/// Every image on a stick whose header makes sense.
pub(super) fn images<'v>(state: &'v StickState) -> Vec<OnStick<'v>> {
    let Some(volume) = volume(state) else { return Vec::new() };
    let entries = volume.tree.as_ref().map_or(&[][..], |tree| &tree.entries);
    let image = |file: &'v CapsuleFile| {
        let header = capsule::header(file.sector.as_ref()?.as_ref().ok()?).ok()?;
        Some(OnStick { entry: &entries[file.entry], header })
    };
    volume.capsules.iter().filter_map(image).collect()
}

/// The one of `images` that is meant: the only one, or the one with this title or file. Where none has that, the ending of the file
/// may be left out.
///
/// # Errors
///
/// The titles of all, if it is none; the files of those that it may be, if it is several.
pub(super) fn find<'v>(images: &[OnStick<'v>], name: Option<&str>) -> Result<OnStick<'v>, Vec<String>> {
    let titles = || images.iter().map(OnStick::title).collect();
    let Some(name) = name else {
        let [only] = images else { return Err(titles()) };
        return Ok(*only);
    };
    for is_it in [OnStick::is, OnStick::is_stem] {
        let meant: Vec<&OnStick> = images.iter().filter(|image| is_it(image, name)).collect();
        match meant[..] {
            [] => {}
            [only] => return Ok(*only),
            _ => return Err(meant.iter().map(|image| image.entry.path.clone()).collect()),
        }
    }
    Err(titles())
}
