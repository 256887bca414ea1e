//! The map of an image: what [`contents::look`](crate::contents::look) found of it.

use super::canvas::{Canvas, FreeRuns};
use super::range::Use;
use super::whole::{Map, Medium};
use crate::contents::{AreaUse, Areas, Kind, Looked};
use crate::units::SECTOR_LEN;

/// The map of an image that was looked at.
pub fn of_image(looked: &Looked) -> Map {
    let sectors = looked.facts.len.div_ceil(SECTOR_LEN);
    let mut canvas = Canvas::new(sectors);
    let mut is_whole = true;
    if let Some(areas) = &looked.areas {
        is_whole &= paint_areas(&mut canvas, areas, |used_for| used_for != AreaUse::Volume);
    }
    let mut free_from = 0;
    if let Some(free) = looked.free.as_ref().filter(|free| !free.is_empty()) {
        let mut runs = FreeRuns::default();
        for range in &free.ranges {
            runs.add((range.start / SECTOR_LEN, (range.end - range.start) / SECTOR_LEN));
        }
        let (runs, from) = runs.finish();
        runs.into_iter().for_each(|run| canvas.paint(run, Use::Free, Use::Free.words()));
        free_from = from;
    }
    if let Some(areas) = &looked.areas {
        is_whole &= paint_areas(&mut canvas, areas, |_| true);
    }
    let is_disc = looked.facts.kind == Kind::Disc;
    Map {
        medium: if is_disc { Medium::Cd } else { Medium::Image },
        sectors,
        partial: !is_whole || canvas.is_partial,
        ranges: canvas.finish(Use::Unused),
        free_from,
        capsules: Vec::new(),
    }
}

/// Paints those areas that are wanted; says whether all of them were found.
pub(super) fn paint_areas(canvas: &mut Canvas, areas: &Areas, wanted: impl Fn(AreaUse) -> bool) -> bool {
    for area in areas.list.iter().filter(|area| wanted(area.used_for)) {
        let used_for = match area.used_for {
            AreaUse::Table => Use::Table,
            AreaUse::FatReserved => Use::FatReserved,
            AreaUse::FatTable => Use::FatTable,
            AreaUse::Directory => Use::Directory,
            AreaUse::Disc => Use::Disc,
            AreaUse::File => Use::File,
            AreaUse::BootImage => Use::BootImage,
            AreaUse::Volume => Use::Volume,
        };
        canvas.paint((area.lba, area.sectors), used_for, &area.name);
    }
    !areas.partial
}
