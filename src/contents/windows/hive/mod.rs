//! A registry hive, read only: keys by path, values by name.
//!
//! Nothing in the file is believed: every offset is checked against the end of the hive, every list has a limit,
//! nothing calls itself, and only so much is looked at, however often a list names the same key. A hive that Windows
//! did not close is read as it is, and says so. The logs beside a hive are not applied. (Format: the public description
//! of `regf`, versions 1.3 to 1.5.)

mod cell;
mod error;
mod key;
pub(crate) mod regf;
mod whole;

pub use error::HiveError;
pub use key::{Key, Value, ValueData};
pub use whole::Hive;
