//! What a stick did not keep while it was changed.

use std::collections::BTreeSet;
use std::path::Path;

use crate::change::ChangeError;
use crate::job::JobError;

/// What a stick did not keep while it was changed.
#[derive(Default)]
pub(super) struct Worn {
    /// Those sectors, which are out of use.
    pub sectors: BTreeSet<u64>,
    /// Times that the change went around some.
    pub rounds: u32,
    /// Why they went out of use, the last time.
    pub cause: Option<Box<JobError>>,
}

impl Worn {
    /// That there is no room, where that is so because clusters went out of use.
    pub fn no_other(&mut self, path: &Path, source: &ChangeError) -> Option<JobError> {
        let &ChangeError::NoRoom { needed, free } = source else { return None };
        let cause = self.cause.take()?;
        Some(JobError::NoOtherRoom { path: path.to_owned(), needed, free, source: cause })
    }
}
