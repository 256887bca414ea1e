//! Images of which something is left out: two hashes, zeros in memory, and nothing else changed.

use std::ops::Range;

use ramkey::image::{Bus, CHUNK_LEN, Compression, Packer, Scan, Source, scan, scan_trimmed, scan_witnessed};

use crate::frames::sticks::{Image, noise};

const CHUNK: u64 = CHUNK_LEN as u64;

/// Noise, and the last chunk of it not whole.
fn image() -> Image {
    Image(noise(5 * CHUNK_LEN + 700))
}

/// What is in memory of `image`.
fn without(image: &Image, free: &[Range<u64>]) -> Vec<u8> {
    let mut bytes = image.0.clone();
    free.iter().for_each(|range| bytes[range.start as usize..range.end as usize].fill(0));
    bytes
}

fn trimmed(image: &Image, free: &[Range<u64>]) -> Scan {
    scan_trimmed(image, free, &mut |_| ()).unwrap()
}

/// Ranges within a chunk, over its ends, of whole chunks, side by side, and up to the end.
fn ranges() -> Vec<Vec<Range<u64>>> {
    vec![
        vec![0..512],
        vec![CHUNK - 512..CHUNK + 512],
        vec![CHUNK..2 * CHUNK],
        vec![512..1024, 1536..2048, CHUNK - 512..3 * CHUNK, 3 * CHUNK + 512..3 * CHUNK + 1024],
        vec![5 * CHUNK..5 * CHUNK + 700],
        vec![0..5 * CHUNK + 700],
    ]
}

#[test]
fn one_hash_is_that_of_the_original_and_the_other_that_of_what_is_in_memory() {
    let image = image();
    for free in ranges() {
        let scan = trimmed(&image, &free);
        let in_memory = without(&image, &free);
        assert_eq!(scan.root, *blake3::hash(&image.0).as_bytes(), "{free:?}");
        assert_eq!(scan.ram_root, *blake3::hash(&in_memory).as_bytes(), "{free:?}");
        assert_eq!(*scan.free, free);
        let alone = self::scan(&Image(in_memory), &mut |_| ()).unwrap();
        assert_eq!((scan.chunks, scan.len), (alone.chunks, alone.len), "{free:?}");
    }
}

#[test]
fn a_witness_gets_every_byte_in_order_also_what_is_left_out() {
    for len in [700, CHUNK_LEN, 20 * CHUNK_LEN + 700] {
        let image = Image(noise(len));
        let free = vec![512..len as u64 - 100];
        let mut seen = Vec::new();
        let witness = &mut |bytes: &[u8]| seen.extend_from_slice(bytes);
        let scan = scan_witnessed(&image, &free, witness, &mut |_| ()).unwrap();
        assert!(seen == image.0, "{len} bytes");
        assert_eq!(scan, trimmed(&image, &free), "{len} bytes");
    }
}

#[test]
fn an_image_whose_free_bytes_are_zeros_has_one_hash() {
    let free = std::slice::from_ref(&(CHUNK - 512..3 * CHUNK));
    let image = Image(without(&image(), free));
    let scan = trimmed(&image, free);
    assert_eq!(scan.root, scan.ram_root);
    assert_eq!(scan.chunks, self::scan(&image, &mut |_| ()).unwrap().chunks);
}

#[test]
fn a_single_chunk_has_its_own_two_hashes() {
    let image = Image(noise(3000));
    let free = std::slice::from_ref(&(512..1024));
    let scan = trimmed(&image, free);
    assert_eq!(scan.root, *blake3::hash(&image.0).as_bytes());
    assert_eq!(scan.ram_root, *blake3::hash(&without(&image, free)).as_bytes());
}

#[test]
fn stored_bytes_are_those_of_the_image_without_what_is_left_out() {
    let image = image();
    for free in ranges() {
        let in_memory = Image(without(&image, &free));
        for compression in [Compression::None, Compression::Fast] {
            let pack = |scan: Scan, source: &dyn Source| {
                scan.pack(source, &mut Packer::new(compression, Bus::Usb1), &mut |_| ()).unwrap()
            };
            let scan = pack(trimmed(&image, &free), &image);
            let alone = pack(self::scan(&in_memory, &mut |_| ()).unwrap(), &in_memory);
            assert_eq!(scan.parts(), alone.parts(), "{free:?}");
            let (stored, expected) = (scan.stored(&image), alone.stored(&in_memory));
            let read = |stored: &dyn ramkey::image::StoredBytes| {
                let mut bytes = vec![0xD1; stored.len() as usize];
                stored.read_at(0, &mut bytes).unwrap();
                bytes
            };
            let bytes = read(&*stored);
            assert_eq!(bytes, read(&*expected), "{free:?}");
            stored.prove(0, &bytes).unwrap();
        }
    }
}
