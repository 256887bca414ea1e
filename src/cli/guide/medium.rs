//! Step 2: the medium, which is a stick, a file or a disc image.

use crate::cli::guide::image::path;
use crate::cli::guide::order::Goal;
use crate::cli::guide::page::{Answer, Choice, DOUBT, Field, Page};
use crate::cli::guide::state::{Guide, Next, Place, Stick, Work};
use crate::device::TargetPath;
use crate::plan::DiscMedium;
use crate::units::{Bytes, MIB, SECTOR_LEN};

/// What can be chosen beside sticks.
const OTHERS: [[&str; 2]; 3] = [
    ["A file", "it holds what a stick would; for an emulator, or to be copied to a stick later"],
    [
        "A disc image",
        "a file that is burned to a CD, for machines that start from no stick; it can be copied to a stick, too",
    ],
    ["Look again", "after you plugged a stick in, or closed what uses it"],
];

/// Sizes of sticks that are usual, in MiB.
const SIZES: [u64; 6] = [64, 128, 256, 512, 1024, 2048];

/// What the machine boots from.
pub(super) fn page(guide: &Guide) -> Page {
    let mut facts = Vec::new();
    if guide.sticks.is_empty() {
        facts.push(format!("{DOUBT}No stick is plugged in, as far as this machine tells."));
    }
    if guide.sticks.iter().any(|stick| !stick.is_refused) {
        facts.push(
            "All that is on the stick will be lost. Nothing is written before you have confirmed it.".into(),
        );
    }
    let stick = |stick: &Stick| Choice {
        label: stick.title.clone(),
        details: stick.details.clone(),
        is_refused: stick.is_refused,
    };
    let mut choices: Vec<Choice> = guide.sticks.iter().map(stick).collect();
    let usual = choices.iter().position(|choice| !choice.is_refused).unwrap_or(choices.len());
    choices.extend(OTHERS.map(|[label, detail]| Choice::with(label, detail)));
    let wanted = "Choose what the old machine will start from: a USB stick, or a file.".into();
    Page { title: Place::Medium.title(), wanted, facts, choices, usual, field: None }
}

pub(super) fn answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    let Answer::Choice(number) = answer else { return None };
    let others = guide.sticks.len();
    Some(match guide.sticks.get(number) {
        Some(stick) if stick.is_refused => {
            let notice = stick.details.iter().filter(|line| line.starts_with(DOUBT)).cloned().collect();
            guide.notice = notice;
            Next::Show
        }
        Some(stick) => {
            let goal = Goal::Stick { node: stick.node.clone(), unmounts: stick.is_mounted };
            guide.goal = Some(goal);
            guide.go(Place::Ram)
        }
        None if number == others => guide.go(Place::File),
        None if number == others + 1 => guide.go(Place::Disc),
        None => Next::Do(Work::Sticks),
    })
}

/// Which file, if it is one.
pub(super) fn file_page(place: Place) -> Page {
    let (what, name) = match place {
        Place::Disc => ("the disc image", "disc.iso"),
        _ => ("the file that becomes the stick", "stick.img"),
    };
    Page {
        title: place.title(),
        wanted: format!("Type the name of {what}."),
        facts: vec![
            "A new file is made. Before one that holds something is overwritten, you are asked.".into(),
        ],
        field: Some(Field { label: "Name".into(), text: name.into() }),
        ..Page::default()
    }
}

pub(super) fn file_answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    match answer {
        Answer::Text(text) if text.trim().is_empty() => Some(guide.stay("A name is needed.")),
        Answer::Text(text) => Some(Next::Do(Work::Target(path(&text)))),
        _ => None,
    }
}

/// Goes on with a file that can be written.
pub(super) fn take_file(guide: &mut Guide, target: &TargetPath) -> Next {
    let path = target.path().to_owned();
    match (guide.place, target) {
        (_, TargetPath::Block(_)) => guide.stay("That is a device: go back, and choose it from the list."),
        (Place::Disc, _) => {
            let medium = DiscMedium::default().name.unwrap_or_default().to_owned();
            guide.goal = Some(Goal::Disc { path, medium });
            guide.go(Place::DiscMedium)
        }
        (_, TargetPath::File { len: len @ 1.., .. }) => {
            guide.notice = vec![format!("The file is there, and keeps its length of {}.", Bytes(*len))];
            guide.goal = Some(Goal::File { path, size: None });
            guide.go(Place::Ram)
        }
        _ => {
            guide.goal = Some(Goal::File { path, size: None });
            guide.go(Place::Size)
        }
    }
}

/// How long the file is.
pub(super) fn size_page() -> Page {
    let sizes = SIZES.map(|mib| Bytes(mib * MIB).to_string());
    let choices = std::iter::once("As small as it can be".to_owned()).chain(sizes);
    Page {
        title: Place::Size.title(),
        wanted: "Choose how large the stick in the file is, or type a size such as 100M.".into(),
        facts: vec!["If it is copied to a real stick later, it may be no larger than that.".into()],
        choices: choices.map(Choice::new).collect(),
        usual: 0,
        field: Some(Field::new("Size")),
    }
}

pub(super) fn size_answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    let chosen = match answer {
        Answer::Choice(0) => None,
        Answer::Choice(number) => SIZES.get(number - 1).map(|mib| format!("{mib}M")),
        Answer::Text(text) => match text.trim().parse::<Bytes>() {
            Ok(Bytes(bytes)) if bytes > 0 && bytes.is_multiple_of(SECTOR_LEN) => Some(text.trim().to_owned()),
            Ok(_) => {
                return Some(guide.stay(format!("The size of a stick is a multiple of {SECTOR_LEN} bytes.")));
            }
            Err(error) => return Some(guide.stay(format!("{error}; {}.", error.help()))),
        },
        Answer::Back => return None,
    };
    if let Some(Goal::File { size, .. }) = &mut guide.goal {
        *size = chosen;
    }
    Some(guide.go(Place::Ram))
}

/// Which disc it must fit.
pub(super) fn disc_page() -> Page {
    let words = |medium: DiscMedium| {
        let name = medium.name.unwrap_or_default();
        let what = match name {
            "card" => "CD as small as a business card",
            "12cm" => "usual CD of 12 cm and 74 minutes",
            "8cm" => "mini-CD of 8 cm and 21 minutes",
            "8cm-18" => "mini-CD of 8 cm and 18 minutes",
            _ => "mini-CD of 8 cm and 24 minutes",
        };
        Choice::new(format!("{what}, {}", Bytes(medium.blocks * 2048)))
    };
    Page {
        title: Place::DiscMedium.title(),
        wanted: "Choose the blank CD that the disc image must fit.".into(),
        facts: vec!["The image becomes as long as it must be, and no longer.".into()],
        choices: DiscMedium::ALL.map(words).into(),
        usual: DiscMedium::ALL.iter().position(|medium| *medium == DiscMedium::default()).unwrap_or(0),
        field: None,
    }
}

pub(super) fn disc_answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    let Answer::Choice(number) = answer else { return None };
    let name = DiscMedium::ALL.get(number).and_then(|medium| medium.name).unwrap_or_default();
    if let Some(Goal::Disc { medium, .. }) = &mut guide.goal {
        name.clone_into(medium);
    }
    Some(guide.go(Place::Ram))
}
