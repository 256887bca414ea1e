//! A stick that is changed in its place.

mod effort;
mod images;
mod random;
mod reflash;
mod told;
