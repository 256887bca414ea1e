//! Files that hold an image, but are none: compressed ones, virtual machines' disks, raw CDs, floppies by track; and
//! files that hold no image at all. They are known by name, with what makes an image of them.
//!
//! Most are told by a few bytes at their start, which the code of a boot sector may have too. So what a BIOS or a file
//! system needs says more, and that is looked for by who asks.

mod checks;
mod remedy;
mod sample;
mod signatures;
mod text;

use std::path::Path;

use signatures::SIGNATURES;

pub(super) use remedy::cut;
pub use sample::{Named, Sample};

/// The kind of file that something tells beyond doubt, whatever stands in the first sector.
pub fn beyond_doubt(sample: &Sample) -> Option<Named> {
    checks::footer(sample).or_else(|| checks::kernel(sample)).or_else(|| checks::efi_program(sample))
}

/// The kind of file that its first bytes tell. What a BIOS boots, and file systems, may begin in the same way.
pub fn by_its_start(sample: &Sample) -> Option<Named> {
    let mut all = SIGNATURES.iter();
    match all.find(|found| sample.at(found.offset, found.magic)) {
        Some(found) => Some(Named { what: found.what, remedy: found.remedy }),
        None => checks::find(sample).or_else(|| text::find(&sample.head)),
    }
}

/// Whether nothing but its letters tells that a file is no image.
pub fn is_plain_text(named: &Named) -> bool {
    named.what == text::PLAIN
}

/// What the person at the terminal can do with the file at `path`, which is of the kind `named`.
pub fn help(named: &Named, sample: &Sample, path: &Path) -> String {
    named.remedy.help(path, text::described(&sample.head).as_deref())
}
