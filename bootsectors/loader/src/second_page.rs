//! The second page of the text screen, which a VGA has: the QR code of a halt, and the first page stays as it is.

use ramkey_format::boot::Registers;
use ramkey_loader_core::qr::{Qr, ROWS};

use crate::{low, real_mode};

/// INT 10h AX=1A00h: the adapters of which a VGA is the active one, in black and white or in colour.
const VGA: [u8; 2] = [0x07, 0x08];
/// The page.
const PAGE: u32 = 1;
/// White on black, as bright as can be: the light modules shine.
const BRIGHT: u32 = 0x0F00;
/// Grey on black, as a change of the video mode leaves a page.
const PLAIN: u32 = 0x0700;
/// The last column and row of the screen.
const LAST_CELL: u32 = 0x184F;
/// Column of the QR code.
const COLUMN: u32 = 2;

/// Whether the adapter is a VGA. Older ones have characters of another shape, and perhaps no second page. What is older than
/// an EGA is not even asked: it need not know the call.
pub fn is_there() -> bool {
    if low::VIDEO_LAST_ROW.read() == 0 {
        return false;
    }
    let after = video(0x1A00, 0, 0, 0);
    after.eax.get() as u8 == 0x1A && VGA.contains(&(after.ebx.get() as u8))
}

/// Shows `qr` on it.
pub fn show(qr: &Qr) {
    video(0x0500 | PAGE, 0, 0, 0);
    clear(BRIGHT);
    for row in 0..ROWS {
        video(0x0200, PAGE << 8, 0, (row as u32) << 8 | COLUMN);
        for character in qr.row(row) {
            video(0x0E00 | u32::from(character), PAGE << 8, 0, 0);
        }
    }
}

/// Shows the first page again, and leaves the second one as it was found: empty.
pub fn leave() {
    clear(PLAIN);
    video(0x0200, PAGE << 8, 0, 0);
    video(0x0500, 0, 0, 0);
}

/// Clears the page that is shown: scrolling by no lines does that.
fn clear(look: u32) {
    video(0x0600, look, 0, LAST_CELL);
}

/// Not `bios::call`: a halt without A20 shows it too.
#[inline(never)]
fn video(eax: u32, ebx: u32, ecx: u32, edx: u32) -> Registers {
    let registers = Registers {
        eax: eax.into(),
        ebx: ebx.into(),
        ecx: ecx.into(),
        edx: edx.into(),
        ..Registers::default()
    };
    real_mode::call(0x10, registers)
}
