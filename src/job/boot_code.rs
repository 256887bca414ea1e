//! What the boot code of a stick must know before an image can come to it.

use ramkey_format::capsule::flags;

use crate::contents::ImageFacts;
use crate::job::JobError;
use crate::job::changing::Changing;
use crate::job::on_stick::images;
use crate::repair::has_this_loader;
use crate::stick::StickState;

/// Refuses an image of the menu whose kind is a guess on a stick whose boot code may be older than the key K: that refuses such a
/// capsule. Boot code that boots one already knows it, whichever version it is of.
///
/// # Errors
///
/// [`JobError::OtherBootCode`].
pub(super) fn can_boot(changing: &Changing, state: &StickState, facts: &ImageFacts) -> Result<(), JobError> {
    let has_one = || images(state).iter().any(|image| image.header.flags.get() & flags::KIND_IS_GUESS != 0);
    if !facts.kind_is_guess || has_this_loader(state) || has_one() {
        return Ok(());
    }
    Err(JobError::OtherBootCode { path: changing.path().to_owned(), is_dead: changing.is_dead() })
}
