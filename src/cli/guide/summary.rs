//! Steps 5 to 8: all that was chosen, the word that confirms it, and what became of it.

use std::sync::Arc;

use crate::cli::guide::order::Ready;
use crate::cli::guide::page::{Answer, Choice, DOUBT, Field, Page};
use crate::cli::guide::state::{Guide, Next, Place, Try, Work};
use crate::cli::render::error_lines;
use crate::cli::show::show_stick;
use crate::cli::{CliError, Exit};
use crate::report::Report;
use crate::units::{Bytes, SECTOR_LEN, named};

/// All that was chosen.
pub(super) fn page(guide: &Guide) -> Page {
    let Some(ready) = &guide.ready else { return Page::default() };
    let plan = &ready.plan;
    let medium = if ready.order.is_disc() { "disc" } else { "stick" };
    let mut facts = vec![
        format!(
            "{} becomes a {medium} of {} that starts {}.",
            named(ready.single.target.path()),
            Bytes(plan.sectors * SECTOR_LEN),
            plan.images.iter().map(|image| &*image.path).collect::<Vec<_>>().join(", ")
        ),
        "The same is done by the command:".into(),
        format!("  {}", ready.order.command_line()),
    ];
    if let Some(mb) = guide.ram_mb.filter(|mb| !guide.fits(*mb)) {
        facts.push(format!("{DOUBT}The image does not fit a machine with {mb} MB."));
    }
    match plan.doubts {
        0 => facts.push("Nothing is known that speaks against its start.".into()),
        _ => facts.push(format!("{DOUBT}Something speaks against its start: see the warnings below.")),
    }
    facts.push("In detail, as `ramkey plan` tells it:".into());
    facts.extend(text(|out| show_stick(out, plan)).into_iter().map(|line| format!("  {line}")));
    let choice = match ready.question.is_some() || ready.is_unknown {
        true => Choice::with("Go on", "you are asked once more before anything is written"),
        false => Choice::with("Write it now", "nothing is lost by that"),
    };
    Page {
        title: Place::Summary.title(),
        wanted: "Look through what will be written; nothing is written yet.".into(),
        facts,
        choices: vec![choice, Choice::new("Change something: back to the step before")],
        ..Page::default()
    }
}

/// What a function prints, a line each.
pub(super) fn text(print: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> Vec<String> {
    let mut bytes = Vec::new();
    // A vector takes everything.
    let _ = print(&mut bytes);
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

pub(super) fn answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    match (answer, guide.ready.clone()) {
        (Answer::Choice(0), Some(ready)) if ready.is_unknown => Some(guide.go(Place::Unknown)),
        (Answer::Choice(0), Some(ready)) => Some(ask(guide, ready)),
        _ => None,
    }
}

fn ask(guide: &mut Guide, ready: Arc<Ready>) -> Next {
    match ready.question {
        Some(_) => guide.go(Place::Confirm),
        None => Next::Do(Work::Write(ready)),
    }
}

/// Whether bytes are an image of which nothing is known.
pub(super) fn unknown_page(guide: &Guide) -> Page {
    let image = guide.image.as_ref().map(|image| named(&image.path)).unwrap_or_default();
    Page {
        title: Place::Unknown.title(),
        wanted: "Type yes if it is the image of a disk all the same.".into(),
        facts: vec![
            format!(
                "{DOUBT}{image} has no boot signature, no partition table and no file system that is known."
            ),
            "It may be no image of a disk, and the machine may start nothing from it.".into(),
        ],
        field: Some(Field::new("Type yes to write it")),
        ..Page::default()
    }
}

pub(super) fn unknown_answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    match (answer, guide.ready.clone()) {
        (Answer::Text(text), Some(ready)) if text.trim() == "yes" => Some(ask(guide, ready)),
        (Answer::Text(_), _) => Some(guide.stay("That was not yes. Nothing was written.")),
        _ => None,
    }
}

/// Whether what is on the medium may be lost.
pub(super) fn confirm_page(guide: &Guide) -> Page {
    let Some(question) = guide.ready.as_ref().and_then(|ready| ready.question.as_ref()) else {
        return Page::default();
    };
    Page {
        title: Place::Confirm.title(),
        wanted: "Type the name that is asked for, if all of this may be lost.".into(),
        facts: question.lines.clone(),
        field: Some(Field::new(question.prompt())),
        ..Page::default()
    }
}

pub(super) fn confirm_answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    let (Answer::Text(text), Some(ready)) = (answer, guide.ready.clone()) else { return None };
    let is_right = ready.question.as_ref().is_none_or(|question| question.is_answered_by(text.as_bytes()));
    Some(match is_right {
        true => Next::Do(Work::Write(ready)),
        false => guide.stay("That was not the name. Nothing was written, and all stays as it is."),
    })
}

/// What became of it.
pub(super) fn outcome_page(guide: &Guide) -> Page {
    match guide.tries.last() {
        Some(Try { outcome: Ok(report), ready }) => done_page(report, ready),
        Some(Try { outcome: Err(error), .. }) => failed_page(error, !guide.spoilt().is_empty()),
        None => Page::default(),
    }
}

fn done_page(report: &Report, ready: &Ready) -> Page {
    let to = named(ready.single.target.path());
    let bytes = Bytes(report.stick.bytes);
    let mut facts = vec![format!("{bytes} were written to {to}, and every byte was read back and compared.")];
    if report.stick.doubts > 0 {
        facts
            .push(format!("{DOUBT}Whether the machine starts it is not certain: the summary had a warning."));
    }
    facts.push("What to do now:".into());
    let steps: &[&str] = match ready.order.is_disc() {
        true => &DISC_STEPS,
        false => &STICK_STEPS,
    };
    facts.extend((1..).zip(steps).map(|(number, step)| format!("{number}. {step}")));
    Page {
        title: Place::Outcome.title(),
        wanted: "It is written and proven.".into(),
        facts,
        choices: vec![Choice::new("Leave"), Choice::new("Make another one")],
        ..Page::default()
    }
}

const STICK_STEPS: [&str; 5] = [
    "Put the stick into the old machine while that is off, without a hub. If you made a file, copy it to a stick first: `ramkey \
     write` with the same image does that.",
    "Switch it on and press the key of the boot menu again and again: mostly F12, else Esc, F8, F9, F10 or F11. Choose the stick, \
     which may be called USB, USB-HDD or by its maker.",
    "If no stick is offered: in the BIOS setup (mostly F2 or Del) switch on \"USB legacy support\", and put USB first in the boot \
     order.",
    "The screen names ramkey, fills a bar while the image is loaded, and then says that it is proven and that the stick may be \
     removed. Take it out then, not before.",
    "If there is a code instead, `ramkey explain CODE` says what it means; if nothing starts, docs/layouts.md has the next step.",
];

const DISC_STEPS: [&str; 4] = [
    "Burn the file as an image, slowly: docs/mini-cd.md has the command, and `ramkey verify /dev/sr0` proves the CD.",
    "Put the CD into the old machine, switch it on, and press the key of the boot menu: mostly F12, else Esc, F8, F9, F10 or F11. \
     Choose the CD drive.",
    "The screen names ramkey, fills a bar while the image is loaded, and then says that it is proven. Then the CD may be taken out.",
    "If there is a code instead, `ramkey explain CODE` says what it means.",
];

fn failed_page(error: &CliError, is_spoilt: bool) -> Page {
    let wanted = match error.exit() {
        Exit::WillNotBoot => "It was not finished, and starts nothing; write it again.",
        Exit::Refused if is_spoilt => "It was refused, and what was begun before still starts nothing.",
        Exit::Refused => "It was refused, and nothing was changed.",
        _ => "It failed.",
    };
    let mut facts = error_lines(error);
    if let Some(first) = facts.first_mut() {
        first.insert_str(0, DOUBT);
    }
    Page {
        title: Place::Outcome.title(),
        wanted: wanted.into(),
        facts,
        choices: vec![Choice::new("Leave"), Choice::new("Try again from the first step")],
        ..Page::default()
    }
}

pub(super) fn outcome_answer(guide: &mut Guide, answer: Answer) -> Next {
    match answer {
        Answer::Choice(0) => Next::Leave,
        // What is written cannot be taken back.
        _ => {
            guide.behind.clear();
            guide.place = Place::Image;
            Next::Show
        }
    }
}
