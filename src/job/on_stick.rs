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
        let long = self.entry.path.rsplit('/').next().unwrap_or_default();
        self.title() == name || [long, self.file_name()].iter().any(|file| file.eq_ignore_ascii_case(name))
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

/// The one of `images` that is meant: the only one, or the one with this title or file.
///
/// # Errors
///
/// The titles of all, if it is none or several.
pub(super) fn find<'v>(images: &[OnStick<'v>], name: Option<&str>) -> Result<OnStick<'v>, Vec<String>> {
    let mut meant = images.iter().filter(|image| name.is_none_or(|name| image.is(name)));
    match (meant.next(), meant.next()) {
        (Some(image), None) => Ok(*image),
        _ => Err(images.iter().map(OnStick::title).collect()),
    }
}
