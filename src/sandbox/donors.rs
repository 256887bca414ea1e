//! Images from which a stick is repaired, for the process that finds out how.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::ops::Range;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, memfd_create};
use serde::{Deserialize, Serialize};

use super::error::LookError;
use super::given::next;
use crate::image::{ImageError, Source, open_given};
use crate::repair::Donor;

/// Bytes of a range: two numbers.
const RANGE_LEN: usize = 16;

/// An image that is at hand, and its name for messages.
pub struct NamedDonor<'d> {
    /// Its name.
    pub path: &'d Path,
    /// Its bytes.
    pub source: &'d dyn Source,
    /// Those that would be left out, in order.
    pub free: &'d [Range<u64>],
}

impl NamedDonor<'_> {
    /// The same without its name.
    pub fn donor(&self) -> Donor<'_> {
        Donor { source: self.source, free: self.free }
    }
}

/// The same as it is told: the files come beside it, and the ranges lie one behind the other in the last file, which is in memory because
/// a system that rescues others may have no other place.
#[derive(Serialize, Deserialize)]
pub(super) struct GivenDonor {
    path: Vec<u8>,
    files: usize,
    ranges: u64,
}

/// What is told of `donors`, and the files that come beside it; `stick` is for messages.
pub(super) fn given(stick: &Path, donors: &[NamedDonor]) -> Result<(Vec<GivenDonor>, Vec<File>), LookError> {
    if donors.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let all = || -> io::Result<_> {
        let mut ranges = File::from(memfd_create("ramkey", MemfdFlags::CLOEXEC)?);
        let (mut told, mut files) = (Vec::new(), Vec::new());
        let mut bytes = Vec::new();
        for NamedDonor { path, source, free } in donors {
            for number in free.iter().flat_map(|range| [range.start, range.end]) {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            let descriptors = source.descriptors();
            files.extend(descriptors.iter().map(File::try_clone).collect::<io::Result<Vec<_>>>()?);
            let path = path.as_os_str().as_bytes().to_vec();
            told.push(GivenDonor { path, files: descriptors.len(), ranges: free.len() as u64 });
        }
        ranges.write_all(&bytes)?;
        files.push(ranges);
        Ok((told, files))
    };
    all().map_err(|source| LookError::Start { path: stick.to_owned(), source })
}

/// An image, and what would be left out of it.
pub(super) type OpenDonor = (Box<dyn Source>, Vec<Range<u64>>);

/// The images with what would be left out of each, in a process without rights.
pub(super) fn taken(
    stick: &Path,
    given: Vec<GivenDonor>,
    mut files: impl Iterator<Item = File>,
) -> Result<Vec<OpenDonor>, LookError> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let mut sources = Vec::new();
    for GivenDonor { path, files: count, ranges } in given {
        let path = PathBuf::from(std::ffi::OsString::from_vec(path));
        let own = (0..count).map(|_| next(&path, &mut files)).collect::<Result<Vec<_>, _>>()?;
        sources.push((open_given(&path, own)?, ranges));
    }
    let mut last = next(stick, &mut files)?;
    let unread = |source| ImageError::Open { path: stick.to_owned(), source };
    last.rewind().map_err(unread)?;
    let mut last = io::BufReader::new(last);
    let mut donors = Vec::new();
    for (source, count) in sources {
        let mut free = Vec::new();
        for _ in 0..count {
            let mut range = [0; RANGE_LEN];
            last.read_exact(&mut range).map_err(unread)?;
            let [start, end] =
                [0, 8].map(|at| u64::from_le_bytes(range[at..at + 8].try_into().expect("8 bytes")));
            free.push(start..end);
        }
        donors.push((source, free));
    }
    Ok(donors)
}
