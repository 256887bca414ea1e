//! What is a disc's own, around the ranges that it has in common with a stick.

pub mod iso9660;
