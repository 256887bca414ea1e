//! What is wanted of a Windows, and what becomes of it, in one question and one answer.

use serde::{Deserialize, Serialize};

use super::driver::{Candidate, DriverFile, choose};
use super::edit::{Order, add_driver, remove_driver};
use super::error::WindowsError;
use super::outcome::Edit;
use super::registry::Attach;
use crate::contents::ImageFacts;
use crate::contents::windows::{DiskOrder, Windows};
use crate::image::Source;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// A driver is added.
    Add {
        /// How it gets its device, if not in its usual way.
        attach: Option<Attach>,
        /// Whether another driver for RAM disks is taken out.
        remove_other: bool,
        /// Whether a driver without a signature is added to a Windows that wants one.
        allow_unsigned: bool,
        /// Whose disks the BIOS will count first.
        disks: DiskOrder,
    },
    /// What was added is taken back.
    Remove {
        /// Whether a driver that somebody else installed goes, too.
        installed: bool,
    },
}

/// What becomes of the image in `source`, and the driver that is added, which is one of `candidates`.
///
/// # Errors
///
/// As [`choose`], [`add_driver`] and [`remove_driver`].
pub fn edit(
    source: &dyn Source,
    facts: &ImageFacts,
    windows: &Windows,
    candidates: &[Candidate],
    wanted: Wanted,
) -> Result<(Option<DriverFile>, Edit), WindowsError> {
    match wanted {
        Wanted::Add { attach, remove_other, allow_unsigned, disks } => {
            let driver = choose(candidates, windows)?;
            let order = Order { driver: &driver, attach, remove_other, allow_unsigned, disks };
            let edit = add_driver(source, facts, windows, &order)?;
            Ok((Some(driver), edit))
        }
        Wanted::Remove { installed } => Ok((None, remove_driver(source, facts, windows, installed)?)),
    }
}
