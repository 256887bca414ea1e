//! Looks at bytes of others without rights.
//!
//! A command that writes a device mostly runs as root, and what it reads was made by others: file systems, registries,
//! discs. So as root it opens an image and then asks a child, which has the open descriptors and nothing else, what is in
//! it; what the child says is checked like any other input. What is packed is unpacked by such a child, too. Who is not root looks by itself, because the child could do no
//! less. docs/safety.md says which way was taken, and what is not covered.

mod child;
mod descriptors;
mod edit;
mod error;
mod input;
mod into_file;
mod kept;
mod parent;
mod progress;
mod rights;
mod room;
mod unpack;
mod windows;
mod work;

pub use child::serve;
pub use edit::{Drivers, edit_windows};
pub use error::{LookError, Told};
pub use kept::{kept, made};
pub use parent::{diagnose, has_lent_rights, lesser_user, look};
pub use progress::Unpacking;
pub use rights::{Confined, Limits, NOBODY, confine};
pub use unpack::{files_of_archive, open, unwrapped};
pub use windows::{AddedDriver, Edited};
