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
const FOLDERS_MAX: usize = 64;

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
        let Some((_, Some(spare))) = &self.last else { return };
        if let Some(sum) = self.found.get_mut(spare) {
            *sum = sum.saturating_add(len);
        } else if len > 0 && self.found.len() < FOLDERS_MAX {
            self.found.insert(spare.clone(), len);
        }
    }

    /// Bytes and path of each, in the order of their paths.
    pub fn into_folders(self) -> impl Iterator<Item = (u64, String)> {
        self.found.into_iter().map(|(path, len)| (len, path))
    }
}

/// The outermost folder on the way to `folder` that nobody needs; all of one kind are one where there may be hundreds.
fn spare(folder: &str) -> Option<String> {
    let mut above: Option<String> = None;
    let mut path = String::new();
    for (depth, name) in folder.split('\\').filter(|name| !name.is_empty()).enumerate() {
        let lower = name.to_lowercase();
        if lower.starts_with(UPDATE) {
            return Some(format!("{path}\\$NtUninstall..."));
        }
        path = format!("{path}\\{name}");
        let is_in_windows = depth == 1 && above.as_deref().is_some_and(|above| WINDOWS.contains(&above));
        if ANYWHERE.contains(&&*lower)
            || is_in_windows && IN_WINDOWS.contains(&&*lower)
            || depth == 0 && TOPMOST.contains(&&*lower)
        {
            return Some(path);
        }
        above = Some(lower);
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
