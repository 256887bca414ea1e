//! What an image is, from its bytes.

mod dosemu;
mod not_images;
mod stream;
