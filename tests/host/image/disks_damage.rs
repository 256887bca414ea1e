//! Virtual machines' disks that are cut or damaged: an error, or the right bytes, in little time.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use ramkey::image::{ImageError, Source, open, unwrapped};

use crate::frames::virtual_disks::{FORMS, Form, Workshop, all_of, patchwork};

/// The first bytes of a file, of which one may be another.
struct Damaged<'a> {
    bytes: &'a [u8],
    at: usize,
    flip: u8,
}

impl Source for Damaged<'_> {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = self.bytes.get(offset..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        if let Some(byte) = self.at.checked_sub(offset).and_then(|at| buffer.get_mut(at)) {
            *byte ^= self.flip;
        }
        Ok(())
    }
}

/// A small disk of the kind `form`, and what is on it.
fn small(form: &Form) -> (Vec<u8>, Vec<u8>) {
    let plain = patchwork(3, 300 << 10);
    let workshop = Workshop::new(&plain);
    (fs::read(workshop.make(form)).unwrap(), plain)
}

/// Whether the source is still taken for a disk, and is it then.
fn is_whole(source: Result<Box<dyn Source + '_>, ImageError>, plain: &[u8]) -> Result<bool, String> {
    let source = source.map_err(|error| error.to_string())?;
    if source.wrapping().is_none() {
        return Err("it is a plain image".into());
    }
    // What claims to be long is not read whole.
    if source.len() > 64 << 20 {
        source.read_at(source.len() - 512, &mut [0; 512]).map_err(|error| error.to_string())?;
        return Ok(false);
    }
    Ok(all_of(&*source).map_err(|error| error.to_string())?.starts_with(plain))
}

/// The same of the bytes of a file alone.
fn is_whole_alone(bytes: &[u8], at: usize, flip: u8, plain: &[u8]) -> Result<bool, String> {
    is_whole(unwrapped(Path::new("disk"), Box::new(Damaged { bytes, at, flip })), plain)
}

/// Bytes of a file at which something is tried: the sectors of its first 16 KiB and of its last, and some between.
fn places(len: usize) -> impl Iterator<Item = usize> {
    let near = move |at: &usize| *at < 16 << 10 || len - *at < 16 << 10 || at.is_multiple_of(20 << 10);
    (0..len).step_by(512).filter(near)
}

#[test]
fn a_disk_that_is_cut_or_changed_anywhere_is_refused_or_read_in_little_time() {
    for form in FORMS.iter().filter(|form| form.is_alone) {
        let (bytes, plain) = small(form);
        assert_eq!(is_whole_alone(&bytes, 0, 0, &plain), Ok(true));
        cut_anywhere(form, &bytes, &plain);
        let started = Instant::now();
        changed_anywhere(form, &bytes, &plain);
        // Unoptimised, and beside other tests: some milliseconds for each.
        assert!(started.elapsed() < Duration::from_secs(60), "{} {}", form.driver, form.options);
    }
}

fn cut_anywhere(form: &Form, bytes: &[u8], plain: &[u8]) {
    let mut refused = 0;
    for len in places(bytes.len()) {
        match is_whole_alone(&bytes[..len], 0, 0, plain) {
            Ok(is_whole) => assert!(is_whole, "{} {}: cut at {len}", form.driver, form.options),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 10, "{} {}: {refused}", form.driver, form.options);
}

fn changed_anywhere(form: &Form, bytes: &[u8], plain: &[u8]) {
    let (mut refused, mut tried) = (0, 0);
    // Bytes that are no zeros: half of them of both ends, the others of tables and of the disk's own bytes.
    let told: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] != 0).collect();
    let ends = told.iter().take(60).chain(told.iter().rev().take(60));
    for &at in ends.chain(told.iter().step_by((told.len() / 120).max(1))) {
        tried += 1;
        refused += usize::from(is_whole_alone(bytes, at, 0xFF >> (tried % 8), plain).is_err());
    }
    assert!(refused > 3, "{} {}: {refused} of {tried}", form.driver, form.options);
}

#[test]
fn a_packed_piece_with_a_changed_bit_is_never_other_bytes() {
    let form = FORMS.iter().find(|form| form.options == "subformat=streamOptimized").unwrap();
    let (bytes, plain) = small(form);
    // A stream of deflate: a packed piece behind its marker, and the two bytes that it begins with.
    let start = (0..bytes.len()).step_by(512).find(|&at| bytes[at + 12..].starts_with(&[0x78])).unwrap();
    let len = u32::from_le_bytes(bytes[start + 8..start + 12].try_into().unwrap()) as usize;
    assert!(len > 100, "{len}");
    for at in start + 12..start + 12 + len {
        let found = is_whole_alone(&bytes, at, 1 << (at % 8), &plain);
        assert!(found.is_err() || found == Ok(true), "bit {} of byte {at}", at % 8);
    }
}

#[test]
fn a_disk_of_several_files_with_changed_bytes_is_read_or_refused() {
    for form in FORMS.iter().filter(|form| !form.is_alone) {
        let plain = patchwork(3, 300 << 10);
        let workshop = Workshop::new(&plain);
        let path = workshop.make(form);
        let bytes = fs::read(&path).unwrap();
        let mut refused = 0;
        for at in (0..bytes.len()).step_by(2) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at / 2 % 7);
            fs::write(&path, damaged).unwrap();
            refused += usize::from(is_whole(open(&path), &plain).is_err());
        }
        assert!(refused > 20, "{}: {refused} of {}", form.options, bytes.len());
        fs::write(&path, &bytes).unwrap();
        assert_eq!(is_whole(open(&path), &plain), Ok(true));
        let part = fs::read_dir(workshop.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let part = part.into_iter().find(|path| path.to_str().unwrap().contains("disk-")).unwrap();
        let whole = fs::read(&part).unwrap();
        for len in places(whole.len()) {
            fs::write(&part, &whole[..len]).unwrap();
            let found = is_whole(open(&path), &plain);
            assert!(found.is_err() || found == Ok(true), "{}: cut at {len}", form.options);
        }
    }
}
