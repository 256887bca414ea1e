//! What a process with rights is told by one that has none: which device is wanted, and what is asked of it.

use std::io;
use std::sync::Mutex;

use ramkey::device::System;
use ramkey::device::lend::{LendError, Lendable, lend, serve};
use ramkey::pipeline::Target;

/// Bytes of the device.
const LEN: usize = 20_480;
/// Bytes of a request.
const ASK_LEN: usize = 17;
/// Most bytes that are asked for at once.
const PIECE_LEN_MAX: u64 = 1 << 20;
const READ: u8 = 1;
const WRITE: u8 = 2;

/// The wish of a borrower, on a machine without devices; or, behind an odd first byte, requests to a device.
pub fn lent(input: &[u8]) {
    match input.split_first() {
        Some((kind, requests)) if kind & 1 == 1 => asked(requests),
        Some((_, wish)) => wanted(wish),
        None => {}
    }
}

/// Nothing is lent, and what is said is the greeting, and perhaps why.
fn wanted(mut wish: &[u8]) {
    let nowhere = || "/no such folder".into();
    let [sys, proc, udev, dev, protect] = std::array::from_fn(|_| nowhere());
    let system = System { sys, proc, udev, dev, protect, ..System::default() };
    let is_cut = wish.first_chunk().is_none_or(|len| wish.len() - 4 < u32::from_le_bytes(*len) as usize);
    let mut said = Vec::new();
    match lend(&system, &mut wish, &mut said) {
        Ok(()) => assert!(is_cut, "there is nothing to lend"),
        Err(error) => assert!(error.is_untouched() || matches!(error, LendError::Talk(_))),
    }
    let mut messages = 0;
    let mut left = &said[..];
    while let Some((len, behind)) = left.split_first_chunk() {
        left = &behind[u32::from_le_bytes(*len) as usize..];
        messages += 1;
    }
    assert!(left.is_empty() && (1..=2).contains(&messages));
}

/// Memory in the place of a device, that takes whole sectors only.
struct Memory(Mutex<Vec<u8>>);

fn refuse(offset: u64) -> io::Result<()> {
    if offset.is_multiple_of(512) { Ok(()) } else { Err(io::Error::other("no sector begins there")) }
}

impl Target for Memory {
    fn len(&self) -> u64 {
        LEN as u64
    }

    fn alignment(&self) -> usize {
        512
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        refuse(offset)?;
        let offset = offset as usize;
        buffer.copy_from_slice(&self.0.lock().expect("nothing panics")[offset..offset + buffer.len()]);
        Ok(())
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        refuse(offset)?;
        let offset = offset as usize;
        self.0.lock().expect("nothing panics")[offset..offset + buffer.len()].copy_from_slice(buffer);
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Lendable for Memory {
    fn reread_partitions(&self) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(22))
    }

    fn eject(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Each request within the device has its reply, with the bytes that are there; the first other one ends it.
fn asked(requests: &[u8]) {
    let device = Memory(Mutex::new(vec![0xD1; LEN]));
    let (mut replies, mut left) = (Vec::new(), requests);
    let ended = serve(&device, &mut &*requests, &mut replies);
    let mut expected = vec![0xD1; LEN];
    let mut replies = &replies[..];
    while let Some((ask, behind)) = left.split_first_chunk::<ASK_LEN>() {
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| ask[at + byte]));
        let (verb, offset, len) = (ask[0], number(1), number(9));
        let most = if matches!(verb, READ | WRITE) { PIECE_LEN_MAX } else { 0 };
        let end = offset.checked_add(len).filter(|end| *end <= LEN as u64 && len <= most);
        let Some(end) = end.filter(|_| (1..=7).contains(&verb)) else {
            assert!(matches!(ended, Err(LendError::NoRequest)) && replies.is_empty());
            return;
        };
        left = behind;
        let place = offset as usize..end as usize;
        if verb == WRITE {
            let Some((bytes, behind)) = left.split_at_checked(len as usize) else {
                assert!(matches!(ended, Err(LendError::Talk(_))) && replies.is_empty());
                return;
            };
            left = behind;
            if refuse(offset).is_ok() {
                expected[place.clone()].copy_from_slice(bytes);
            }
        }
        replies = behind_reply(replies, if verb == READ { &expected[place] } else { &[] });
    }
    assert!(ended.is_ok() && replies.is_empty());
    assert!(*device.0.lock().expect("nothing panicked") == expected);
}

/// What comes behind the first of these replies: that it was done, with these bytes, or why not.
fn behind_reply<'r>(replies: &'r [u8], read: &[u8]) -> &'r [u8] {
    match replies[0] {
        0 => replies[2..].strip_prefix(read).expect("what is there is read"),
        _ => {
            let len = u16::from_le_bytes([replies[6], replies[7]]);
            &replies[8 + usize::from(len)..]
        }
    }
}
