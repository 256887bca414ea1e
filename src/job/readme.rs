//! What README.TXT of a medium says of images, from what is known of them.

use crate::job::read::Read;
use crate::job::{Images, StickRequest};
use crate::plan::CapsulePlan;
use crate::report::{Paragraph, ReadmeImage};

/// Images of a request, with what the text says of them beside their place on a medium.
pub(super) struct Described<'a> {
    request: &'a StickRequest,
    images: &'a Images,
    read: &'a Read,
}

impl<'a> Described<'a> {
    /// Those of `request`, which were read.
    pub fn new(request: &'a StickRequest, images: &'a Images, read: &'a Read) -> Self {
        Self { request, images, read }
    }

    /// What is said of the image with this number.
    fn image(&self, number: usize) -> ReadmeImage<'_> {
        ReadmeImage {
            scan: &self.read.scans[number],
            sha256: &self.read.sha256s[number],
            origin: self.read.origins[number].as_ref(),
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
        let number = self.read.scans.iter().position(|scan| scan.root == *blake3)?;
        let image = self.image(number);
        Some((image.more(), image.source.is_some()))
    }
}
