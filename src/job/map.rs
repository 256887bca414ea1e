//! What lies where on a stick, in an image or on a disc.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::contents::{FreeQuestion, Question};
use crate::image::{Source, scan_trimmed};
use crate::job::inspect::is_no_plain_name;
use crate::job::observer::part;
use crate::job::opener::{is_folder, telling};
use crate::job::{Images, JobError, Observer, Opener, Part, StickRequest, open};
use crate::map::{self, Map, MapQuestion};
use crate::sandbox::{self, look, unwrapped};
use crate::units::named;

/// What is to be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapRequest {
    /// A stick, or a disk image.
    pub path: PathBuf,
    /// Whether the images of a stick are read, and compared with their own hashes.
    pub proof: bool,
    /// An image with which that one on a stick is compared that has most in common with it.
    pub against: Option<PathBuf>,
}

/// What lies where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MapReport {
    /// Where it is.
    pub path: String,
    /// The image with which one on the stick was compared.
    pub against: Option<String>,
    /// What was found.
    #[serde(flatten)]
    pub map: Map,
}

/// Finds out what lies where; as root a process without rights does. Nothing is written.
///
/// # Errors
///
/// [`JobError::Open`] or [`JobError::Unusable`] if it cannot be read, [`JobError::NoStick`] if chunks of what is no stick are asked for.
pub fn map(request: &MapRequest, observer: &dyn Observer) -> Result<MapReport, JobError> {
    let path = &request.path;
    let report = |map, against: Option<&PathBuf>| MapReport {
        path: named(path).into_owned(),
        against: against.map(|path| named(path).into_owned()),
        map,
    };
    let asks_for_chunks = request.proof || request.against.is_some();
    if is_no_plain_name(path) || is_folder(path) {
        let source = Opener::new(observer).open(path).map_err(JobError::Unusable)?;
        return image(request, &*source).map(|map| report(map, None));
    }
    let stick = open(path)?;
    if sandbox::state(path, &stick).map_err(JobError::Unusable)?.is_ours {
        let values = request.against.as_ref().map(|image| values(image, observer)).transpose()?;
        let question = MapQuestion { proof: request.proof, against: values.as_deref() };
        let len = if request.proof { stick.len() } else { 0 };
        let map = part(observer, Part::Read, len, |count| sandbox::map(path, &stick, &question, count))
            .map_err(JobError::Unusable)?;
        return Ok(report(map, request.against.as_ref()));
    }
    if asks_for_chunks {
        return Err(JobError::NoStick { path: path.to_owned() });
    }
    let source = unwrapped(path, Box::new(&stick), &telling(observer)).map_err(JobError::Unusable)?;
    image(request, &*source).map(|map| report(map, None))
}

fn image(request: &MapRequest, source: &dyn Source) -> Result<Map, JobError> {
    if request.proof || request.against.is_some() {
        return Err(JobError::NoStick { path: request.path.clone() });
    }
    let question = Question { free: Some(FreeQuestion::default()), areas: true, ..Question::default() };
    let looked = look(&request.path, source, &question).map_err(JobError::Unusable)?;
    Ok(map::of_image(&looked))
}

/// The values of the chunks of an image, as it would be written.
fn values(path: &Path, observer: &dyn Observer) -> Result<Vec<[u8; 32]>, JobError> {
    let images = Images::open_by(&StickRequest::new(vec![path.to_owned()]), &Opener::new(observer))?;
    let (source, free) = (&*images.sources[0], &images.free[0].ranges);
    let read = |source| JobError::Read { path: path.to_owned(), source };
    let scan = part(observer, Part::Hash, source.len(), |count| {
        scan_trimmed(source, free, &mut |bytes| count(bytes))
    });
    Ok(scan.map_err(read)?.chunks.into_iter().map(|chunk| chunk.chaining_value).collect())
}
