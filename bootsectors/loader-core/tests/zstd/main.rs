//! Chunks that libzstd packed are unpacked, and no damage does harm.

mod damage;
mod data;
mod frames;
mod packed;
mod parts;
