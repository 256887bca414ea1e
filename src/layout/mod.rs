//! Which bytes go where on a stick: a pure function of the plan and the images' hashes.

mod extent;

pub use extent::{Content, Extent, Layout, Role};
