//! An image of a Windows with what becomes of it.

use std::path::Path;

use crate::image::Source;
use crate::sandbox::lesser_user;
use crate::windows::{Changed, Edit, NtfsTool, WindowsError, prove};

/// The image with all that is changed, proven as far as it can be before it is written. `folder` is for temporary files.
pub(super) fn changed<'s>(
    source: &'s dyn Source,
    edit: Edit,
    folder: &Path,
) -> Result<Changed<'s>, WindowsError> {
    let mut sectors = edit.sectors;
    if !edit.ntfs.is_empty() {
        sectors.extend(NtfsTool::find(lesser_user())?.write(source, &edit.ntfs, folder)?);
    }
    let changed = Changed::new(source, sectors);
    prove(&changed, &edit.ntfs)?;
    Ok(changed)
}
