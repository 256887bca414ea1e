//! Step 1: the image, from a list of files or by its path, and what it is.

use std::path::{Path, PathBuf};

use crate::cli::guide::page::{Answer, Choice, Field, Page};
use crate::cli::guide::state::{Entry, Guide, Image, Next, Place, Work};
use crate::units::{Bytes, named};

/// Which image.
pub(super) fn page(guide: &Guide) -> Page {
    let folder = &guide.folder;
    let mut facts = vec![
        "The old machine copies an image into its memory and starts from there; then the stick can be taken out. An image is a \
         file with all the bytes of a disk: of a hard disk or a floppy (.img, .vhd, .vmdk) or of a CD (.iso), also a packed one \
         (.gz, .xz, .zip)."
            .to_owned(),
        format!("Files in {}:", named(&folder.path)),
    ];
    if folder.more > 0 {
        facts.push(format!("{} more are not listed: type the path of one.", folder.more));
    }
    let choices = folder.entries.iter().map(|entry| Choice::new(label(entry))).collect();
    let field = Some(Field::new("Path"));
    let wanted = "Choose the disk image that the old machine is to start, or type its path.".into();
    // The folder above comes first, and is rarely meant.
    let usual = usize::from(folder.entries.len() > 1 && folder.entries[0].path.ends_with(".."));
    Page { title: Place::Image.title(), wanted, facts, choices, usual, field }
}

fn label(Entry { path, is_folder, len }: &Entry) -> String {
    match path.file_name() {
        None => "..  the folder above".into(),
        Some(name) if *is_folder => format!("{}/", named(name)),
        Some(name) => format!("{}  {}", named(name), Bytes(*len)),
    }
}

pub(super) fn answer(guide: &mut Guide, answer: Answer) -> Next {
    match answer {
        Answer::Choice(number) => match guide.folder.entries.get(number) {
            None => guide.stay("There is nothing to choose: type the path of an image."),
            Some(Entry { path, is_folder: true, .. }) => Next::Do(Work::List(path.clone())),
            Some(Entry { path, .. }) => Next::Do(Work::Look(path.clone())),
        },
        Answer::Text(text) => {
            let path = path(&text);
            match () {
                () if text.trim() == "-" => guide.stay(
                    "- means the standard input, which is this keyboard here: type the path of a file.",
                ),
                () if path.is_dir() => Next::Do(Work::List(path)),
                () => Next::Do(Work::Look(path)),
            }
        }
        Answer::Back => guide.stay("This is the first step."),
    }
}

/// A path as a person types it where no shell looks at it: without the quotes that protect it there, and with `~` for the home.
pub(super) fn path(text: &str) -> PathBuf {
    let text = text.trim();
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    let text = quoted('\'').or_else(|| quoted('"')).unwrap_or(text);
    let below = text.strip_prefix("~/").and_then(|rest| Some((std::env::home_dir()?, rest)));
    below.map_or_else(|| Path::new(text).to_owned(), |(home, rest)| home.join(rest))
}

/// What the image is.
pub(super) fn facts_page(guide: &Guide) -> Page {
    let Some(Image { words, lines, .. }) = &guide.image else { return Page::default() };
    let mut facts = words.clone();
    facts.push("In detail, as `ramkey inspect` tells it:".into());
    facts.extend(lines.iter().map(|line| format!("  {line}")));
    Page {
        title: Place::Facts.title(),
        wanted: "Look whether this is the image that you mean.".into(),
        facts,
        choices: vec![Choice::new("Go on with this image"), Choice::new("Choose another image")],
        ..Page::default()
    }
}

pub(super) fn facts_answer(_: &mut Guide, answer: Answer) -> Option<Next> {
    match answer {
        Answer::Choice(0) => Some(Next::Do(Work::Sticks)),
        _ => None,
    }
}
