//! What an image is, from its bytes.

mod disc;
mod dosemu;
mod ends;
mod geometry;
mod geometry_floppies;
mod guid_table;
mod not_images;
mod oracle_geometry;
mod probe;
mod stream;
mod unknown;
