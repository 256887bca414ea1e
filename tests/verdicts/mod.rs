//! A stick for the tests of `verify`, and its verdict in few words.

#![allow(dead_code, reason = "each test file uses its own part")]

use ramkey::image::Source;
use ramkey::plan::{FsChoice, LayoutKind};
use ramkey::verify::{FaultKind, StickVerdict, Strictness, verify};

use crate::sticks::{Image, Stick, noise};

/// 1 MiB and a few bytes, so that there is padding.
pub const IMAGE_LEN: usize = (1 << 20) + 77;

pub fn stick(layout: LayoutKind, fs: FsChoice, len: u64) -> Stick {
    let images = vec![("dos.img", Image(noise(IMAGE_LEN))), ("tiny.img", Image(noise(1000)))];
    Stick::new(images, layout, fs, len)
}

pub fn judge(stick: &dyn Source, strictness: Strictness) -> StickVerdict {
    verify(stick, strictness, &|_| {})
}

pub fn kinds(verdict: &StickVerdict) -> Vec<FaultKind> {
    verdict.faults.iter().map(|fault| fault.kind).collect()
}

pub fn told(verdict: &StickVerdict) -> String {
    let faults = verdict.faults.iter().map(|fault| fault.to_string());
    faults.chain(verdict.changes.iter().map(ToString::to_string)).collect::<Vec<_>>().join("\n")
}

/// Flips one bit, looks, and flips it back.
pub fn flipped(stick: &mut Image, byte: u64, bit: u64, look: impl FnOnce(&Image)) {
    stick.0[byte as usize] ^= 1 << bit;
    look(stick);
    stick.0[byte as usize] ^= 1 << bit;
}
