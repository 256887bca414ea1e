//! What can be done with images and sticks, a file for each use.
//!
//! A job takes a request, tells an [`Observer`] how far it is, looks at a flag that stops it, and gives a report or a
//! [`JobError`]. Nothing here reads a command line, prints, asks, handles a signal, or decides how a program ends.

mod changing;
mod companion;
mod copy;
mod demo;
mod disc;
mod disc_view;
mod doctor;
mod error;
mod extract;
mod images;
mod in_use;
mod inspect;
mod list;
mod loss;
mod medium;
mod moved;
mod notes;
mod observer;
mod open;
mod phram;
mod plan;
mod prepare;
mod prove;
mod reflash;
mod request;
mod resume;
mod shrink;
mod verify;
mod write;

pub use companion::Companion;
pub use copy::{CopyReport, DiscImage, PreparedCopy, copy, copy_to, prepare_copy, resume_copy};
pub use demo::{Demo, demo};
pub use disc_view::DiscView;
pub use doctor::diagnose;
pub use error::{JobError, NotResumed};
pub use extract::{Extracted, Extraction};
pub use images::Images;
pub use inspect::{ImageView, InspectRequest, Inspected, StickView, inspect};
pub use list::{Contents, Listed, Listing, contents, list};
pub use loss::lost_with_file;
pub use observer::{Event, Observer, Part};
pub use open::open;
pub use phram::{Addition, PhramRequest, beside, phram, put_addition};
pub use plan::plan;
pub use prepare::{Destination, Prepared, prepare};
pub use reflash::{PreparedImage, ReflashReport, ReflashRequest, prepare_reflash, reflash, reflash_to};
pub use request::{DiscOptions, StickRequest};
pub use shrink::{ImageSize, Shrunk, shrink};
pub use verify::verify;
pub use write::{resume, resume_to, write, write_to};
