//! What the guide does between its pages.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::cli::CliError;
use crate::cli::confirm::{Question, unmounted};
use crate::cli::guide::order::{Order, Ready};
use crate::cli::guide::page::DOUBT;
use crate::cli::guide::run;
use crate::cli::guide::state::{Done, Entry, Folder, Image, Stick, Work};
use crate::cli::guide::summary::text;
use crate::cli::inspect::show_image;
use crate::cli::list::headline;
use crate::cli::own_output::look;
use crate::cli::rights::{needed, that_may_be_asked_for};
use crate::contents::KindChoice;
use crate::device::{Allowed, System, TargetPath};
use crate::job::{
    self, ImageView, InspectRequest, Inspected, JobError, Listed, Observer, Opener, inspect, list,
};
use crate::origin::Expectations;
use crate::report::ram_wanted;
use crate::units::{Bytes, named, shell_word};

/// What is said before somebody asks for rights.
pub(super) const RIGHTS: &str =
    "The stick is opened with the rights of root: you may be asked for your password.";

/// Entries of a folder that are listed.
const LISTED_MAX: usize = 100;

impl Work {
    /// What is being done, for people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::List(_) => "Looking through the folder",
            Self::Look(_) => "Looking at the image",
            Self::Sticks => "Looking for sticks",
            Self::Target(_) => "Looking at the file",
            Self::Prepare(..) => "Reading and packing the image; nothing is written yet",
            Self::Write(_) => "Writing and proving; what was there is lost",
        }
    }

    /// Whether somebody is asked at the terminal for the rights that it needs.
    pub fn asks_for_rights(&self) -> bool {
        matches!(self, Self::Write(ready) if ready.single.system.lender.is_some())
    }

    /// Bytes that it handles, as far as that is known before.
    pub fn bytes(&self) -> u64 {
        match self {
            // All of it is written, and all of it read back.
            Self::Write(ready) => 2 * ready.plan.bytes,
            // All of it is read to hash it, and again to pack it.
            Self::Prepare(_, len) => 2 * len,
            _ => 0,
        }
    }

    /// Does it.
    pub fn run(self, system: &System, stop: &AtomicBool, observer: &dyn Observer) -> Done {
        match self {
            Self::List(path) => Done::Listed(read_folder(&path)),
            Self::Look(path) => Done::Looked(look_at(path, observer)),
            Self::Sticks => Done::Sticks(sticks(system)),
            Self::Target(path) => Done::Target(look(system, &path)),
            Self::Prepare(order, _) => Done::Prepared(prepare(order, observer)),
            Self::Write(ready) => Done::Written(Box::new(run::write(&ready, stop, observer))),
        }
    }
}

/// Files and folders that can be chosen; what begins with a point is hidden, as everywhere.
fn read_folder(path: &Path) -> Result<Folder, CliError> {
    let read = |source| JobError::Read { path: path.to_owned(), source };
    let path = &fs::canonicalize(path).map_err(read)?;
    // A command is shorter by what is here anyway.
    let here = env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
    let short = |path: PathBuf| match path.strip_prefix(&here) {
        Ok(below) if below != Path::new("") => below.to_owned(),
        _ => path,
    };
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).map_err(read)? {
        let entry = entry.map_err(read)?;
        // What a link leads to counts; one to nothing is nothing.
        let Ok(meta) = fs::metadata(entry.path()) else { continue };
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !is_hidden && (meta.is_dir() || meta.is_file()) {
            let path = short(entry.path());
            entries.push(Entry { path, is_folder: meta.is_dir(), len: meta.len() });
        }
    }
    entries.sort_by(|one, other| (!one.is_folder, &one.path).cmp(&(!other.is_folder, &other.path)));
    // Files are what is looked for.
    let folders = entries.iter().take_while(|entry| entry.is_folder).count();
    entries.rotate_left(folders);
    let more = entries.len().saturating_sub(LISTED_MAX);
    entries.truncate(LISTED_MAX);
    if path.parent().is_some() {
        entries.insert(0, Entry { path: path.join(".."), is_folder: true, len: 0 });
    }
    Ok(Folder { path: path.clone(), entries, more })
}

fn look_at(path: PathBuf, observer: &dyn Observer) -> Result<Image, CliError> {
    let request = InspectRequest {
        path: path.clone(),
        hash: true,
        kind: KindChoice::Auto,
        geometry: None,
        folder_free: None,
        expectations: Expectations::default(),
    };
    match inspect(&request, observer)? {
        Inspected::Image(view) => Ok(image(path, &view)),
        Inspected::Stick(_) => {
            let what = format!(
                "{} is a stick or a disc of ramkey itself, and no image of another disk",
                named(&path)
            );
            let tip = format!(
                "`ramkey write {} --to STICK` copies a disc image of ramkey to a stick",
                shell_word(&path)
            );
            Err(CliError::CommandLine { what, tips: vec![tip] })
        }
    }
}

fn image(path: PathBuf, view: &ImageView) -> Image {
    let contents = view.contents.as_deref().map(|contents| format!(": {contents}")).unwrap_or_default();
    let name = named(path.file_name().unwrap_or(OsStr::new("it"))).into_owned();
    let mut words = vec![format!("{name} is the image of a {}, {}{contents}.", view.kind, Bytes(view.len))];
    words.push(format!("Memory of the machine: {}.", view.machine.words()));
    if let Some(windows) = &view.windows {
        let mark = if windows.problems.iter().any(|problem| problem.stops) { DOUBT } else { "" };
        words.push(format!("{mark}Windows: {}", windows.verdict));
    }
    words.extend(view.warnings.iter().map(|warning| format!("{DOUBT}{warning}")));
    Image {
        path,
        len: view.len,
        words,
        lines: text(|out| show_image(out, view)),
        ram_wanted: ram_wanted(view.ram_needed, view.machine.system_mb),
        machines: view.machine.words(),
        smaller: view.machine.smaller_words(),
        seconds: view.load.as_ref().map(|load| load.seconds),
    }
}

/// The sticks; one that is refused because it is mounted, and for nothing else, is none: it is unmounted first.
fn sticks(system: &System) -> Result<Vec<Stick>, CliError> {
    let system = System { allowed: Allowed { unmount: true, ..system.allowed }, ..system.clone() };
    let system = that_may_be_asked_for(system);
    let listing = list(&system, false)?;
    Ok(listing.sticks.into_iter().map(|listed| stick(&system, listed)).collect())
}

fn stick(system: &System, listed: Listed) -> Stick {
    let contents = listed.contents.iter();
    let mut details: Vec<String> =
        contents.map(|contents| format!("{}  {}  {}", contents.name, contents.size, contents.what)).collect();
    details.extend(listed.notes.iter().map(|note| format!("note: {note}")));
    let (node, title) = (listed.facts.node.clone(), headline(&listed.facts));
    let target = TargetPath::Block(Box::new(listed.facts));
    let mounts = system.own_mounts(&target);
    let is_refused = listed.refused.is_some();
    match listed.refused {
        None => details.extend(mounts.iter().map(|mount| format!("{} first", unmounted(mount)))),
        Some(refused) => {
            let help = listed.help.map(|help| format!("; {help}")).unwrap_or_default();
            details.push(format!("{DOUBT}{refused}{help}"));
        }
    }
    Stick { node, title, details, is_refused, is_mounted: !mounts.is_empty() }
}

fn prepare(order: Order, observer: &dyn Observer) -> Result<Box<Ready>, CliError> {
    let single = order.single()?;
    let prepared = single.prepare(&Opener::new(observer), observer);
    let prepared = prepared.map_err(|error| needed(error, &single.system))?;
    let mounts = match single.system.allowed.unmount {
        true => single.system.own_mounts(&single.target),
        false => Vec::new(),
    };
    let question = Question::of(&single.system, &single.target, &mounts, observer)?;
    let is_unknown = (0..prepared.images.facts.len()).any(|number| prepared.images.is_unknown(number));
    let plan = job::plan(&prepared);
    Ok(Box::new(Ready { order, single, prepared, plan, mounts, is_unknown, question }))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs::canonicalize;

    use super::read_folder;

    #[test]
    fn the_folder_in_which_the_guide_was_started_has_a_name_in_the_one_above() {
        let here = canonicalize(env::current_dir().unwrap()).unwrap();
        let above = read_folder(here.parent().unwrap()).unwrap();
        assert!(above.more > 0 || above.entries.iter().any(|entry| entry.path == here));
        assert!(
            above.entries.iter().all(|entry| entry.path.file_name().is_some() || entry.path.ends_with(".."))
        );
    }
}
