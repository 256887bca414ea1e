//! The steps of the guide in their order: which page is shown, and what comes behind an answer. Nothing here asks, prints, or
//! touches a disk: that is done by whoever is told to [`Work`].

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::CliError;
use crate::cli::guide::page::{Answer, DOUBT, Page};
use crate::cli::guide::state::{Done, Guide, Next, Place, Try, Work};
use crate::cli::guide::{image, machine, medium, summary};
use crate::cli::render::error_lines;

/// What is done before the first page.
pub(super) fn begin(folder: PathBuf) -> Work {
    Work::List(folder)
}

/// The page, with what there is to say about the last answer.
pub(super) fn page(guide: &Guide) -> Page {
    let mut page = match guide.place {
        Place::Image => image::page(guide),
        Place::Facts => image::facts_page(guide),
        Place::Medium => medium::page(guide),
        Place::File | Place::Disc => medium::file_page(guide.place),
        Place::Size => medium::size_page(),
        Place::DiscMedium => medium::disc_page(),
        Place::Ram => machine::ram_page(guide),
        Place::TooLarge => machine::too_large_page(guide),
        Place::Bus => machine::bus_page(guide),
        Place::Layout => machine::layout_page(guide),
        Place::Summary => summary::page(guide),
        Place::Unknown => summary::unknown_page(guide),
        Place::Confirm => summary::confirm_page(guide),
        Place::Outcome => summary::outcome_page(guide),
    };
    let notice = guide.notice.iter().map(|line| {
        let line = line.strip_prefix(DOUBT).unwrap_or(line);
        format!("{DOUBT}{line}")
    });
    page.facts.splice(0..0, notice);
    page
}

/// What comes behind an answer to the page.
pub(super) fn answer(guide: &mut Guide, answer: Answer) -> Next {
    guide.notice.clear();
    let next = match guide.place {
        Place::Image => Some(image::answer(guide, answer)),
        Place::Facts => image::facts_answer(guide, answer),
        Place::Medium => medium::answer(guide, answer),
        Place::File | Place::Disc => medium::file_answer(guide, answer),
        Place::Size => medium::size_answer(guide, answer),
        Place::DiscMedium => medium::disc_answer(guide, answer),
        Place::Ram => machine::ram_answer(guide, answer),
        Place::TooLarge => machine::too_large_answer(guide, answer),
        Place::Bus => machine::bus_answer(guide, answer),
        Place::Layout => machine::layout_answer(guide, answer),
        Place::Summary => summary::answer(guide, answer),
        Place::Unknown => summary::unknown_answer(guide, answer),
        Place::Confirm => summary::confirm_answer(guide, answer),
        Place::Outcome => Some(summary::outcome_answer(guide, answer)),
    };
    next.unwrap_or_else(|| back(guide))
}

fn back(guide: &mut Guide) -> Next {
    if let Some(place) = guide.behind.pop() {
        guide.place = place;
    }
    Next::Show
}

/// What comes behind work.
pub(super) fn done(guide: &mut Guide, done: Done) -> Next {
    match done {
        Done::Listed(Ok(folder)) => {
            guide.folder = folder;
            Next::Show
        }
        Done::Looked(Ok(image)) => {
            guide.image = Some(image);
            guide.go(Place::Facts)
        }
        Done::Sticks(Ok(sticks)) => {
            guide.sticks = sticks;
            match guide.place {
                Place::Medium => Next::Show,
                _ => guide.go(Place::Medium),
            }
        }
        Done::Target(Ok(target)) => medium::take_file(guide, &target),
        Done::Prepared(Ok(ready)) => {
            guide.ready = Some(Arc::from(ready));
            guide.go(Place::Summary)
        }
        Done::Written(outcome) => {
            let tried = guide.ready.clone().map(|ready| Try { ready, outcome: *outcome });
            guide.tries.extend(tried);
            guide.go(Place::Outcome)
        }
        Done::Listed(Err(error))
        | Done::Looked(Err(error))
        | Done::Sticks(Err(error))
        | Done::Target(Err(error))
        | Done::Prepared(Err(error)) => tell(guide, &error),
    }
}

/// Stays where it is, and says why.
fn tell(guide: &mut Guide, error: &CliError) -> Next {
    guide.notice = error_lines(error);
    Next::Show
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::guide::state::{Folder, Image, Stick};
    use crate::device::TargetPath;
    use crate::units::MIB;

    fn image() -> Image {
        Image {
            path: "dos.img".into(),
            len: 368_640,
            words: vec!["dos.img is an image.".into()],
            lines: Vec::new(),
            ram_wanted: 64 * MIB,
            machines: "64 to 512 MB take it".into(),
            smaller: vec!["5 MiB of FILE".into()],
            seconds: Some([400, 61, 9, 3]),
        }
    }

    fn stick(node: &str, is_refused: bool, is_mounted: bool) -> Stick {
        let reason = format!("{DOUBT}{node} is refused: it is read-only; move the switch");
        let details = if is_refused { vec!["sdb1  FAT".into(), reason] } else { Vec::new() };
        Stick { node: node.into(), title: node.into(), details, is_refused, is_mounted }
    }

    /// A guide that knows an image and sticks, at the choice of the medium.
    fn at_medium() -> Guide {
        let mut guide = Guide::new();
        assert!(matches!(done(&mut guide, Done::Listed(Ok(Folder::default()))), Next::Show));
        assert!(matches!(answer(&mut guide, Answer::Text("dos.img".into())), Next::Do(Work::Look(_))));
        done(&mut guide, Done::Looked(Ok(image())));
        assert_eq!(guide.place, Place::Facts);
        assert!(matches!(answer(&mut guide, Answer::Choice(0)), Next::Do(Work::Sticks)));
        let sticks = vec![stick("/dev/sdb", true, false), stick("/dev/sdc", false, true)];
        done(&mut guide, Done::Sticks(Ok(sticks)));
        guide
    }

    /// The command that a way of choices leads to.
    fn command(guide: &mut Guide, choices: &[usize]) -> String {
        let mut next = Next::Show;
        for choice in choices {
            next = answer(guide, Answer::Choice(*choice));
        }
        match next {
            Next::Do(Work::Prepare(order, _)) => order.command_line(),
            _ => panic!("it asks more, on {}", guide.place.title()),
        }
    }

    #[test]
    fn a_refused_stick_says_why_and_another_one_is_unmounted_first() {
        let mut guide = at_medium();
        assert_eq!(page(&guide).usual, 1, "the first that can be chosen");
        assert!(matches!(answer(&mut guide, Answer::Choice(0)), Next::Show));
        assert_eq!(guide.place, Place::Medium);
        assert_eq!(page(&guide).facts[0], "! /dev/sdb is refused: it is read-only; move the switch");
        let line = command(&mut guide, &[1, 0, 0, 0]);
        assert_eq!(line, "ramkey write --to /dev/sdc --unmount dos.img");
    }

    #[test]
    fn each_answer_is_in_the_command_and_a_disc_is_asked_less() {
        let new = |name: &str| Done::Target(Ok(TargetPath::New { path: name.into() }));
        let mut guide = at_medium();
        answer(&mut guide, Answer::Choice(2));
        assert!(matches!(answer(&mut guide, Answer::Text("a.img".into())), Next::Do(Work::Target(_))));
        done(&mut guide, new("a.img"));
        answer(&mut guide, Answer::Text("100M".into()));
        answer(&mut guide, Answer::Text("128 MB".into()));
        let line = command(&mut guide, &[2, 2]);
        assert_eq!(line, "ramkey write --to a.img --size 100M --layout hdd --bus usb2 dos.img");
        let mut guide = at_medium();
        answer(&mut guide, Answer::Choice(3));
        done(&mut guide, new("a.iso"));
        assert_eq!(command(&mut guide, &[4, 0]), "ramkey disc --to a.iso --media 12cm dos.img");
    }

    #[test]
    fn what_cannot_be_is_said_and_asked_again() {
        let mut guide = at_medium();
        answer(&mut guide, Answer::Choice(2));
        assert!(matches!(answer(&mut guide, Answer::Text(" ".into())), Next::Show));
        assert_eq!((guide.place, guide.notice.len()), (Place::File, 1));
        done(&mut guide, Done::Target(Ok(TargetPath::New { path: "a".into() })));
        for size in ["0", "100", "many", "1.3K"] {
            answer(&mut guide, Answer::Text(size.into()));
            assert_eq!((guide.place, guide.notice.len()), (Place::Size, 1), "{size}");
        }
        answer(&mut guide, Answer::Choice(0));
        for memory in ["0", "-1", "much"] {
            answer(&mut guide, Answer::Text(memory.into()));
            assert_eq!((guide.place, guide.notice.len()), (Place::Ram, 1), "{memory}");
        }
        answer(&mut guide, Answer::Text("63".into()));
        assert_eq!(guide.place, Place::TooLarge);
        assert!(page(&guide).facts.iter().any(|fact| fact.contains("5 MiB of FILE")));
        answer(&mut guide, Answer::Back);
        answer(&mut guide, Answer::Text("64".into()));
        assert_eq!(guide.place, Place::Bus);
    }

    #[test]
    fn every_page_says_in_one_sentence_what_is_wanted() {
        let mut guide = at_medium();
        let all = [
            Place::Image,
            Place::Facts,
            Place::Medium,
            Place::File,
            Place::Size,
            Place::Disc,
            Place::DiscMedium,
            Place::Ram,
            Place::TooLarge,
            Place::Bus,
            Place::Layout,
            Place::Unknown,
        ];
        for place in all {
            guide.place = place;
            let page = page(&guide);
            assert!(page.wanted.ends_with('.') && page.wanted.len() < 150, "{}", page.wanted);
            assert!(page.title.starts_with("Step ") && page.wanted.is_ascii(), "{}", page.title);
            assert!(!page.choices.is_empty() || page.field.is_some(), "{}", page.title);
            let texts = page.facts.iter().chain(page.choices.iter().map(|choice| &choice.label));
            assert!(texts.clone().all(|text| text.is_ascii()), "{}", page.title);
        }
    }
}
