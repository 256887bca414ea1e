//! The files in which NTFS keeps what it knows of itself, and the clusters of all files.

use std::ops::Range;

use super::{IN_USE, NtfsVolume, Stream, TABLE, flags};
use crate::contents::files::error::FilesError;
use crate::contents::files::portion::Portion;
use crate::contents::files::record::{AttributeValue, BITMAP, DATA, SystemPart, attributes, restore};
use crate::contents::files::runs::Run;

/// Bytes of the table of records that are read at once: a multiple of every length of a record.
const WINDOW_LEN: u64 = 1 << 16;
/// Longest map of the records in use.
const RECORDS_MAP_LEN_MAX: u64 = 1 << 20;

impl NtfsVolume<'_> {
    /// Bytes of a cluster.
    pub(in crate::contents) fn cluster_len(&self) -> u64 {
        self.cluster_len
    }

    /// The first `len` bytes of a part of the file with this record; `None` if it has no such part, or not all of these
    /// bytes are stored as they are.
    pub(in crate::contents) fn system_start(
        &self,
        number: u64,
        part: SystemPart,
        len: u64,
    ) -> Result<Option<Vec<u8>>, FilesError> {
        let stream = self.stream(&self.record(number)?, part.kind(), &[])?;
        let Some(stream) = stream.filter(|stream| stream.is_plain() && stream.stored_len() >= len) else {
            return Ok(None);
        };
        self.part(&stream, Portion::Start { len }).map(Some)
    }

    /// The clusters of the file at `path`, from all of which nothing else is read but its bytes as they are; `None` if
    /// there is no such file, or it is compressed, encrypted or has holes.
    pub(in crate::contents) fn clusters(&self, path: &str) -> Result<Option<Vec<Range<u64>>>, FilesError> {
        let Some(record) = self.find(path)? else { return Ok(None) };
        let stream = self.stream(&record, DATA, &[])?.filter(Stream::is_plain);
        Ok(stream.and_then(|stream| match stream.value {
            AttributeValue::Resident(_) => None,
            AttributeValue::Clusters { runs, .. } => runs.iter().map(clusters).collect(),
        }))
    }

    /// Calls `each` with the clusters of every part of every file, until it fails.
    pub(in crate::contents) fn each_run<E: From<FilesError>>(
        &self,
        mut each: impl FnMut(Range<u64>) -> Result<(), E>,
    ) -> Result<(), E> {
        let map = self.stream(&self.record(TABLE)?, BITMAP, &[])?;
        // A hole costs nothing to read, and says nothing of a file.
        let map = map.filter(Stream::is_plain).ok_or_else(|| self.damaged_record(TABLE))?;
        if !self.table.is_plain() {
            return Err(self.damaged_record(TABLE).into());
        }
        let map = self.whole(&map, RECORDS_MAP_LEN_MAX)?;
        let AttributeValue::Clusters { len, .. } = self.table.value else {
            return Err(self.damaged_record(TABLE).into());
        };
        let count = len / self.record_len;
        if count > map.len() as u64 * 8 {
            return Err(self.damaged_record(TABLE).into());
        }
        let records = WINDOW_LEN / self.record_len;
        for first in (0..count).step_by(records as usize) {
            let mut window = vec![0; (records.min(count - first) * self.record_len) as usize];
            self.fill(&self.table, first * self.record_len, &mut window)?;
            for (number, record) in (first..).zip(window.chunks_exact_mut(self.record_len as usize)) {
                let is_mapped = map[(number / 8) as usize] >> (number % 8) & 1 != 0;
                let is_whole = restore(record, b"FILE").is_some();
                if is_mapped && !is_whole {
                    return Err(self.damaged_record(number).into());
                }
                if is_whole && (is_mapped || flags(record) & IN_USE != 0) {
                    self.runs_of(number, record)?.into_iter().try_for_each(&mut each)?;
                }
            }
        }
        Ok(())
    }

    /// The clusters of all parts that stand in a record.
    fn runs_of(&self, number: u64, record: &[u8]) -> Result<Vec<Range<u64>>, FilesError> {
        let parts = attributes(record).ok_or_else(|| self.damaged_record(number))?;
        let runs = parts.iter().flat_map(|part| match &part.value {
            AttributeValue::Resident(_) => &[][..],
            AttributeValue::Clusters { runs, .. } => &runs[..],
        });
        Ok(runs.filter_map(clusters).collect())
    }
}

/// The clusters of a run; `None` of a hole. None that makes sense is so long that its end is no number.
fn clusters(run: &Run) -> Option<Range<u64>> {
    run.lcn.map(|lcn| lcn..lcn.saturating_add(run.clusters))
}

impl Stream {
    /// Whether its bytes stand in their clusters as they are, all of them.
    fn is_plain(&self) -> bool {
        !self.encrypted
            && match &self.value {
                AttributeValue::Resident(_) => true,
                AttributeValue::Clusters { unit_shift, runs, .. } => {
                    *unit_shift == 0 && runs.iter().all(|run| run.lcn.is_some())
                }
            }
    }

    /// How many bytes of it were written.
    fn stored_len(&self) -> u64 {
        match &self.value {
            AttributeValue::Resident(bytes) => bytes.len() as u64,
            AttributeValue::Clusters { len, initialised_len, .. } => *len.min(initialised_len),
        }
    }
}
