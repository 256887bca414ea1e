//! Steps 3 and 4: whether the image fits the old machine, how long it is loaded, and how the stick is divided.

use clap::ValueEnum;

use crate::cli::args::LayoutArg;
use crate::cli::guide::order::Goal;
use crate::cli::guide::page::{Answer, Choice, DOUBT, Field, Page};
use crate::cli::guide::state::{Guide, Next, Place, Work};
use crate::cli::pack_names::BusArg;
use crate::plan::{LayoutChoice, Slot};
use crate::report::MACHINES;
use crate::units::Ram;

/// How a machine reads, and the place of that among the speeds of a report.
const BUSES: [(BusArg, usize, &str); 2] = [
    (BusArg::Usb1, 1, "USB 1.1: most machines from before 2002"),
    (BusArg::Usb2, 3, "USB 2.0: most machines since then"),
];
/// The place of a CD drive among the speeds of a report.
const CD_SPEED: usize = 0;

/// How much memory the machine has.
pub(super) fn ram_page(guide: &Guide) -> Page {
    let mut facts = Vec::new();
    if let Some(image) = &guide.image {
        facts.push(format!(
            "The image lies in the memory (RAM) of the machine while it runs, so {} are needed in all: {}.",
            Ram(image.ram_wanted),
            image.machines
        ));
        if let (Some(Goal::Disc { .. }), Some(seconds)) = (&guide.goal, image.seconds) {
            facts.push(format!(
                "From a CD drive of four times speed it is loaded in about {}.",
                time(seconds[CD_SPEED])
            ));
        }
    }
    let one = |mb: u64| {
        let fits = if guide.fits(mb) { "fits" } else { "too little" };
        Choice::new(format!("{mb:>4} MB  {fits}"))
    };
    let mut choices = vec![Choice::new("I do not know")];
    choices.extend(MACHINES.into_iter().map(one));
    Page {
        title: Place::Ram.title(),
        wanted: "Choose how much memory the old machine has, or type it in MB.".into(),
        facts,
        choices,
        usual: 0,
        field: Some(Field::new("MB")),
    }
}

pub(super) fn ram_answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    let ram_mb = match answer {
        Answer::Choice(0) => None,
        Answer::Choice(number) => MACHINES.get(number - 1).copied(),
        Answer::Text(text) => {
            let digits = text.trim().trim_end_matches(['M', 'B', 'm', 'b', 'i', ' ']);
            match digits.parse() {
                Ok(mb @ 1..) => Some(mb),
                _ => return Some(guide.stay("The memory is a number of megabytes, such as 128.")),
            }
        }
        Answer::Back => return None,
    };
    guide.ram_mb = ram_mb;
    Some(match ram_mb {
        Some(mb) if !guide.fits(mb) => guide.go(Place::TooLarge),
        _ => on(guide),
    })
}

/// What is asked behind the memory: of a disc nothing more.
fn on(guide: &mut Guide) -> Next {
    match &guide.goal {
        Some(Goal::Disc { .. }) => prepare(guide),
        _ => guide.go(Place::Bus),
    }
}

fn prepare(guide: &mut Guide) -> Next {
    let len = guide.image.as_ref().map_or(0, |image| image.len);
    guide.order().map_or(Next::Show, |order| Next::Do(Work::Prepare(order, len)))
}

/// That the image is too large.
pub(super) fn too_large_page(guide: &Guide) -> Page {
    let Some(image) = &guide.image else { return Page::default() };
    let ram_mb = guide.ram_mb.unwrap_or_default();
    let mut facts = vec![format!(
        "{DOUBT}The image does not fit: {} are needed, and the machine has {ram_mb} MB. ramkey would say so there, and start nothing.",
        Ram(image.ram_wanted)
    )];
    if !image.smaller.is_empty() {
        facts.push("The image would be smaller without:".into());
        facts.extend(image.smaller.iter().map(|line| format!("  {line}")));
        facts.push("docs/shrink.md says how images become smaller.".into());
    }
    Page {
        title: Place::TooLarge.title(),
        wanted: "Choose what is to be done about an image that is too large for this machine.".into(),
        facts,
        choices: vec![
            Choice::new("Choose another image"),
            Choice::with("Write it all the same", "for a machine with more memory"),
        ],
        ..Page::default()
    }
}

pub(super) fn too_large_answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    match answer {
        Answer::Choice(1) => Some(on(guide)),
        Answer::Choice(_) => {
            guide.behind.clear();
            guide.place = Place::Image;
            Some(Next::Show)
        }
        _ => None,
    }
}

/// How the machine reads the stick.
pub(super) fn bus_page(guide: &Guide) -> Page {
    let seconds = guide.image.as_ref().and_then(|image| image.seconds);
    let one = |(_, speed, words): (BusArg, usize, &str)| match seconds {
        Some(seconds) => {
            Choice::with(words, format!("the image is loaded in about {}", time(seconds[speed])))
        }
        None => Choice::new(words),
    };
    let mut choices =
        vec![Choice::with("I do not know", "then it is written for the slower one, and works in both")];
    choices.extend(BUSES.map(one));
    Page {
        title: Place::Bus.title(),
        wanted: "Choose which USB the old machine has; it decides how hard the image is packed.".into(),
        choices,
        ..Page::default()
    }
}

pub(super) fn bus_answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    let Answer::Choice(number) = answer else { return None };
    guide.bus = number.checked_sub(1).and_then(|number| BUSES.get(number)).map(|(bus, ..)| *bus);
    Some(guide.go(Place::Layout))
}

fn time(seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{seconds} s"),
        _ => format!("{} min", seconds.div_ceil(60)),
    }
}

/// How the stick is divided.
pub(super) fn layout_page(guide: &Guide) -> Page {
    let choices = LayoutArg::value_variants().iter().map(|layout| match layout.choice(Slot::First) {
        LayoutChoice::Is(kind) => Choice::with(kind.name(), format!("for {}", kind.machines())),
        LayoutChoice::Auto => {
            Choice::with("as is usual", "universal on a stick below 1 GiB, hdd on a larger one")
        }
    });
    Page {
        title: Place::Layout.title(),
        wanted: "Choose how the stick is divided, if the usual way did not start on this machine.".into(),
        facts: vec![
            "The BIOS, the program that starts a machine, takes a stick for a hard disk (USB-HDD), a ZIP disk (USB-ZIP) or a floppy \
             (USB-FDD). The usual layout starts with all of them; docs/layouts.md says which other one to try when."
                .into(),
        ],
        choices: choices.collect(),
        usual: LayoutArg::value_variants().iter().position(|layout| *layout == guide.layout).unwrap_or(0),
        field: None,
    }
}

pub(super) fn layout_answer(guide: &mut Guide, answer: Answer) -> Option<Next> {
    let Answer::Choice(number) = answer else { return None };
    guide.layout = LayoutArg::value_variants().get(number).copied().unwrap_or_default();
    Some(prepare(guide))
}
