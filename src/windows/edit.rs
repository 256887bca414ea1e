//! A driver is put into a Windows, or taken out of it: what becomes of the image, in memory.

use super::driver::{DriverFile, check};
use super::error::WindowsError;
use super::hive::HiveEditError;
use super::outcome::Edit;
use super::registry::{
    Attach, Install, Installed, Journal, STEPS_MAX, all_control_sets, control_sets, install, installed,
    uninstall,
};
use super::undo::take_all_back;
use super::work::Work;
use crate::contents::ImageFacts;
use crate::contents::windows::{DiskOrder, DriverName, Family, FileVersion, Windows};
use crate::image::Source;

/// First FiraDisk that reports itself.
const FIRADISK_REPORTS_ITSELF: FileVersion = FileVersion([0, 0, 1, 30]);

/// What is to be added.
#[derive(Clone, Copy, Debug)]
pub struct Order<'o> {
    /// The driver.
    pub driver: &'o DriverFile,
    /// How it gets its device; `None` for the way that was seen to work with it.
    pub attach: Option<Attach>,
    /// Whether another driver for RAM disks is taken out.
    pub remove_other: bool,
    /// Whether a driver without a signature is added to a Windows that wants one.
    pub allow_unsigned: bool,
    /// Whose disks the BIOS will count first.
    pub disks: DiskOrder,
}

/// Puts a driver into the Windows of the image in `source`, which `facts` and `windows` are about.
///
/// # Errors
///
/// Everything that [`WindowsError`] names but what concerns `ntfscp`, which the caller runs.
pub fn add_driver(
    source: &dyn Source,
    facts: &ImageFacts,
    windows: &Windows,
    order: &Order<'_>,
) -> Result<Edit, WindowsError> {
    let mut work = Work::new(source, facts, windows)?;
    let driver = order.driver;
    let attach = attach(order)?;
    if let Some(wanted) = windows.processor_bits.filter(|&wanted| wanted != driver.bits) {
        return Err(WindowsError::Processor { name: driver.name.clone(), bits: driver.bits, wanted });
    }
    let notes = check(driver, windows, order.allow_unsigned, &|file| work.program(file))?;
    work.notes.extend(notes);
    let mut journal = Journal::new(work.hive()?);
    let of_hive = |work: &Work<'_>| {
        let path = work.hive_path();
        move |why: HiveEditError| WindowsError::Registry { path: path.clone(), why }
    };
    let failed = of_hive(&work);
    let sets = control_sets(&journal.hive).map_err(&failed)?;
    if sets.is_empty() {
        return Err(WindowsError::NoControlSet);
    }
    let file = file_name(driver, windows.family);
    let install_order = Install { driver: driver.driver, attach, bits: driver.bits, file: &file };
    make_room(&mut work, &mut journal, &install_order, order.remove_other)?;

    for set in &sets {
        let notes = install(&mut journal, set, &install_order).map_err(&failed)?;
        work.notes.extend(notes);
    }
    work.put_driver(&mut journal, &file, driver)?;
    work.mend(&mut journal, order.disks)?;
    work.mend_start(&mut journal, &sets)?;
    if journal.undo.len() > STEPS_MAX {
        return Err(WindowsError::TooMuch);
    }
    if !journal.undo.is_empty() {
        journal.keep(&sets, install_order.service()).map_err(&failed)?;
        work.put_hive(journal.hive)?;
    }
    Ok(Edit { attach: Some(attach), ..work.finish() })
}

/// The way in which the driver gets its device.
fn attach(order: &Order<'_>) -> Result<Attach, WindowsError> {
    let driver = order.driver;
    let usual = match driver.driver {
        DriverName::FiraDisk | DriverName::SVBus => Attach::Root,
        DriverName::WinVBlock => Attach::Own,
    };
    let reports_itself = match driver.driver {
        DriverName::FiraDisk => driver.version.is_none_or(|version| version >= FIRADISK_REPORTS_ITSELF),
        DriverName::WinVBlock => true,
        DriverName::SVBus => false,
    };
    match order.attach.unwrap_or(usual) {
        Attach::Own if !reports_itself => Err(WindowsError::Form { driver: driver.title() }),
        attach => Ok(attach),
    }
}

/// The name of the driver's file. ReactOS looks for the service that is called like the file.
fn file_name(driver: &DriverFile, family: Family) -> String {
    let (services, files) = driver.driver.installs();
    let of = |names: &[&str]| names[usize::from(driver.bits == 64).min(names.len() - 1)].to_ascii_lowercase();
    if family == Family::Reactos { format!("{}.sys", of(services)) } else { of(files) }
}

/// Takes back what was added before, and what would start beside the new driver.
fn make_room(
    work: &mut Work<'_>,
    journal: &mut Journal,
    new: &Install<'_>,
    remove_other: bool,
) -> Result<(), WindowsError> {
    let path = work.hive_path();
    let failed = |why| WindowsError::Registry { path: path.clone(), why };
    let is_new = |found: &Installed| found.service.eq_ignore_ascii_case(new.service());
    let taken = take_all_back(work, journal, |found| is_new(found) || remove_other)?;
    work.notes.extend(
        taken.iter().map(|found| format!("{} was added before: that is taken back", found.driver.name())),
    );
    let sets = control_sets(&journal.hive).map_err(failed)?;
    for found in installed(&journal.hive, &sets).map_err(failed)?.iter().filter(|found| !is_new(found)) {
        if remove_other {
            let notes = uninstall(journal, &found.service, &sets).map_err(failed)?;
            work.notes.extend(notes);
        } else if found.starts_at_boot {
            return Err(WindowsError::Second { other: found.driver.name().to_owned() });
        }
    }
    Ok(())
}

/// Takes the driver out of the Windows of the image in `source` that [`add_driver`] put there; with `others`, also one that
/// somebody else installed.
///
/// # Errors
///
/// [`WindowsError::NothingToRemove`], and those of [`add_driver`] that concern the image.
pub fn remove_driver(
    source: &dyn Source,
    facts: &ImageFacts,
    windows: &Windows,
    others: bool,
) -> Result<Edit, WindowsError> {
    let mut work = Work::new(source, facts, windows)?;
    let mut journal = Journal::new(work.hive()?);
    let path = work.hive_path();
    let failed = |why| WindowsError::Registry { path: path.clone(), why };
    let taken = take_all_back(&mut work, &mut journal, |_| true)?;
    work.notes.extend(
        taken.iter().map(|found| {
            format!("registry: {} is gone, and all that was added with it", found.driver.name())
        }),
    );
    // Also those that Windows keeps: it may come back to one of them.
    let sets = all_control_sets(&journal.hive).map_err(failed)?;
    let drivers = installed(&journal.hive, &sets).map_err(failed)?;
    for found in drivers.iter().filter(|_| others) {
        let notes = uninstall(&mut journal, &found.service, &sets).map_err(failed)?;
        work.notes.extend(notes);
    }
    if taken.is_empty() && (drivers.is_empty() || !others) {
        let installed = drivers.first().map(|found| found.driver.name().to_owned());
        return Err(WindowsError::NothingToRemove { installed });
    }
    work.put_hive(journal.hive)?;
    Ok(work.finish())
}
