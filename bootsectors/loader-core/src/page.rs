//! The screen while a stick boots: a title bar, what happens now, what was said, and the keys.
//!
//! It is made for a look from across the room and for old screens: nothing is told by a colour alone, and everything fits 40
//! columns. What draws is a [`Video`]; on a screen of another shape the loader writes line by line instead.

use crate::canvas::{Canvas, Look, ROWS, Video, wrap};
use crate::log::Log;
use crate::screen::Text;

mod digits;

/// First row below the title bar that is used.
const TOP: usize = 2;
/// Empty columns at both sides.
const MARGIN: usize = 1;
/// Parts of a bar: done, and not done yet.
const BAR: [u8; 2] = [0xDB, 0xB0];
/// Rows of a frame above and below its text, on a wide and on a narrow screen.
const FRAME: [usize; 2] = [2, 1];
/// Columns of a frame on each side of its text.
const FRAME_SIDE: usize = 3;
/// Rows of the menu that are shown at a time, on a wide and on a narrow screen.
const MENU_ROWS: [usize; 2] = [11, 7];

/// Column of what an entry needs, on a wide and on a narrow screen.
const WIDE_STATE: usize = 53;
const NARROW_STATE: usize = 26;
/// Columns of an entry as a line, so that it covers what was there.
const LINE: usize = 78;

/// An entry of the menu, as a row.
pub struct Row<'r> {
    /// Its number, from 1.
    pub number: usize,
    /// Its title.
    pub title: &'r [u8],
    /// Memory that it needs, or what is wrong with it.
    pub state: &'r [u8],
    /// Whether it can be started.
    pub fits: bool,
}

impl Row<'_> {
    /// It as a line. A mark says what a look says too: the entry that is selected, and one that does not fit.
    #[inline(never)]
    pub fn line(&self, is_selected: bool, is_narrow: bool) -> Text {
        let state = if is_narrow { NARROW_STATE } else { WIDE_STATE };
        let mut line = Text::new();
        line.byte(b' ').byte(if is_selected { b'>' } else { b' ' });
        line.byte(if self.fits { b' ' } else { b'-' });
        line.decimal_wide(self.number as u32, 2).text("  ");
        let room = state - line.as_bytes().len() - 1;
        line.bytes(self.title.get(..room).unwrap_or(self.title)).pad_to(state);
        line.bytes(self.state).pad_to(LINE);
        line
    }
}

/// The screen.
#[derive(Clone, Default)]
pub struct Page {
    canvas: Canvas,
    log: Log,
    /// First row of what was said.
    log_top: usize,
    /// One past its last row.
    log_end: usize,
    /// Row of what changes: the bar, or what a countdown says.
    live: usize,
    /// Empty columns before what was said.
    log_margin: usize,
    /// Where the cursor stays, out of the way.
    cursor: (usize, usize),
}

impl Page {
    /// No screen yet: zeros, which take no room on the stick.
    pub const fn new() -> Self {
        Self {
            canvas: Canvas::new(),
            log: Log::new(),
            log_top: 0,
            log_end: 0,
            live: 0,
            log_margin: 0,
            cursor: (0, 0),
        }
    }

    /// The screen is empty, and has 40 or 80 columns.
    pub fn open(&mut self, columns: usize) {
        self.canvas.set_columns(columns);
        (self.log_top, self.log_end) = (TOP, ROWS);
        (self.live, self.log_margin) = (TOP, MARGIN);
        self.cursor = (TOP, 0);
    }

    /// Whether it has 40 columns.
    pub fn is_narrow(&self) -> bool {
        self.canvas.columns() < crate::canvas::COLUMNS_MAX
    }

    /// Rows of the menu that are shown at a time.
    pub fn menu_rows(&self) -> usize {
        MENU_ROWS[usize::from(self.is_narrow())]
    }

    /// What was said.
    pub fn log(&mut self) -> &mut Log {
        &mut self.log
    }

    /// The title bar: the program, and where there is room the machine.
    #[inline(never)]
    pub fn title(&mut self, video: &mut impl Video, program: &[u8], machine: &[u8]) {
        let columns = self.canvas.columns();
        let mut bar = Text::new();
        bar.byte(b' ').bytes(program);
        let start = (columns - MARGIN).saturating_sub(machine.len());
        if !self.is_narrow() && bar.as_bytes().len() < start {
            bar.pad_to(start).bytes(machine);
        }
        self.canvas.put(video, 0, (0, columns), bar.as_bytes(), Look::Reverse);
        self.park(video);
    }

    /// Clears all but the title bar; from `top` on stands what is said.
    #[inline(never)]
    fn begin(&mut self, video: &mut impl Video, top: usize) {
        self.canvas.clear(video, 1..ROWS);
        (self.log_top, self.log_end) = (top, ROWS);
        (self.live, self.log_margin) = (top, MARGIN);
        self.cursor = (TOP, 0);
    }

    /// Nothing but what was said.
    #[inline(never)]
    pub fn plain(&mut self, video: &mut impl Video) {
        self.begin(video, TOP);
        self.show_log(video);
    }

    /// The last row: what the keys do. It takes two rows where it must.
    #[inline(never)]
    pub fn keys(&mut self, video: &mut impl Video, keys: &[u8]) {
        let (columns, width) = (self.canvas.columns(), self.width());
        let rows = wrap(keys, width).count().min(ROWS);
        self.log_end = ROWS - rows;
        for (row, part) in (ROWS - rows..).zip(wrap(keys, width)) {
            let mut bar = Text::new();
            bar.byte(b' ').bytes(part);
            self.canvas.put(video, row, (0, columns), bar.as_bytes(), Look::Reverse);
        }
        self.show_log(video);
    }

    /// An image begins to load.
    #[inline(never)]
    pub fn loading(&mut self, video: &mut impl Video, what: &[u8]) {
        let rows = self.rows_of_loading();
        self.begin(video, TOP);
        self.lines(video, TOP, what, rows, Look::Bright);
        self.live = TOP + rows + 1;
        self.log_top = self.live + digits::ROWS + 3 + self.rows_of_numbers() + 1;
        self.show_log(video);
    }

    /// Rows of what loads, which is never more than a line of the wide screen.
    fn rows_of_loading(&self) -> usize {
        if self.is_narrow() { 3 } else { 1 }
    }

    /// How far it is: large per cent, a bar, and the numbers.
    #[inline(never)]
    pub fn progress(&mut self, video: &mut impl Video, percent: u32, numbers: &[u8]) {
        let top = self.live;
        let percent = percent.min(100);
        for row in 0..digits::ROWS {
            let mut line = Text::new();
            digits::percent(&mut line, percent, row);
            let (start, end) = (MARGIN, self.canvas.columns() - MARGIN);
            self.canvas.put(video, top + row, (start, end), line.as_bytes(), Look::Bright);
        }
        let bar = top + digits::ROWS + 1;
        let width = self.canvas.columns() - 2 * MARGIN;
        let done = width * percent as usize / 100;
        for (start, end, byte) in [(0, done, BAR[0]), (done, width, BAR[1])] {
            let mut part = Text::new();
            while part.as_bytes().len() < end - start {
                part.byte(byte);
            }
            let look = if byte == BAR[0] { Look::Bright } else { Look::Plain };
            self.canvas.put(video, bar, (MARGIN + start, MARGIN + end), part.as_bytes(), look);
        }
        self.lines(video, bar + 2, numbers, self.rows_of_numbers(), Look::Plain);
        self.park(video);
    }

    /// Rows of what is said of progress, which is never more than a line of the wide screen.
    fn rows_of_numbers(&self) -> usize {
        if self.is_narrow() { 3 } else { 1 }
    }

    /// One thing that nobody may overlook, in a reversed frame, with a large `OK` above it if that is all that there is to know;
    /// below it what [`Self::count_down`] says.
    #[inline(never)]
    pub fn framed(&mut self, video: &mut impl Video, what: &[u8], is_ok: bool) {
        let columns = self.canvas.columns();
        let width = columns - 2 * FRAME_SIDE;
        let large = if is_ok { digits::ROWS + 1 } else { 0 };
        let frame = FRAME[usize::from(self.is_narrow())];
        let height = large + wrap(what, width).count() + 2 * frame;
        self.begin(video, TOP);
        for row in 0..height {
            let (left, between, right) = match row {
                0 => (0xC9, 0xCD, 0xBB),
                _ if row == height - 1 => (0xC8, 0xCD, 0xBC),
                _ => (0xBA, b' ', 0xBA),
            };
            let mut line = Text::new();
            line.byte(left);
            while line.as_bytes().len() < columns - 2 - MARGIN {
                line.byte(between);
            }
            line.byte(right);
            let within = (MARGIN, columns - MARGIN);
            self.canvas.put(video, TOP + row, within, line.as_bytes(), Look::Reverse);
        }
        for row in 0..large.saturating_sub(1) {
            let mut line = Text::new();
            digits::ok(&mut line, row);
            let start = (columns - digits::OK_COLUMNS) / 2;
            let within = (start, start + digits::OK_COLUMNS);
            self.canvas.put(video, TOP + frame + row, within, line.as_bytes(), Look::Reverse);
        }
        for (row, part) in (TOP + frame + large..).zip(wrap(what, width)) {
            let start = (columns - part.len()) / 2;
            self.canvas.put(video, row, (start, start + part.len()), part, Look::Reverse);
        }
        self.live = TOP + height + 1;
        self.log_top = self.live + self.rows_of_countdown() + 1;
        self.show_log(video);
    }

    /// What is counted down, or waited for.
    #[inline(never)]
    pub fn count_down(&mut self, video: &mut impl Video, what: &[u8]) {
        self.lines(video, self.live, what, self.rows_of_countdown(), Look::Bright);
        self.park(video);
    }

    fn rows_of_countdown(&self) -> usize {
        if self.is_narrow() { 3 } else { 1 }
    }

    /// The end: why the machine stopped, as a bar, and all that is said below it.
    #[inline(never)]
    pub fn halt(&mut self, video: &mut impl Video, why: &[u8]) {
        let columns = self.canvas.columns();
        self.begin(video, TOP + 2);
        let mut bar = Text::new();
        bar.byte(b' ').bytes(why);
        self.canvas.put(video, TOP, (0, columns), bar.as_bytes(), Look::Reverse);
        self.log.read();
        // A code begins where it did in every version: people and programs look for it there.
        self.log_margin = 0;
        self.show_log(video);
    }

    /// The report that somebody asked for: as below a halt, but nothing stopped.
    #[inline(never)]
    pub fn report(&mut self, video: &mut impl Video) {
        self.begin(video, TOP);
        self.log.read();
        self.log_margin = 0;
        self.show_log(video);
    }

    /// Rows that are free below what was said.
    pub fn rows_left(&self) -> usize {
        let width = self.width_of_log();
        let said: usize = self.log.news().map(|line| wrap(line.as_bytes(), width).count()).sum();
        self.log_end.saturating_sub(self.log_top + said)
    }

    /// The menu of `count` entries, of which some are shown, below `what`; [`Self::row`] fills them in.
    #[inline(never)]
    pub fn menu(&mut self, video: &mut impl Video, what: &[u8], shown: usize) {
        self.begin(video, TOP);
        self.lines(video, TOP, what, self.rows_of_heading(), Look::Plain);
        self.live = self.menu_top() + shown.min(self.menu_rows()) + 1;
        self.log_top = self.live + self.rows_of_countdown() + 1;
        self.show_log(video);
    }

    fn menu_top(&self) -> usize {
        TOP + self.rows_of_heading() + 1
    }

    fn rows_of_heading(&self) -> usize {
        if self.is_narrow() { 2 } else { 1 }
    }

    /// An entry in the row `place` of the menu.
    #[inline(never)]
    pub fn row(&mut self, video: &mut impl Video, place: usize, entry: &Row<'_>, is_selected: bool) {
        let columns = self.canvas.columns();
        let line = entry.line(is_selected, self.is_narrow());
        let look = match (is_selected, entry.fits) {
            (true, _) => Look::Reverse,
            (false, true) => Look::Bright,
            (false, false) => Look::Plain,
        };
        let row = self.menu_top() + place;
        self.canvas.put(video, row, (0, columns), line.as_bytes(), look);
        if is_selected {
            self.cursor = (row, 0);
        }
    }

    /// Shows what was said last, as much as there is room for.
    #[inline(never)]
    pub fn show_log(&mut self, video: &mut impl Video) {
        let (top, width) = (self.log_top, self.width_of_log());
        let room = self.log_end.saturating_sub(top);
        let rows: usize = self.log.news().map(|line| wrap(line.as_bytes(), width).count()).sum();
        let parts = self.log.news().flat_map(|line| wrap(line.as_bytes(), width));
        let (start, end) = (self.log_margin, self.log_margin + width);
        let mut row = top;
        for part in parts.skip(rows.saturating_sub(room)) {
            self.canvas.put(video, row, (start, end), part, Look::Plain);
            row += 1;
        }
        for row in row..self.log_end {
            self.canvas.put(video, row, (start, end), b"", Look::Plain);
        }
        self.park(video);
    }

    /// Clears the screen; the caller writes on from its first row.
    #[inline(never)]
    pub fn leave(&mut self, video: &mut impl Video) {
        self.canvas.clear(video, 0..ROWS);
        video.cursor(0, 0);
    }

    /// Columns of what was said: all where nothing is left of it, because a row of a block is as wide as a narrow screen.
    fn width_of_log(&self) -> usize {
        match self.log_margin {
            0 if self.is_narrow() => self.canvas.columns(),
            _ => self.width(),
        }
    }

    /// Columns of text.
    fn width(&self) -> usize {
        self.canvas.columns() - 2 * MARGIN + usize::from(!self.is_narrow())
    }

    /// `text` in so many rows.
    #[inline(never)]
    fn lines(&mut self, video: &mut impl Video, top: usize, text: &[u8], rows: usize, look: Look) {
        let width = self.width();
        let mut parts = wrap(text, width);
        for row in top..top + rows {
            let part = parts.next().unwrap_or(b"");
            self.canvas.put(video, row, (MARGIN, MARGIN + width), part, look);
        }
    }

    #[inline(never)]
    fn park(&self, video: &mut impl Video) {
        let (row, column) = self.cursor;
        video.cursor(row, column);
    }
}
