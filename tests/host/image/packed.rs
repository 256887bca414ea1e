//! Packed images: what is stored is small, is what libzstd unpacks to the image, and is the same everywhere.

use std::sync::atomic::AtomicBool;

use ramkey::device::{System, TargetPath};
use ramkey::image::{Bus, CHUNK_LEN, Compression, Packer, Scan, StoredBytes, Unproven, scan};
use ramkey::job::{Destination, Images, JobError, StickRequest, prepare, write};
use ramkey::layout::LayoutError;
use ramkey::verify::{Strictness, verify};
use ramkey_format::capsule::{CAPSULE_HEADER_LEN, CapsuleHeader, Form};
use zstd_safe::DCtx;

use crate::frames::sticks::{Image, noise};

/// Words, zeros, noise, the words again with changes, and an end that fills no chunk.
fn image() -> Image {
    let numbers = noise(CHUNK_LEN);
    let words: Vec<u8> = numbers
        .iter()
        .flat_map(|&byte| [&b"mov eax, "[..], &[b'0' + byte % 10], b"\r\n", &[byte & 0x1F]].concat())
        .take(CHUNK_LEN)
        .collect();
    let mut again = words.clone();
    again.iter_mut().step_by(997).for_each(|byte| *byte ^= 0x15);
    Image(
        [&words, &vec![0; CHUNK_LEN], &numbers, &again, &vec![0xF6; CHUNK_LEN], &b"the end".to_vec()]
            .map(|part| part.as_slice())
            .concat(),
    )
}

fn packer(compression: Compression) -> Packer {
    Packer::new(compression, Bus::Usb1)
}

fn packed(image: &Image, compression: Compression) -> Scan {
    let mut done = 0;
    let scan = scan(image, &mut |_| ()).unwrap();
    let scan = scan.pack(image, &mut packer(compression), &mut |bytes| done += bytes).unwrap();
    assert_eq!(done, image.0.len() as u64, "progress is told of every byte");
    scan
}

fn stored_bytes(stored: &dyn StoredBytes) -> Vec<u8> {
    let mut bytes = vec![0xD1; stored.len() as usize];
    stored.read_at(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn libzstd_unpacks_what_is_stored_to_the_image() {
    let image = image();
    for compression in [Compression::Fast, Compression::Auto, Compression::Small] {
        let scan = packed(&image, compression);
        let stored = stored_bytes(&*scan.stored(&image));
        let mut plain = Vec::new();
        for (part, chunk) in scan.parts().iter().zip(image.0.chunks(CHUNK_LEN)) {
            let bytes = &stored[part.bytes.start as usize..part.bytes.end as usize];
            match part.form {
                Form::Zero => plain.resize(plain.len() + chunk.len(), 0),
                Form::Raw => plain.extend_from_slice(bytes),
                Form::Packed { before, .. } => {
                    let start = plain.len() - usize::from(before) * CHUNK_LEN;
                    let prefix = plain[start..].to_vec();
                    let mut context = DCtx::create();
                    context.ref_prefix(&prefix).unwrap();
                    let mut room = Vec::with_capacity(chunk.len());
                    context.decompress(&mut room, bytes).unwrap();
                    plain.extend_from_slice(&room);
                }
            }
        }
        assert!(plain == image.0, "{compression:?}");
        let forms: Vec<bool> =
            scan.parts().iter().map(|part| matches!(part.form, Form::Packed { .. })).collect();
        assert_eq!(forms, [true, false, false, true, true, false], "{compression:?}");
    }
}

#[test]
fn the_frames_are_the_same_on_every_machine() {
    let hashes = [
        (Compression::Fast, "c4ab0c799ed6530568b369c92d38652be4fcf976090e5d68847e191820651b05"),
        (Compression::Auto, "2448be90ee557d36759009be1a28e7659fb58b269da38552eb2e2c097f783986"),
        (Compression::Small, "2448be90ee557d36759009be1a28e7659fb58b269da38552eb2e2c097f783986"),
    ];
    let image = image();
    let found = hashes.map(|(compression, _)| {
        let scan = packed(&image, compression);
        (compression, blake3::hash(&stored_bytes(&*scan.stored(&image))).to_string())
    });
    let expected = hashes.map(|(compression, hash)| (compression, hash.to_owned()));
    assert_eq!(found, expected, "other bytes: is libzstd another one?");
}

#[test]
fn what_cannot_be_packed_is_stored_as_if_nobody_asked() {
    let image = Image(noise(3 * CHUNK_LEN + 100));
    assert_eq!(packed(&image, Compression::Fast), scan(&image, &mut |_| ()).unwrap());
}

#[test]
fn stored_bytes_can_be_read_in_any_pieces_and_are_proven_by_the_mebibyte() {
    let image = image();
    let scan = packed(&image, Compression::Fast);
    let stored = scan.stored(&image);
    let whole = stored_bytes(&*stored);
    assert_eq!(stored.prove(0, &whole), Ok(()));
    assert_eq!(stored.prove(512, &whole[512..]), Err(Unproven::Unaligned));
    for len in [1000, 65_536, 300_001] {
        let mut pieces = Vec::new();
        for start in (0..whole.len()).step_by(len) {
            let mut piece = vec![0xD1; len.min(whole.len() - start)];
            stored.read_at(start as u64, &mut piece).unwrap();
            pieces.extend(piece);
        }
        assert!(pieces == whole, "pieces of {len}");
    }
    assert!(stored.read_at(whole.len() as u64, &mut [0]).is_err());
}

#[test]
fn an_image_that_is_changed_before_it_is_packed_is_seen() {
    let before = scan(&image(), &mut |_| ()).unwrap();
    let mut changed = image();
    changed.0[CHUNK_LEN * 3 + 5] ^= 1;
    let error = before.pack(&changed, &mut packer(Compression::Fast), &mut |_| ()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

/// A stick with the image, packed.
fn stick() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.img");
    std::fs::write(&path, image().0).unwrap();
    let request = StickRequest { compression: Compression::Fast, ..StickRequest::new(vec![path]) };
    let (system, out) = (System::default(), folder.path().join("stick.img"));
    let target = TargetPath::look(&system, &out).unwrap();
    let destination = Destination { system: &system, target: &target };
    let images = Images::open(&request).unwrap();
    let prepared = prepare(&request, images, Some(destination), &|_| ()).unwrap();
    write(&prepared, destination, &AtomicBool::new(false), &|_| ()).unwrap();
    std::fs::read(&out).unwrap()
}

#[test]
fn a_stick_with_packed_chunks_is_proven_and_a_wrong_bit_of_one_is_found() {
    let mut stick = stick();
    let verdict = verify(&Image(stick.clone()), Strictness::EveryByte, &|_| {});
    assert!(verdict.sound, "{:?}", verdict.faults);
    assert!(verdict.capsules[0].proven);
    // The table is behind the chunks, so the first of them is behind the header.
    let start =
        stick.windows(8).position(|bytes| bytes == CapsuleHeader::MAGIC).unwrap() + CAPSULE_HEADER_LEN;
    for at in [start, start + 4, start + 12, start + 40, start + 400] {
        stick[at] ^= 4;
        let verdict = verify(&Image(stick.clone()), Strictness::Boot, &|_| {});
        let faults: Vec<String> = verdict.faults.iter().map(ToString::to_string).collect();
        assert!(
            faults.iter().any(|fault| fault.contains("chunk 0 is damaged")),
            "{}: {faults:?}",
            at - start
        );
        stick[at] ^= 4;
    }
}

#[test]
fn the_identity_tells_sticks_that_are_packed_in_another_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.img");
    std::fs::write(&path, image().0).unwrap();
    let id = |(compression, bus)| {
        let request = StickRequest {
            compression,
            bus: Some(bus),
            size: Some(16 << 20),
            ..StickRequest::new(vec![path.clone()])
        };
        let prepared = prepare(&request, Images::open(&request).unwrap(), None, &|_| ()).unwrap();
        ramkey::job::plan(&prepared).stick_id
    };
    let ids = [
        (Compression::None, Bus::Usb1),
        (Compression::Fast, Bus::Usb1),
        (Compression::Auto, Bus::Usb1),
        (Compression::Auto, Bus::Usb2),
        (Compression::Auto, Bus::Cd),
        (Compression::Small, Bus::Usb1),
    ];
    let ids = ids.map(id);
    for (number, id) in ids.iter().enumerate() {
        assert!(!ids[..number].contains(id), "{ids:?}");
    }
}

#[test]
fn an_image_that_is_larger_than_the_stick_is_written_if_it_fits_packed_and_else_the_error_has_both_figures() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.img");
    let image: Vec<u8> = image().0.iter().copied().cycle().take(20 << 20).collect();
    std::fs::write(&path, image).unwrap();
    let of = |compression| {
        let request =
            StickRequest { compression, size: Some(16 << 20), ..StickRequest::new(vec![path.clone()]) };
        prepare(&request, Images::open(&request).unwrap(), None, &|_| ())
    };
    let layout = of(Compression::Fast).unwrap().layout;
    assert!(layout.capsule_sectors() * 512 < 16 << 20);
    let Err(JobError::Layout(LayoutError::TooLarge { needed, available })) = of(Compression::None) else {
        panic!("20 MiB do not fit 16 MiB");
    };
    assert!(needed > 16 << 20 && available < 16 << 20, "{needed} {available}");
}
