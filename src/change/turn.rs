//! A capsule names other images beside it: its header changes, and nothing else of it.

use ramkey_format::capsule::{COMPANIONS_MAX, CapsuleHeader, Companion, HEADER_HASHED_LEN};
use zerocopy::IntoBytes;

use super::manifest::{Named, first_of};
use super::sectors::Sectors;
use super::steps::Steps;
use super::{ChangeError, Step, Stick};
use crate::layout::{Content, Extent, Role};
use crate::stick::{Entry, Reader, StickState};
use crate::units::SECTOR_LEN;

/// The steps after which the capsule of `entry`, which has the header `header`, needs `companions` beside it.
///
/// # Errors
///
/// See [`ChangeError`].
pub fn turn<'r>(
    reader: &'r Reader<'r>,
    state: &StickState<'r>,
    (entry, header): (&Entry, &CapsuleHeader),
    companions: [Companion; COMPANIONS_MAX],
) -> Result<Vec<Step>, ChangeError> {
    let stick = Stick::of(reader, state)?;
    let &(lba, _) = entry.runs.first().ok_or(ChangeError::Unsound)?;
    let changed = changed(header, companions)?;
    let [old, new] = [header, &changed].map(|header| *blake3::hash(header.as_bytes()).as_bytes());
    let runs = first_of(entry.runs.iter().copied(), entry.len.div_ceil(SECTOR_LEN));
    let ranges = |header, next| stick.ranges_with(&entry.runs, &Named { runs: &runs, header, next });

    let mut steps = Steps::new(stick);
    let mut announced = ranges(old, Some(new));
    stick.hash_again(&mut announced, &Sectors::default())?;
    steps.announce(&announced, &[])?;
    let content = Content::Bytes(changed.as_bytes().to_vec());
    let extent = Extent { lba, sectors: 1, role: Role::Capsule { image: 0 }, content };
    steps.add(vec![extent], lba, true);
    let mut ranges = ranges(new, None);
    stick.hash_again(&mut ranges, &steps.future)?;
    steps.manifest(stick.slot, &ranges, 2)?;
    Ok(steps.done)
}

/// The same header with `companions`, changed once more.
pub(super) fn changed(
    header: &CapsuleHeader,
    companions: [Companion; COMPANIONS_MAX],
) -> Result<CapsuleHeader, ChangeError> {
    let changes = header.changes.get().checked_add(1).ok_or(ChangeError::TooOften)?;
    let mut header = CapsuleHeader { companions, changes: changes.into(), ..header.clone() };
    header.header_blake3 = *blake3::hash(&header.as_bytes()[..HEADER_HASHED_LEN]).as_bytes();
    CapsuleHeader::parse(header.as_bytes()).map_err(|_| ChangeError::Unsound)?;
    Ok(header)
}
