//! IMD floppies: written here as their description says, in any order of sectors, with and without runs.

use std::path::Path;

use ramkey::contents::{Kind, KindChoice, probe};
use ramkey::image::{ImageError, Source, open};

use crate::frames::sticks::noise;
use crate::frames::virtual_disks::{all_of, of_bytes};

const TEXT: &[u8] = b"IMD 1.18: 01/02/2003 04:05:06\r\nA floppy\r\n\x1A";

/// The floppy with these bytes, whose sectors stand in the order in which they were read; runs are short.
fn imd(floppy: &[u8], heads: usize, track: usize) -> Vec<u8> {
    let mut bytes = TEXT.to_vec();
    for (number, sectors) in floppy.chunks(track * 512).enumerate() {
        let (cylinder, head) = ((number / heads) as u8, (number % heads) as u8);
        // Every second track has maps of its sectors' cylinders and sides, which say the same.
        let maps = if number % 2 == 0 { 0xC0 } else { 0 };
        bytes.extend([3 + head, cylinder, head | maps, track as u8, 2]);
        let order: Vec<usize> = (0..track)
            .map(|at| at * 2 % track + usize::from(track.is_multiple_of(2) && at * 2 >= track))
            .collect();
        bytes.extend(order.iter().map(|at| *at as u8 + 1));
        if maps != 0 {
            bytes.extend(std::iter::repeat_n(cylinder, track).chain(std::iter::repeat_n(head, track)));
        }
        for at in order {
            let sector = &sectors[at * 512..][..512];
            let is_run = sector.iter().all(|byte| *byte == sector[0]);
            let deleted = if at == 2 { 2 } else { 0 };
            bytes.push(if is_run { 2 } else { 1 } + deleted);
            bytes.extend(if is_run { &sector[..1] } else { sector });
        }
    }
    bytes
}

fn whole(bytes: Vec<u8>) -> (Vec<u8>, Box<dyn Source>) {
    let source = of_bytes(bytes).unwrap_or_else(|error| panic!("{error}"));
    (all_of(&*source).unwrap(), source)
}

#[test]
fn a_floppy_of_each_format_has_its_bytes_and_is_a_floppy() {
    for (cylinders, heads, track) in
        [(40, 1, 8), (40, 2, 9), (80, 2, 9), (80, 2, 15), (80, 2, 18), (82, 2, 21), (80, 2, 36)]
    {
        let floppy = noise(cylinders * heads * track * 512);
        let (bytes, source) = whole(imd(&floppy, heads, track));
        assert!(bytes == floppy, "{cylinders}/{heads}/{track}");
        let words = format!("IMD, {cylinders} cylinders, {heads} heads, {track} sectors per track");
        assert_eq!(source.wrapping().unwrap().left_out, words);
        let facts = probe(Path::new("a.imd"), &*source, KindChoice::Auto, None).unwrap();
        assert_eq!((facts.kind, facts.len), (Kind::Floppy, floppy.len() as u64), "{words}");
        assert!(
            source.read_at(facts.len - 1, &mut [0; 2]).is_err()
                && source.read_at(u64::MAX, &mut [0]).is_err()
        );
    }
}

#[test]
fn a_floppy_that_is_not_whole_or_of_another_machine_is_refused() {
    let floppy = noise(2 * 2 * 9 * 512);
    let good = imd(&floppy, 2, 9);
    let refused = |bytes: Vec<u8>, why: &str| {
        let error = of_bytes(bytes).err().unwrap_or_else(|| panic!("{why}"));
        assert!(
            matches!(error, ImageError::Unusable { .. }) && error.to_string().contains(why),
            "{why}: {error}"
        );
        assert!(error.help().contains("read the floppy again with ImageDisk"), "{}", error.help());
    };
    let start = TEXT.len();
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[start + at] = byte;
        bytes
    };
    refused(with(0, 6), "cylinder 0, side 0 in mode 6 with 9 sectors is no track of a PC");
    refused(with(1, 86), "cylinder 86, side 0 in mode 3");
    refused(with(2, 0xC2), "cylinder 0, side 2 in mode 3");
    refused(with(3, 0), "with 0 sectors is no track");
    refused(with(4, 1), "cylinder 0, side 0 has sectors of 256 bytes, and those of a PC have 512");
    refused(with(4, 3), "has sectors of 1024 bytes");
    refused(with(4, 0xFF), "cylinder 0, side 0 has sectors of several lengths");
    refused(with(5, 10), "cylinder 0, side 0 has sector 10, and its 9 do not count from 1");
    refused(with(5, 0), "has sector 0, and its 9");
    refused(with(6, 1), "cylinder 0, side 0 has sector 1 twice");
    refused(with(14, 1), "cylinder 0, side 0 has sectors that say another place");
    refused(with(23, 1), "cylinder 0, side 0 has sectors that say another place");
    refused(with(32, 0), "cylinder 0, side 0, sector 1 could not be read when the floppy was");
    refused(with(32, 5), "cylinder 0, side 0, sector 1 was read with an error");
    refused(with(32, 9), "cylinder 0, side 0, sector 1 is of an unknown kind");
    refused([&good[..], &good[start..]].concat(), "cylinder 0, side 0 is in it twice");
    refused(TEXT[..TEXT.len() - 1].to_vec(), "its text has no end");
    refused(TEXT.to_vec(), "cylinder 0, side 0 is not in it");
    refused(good[..good.len() - 1].to_vec(), "cylinder 1, side 1, sector");
    refused(good[..start + 7].to_vec(), "the file ends in the middle of a track");
    refused([&good[..], &[0; 9 << 20]].concat(), "more than any floppy");
    let longer = imd(&noise(10 * 512), 2, 10)[start..].to_vec();
    refused([TEXT, &longer, &good[start..]].concat(), "cylinder 0, side 0 is in it twice");
    for len in start..good.len() {
        if let Ok(source) = of_bytes(good[..len].to_vec()) {
            // At the end of a track.
            assert_eq!(source.len() % (9 * 512), 0, "{len}");
        }
    }
}

#[test]
fn bytes_that_are_changed_are_a_floppy_or_an_error() {
    let good = imd(&noise(4 * 9 * 512), 2, 9);
    for at in 0..good.len() {
        for flip in [1, 0x80, 0xFF] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            if let Ok(source) = of_bytes(bytes) {
                assert!(source.len() <= good.len() as u64 + 4096);
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    std::fs::write(&path, &good).unwrap();
    assert_eq!(open(&path).unwrap().len(), 4 * 9 * 512);
}
