//! Rules of the tree.

mod tidy;
