//! What will be on a stick, or why it cannot be: a pure function of the request.
//!
//! The plan fixes everything that does not depend on the images' bytes: partition, file system, geometry and names.
//! Whether the capsules fit is known when the images have been read, and `layout` says it.

mod decide;
mod disc;
mod division;
mod error;
mod fs;
mod names;
mod planned;
mod request;
mod set;
mod titles;

pub use crate::boot::{Language, StartOptions};
pub use crate::capsule::{CopyMode, FirstDisk, SetOptions, Writes};
pub use crate::stick::{FatBits, LayoutKind, Slot};
pub use decide::{carried, divide, divide_plain, fits_medium, plan, plan_disc, plan_smallest};
pub use disc::{
    BLOCK_LEN, DiscBoot, DiscDivision, DiscMedium, DiscRequest, FolderFiles, POST_GAP_BLOCKS, seconds_at,
};
pub(crate) use disc::{BLOCK_SECTORS, DESCRIPTORS};
pub(crate) use division::GPT_SECTORS;
pub use error::PlanError;
pub use fs::Volume;
pub use names::Taken;
pub(crate) use names::file_names;
pub use planned::{CapsulePlan, CapsuleRole, Carried, Division, Plan};
pub use request::{
    CompanionRequest, FsChoice, IMAGES_MAX, ImageRequest, LABEL, LayoutChoice, Request, TITLE_MAX,
};
