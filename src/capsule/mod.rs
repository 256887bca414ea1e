//! Capsules: one image of a stick as a file, with its drive and how systems see it.
//!
//! [`encode`] gives the bytes of a capsule, in which parts of the image are named and not held; [`header`], [`table`] and
//! [`Description`] say what a capsule's bytes mean. Nothing else in this program turns the numbers of the format into
//! kinds, options or forms. Nothing here reads a stick or judges one.

mod decode;
mod describe;
mod encode;
mod kind;
mod memory;
mod options;
mod origin;
mod set;
mod told;

pub use decode::{HeaderError, Table, TableError, header, table};
pub use describe::{Description, drive_words, title};
pub use encode::{
    Capsule, Contents, Edition, Piece, Stored, TablePlace, encode, encode_header, encode_table,
};
pub use kind::number_of;
pub use memory::{block_len, ram_needed, ram_needed_together, ram_taken};
pub use options::{CopyMode, DriveOptions, FirstDisk, SetOptions, Writes};
pub use origin::made_of;
pub use set::{Beside, Role, companion};
pub use told::{BLAKE3, FILE, IMAGE, LINE_END, Told, told};
