//! Reads any stick and says what in its tables and boot sectors contradicts what else is there, and who stumbles over it.
//!
//! Only sectors that describe others are read: sector 0, boot sectors, first table entries, a GPT. Files are not looked
//! at, nothing is repaired, and nothing here prints.

mod boot_code;
mod diagnosis;
mod disc;
mod disk;
mod error;
mod fat;
mod finding;
mod guid_table;
mod kinds;
mod lowered;
mod part;
mod place;
mod severity;
mod table;
mod volume;

pub use diagnosis::{Diagnosis, diagnose};
pub use error::DoctorError;
pub use finding::Finding;
pub use kinds::{Explanation, KINDS, Kind};
pub use part::Part;
pub use severity::Severity;
