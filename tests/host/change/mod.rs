//! A stick that is changed in its place.

mod reflash;
mod told;
