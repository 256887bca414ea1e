//! What the boot menu shows and does; drawing it and reading keys is the loader's part.

use ramkey_format::boot::NO_WAIT;

use crate::progress;
use crate::text::Line;

/// Most images that a menu shows.
pub const ENTRIES_MAX: usize = 16;
/// Longest title, in characters.
pub const TITLE_MAX: usize = 64;

/// One image.
#[derive(Clone, Copy, Debug)]
pub struct MenuEntry {
    /// Title.
    pub title: Line<TITLE_MAX>,
    /// Whether this machine has that much.
    pub fits: bool,
}

/// A key, from the keyboard or the serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// First entry.
    Home,
    /// Last entry.
    End,
    /// Boots what is selected.
    Enter,
    /// 1 to 9: boots that entry. 0 does nothing.
    Digit(u8),
    /// Changes how INT 13h copies.
    Copy,
    /// Changes the language of the screen.
    Language,
    /// Changes whether a floppy that may be a hard disk is one.
    Kind,
    /// Any other key: stops the countdown.
    Other,
}

/// What the loader must do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// Draw the menu again.
    Redraw,
    /// Boot this entry.
    Boot(usize),
    /// Change how INT 13h copies, and draw again.
    SwitchCopy,
    /// Change the language, and draw again.
    SwitchLanguage,
    /// Draw again, and say that this entry does not fit the memory.
    Refused(usize),
}

/// The menu.
#[derive(Clone)]
pub struct Menu {
    entries: [Option<MenuEntry>; ENTRIES_MAX],
    count: usize,
    rows: usize,
    selected: usize,
    top: usize,
    countdown: Option<u32>,
    shown: u32,
}

impl Menu {
    /// An empty menu that shows `rows` entries at a time and, after `timeout` seconds without a key, boots what is
    /// selected; 0 waits for a key, [`NO_WAIT`] does not wait.
    pub fn new(rows: usize, timeout: u8) -> Self {
        let countdown = match timeout {
            0 => None,
            NO_WAIT => Some(0),
            seconds => Some(progress::ticks(seconds)),
        };
        let shown = countdown.map_or(0, progress::seconds);
        Self {
            entries: [None; ENTRIES_MAX],
            count: 0,
            rows: rows.max(1),
            selected: 0,
            top: 0,
            countdown,
            shown,
        }
    }

    /// Adds an entry; `false` if there are [`ENTRIES_MAX`] already. The first that fits is selected.
    pub fn push(&mut self, entry: MenuEntry) -> bool {
        let Some(free) = self.entries.get_mut(self.count) else { return false };
        *free = Some(entry);
        let nothing_fits = !self.entry(self.selected).is_some_and(|selected| selected.fits);
        self.count += 1;
        if nothing_fits && entry.fits {
            self.select(self.count - 1);
        }
        true
    }

    /// Number of entries.
    pub fn count(&self) -> usize {
        self.count
    }

    /// MenuEntry `index`.
    pub fn entry(&self, index: usize) -> Option<&MenuEntry> {
        self.entries.get(index)?.as_ref()
    }

    /// The selected entry.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// The entries to show, as `start..end`.
    pub fn window(&self) -> core::ops::Range<usize> {
        self.top..(self.top + self.rows).min(self.count)
    }

    /// Seconds until the selected entry boots, or `None` when the menu waits for a key.
    pub fn seconds_left(&self) -> Option<u32> {
        self.countdown.map(|_| self.shown)
    }

    /// Handles a key; any key stops the countdown.
    pub fn key(&mut self, key: Key) -> Action {
        let counted = self.countdown.take().is_some();
        let last = self.count.saturating_sub(1);
        let before = self.selected;
        match key {
            Key::Up => self.select(before.saturating_sub(1)),
            Key::Down => self.select((before + 1).min(last)),
            Key::Home => self.select(0),
            Key::End => self.select(last),
            Key::Enter => return self.boot(),
            Key::Digit(digit) => {
                let index = usize::from(digit).wrapping_sub(1);
                if index < self.count {
                    self.select(index);
                    return self.boot();
                }
            }
            Key::Copy => return Action::SwitchCopy,
            Key::Language => return Action::SwitchLanguage,
            Key::Kind | Key::Other => {}
        }
        if counted || self.selected != before { Action::Redraw } else { Action::None }
    }

    /// Handles the time: `ticks` since the menu was shown.
    pub fn tick(&mut self, ticks: u32) -> Action {
        let Some(countdown) = self.countdown else { return Action::None };
        let left = countdown.saturating_sub(ticks);
        if left == 0 {
            self.countdown = None;
            return self.boot();
        }
        let seconds = progress::seconds(left);
        let changed = seconds != self.shown;
        self.shown = seconds;
        if changed { Action::Redraw } else { Action::None }
    }

    fn boot(&self) -> Action {
        match self.entry(self.selected) {
            Some(entry) if entry.fits => Action::Boot(self.selected),
            Some(_) => Action::Refused(self.selected),
            None => Action::None,
        }
    }

    /// Selects an entry and scrolls so that it is shown.
    fn select(&mut self, index: usize) {
        self.selected = index;
        if index < self.top {
            self.top = index;
        } else if index >= self.top + self.rows {
            self.top = index + 1 - self.rows;
        }
    }
}
