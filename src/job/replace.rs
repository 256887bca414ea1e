//! A new file takes the place of an old one, which stays under another name.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use crate::image::Source;
use crate::job::JobError;
use crate::units::named;

/// What everybody may do with a file that is new, at most.
const USUAL: u32 = 0o644;
/// What its owner may.
const OWN: u32 = 0o600;
/// All rights that a mode has.
const RIGHTS: u32 = 0o777;

/// Gives a second name to a file.
type Link<'l> = &'l dyn Fn(&Path, &Path) -> io::Result<()>;

fn failed(path: &Path) -> impl Fn(io::Error) -> JobError + '_ {
    |source| JobError::Write { path: path.to_owned(), source }
}

/// Whether `name` is that of another file than `old`. A second name of `old` itself is what an exchange leaves that was cut off.
pub(super) fn is_taken(name: &Path, old: &Path) -> bool {
    let is_old = || {
        let [name, old] =
            [name, old].map(|path| fs::symlink_metadata(path).map(|meta| (meta.dev(), meta.ino())));
        matches!((name, old), (Ok(name), Ok(old)) if name == old)
    };
    fs::symlink_metadata(name).is_ok() && !is_old()
}

/// Lets those read `new`, a file that is finished, who may read the files of `source`.
pub(super) fn let_read(new: &Path, source: &dyn Source) -> Result<(), JobError> {
    let modes = source.descriptors().iter().filter_map(|file| file.metadata().ok().map(|meta| meta.mode()));
    let mode = modes.fold(USUAL, |all, mode| all & mode) | OWN;
    fs::set_permissions(new, Permissions::from_mode(mode)).map_err(failed(new))
}

/// Gives `new` owner, group and rights of `old`; what is to be known if that does not work.
pub(super) fn keep_owner(new: &Path, old: &Path) -> Result<Option<String>, JobError> {
    let file = File::open(new).map_err(failed(new))?;
    let (meta, now) = (fs::metadata(old).map_err(failed(old))?, file.metadata().map_err(failed(new))?);
    let owners = [&meta, &now].map(|meta| (meta.uid(), meta.gid()));
    let mut warning = None;
    if owners[0] != owners[1]
        && let Err(error) = fchown(&file, Some(meta.uid()), Some(meta.gid()))
    {
        let [(uid, gid), (own_uid, own_gid)] = owners;
        warning = Some(format!(
            "it belonged to user {uid} and group {gid}, and belongs to user {own_uid} and group {own_gid} now: {error}"
        ));
    }
    // What the group could do is not for another group.
    let kept = if warning.is_none() { RIGHTS } else { USUAL & OWN };
    let rights = Permissions::from_mode(meta.mode() & kept);
    file.set_permissions(rights).map_err(failed(new))?;
    Ok(warning)
}

/// Lets `new` take the place of `old`, which is called `backup` then. At each moment one of them has the name of `old`, or, where a
/// file cannot have two names, the old one has that of the backup. After an error the old one has its name and no other, if
/// the error does not say where it is.
///
/// # Errors
///
/// [`JobError::Exists`] if another file has the name `backup`, [`JobError::Write`].
pub(super) fn exchange(new: &Path, old: &Path, backup: &Path, link: Link<'_>) -> Result<(), JobError> {
    let exists = || JobError::Exists { path: backup.to_owned() };
    let is_linked = match link(old, backup) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if is_taken(backup, old) {
                return Err(exists());
            }
            true
        }
        Err(error) if cannot_link(&error) => false,
        Err(error) => return Err(failed(backup)(error)),
    };
    if !is_linked {
        // Nobody else has the name from here on.
        match File::create_new(backup) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists()),
            Err(error) => return Err(failed(backup)(error)),
        }
        if let Err(error) = fs::rename(old, backup) {
            // It is ours and empty.
            let _ = fs::remove_file(backup);
            return Err(failed(old)(error));
        }
    }
    let Err(error) = fs::rename(new, old) else { return Ok(()) };
    let undone = if is_linked { fs::remove_file(backup) } else { fs::rename(backup, old) };
    if undone.is_ok() {
        return Err(failed(old)(error));
    }
    let place = if is_linked { "is there and is also called" } else { "is called" };
    let told = format!("{error}; the image as it was {place} {} now", named(backup));
    Err(failed(old)(io::Error::other(told)))
}

/// Whether a file cannot have a second name there, or not for this user.
fn cannot_link(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied
            | ErrorKind::Unsupported
            | ErrorKind::TooManyLinks
            | ErrorKind::CrossesDevices
    )
}

/// Waits until the names in `folder` are on the disk; what is to be known if that does not work.
pub(super) fn on_disk(folder: &Path) -> Option<String> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    let error = synced.err()?;
    Some(format!(
        "the new image has its name, and whether that outlives a power cut is not known ({error}): run `sync` before power is cut"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Link<'static> = &|_, _| Err(ErrorKind::PermissionDenied.into());

    fn folder() -> (tempfile::TempDir, [std::path::PathBuf; 3]) {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["new", "old", "backup"].map(|name| folder.path().join(name));
        for path in &paths[..2] {
            fs::write(path, path.file_name().unwrap().as_encoded_bytes()).unwrap();
        }
        (folder, paths)
    }

    #[test]
    fn the_old_file_stays_with_and_without_second_names() {
        let links: [Link<'_>; 2] = [&|old, name| fs::hard_link(old, name), REFUSED];
        for link in links {
            let (_folder, [new, old, backup]) = folder();
            exchange(&new, &old, &backup, link).unwrap();
            assert_eq!((fs::read(&old).unwrap(), fs::read(&backup).unwrap()), (b"new".into(), b"old".into()));
            assert!(!new.exists());
            // Another one is there: it stays, and so does everything else.
            fs::write(&new, "newer").unwrap();
            let error = exchange(&new, &old, &backup, link).unwrap_err();
            assert!(matches!(error, JobError::Exists { .. }), "{error:?}");
            assert_eq!((fs::read(&old).unwrap(), fs::read(&backup).unwrap()), (b"new".into(), b"old".into()));
            assert!(new.exists());
            // A last step that fails leaves nothing in the way of the next one.
            fs::remove_file(&backup).unwrap();
            fs::remove_file(&new).unwrap();
            exchange(&new, &old, &backup, link).unwrap_err();
            assert_eq!(fs::read(&old).unwrap(), b"new");
            assert!(!backup.exists());
        }
    }

    #[test]
    fn no_other_error_than_that_of_second_names_moves_the_old_file() {
        for kind in [ErrorKind::StorageFull, ErrorKind::ReadOnlyFilesystem, ErrorKind::NotFound] {
            let (_folder, [new, old, backup]) = folder();
            exchange(&new, &old, &backup, &|_, _| Err(kind.into())).unwrap_err();
            assert_eq!(fs::read(&old).unwrap(), b"old");
            assert!(new.exists() && !backup.exists());
        }
    }

    #[test]
    fn a_folder_that_cannot_be_synced_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(on_disk(folder.path()), None);
        assert!(on_disk(&folder.path().join("none")).unwrap().contains("run `sync`"));
    }
}
