//! Folders of Windows that nobody needs to run it, and what the files below them take.

use std::collections::BTreeMap;

/// Folders wherever they are: copies of system files, of drivers, and of what updates replaced or brought.
const ANYWHERE: [&str; 5] =
    ["dllcache", "servicepackfiles", "driver cache", "softwaredistribution", "$hf_mig$"];
/// What the names of folders begin with that hold what one update replaced each.
const UPDATE: &str = "$ntuninstall";
/// Folders right below that of Windows: help texts, sounds, and what setup copied.
const IN_WINDOWS: [&str; 3] = ["help", "media", "i386"];
/// Folders in the topmost one: the files of a setup, and restore points.
const TOPMOST: [&str; 2] = ["i386", "system volume information"];
/// Usual names of the folder of Windows.
const WINDOWS: [&str; 2] = ["windows", "winnt"];
/// Most of them that are told apart.
pub(super) const FOLDERS_MAX: usize = 64;

/// What nobody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spare {
    /// A folder.
    Folder,
    /// A folder of an update: all of these are one, because there may be hundreds.
    Update,
}

impl Spare {
    /// The path of such a folder, by the names on the way to it, its own at the end.
    pub fn path<'n>(self, names: impl IntoIterator<Item = &'n str>) -> String {
        let mut names: Vec<&str> = names.into_iter().collect();
        if let (Self::Update, Some(last)) = (self, names.last_mut()) {
            *last = "$NtUninstall...";
        }
        joined(&names)
    }
}

/// The path that leads through folders with these names, the topmost one first.
pub(super) fn joined(names: &[&str]) -> String {
    names.iter().flat_map(|name| ["\\", name]).collect()
}

/// What the files below such folders take.
#[derive(Default)]
pub(in crate::contents) struct SpareFolders {
    /// By the path of the folder.
    found: BTreeMap<String, u64>,
    /// The folder that was asked for last, and the one of these that it is in.
    last: Option<(String, Option<String>)>,
}

impl SpareFolders {
    /// Counts `len` bytes of files in `folder`, if that is one of these or in one.
    pub fn add(&mut self, folder: &str, len: u64) {
        if self.last.as_ref().is_none_or(|(last, _)| last != folder) {
            self.last = Some((folder.to_owned(), spare(folder)));
        }
        if let Some(spare) = self.last.as_ref().and_then(|(_, spare)| spare.clone()) {
            self.put(&spare, len);
        }
    }

    /// Counts `len` bytes of files in such a folder, of which not more than [`FOLDERS_MAX`] are told apart.
    pub fn put(&mut self, spare: &str, len: u64) {
        if let Some(sum) = self.found.get_mut(spare) {
            *sum = sum.saturating_add(len);
        } else if len > 0 && self.found.len() < FOLDERS_MAX {
            self.found.insert(spare.to_owned(), len);
        }
    }

    /// Bytes and path of each, in the order of their paths.
    pub fn into_folders(self) -> impl Iterator<Item = (u64, String)> {
        self.found.into_iter().map(|(path, len)| (len, path))
    }
}

/// The outermost folder on the way to `folder` that nobody needs.
fn spare(folder: &str) -> Option<String> {
    let names: Vec<&str> = folder.split('\\').filter(|name| !name.is_empty()).collect();
    let (number, spare) = outermost(names.iter().copied())?;
    Some(spare.path(names[..=number].iter().copied()))
}

/// Which of the folders on a way, whose names come from the topmost one on, is the first that nobody needs.
pub(super) fn outermost<'n>(names: impl Iterator<Item = &'n str>) -> Option<(usize, Spare)> {
    let mut above: Option<&str> = None;
    for (depth, name) in names.enumerate() {
        let is_one_of = |known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(name));
        if name.get(..UPDATE.len()).is_some_and(|start| start.eq_ignore_ascii_case(UPDATE)) {
            return Some((depth, Spare::Update));
        }
        let is_windows = |above: &str| WINDOWS.iter().any(|known| known.eq_ignore_ascii_case(above));
        if is_one_of(&ANYWHERE)
            || depth == 1 && above.is_some_and(is_windows) && is_one_of(&IN_WINDOWS)
            || depth == 0 && is_one_of(&TOPMOST)
        {
            return Some((depth, Spare::Folder));
        }
        above = Some(name);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{FOLDERS_MAX, SpareFolders, spare};

    #[test]
    fn only_what_nobody_needs_is_one() {
        for (folder, found) in [
            ("\\WINDOWS\\system32\\DllCache", Some("\\WINDOWS\\system32\\DllCache")),
            ("\\WINNT\\ServicePackFiles\\i386\\lang", Some("\\WINNT\\ServicePackFiles")),
            ("\\WINDOWS\\$NtUninstallKB1$\\spuninst", Some("\\WINDOWS\\$NtUninstall...")),
            ("\\WINDOWS\\Help\\Tours", Some("\\WINDOWS\\Help")),
            ("\\I386", Some("\\I386")),
            ("\\System Volume Information\\_restore", Some("\\System Volume Information")),
            ("\\Games\\Help", None),
            ("\\Games\\WINDOWS\\Media", None),
            ("\\WINDOWS\\system32\\drivers", None),
            ("\\WINDOWS", None),
            ("", None),
        ] {
            assert_eq!(spare(folder).as_deref(), found, "{folder}");
        }
    }

    #[test]
    fn files_of_one_folder_are_added_up_and_folders_have_a_limit() {
        let mut folders = SpareFolders::default();
        for (folder, len) in
            [("\\I386", 3), ("\\I386\\x", 4), ("\\x", 9), ("\\I386", 1), ("\\WINNT\\Media", 0)]
        {
            folders.add(folder, len);
        }
        assert_eq!(folders.into_folders().collect::<Vec<_>>(), [(8, "\\I386".to_owned())]);
        let mut many = SpareFolders::default();
        for number in 0..2 * FOLDERS_MAX {
            many.add(&format!("\\{number}\\dllcache"), 1);
        }
        assert_eq!(many.into_folders().count(), FOLDERS_MAX);
    }
}
