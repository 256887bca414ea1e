//! What the loader shows as a QR code, a reader of others reads.

use ramkey_loader_core::qr::{COLUMNS, Qr, ROWS};

/// Pixels of a module in pictures.
const MODULE: usize = 3;

/// What a phone would read of the rows of the screen, and the bits that it had to correct.
fn read(qr: &Qr) -> String {
    let rows: Vec<[u8; COLUMNS]> = (0..ROWS).map(|row| qr.row(row)).collect();
    let grey = |x: usize, y: usize| {
        let character = rows[y / MODULE / 2][x / MODULE];
        let is_light = match y / MODULE % 2 {
            0 => matches!(character, 0xDB | 0xDF),
            _ => matches!(character, 0xDB | 0xDC),
        };
        if is_light { 255 } else { 0 }
    };
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(COLUMNS * MODULE, ROWS * 2 * MODULE, grey);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1);
    let (meta, text) = grids[0].decode().expect("a sound QR code");
    assert_eq!((meta.version.0, meta.ecc_level), (4, 1), "level L is 1 in the format");
    text
}

#[test]
fn a_reader_of_others_reads_a_block_of_any_length() {
    let words = "ramkey explain ";
    let mut seed = 1_u32;
    for len in 0..=90 {
        let block: String = (0..len)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(seed >> 27) as usize])
            })
            .collect();
        let qr = Qr::new(words.as_bytes(), block.bytes()).expect("there is room");
        assert_eq!(read(&qr), format!("{words}{block}"));
    }
}

#[test]
fn what_is_too_long_is_not_shown_in_part() {
    let block = |len| std::iter::repeat_n(b'Z', len);
    assert!(Qr::new(b"ramkey explain ", block(90)).is_some());
    assert!(Qr::new(b"ramkey explain ", block(91)).is_none());
}
