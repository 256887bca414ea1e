//! The text of a disc, from what is known of its images.

use crate::image::Scan;
use crate::job::observer::part;
use crate::job::{Images, JobError, Observer, Part, StickRequest};
use crate::origin::{Algorithm, Hashes, Origin, hash};
use crate::plan::Carried;
use crate::report::{ReadmeImage, readme};

/// The text for a disc with what `carried` has. An image that is not the same as its file is read once more, for its SHA-256.
///
/// # Errors
///
/// [`JobError::Read`].
pub(super) fn of_disc(
    request: &StickRequest,
    carried: &Carried,
    images: &Images,
    scans: &[Scan],
    origins: &[Option<Origin>],
    observer: &dyn Observer,
) -> Result<Vec<u8>, JobError> {
    let mut hashes: Vec<Hashes> = Vec::new();
    for ((source, origin), facts) in images.sources.iter().zip(origins).zip(&images.facts) {
        hashes.push(match origin {
            Some(origin) if !origin.is_wrapped => origin.hashes.clone(),
            _ => {
                let source = &**source;
                let hashed = part(observer, Part::Hash, source.len(), |count| {
                    hash(source, &[Algorithm::Sha256], count)
                });
                hashed.map_err(|source| JobError::Read { path: facts.path.clone(), source })?
            }
        });
    }
    let sources = request.disc.as_ref().map_or(&[][..], |disc| &disc.sources);
    let one = |(index, scan): (usize, _)| ReadmeImage {
        scan,
        sha256: hashes[index].of(Algorithm::Sha256).unwrap_or_default(),
        origin: origins[index].as_ref(),
        product: images.products.get(index).copied().flatten(),
        source: sources.get(index).map(String::as_str),
    };
    let images: Vec<ReadmeImage> = scans.iter().enumerate().map(one).collect();
    Ok(readme(carried, &images))
}
