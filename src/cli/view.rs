//! The machine's text screen on standard output.
//!
//! On a terminal it is redrawn in place. Elsewhere it becomes a log: each line once, whole, when it is finished. The
//! machine is only looked at from time to time, so a text that is gone at once is not seen. The boot chain's page, with its bars
//! and frames, is no log: in its place are the lines that it writes to port E9h.

use std::collections::HashSet;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::cli::terminal::{Terminal, is_screen};
use crate::emulator::Screen;

/// A row that did not change for so long is not being written any more.
const SETTLED: Duration = Duration::from_millis(90);
/// The same for the lowest row, where prompts wait and clocks count.
const WAITING: Duration = Duration::from_secs(2);

/// A row of the screen, and what is known of it.
#[derive(Clone, Debug)]
struct Row {
    text: String,
    since: Instant,
    printed: bool,
}

/// The machine's text screen: redrawn in place on a terminal, else a log.
#[derive(Default)]
pub(super) struct View {
    wanted: bool,
    in_place: bool,
    last: Screen,
    rows: Vec<Row>,
    /// Bytes of port E9h that are lines of the log, and those lines: the screen may show them again.
    heard: usize,
    known: HashSet<String>,
}

/// How the title bar of the boot chain's page begins.
const TITLE_BAR: &str = " ramkey ";

impl View {
    /// A view that shows nothing if it is not wanted.
    pub fn new(wanted: bool) -> Self {
        let in_place = is_screen();
        Self { wanted, in_place, ..Self::default() }
    }

    /// Shows what is new on the screen, and in what was written to port E9h until now.
    pub fn show(&mut self, screen: &Screen, heard: &str, out: &mut Terminal) -> io::Result<()> {
        let seen = *screen == self.last;
        self.last = screen.clone();
        if !self.wanted {
            return Ok(());
        }
        if !self.in_place {
            let mut lines = self.listen(heard);
            lines.extend(self.look(screen, Instant::now()));
            return print(&lines, out);
        }
        if seen || screen.is_empty() {
            return Ok(());
        }
        out.redraw(screen.used())
    }

    /// Shows what stands above the lowest row, which is written before that.
    pub fn catch_up(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let lowest = self.rows.iter().rposition(|row| !row.text.is_empty()).unwrap_or(0);
        self.print_rows(lowest, out)
    }

    /// Shows what was still being written when the machine ended.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.print_rows(self.rows.len(), out)
    }

    fn print_rows(&mut self, end: usize, out: &mut dyn Write) -> io::Result<()> {
        if !self.wanted || self.in_place {
            return Ok(());
        }
        let mut lines = Vec::new();
        for row in self.rows[..end].iter_mut().filter(|row| !row.printed && !row.text.is_empty()) {
            row.printed = true;
            lines.push(row.text.clone());
        }
        print(&lines, out)
    }

    /// The screen as it was seen last.
    pub fn last(&self) -> &Screen {
        &self.last
    }

    /// The lines of port E9h that are finished since the last look.
    fn listen(&mut self, heard: &str) -> Vec<String> {
        let new = heard.get(self.heard..).unwrap_or_default();
        let whole = new.rfind('\n').map_or(0, |end| end + 1);
        self.heard += whole;
        // What was written over is not shown.
        let last = |line: &str| line.trim_end().rsplit('\r').next().unwrap_or_default().trim_end().to_owned();
        let lines = new[..whole].lines().map(last).filter(|line| !line.is_empty());
        let lines: Vec<String> = lines.collect();
        self.known.extend(lines.iter().cloned());
        lines
    }

    /// The lines that are finished since the last look.
    fn look(&mut self, screen: &Screen, now: Instant) -> Vec<String> {
        if screen.lines.first().is_some_and(|line| line.starts_with(TITLE_BAR)) {
            self.rows.clear();
            return Vec::new();
        }
        let up = scrolled(&self.rows, &screen.lines);
        let gone = self.rows.drain(..up).filter(|row| !row.printed && !row.text.is_empty());
        let mut lines: Vec<String> = gone.map(|row| row.text).collect();
        let blank = Row { text: String::new(), since: now, printed: false };
        self.rows.resize(screen.lines.len(), blank);
        let lowest = screen.lines.iter().rposition(|line| !line.is_empty());
        for (number, (row, text)) in self.rows.iter_mut().zip(&screen.lines).enumerate() {
            if row.text != *text {
                *row = Row { text: text.clone(), since: now, printed: self.known.contains(text) };
            }
            let wait = if Some(number) == lowest { WAITING } else { SETTLED };
            if !row.printed && !row.text.is_empty() && now - row.since >= wait {
                row.printed = true;
                lines.push(row.text.clone());
            }
        }
        lines
    }
}

fn print(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    for line in lines {
        writeln!(out, "| {line}")?;
    }
    out.flush()
}

/// By how many rows the screen went up: the fewest with which the most rows are where they were.
fn scrolled(rows: &[Row], lines: &[String]) -> usize {
    let same = |up: usize| {
        let pairs = rows.iter().skip(up).zip(lines);
        pairs.filter(|(row, line)| !line.is_empty() && row.text == **line).count()
    };
    (0..rows.len()).rev().max_by_key(|&up| same(up)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::View;
    use crate::emulator::Screen;
    use std::time::{Duration, Instant};

    /// Looks at screens of five rows, a tenth of a second apart; gives what was printed.
    fn log(screens: &[&[&str]]) -> Vec<String> {
        let mut view = View { wanted: true, ..View::default() };
        let start = Instant::now();
        let mut printed = Vec::new();
        for (number, lines) in (0..).zip(screens) {
            let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
            lines.resize(5, String::new());
            printed.extend(view.look(&Screen { lines }, start + Duration::from_millis(100) * number));
        }
        let mut rest = Vec::new();
        view.finish(&mut rest).expect("a vector takes everything");
        let rest = String::from_utf8(rest).expect("text");
        printed.into_iter().chain(rest.lines().map(|line| format!("end: {}", &line[2..]))).collect()
    }

    #[test]
    fn a_line_is_printed_once_and_not_before_it_is_whole() {
        let seen =
            log(&[&["ramk"], &["ramkey 1", "loa"], &["ramkey 1", "loading 1"], &["ramkey 1", "loading 2"]]);
        assert_eq!(seen, ["ramkey 1", "end: loading 2"]);
    }

    #[test]
    fn the_page_of_the_boot_chain_is_told_by_what_it_writes_and_not_again_when_the_image_gets_the_screen() {
        let mut view = View { wanted: true, ..View::default() };
        let (start, step) = (Instant::now(), Duration::from_millis(100));
        let screen = |lines: &[&str]| Screen { lines: lines.iter().map(|&line| line.to_owned()).collect() };
        assert_eq!(view.listen("ramkey 1\r\n\r\nLoading x\r\n\r1 %   \r2 %"), ["ramkey 1", "Loading x"]);
        let page = screen(&[" ramkey 1", "", "██"]);
        assert!(view.look(&page, start).is_empty() && view.look(&page, start + step).is_empty());
        let heard = "ramkey 1\r\n\r\nLoading x\r\n\r1 %   \r2 %   \r\nproven\r\n";
        assert_eq!(view.listen(heard), ["2 %", "proven"]);
        assert!(view.listen(heard).is_empty(), "it was told");
        let left = screen(&["ramkey 1", "", "Loading x", "2 %", "proven", "C:\\>", ""]);
        let told: Vec<String> = (0..30).flat_map(|look| view.look(&left, start + step * look)).collect();
        assert_eq!(told, ["C:\\>"]);
    }

    #[test]
    fn a_screen_that_scrolls_repeats_nothing() {
        let seen = log(&[
            &["a", "b", "c", "d", "e"],
            &["a", "b", "c", "d", "e"],
            &["b", "c", "d", "e", "f"],
            &["d", "e", "f", "g", "b"],
            &["d", "e", "f", "g", "b"],
        ]);
        assert_eq!(seen, ["a", "b", "c", "d", "e", "f", "g", "end: b"]);
    }

    #[test]
    fn equal_lines_are_each_printed_and_a_cleared_screen_begins_anew() {
        let seen = log(&[
            &["-", "x", "-", "."],
            &["-", "x", "-", "."],
            &["-", "y"],
            &["-", "y", "."],
            &["-", "y", "."],
        ]);
        assert_eq!(seen, ["-", "x", "-", "y", "end: ."]);
    }

    #[test]
    fn a_prompt_that_waits_is_printed_and_a_clock_only_in_the_end() {
        let waits = vec![&["press Enter"][..]; 22];
        assert_eq!(log(&waits), ["press Enter"]);
        let counts: Vec<Vec<String>> = (0..30).map(|look| vec![format!("{} s", 3 - look / 10)]).collect();
        let counts: Vec<Vec<&str>> =
            counts.iter().map(|rows| rows.iter().map(|row| &row[..]).collect()).collect();
        let counts: Vec<&[&str]> = counts.iter().map(|rows| &rows[..]).collect();
        assert_eq!(log(&counts), ["end: 1 s"]);
    }
}
