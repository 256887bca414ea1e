//! What is inside an image: tables, boot sectors, file systems, CDs, a Windows and its registry.
//!
//! [`probe`] decides what kind of disk an image is and which geometry it has; [`iso`] reads CD images;
//! [`windows::look`] tells whether a Windows on an image will find its RAM disk. All of it reads bytes of others: every
//! length is bounded before it is believed, and nothing is written.

mod area;
mod areas;
mod boot_code;
mod boot_sector;
mod bpb;
pub(crate) mod bytes;
mod cut;
mod disc;
mod ends;
mod error;
mod ext;
mod facts;
mod files;
mod free;
mod geometry;
mod guid_table;
pub mod iso;
mod kind;
mod look;
mod mbr;
mod not_raw;
mod parts;
mod probe;
mod room;
mod unfinished;
mod unknown;
mod will_boot;
pub mod windows;

pub use area::{Area, AreaUse, Areas};
pub use areas::areas;
pub use boot_code::{Dummy, has_no_code};
pub(crate) use boot_code::{JUMP_NEAR, JUMP_SHORT};
pub use bpb::BpbFields;
pub use cut::{Cut, Limit, NoCut, Shortened};
pub use disc::DISC_GEOMETRY;
pub use ends::Claim;
pub use error::ProbeError;
pub use facts::{ImageFacts, MadeOf, Warning};
pub(crate) use files::{LongName, VolumeFiles};
pub use free::{Closed, FreeQuestion, FreeSpace, Kept, KeptPlace, Structure, Why, free_space};
pub use geometry::{Answer, Disagreement, Witness};
pub(crate) use geometry::{Solution, Tracks, Witnesses, entries, hard_disk, solve, wanted};
pub use guid_table::{GuidPart, GuidTable};
pub use kind::{Kind, KindChoice};
pub use look::{Looked, Question, look};
pub(crate) use mbr::PROTECTIVE;
pub use mbr::{Slot, slots};
pub(crate) use not_raw::no_raw;
pub use probe::probe;
pub use room::{FileUse, Room, RoomFile, VolumeRoom};
pub use unfinished::Unfinished;
pub use unknown::{is_blank, is_known};
pub use will_boot::{NoStart, PartFault, look as no_start};
