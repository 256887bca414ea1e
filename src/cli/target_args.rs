//! The options of every command that opens a stick for writing.

use clap::Args;

use crate::cli::settings::machine;
use crate::cli::terminal::{can_ask, note};
use crate::cli::{CliError, awake, confirm, replug};
use crate::device::{Allowed, HardVerify, OwnMount, System, TargetPath};
use crate::job::JobError;
use crate::units::named;

/// How a stick is opened for writing, and what is asked before.
#[derive(Clone, Debug, Args)]
pub struct TargetArgs {
    /// Unmount the file systems of the stick first. They are shown with the question, and no others are unmounted
    #[arg(long)]
    pub unmount: bool,

    /// Also take a disk of more than 64 GiB, which may be no stick
    #[arg(long)]
    pub large: bool,

    /// Empty the stick's own cache before it is read back: by a reset over USB, or by plugging it in again when it is asked for
    #[arg(long)]
    pub hard_verify: bool,

    /// Eject the stick when it is finished and proven, so that it can be pulled at once
    #[arg(long)]
    pub eject: bool,

    /// Do not ask before a device is erased, or a file with contents of its own, or bytes are written of which nothing is known, or
    /// one image is written over another because there is no room for both
    #[arg(long)]
    pub yes: bool,
}

impl TargetArgs {
    /// The machine, with what is allowed on it.
    pub fn system(&self) -> System {
        let hard = HardVerify { ask: can_ask().then_some(replug::ask), patience: HardVerify::PATIENCE };
        System {
            allowed: Allowed { large: self.large, unmount: self.unmount, believed: false },
            hard_verify: self.hard_verify.then_some(hard),
            eject: self.eject,
            ..machine()
        }
    }

    /// Asks before everything on the target is erased, unless that was answered already, and unmounts what was shown.
    ///
    /// # Errors
    ///
    /// As those of [`confirm::ask`], and [`CliError::Job`] if something stays mounted.
    pub fn confirm_erasing(&self, system: &System, target: &TargetPath) -> Result<(), CliError> {
        let mounts = self.ask_to_erase(system, target)?;
        self.free(system, target, &mounts)
    }

    /// Asks before everything on the target is erased, unless that was answered already, and unmounts nothing yet: for
    /// [`free`](Self::free), what was shown.
    ///
    /// # Errors
    ///
    /// As those of [`confirm::ask`].
    pub fn ask_to_erase(&self, system: &System, target: &TargetPath) -> Result<Vec<OwnMount>, CliError> {
        let mounts = self.mounts(system, target);
        if !self.yes {
            confirm::ask(system, target, &mounts)?;
        }
        Ok(mounts)
    }

    /// Asks before file systems of the target are unmounted, if any are to be and that was not answered already, and
    /// unmounts what was shown. For a command that erases nothing of its user.
    ///
    /// # Errors
    ///
    /// As those of [`confirm::ask_to_unmount`], and [`CliError::Job`] if something stays mounted.
    pub fn confirm_unmounting(&self, system: &System, target: &TargetPath) -> Result<(), CliError> {
        let mounts = self.ask_to_unmount(system, target)?;
        self.free(system, target, &mounts)
    }

    /// The same without unmounting anything yet: for [`free`](Self::free), what was shown.
    ///
    /// # Errors
    ///
    /// As those of [`confirm::ask_to_unmount`].
    pub fn ask_to_unmount(&self, system: &System, target: &TargetPath) -> Result<Vec<OwnMount>, CliError> {
        let mounts = self.mounts(system, target);
        if !self.yes && !mounts.is_empty() {
            confirm::ask_to_unmount(target, &mounts)?;
        }
        Ok(mounts)
    }

    /// Refuses what means nothing to a command that only reads.
    ///
    /// # Errors
    ///
    /// [`CliError::Usage`].
    pub fn check_only_reads(&self) -> Result<(), CliError> {
        let given =
            [("--hard-verify", self.hard_verify), ("--unmount", self.unmount), ("--eject", self.eject)];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => {
                Err(CliError::Usage { what: format!("{option} is for writing, and nothing is written here") })
            }
            None => Ok(()),
        }
    }

    /// What is unmounted first.
    pub fn mounts(&self, system: &System, target: &TargetPath) -> Vec<OwnMount> {
        if self.unmount { system.own_mounts(target) } else { Vec::new() }
    }

    /// Unmounts what was shown.
    ///
    /// # Errors
    ///
    /// [`CliError::Job`] if something stays mounted.
    pub fn free(&self, system: &System, target: &TargetPath, mounts: &[OwnMount]) -> Result<(), CliError> {
        for mount in mounts {
            note(format_args!("note: {}", confirm::unmounted(mount)));
        }
        if self.eject && !matches!(target, TargetPath::Block(_)) {
            note(format_args!("note: {} is a file: there is nothing to eject", named(target.path())));
        }
        free(system, target, mounts)
    }
}

/// Unmounts what was shown, and keeps the machine awake from now on.
///
/// # Errors
///
/// [`CliError::Job`] if something stays mounted.
pub(super) fn free(system: &System, target: &TargetPath, mounts: &[OwnMount]) -> Result<(), CliError> {
    match &system.lender {
        Some(lender) => lender.unmount_first(target.path(), mounts),
        None if mounts.is_empty() => {}
        None => system.unmount(target, mounts).map_err(JobError::Target)?,
    }
    // A file that was not finished is made again; whoever waits for a stick may close the lid.
    if matches!(target, TargetPath::Block(_)) {
        awake::stay();
    }
    Ok(())
}
