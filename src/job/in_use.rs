//! What is to be known of an image that somebody may write to while it is copied.

use crate::device::{System, Use};
use crate::image::{Source, SourceFile};
use crate::units::named;

/// Warnings for each image, whose files are asked about.
pub(super) fn warnings(images: &[Box<dyn Source>]) -> Vec<Vec<String>> {
    let files: Vec<SourceFile> = images.iter().flat_map(|image| image.files()).cloned().collect();
    let in_use = System::default().in_use(&files);
    let of_file = |file: &SourceFile| in_use.changes_to(file);
    let mut all = Vec::new();
    for image in images {
        let used: Vec<Use> = image.files().iter().flat_map(of_file).collect();
        all.push(used.iter().filter_map(warning).collect());
    }
    all
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
