//! What a person sees and types: the page on the screen, or lines on a screen of another shape, with a copy to the ports.

use ramkey_format::boot::{BootHeader, HEADER_SERIAL};
use ramkey_loader_core::canvas::{ROWS, Video, teletype};
use ramkey_loader_core::drive::Method;
use ramkey_loader_core::menu::Key;
use ramkey_loader_core::page::{Page, Row};
use ramkey_loader_core::screen::{COLUMNS, Language, Message, Sentence, Text, say};

use crate::mirror::Mirror;
use crate::video::{self, Bios};
use crate::{bios, low};

/// Scan code of the key 1.
const SCAN_1: u8 = 2;
/// Scan code of F8 (INT 16h).
const SCAN_F8: u8 = 0x42;
/// Rows of the menu where there is no page.
const MENU_ROWS: usize = 12;
/// Rows around those: what to choose, what the time says, and an empty one.
const MENU_AROUND: usize = 3;

/// Where text goes.
pub struct Console {
    mirror: Mirror,
    /// The screen, if it has a usual shape. Else text goes from line to line.
    page: Option<&'static mut Page>,
    /// The line that is not ended yet.
    line: Text,
    language: Language,
    /// Memory and drive, once they are known.
    machine: Option<(u64, u8, Method)>,
    /// Row of the menu, where there is no page.
    top: u8,
    /// The page is for what is said of the end.
    is_halted: bool,
    /// A20 could not be switched on: that is all that is said.
    is_last: bool,
}

impl Console {
    /// A cleared text screen, in the language of the stick.
    #[inline(never)]
    pub fn new() -> Self {
        let sector = low::boot_header();
        let header = BootHeader::parse(&sector).ok();
        let language = header.and_then(|header| Language::of(header.language));
        let serial = header.is_some_and(|header| header.flags.get() & HEADER_SERIAL != 0);
        video::reset();
        let mut console = Self {
            mirror: Mirror::new(serial),
            page: video::page(),
            language: language.unwrap_or(Language::English),
            is_last: false,
            ..Self::silent()
        };
        console.show_title();
        console.aside(say::title(VERSION).as_message());
        console
    }

    /// The screen as it is, and no serial port: for the end of a boot that may happen anywhere.
    #[inline(never)]
    pub fn silent() -> Self {
        let (mirror, line) = (Mirror::debug(), Text::new());
        Self {
            mirror,
            page: None,
            line,
            language: Language::English,
            machine: None,
            top: 0,
            is_halted: false,
            is_last: true,
        }
    }

    /// Writes bytes; `\r` and `\n` move as on a terminal.
    #[inline(never)]
    pub fn write(&mut self, bytes: &[u8]) {
        self.mirror.text(bytes);
        for &byte in bytes {
            match (&mut self.page, byte) {
                (None, _) => video::teletype(byte),
                (Some(_), b'\r') => {}
                (Some(page), b'\n') => {
                    match self.line.as_bytes() {
                        b"" => page.log().end_paragraph(),
                        _ => page.log().push(&self.line, true),
                    }
                    self.line.clear();
                    page.show_log(&mut Bios);
                }
                (Some(_), _) => {
                    self.line.byte(byte);
                }
            }
        }
        // A teletype may have switched A20 off, which this looks after.
        if self.page.is_none() && !self.is_last {
            video::keep_a20();
        }
    }

    /// Writes text and ends the line.
    #[inline(never)]
    pub fn line(&mut self, bytes: &[u8]) {
        if self.page.is_some() {
            self.write(bytes);
            return self.write(b"\r\n");
        }
        let was_muted = self.mirror.is_muted;
        self.mirror.line(bytes);
        self.mirror.is_muted = true;
        for (row, end) in teletype(bytes, self.is_narrow()) {
            self.write(row);
            self.write(end);
        }
        self.mirror.is_muted = was_muted;
    }

    /// Sends a line to the ports alone.
    pub fn to_ports(&mut self, bytes: &[u8]) {
        self.mirror.line(bytes);
    }

    /// Ends the line.
    pub fn end_line(&mut self) {
        self.line(b"");
    }

    /// The language that everything is said in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Says everything in the next language from now on; `again` says what is on the screen. No port gets that twice.
    #[inline(never)]
    pub fn switch_language(&mut self, again: &dyn Fn(&mut Self)) {
        self.language = self.language.next();
        self.show_title();
        self.quietly(again);
    }

    /// What `say` says goes to the screen alone.
    pub fn quietly(&mut self, say: &dyn Fn(&mut Self)) {
        let was_muted = core::mem::replace(&mut self.mirror.is_muted, true);
        say(self);
        self.mirror.is_muted = was_muted;
    }

    /// Writes a sentence and ends the line.
    pub fn say<const PLACES: usize>(&mut self, sentence: &Sentence<'_, PLACES>) {
        self.say_message(sentence.as_message());
    }

    /// Writes a sentence and ends the line. What the host program waits for goes to the ports, if the screen does not say it.
    #[inline(never)]
    pub fn say_message(&mut self, message: Message<'_>) {
        let mut line = Text::new();
        self.language.say(&mut line, message);
        self.line(line.as_bytes());
        if let Some(line) = self.language.for_host(message) {
            self.mirror.line(line.as_bytes());
        }
    }

    /// Says what the page shows elsewhere: among the lines it is no news.
    #[inline(never)]
    fn aside(&mut self, message: Message<'_>) {
        let Some(page) = &mut self.page else { return self.say_message(message) };
        let mut line = Text::new();
        self.language.say(&mut line, message);
        page.log().push(&line, false);
        self.mirror.line(line.as_bytes());
    }

    /// A line with `sentence` alone, to be shown later.
    pub fn words<const PLACES: usize>(&self, sentence: &Sentence<'_, PLACES>) -> Text {
        self.language.line(sentence)
    }

    /// Appends `sentence` to a line.
    pub fn append<const PLACES: usize>(&self, line: &mut Text, sentence: &Sentence<'_, PLACES>) {
        self.language.say(line, sentence.as_message());
    }

    /// Says how much memory there is, and how the medium is read.
    #[inline(never)]
    pub fn show_machine(&mut self, ram: u64, drive: u8, method: Method) {
        self.machine = Some((ram, drive, method));
        self.show_title();
        let machine = say::machine(ram, drive, method);
        match &self.page {
            Some(page) if !page.is_narrow() => self.aside(machine.as_message()),
            _ => self.say(&machine),
        }
    }

    #[inline(never)]
    fn show_title(&mut self) {
        let language = self.language;
        let Some(page) = &mut self.page else { return };
        let machine = match self.machine {
            Some((ram, drive, method)) => language.line(&say::machine(ram, drive, method)),
            None => Text::new(),
        };
        page.title(&mut Bios, language.line(&say::title(VERSION)).as_bytes(), machine.as_bytes());
    }

    /// What was said until now was read.
    #[inline(never)]
    pub fn start_afresh(&mut self) {
        if let Some(page) = &mut self.page {
            page.log().read();
            page.plain(&mut Bios);
        }
    }

    /// What is said from now on can be taken [back](Self::back_to).
    pub fn mark(&mut self) -> usize {
        self.page.as_mut().map_or(0, |page| page.log().mark())
    }

    /// Takes back what the page shows since `mark`.
    #[inline(never)]
    pub fn back_to(&mut self, mark: usize) {
        if let Some(page) = &mut self.page {
            page.log().back_to(mark);
            page.show_log(&mut Bios);
        }
    }

    /// An image begins to load.
    #[inline(never)]
    pub fn loading(&mut self, title: &[u8]) {
        self.end_line();
        let loading = say::loading(title);
        if let Some(page) = &mut self.page {
            page.loading(&mut Bios, self.language.line(&loading).as_bytes());
        }
        self.aside(loading.as_message());
    }

    /// How far it is.
    #[inline(never)]
    pub fn progress(&mut self, percent: u8, numbers: &Text) {
        match &mut self.page {
            Some(page) => {
                page.progress(&mut Bios, percent.into(), numbers.as_bytes());
                self.mirror.over(numbers);
            }
            None => self.over(numbers),
        }
    }

    /// It is as far as `numbers` say, and this was all.
    #[inline(never)]
    pub fn loaded(&mut self, percent: u8, numbers: &Text) {
        self.progress(percent, numbers);
        if let Some(page) = &mut self.page {
            page.log().push(numbers, false);
        }
        self.end_line();
    }

    /// Shows in a frame what nobody may overlook, above a countdown; large, if the medium `may_go`.
    pub fn frame(&mut self, sentence: &Sentence<'_, 0>, may_go: bool) {
        let (what, keys) = (self.words(sentence), self.words(&say::start_keys()));
        if let Some(page) = &mut self.page {
            page.framed(&mut Bios, what.as_bytes(), may_go);
            page.keys(&mut Bios, keys.as_bytes());
        }
    }

    /// What is counted down, or waited for.
    #[inline(never)]
    pub fn count_down(&mut self, line: &Text) {
        match &mut self.page {
            Some(page) => {
                page.count_down(&mut Bios, line.as_bytes());
                self.mirror.over(line);
            }
            None => self.over(line),
        }
    }

    /// The machine stops: the page is for what is said from now on. Whoever explains the code first calls it before that.
    #[inline(never)]
    pub fn halt(&mut self) {
        if core::mem::replace(&mut self.is_halted, true) {
            return;
        }
        let why = self.words(&say::why_not());
        if let Some(page) = &mut self.page {
            page.halt(&mut Bios, why.as_bytes());
        }
    }

    /// The page is for the report that somebody asked for.
    #[inline(never)]
    pub fn report(&mut self) {
        if let Some(page) = &mut self.page {
            page.report(&mut Bios);
        }
    }

    /// Entries that the menu shows at a time.
    pub fn menu_rows(&self) -> usize {
        self.page.as_ref().map_or(MENU_ROWS, |page| page.menu_rows())
    }

    /// Whether the screen has 40 columns.
    pub fn is_narrow(&self) -> bool {
        self.page.as_ref().map_or_else(video::is_narrow, |page| page.is_narrow())
    }

    /// Rows that are free below what was said. Where there is no page, what was said moves on.
    pub fn rows_left(&self) -> usize {
        self.page.as_ref().map_or(ROWS, |page| page.rows_left())
    }

    /// Whether the menu says by itself why the chosen entry does not fit.
    pub fn has_page(&self) -> bool {
        self.page.is_some()
    }

    /// A menu of `count` entries, which [`Self::menu_row`] fills in.
    #[inline(never)]
    pub fn menu(&mut self, count: usize) {
        let (choose, keys) = (self.words(&say::choose()), self.words(&say::menu_keys()));
        match &mut self.page {
            Some(page) => {
                page.menu(&mut Bios, choose.as_bytes(), count);
                page.keys(&mut Bios, keys.as_bytes());
                self.mirror.line(choose.as_bytes());
            }
            None => {
                // A menu that scrolls is drawn in the wrong rows from then on.
                let end = usize::from(video::cursor_row()) + count.min(MENU_ROWS) + MENU_AROUND;
                if end >= ROWS {
                    video::reset();
                }
                self.line(choose.as_bytes());
                self.top = video::cursor_row();
            }
        }
    }

    /// The entries are shown, again or for the first time; `is_new` if something else than the time changed.
    #[inline(never)]
    pub fn begin_rows(&mut self, is_new: bool) {
        self.mirror.is_muted = !is_new;
        if self.page.is_none() {
            Bios.cursor(self.top.into(), 0);
        }
        self.mirror.line(b"");
    }

    /// An entry in the row `place` of the menu.
    #[inline(never)]
    pub fn menu_row(&mut self, place: usize, row: &Row<'_>, is_selected: bool) {
        let line = row.line(is_selected, false);
        match &mut self.page {
            Some(page) => {
                page.row(&mut Bios, place, row, is_selected);
                self.mirror.line(line.as_bytes());
            }
            None => self.line(line.as_bytes()),
        }
    }

    /// What stands below the entries.
    #[inline(never)]
    pub fn end_rows(&mut self, line: &mut Text) {
        self.mirror.is_muted = false;
        if self.page.is_some() {
            return self.count_down(line);
        }
        line.pad_to(COLUMNS);
        self.line(line.as_bytes());
    }

    /// Leaves the screen to the image: empty but for what was said, with the cursor below it.
    #[inline(never)]
    pub fn leave(&mut self) {
        let Some(page) = self.page.take() else { return };
        page.leave(&mut Bios);
        let log = page.log();
        self.quietly(&|console| {
            for line in log.all() {
                console.line(line.as_bytes());
            }
        });
    }

    /// Writes text over the current line, without ending it.
    #[inline(never)]
    fn over(&mut self, line: &Text) {
        let mut line = *line;
        self.write(b"\r");
        // As far as any line goes: nothing of the one before stays.
        self.write(line.pad_to(COLUMNS).as_bytes());
    }

    /// The next key, from the keyboard or the serial line.
    #[inline(never)]
    pub fn key(&mut self) -> Option<Key> {
        // Whoever asks for the report presses F8 again and again: later ones are no answer to anything.
        if let Some((scan, character)) = bios::key().filter(|&(scan, _)| scan != SCAN_F8) {
            return Some(match (scan, character) {
                (_, b'0'..=b'9') => Key::Digit(character - b'0'),
                (_, b'\r') => Key::Enter,
                (_, b'c' | b'C') => Key::Copy,
                (_, b'k' | b'K') => Key::Kind,
                (_, b'l' | b'L') => Key::Language,
                (0x48, _) => Key::Up,
                (0x50, _) => Key::Down,
                (0x47, _) => Key::Home,
                (0x4F, _) => Key::End,
                _ => Key::Other,
            });
        }
        // Only what a person types: mice, modems and noise talk on this line too.
        Some(match self.mirror.received()? {
            b'\r' | b'\n' => Key::Enter,
            b'k' => Key::Up,
            b'j' => Key::Down,
            b'c' => Key::Copy,
            b'K' => Key::Kind,
            b'L' => Key::Language,
            _ => return None,
        })
    }

    /// The next key as a character, or 0; from the serial line only what the report knows, and Enter.
    pub fn character(&mut self) -> Option<u8> {
        // Whoever asks for the report presses F8 again and again: later ones are no answer to anything.
        if let Some((scan, character)) = bios::key().filter(|&(scan, _)| scan != SCAN_F8) {
            // Whoever asked for the report may hold Shift still.
            return Some(if scan == SCAN_1 { b'1' } else { character });
        }
        self.mirror.received().filter(|byte| b"1cCeE\r\n".contains(byte))
    }
}

/// The version of this program.
const VERSION: &[u8] = env!("CARGO_PKG_VERSION").as_bytes();
