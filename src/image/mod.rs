//! The images that a user brings, as bytes: where they come from, and what their hashes are.
//!
//! [`open`] gives the bytes of an image, whatever container it is in; [`scan`] reads them once and hashes them. What is
//! inside an image is for `contents` to say. Nothing here writes anything.

mod again;
mod chunk;
mod compression;
pub mod containers;
mod error;
mod extra;
mod field;
mod file;
mod files;
mod frame;
mod hash;
mod identity;
mod metered;
mod name;
mod open;
mod pack;
mod packed;
mod part;
mod sample;
mod scan;
mod seen;
mod source;
mod spool;
mod standard_input;
mod stored;
mod stream;
mod temporary;
mod trimmed;
mod unpacked;
mod workers;
mod wrapping;

pub use again::pack_again;
pub use chunk::{CHUNK_LEN, CHUNK_SHIFT, Chunk, Part};
pub use compression::{Bus, Compression};
pub use containers::{ALL, Bounds, BundledFile, Opened, Wrapped, bundled, packed_as};
pub use error::ImageError;
pub use extra::{EXTRA_MAX, ExtraFile, ExtraFiles, ExtraFolder, Skipped};
pub use file::FileSource;
pub use files::{FILES_MAX, Files, SourceFile};
pub use hash::{chunk_value, combine, joined, mend_bit};
pub use identity::Identity;
pub use metered::Metered;
pub use name::{ImageName, own_name};
pub use open::{
    PackedFile, Room, Serve, Unpack, open, open_by, open_given, open_or_want, unwrapped, unwrapped_by,
};
pub use pack::Packer;
pub use packed::Packed;
pub use part::Rest;
pub use sample::{Sample, sample};
pub use scan::{Scan, Witness, scan, scan_stream, scan_trimmed, scan_witnessed};
pub use seen::Seen;
pub use source::Source;
pub use spool::Spool;
pub use stored::{AsItIs, StoredBytes, Unproven};
pub use stream::{Forward, Stream};
pub use temporary::temporary_file;
pub use unpacked::Unpacked;
pub use wrapping::{BOOT_SIGNATURE, DISK_LEN_MAX, Wrapping};
