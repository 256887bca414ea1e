//! What verifying a stick finds wrong is put right where that can be proven.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::change::ChangeError;
use crate::device::{BlockTarget, FileTarget, OpenError, ReadOnly, TargetPath};
use crate::job::leave::leave;
use crate::job::medium::Medium;
use crate::job::observer::part;
use crate::job::prove::write_alone;
use crate::job::{Destination, Images, JobError, Observer, Opener, Part, StickRequest};
use crate::layout::Extent;
use crate::pipeline::{Aftermath, Failure, Phase, PipelineError, Target};
use crate::repair::{Donor, Mend, Mended, SECTORS_MAX, Scope};
use crate::sandbox::{self, LookError, NamedDonor, State};
use crate::units::SECTOR_LEN;
use crate::verify::{ReadmeState, StickVerdict, Strictness, verify};

/// Most rounds that exchange less than they may, of all that are needed to put a stick right.
const SMALL_ROUNDS_MAX: u64 = 16;

/// What was repaired on a stick.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct RepairReport {
    /// What was put right.
    pub repaired: Vec<Mended>,
    /// Bytes that were written.
    pub written: u64,
    /// What verifying found before.
    pub before: StickVerdict,
    /// What verifying finds now.
    pub after: StickVerdict,
}

/// A stick that was verified, and what of it can be put right.
pub struct PreparedRepair {
    images: Images,
    /// What verifying found.
    pub verdict: StickVerdict,
    /// What can be put right.
    pub mended: Vec<Mended>,
    extents: Vec<Extent>,
}

/// Verifies the stick at the destination, and makes again what is wrong on it, as far as that can be proven: with the images that are
/// at hand, and with what the stick itself says. Nothing is written.
///
/// # Errors
///
/// [`JobError::Image`] for an image that cannot be used, [`JobError::Target`] if the stick must not be written,
/// [`JobError::NoStick`] if nothing on it is ours, [`JobError::TakenOver`] if it is another's now, or [`JobError::Change`] if a change must
/// be finished first.
pub fn prepare_repair(
    images: Vec<PathBuf>,
    destination: Destination,
    observer: &dyn Observer,
) -> Result<PreparedRepair, JobError> {
    let Destination { system, target } = destination;
    let images = Images::open_by(&StickRequest::new(images), &Opener::new(observer))?;
    target.admit(system, &images.files())?;
    let path = target.path();
    let stick = ReadOnly::open(target).map_err(JobError::Target)?;
    let state = sandbox::state(path, &stick)?;
    let no_stick = || JobError::NoStick { path: path.to_owned() };
    if !state.is_ours {
        return Err(no_stick());
    }
    refuse_written_over(path, state)?;
    let verdict = part(observer, Part::Read, stick.len(), |count| {
        sandbox::verify(path, &stick, Strictness::Boot, (&|| true, count))
    });
    let verdict = verdict?.ok_or_else(no_stick)?;
    if verdict.sound && verdict.readme != Some(ReadmeState::Changed) {
        let (mended, extents) = (Vec::new(), Vec::new());
        return Ok(PreparedRepair { images, verdict, mended, extents });
    }
    let made = part(observer, Part::Mend, 0, |_| {
        sandbox::mend(path, &stick, &donors(&images), scope(&verdict), &|| true)
    })?;
    if made.is_foreign {
        return Err(JobError::TakenOver { path: path.to_owned() });
    }
    let Mend { extents, mended, .. } = made;
    Ok(PreparedRepair { images, verdict, mended, extents })
}

/// What a stick is started by is clear while an image is written over the one before it: putting that back would let it boot half of
/// an image.
///
/// # Errors
///
/// [`JobError::Change`] if that was cut off.
pub(super) fn refuse_written_over(path: &Path, state: State) -> Result<(), JobError> {
    match state.is_written_over {
        false => Ok(()),
        true => {
            let (path, source) = (path.to_owned(), ChangeError::WrittenOver);
            Err(JobError::Change { path, has_written: false, source })
        }
    }
}

/// Opens the stick, writes what can be put right, proves it, and verifies the whole stick.
///
/// # Errors
///
/// [`JobError::Target`], [`JobError::Pipeline`], or [`JobError::Differs`].
pub fn repair(
    prepared: PreparedRepair,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RepairReport, JobError> {
    let Destination { system, target } = destination;
    match target {
        _ if prepared.extents.is_empty() => {
            let (repaired, before) = (prepared.mended, prepared.verdict);
            Ok(RepairReport { repaired, written: 0, after: before.clone(), before })
        }
        TargetPath::Block(facts) => {
            let device =
                BlockTarget::open(system, facts, &prepared.images.files()).map_err(JobError::Target)?;
            let eyes = Lesser { path: &facts.node, reader: &|| device.reader(), stop };
            let report = repair_by(&eyes, prepared, &device, stop, observer)?;
            leave(&device, observer);
            Ok(report)
        }
        TargetPath::File { len, .. } => {
            let file = FileTarget::open(target, *len).map_err(JobError::Target)?;
            let eyes = Lesser { path: target.path(), reader: &|| file.reader(), stop };
            repair_by(&eyes, prepared, &file, stop, observer)
        }
        TargetPath::New { path } => Err(missing(path)),
    }
}

fn missing(path: &Path) -> JobError {
    JobError::Target(OpenError::Missing { path: path.to_owned() })
}

/// Who looks at a stick that is repaired.
trait Eyes {
    /// Its name for messages.
    fn path(&self) -> &Path;
    /// What of it can be put right.
    fn mend(&self, donors: &[NamedDonor], scope: Scope) -> Result<Mend, LookError>;
    /// What is on it now; `None` if that is nothing of this program.
    fn verify(&self, count: &dyn Fn(u64)) -> Result<Option<StickVerdict>, LookError>;
}

/// As root a process without rights.
struct Lesser<'r> {
    path: &'r Path,
    reader: &'r dyn Fn() -> io::Result<ReadOnly>,
    /// Ends that process, too: nobody else has the stick meanwhile.
    stop: &'r AtomicBool,
}

impl Lesser<'_> {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn open(&self) -> Result<ReadOnly, LookError> {
        (self.reader)().map_err(|source| LookError::Start { path: self.path.to_owned(), source })
    }
}

impl Eyes for Lesser<'_> {
    fn path(&self) -> &Path {
        self.path
    }

    fn mend(&self, donors: &[NamedDonor], scope: Scope) -> Result<Mend, LookError> {
        sandbox::mend(self.path, &self.open()?, donors, scope, &|| self.goes_on())
    }

    fn verify(&self, count: &dyn Fn(u64)) -> Result<Option<StickVerdict>, LookError> {
        sandbox::verify(self.path, &self.open()?, Strictness::Boot, (&|| self.goes_on(), count))
    }
}

/// This process.
struct Own<'t> {
    path: &'t Path,
    medium: Medium<'t>,
}

impl Eyes for Own<'_> {
    fn path(&self) -> &Path {
        self.path
    }

    fn mend(&self, donors: &[NamedDonor], scope: Scope) -> Result<Mend, LookError> {
        let donors: Vec<Donor> = donors.iter().map(NamedDonor::donor).collect();
        Ok(scope.repair(&self.medium, &donors).into())
    }

    fn verify(&self, count: &dyn Fn(u64)) -> Result<Option<StickVerdict>, LookError> {
        Ok(Some(verify(&self.medium, Strictness::Boot, count)))
    }
}

/// The same on a target that is open already, which this process looks at; `path` is for messages.
///
/// # Errors
///
/// [`OpenError::Changed`] if it is not the same, and nothing was written; [`JobError::Pipeline`], or [`JobError::Differs`].
pub fn repair_to(
    prepared: PreparedRepair,
    path: &Path,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RepairReport, JobError> {
    repair_by(&Own { path, medium: Medium::new(target) }, prepared, target, stop, observer)
}

/// What was shown is found once more: who had the stick until it was opened may have written to it, and whole sectors are exchanged.
fn repair_by(
    eyes: &dyn Eyes,
    prepared: PreparedRepair,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<RepairReport, JobError> {
    let PreparedRepair { verdict: before, mended: shown, extents, images } = prepared;
    let path = eyes.path();
    let doctor = |source| JobError::Doctor { path: path.to_owned(), source };
    let unread = |error| unanswered(error, Aftermath::BootsAsBefore, doctor);
    let look = || part(observer, Part::Mend, 0, |_| eyes.mend(&donors(&images), scope(&before)));
    let mut made = look().map_err(|error| unanswered(error, Aftermath::Untouched, JobError::Image))?;
    if (&made.mended, &made.extents) != (&shown, &extents) {
        return Err(JobError::Target(OpenError::Changed { path: path.to_owned() }));
    }
    let mut repaired = Vec::new();
    let mut written = 0;
    let stick_sectors = target.len() / SECTOR_LEN;
    // What was put right is not put right again. But who says what is to be put right may say anything.
    let mut left = stick_sectors.saturating_add(SMALL_ROUNDS_MAX * SECTORS_MAX as u64);
    while !made.extents.is_empty() {
        let layout = made.layout(stick_sectors);
        let sectors = layout.written_sectors();
        let cannot_be = || unread(LookError::Answer { path: path.to_owned() });
        left = left.checked_sub(sectors.max(SECTORS_MAX as u64)).ok_or_else(cannot_be)?;
        let bytes = sectors * SECTOR_LEN;
        write_alone(layout, target, stop, observer).map_err(|error| match error {
            // Nothing of this round, and something of those before it.
            JobError::Pipeline(Failure { stick: Aftermath::Untouched, cause }) if written > 0 => {
                Failure { stick: Aftermath::BootsAsBefore, cause }.into()
            }
            error => error,
        })?;
        written += bytes;
        repaired.append(&mut made.mended);
        if !made.more {
            break;
        }
        if stop.load(Ordering::Relaxed) {
            return Err(unread(LookError::Stopped { path: path.to_owned() }));
        }
        made = look().map_err(unread)?;
    }
    let after = part(observer, Part::Read, target.len(), |count| eyes.verify(count)).map_err(unread)?;
    let after = after.ok_or_else(|| JobError::NoStick { path: path.to_owned() })?;
    Ok(RepairReport { repaired, written, before, after })
}

/// Why nobody says what a stick is: of one that was only to be looked at further, `stick` is known if that was no longer wanted.
pub(super) fn unanswered(
    error: LookError,
    stick: Aftermath,
    other: impl FnOnce(LookError) -> JobError,
) -> JobError {
    match error {
        LookError::Stopped { .. } => {
            Failure { stick, cause: PipelineError::Stopped { phase: Phase::Survey } }.into()
        }
        error => other(error),
    }
}

/// What is to be put right of a stick of which this was found.
fn scope(verdict: &StickVerdict) -> Scope {
    if verdict.sound { Scope::Text } else { Scope::All }
}

/// The images as those that pieces are taken from.
fn donors(images: &Images) -> Vec<NamedDonor<'_>> {
    let pairs = images.sources.iter().zip(&images.free).zip(&images.facts);
    pairs
        .map(|((source, free), facts)| NamedDonor {
            path: &facts.path,
            source: &**source,
            free: &free.ranges,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Mutex;

    use super::*;
    use crate::layout::{Content, Role};

    struct Memory(Mutex<Vec<u8>>);

    impl Target for Memory {
        fn len(&self) -> u64 {
            self.0.lock().unwrap().len() as u64
        }

        fn alignment(&self) -> usize {
            4096
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            buffer.copy_from_slice(&self.0.lock().unwrap()[offset as usize..][..buffer.len()]);
            Ok(())
        }

        fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
            self.0.lock().unwrap()[offset as usize..][..buffer.len()].copy_from_slice(buffer);
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Says each time that something else is to be written.
    struct Liar(Cell<u8>);

    impl Liar {
        fn says(number: u8) -> Mend {
            let content = Content::Bytes(vec![number; 512]);
            let extents = vec![Extent { lba: 700, sectors: 1, role: Role::Copy, content }];
            Mend { extents, more: true, ..Mend::default() }
        }
    }

    impl Eyes for Liar {
        fn path(&self) -> &Path {
            Path::new("stick")
        }

        fn mend(&self, _: &[NamedDonor], _: Scope) -> Result<Mend, LookError> {
            let number = self.0.get();
            self.0.set(number.checked_add(1).expect("nobody ends it"));
            Ok(Self::says(number))
        }

        fn verify(&self, _: &dyn Fn(u64)) -> Result<Option<StickVerdict>, LookError> {
            unreachable!("there is always more")
        }
    }

    #[test]
    fn who_always_finds_something_else_to_write_is_not_believed_for_ever() {
        let target = Memory(Mutex::new(vec![0; 1 << 20]));
        let verdict = verify(&Medium::new(&target), Strictness::Boot, &|_| ());
        let images = Images::open(&StickRequest::new(Vec::new())).unwrap();
        let extents = Liar::says(0).extents;
        let prepared = PreparedRepair { images, verdict, mended: Vec::new(), extents };
        let liar = Liar(Cell::new(0));
        let done = repair_by(&liar, prepared, &target, &AtomicBool::new(false), &|_| ());
        let error = done.map(drop).unwrap_err();
        let is_it = matches!(error, JobError::Doctor { source: LookError::Answer { .. }, .. });
        assert!(is_it, "{error}");
        assert_eq!(u64::from(liar.0.get()), SMALL_ROUNDS_MAX + 1, "rounds that were looked at");
        let written = u64::from(target.0.lock().unwrap()[700 * 512]);
        assert_eq!(written, SMALL_ROUNDS_MAX - 1, "and that were written");
    }
}
