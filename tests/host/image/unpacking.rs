//! What the system's own programs pack comes out again, byte by byte; and what is cut, damaged or made to burst is one clear
//! error.

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::frames::packers::{ARCHIVES, STREAMS, archive, pack};
use crate::frames::sticks::{Image, noise};
use ramkey::contents::{KindChoice, probe};
use ramkey::image::{Bounds, ImageError, Unpacked, Wrapped, packed_as};

fn unpack(packed: &[u8], member: Option<&str>) -> Result<(Vec<u8>, Unpacked), ImageError> {
    let bounds = Bounds::default();
    let outer = Image(packed.to_vec());
    let wrapped =
        Wrapped { path: Path::new("x.packed"), outer: &outer, member, folder: Path::new("/var/tmp"), bounds };
    let (mut out, told) = (Vec::new(), std::cell::Cell::new(0));
    let result = wrapped.unpack(
        &mut |offset, bytes| {
            assert!(offset >= out.len() as u64, "offsets ascend");
            out.resize(offset as usize, 0);
            out.extend_from_slice(bytes);
            Ok(())
        },
        &|count| told.set(told.get() + count),
    );
    assert!(told.get() <= packed.len() as u64, "no more is done than there is");
    let unpacked = result?;
    assert!(out.len() as u64 <= unpacked.len, "zeros alone are left out");
    out.resize(unpacked.len as usize, 0);
    Ok((out, unpacked))
}

fn error(packed: &[u8], member: Option<&str>) -> (String, String) {
    let error = unpack(packed, member).map(|(_, unpacked)| unpacked).expect_err("it cannot be unpacked");
    (error.to_string(), error.help())
}

/// An image of `len` bytes: noise, letters and zeros in pieces of this length.
fn image(len: usize, piece: usize, seed: u8) -> Vec<u8> {
    let mut bytes = noise(len);
    for (number, piece) in bytes.chunks_mut(piece.max(1)).enumerate() {
        match (number as u8).wrapping_add(seed) % 4 {
            0 => {}
            1 => piece.fill(b'a' + seed % 8),
            _ => piece.fill(0),
        }
    }
    bytes
}

#[test]
fn any_image_comes_out_of_each_program_s_files_as_it_went_in() {
    let cases = (0usize..700_000, prop_oneof![1usize..600, 4000usize..200_000], any::<u8>());
    let mut runner = TestRunner::new(Config { cases: 4, failure_persistence: None, ..Config::default() });
    let run = runner.run(&cases, |(len, piece, seed)| {
        let image = image(len, piece, seed);
        for (command, name) in STREAMS {
            let packed = pack(command, &image);
            // An old frame of nothing has no block.
            if len == 0 && command.contains(&"-l") {
                continue;
            }
            prop_assert_eq!(packed_as(&Image(packed.clone())), Some(name));
            let (out, unpacked) =
                unpack(&packed, None).unwrap_or_else(|error| panic!("{command:?} {len}: {error}"));
            prop_assert!(out == image, "{:?} {}", command, len);
            prop_assert_eq!((&*unpacked.container, unpacked.packed_len), (name, packed.len() as u64));
        }
        let number = len % ARCHIVES.len();
        for (command, name) in [ARCHIVES[number], ARCHIVES[(number + 4) % ARCHIVES.len()]] {
            let files = [("read me.txt", &b"nothing"[..]), ("disks/dos.img", &image), ("z", b"")];
            let packed = archive(command, &files);
            prop_assert_eq!(packed_as(&Image(packed.clone())), Some(name));
            let unpacked = unpack(&packed, Some("disks/dos.img"));
            let (out, unpacked) = unpacked.unwrap_or_else(|error| panic!("{command:?} {len}: {error}"));
            prop_assert!(out == image, "{:?} {}", command, len);
            prop_assert_eq!(unpacked.member.as_deref(), Some("disks/dos.img"));
        }
        Ok(())
    });
    run.unwrap();
}

#[test]
fn each_archive_gives_its_only_file_and_each_of_several_by_name() {
    let (one, other) = (image(100_000, 3000, 1), image(5000, 100, 2));
    for (command, name) in ARCHIVES {
        let (out, unpacked) = unpack(&archive(command, &[("a/dos.img", &one)]), None).unwrap();
        assert!(out == one && unpacked.member.as_deref() == Some("a/dos.img"), "{command:?}");
        let packed = archive(command, &[("dos.img", &one), ("b.img", &other), ("empty", b"")]);
        let (text, help) = error(&packed, None);
        assert!(
            text.starts_with(&format!(
                "x.packed is packed with {name} and cannot be unpacked: there are 3 files in it: "
            )),
            "{text}"
        );
        assert!(
            help.starts_with("name the one that is meant, as in `'x.packed#") || help.contains("`x.packed"),
            "{help}"
        );
        for (name, bytes) in [("dos.img", &one[..]), ("b.img", &other), ("empty", b"")] {
            assert!(unpack(&packed, Some(name)).unwrap().0 == bytes, "{command:?} {name}");
        }
        let (text, _) = error(&packed, Some("c.img"));
        assert!(text.contains("there is no c.img in it, but "), "{text}");
    }
}

#[test]
fn streams_behind_each_other_are_one_image_and_what_else_stands_there_is_told() {
    let (one, other) = (image(70_000, 999, 3), image(3000, 10, 0));
    for (command, name) in STREAMS {
        let joined = [pack(command, &one), pack(command, &other)].concat();
        assert!(unpack(&joined, None).unwrap().0 == [&one[..], &other].concat(), "{command:?}");
        let padded = [&joined[..], &[0; 700]].concat();
        assert!(unpack(&padded, None).unwrap().0 == [&one[..], &other].concat(), "{command:?}");
        let (text, _) = error(&[&joined[..], b"Something"].concat(), None);
        let is_told = text.contains("something else stands behind its end");
        assert!(is_told || command.contains(&"-l"), "{name}: {text}");
    }
    // Frames that are skipped, in front, between and behind.
    let skipped = b"\x5A\x2A\x4D\x18\x05\0\0\0hello";
    for command in [["zstd", "-q"], ["lz4", "-q"]] {
        let packed = pack(&command, &one);
        let all = [&packed[..], skipped, &packed, skipped].concat();
        assert!(unpack(&all, None).unwrap().0 == [&one[..], &one].concat(), "{command:?}");
    }
    let packed = [&skipped[..], &pack(&["zstd", "-q"], &one)].concat();
    assert!(unpack(&packed, None).unwrap().0 == one);
}

/// Small files of every kind.
fn small() -> Vec<(&'static [&'static str], Vec<u8>, Vec<u8>)> {
    let bytes = image(2000, 150, 0);
    let streams = STREAMS.map(|(command, _)| (command, pack(command, &bytes), bytes.clone()));
    let archives = ARCHIVES.map(|(command, _)| (command, archive(command, &[("a", &bytes)]), bytes.clone()));
    streams.into_iter().chain(archives).collect()
}

#[test]
fn a_file_that_is_cut_anywhere_is_one_error_that_says_so() {
    for (command, packed, bytes) in small() {
        for len in 0..packed.len() {
            match unpack(&packed[..len], None) {
                // It is no longer seen what it is; an old frame of lz4 has no end.
                Err(ImageError::ForwardOnly { .. }) if len < 32 => {}
                Err(error @ ImageError::Packed { .. }) => assert!(!error.help().is_empty()),
                Ok((out, _)) if command.contains(&"-l") => assert!(bytes.starts_with(&out)),
                other => panic!("{command:?} {len} of {}: {:?}", packed.len(), other.map(|out| out.1)),
            }
        }
    }
    let cut = pack(&["gzip"], &image(9000, 100, 0));
    let (text, help) = error(&cut[..cut.len() / 2], None);
    assert_eq!(text, "x.packed is packed with gzip and cannot be unpacked: it ends too early");
    assert_eq!(help, "it is not whole: get it once more");
}

#[test]
fn a_flipped_bit_is_seen_or_changes_nothing() {
    for (command, packed, bytes) in small() {
        // Another place of each kind is tried, and not all of each.
        for at in (packed.len() % 7..packed.len()).step_by(7) {
            let mut packed = packed.clone();
            packed[at] ^= 1 << (at % 8);
            match unpack(&packed, None) {
                Err(_) => {}
                // Old frames have no checksum.
                Ok(_) if command.contains(&"-l") => {}
                Ok((out, _)) => assert!(out == bytes, "{command:?}: a bit of byte {at}"),
            }
        }
    }
}

#[test]
fn what_would_burst_is_refused_before_it_does() {
    let piece = pack(&["zstd", "-q"], &vec![0; 128 << 20]);
    let bomb = piece.repeat(33);
    let (text, help) = error(&bomb, None);
    assert!(text.ends_with("more than 3.9 GiB would come out of it"), "{text}");
    assert!(help.contains("give a smaller image"), "{help}");
}

#[test]
fn memory_that_a_decoder_asks_for_is_bounded() {
    let bytes = noise(9000);
    let packed = pack(&["xz", "--lzma2=dict=1GiB"], &bytes);
    let (text, help) = error(&packed, None);
    assert!(text.ends_with("it asks for more than 256 MiB of memory, and gets 256 MiB"), "{text}");
    assert!(help.contains("smaller dictionary or window"), "{help}");
    // zstd with a window of 2 GiB, by the descriptor of its frame.
    let (text, _) = error(b"\x28\xB5\x2F\xFD\x00\xA8\x01\x00\x00", None);
    assert!(text.contains("it asks for more than 256 MiB of memory"), "{text}");
    let largest = pack(&["xz", "-9e"], &bytes);
    assert!(unpack(&largest, None).unwrap().0 == bytes);
}

#[test]
fn archives_of_other_forms_are_told_with_what_helps() {
    let bytes = image(40_000, 700, 0);
    let one = [("a.img", &bytes[..])];
    let table: [(&[&str], &str); 5] = [
        (&["zip", "-q", "-P", "secret"], "the file in it is encrypted"),
        (&["7zz", "a", "-t7z", "-psecret"], "it is encrypted"),
        (&["7zz", "a", "-t7z", "-psecret", "-mhe=on"], "it is encrypted"),
        (&["7zz", "a", "-tzip", "-mm=Deflate64"], "method 9 of zip, which is not read"),
        (&["7zz", "a", "-t7z", "-m0=PPMd"], "is not read"),
    ];
    for (command, why) in table {
        let (text, help) = error(&archive(command, &one), None);
        assert!(text.contains(why), "{command:?}: {text}");
        assert!(help.starts_with("unpack it by hand"), "{command:?}: {help}");
    }
    let (text, _) = error(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", None);
    assert!(text.ends_with("there is no file in it"), "{text}");

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.img"), noise(300_000)).unwrap();
    let split =
        Command::new("zip").args(["-q", "-s", "64k", "s.zip", "a.img"]).current_dir(folder.path()).status();
    assert!(split.unwrap().success());
    let volume = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let (text, _) = error(&volume("s.z01"), None);
    assert!(text.ends_with("it ends too early"), "{text}");
    // The last one begins anywhere in the file.
    let last = Image(volume("s.zip"));
    assert_eq!(packed_as(&last), None);
    let refused = probe(Path::new("s.zip"), &last, KindChoice::Auto, None).expect_err("no image");
    assert_eq!(refused.to_string(), "s.zip is the last of the volumes of a zip, and is no raw image");
    assert!(refused.help().contains("`zip -s 0 s.zip --out "), "{}", refused.help());
}

#[test]
fn names_in_an_archive_are_compared_and_shown_and_nothing_else() {
    let bytes = noise(4000);
    let packed = archive(&["zip", "-q"], &[("aa/bb/cc/dd", &bytes)]);
    let renamed = |name: &[u8; 11]| {
        let mut packed = packed.clone();
        let places: Vec<usize> =
            (0..packed.len() - 11).filter(|&at| packed[at..].starts_with(b"aa/bb/cc/dd")).collect();
        assert_eq!(places.len(), 2);
        places.iter().for_each(|&at| packed[at..at + 11].copy_from_slice(name));
        packed
    };
    for name in [b"/etc/passwd", b"../../../xx", b"\x1b[2Jaaaaaaa"] {
        let text = std::str::from_utf8(name).unwrap();
        let (out, unpacked) = unpack(&renamed(name), None).unwrap();
        let shown = unpacked.member.unwrap();
        assert!(out == bytes && shown.chars().all(|c| !c.is_control()), "{shown}");
        assert!(unpack(&renamed(name), Some(text)).unwrap().0 == bytes);
        assert!(unpack(&renamed(name), Some(&shown)).unwrap().0 == bytes);
    }
}

#[test]
fn what_only_begins_like_a_packed_file_is_none() {
    let mut disc = crate::frames::discs::by_hand(40, 0, &[crate::frames::discs::entry(0x88, 0, 0, 4, 24)]);
    disc[..10].copy_from_slice(&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]);
    assert_eq!(packed_as(&Image(disc)), None);
    for start in [
        &b"\x1F\x8B\x08\xFF"[..],
        b"\x1F\x8B\x07\0\0\0\0\0\0\x03",
        b"BZh9 and text",
        b"PK\x03\x05",
        b"\x28\xB5\x2F",
    ] {
        let mut bytes = noise(4096);
        bytes[..start.len()].copy_from_slice(start);
        assert_eq!(packed_as(&Image(bytes)), None, "{start:?}");
    }
    assert_eq!(packed_as(&Image(Vec::new())), None);
}
