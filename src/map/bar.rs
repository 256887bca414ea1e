//! A map in a row of columns.

use super::capsule::{ChunkRun, MapCapsule};
use super::range::MapRange;

/// Some columns that show the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The sign that stands for it.
    pub sign: char,
    /// First sector.
    pub lba: u64,
    /// Sectors.
    pub sectors: u64,
    /// Columns, at least 1.
    pub columns: usize,
}

/// `ranges` in `columns` columns: to scale, but each has at least one column. Neighbours with the same sign are one; if there are still
/// more than columns, the shortest are left to the longer of their neighbours.
pub fn bar(ranges: &[MapRange], columns: usize) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for range in ranges {
        let cell = Cell { sign: range.sign(), lba: range.lba, sectors: range.sectors, columns: 1 };
        push(&mut cells, cell);
    }
    while cells.len() > columns.max(1) {
        let (shortest, _) = cells.iter().enumerate().min_by_key(|(_, cell)| cell.sectors).expect("some");
        let len = |at: Option<usize>| at.and_then(|at| cells.get(at)).map_or(0, |cell| cell.sectors);
        let (before, behind) = (shortest.checked_sub(1), Some(shortest + 1));
        let into = if len(before) >= len(behind) { before } else { behind };
        let cell = cells[shortest];
        let other = &mut cells[into.expect("there are more than one")];
        other.lba = other.lba.min(cell.lba);
        other.sectors += cell.sectors;
        cells.remove(shortest);
        cells = cells.into_iter().fold(Vec::new(), |mut joined, cell| {
            push(&mut joined, cell);
            joined
        });
    }
    share_out(&mut cells, columns);
    cells
}

fn push(cells: &mut Vec<Cell>, cell: Cell) {
    match cells.last_mut() {
        Some(last) if last.sign == cell.sign => last.sectors += cell.sectors,
        _ => cells.push(cell),
    }
}

/// Shares out the columns that are left when each cell has one: by length, what is lost by rounding to the longest remainders.
fn share_out(cells: &mut [Cell], columns: usize) {
    let all: u128 = cells.iter().map(|cell| u128::from(cell.sectors)).sum();
    let left = columns.saturating_sub(cells.len()) as u128;
    if all == 0 {
        return;
    }
    let mut remainders = Vec::new();
    let mut given = 0;
    for (number, cell) in cells.iter_mut().enumerate() {
        let wanted = left * u128::from(cell.sectors);
        cell.columns += (wanted / all) as usize;
        given += wanted / all;
        remainders.push((wanted % all, number));
    }
    remainders.sort_by_key(|&(remainder, number)| (u128::MAX - remainder, number));
    for (_, number) in remainders.into_iter().take((left - given) as usize) {
        cells[number].columns += 1;
    }
}

/// How the chunks of an image are stored, in at most `columns` columns of a sign each. Where a column stands for several chunks, it
/// shows what is rarest seen: raw before packed before zeros. A space is not known.
pub fn strip_of_forms(capsule: &MapCapsule, columns: usize) -> String {
    strip(capsule, columns, |runs| runs.map(|run| run.form).max().map(|form| form.letter()))
}

/// What became of the chunks of an image, in the same way: bad before changed before same before zeros.
pub fn strip_of_states(capsule: &MapCapsule, columns: usize) -> String {
    strip(capsule, columns, |runs| runs.filter_map(|run| run.state).max().map(|state| state.letter()))
}

/// The sign that `sign_of` gives the runs of chunks in each column.
fn strip(
    capsule: &MapCapsule,
    columns: usize,
    sign_of: impl Fn(&mut dyn Iterator<Item = &ChunkRun>) -> Option<char>,
) -> String {
    let chunks = u64::from(capsule.chunks);
    let columns = (columns as u64).min(chunks);
    let mut runs = capsule.runs.iter().peekable();
    let mut strip = String::new();
    for column in 0..columns {
        let (start, end) = (column * chunks / columns, (column + 1) * chunks / columns);
        while runs.next_if(|run| behind(run) <= start).is_some() {}
        let mut here = runs.clone().take_while(|run| u64::from(run.first) < end);
        strip.push(sign_of(&mut here).unwrap_or(' '));
    }
    strip
}

fn behind(run: &ChunkRun) -> u64 {
    u64::from(run.first) + u64::from(run.count)
}

#[cfg(test)]
mod tests {
    use super::super::capsule::{ChunkForm, ChunkState, Forms};
    use super::super::range::Use;
    use super::*;

    fn ranges(parts: &[(u64, Use)]) -> Vec<MapRange> {
        let mut lba = 0;
        let mut range = |&(sectors, used_for): &(u64, Use)| {
            lba += sectors;
            MapRange { lba: lba - sectors, sectors, used_for, name: String::new(), image: None }
        };
        parts.iter().map(&mut range).collect()
    }

    fn drawn(cells: &[Cell]) -> String {
        cells.iter().flat_map(|cell| std::iter::repeat_n(cell.sign, cell.columns)).collect()
    }

    #[test]
    fn a_bar_is_to_scale_and_shows_also_a_single_sector() {
        let parts = [(1, Use::Sector0), (599, Use::Free), (400, Use::File)];
        assert_eq!(drawn(&bar(&ranges(&parts), 21)), "S............ffffffff");
        assert_eq!(drawn(&bar(&ranges(&parts), 3)), "S.f");
        let huge = [(1, Use::Sector0), (u64::MAX / 2, Use::Free)];
        assert_eq!(drawn(&bar(&ranges(&huge), 10)), "S.........");
    }

    #[test]
    fn what_has_no_column_is_left_to_its_longer_neighbour() {
        let parts = [(10, Use::Sector0), (1, Use::Table), (30, Use::Free), (20, Use::File)];
        let cells = bar(&ranges(&parts), 3);
        assert_eq!(drawn(&cells), "S.f");
        assert_eq!((cells[1].lba, cells[1].sectors), (10, 31));
        assert_eq!(bar(&ranges(&parts), 1).len(), 1);
    }

    #[test]
    fn a_column_of_many_chunks_shows_what_needs_attention() {
        let run = |first, count, form, state| ChunkRun { first, count, form, state: Some(state) };
        let capsule = MapCapsule {
            image: 1,
            file: String::new(),
            title: String::new(),
            chunk_len: 1 << 18,
            chunks: 8,
            forms: Forms::default(),
            states: None,
            against: false,
            runs: vec![
                run(0, 3, ChunkForm::Packed, ChunkState::Same),
                run(3, 1, ChunkForm::Raw, ChunkState::Bad),
                run(4, 3, ChunkForm::Zero, ChunkState::Zero),
                run(7, 1, ChunkForm::Zero, ChunkState::Changed),
            ],
        };
        assert_eq!(strip_of_forms(&capsule, 100), "pppR....");
        assert_eq!(strip_of_states(&capsule, 100), "===!...x");
        assert_eq!(strip_of_states(&capsule, 4), "=!.x");
        assert_eq!(strip_of_forms(&capsule, 2), "R.");
    }
}
