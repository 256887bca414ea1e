//! The examples of the library do what they say, one after the other.

use std::fs;

use crate::frames::sticks::noise;

#[allow(dead_code, reason = "an example has its own start")]
#[path = "../../../examples/reflash.rs"]
mod reflash;
#[allow(dead_code, reason = "an example has its own start")]
#[path = "../../../examples/verify.rs"]
mod verify;
#[allow(dead_code, reason = "an example has its own start")]
#[path = "../../../examples/write_stick_file.rs"]
mod write_stick_file;

#[test]
fn the_examples_write_verify_and_reflash_a_stick_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut image = noise(1_000_000);
    fs::write(at("old.img"), &image).unwrap();
    image[600_000] ^= 1;
    fs::write(at("new.img"), &image).unwrap();
    let report = write_stick_file::write_stick_file(at("old.img"), at("stick.img"), 8 << 20).unwrap();
    let found = verify::prove(&at("stick.img")).unwrap();
    assert!(found.sound && found.capsules[0].blake3 == report.stick.images[0].blake3);
    let report = reflash::replace_image(at("new.img"), &at("stick.img")).unwrap();
    assert_eq!((report.chunks, report.kept), (4, 3));
    let found = verify::prove(&at("stick.img")).unwrap();
    assert!(found.sound && found.capsules[0].blake3 == blake3::hash(&image).to_string());
}
