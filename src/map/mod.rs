//! What lies where on a stick, in an image or on a disc: ranges of sectors that do not overlap and leave nothing out, and the chunks
//! of each image on a stick. Nothing here prints.
//!
//! What is found is painted on a canvas, the most telling first: where something is painted already, nothing is painted over it.
//! So each range has one use, and together they are as long as the medium.

mod bar;
mod canvas;
mod capsule;
mod image;
mod planned;
mod range;
mod stick;
mod svg;
mod whole;

pub use bar::{Cell, bar, strip_of_forms, strip_of_states};
pub use capsule::{ChunkForm, ChunkRun, ChunkState, Forms, MapCapsule, States};
pub use image::of_image;
pub use planned::of_layout;
pub use range::{MapRange, Use};
pub use stick::{MapQuestion, of_stick};
pub use svg::SVG_HEAD;
pub use whole::{Map, Medium};
