//! Looks at bytes of others without rights.
//!
//! A command that writes a device mostly runs as root, and what it reads was made by others: file systems, registries,
//! discs. So as root it opens an image and then asks a child, which has the open descriptors and nothing else, what is in
//! it; what the child says is checked like any other input. What is packed is unpacked by such a child, too, and a stick is
//! proven and its images are taken out by one. Who is not root looks by itself, because the child could do no
//! less. docs/safety.md says which way was taken, and what is not covered.

mod child;
mod descriptors;
mod donors;
mod edit;
mod error;
mod gauge;
mod given;
mod input;
mod into_file;
mod kept;
mod layouts;
mod parent;
mod pieces;
mod progress;
mod reading;
mod rights;
mod room;
mod served;
mod stick;
mod unpack;
mod windows;
mod work;

pub use child::serve;
pub use donors::NamedDonor;
pub use edit::{Drivers, edit_windows};
pub use error::{LookError, Told};
pub use kept::{kept, made};
pub use parent::{diagnose, has_lent_rights, lesser_user, look};
pub use progress::Unpacking;
pub use reading::{facts, find_image, map, mend, state, take_out, update, verify};
pub use rights::{Confined, Limits, NOBODY, confine};
pub use stick::State;
pub use unpack::{files_of_archive, open, unwrapped};
pub use windows::{AddedDriver, Edited};
