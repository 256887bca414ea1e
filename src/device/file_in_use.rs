//! What the kernel tells of a regular file that no table does: whether anybody at all has it open.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, OFlags, accessat};
use rustix::io::Errno;

use crate::device::ioctl::{Others, others};
use crate::device::question::Question;
use crate::device::{FileIdentity, Use};

/// Adds what the kernel says of the file to what was `found` in its tables. It knows of everybody who has the file open:
/// loop devices, processes that may not be looked at, and those outside of a container. So it also answers the
/// `questions` that the tables leave.
pub(super) fn ask(path: &Path, identity: FileIdentity, questions: &[Question], found: &mut Vec<Use>) {
    let open = |options: &mut OpenOptions| {
        let file = options.custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path).ok()?;
        let meta = file.metadata().ok()?;
        (meta.is_file() && (meta.dev(), meta.ino()) == identity).then_some(file)
    };
    // What may not be opened is not written either, and that has an error of its own.
    let may_write = accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok();
    let Some(file) = open(OpenOptions::new().read(true)).filter(|_| may_write) else { return };
    match others(&file) {
        Others::Nobody => {}
        // One who reads, such as a read-only loop device, may depend on it.
        Others::Readers => {
            found.extend(questions.iter().filter(|question| question.is_of_reader()).map(Question::as_use))
        }
        Others::Writers if !found.is_empty() => {}
        Others::Writers => match open(OpenOptions::new().write(true)) {
            Some(file) if is_swap(&file) => found.push(Use::Swap { name: path.into() }),
            _ => found.push(Use::OpenSomewhere),
        },
        Others::NotTold => found.extend(questions.iter().map(Question::as_use).map(or_another_file)),
    }
}

fn or_another_file(used: Use) -> Use {
    match used {
        Use::Unknown { question, help, rights_tell } => {
            let help = format!("{help}; or name another file, or remove this one first");
            Use::Unknown { question, help, rights_tell }
        }
        used => used,
    }
}

/// Whether somebody may write to the file, as far as the kernel tells.
pub(super) fn has_writer(path: &Path) -> bool {
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path);
    file.is_ok_and(|file| others(&file) == Others::Writers)
}

/// Whether memory is swapped to the file: then the kernel takes no write, not even one of no bytes.
fn is_swap(file: &File) -> bool {
    let error = file.write_at(&[], 0).err().and_then(|error| error.raw_os_error());
    error == Some(Errno::TXTBSY.raw_os_error())
}
