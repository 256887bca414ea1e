//! Rules of the tree.

mod lengths;
mod packaged;
mod quirks;
mod rooms;
mod tidy;
