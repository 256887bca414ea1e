//! The guide as questions, line by line: for screen readers, serial lines and terminals that cannot move their cursor.

use std::io::{self, BufRead, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::cli::guide::pace::Pace;
use crate::cli::guide::page::{Answer, DOUBT, Page, hang, wrap};
use crate::cli::guide::state::{Guide, Next, Place, Work};
use crate::cli::guide::steps;
use crate::cli::guide::work::RIGHTS;
use crate::cli::{CliError, Terminal, stop};
use crate::device::System;
use crate::job::{Event, Observer};

/// Columns of a line.
const COLUMNS: usize = 78;
/// Progress is told again at the soonest after this time, if it is so much further, ...
const SOONEST: Duration = Duration::from_secs(1);
const STEP: u64 = 5;
/// ... and in any case after this one.
const LATEST: Duration = Duration::from_secs(10);

/// Asks until there is nothing more to ask.
///
/// # Errors
///
/// If the terminal is gone, or the system refuses the handlers of signals.
pub(super) fn run(guide: &mut Guide, system: &System, first: Work) -> Result<(), CliError> {
    let mut screen = Terminal::error();
    show(
        &mut screen,
        "This guide asks for an image, a stick and the old machine, and writes the stick in the end.",
    )?;
    show(
        &mut screen,
        "Answer with a number or a word and Enter. b goes back a step, q leaves, ? shows the step again. Nothing is written before step 7.",
    )?;
    let mut next = Next::Do(first);
    let mut told = None;
    loop {
        next = match next {
            Next::Leave => return Ok(()),
            Next::Do(work) => do_work(guide, system, work)?,
            Next::Show => {
                let page = steps::page(guide);
                // What was heard once is not said again with each wrong answer.
                let is_known = told == Some(guide.place) && !guide.notice.is_empty();
                told = Some(guide.place);
                match is_known {
                    true => page
                        .facts
                        .iter()
                        .take(guide.notice.len())
                        .try_for_each(|line| show(&mut screen, line))?,
                    false => show_page(&mut screen, &page)?,
                }
                match ask(&mut screen, &page)? {
                    Some(answer) => steps::answer(guide, answer),
                    None => Next::Leave,
                }
            }
        };
    }
}

fn do_work(guide: &mut Guide, system: &System, work: Work) -> Result<Next, CliError> {
    // Until something is written, Ctrl-C simply ends the program.
    let is_writing = matches!(work, Work::Write(_));
    let never = AtomicBool::new(false);
    let wish = is_writing.then(stop::wish).transpose()?;
    let lines = Lines::new(work.bytes());
    if is_writing {
        let mut screen = Terminal::error();
        writeln!(screen)?;
        writeln!(screen, "{}", Place::title_of_writing())?;
        if work.asks_for_rights() {
            writeln!(screen, "{RIGHTS}")?;
        }
        writeln!(screen, "{}. Ctrl-C stops it; the stick does not start then.", work.name())?;
    } else if matches!(work, Work::Look(_) | Work::Prepare(..)) {
        writeln!(Terminal::error(), "{}.", work.name())?;
    }
    let done = work.run(system, wish.as_deref().unwrap_or(&never), &lines);
    if let Some(wish) = wish {
        // The person is there, and reads what became of it.
        wish.store(false, Ordering::Relaxed);
    }
    Ok(steps::done(guide, done))
}

fn show(screen: &mut Terminal, text: &str) -> io::Result<()> {
    // A command is pasted, and a line end in it would cut it.
    if text.trim_start().starts_with("ramkey ") {
        return writeln!(screen, "{text}");
    }
    wrap(text, COLUMNS, hang(text)).iter().try_for_each(|line| writeln!(screen, "{line}"))
}

fn show_page(screen: &mut Terminal, page: &Page) -> io::Result<()> {
    writeln!(screen)?;
    show(screen, &page.title)?;
    page.facts.iter().try_for_each(|fact| show(screen, fact))?;
    for (number, choice) in (1..).zip(&page.choices) {
        match choice.is_refused {
            true => show(screen, &format!("  {number}. (cannot be chosen) {}", choice.label))?,
            false => show(screen, &format!("  {number}. {}", choice.label))?,
        }
        choice.details.iter().try_for_each(|detail| show(screen, &format!("     {detail}")))?;
    }
    show(screen, &page.wanted)
}

/// Asks until the answer is one; `None` if the person leaves.
fn ask(screen: &mut Terminal, page: &Page) -> io::Result<Option<Answer>> {
    loop {
        write!(screen, "{}", prompt(page))?;
        screen.flush()?;
        let mut line = Vec::new();
        if io::stdin().lock().read_until(b'\n', &mut line)? == 0 {
            writeln!(screen)?;
            return Ok(None);
        }
        match understand(page, String::from_utf8_lossy(&line).trim()) {
            Understood::Answer(answer) => return Ok(Some(answer)),
            Understood::Leave => return Ok(None),
            Understood::Again => show_page(screen, page)?,
            Understood::Nothing(why) => writeln!(screen, "{DOUBT}{why}")?,
        }
    }
}

fn prompt(page: &Page) -> String {
    match (&page.field, page.choices.len()) {
        (None, _) => format!("Number [{}]: ", page.usual + 1),
        (Some(field), 0) if field.text.is_empty() => format!("{}: ", field.label),
        (Some(field), 0) => format!("{} [{}]: ", field.label, field.text),
        (Some(field), _) => format!("Number, or {} [{}]: ", field.label, page.usual + 1),
    }
}

/// What a line means.
#[derive(Debug, PartialEq, Eq)]
enum Understood {
    Answer(Answer),
    Leave,
    Again,
    /// Why it means nothing.
    Nothing(String),
}

fn understand(page: &Page, line: &str) -> Understood {
    let choices = page.choices.len();
    match (line, &page.field) {
        ("b", _) => Understood::Answer(Answer::Back),
        ("q", _) => Understood::Leave,
        ("?", _) => Understood::Again,
        ("", None) => Understood::Answer(Answer::Choice(page.usual)),
        ("", Some(_)) if choices > 0 => Understood::Answer(Answer::Choice(page.usual)),
        ("", Some(field)) => Understood::Answer(Answer::Text(field.text.clone())),
        _ => match (line.parse::<usize>(), &page.field) {
            (Ok(number @ 1..), _) if number <= choices => Understood::Answer(Answer::Choice(number - 1)),
            (_, Some(_)) => Understood::Answer(Answer::Text(line.to_owned())),
            (_, None) => Understood::Nothing(format!("A number from 1 to {choices} is wanted, b or q.")),
        },
    }
}

/// Tells how far it is, a line now and then.
struct Lines {
    pace: Pace,
    told: Mutex<(Instant, u64)>,
}

impl Lines {
    fn new(bytes: u64) -> Self {
        Self { pace: Pace::new(bytes), told: Mutex::new((Instant::now(), 0)) }
    }
}

impl Observer for Lines {
    fn tell(&self, event: Event) {
        self.pace.tell(event);
        let Ok(mut told) = self.told.lock() else { return };
        let since = told.0.elapsed();
        if since < SOONEST {
            return;
        }
        let seen = self.pace.look();
        if seen.percent >= told.1 + STEP || since >= LATEST {
            *told = (Instant::now(), seen.percent);
            // Whoever does not read it is asked nothing here.
            let _ = writeln!(Terminal::error(), "{} % {}: {}", seen.percent, seen.part, seen.words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::guide::page::{Choice, Field};

    #[test]
    fn a_line_is_a_number_a_word_or_a_wish_to_go() {
        let choices = || vec![Choice::new("a"), Choice::new("b")];
        let numbers = Page { choices: choices(), usual: 1, ..Page::default() };
        let both = Page { field: Some(Field::new("Path")), ..numbers.clone() };
        let name = Page { field: Some(Field { label: "Name".into(), text: "x".into() }), ..Page::default() };
        let choice = |number| Understood::Answer(Answer::Choice(number));
        let text = |text: &str| Understood::Answer(Answer::Text(text.into()));
        for (page, line, expected) in [
            (&numbers, "1", choice(0)),
            (&numbers, "", choice(1)),
            (&numbers, "b", Understood::Answer(Answer::Back)),
            (&numbers, "q", Understood::Leave),
            (&numbers, "3", Understood::Nothing("A number from 1 to 2 is wanted, b or q.".into())),
            (&both, "2", choice(1)),
            (&both, "3", text("3")),
            (&both, "a.img", text("a.img")),
            (&both, "", choice(1)),
            (&name, "", text("x")),
            (&name, "2", text("2")),
        ] {
            assert_eq!(understand(page, line), expected, "{line}");
        }
        assert_eq!(prompt(&numbers), "Number [2]: ");
        assert_eq!(prompt(&both), "Number, or Path [2]: ");
        assert_eq!(prompt(&name), "Name [x]: ");
    }
}
