//! What a disc has beside a stick: the user's own files, and a length that fits what is on it.

use std::path::{Path, PathBuf};

use crate::image::{ExtraFiles, Scan, Source, scan};
use crate::job::observer::part;
use crate::job::{DiscOptions, JobError, Observer, Part};
use crate::layout::disc::structure_blocks;
use crate::layout::{Layout, LayoutError, layout};
use crate::plan::{Carried, DiscRequest, FolderFiles, Plan, Request, fits_medium, plan_disc};
use crate::sandbox::LookError;
use crate::units::MIB;

/// The user's own files, open and hashed.
pub struct OwnFiles {
    /// The folder, as it was named.
    pub path: PathBuf,
    /// Its files, one behind the other.
    pub source: ExtraFiles,
    /// Their hashes; none of files without a byte.
    pub scan: Option<Scan>,
}

impl OwnFiles {
    /// Looks through the folder at `path`.
    ///
    /// # Errors
    ///
    /// [`JobError::Image`] if it cannot be looked through.
    pub(super) fn look(path: &Path) -> Result<Self, JobError> {
        let source = ExtraFiles::look(path).map_err(LookError::from)?;
        Ok(Self { path: path.to_owned(), source, scan: None })
    }

    /// Hashes all of them.
    ///
    /// # Errors
    ///
    /// [`JobError::Read`] if a file cannot be read.
    pub(super) fn hash(&mut self, observer: &dyn Observer) -> Result<(), JobError> {
        let (source, len) = (&self.source, self.source.len());
        if len > 0 {
            let scanned = part(observer, Part::Hash, len, |count| scan(source, &mut |bytes| count(bytes)));
            let read = |source| JobError::Read { path: self.path.clone(), source };
            self.scan = Some(scanned.map_err(read)?);
        }
        Ok(())
    }

    /// What the plan must know of them.
    fn planned(&self) -> FolderFiles {
        let blake3 = self.scan.as_ref().map_or([0; 32], |scan| scan.root);
        FolderFiles { tree: self.source.clone(), blake3 }
    }
}

/// A disc without images' bytes, for the errors that show before anything is read: also those of the user's own files.
pub(super) fn first_plan(
    request: &Request,
    options: &DiscOptions,
    files: Option<&OwnFiles>,
) -> Result<Plan, JobError> {
    let DiscOptions { boot, medium, .. } = *options;
    let files = files.map(OwnFiles::planned).unwrap_or_default();
    let disc = DiscRequest { boot, medium, structure_blocks: 0, files: FolderFiles::default() };
    let plan = plan_disc(request, &disc, 0)?;
    let structure_blocks = structure_blocks(&plan.carried, &files)?;
    let plan = plan_disc(request, &DiscRequest { structure_blocks, files, ..disc }, 0)?;
    fits_medium(medium, plan.division.blocks())?;
    Ok(plan)
}

/// The smallest disc for these images and files.
///
/// # Errors
///
/// [`JobError::Plan`] if it is larger than its medium, [`JobError::Layout`] if ISO 9660 cannot name a file.
pub(super) fn fit(
    request: &Request,
    options: &DiscOptions,
    carried: &Carried,
    scans: &[Scan],
    files: Option<&OwnFiles>,
) -> Result<(Plan, Layout), JobError> {
    let files = files.map(OwnFiles::planned).unwrap_or_default();
    let structure_blocks = structure_blocks(carried, &files)?;
    let DiscOptions { boot, medium, .. } = *options;
    let disc = DiscRequest { boot, medium, structure_blocks, files };
    let mut cylinders = 0;
    // Ends: each pass takes a larger disc, and there is a largest.
    loop {
        let plan = plan_disc(request, &disc, cylinders)?;
        let planned = disc.cylinders(plan.division.sectors);
        match layout(&plan, scans) {
            Ok(layout) => {
                fits_medium(medium, plan.division.blocks())?;
                return Ok((plan, layout));
            }
            Err(LayoutError::TooLarge { needed, available }) => {
                cylinders = planned + needed.saturating_sub(available).div_ceil(MIB).max(1);
            }
            Err(error) => return Err(error.into()),
        }
    }
}
