//! An image of a Windows with what becomes of it.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::image::Source;
use crate::sandbox::lesser_user;
use crate::windows::{Changed, Edit, NtfsTool, WindowsError, prove};

/// The image with all that is changed, proven as far as it can be before it is written. `folder` is for temporary files. When
/// `stop` is set nothing was written, and it is [`WindowsError::Stopped`] where another program was at work.
pub(super) fn changed<'s>(
    source: &'s dyn Source,
    edit: Edit,
    folder: &Path,
    stop: &AtomicBool,
) -> Result<Changed<'s>, WindowsError> {
    let mut sectors = edit.sectors;
    if !edit.ntfs.is_empty() {
        sectors.extend(NtfsTool::find(lesser_user())?.write(source, &edit.ntfs, folder, stop)?);
    }
    let changed = Changed::new(source, sectors);
    prove(&changed, &edit.ntfs)?;
    Ok(changed)
}
