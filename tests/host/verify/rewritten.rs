//! Capsules whose parts lie elsewhere, that were changed in place, that leave sectors out, or that a newer program made.

use crate::frames::rewritten::{edit, rewritten};
use crate::frames::sticks::{MIB, noise};
use crate::frames::verdicts::{IMAGE_LEN, OnDisk, kinds, told};
use ramkey::image::{chunk_value, combine};
use ramkey::plan::{FsChoice, LayoutKind};
use ramkey::verify::{FaultKind, FoundCapsule, StickVerdict, Strictness, facts};
use ramkey_format::capsule::{
    CAPSULE_HEADER_LEN, CHUNK_ENTRY_LEN, CHUNK_SHIFT, CapsuleHeader, ChunkEntry, Form,
};
use zerocopy::IntoBytes;

const DOS: &str = "::RAMKEY/DOS.RKC";

/// A stick, and its capsule DOS as bytes.
fn desk() -> (OnDisk, Vec<u8>) {
    let desk = OnDisk::new(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let copy = desk.path.with_file_name("COPY.RKC");
    desk.mtools("mcopy", &["-n", DOS, &copy.display().to_string()]);
    let capsule = std::fs::read(copy).unwrap();
    (desk, capsule)
}

/// Puts `capsule` in the place of DOS, and looks at the stick.
fn replaced(desk: &OnDisk, capsule: &[u8]) -> StickVerdict {
    let file = desk.scratch("NEW.RKC", capsule);
    desk.mtools("mdel", &[DOS]);
    desk.mtools("mcopy", &[&file, DOS]);
    desk.judge(Strictness::Boot)
}

fn dos(verdict: &StickVerdict) -> &FoundCapsule {
    verdict.capsules.iter().find(|capsule| capsule.file == "RAMKEY/DOS.RKC").expect("DOS")
}

#[test]
fn a_capsule_that_was_changed_in_place_is_sound_wherever_its_parts_lie_and_whatever_lies_between_them() {
    let (desk, capsule) = desk();
    let mut changed = rewritten(&capsule, 3, 0xA5);
    for added in [0, 5000] {
        changed.resize(changed.len() + added, 0x5A);
        let verdict = replaced(&desk, &changed);
        assert!(verdict.sound, "{}", told(&verdict));
        let found = dos(&verdict);
        assert!(found.proven && !found.as_written, "{found:?}");
        assert_eq!(found.len, IMAGE_LEN as u64);
    }
    // Without a change there are zeros between the parts, and nothing behind the end.
    let verdict = replaced(&desk, &rewritten(&capsule, 0, 0));
    assert!(verdict.sound, "{}", told(&verdict));
}

#[test]
fn what_lies_between_the_parts_of_a_capsule_that_nobody_changed_is_a_fault_anywhere() {
    let (desk, capsule) = desk();
    let whole = rewritten(&capsule, 0, 0);
    let header = CapsuleHeader::parse(&whole).unwrap();
    let table_end = header.table_offset.get() + u64::from(header.table_len.get());
    // Before the first chunk, between two chunks, and behind the table block.
    for at in [512, 512 + 512 + (1 << 18) + 77, table_end, whole.len() as u64 - 1] {
        let mut spoilt = whole.clone();
        spoilt[at as usize] = 1;
        let verdict = replaced(&desk, &spoilt);
        assert_eq!(kinds(&verdict), [FaultKind::Capsule], "byte {at}: {}", told(&verdict));
        assert!(told(&verdict).contains("the zeros between its parts"), "{}", told(&verdict));
    }
    let verdict = replaced(&desk, &[&whole[..], &[0; 512]].concat());
    assert!(told(&verdict).contains("512 bytes were added behind its end"), "{}", told(&verdict));
}

#[test]
fn a_wrong_bit_of_a_chunk_table_or_origin_is_found_in_a_capsule_that_was_changed_too() {
    let (desk, capsule) = desk();
    let whole = rewritten(&capsule, 1, 0xA5);
    let header = CapsuleHeader::parse(&whole).unwrap();
    let table = header.table_offset.get() as usize;
    let first = header.entries(&whole[table..]).unwrap()[0].stored().start as usize;
    for (at, message) in [
        (first + 300, "chunk 0 is damaged"),
        (table + 20, "its chunk table does not have the hash"),
        (table + header.table_len.get() as usize - 1, "its chunk table does not have the hash"),
        (260, "its header does not have the hash"),
    ] {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 4;
        let verdict = replaced(&desk, &spoilt);
        assert_eq!(kinds(&verdict), [FaultKind::Capsule], "{}", told(&verdict));
        assert!(told(&verdict).contains(message), "{}", told(&verdict));
    }
    let mut spoilt = whole.clone();
    spoilt[table + header.table_len.get() as usize - 1] = 7;
    edit(&mut spoilt, |_, _| ());
    let verdict = replaced(&desk, &spoilt);
    assert!(
        told(&verdict).contains("byte 48 of what it says of its origin makes no sense"),
        "{}",
        told(&verdict)
    );
}

#[test]
fn of_an_image_that_left_sectors_out_both_hashes_are_told_and_what_is_in_memory_is_proven() {
    let (desk, mut capsule) = desk();
    let verdict = desk.judge(Strictness::Boot);
    assert_eq!(dos(&verdict).ram_blake3, None);
    assert!(serde_json::to_string(&verdict).unwrap().contains("\"ram_blake3\":null"));
    let original = blake3::hash(b"the original image");
    edit(&mut capsule, |header, _| header.image_blake3 = *original.as_bytes());
    let verdict = replaced(&desk, &capsule);
    assert!(verdict.sound, "{}", told(&verdict));
    let found = dos(&verdict);
    assert_eq!(found.blake3, original.to_hex().to_string());
    let in_memory = blake3::hash(&crate::frames::sticks::noise(IMAGE_LEN)).to_hex().to_string();
    assert_eq!((found.ram_blake3.as_ref(), found.proven), (Some(&in_memory), true));
    edit(&mut capsule, |header, _| header.ram_blake3[0] ^= 1);
    let verdict = replaced(&desk, &capsule);
    assert!(told(&verdict).contains("its chunks do not combine to the hash"), "{}", told(&verdict));
}

#[test]
fn a_chunk_that_is_packed_in_an_unknown_way_asks_for_a_newer_program() {
    let (desk, mut capsule) = desk();
    edit(&mut capsule, |_, entries| {
        let entry: &mut ChunkEntry = &mut entries[2];
        (entry.form, entry.codec, entry.before, entry.stored_len) = (2, 200, 2, 100.into());
    });
    let verdict = replaced(&desk, &capsule);
    let text = told(&verdict);
    assert!(
        text.contains("chunk 2 is packed in a way that this program does not know (codec 200)"),
        "{text}"
    );
    assert!(text.contains("use the ramkey that wrote it, or a newer one"), "{text}");
    // What is asked without reading everything says so too.
    let source = ramkey::image::FileSource::open(&desk.path).unwrap();
    assert!(!facts(&source).sound);
}

/// A capsule of `count` chunks that all name the same bytes.
fn shared(capsule: &[u8], count: usize) -> Vec<u8> {
    const LEN: usize = 1 << CHUNK_SHIFT;
    let chunk = noise(LEN);
    let table_len = count * CHUNK_ENTRY_LEN;
    let start = (CAPSULE_HEADER_LEN + table_len).next_multiple_of(512) as u64;
    let entry = |index: usize| {
        let value = chunk_value(&chunk, (index * LEN) as u64, count);
        ChunkEntry::new(Form::Raw, start..start + LEN as u64, value)
    };
    let entries: Vec<ChunkEntry> = (0..count).map(entry).collect();
    let values: Vec<[u8; 32]> = entries.iter().map(|entry| entry.chaining_value).collect();
    let mut header = CapsuleHeader::parse(capsule).unwrap().clone();
    header.image_len = ((count * LEN) as u64).into();
    header.disk_sectors = ((count * LEN / 512) as u32).into();
    header.chunk_count = (count as u32).into();
    header.table_len = (table_len as u32).into();
    header.file_len = (start + LEN as u64).into();
    header.image_blake3 = *combine(&values).as_bytes();
    header.ram_blake3 = header.image_blake3;
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(entries.as_bytes());
    bytes.resize(start as usize, 0);
    bytes.extend_from_slice(&chunk);
    edit(&mut bytes, |_, _| ());
    bytes
}

#[test]
fn a_small_stick_takes_no_longer_than_its_length_however_often_chunks_share_bytes() {
    let (desk, capsule) = desk();
    let verdict = replaced(&desk, &shared(&capsule, 64));
    assert!(verdict.sound && dos(&verdict).proven, "16 MiB from a stick of 8: {}", told(&verdict));
    let verdict = replaced(&desk, &shared(&capsule, 1000));
    assert!(!verdict.sound && !dos(&verdict).proven, "{}", told(&verdict));
    assert!(told(&verdict).contains("share bytes more than 4 times over"), "{}", told(&verdict));
    assert!(verdict.bytes_read < 48 * MIB, "{} bytes were read", verdict.bytes_read);
}
