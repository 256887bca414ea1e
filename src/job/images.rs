//! The images of a request, open.

use std::path::Path;

use crate::contents::{ImageFacts, Kind, KindChoice, ProbeError, is_blank, is_known, probe};
use crate::image::{Source, open};
use crate::job::notes::notes;
use crate::job::{JobError, StickRequest};
use crate::units::Geometry;

/// The images of a request: those of the menu, then those that stand beside them.
pub struct Images {
    /// Their bytes.
    pub sources: Vec<Box<dyn Source>>,
    /// What they are.
    pub facts: Vec<ImageFacts>,
    /// What is to be known of the systems on those of the menu.
    pub notes: Vec<Vec<String>>,
}

impl Images {
    /// Opens the images and looks at them.
    ///
    /// # Errors
    ///
    /// [`JobError::Image`] for the first that cannot be used.
    pub fn open(request: &StickRequest) -> Result<Self, JobError> {
        let mut images = Self { sources: Vec::new(), facts: Vec::new(), notes: Vec::new() };
        for path in &request.images {
            images.add(look(path, request.kind, request.geometry)?);
        }
        for companion in &request.companions {
            let choice = if companion.is_floppy { KindChoice::Is(Kind::Floppy) } else { KindChoice::Auto };
            let (facts, source) = look(&companion.path, choice, None)?;
            images.add(match companion.kind_beside(facts.kind) {
                // The number says more than the image.
                Some(kind) if !companion.is_floppy => look(&companion.path, KindChoice::Is(kind), None)?,
                _ => (facts, source),
            });
        }
        let looked_at = images.sources.iter().zip(&images.facts).take(request.images.len());
        images.notes = looked_at.map(|(source, facts)| notes(request, &**source, facts)).collect();
        Ok(images)
    }

    /// Whether nothing is known of the image with this number, and it is no empty disk beside those that boot.
    pub fn is_unknown(&self, number: usize) -> bool {
        let (source, facts) = (&*self.sources[number], &self.facts[number]);
        let is_empty_drive = number >= self.notes.len() && is_blank(source);
        !is_known(source, facts) && !is_empty_drive
    }

    fn add(&mut self, (facts, source): (ImageFacts, Box<dyn Source>)) {
        self.facts.push(facts);
        self.sources.push(source);
    }
}

fn look(
    path: &Path,
    kind: KindChoice,
    geometry: Option<Geometry>,
) -> Result<(ImageFacts, Box<dyn Source>), ProbeError> {
    let source = open(path)?;
    Ok((probe(path, &*source, kind, geometry)?, source))
}

/// What is said of an image of which nothing is known.
pub(super) const UNKNOWN: &str = "it has no boot signature, no partition table and no file system that is known; `ramkey write` \
                                  asks before it writes it";
