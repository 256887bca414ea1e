//! The page on a screen that is played: what is on it, in every language, on wide and on narrow ones.

mod common;

use common::adapter::{Adapter, each, line, page, text};
use ramkey_loader_core::canvas::{Look, ROWS, VideoData, wrap};
use ramkey_loader_core::drive::Method;
use ramkey_loader_core::log::{LINES, Log};
use ramkey_loader_core::page::{Page, Row};
use ramkey_loader_core::screen::{Language, Text, say};

const TITLE: &[u8] = b"An operating system of 64 characters, as long as a title may be.";
/// One that breaks into as many rows as any.
const TITLE_OF_LONG_WORDS: &[u8] = b"Contains-some-long-words-in-this of-which-no-two-fit-on-one-row.";

#[test]
fn a_load_shows_its_title_its_numbers_and_a_bar_in_every_language() {
    each(|language, page, screen, case| {
        let (title, machine) = (
            line(language, &say::title(b"0.1.0")),
            line(language, &say::machine(4 << 30, 0x80, Method::Edd)),
        );
        page.title(screen, title.as_bytes(), machine.as_bytes());
        screen.must_show(&title, case);
        assert!(screen.looks(0).iter().all(|&look| look == Look::Reverse), "{case}");
        if screen.columns == 80 {
            screen.must_show(&machine, case);
        }
        for title in [TITLE_OF_LONG_WORDS, TITLE] {
            let loading = line(language, &say::loading(title));
            page.loading(screen, loading.as_bytes());
            screen.must_show(&loading, case);
        }
        for percent in [0, 1, 50, 99, 100] {
            let done = 41_943_040 * u32::from(percent);
            let mut numbers = line(language, &say::loaded_timed(done, 4_194_304_000, percent, 1536, 35_999));
            language.say(&mut numbers, say::read_again(7).as_message());
            page.progress(screen, percent.into(), numbers.as_bytes());
            screen.must_show(&numbers, case);
            let bar = screen.columns - 2;
            let full = |row: usize| screen.row(row).chars().filter(|&cell| cell == '█').count();
            let is_bar =
                |&row: &usize| screen.row(row).chars().filter(|cell| "█░".contains(*cell)).count() == bar;
            let row = (0..ROWS).find(is_bar).unwrap_or_else(|| panic!("{case}: no bar"));
            assert_eq!(full(row), bar * usize::from(percent) / 100, "{case}");
        }
    });
}

#[test]
fn large_numbers_differ_from_each_other() {
    let mut seen = std::collections::BTreeSet::new();
    let (mut page, mut screen) = (page(40), Adapter::new(40));
    page.loading(&mut screen, b"x");
    for percent in 0..=100 {
        page.progress(&mut screen, percent, b"");
        assert!(
            seen.insert(screen.cells[6..11].iter().map(|row| format!("{row:?}")).collect::<String>()),
            "{percent}"
        );
        let rows = (0..ROWS).filter(|&row| screen.row(row).contains("██")).count();
        assert!(rows >= 5, "{percent} has {rows} rows");
    }
}

#[test]
fn what_may_be_removed_is_framed_and_reversed_and_above_everything_else() {
    let hash = [0xAB; 8];
    each(|language, page, screen, case| {
        for (sentence, may_go) in [
            (say::remove_stick(), true),
            (say::remove_disc(), true),
            (say::leave_stick(), false),
            (say::leave_disc(), false),
        ] {
            let (what, keys) = (line(language, &sentence), line(language, &say::start_keys()));
            page.framed(screen, what.as_bytes(), may_go);
            page.keys(screen, keys.as_bytes());
            let proven = line(language, &say::proven_keep_disc(&hash));
            let guess = line(language, &say::kind_is_guess());
            let mark = page.log().mark();
            for said in [&proven, &guess] {
                page.log().push(said, true);
            }
            page.show_log(screen);
            let mut count_down = line(language, &say::starts_in(254));
            language.say(
                &mut count_down,
                say::copies(ramkey_loader_core::copy_mode::CopyMode::Int15).as_message(),
            );
            page.count_down(screen, count_down.as_bytes());
            for shown in [&what, &keys, &proven, &guess, &count_down] {
                screen.must_show(shown, case);
            }
            let framed = (0..ROWS).filter(|&row| screen.row(row).trim().starts_with(['╔', '║', '╚']));
            let framed: Vec<usize> = framed.collect();
            assert_eq!(framed.first(), Some(&2), "{case}");
            assert!(framed.len() >= 3, "{case}");
            for &row in &framed {
                assert!(screen.looks(row)[1..screen.columns - 1].iter().all(|&look| look == Look::Reverse));
            }
            // Who reads no language sees the sign, and only where the medium may go.
            assert_eq!(framed.iter().any(|&row| screen.row(row).contains("██")), may_go, "{case}");
            page.log().back_to(mark);
        }
    });
}

/// A menu of 16 entries of which the second does not fit; gives what stands in its rows.
fn menu(language: Language, page: &mut Page, screen: &mut Adapter, selected: usize) -> Vec<Text> {
    let (choose, keys) = (line(language, &say::choose()), line(language, &say::menu_keys()));
    let rows = page.menu_rows();
    page.menu(screen, choose.as_bytes(), 16);
    page.keys(screen, keys.as_bytes());
    let mut states = Vec::new();
    for place in 0..rows {
        let fits = place != 1;
        let state = match place {
            0 => line(language, &say::entry_damaged()),
            2 => line(language, &say::entry_incomplete()),
            1 if screen.columns == 80 => line(language, &say::entry_does_not_fit(4095 << 20)),
            _ => line(language, &say::entry_needs(4095 << 20)),
        };
        let row = Row { number: place + 5, title: TITLE, state: state.as_bytes(), fits };
        page.row(screen, place, &row, place == selected);
        states.push(state);
    }
    let mut below = line(language, &say::menu_starts_in(254));
    language.say(&mut below, say::copies(ramkey_loader_core::copy_mode::CopyMode::Int15).as_message());
    page.count_down(screen, below.as_bytes());
    states.extend([choose, keys, below]);
    states
}

#[test]
fn the_menu_has_what_each_entry_needs_and_no_mark_is_a_look_alone() {
    each(|language, page, screen, case| {
        for selected in [3, 1] {
            let shown = menu(language, page, screen, selected);
            for part in &shown {
                screen.must_show(part, case);
            }
            let top = (0..ROWS).find(|&row| screen.row(row).contains("  5  An ")).expect("the first entry");
            for (place, part) in shown.iter().enumerate().take(page.menu_rows()) {
                let (row, looks) = (screen.row(top + place), screen.looks(top + place));
                assert_eq!(row.contains('>'), place == selected, "{case}: {row}");
                assert_eq!(
                    row.starts_with(" -") || row.starts_with(" >-") || row.starts_with("  -"),
                    place == 1
                );
                let look = match place {
                    _ if place == selected => Look::Reverse,
                    1 => Look::Plain,
                    _ => Look::Bright,
                };
                assert!(looks.iter().all(|&found| found == look), "{case}: {row}");
                // What is wrong is whole: nothing is cut at the right.
                assert!(row.trim_end().ends_with(text(part.as_bytes()).trim()), "{case}: {row}");
            }
            assert_eq!(screen.cursor, (top + selected, 0), "who reads by touch finds the entry");
        }
    });
}

#[test]
fn why_an_entry_does_not_fit_has_room_below_the_menu() {
    each(|language, page, screen, case| {
        let named = if screen.columns == 40 { 1 } else { 4 };
        let mut said = vec![
            line(language, &say::machine_has((63 << 20) + 943_719, 61 << 20)),
            line(language, &say::needs(b"Windows XP with all its drivers", 900 << 20)),
        ];
        said.extend(vec![line(language, &say::would_fit(b"FreeDOS 1.3", 32 << 20)); named]);
        for line in &said {
            page.log().push(line, true);
        }
        menu(language, page, screen, 1);
        for line in &said {
            screen.must_show(line, case);
        }
        let shown = screen.words().matches("FreeDOS 1.3").count();
        assert_eq!(shown, named, "{case}");
    });
}

#[test]
fn only_what_changes_is_written() {
    let (mut page, mut screen) = (page(80), Adapter::new(80));
    let calls = |screen: &mut Adapter| std::mem::take(&mut screen.calls);
    page.loading(&mut screen, b"Loading FreeDOS");
    page.progress(&mut screen, 50, b"2.0 of 4.0 MB, 50 %");
    assert!(calls(&mut screen) > 20);
    page.progress(&mut screen, 50, b"2.0 of 4.0 MB, 50 %");
    assert_eq!(calls(&mut screen), 0, "nothing changed");
    page.progress(&mut screen, 50, b"2.1 of 4.0 MB, 50 %");
    assert_eq!(calls(&mut screen), 1, "one digit changed");
    page.leave(&mut screen);
    assert!(calls(&mut screen) < 40, "a row of spaces is one call");
    let empty = screen.cells.iter().flatten().all(|&cell| cell == (b' ', Look::Plain));
    assert!(empty && screen.cursor == (0, 0), "the image gets an empty screen");
}

#[test]
fn only_a_screen_of_a_usual_shape_is_one_to_put_text_in_its_place() {
    for (mode, columns, last_row, expected) in [
        (3, 80, 24, Some(80)),
        (3, 80, 0, Some(80)),
        (2, 80, 49, Some(80)),
        (7, 80, 0, Some(80)),
        (1, 40, 24, Some(40)),
        (0, 40, 0, Some(40)),
        (3, 132, 24, None),
        (3, 0, 24, None),
        (3, 40, 24, None),
        (1, 80, 24, None),
        (7, 40, 0, None),
        (3, 80, 11, None),
        (0x12, 80, 29, None),
        (0xFF, 0xFFFF, 0xFF, None),
    ] {
        assert_eq!(
            VideoData { mode, columns, last_row }.columns(),
            expected,
            "{mode:02X} {columns}x{last_row}"
        );
    }
}

#[test]
fn text_is_broken_at_spaces_and_nothing_of_it_is_lost() {
    let parts = |text: &str, width| -> Vec<String> {
        wrap(text.as_bytes(), width).map(|part| String::from_utf8(part.to_vec()).unwrap()).collect()
    };
    assert_eq!(parts("", 5), [""]);
    assert_eq!(parts("abc de", 6), ["abc de"]);
    assert_eq!(parts("abc de f", 6), ["abc de", "f"]);
    assert_eq!(parts("abcdefgh ij", 5), ["abcde", "fgh", "ij"]);
    assert_eq!(parts("a  b", 2), ["a ", "b"]);
    assert_eq!(parts("ab", 0), ["ab"], "no width is no reason to go on for ever");
    for width in 1..30 {
        let text = "The quick brown fox jumps over the laziest of all dogs.";
        let parts = parts(text, width);
        assert!(parts.iter().all(|part| part.len() <= width), "{width}");
        assert_eq!(parts.concat().replace(' ', ""), text.replace(' ', ""), "{width}");
    }
}

#[test]
fn a_log_keeps_the_last_lines_and_forgets_what_is_taken_back() {
    let say = |log: &mut Log, text: &str, is_news| log.push(Text::new().text(text), is_news);
    let all = |log: &Log| -> Vec<String> { log.all().map(|line| text(line.as_bytes())).collect() };
    let news = |log: &Log| -> Vec<String> { log.news().map(|line| text(line.as_bytes())).collect() };
    let mut log = Log::new();
    log.end_paragraph();
    assert!(all(&log).is_empty(), "nothing was said");
    say(&mut log, "title", false);
    log.end_paragraph();
    log.end_paragraph();
    say(&mut log, "note", true);
    assert_eq!(
        (all(&log), news(&log)),
        (vec!["title".into(), String::new(), "note".into()], vec!["note".into()])
    );
    let mark = log.mark();
    log.end_paragraph();
    say(&mut log, "back", true);
    assert_eq!(news(&log), ["note", "", "back"]);
    log.back_to(mark);
    assert_eq!(news(&log), ["note"]);
    log.read();
    assert!(news(&log).is_empty() && all(&log).len() == 3);
    for number in 0..100 {
        say(&mut log, &number.to_string(), true);
    }
    assert_eq!(all(&log).len(), LINES);
    assert_eq!((all(&log)[0].as_str(), news(&log).last().unwrap().as_str()), ("76", "99"));
}
