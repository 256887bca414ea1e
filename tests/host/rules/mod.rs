//! Rules of the tree.

mod lengths;
mod quirks;
mod rooms;
mod tidy;
