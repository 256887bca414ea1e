//! Draws the pages of the guide: with attributes alone, so that no colour is needed, and whatever is in a text of others.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::symbols::bar;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Sparkline};

use crate::cli::guide::pace::Seen;
use crate::cli::guide::page::{DOUBT, Page, hang, wrap};
use crate::cli::guide::view::View;
use crate::units::shown;

/// The smallest screen that has room for every page.
const COLUMNS_MIN: u16 = 60;
const ROWS_MIN: u16 = 20;

/// Bars of a graph where nothing but ASCII is shown.
const ASCII_BARS: bar::Set<'_> = bar::Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "#",
    five_eighths: "=",
    half: "=",
    three_eighths: "-",
    one_quarter: "-",
    one_eighth: ".",
    empty: " ",
};

const PLAIN: Style = Style::new();
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Lines that scroll, and the part of them that is on the screen.
type Lines = Vec<(String, Style)>;

/// Draws a page with what was done on it; gives how many rows of facts there are room for.
pub(super) fn page(frame: &mut Frame, page: &Page, view: &mut View) -> usize {
    let Some(body) = around(frame, &page.title, &page.wanted, &keys(page)) else { return 1 };
    let body = match &page.field {
        None => body,
        Some(field) => {
            let [rest, row] = below(body, 2);
            // The end of what is typed counts.
            let label = format!("{}: ", shown(&field.label));
            let room = usize::from(row.width).saturating_sub(label.chars().count() + 1);
            let typed: Vec<char> = shown(&view.typed).chars().collect();
            let end: String = typed[typed.len().saturating_sub(room)..].iter().collect();
            put(frame, Rect { y: row.y + 1, height: 1, ..row }, vec![(format!("{label}{end}_"), BOLD)]);
            rest
        }
    };
    let width = usize::from(body.width);
    let facts = facts(page, width);
    let (choices, marked) = choices(page, view.chosen, width);
    let rows = rows(usize::from(body.height), facts.len(), choices.len());
    let [above, list] = below(body, (usize::from(body.height) - rows) as u16);
    view.scrolled = view.scrolled.min(facts.len().saturating_sub(text_rows(rows, facts.len())));
    put(frame, above, cut(facts, view.scrolled, rows));
    let top = marked.end.saturating_sub(usize::from(list.height)).min(marked.start);
    put(frame, list, choices.into_iter().skip(top).take(list.height.into()).collect());
    rows.saturating_sub(1).max(1)
}

/// How many of `height` rows the facts get. A row parts them from the choices.
fn rows(height: usize, facts: usize, choices: usize) -> usize {
    match choices {
        0 => height,
        _ if facts + 1 + choices <= height => facts + 1,
        _ if choices <= height / 2 => height - choices,
        _ if facts < height / 2 => facts + 1,
        _ => height / 2,
    }
}

/// How many of these rows have text, if there are so many lines: the last one says that there is more.
fn text_rows(rows: usize, lines: usize) -> usize {
    if lines <= rows { rows } else { rows.saturating_sub(1) }
}

/// The part of the lines that is on the screen, with how many are not.
fn cut(lines: Lines, scrolled: usize, rows: usize) -> Lines {
    let all = lines.len();
    let room = text_rows(rows, all);
    let mut part: Lines = lines.into_iter().skip(scrolled).take(room).collect();
    if all > rows {
        let below = all.saturating_sub(scrolled + room);
        part.push((format!("-- {scrolled} lines above, {below} below: PgUp, PgDn --"), DIM));
    }
    part
}

fn facts(page: &Page, width: usize) -> Lines {
    let one = |fact: &String| {
        let style = if fact.starts_with(DOUBT) { BOLD } else { PLAIN };
        wrap(&shown(fact), width, hang(fact)).into_iter().map(move |line| (line, style)).collect::<Lines>()
    };
    page.facts.iter().flat_map(one).collect()
}

/// The choices, and the lines of the one that is marked.
fn choices(page: &Page, chosen: usize, width: usize) -> (Lines, std::ops::Range<usize>) {
    let mut lines = Lines::new();
    let mut marked = 0..0;
    for (number, choice) in page.choices.iter().enumerate() {
        let begin = lines.len();
        let mark = if number == chosen { ">" } else { " " };
        let label = shown(&choice.label);
        let (label, style) = match choice.is_refused {
            true => (format!("{mark} x {label}"), DIM),
            false => (format!("{mark}   {label}"), PLAIN),
        };
        let style = if number == chosen { style.add_modifier(Modifier::REVERSED) } else { style };
        lines.extend(wrap(&label, width, 4).into_iter().map(|line| (line, style)));
        for detail in &choice.details {
            lines.extend(
                wrap(&format!("      {}", shown(detail)), width, 6).into_iter().map(|line| (line, DIM)),
            );
        }
        if number == chosen {
            marked = begin..lines.len();
        }
    }
    (lines, marked)
}

fn keys(page: &Page) -> String {
    let mut keys = Vec::new();
    if !page.choices.is_empty() {
        keys.push("Up/Down choose");
    }
    if page.field.is_some() {
        keys.push("type");
    }
    keys.extend(["Enter go on", "Esc back", if page.field.is_some() { "Ctrl-C leave" } else { "q leave" }]);
    keys.join("  ")
}

/// Title, what is wanted, and keys; the rest of the screen is given. Nothing of that where the screen is too small.
fn around(frame: &mut Frame, title: &str, wanted: &str, keys: &str) -> Option<Rect> {
    let area = frame.area();
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        let text = format!(
            "This window has {} columns and {} rows; the guide needs {COLUMNS_MIN} and {ROWS_MIN}. Make it larger, or leave with \
             Ctrl-C and take `ramkey --plain`.",
            area.width, area.height
        );
        let lines = wrap(&text, area.width.into(), 0);
        put(frame, area, lines.into_iter().map(|line| (line, PLAIN)).collect());
        return None;
    }
    let width = usize::from(area.width);
    let row = |y, height| Rect { y, height, ..area };
    put(frame, row(0, 1), vec![(filled(&format!(" ramkey   {title}"), width), REVERSED)]);
    let wanted: Lines = wrap(wanted, width - 2, 0).into_iter().map(|line| (line, BOLD)).collect();
    let below_wanted = 3 + wanted.len() as u16;
    let inner = |y, height| Rect { x: 1, y, width: area.width - 2, height };
    put(frame, inner(2, wanted.len() as u16), wanted);
    put(frame, row(area.height - 1, 1), vec![(filled(&format!(" {keys}"), width), REVERSED)]);
    Some(inner(below_wanted, area.height - 2 - below_wanted))
}

/// `text` with blanks behind it, up to `width` columns.
fn filled(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

/// The rows of `area` but the last ones, and these.
fn below(area: Rect, rows: u16) -> [Rect; 2] {
    let rows = rows.min(area.height);
    let above = area.height - rows;
    [Rect { height: above, ..area }, Rect { y: area.y + above, height: rows, ..area }]
}

fn put(frame: &mut Frame, area: Rect, lines: Lines) {
    let lines: Vec<Line> = lines.into_iter().map(|(text, style)| Line::styled(text, style)).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// Draws how far work is.
pub(super) fn work(frame: &mut Frame, (title, name, keys): (&str, &str, &str), seen: &Seen, is_ascii: bool) {
    let Some(body) = around(frame, title, &format!("{name}."), keys) else { return };
    let width = usize::from(body.width);
    let bar = width.saturating_sub(10);
    let full = bar * seen.percent as usize / 100;
    let mut lines: Lines = vec![
        (format!("[{:<bar$}] {:>3} %", "#".repeat(full), seen.percent), PLAIN),
        (seen.part.to_owned(), PLAIN),
        (seen.words.clone(), PLAIN),
    ];
    let notes = seen.notes.iter().flat_map(|note| wrap(&shown(note), width, 2));
    lines.extend(notes.take(3).map(|line| (line, BOLD)));
    let [text, graph] = below(body, body.height.saturating_sub(lines.len() as u16 + 1));
    put(frame, text, lines);
    let [head, graph] = below(graph, graph.height.saturating_sub(1).min(8));
    put(frame, Rect { height: 1, ..head }, vec![("How fast it went, by half seconds:".into(), DIM)]);
    let graph = Rect { y: head.y + 1, ..graph };
    let rates = &seen.rates[seen.rates.len().saturating_sub(width)..];
    let bars = if is_ascii { ASCII_BARS } else { bar::NINE_LEVELS };
    frame.render_widget(Sparkline::default().data(rates.iter().copied()).bar_set(bars), graph);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::guide::page::{Choice, Field};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn drawn(columns: u16, rows: u16, draw: impl FnOnce(&mut Frame)) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("it has a size");
        terminal.draw(draw).expect("it is memory");
        let buffer = terminal.backend().buffer();
        let row = |y| (0..columns).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..rows).map(row).collect()
    }

    fn long() -> Page {
        Page {
            title: "Step 1 of 8: x".into(),
            wanted: "Choose.".into(),
            facts: (0..40).map(|number| format!("fact {number}")).collect(),
            choices: (0..30).map(|number| Choice::with(format!("choice {number}"), "detail")).collect(),
            usual: 0,
            field: Some(Field::new("Path")),
        }
    }

    #[test]
    fn the_marked_choice_is_always_seen_and_so_are_title_wish_field_and_keys() {
        let page = long();
        for (columns, rows) in [(80, 24), (60, 20), (200, 60)] {
            for chosen in [0, 15, 29] {
                let mut view = View { chosen, typed: "dos".into(), scrolled: 0 };
                let lines = drawn(columns, rows, |frame| {
                    super::page(frame, &page, &mut view);
                });
                let has = |text: &str| lines.iter().any(|line| line.contains(text));
                let marked = format!(">   choice {chosen}");
                for text in [&marked[..], "Step 1 of 8: x", "Choose.", "Path: dos_", "Enter go on", "fact 0"]
                {
                    assert!(has(text), "{columns}x{rows}, {text}: {lines:#?}");
                }
            }
        }
    }

    #[test]
    fn facts_that_have_no_room_can_be_scrolled_to_their_end() {
        let mut view = View { scrolled: 1000, ..View::default() };
        let lines = drawn(80, 24, |frame| {
            super::page(frame, &long(), &mut view);
        });
        assert!(lines.iter().any(|line| line.contains("fact 39")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains(" 0 below")), "{lines:#?}");
    }

    #[test]
    fn what_others_wrote_is_drawn_as_signs() {
        let page = Page { facts: vec!["a\u{1b}[2Jb\u{202e}".into()], ..Page::default() };
        let lines = drawn(80, 24, |frame| {
            super::page(frame, &page, &mut View::default());
        });
        assert!(lines.iter().any(|line| line.contains(r"a\x1b[2Jb\u{202e}")), "{lines:#?}");
    }

    #[test]
    fn a_window_that_is_too_small_says_so() {
        let lines = drawn(59, 20, |frame| {
            super::page(frame, &long(), &mut View::default());
        });
        assert!(
            lines[0].starts_with(" This window has 59 columns") || lines[0].starts_with("This window has 59"),
            "{lines:#?}"
        );
        drawn(1, 1, |frame| {
            super::page(frame, &long(), &mut View::default());
        });
    }

    #[test]
    fn the_graph_has_a_bar_for_each_half_second_and_needs_no_more_than_ascii() {
        let seen = Seen { percent: 50, part: "writing", rates: vec![1, 8, 4], ..Seen::default() };
        let lines = drawn(80, 24, |frame| work(frame, ("Step 7", "Writing", "Ctrl-C stops"), &seen, true));
        assert!(lines.join("").is_ascii());
        assert!(
            lines.iter().any(|line| line.ends_with("  50 %") && line.matches('#').count() == 34),
            "{lines:#?}"
        );
        assert!(lines.iter().any(|line| line == " .##" || line == "  ##" || line == "  #"), "{lines:#?}");
    }
}
