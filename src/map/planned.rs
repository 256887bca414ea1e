//! The map of a stick or a disc that is not written yet, or was just written: the ranges of its layout.

use super::canvas::Canvas;
use super::range::Use;
use super::whole::{Map, Medium};
use crate::layout::{Layout, Role};

/// The map of `layout`; `files` are the names of its capsules' files.
pub fn of_layout(layout: &Layout, files: &[&str]) -> Map {
    let mut canvas = Canvas::new(layout.stick_sectors);
    for extent in &layout.extents {
        let run = (extent.lba, extent.sectors);
        let used_for = use_of(extent.role);
        match extent.role {
            Role::Capsule { image } => {
                let path = format!("RAMKEY/{}", files.get(image).copied().unwrap_or_default());
                canvas.paint_image(run, used_for, &path, Some(image + 1));
            }
            _ => canvas.paint(run, used_for, used_for.words()),
        }
    }
    Map {
        medium: Medium::Plan,
        sectors: layout.stick_sectors,
        partial: canvas.is_partial,
        ranges: canvas.finish(Use::Kept),
        free_from: 0,
        capsules: Vec::new(),
    }
}

fn use_of(role: Role) -> Use {
    match role {
        Role::Sector0 => Use::Sector0,
        Role::Table => Use::Table,
        Role::BootCode => Use::BootCode,
        Role::BootCopy => Use::BootCopy,
        Role::Stamps => Use::Stamps,
        Role::Manifest => Use::Manifest,
        Role::FatReserved => Use::FatReserved,
        Role::FatTable => Use::FatTable,
        Role::Directory => Use::Directory,
        Role::Capsule { .. } => Use::Capsule,
        Role::Disc => Use::Disc,
        Role::Files => Use::File,
        Role::Text => Use::Readme,
        Role::Copy => Use::Copy,
        Role::Cleared => Use::Cleared,
    }
}
