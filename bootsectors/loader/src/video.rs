//! The text screen through INT 10h, whatever adapter it is.
//!
//! Not `bios::call`, which panics without A20: a panic makes a screen.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use ramkey_format::boot::Registers;
use ramkey_loader_core::canvas::{Look, Video, VideoData};
use ramkey_loader_core::page::Page;

use crate::{a20, low, real_mode};

/// The text mode that everything else is judged by: 80 columns, or what the adapter has in their place.
const TEXT_MODE: u32 = 3;
const SET_CURSOR: u32 = 0x0200;
const GET_CURSOR: u32 = 0x0300;
const READ_CELL: u32 = 0x0800;
const WRITE_CELLS: u32 = 0x0900;
const TELETYPE: u32 = 0x0E00;
/// Where it is tried whether the screen does what it is told, and with what.
const TRIED: (usize, usize, u8) = (1, 3, b'=');

/// Sets the mode, which clears the screen.
pub fn reset() {
    call(TEXT_MODE, 0, 0, 0);
}

struct Shared(UnsafeCell<Page>);

// SAFETY: there is one thread, and `page` gives it out once.
unsafe impl Sync for Shared {}

/// The page, once, for the first screen on which text can be put in its place. A panic, which makes another screen, has none.
pub fn page() -> Option<&'static mut Page> {
    // Not on the stack, which has little room, nor on the stick: it is zeros.
    static PAGE: Shared = Shared(UnsafeCell::new(Page::new()));
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::Relaxed) {
        return None;
    }
    let columns = columns()?;
    // SAFETY: nobody else gets here.
    let page = unsafe { &mut *PAGE.0.get() };
    page.open(columns);
    Some(page)
}

/// The columns of the screen, if it is one on which text can be put in its place: 40 or 80.
fn columns() -> Option<usize> {
    let columns = data().columns()?;
    let (row, column, byte) = TRIED;
    Bios.fill(row, column, byte, Look::Plain, 1);
    let is_there = cursor() == position(row, column) && call(READ_CELL, 0, 0, 0).eax.get() as u8 == byte;
    Bios.fill(row, column, b' ', Look::Plain, 1);
    Bios.cursor(0, 0);
    is_there.then_some(columns)
}

/// Whether the screen has 40 columns, also if nothing can be put in its place.
pub fn is_narrow() -> bool {
    data().is_narrow()
}

fn data() -> VideoData {
    VideoData {
        mode: low::VIDEO_MODE.read(),
        columns: low::VIDEO_COLUMNS.read(),
        last_row: low::VIDEO_LAST_ROW.read(),
    }
}

/// Writes a byte where the cursor is, and moves it as a teletype does.
pub fn teletype(byte: u8) {
    call(TELETYPE | u32::from(byte), Look::Plain as u32, 0, 0);
}

/// The row of the cursor.
pub fn cursor_row() -> u8 {
    (cursor() >> 8) as u8
}

fn cursor() -> u32 {
    call(GET_CURSOR, 0, 0, 0).edx.get() & 0xFFFF
}

fn position(row: usize, column: usize) -> u32 {
    (row << 8 | column) as u32
}

/// The screen.
pub struct Bios;

impl Video for Bios {
    fn fill(&mut self, row: usize, column: usize, byte: u8, look: Look, count: usize) {
        self.cursor(row, column);
        call(WRITE_CELLS | u32::from(byte), look as u32, count as u32, 0);
        keep_a20();
    }

    fn cursor(&mut self, row: usize, column: usize) {
        call(SET_CURSOR, 0, 0, position(row, column));
        keep_a20();
    }
}

/// Switches A20 on again, if a call switched it off. If it stays off, the next call of another kind tells of it: until then
/// nothing is tried again, because that takes long, and a screen is many calls.
pub fn keep_a20() {
    static HAS_FAILED: AtomicBool = AtomicBool::new(false);
    if !HAS_FAILED.load(Ordering::Relaxed) && !a20::is_on() && a20::switch_on().is_none() {
        HAS_FAILED.store(true, Ordering::Relaxed);
    }
}

#[inline(never)]
fn call(eax: u32, ebx: u32, ecx: u32, edx: u32) -> Registers {
    let registers = Registers {
        eax: eax.into(),
        ebx: ebx.into(),
        ecx: ecx.into(),
        edx: edx.into(),
        ..Registers::default()
    };
    real_mode::call(0x10, registers)
}
