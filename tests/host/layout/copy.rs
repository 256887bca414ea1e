//! A disc image that is copied: its own sectors, what boots last, and a clear end.

use crate::frames::mock::{CLEARED_FIRST, noise};
use ramkey::image::CHUNK_LEN;
use ramkey::layout::{Content, Layout, LayoutError, Role, START_LEN, copy};
use ramkey_format::boot::BootHeader;

const START_SECTORS: u64 = START_LEN as u64 / 512;
/// Sectors at the end of a disk in which a GPT has its copy.
const GPT_SECTORS: u64 = 33;

/// The start of an image of `sectors` sectors, with boot headers at these places.
fn start(sectors: u64, headers: &[u64]) -> Vec<u8> {
    let mut start = noise((sectors.min(START_SECTORS) * 512) as usize, 9);
    for lba in headers {
        start[*lba as usize * 512..][..8].copy_from_slice(&BootHeader::MAGIC);
    }
    start
}

/// Sectors of each role, in order.
fn roles(layout: &Layout) -> Vec<(Role, u64, u64)> {
    layout.extents.iter().map(|extent| (extent.role, extent.lba, extent.lba + extent.sectors)).collect()
}

#[test]
fn every_sector_is_the_images_own_and_each_boot_header_and_sector_0_are_held_back() {
    let start = start(9000, &[128, 2176]);
    let layout = copy(&start, 9000, 20_000).unwrap();
    assert_eq!(layout.cleared_first, CLEARED_FIRST);
    assert_eq!(layout.held_back, [2176, 128, 0], "sector 0 is the last");
    assert_eq!(
        roles(&layout),
        [
            (Role::Sector0, 0, 1),
            (Role::Copy, 1, 128),
            (Role::BootCode, 128, 129),
            (Role::Copy, 129, 2176),
            (Role::BootCopy, 2176, 2177),
            (Role::Copy, 2177, START_SECTORS),
            (Role::Copy, START_SECTORS, 9000),
            (Role::Cleared, 20_000 - GPT_SECTORS, 20_000),
        ]
    );
    for extent in &layout.extents {
        let at = extent.lba * 512;
        match &extent.content {
            Content::Bytes(bytes) => assert!(start[at as usize..].starts_with(bytes), "at {}", extent.lba),
            // What is proven by chunks begins where a chunk does.
            Content::Image { image: 0, offset } => {
                assert_eq!((*offset, at % CHUNK_LEN as u64), (at, 0));
            }
            Content::Zeros => assert_eq!(extent.role, Role::Cleared),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_no_boot_header_is_cleared_first_and_written_with_the_rest() {
    let layout = copy(&start(9000, &[128]), 9000, 9000).unwrap();
    assert_eq!(layout.held_back, [128, 0]);
    assert_eq!(layout.cleared_first, CLEARED_FIRST);
    let has = |lba| layout.extents.iter().any(|extent| extent.has(lba));
    assert!((0..9000).all(has), "a sector is missing");
}

#[test]
fn no_sector_of_the_image_is_cleared_at_the_end_of_a_stick_that_is_hardly_longer() {
    for (longer, cleared) in [(0, 0), (1, 1), (32, 32), (33, 33), (34, 33), (100, 33)] {
        let layout = copy(&start(9000, &[128]), 9000, 9000 + longer).unwrap();
        let found: Vec<_> = layout.extents.iter().filter(|extent| extent.role == Role::Cleared).collect();
        let sectors: u64 = found.iter().map(|extent| extent.sectors).sum();
        assert_eq!(sectors, cleared, "{longer}");
        assert!(
            found.iter().all(|extent| extent.lba >= 9000 && extent.lba + extent.sectors == 9000 + longer)
        );
    }
}

#[test]
fn a_short_image_lies_in_its_start_whole() {
    let layout = copy(&start(2000, &[128]), 2000, 2000).unwrap();
    assert_eq!(layout.held_back, [128, 0]);
    assert!(layout.extents.iter().all(|extent| matches!(extent.content, Content::Bytes(_))));
    assert_eq!(layout.written_sectors(), 2000);
}

#[test]
fn what_does_not_fit_is_no_layout() {
    let start = start(9000, &[128]);
    for (start, sectors, stick) in
        [(&start[..], 9000, 8999), (&start[512..], 9000, 9000), (&start[..], 2000, 9000), (&[][..], 0, 9000)]
    {
        let error = copy(start, sectors, stick).expect_err("a fault");
        assert!(matches!(error, LayoutError::Unsound { .. }), "{sectors} on {stick}: {error}");
    }
}
