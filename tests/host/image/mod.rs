//! What an image is, from its bytes.

mod dosemu;
mod extra;
mod not_images;
mod packed;
mod stream;
mod trimmed;
mod unpacking;
