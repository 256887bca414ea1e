//! From a disc image of this program to a proven stick: it is verified, and copied as it is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::device::{NEW_FILE, TargetPath};
use crate::image::{AsItIs, CHUNK_SHIFT, Scan, Seen, Source, StoredBytes, scan};
use crate::job::images::origins;
use crate::job::observer::part;
use crate::job::prove::write_and_prove;
use crate::job::resume::{Ended, write_on};
use crate::job::write::{Work, begun, stamps};
use crate::job::{Destination, Event, JobError, Observer, Opener, Part, in_use};
use crate::layout::{Layout, START_LEN, copy as lay_out};
use crate::origin::{Expectations, Origin};
use crate::pipeline::{self, Effort, Input, Job, Repair, Target};
use crate::report::{OriginReport, RangeReport, Resumed};
use crate::stick::{is_disc, written_sectors};
use crate::units::{SECTOR_LEN, hex, named};
use crate::verify::{StickVerdict, Strictness, verify};

/// A disc image of this program, open. Whether it is sound is not known yet.
pub struct DiscImage {
    path: PathBuf,
    source: Box<dyn Source>,
    /// Bytes of it: what is behind them in the file is not the disc's.
    len: u64,
    /// Its own file, as it was before it was read.
    seen: Vec<Seen>,
    expectations: Expectations,
}

impl DiscImage {
    /// Opens the image at `path` if it is a disc image of this program, finished or not; `None` of any other, and of what
    /// cannot be opened, which whoever takes it for another image tells.
    pub fn find(path: &Path) -> Option<Self> {
        Self::find_by(path, &Opener::new(&|_| ()))
    }

    /// The same, and `opener` opens it.
    pub fn find_by(path: &Path, opener: &Opener<'_>) -> Option<Self> {
        let source = opener.open_if_possible(path).filter(|source| is_disc(&**source))?;
        let written = written_sectors(&*source).map(|sectors| sectors.saturating_mul(SECTOR_LEN));
        let len = written.map_or(source.len(), |written| written.min(source.len()));
        let (path, seen) = (path.to_owned(), opener.seen());
        Some(Self { path, source, len, seen, expectations: Expectations::default() })
    }

    /// The same, if its file is what is expected.
    #[must_use]
    pub fn expecting(self, expectations: Expectations) -> Self {
        Self { expectations, ..self }
    }
}

impl Source for DiscImage {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        match end.is_some_and(|end| end <= self.len) {
            true => self.source.read_at(offset, buffer),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// A copy that can be written: the disc image is sound, and everything but the bytes is decided.
pub struct PreparedCopy {
    image: DiscImage,
    scan: Scan,
    origin: Option<Origin>,
    verdict: StickVerdict,
    layout: Layout,
    warnings: Vec<String>,
}

/// A copy as it will be, or as it is.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct CopyReport {
    /// That it is a copy of a disc image.
    pub what: &'static str,
    /// The disc image.
    pub path: String,
    /// Its length in bytes.
    pub len: u64,
    /// Its BLAKE3, as `b3sum` prints it.
    pub blake3: String,
    /// What was said of its file and is true.
    pub origin: Vec<OriginReport>,
    /// What verifying it found.
    pub disc: StickVerdict,
    /// Sectors of the stick.
    pub sectors: u64,
    /// What is wrong with the disc image.
    pub warnings: Vec<String>,
    /// Every range that is written, ascending.
    pub ranges: Vec<RangeReport>,
    /// Bytes in all ranges.
    pub bytes: u64,
    /// Ranges that had to be written more than once.
    pub repairs: Vec<Repair>,
    /// What it took; nothing in a plan.
    pub effort: Option<Effort>,
    /// What was there already, if the write was to go on.
    pub resumed: Option<Resumed>,
}

/// Verifies the disc image and lays out the stick that it is copied to. That is as long as the destination, or as `size`, or else
/// as the image.
///
/// # Errors
///
/// [`JobError::Target`] if the destination must not be written or has another length than `size`, [`JobError::SmallTarget`] if it is
/// shorter than the image, [`JobError::Origin`] if the image is not what is expected, [`JobError::Read`] if it cannot be read, [`JobError::DamagedDisc`] if it has a fault.
pub fn prepare_copy(
    image: DiscImage,
    size: Option<u64>,
    destination: Option<Destination>,
    observer: &dyn Observer,
) -> Result<PreparedCopy, JobError> {
    let (len, in_use) = match destination {
        None => (size, None),
        Some(Destination { system, target }) => {
            let in_use = target.admit_and_know(system, image.source.files())?;
            (target.stick_len(size).map_err(JobError::Target)?, in_use)
        }
    };
    let len = len.unwrap_or(image.len);
    if len < image.len {
        return Err(too_small(&image, len, destination));
    }
    let read = |source| JobError::Read { path: image.path.clone(), source };
    let warnings = in_use::warnings(&[&*image.source], in_use).into_iter().flatten().collect();
    // It is hashed and judged; then it is written and read back.
    observer.tell(Event::Expect { bytes: 2 * image.len, later: 2 * image.len });
    let origins = origins(&[&*image.source], 1, &image.expectations, &[], observer)?;
    let scanned = part(observer, Part::Hash, image.len, |count| scan(&image, &mut |bytes| count(bytes)));
    let scan = scanned.map_err(read)?;
    let origin = origins.into_iter().flatten().next();
    let origin = origin.map(|origin| origin.seen_before(&*image.source, &image.seen));
    if let Some(origin) = &origin {
        // What is behind the disc in its file was not read for it.
        let is_all = image.len == image.source.len();
        origin.is_still(&*image.source, is_all.then_some(&scan.root), &|_| ())?;
    }
    // What is written is proven to be what was hashed, so it is judged behind that.
    let verdict = part(observer, Part::Read, image.len, |count| verify(&image, Strictness::Boot, count));
    if !verdict.sound {
        return Err(JobError::DamagedDisc { path: image.path, faults: verdict.faults });
    }
    let mut start = vec![0; image.len.min(START_LEN as u64) as usize];
    image.read_at(0, &mut start).map_err(read)?;
    let values = values(&scan);
    if stored(&image, &values).prove(0, &start).is_err() {
        return Err(read(io::Error::other("it changed while it was read")));
    }
    let layout = lay_out(&start, image.len / SECTOR_LEN, len / SECTOR_LEN)?;
    Ok(PreparedCopy { image, scan, origin, verdict, layout, warnings })
}

fn too_small(image: &DiscImage, available: u64, destination: Option<Destination>) -> JobError {
    let help = match destination.map(|destination| destination.target) {
        Some(TargetPath::Block(_)) => "use a larger stick",
        Some(TargetPath::File { len: 1.., .. }) => NEW_FILE,
        _ => "leave --size out: the stick gets the size that it needs",
    };
    JobError::SmallTarget {
        target: destination.map(|destination| destination.target.path().to_owned()),
        image: image.path.clone(),
        needed: image.len,
        available,
        help,
    }
}

/// The chaining value of each chunk of the image.
fn values(scan: &Scan) -> Vec<[u8; 32]> {
    scan.chunks.iter().map(|chunk| chunk.chaining_value).collect()
}

/// The bytes of the image, which these values prove.
fn stored<'a>(image: &'a DiscImage, chunks: &'a [[u8; 32]]) -> AsItIs<'a> {
    AsItIs { source: image, chunk_shift: CHUNK_SHIFT, chunks }
}

impl PreparedCopy {
    /// Describes the copy and every range of it that would be written, and opens nothing for writing.
    pub fn plan(&self) -> CopyReport {
        self.report(None)
    }

    fn report(&self, effort: Option<Effort>) -> CopyReport {
        let repairs = effort.as_ref().map(|effort| effort.repairs.clone()).unwrap_or_default();
        CopyReport {
            what: "copy of the disc image",
            path: named(&self.image.path).into_owned(),
            len: self.image.len,
            blake3: hex(self.scan.root),
            origin: OriginReport::all(self.origin.as_ref()),
            disc: self.verdict.clone(),
            sectors: self.layout.stick_sectors,
            warnings: self.warnings.clone(),
            ranges: RangeReport::of_copy(&self.layout),
            bytes: self.layout.written_sectors() * SECTOR_LEN,
            repairs,
            effort,
            resumed: None,
        }
    }
}

/// Opens the destination, then writes, proves and commits the copy. The destination is the one that it was prepared for.
///
/// When `stop` is set, the piece in work is finished, and the stick does not boot.
///
/// # Errors
///
/// As those of [`write`](super::write()).
pub fn copy(
    prepared: &PreparedCopy,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<CopyReport, JobError> {
    let path = destination.target.path();
    work(prepared).to(destination, observer, |target| copy_to(prepared, path, target, stop, observer))
}

/// Opens the destination and goes on with this very copy, which was interrupted there.
///
/// # Errors
///
/// As those of [`resume`](super::resume()).
pub fn resume_copy(
    prepared: &PreparedCopy,
    destination: Destination,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<CopyReport, JobError> {
    let path = begun(destination)?;
    work(prepared).to(destination, observer, |target| {
        let ended = with_job(prepared, target, stop, observer, |job| {
            let layout = &prepared.layout;
            write_on(path, layout, job, |job| write_and_prove(layout.clone(), job)).map_err(fixed(path))
        })?;
        Ok(match ended {
            Ended::Complete => {
                let report = prepared.plan();
                CopyReport { resumed: Some(Resumed::complete(report.bytes)), ..report }
            }
            Ended::Done(committed) => {
                let resumed = Some(Resumed::partly(&committed.effort));
                CopyReport { resumed, ..prepared.report(Some(committed.effort)) }
            }
        })
    })
}

fn work(prepared: &PreparedCopy) -> Work<'_> {
    Work {
        layout: &prepared.layout,
        files: prepared.image.source.files().to_vec(),
        len: prepared.layout.stick_sectors * SECTOR_LEN,
        is_anew: false,
    }
}

/// Writes, proves and commits the copy on a target that is open already; `path` is for messages.
///
/// # Errors
///
/// [`JobError::Pipeline`] or [`JobError::FixedPlaces`].
pub fn copy_to(
    prepared: &PreparedCopy,
    path: &Path,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
) -> Result<CopyReport, JobError> {
    let layout = prepared.layout.clone();
    let committed = with_job(prepared, target, stop, observer, |job| write_and_prove(layout, job));
    let committed = committed.map_err(fixed(path))?;
    Ok(prepared.report(Some(committed.effort)))
}

/// Does something with the job of copying to a target.
fn with_job<T>(
    prepared: &PreparedCopy,
    target: &dyn Target,
    stop: &AtomicBool,
    observer: &dyn Observer,
    put: impl FnOnce(Job) -> Result<T, JobError>,
) -> Result<T, JobError> {
    let values = values(&prepared.scan);
    let stored = stored(&prepared.image, &values);
    let inputs = [Input { name: &named(&prepared.image.path), stored: &stored }];
    let observe = |event: pipeline::Event| observer.tell(event.into());
    let done = put(Job {
        target,
        buffers: Job::BUFFERS,
        probe: stamps(target),
        inputs: &inputs,
        stop,
        observe: &observe,
    });
    observer.tell(Event::End);
    done
}

/// What is said of the stick at `path` if it does not keep the copy, which cannot lie around anything: each block of a disc has its
/// number in the disc's own directories.
fn fixed(path: &Path) -> impl Fn(JobError) -> JobError {
    move |error| match error {
        JobError::Differs { stick, differences } => {
            JobError::FixedPlaces { path: path.to_owned(), stick, differences }
        }
        error => error,
    }
}
