//! The loader's logic that needs no hardware.

#![no_std]
#![forbid(unsafe_code)]
