//! A stick that is changed, and of which some clusters do not keep what they get: they go out of use, and the change is made with
//! others.

use std::io;

use crate::change::{self, ChangeError, Step};
use crate::job::JobError;
use crate::job::changing::{Changing, Stopped};
use crate::job::moved::{BAD_MAX, Cover, sectors_of, warning};
use crate::pipeline::{Failure, Input, PipelineError};
use crate::stick::{Reader, StickState};
use crate::units::SECTOR_LEN;

/// Times that a change goes around something before the stick is called bad. Each finds only what is in its way.
const ROUNDS: u32 = 8;

impl Changing<'_> {
    /// Writes the steps that `plan` makes of the stick, and makes them again if the change goes around something.
    ///
    /// # Errors
    ///
    /// Those of `plan`, and those of writing.
    pub fn steps_around<'r>(
        &self,
        (reader, state): (&'r Reader<'r>, &StickState<'r>),
        inputs: &[Input],
        plan: impl Fn(&StickState<'r>) -> Result<Vec<Step>, ChangeError>,
    ) -> Result<(), Stopped> {
        // A piece that lies alone begins where no hash does.
        let covers: Vec<Cover> = inputs.iter().map(|input| Cover(input.stored)).collect();
        let covered = inputs.iter().zip(&covers).map(|(input, stored)| Input { name: input.name, stored });
        let inputs: Vec<Input> = covered.collect();
        let mut steps = plan(state)?;
        while let Err(error) = self.steps(&steps, &inputs) {
            self.go_around(reader, error)?;
            steps = plan(&self.state(reader))?;
        }
        Ok(())
    }

    /// After `error`: takes the clusters out of use that did not keep what they got, if nothing that counts is in any of them and
    /// there were not too many. Then the change can be planned anew, of the stick as it is; it boots what it did.
    ///
    /// # Errors
    ///
    /// `error` itself, if that cannot be; [`JobError::NoOtherRoom`]; and those of writing.
    pub fn go_around(&self, reader: &Reader, error: JobError) -> Result<(), JobError> {
        let Some(sectors) = self.may_be_left_out(&error) else { return Err(error) };
        if !change::can_retire(reader, &self.state(reader), &sectors) {
            return Err(error);
        }
        // What this change began is undone or finished, as the next command would do it.
        let state = match self.finished(reader, self.state(reader), false) {
            Ok(state) => state,
            Err(stopped) if is_stop(&stopped) => return Err(stopped),
            Err(_) => return Err(error),
        };
        match change::retire(reader, &state, &sectors) {
            Ok(steps) => {
                let mut worn = self.worn.borrow_mut();
                worn.sectors.extend(sectors);
                (worn.rounds, worn.cause) = (worn.rounds + 1, Some(Box::new(error)));
                drop(worn);
                self.all(&steps)
            }
            Err(ChangeError::NoRoom { needed, free }) => Err(JobError::NoOtherRoom {
                path: self.path().to_owned(),
                needed,
                free,
                source: Box::new(error),
            }),
            Err(_) => Err(error),
        }
    }

    /// The sectors that did not keep what they got, if that is why a change stopped, the stick boots what it did, and it may go
    /// around more of them.
    fn may_be_left_out(&self, error: &JobError) -> Option<Vec<u64>> {
        let worn = self.worn.borrow();
        let lost = lost(error).filter(|lost| worn.sectors.len() + lost.len() <= BAD_MAX)?;
        (worn.rounds < ROUNDS && !self.is_dead()).then_some(lost)
    }

    /// That sectors went out of use, if any did.
    pub fn warning(&self) -> Option<String> {
        warning(&self.worn.borrow().sectors)
    }
}

/// Whether somebody stopped it.
pub(super) fn is_stop(error: &JobError) -> bool {
    match error {
        JobError::Pipeline(Failure { cause, .. }) => matches!(cause, PipelineError::Stopped { .. }),
        JobError::Unfinished { cause } => is_stop(cause),
        _ => false,
    }
}

/// The sectors that an error names as those that keep nothing, or not what they got.
fn lost(error: &JobError) -> Option<Vec<u64>> {
    match error {
        JobError::Differs { differences, .. } => sectors_of(differences),
        JobError::Pipeline(Failure { cause, .. }) => match cause {
            PipelineError::Lost { lba } => Some(vec![*lba]),
            // A sector alone, of which the system said so: not a device that is gone.
            PipelineError::Write { offset, source, .. } | PipelineError::Read { offset, source } => {
                (source.kind() == io::ErrorKind::Other).then(|| vec![offset / SECTOR_LEN])
            }
            _ => None,
        },
        _ => None,
    }
}
