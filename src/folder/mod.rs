//! The image of a disk that is made of a folder: a FAT with its files, that starts the DOS which is among them.
//!
//! The same folder gives the same bytes. Whatever cannot be in such an image is an error that names it: nothing is left out.
//! What there is, and how each system is started, says docs/folders.md.

mod directory;
mod error;
mod form;
mod listing;
mod names;
mod shape;
mod slots;
mod system;
mod tree;
mod write;

pub use error::FolderError;
pub use form::{Form, Wish};
pub use listing::{Listed, Listing};
pub use shape::FLOPPY_LEN_MAX;
pub use write::{Made, Step, make, make_of};
