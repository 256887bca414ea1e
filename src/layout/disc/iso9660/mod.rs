//! The bytes of ISO 9660, Joliet, Rock Ridge and El Torito, around files that lie where the caller says.
//!
//! A [`Tree`] has names and lengths; [`Structures`] are its directories and path tables, whose length is known before
//! anything has a place; with the places they become [`Run`]s of blocks. No file's bytes pass through, nothing is asked of a
//! clock, and every record has the same date, so the same tree and places give the same bytes.
//!
//! Names are those of level 1, eight and three letters, digits and underscores, and beside them the user's own by Rock Ridge and
//! Joliet; capsules alone keep `-` and `~` on every level, because they name each other and must be the same bytes as on a stick.
//! The order is the standard's. What the standard cannot say is refused ([`IsoError`]).
//!
//! Sources: ECMA-119 (2nd edition, 1987), which is ISO 9660; Joliet Specification (1995); System Use Sharing Protocol 1.12
//! and Rock Ridge Interchange Protocol 1.12; El Torito Bootable CD-ROM Format Specification 1.0 (1995).

mod descriptor;
mod directory;
mod el_torito;
mod error;
mod fields;
mod hierarchy;
mod limits;
mod names;
mod path_table;
mod record;
mod rock_ridge;
mod structures;
mod tree;

pub use el_torito::{BootCatalogue, BootEntry, BootMode};
pub use error::IsoError;
pub use fields::BLOCK_LEN;
pub use limits::{FILE_LEN_MAX, FOLDERS_MAX, LEVELS_MAX};
pub use structures::{Run, Structures, Volume};
pub use tree::{File, Folder, Tree};
