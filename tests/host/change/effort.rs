//! How much a change writes and reads, counted in bytes at the target.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ramkey::image::Compression;
use ramkey::job::{StickRequest, reflash_to};
use ramkey::pipeline::Target;
use ramkey::plan::LayoutChoice;
use ramkey::verify::Strictness;

use crate::frames::desk::{Desk, bytes, hash, judge};
use crate::frames::recorder::Recorder;
use crate::frames::sticks::MIB;

/// A stick that counts.
struct Counting {
    stick: Recorder,
    read: AtomicU64,
    written: AtomicU64,
}

impl Target for Counting {
    fn len(&self) -> u64 {
        self.stick.len()
    }

    fn alignment(&self) -> usize {
        512
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        self.stick.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        self.written.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        self.stick.write_at(offset, buffer)
    }

    fn flush(&self) -> io::Result<()> {
        self.stick.flush()
    }
}

const LEN: usize = 32 << 20;

/// Bytes written and read, in thousandths of the image and of the used part of the stick.
fn ratios(compression: Compression, change: impl Fn(&mut [u8])) -> (u64, u64) {
    let old: Vec<u8> = bytes(LEN, 1);
    let usual = StickRequest {
        layout: LayoutChoice::Auto,
        size: Some(64 * MIB),
        compression,
        ..StickRequest::new(Vec::new())
    };
    let desk = Desk::new(&[("a.img", old.clone())], usual);
    let verdict = judge(&desk.stick, Strictness::Boot);
    let used = (verdict.volume_lba + verdict.volume_sectors) * 512 - verdict.free;
    let mut new = old;
    change(&mut new);
    let prepared = desk.prepared(&desk.stick, &new, None).unwrap();
    let target = Counting {
        stick: Recorder::new(desk.stick.clone()),
        read: AtomicU64::default(),
        written: AtomicU64::default(),
    };
    let path = desk.folder.path().join("stick.img");
    let report = reflash_to(&prepared, &path, &target, &AtomicBool::new(false), &|_| (), &|| false).unwrap();
    let (read, written) = (target.read.into_inner(), target.written.into_inner());
    assert_eq!(written, report.effort.written);
    let verdict = judge(&target.stick.end().0, Strictness::EveryByte);
    assert!(verdict.sound && verdict.capsules[0].blake3 == hash(&new));
    (written * 1000 / LEN as u64, read * 1000 / used)
}

#[test]
fn a_hundredth_in_one_place_writes_three_hundredths_and_reads_the_stick_once() {
    let in_one_place = |image: &mut [u8]| image[LEN / 2..LEN / 2 + LEN / 100].fill(0x5A);
    for compression in [Compression::None, Compression::Fast] {
        let (written, read) = ratios(compression, in_one_place);
        assert!(written <= 30, "{written} thousandths are written, {compression:?}");
        assert!(read <= 1100, "{read} thousandths are read, {compression:?}");
    }
}

#[test]
fn what_is_scattered_takes_a_piece_for_each_place() {
    // A hundredth in 20 places: each is a piece of 256 KiB of its own, 20 of 128.
    let scattered = |image: &mut [u8]| {
        for place in 0..20 {
            let at = place * (LEN / 20) + 1000;
            image[at..at + LEN / 2000].fill(0x5A);
        }
    };
    let (written, read) = ratios(Compression::None, scattered);
    assert!((100..=200).contains(&written), "{written} thousandths are written");
    assert!(read <= 1300, "{read} thousandths are read");
}
