//! Several sticks at once: what is asked, a table while they are written, and what became of each.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::cli::args::StickArgs;
use crate::cli::manner::Manner;
use crate::cli::phram::put_beside;
use crate::cli::receipts::Receipts;
use crate::cli::show::{show_needs, show_ranges, show_stick};
use crate::cli::table::Table;
use crate::cli::target_args::TargetArgs;
use crate::cli::{CliError, Exit, Output, Progress, confirm, copy, driver, stop, unknown};
use crate::device::{System, TargetPath};
use crate::job::{
    self, Beginning, Images, Lengths, OneOfMany, Opener, Prepared, StickRequest, prepare_many, receipt,
    write_many,
};
use crate::report::{Receipt, StickReport};
use crate::units::named;

/// What is asked for all of them.
pub(super) struct Several<'a> {
    pub stick: &'a StickArgs,
    pub target: &'a TargetArgs,
    /// Where the driver is that the first image gets on the way.
    pub driver: Option<&'a Path>,
    /// The folder for receipts.
    pub receipt: Option<&'a Path>,
    /// Whether nothing is written.
    pub is_dry: bool,
    /// Whether the addition to an initramfs is written, too.
    pub linux_phram: bool,
    pub manner: Manner,
    pub lengths: Lengths,
}

impl Several<'_> {
    /// Writes the sticks, or shows what would be written.
    ///
    /// # Errors
    ///
    /// See [`CliError`]: then no stick was touched. What becomes of each is told, and the exit status is that of the worst.
    pub(super) fn write(
        &self,
        output: &mut Output,
        system: &System,
        targets: &[TargetPath],
    ) -> Result<Exit, CliError> {
        let progress = Progress::new();
        let opener = Opener::new(&progress);
        // A disc image is copied to one stick, so here it is an error.
        copy::find(self.stick, Some("more than one stick"), &opener)?;
        let request = StickRequest { driver: self.driver.map(Path::to_owned), ..self.stick.request() };
        let images = Images::open_by(&request, &opener)?;
        driver::tell(&images);
        let prepared = prepare_many(&request, images, system, targets, self.lengths, &Progress::new())?;
        if self.is_dry {
            return show_plans(output, &prepared, targets);
        }
        let receipts = self.receipt.map(|folder| Receipts::look(folder, targets)).transpose()?;
        if self.manner == Manner::Ask {
            unknown::ask(&prepared[0].images)?;
            confirm::list_all(targets)?;
        }
        let ask = |target| match self.manner {
            Manner::Resume => self.target.ask_to_unmount(system, target),
            Manner::Ask | Manner::Erase => self.target.ask_to_erase(system, target),
        };
        // A wrong answer to any of the questions unmounts nothing.
        let mounts = targets.iter().map(ask).collect::<Result<Vec<_>, _>>()?;
        targets
            .iter()
            .zip(&mounts)
            .try_for_each(|(target, mounts)| self.target.free(system, target, mounts))?;
        if self.linux_phram {
            put_beside(&request)?;
        }
        self.write_all(output, system, targets, &prepared, receipts.as_ref())
    }

    /// The same of what is prepared and confirmed.
    fn write_all(
        &self,
        output: &mut Output,
        system: &System,
        targets: &[TargetPath],
        prepared: &[Prepared],
        receipts: Option<&Receipts>,
    ) -> Result<Exit, CliError> {
        let names: Vec<String> = targets.iter().map(|target| named(target.path()).into_owned()).collect();
        let table = Table::new(&names);
        let each = prepared.iter().zip(targets).enumerate();
        let sticks: Vec<OneOfMany> = each
            .map(|(number, (prepared, target))| OneOfMany { prepared, target, observer: table.row(number) })
            .collect();
        let beginning = if self.manner == Manner::Resume { Beginning::Resumed } else { Beginning::Anew };
        let lost = Mutex::new(Vec::new());
        let end = |number: usize, result: &Result<_, _>| {
            let receipt = receipt(&prepared[number], &targets[number], result);
            table.row(number).end(receipt.state.words());
            // Now, and not when the last one is done: what is known then may be lost with the power.
            if let Some(Err(error)) = receipts.map(|receipts| receipts.write(number, &receipt)) {
                lost.lock().unwrap_or_else(PoisonError::into_inner).push(error);
            }
        };
        let results = write_many(system, &sticks, beginning, &*stop::wish()?, &end)?;

        let ends = prepared.iter().zip(targets).zip(&results);
        let all: Vec<Receipt> =
            ends.map(|((prepared, target), result)| receipt(prepared, target, result)).collect();
        let first = job::outline(&prepared[0]);
        let shown = output.show(&all, |out| show(out, &first, &all));
        shown.map_err(|source| CliError::Unreported { path: targets[0].path().to_owned(), source })?;
        let mut worst = Exit::Done;
        for (name, result) in names.iter().zip(results) {
            if let Err(error) = result {
                let error = CliError::Job(error);
                worst = worst.or_worse(error.exit());
                Output::tell(name, &error);
            }
        }
        for error in lost.into_inner().unwrap_or_else(PoisonError::into_inner) {
            worst = worst.or_worse(error.exit());
            Output::tell("receipt", &error);
        }
        Ok(worst)
    }
}

fn show(out: &mut dyn Write, first: &StickReport, all: &[Receipt]) -> io::Result<()> {
    show_stick(out, first)?;
    let width = all.iter().map(|receipt| receipt.state.words().len()).max().unwrap_or(0);
    for receipt in all {
        writeln!(out, "{:<width$}  {}", receipt.state.words(), receipt.words())?;
    }
    Ok(())
}

fn show_plans(output: &mut Output, prepared: &[Prepared], targets: &[TargetPath]) -> Result<Exit, CliError> {
    let plans: Vec<StickReport> = prepared.iter().map(job::plan).collect();
    output.show(&plans, |out| {
        for (plan, target) in plans.iter().zip(targets) {
            writeln!(out, "to        {}", named(target.path()))?;
            show_stick(out, plan)?;
            show_needs(out, plan)?;
            show_ranges(out, &plan.ranges, plan.bytes)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}
