//! The images of a request, open.

use std::cell::Cell;

use crate::contents::windows::{DiskOrder, Product, Windows};
use crate::contents::{FreeSpace, ImageFacts, Kept, Kind, KindChoice, Looked, Question};
use crate::folder::Wish;
use crate::image::{Seen, Source, SourceFile};
use crate::job::f6::floppy_of;
use crate::job::folder::form_of;
use crate::job::notes::notes;
use crate::job::on_the_way::{OnTheWay, with_driver};
use crate::job::{Companion, Event, JobError, Observer, Opener, Part, StickRequest};
use crate::origin::{Algorithm, Expectations, Origin, Said};
use crate::plan::FirstDisk;
use crate::sandbox::look;

/// The hashes that README.TXT tells of each image's file.
const KNOWN: [Algorithm; 2] = [Algorithm::Blake3, Algorithm::Sha256];

/// The images of a request: those of the menu, then those that stand beside them.
pub struct Images {
    /// Their bytes.
    pub sources: Vec<Box<dyn Source>>,
    /// What they are.
    pub facts: Vec<ImageFacts>,
    /// What is to be known of the systems on those of the menu.
    pub notes: Vec<Vec<String>>,
    /// What is publicly known of the Windows on those of the menu.
    pub products: Vec<Option<Product>>,
    /// What is left out of each.
    pub free: Vec<FreeSpace>,
    /// Whether nothing is known of each, and it is no empty disk beside those that boot.
    unknown: Vec<bool>,
    /// What is said of the Windows that got a driver on the way.
    pub verdict: Option<String>,
    /// What was changed in the first one on the way, if it was to get a driver.
    pub on_the_way: Option<OnTheWay>,
    /// How many of them are in the menu.
    boot: usize,
    /// The folders of which some of them were made, and every file in those.
    made_of: Vec<SourceFile>,
    /// Their own files, as they were before they were read.
    seen: Vec<Seen>,
    expectations: Expectations,
}

impl Images {
    /// Opens the images and looks at them, without rights if this process has any.
    ///
    /// # Errors
    ///
    /// [`JobError::Image`] for the first that cannot be used.
    pub fn open(request: &StickRequest) -> Result<Self, JobError> {
        Self::open_by(request, &Opener::new(&|_| ()))
    }

    /// The same, and `opener` opens them.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_by(request: &StickRequest, opener: &Opener<'_>) -> Result<Self, JobError> {
        let mut images = Self {
            sources: Vec::new(),
            facts: Vec::new(),
            notes: Vec::new(),
            products: Vec::new(),
            free: Vec::new(),
            unknown: Vec::new(),
            verdict: None,
            on_the_way: None,
            boot: request.images.len(),
            made_of: Vec::new(),
            seen: Vec::new(),
            expectations: request.expectations.clone(),
        };
        let question = question_of(request);
        let wish =
            Wish { form: form_of(request.kind), free: request.folder_free, boots: request.folder_boots };
        for path in &request.images {
            let mut source = opener.open_as(path, wish)?;
            if let Some(driver) = request.driver.as_ref().filter(|_| images.sources.is_empty()) {
                let (copy, on_the_way) = with_driver(path, source, driver, &question, opener)?;
                (source, images.on_the_way) = (copy, Some(on_the_way));
            }
            let mut looked = look(path, &*source, &question)?;
            if let Some(on_the_way) = images.on_the_way.as_ref().filter(|_| images.sources.is_empty()) {
                images.verdict = looked.windows.as_ref().map(|windows| windows.verdict.clone());
                looked.facts.made_of.clone_from(&on_the_way.made_of);
            }
            images.notes.push(notes(request, &looked));
            images.products.push(looked.windows.as_ref().and_then(Windows::known));
            images.unknown.push(!looked.is_known);
            images.add(looked, source);
        }
        for companion in &request.companions {
            images.add_companion(companion, request, opener)?;
        }
        // A system that sleeps on one knows more of the others of its set than they do.
        if images.free.iter().flat_map(|free| &free.kept).any(Kept::is_asleep) {
            images.free.iter_mut().for_each(FreeSpace::keep_beside_a_sleeper);
        }
        (images.made_of, images.seen) = (opener.made_of(), opener.seen());
        Ok(images)
    }

    /// Whether nothing is known of the image with this number, and it is no empty disk beside those that boot.
    pub fn is_unknown(&self, number: usize) -> bool {
        self.unknown[number]
    }

    /// The files of all images, as they were opened, whether they were changed on the way or not; and those of which images were made.
    pub fn files(&self) -> Vec<SourceFile> {
        let copied = self.sources.iter().take(usize::from(self.on_the_way.is_some()));
        let all = self.brought().into_iter().chain(copied.map(|source| &**source));
        all.flat_map(|source| source.files()).chain(&self.made_of).cloned().collect()
    }

    /// The images as they were brought: without what was changed on the way.
    pub(super) fn brought(&self) -> Vec<&dyn Source> {
        let mut sources: Vec<&dyn Source> = self.sources.iter().map(|source| &**source).collect();
        if let (Some(first), Some(on_the_way)) = (sources.first_mut(), &self.on_the_way) {
            *first = &*on_the_way.brought;
        }
        sources
    }

    /// Whether the image with this number was changed on the way.
    pub(super) fn is_changed(&self, number: usize) -> bool {
        number == 0 && self.on_the_way.is_some()
    }

    /// That the Windows on them get no updates, and what follows.
    pub(super) fn advice(&self) -> Vec<String> {
        self.products.iter().flatten().map(Product::advice).collect()
    }

    /// What is said of the files that the images come in.
    ///
    /// # Errors
    ///
    /// [`JobError::Origin`].
    pub(super) fn said(&self) -> Result<Said, JobError> {
        Ok(Said::find(&self.brought(), self.boot, &self.expectations)?)
    }

    /// Hashes the files of those with numbers that `is_wanted`, and compares them with what is said of them. `progress` is called
    /// with the bytes that are done.
    ///
    /// # Errors
    ///
    /// [`JobError::Origin`] for the first that is another.
    pub(super) fn origins(
        &self,
        said: &Said,
        is_wanted: &dyn Fn(usize) -> bool,
        progress: &dyn Fn(u64),
    ) -> Result<Vec<Option<Origin>>, JobError> {
        let one = |(number, source): (usize, &dyn Source)| match is_wanted(number) {
            true => {
                let origin = said.compare_one(number, source, &KNOWN, progress)?;
                Ok(origin.map(|origin| origin.seen_before(source, &self.seen)))
            }
            false => Ok(None),
        };
        self.brought().into_iter().enumerate().map(one).collect()
    }

    /// Opens an image that stands beside the others, and looks at it.
    fn add_companion(
        &mut self,
        companion: &Companion,
        request: &StickRequest,
        opener: &Opener<'_>,
    ) -> Result<(), JobError> {
        let kind = if companion.is_floppy { KindChoice::Is(Kind::Floppy) } else { KindChoice::Auto };
        let question = Question { kind, free: request.trim, ..Question::default() };
        let source = match companion.is_floppy {
            true => floppy_of(&companion.path, request.folder_free, opener)?,
            false => opener.open_as(
                &companion.path,
                Wish { form: companion.form(), free: request.folder_free, boots: false },
            )?,
        };
        let looked = look(&companion.path, &*source, &question)?;
        let looked = match companion.kind_beside(looked.facts.kind) {
            // The number says more than the image.
            Some(kind) if !companion.is_floppy => {
                let question = Question { kind: KindChoice::Is(kind), ..question };
                look(&companion.path, &*source, &question)?
            }
            _ => looked,
        };
        self.unknown.push(!looked.is_known && !looked.is_blank);
        self.add(looked, source);
        Ok(())
    }

    fn add(&mut self, looked: Looked, source: Box<dyn Source>) {
        self.facts.push(looked.facts);
        self.free.push(looked.free.unwrap_or_default());
        self.sources.push(source);
    }
}

/// What is said of any sources, the first `named` of which were named one by one, and whether it is true.
///
/// # Errors
///
/// [`JobError::Origin`] for the first that is another.
pub(super) fn origins(
    sources: &[&dyn Source],
    named: usize,
    expectations: &Expectations,
    wanted: &[Algorithm],
    observer: &dyn Observer,
) -> Result<Vec<Option<Origin>>, JobError> {
    let said = Said::find(sources, named, expectations)?;
    told(sources, observer, |count| said.compare(sources, wanted, count))
}

/// Hashes the files of `sources` while the observer is told.
pub(super) fn told<T, E: Into<JobError>>(
    sources: &[&dyn Source],
    observer: &dyn Observer,
    work: impl FnOnce(&dyn Fn(u64)) -> Result<T, E>,
) -> Result<T, JobError> {
    let len = |source: &&dyn Source| {
        let file = source.descriptors().first().and_then(|file| file.metadata().ok());
        file.map_or(0, |metadata| metadata.len())
    };
    let (bytes, has_begun) = (sources.iter().map(len).sum(), Cell::new(false));
    let count = |count| {
        // Most images have nothing that is compared.
        if !has_begun.replace(true) {
            observer.tell(Event::Begin { part: Part::Origin, bytes });
        }
        observer.tell(Event::Advance { bytes: count });
    };
    let found = work(&count);
    if has_begun.get() {
        observer.tell(Event::End);
    }
    found.map_err(Into::into)
}

/// What is asked of the images of the menu.
fn question_of(request: &StickRequest) -> Question {
    let order = match request.first_disk {
        Some(FirstDisk::Internal) => DiskOrder::InternalFirst,
        Some(FirstDisk::Ram) | None => DiskOrder::RamFirst,
    };
    Question {
        kind: request.kind,
        geometry: request.geometry,
        system: Some(order),
        free: request.trim,
        ..Question::default()
    }
}

/// What is said of an image of which nothing is known.
pub(super) const UNKNOWN: &str = "it has no boot signature, no partition table and no file system that is known; `ramkey write` \
                                  asks before it writes it";
