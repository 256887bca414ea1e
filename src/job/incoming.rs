//! Images that are to come to a stick that is there: open, hashed and packed, before anything of the stick is read.

use crate::job::changing::before_stick;
use crate::job::read::{Read, read_all};
use crate::job::readme::Described;
use crate::job::{Destination, Images, JobError, Observer, Opener, StickRequest, in_use};

/// Images that are ready to come to a stick.
pub(super) struct Incoming {
    pub request: StickRequest,
    pub images: Images,
    pub read: Read,
    warnings: Vec<String>,
}

impl Incoming {
    /// Opens the images of `request`, and hashes and packs them. Before that, because it takes long, `look` refuses what no stick
    /// can have, or says what is to be known of it.
    ///
    /// # Errors
    ///
    /// [`JobError::Image`], [`JobError::Read`], [`JobError::Target`] if the destination must not be written, and what `look` says.
    pub fn prepare(
        request: StickRequest,
        destination: Destination,
        observer: &dyn Observer,
        look: impl FnOnce(&StickRequest, &Images) -> Result<Vec<String>, JobError>,
    ) -> Result<Self, JobError> {
        let images = Images::open_by(&request, &Opener::new(observer))?;
        let in_use = destination.target.admit_and_know(destination.system, &images.files())?;
        let mut warnings = in_use::warnings(&images.brought(), in_use).concat();
        warnings.extend(look(&request, &images)?);
        let read = read_all(&images, &mut request.packer(), &before_stick(destination, observer))?;
        Ok(Self { request, images, read, warnings })
    }

    /// What README.TXT says of them.
    pub fn described(&self) -> Described<'_> {
        Described::new(&self.request, &self.images, &self.read)
    }

    /// What speaks against a boot of them.
    pub fn warnings(&self) -> Vec<String> {
        let of_facts = self.images.facts.iter().flat_map(|facts| &facts.warnings).map(ToString::to_string);
        of_facts.chain(self.warnings.iter().cloned()).chain(self.images.notes.concat()).collect()
    }
}
