//! What is to be known of an image that somebody may write to while it is copied.

use std::thread::sleep;
use std::time::Duration;

use crate::device::{InUse, System, Use};
use crate::image::{Source, SourceFile};
use crate::units::named;

/// How often is asked, and how long is waited in between, while a process has an image open: who has just closed it, or is a
/// copy of a process that has it, is gone in a moment.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);

/// Warnings for each image, whose files are asked about. `known` is what was found in use a moment ago, when these files were looked
/// for.
pub(super) fn warnings(images: &[&dyn Source], known: Option<InUse>) -> Vec<Vec<String>> {
    let mut uses = known.map_or_else(|| uses(images), |known| uses_in(&known, images));
    for _ in 1..TRIES {
        let is_open = |used: &Use| matches!(used, Use::Open { .. } | Use::OpenSomewhere);
        if !uses.iter().flatten().any(is_open) {
            break;
        }
        sleep(PAUSE);
        uses = self::uses(images);
    }
    uses.iter().map(|used| used.iter().filter_map(warning).collect()).collect()
}

/// What uses each image in a way that may change it.
fn uses(images: &[&dyn Source]) -> Vec<Vec<Use>> {
    let files: Vec<SourceFile> = images.iter().flat_map(|image| image.files()).cloned().collect();
    uses_in(&System::default().in_use(&files), images)
}

fn uses_in(in_use: &InUse, images: &[&dyn Source]) -> Vec<Vec<Use>> {
    let of_file = |file: &SourceFile| in_use.changes_to(file);
    images.iter().map(|image| image.files().iter().flat_map(of_file).collect()).collect()
}

/// What is going on, and how to end it.
fn warning(used: &Use) -> Option<String> {
    let what = match used {
        Use::Mounted { name, folder, .. } => {
            format!("it is mounted for writing: {name} on {}", named(folder))
        }
        Use::Swap { name } => format!("memory is swapped to it: {}", named(name)),
        Use::Held { name, holder } => format!("its device {name} is held by {holder}"),
        Use::Open { pid, command } => format!("process {pid} ({command}) has it open for writing"),
        Use::OpenHere { descriptor } => {
            format!("this command was started with it open for writing, as descriptor {descriptor}")
        }
        Use::OpenSomewhere => "something that ramkey may not look at has it open for writing".into(),
        _ => return None,
    };
    let help = used.end().unwrap_or_else(|| "close it".into());
    Some(format!("{what}; what is copied may be half of a change: {help}, and repeat the command"))
}
