//! What is said of the system on an image, before it is booted.

use crate::contents::iso::System;
use crate::contents::windows::Answer;
use crate::contents::{Kind, Looked};
use crate::image::Identity;
use crate::job::{DiscView, StickRequest};

/// What is to be known of an image of the menu, with what was asked for.
pub(super) fn notes(request: &StickRequest, looked: &Looked) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(disc) = looked.disc.clone().map(DiscView::new) {
        let has_floppy = request.companions.iter().any(|companion| companion.is_floppy);
        match disc.system {
            System::WindowsSetup if has_floppy => {}
            system if system.looks_again() => {
                let advice = disc.advice.map(|advice| format!("; {advice}"));
                notes.push(disc.statement + &advice.unwrap_or_default());
            }
            _ => {}
        }
    }
    let is_disk = matches!(looked.facts.kind, Kind::HardDisk | Kind::Partition);
    if let Some(windows) = looked.windows.as_ref().filter(|_| is_disk) {
        if windows.starts == Answer::Yes {
            // What may go wrong, with its step, because not all of it is seen without the options.
            notes.extend(
                windows.problems.iter().map(|problem| format!("{}: {}", problem.problem, problem.fix)),
            );
        } else {
            notes.push(format!("{}; `ramkey inspect` shows the steps", windows.verdict));
        }
        if request.identity.is_none() && windows.identity == Identity::Grub4dos {
            notes.push("the driver in its Windows looks for GRUB4DOS: add --identity grub4dos".into());
        }
    }
    notes
}
