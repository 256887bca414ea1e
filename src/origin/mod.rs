//! Where an image comes from: the hashes that others published of it, and whether the bytes of its file have them.
//!
//! What is compared is the file as it was downloaded, whatever it is wrapped in. Nothing here looks into an image.

mod beside;
mod check;
mod error;
mod expected;
mod hashes;
mod list;

pub use check::{Confirmed, ListedBy, Origin, Said, is_whole_file};
pub use error::OriginError;
pub use expected::{Expectations, Expected};
pub use hashes::{Algorithm, Hashes, Published, RunningHash, hash};
pub use list::{Entries, List};
