//! The kernel modules that the RAM disk needs, found in a system's folder of modules.

use std::fs;
use std::path::{Path, PathBuf};

use super::PhramError;

/// Modules that make a block device of memory, in the order of loading.
pub const MODULES: [&str; 4] = ["mtd", "mtd_blkdevs", "mtdblock", "phram"];
/// Where they lie below the folder of a kernel.
const FOLDERS: [&str; 2] = ["kernel/drivers/mtd", "kernel/drivers/mtd/devices"];
/// Endings of a module's file; a compressed one is unpacked by the kernel or by the program that loads it.
const ENDINGS: [&str; 4] = ["ko", "ko.gz", "ko.xz", "ko.zst"];

/// One module of one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Release of the kernel, as `uname -r` prints it.
    pub release: String,
    /// Name of the file.
    pub file: String,
    /// Its bytes.
    pub contents: Vec<u8>,
}

/// The modules in `folder`, which is named after the kernel's release. Those that are part of the kernel are left out.
///
/// # Errors
///
/// [`PhramError::NoModules`] if it is no such folder, [`PhramError::Missing`] for a module that the kernel does not
/// have at all, [`PhramError::Read`] if something cannot be read.
pub fn modules(folder: &Path) -> Result<Vec<Module>, PhramError> {
    let no_modules = || PhramError::NoModules { path: folder.to_owned() };
    // The name counts, so `.` or a link must become what it stands for.
    let whole =
        fs::canonicalize(folder).map_err(|source| PhramError::Read { path: folder.to_owned(), source })?;
    let release = whole.file_name().and_then(|name| name.to_str()).ok_or_else(no_modules)?;
    if !whole.join("kernel").is_dir() {
        return Err(no_modules());
    }
    let mut found = Vec::new();
    for module in MODULES {
        match file_of(&whole, module) {
            Some((file, path)) => {
                let contents = fs::read(&path).map_err(|source| PhramError::Read { path, source })?;
                found.push(Module { release: release.to_owned(), file, contents });
            }
            None if is_built_in(&whole, module) => {}
            None => return Err(PhramError::Missing { path: folder.to_owned(), module }),
        }
    }
    Ok(found)
}

/// Name and path of a module's file.
fn file_of(folder: &Path, module: &str) -> Option<(String, PathBuf)> {
    let names = FOLDERS.iter().flat_map(|below| ENDINGS.map(|ending| (below, format!("{module}.{ending}"))));
    let mut paths = names.map(|(below, name)| (folder.join(below).join(&name), name));
    paths.find(|(path, _)| path.is_file()).map(|(path, name)| (name, path))
}

/// Whether the kernel lists the module as part of itself.
fn is_built_in(folder: &Path, module: &str) -> bool {
    let list = fs::read_to_string(folder.join("modules.builtin")).unwrap_or_default();
    list.lines().any(|line| line.rsplit('/').next() == Some(&format!("{module}.ko")))
}
