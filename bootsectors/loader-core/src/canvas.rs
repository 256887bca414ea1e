//! The cells of a text screen as they are, so that only those are written that change: a BIOS is slow, and a calm screen does not
//! flicker.

/// Most columns of a text screen.
pub const COLUMNS_MAX: usize = 80;
/// Columns of a narrow one.
pub const COLUMNS_NARROW: usize = 40;
/// Rows of a text screen; one with more keeps its last ones empty.
pub const ROWS: usize = 25;

/// How a cell looks. Black, grey and white, so that it is the same on a screen without colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Grey on black.
    Plain = 0x07,
    /// White on black.
    Bright = 0x0F,
    /// Black on grey.
    Reverse = 0x70,
}

/// An empty cell, as a change of the video mode leaves it.
const EMPTY: u16 = cell(b' ', Look::Plain);

const fn cell(byte: u8, look: Look) -> u16 {
    (look as u16) << 8 | byte as u16
}

/// What the BIOS says of its text screen, after the mode was set: the video mode (40:49), its columns (40:4A), and its rows
/// less one (40:84), which only an EGA and what came later tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoData {
    /// The mode.
    pub mode: u8,
    /// Columns.
    pub columns: u16,
    /// Rows less one, or 0.
    pub last_row: u8,
}

impl VideoData {
    /// The columns of a text screen of 40 or 80 columns and at least 25 rows; `None` for any other, on which nothing should
    /// be put in its place.
    pub fn columns(self) -> Option<usize> {
        let columns = match (self.mode, self.columns) {
            (0 | 1, 40) => COLUMNS_NARROW,
            (2 | 3 | 7, 80) => COLUMNS_MAX,
            _ => return None,
        };
        let rows = usize::from(self.last_row) + 1;
        (self.last_row == 0 || rows >= ROWS).then_some(columns)
    }

    /// Whether it has the columns of a narrow screen, whatever else is strange about it.
    pub fn is_narrow(self) -> bool {
        usize::from(self.columns) == COLUMNS_NARROW
    }
}

/// What writes cells.
pub trait Video {
    /// Writes `byte` into `count` cells of a row, from `column` on.
    fn fill(&mut self, row: usize, column: usize, byte: u8, look: Look, count: usize);
    /// Puts the cursor there.
    fn cursor(&mut self, row: usize, column: usize);
}

/// The cells of a screen.
#[derive(Clone)]
pub struct Canvas {
    columns: usize,
    /// In which bits each differs from an empty one: so that an empty screen is zeros, which take no room on the stick.
    cells: [[u16; COLUMNS_MAX]; ROWS],
}

impl Canvas {
    /// No screen.
    pub const fn new() -> Self {
        Self { columns: 0, cells: [[0; COLUMNS_MAX]; ROWS] }
    }

    /// It has so many columns, at most [`COLUMNS_MAX`].
    pub fn set_columns(&mut self, columns: usize) {
        self.columns = columns.min(COLUMNS_MAX);
    }

    /// Columns of the screen.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Writes `text`, and spaces behind it up to `end`, from `column` of `row` on. What does not fit is left out.
    #[inline(never)]
    pub fn put(
        &mut self,
        video: &mut impl Video,
        row: usize,
        (column, end): (usize, usize),
        text: &[u8],
        look: Look,
    ) {
        let end = end.min(self.columns);
        let Some(cells) = self.cells.get_mut(row).and_then(|cells| cells.get_mut(column..end)) else {
            return;
        };
        let wanted = |place: usize| cell(text.get(place).copied().unwrap_or(b' '), look) ^ EMPTY;
        let mut cells = (column..).zip(cells.iter_mut().enumerate()).peekable();
        while let Some((at, (place, old))) = cells.next() {
            let new = wanted(place);
            if *old == new {
                continue;
            }
            *old = new;
            // The same in one call, as far as it goes: most of a row is spaces or a bar.
            let mut count = 1;
            while let Some((_, (_, old))) =
                cells.next_if(|(_, (place, old))| wanted(*place) == new && **old != new)
            {
                *old = new;
                count += 1;
            }
            video.fill(row, at, (new ^ EMPTY) as u8, look, count);
        }
    }

    /// Makes rows empty.
    #[inline(never)]
    pub fn clear(&mut self, video: &mut impl Video, rows: core::ops::Range<usize>) {
        for row in rows {
            self.put(video, row, (0, self.columns), b"", Look::Plain);
        }
    }
}

impl Default for Canvas {
    fn default() -> Self {
        Self::new()
    }
}

/// The parts of `text` that fit a row of `width` columns each: broken at spaces, or anywhere within a longer word.
pub fn wrap(text: &[u8], width: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let text = rest?;
        if text.len() <= width || width == 0 {
            rest = None;
            return Some(text);
        }
        let fitting = text.get(..=width).unwrap_or(text);
        let (end, next) = match fitting.iter().rposition(|&byte| byte == b' ') {
            Some(space) if space > 0 => (space, space + 1),
            _ => (width, width),
        };
        rest = text.get(next..);
        text.get(..end)
    })
}

/// What a teletype gets for a line, on a narrow screen or on one that is as wide as any line: rows, with what ends each.
pub fn teletype(line: &[u8], is_narrow: bool) -> impl Iterator<Item = (&[u8], &'static [u8])> {
    let columns = if is_narrow { COLUMNS_NARROW } else { COLUMNS_MAX };
    // A row that is full has ended by itself: another end would leave an empty one below it.
    wrap(line, columns).map(move |part| (part, if part.len() < columns { b"\r\n".as_slice() } else { b"" }))
}
