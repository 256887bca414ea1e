//! What is to be written to a stick, as a process without rights tells it.

use serde::{Deserialize, Serialize};

use crate::layout::{Content, Extent, Layout, Role};
use crate::plan::{Language, StartOptions};
use crate::repair::{Mend, Mended, Update};
use crate::units::hex;

/// [`Mend`] as it is told.
#[derive(Serialize, Deserialize)]
pub(super) struct MendRecord {
    mended: Vec<Mended>,
    extents: Vec<ExtentRecord>,
    cleared_first: Vec<u64>,
    more: bool,
    is_foreign: bool,
}

/// [`Update`] as it is told.
#[derive(Serialize, Deserialize)]
pub(super) struct UpdateRecord {
    manifest: Option<LayoutRecord>,
    code: Option<LayoutRecord>,
    start_timeout: u8,
    menu_timeout: u8,
    language: [u8; 2],
    serial: bool,
}

#[derive(Serialize, Deserialize)]
struct LayoutRecord {
    stick_sectors: u64,
    cleared_first: Vec<u64>,
    held_back: Vec<u64>,
    extents: Vec<ExtentRecord>,
}

/// A range. What it is for says nothing of what is done with it, and is not told.
#[derive(Serialize, Deserialize)]
struct ExtentRecord {
    lba: u64,
    sectors: u64,
    content: ContentRecord,
}

#[derive(Serialize, Deserialize)]
enum ContentRecord {
    /// Hexadecimal digits.
    Bytes(String),
    Zeros,
    Stamps {
        boot_checksum: u32,
    },
}

impl MendRecord {
    pub fn of(mend: Mend) -> Self {
        let Mend { mended, extents, cleared_first, more, is_foreign } = mend;
        Self { mended, extents: ExtentRecord::all(&extents), cleared_first, more, is_foreign }
    }

    /// `None` if this cannot be done to a stick of so many sectors.
    pub fn read(self, stick_sectors: u64) -> Option<Mend> {
        let Self { mended, extents, cleared_first, more, is_foreign } = self;
        let extents = read_all(extents)?;
        let mend = Mend { mended, extents, cleared_first, more, is_foreign };
        mend.is_possible(stick_sectors).then_some(mend)
    }
}

impl UpdateRecord {
    pub fn of(update: Update) -> Self {
        let Update { manifest, code, start } = update;
        Self {
            manifest: manifest.as_ref().map(LayoutRecord::of),
            code: code.as_ref().map(LayoutRecord::of),
            start_timeout: start.start_timeout,
            menu_timeout: start.menu_timeout,
            language: start.language.code(),
            serial: start.serial,
        }
    }

    /// `None` if this cannot be done to a stick of so many sectors.
    pub fn read(self, stick_sectors: u64) -> Option<Update> {
        let Self { manifest, code, start_timeout, menu_timeout, language, serial } = self;
        let (language, _) = Language::ALL.iter().find(|(_, code)| *code == language)?;
        let read = |layout: Option<LayoutRecord>| match layout {
            Some(layout) => layout.read().map(Some),
            None => Some(None),
        };
        let start = StartOptions { start_timeout, menu_timeout, language: *language, serial };
        let update = Update { manifest: read(manifest)?, code: read(code)?, start };
        update.is_possible(stick_sectors).then_some(update)
    }
}

impl LayoutRecord {
    fn of(layout: &Layout) -> Self {
        let Layout { stick_sectors, cleared_first, held_back, extents } = layout;
        let (cleared_first, held_back) = (cleared_first.clone(), held_back.clone());
        Self { stick_sectors: *stick_sectors, cleared_first, held_back, extents: ExtentRecord::all(extents) }
    }

    fn read(self) -> Option<Layout> {
        let Self { stick_sectors, cleared_first, held_back, extents } = self;
        Some(Layout { stick_sectors, cleared_first, held_back, extents: read_all(extents)? })
    }
}

impl ExtentRecord {
    fn all(extents: &[Extent]) -> Vec<Self> {
        let content = |content: &Content| match content {
            Content::Bytes(bytes) => ContentRecord::Bytes(hex(bytes)),
            Content::Stamps { boot_checksum } => ContentRecord::Stamps { boot_checksum: *boot_checksum },
            // Neither an update nor a repair has bytes of an image.
            Content::Zeros | Content::Image { .. } => ContentRecord::Zeros,
        };
        let one = |extent: &Extent| Self {
            lba: extent.lba,
            sectors: extent.sectors,
            content: content(&extent.content),
        };
        extents.iter().map(one).collect()
    }
}

fn read_all(extents: Vec<ExtentRecord>) -> Option<Vec<Extent>> {
    let one = |ExtentRecord { lba, sectors, content }: ExtentRecord| {
        let content = match content {
            ContentRecord::Bytes(digits) => Content::Bytes(unhex(&digits)?),
            ContentRecord::Zeros => Content::Zeros,
            ContentRecord::Stamps { boot_checksum } => Content::Stamps { boot_checksum },
        };
        Some(Extent { lba, sectors, role: Role::Copy, content })
    };
    extents.into_iter().map(one).collect()
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    rest.is_empty().then(|| bytes.collect()).flatten()
}
