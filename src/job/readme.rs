//! What README.TXT of a medium says of images, from what is known of them.

use crate::image::Scan;
use crate::job::observer::part;
use crate::job::{Images, JobError, Observer, Part, StickRequest};
use crate::origin::{Algorithm, Hashes, Origin, hash};
use crate::plan::CapsulePlan;
use crate::report::{Paragraph, ReadmeImage};

/// Images of a request, with what the text says of them beside their place on a medium.
pub(super) struct Described<'a> {
    request: &'a StickRequest,
    images: &'a Images,
    scans: &'a [Scan],
    origins: &'a [Option<Origin>],
    hashes: Vec<Hashes>,
}

impl<'a> Described<'a> {
    /// Those of `request`. An image that is not the same as its file is read once more, for its SHA-256.
    ///
    /// # Errors
    ///
    /// [`JobError::Read`].
    pub fn new(
        request: &'a StickRequest,
        images: &'a Images,
        scans: &'a [Scan],
        origins: &'a [Option<Origin>],
        observer: &dyn Observer,
    ) -> Result<Self, JobError> {
        let mut hashes: Vec<Hashes> = Vec::new();
        let each = images.sources.iter().zip(origins).zip(&images.facts);
        for (number, ((source, origin), facts)) in each.enumerate() {
            let of_file = origin.as_ref().filter(|origin| !origin.is_wrapped && !images.is_changed(number));
            hashes.push(match of_file {
                Some(origin) => origin.hashes.clone(),
                None => {
                    let source = &**source;
                    let hashed = part(observer, Part::Hash, source.len(), |count| {
                        hash(source, &[Algorithm::Sha256], count)
                    });
                    hashed.map_err(|source| JobError::Read { path: facts.path.clone(), source })?
                }
            });
        }
        Ok(Self { request, images, scans, origins, hashes })
    }

    /// What is said of the image with this number.
    fn image(&self, number: usize) -> ReadmeImage<'_> {
        ReadmeImage {
            scan: &self.scans[number],
            sha256: self.hashes[number].of(Algorithm::Sha256).unwrap_or_default(),
            origin: self.origins[number].as_ref(),
            product: self.images.products.get(number).copied().flatten(),
            source: self.request.sources.get(number).map(String::as_str),
        }
    }

    /// What is said of all of them on a medium with these capsules.
    pub fn all(&self, capsules: &[CapsulePlan]) -> Vec<Paragraph> {
        let each = capsules.iter().enumerate();
        each.map(|(number, capsule)| Paragraph::planned(capsule, &self.image(number))).collect()
    }

    /// The lines of the one with this hash, if it is one of them; and whether the user said where it is from.
    pub fn lines(&self, blake3: &[u8; 32]) -> Option<(Vec<u8>, bool)> {
        let number = self.scans.iter().position(|scan| scan.root == *blake3)?;
        let image = self.image(number);
        Some((image.more(), image.source.is_some()))
    }
}
