//! A stick to which anything was done, made a plain one.

use std::hint::black_box;

use ramkey::doctor::diagnose;
use ramkey::layout::{Content, Extent, plain};
use ramkey::plan::divide_plain;
use ramkey::stick::{Reader, Volume, has_trace};

use super::sparse::{SECTOR, Sparse};

/// Bytes in front of the stick: how many letters the label has and whether a number is asked for, the letters, and the number.
const HEAD_LEN: usize = 1 + 11 + 4;
/// Says that a number is asked for.
const HAS_NUMBER: u8 = 0x10;

/// Makes the stick in an input a plain one; it has a sound file system then, and nothing of ramkey. Gives whether it could be.
pub fn restore(input: &[u8]) -> bool {
    let Some((head, stick)) = input.split_first_chunk::<HEAD_LEN>() else { return false };
    let letters = usize::from(head[0] & 15).min(11);
    let label = String::from_utf8_lossy(&head[1..=letters]).into_owned();
    let number = u32::from_le_bytes([head[12], head[13], head[14], head[15]]);
    let volume_id = (head[0] & HAS_NUMBER != 0).then_some(number);
    let mut stick = Sparse::decode(stick);
    let Ok(division) = divide_plain(stick.sectors, &label) else { return false };
    let (layout, serial) =
        plain(&division, *b"any seed will do", volume_id).expect("what is divided is laid out");
    assert!(volume_id.is_none_or(|wanted| wanted == serial));
    let cleared = layout.cleared_first.iter().all(|lba| layout.extents.iter().any(|extent| extent.has(*lba)));
    assert!(cleared, "what is cleared first is written");
    layout.extents.iter().for_each(|extent| put(&mut stick, extent));

    assert!(!has_trace(&stick), "nothing of ramkey is left");
    let reader = Reader::new(&stick, &|_| {});
    let volume =
        Volume::open(&reader, division.volume.lba).unwrap_or_else(|_| panic!("there is a file system"));
    let state = volume.table_state();
    assert!(
        state.is_usable() && state.differences.is_empty() && state.has_sound_start && !state.is_dirty,
        "{state:?}"
    );
    assert_eq!(u64::from(volume.bits().bits()), u64::from(division.volume.bits.bits()));
    black_box(diagnose(&stick).expect("it can be read").findings.len());
    true
}

/// Writes one range.
fn put(stick: &mut Sparse, extent: &Extent) {
    let end = extent.lba + extent.sectors;
    assert!(end <= stick.sectors, "nothing is written behind the end");
    stick.present.retain(|lba, _| !(extent.lba..end).contains(lba));
    match &extent.content {
        Content::Bytes(bytes) => {
            assert_eq!(bytes.len() as u64, extent.sectors * SECTOR as u64);
            stick.put(extent.lba, bytes);
        }
        Content::Zeros => {}
        Content::Stamps { .. } | Content::Image { .. } => {
            panic!("a plain stick has neither stamps nor images")
        }
    }
}
