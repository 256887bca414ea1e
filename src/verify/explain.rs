//! Explains reserved sectors of the file system that are not as written by the changes that systems make to them.

use ramkey_format::manifest::RangeEntry;

use crate::stick::{Bpb, LayoutKind, Reader, Reserved, bad_then, with_bad, written_counts};
use crate::verify::boot_area::BootArea;
use crate::verify::fault::Change;

/// Most sectors of a range that is explained; those that are written have a few hundred.
const EXPLAINED_MAX: u64 = 1 << 10;

/// Tries to explain a boot sector or reserved sectors that are not as written by what systems do to them. Undoes each of
/// these; if that gives the bytes that were written, nothing else changed.
pub(super) fn explain(reader: &Reader, area: &BootArea, entry: &RangeEntry) -> Option<Vec<Change>> {
    let volume_lba = area.volume_lba?;
    let (start, sectors) = (entry.lba.get(), entry.sectors.get());
    if sectors > EXPLAINED_MAX {
        return None;
    }
    let found = reader.bytes(start, sectors).ok()?;
    let bpb = &Bpb::parse(&reader.sector(volume_lba).ok()?).ok()?;
    let counts = written_counts(bpb, area.ranges, volume_lba + bpb.data());
    bad_then(area.bad).find_map(|bad| {
        let counts = with_bad(counts, bad);
        let mut bytes = found.clone();
        let changes = Reserved { reader, bpb, volume_lba, label: area.label, counts }.undo(start, &mut bytes);
        let is_as_written = *blake3::hash(&bytes).as_bytes() == entry.blake3;
        is_as_written.then(|| changes.into_iter().map(|what| Change::Volume { what: what.into() }).collect())
    })
}

/// Whether sector 0 is a boot sector of the file system.
pub(super) fn is_in_sector_0(area: &BootArea) -> bool {
    LayoutKind::from_code(area.layout).is_some_and(LayoutKind::has_volume_in_sector_0)
}
