//! A stick that is changed in its place.

mod effort;
mod guess;
mod images;
mod over;
mod random;
mod readme;
mod reflash;
mod sets;
mod told;
mod worn;
