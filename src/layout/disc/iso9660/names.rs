//! Names as ISO 9660 and Joliet know them, made of those that the user wrote.
//!
//! Each folder is a world of its own. A name that needs no change keeps its form; of several that would become one, the first
//! in the order of their bytes keeps it and the others get a number, so the names do not depend on the order of the tree.

use std::collections::{HashMap, HashSet};

use super::fields::d_character;

/// Version of every file. (ECMA-119 section 7.5.1.)
const VERSION: &str = ";1";
/// Characters that a Joliet name must not have, beside control characters. (Joliet, "Allowed Character Set".)
const NOT_IN_JOLIET: &str = "*/:;?\\";
/// Most characters of a file name and of its extension on level 1. (ECMA-119 section 10.1.)
const LEVEL_1: [usize; 2] = [8, 3];
/// Most characters of a Joliet name.
const JOLIET_MAX: usize = 64;
/// Most characters of an extension that is kept where a Joliet name is too long.
const JOLIET_EXTENSION_MAX: usize = 15;

/// Whose names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// ISO 9660, interchange level 1.
    Level1,
    /// Joliet: UCS-2, high byte first.
    Joliet,
}

/// A name of the user that is to be made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted<'n> {
    pub name: &'n str,
    pub is_folder: bool,
    /// Whether it is that of a capsule, which no kind of names changes.
    pub is_capsule: bool,
}

/// A name as a disc has it. The order is that of the records of a directory, in which the shorter of two names is filled up
/// with what is smaller than any character. (ECMA-119 section 9.3; Joliet, "Sort Ordering".)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name {
    /// All of a folder's; of a file what is before the last point.
    stem: Vec<u16>,
    extension: Vec<u16>,
}

impl Name {
    /// The identifier of a directory record. (ECMA-119 section 9.1.11.)
    pub fn identifier(&self, naming: Naming, is_folder: bool) -> Vec<u8> {
        let mut units = self.stem.clone();
        if !is_folder {
            // Level 1 has the point of an empty extension, Joliet names are the user's.
            if naming == Naming::Level1 || !self.extension.is_empty() {
                units.push(u16::from(b'.'));
            }
            units.extend_from_slice(&self.extension);
            units.extend(VERSION.encode_utf16());
        }
        match naming {
            Naming::Level1 => units.iter().map(|&unit| unit as u8).collect(),
            Naming::Joliet => units.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        }
    }

    /// What must not be twice in a folder: a file and a folder are told apart by no reader, and by the ones of Joliet no
    /// large letters from small ones.
    fn key(&self) -> String {
        let text = |units: &[u16]| String::from_utf16_lossy(units).to_lowercase();
        match self.extension.is_empty() {
            true => text(&self.stem),
            false => text(&self.stem) + "." + &text(&self.extension),
        }
    }

    /// The same with a number, in as many characters.
    fn numbered(&self, number: u32, stem_max: usize) -> Self {
        let suffix: Vec<u16> = format!("_{number}").encode_utf16().collect();
        let stem = &self.stem[..self.stem.len().min(stem_max - suffix.len())];
        Self { stem: [stem, &suffix].concat(), extension: self.extension.clone() }
    }
}

impl Naming {
    /// The names of all that lies in one folder, in the order of `wanted`.
    pub fn names(self, wanted: &[Wanted]) -> Vec<Name> {
        let made: Vec<Name> = wanted.iter().map(|wanted| self.made(wanted)).collect();
        let is_changed = |index: usize| !self.is_kept(wanted[index].name, &made[index]);
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_by_key(|&index| (is_changed(index), wanted[index]));
        let mut taken = HashSet::new();
        let mut next = HashMap::new();
        let mut names = made.clone();
        for index in order {
            if !taken.insert(made[index].key()) {
                names[index] = self.distinct(&made[index], &mut taken, &mut next);
            }
        }
        names
    }

    /// The first numbered form of `name` that is not taken. `next` has the next number for each beginning, so that many equal
    /// names do not look for theirs from the start.
    fn distinct(
        self,
        name: &Name,
        taken: &mut HashSet<String>,
        next: &mut HashMap<(String, u32), u32>,
    ) -> Name {
        let stem_max = self.stem_max(&name.extension);
        // A disc has fewer files than numbers of seven digits, so one of them is free.
        for digits in 1..stem_max as u32 {
            let first = 10u32.pow(digits - 1);
            let beginning = name.numbered(first, stem_max).key();
            let number = next.entry((beginning, digits)).or_insert(first);
            while *number < first * 10 {
                let numbered = name.numbered(*number, stem_max);
                *number += 1;
                if taken.insert(numbered.key()) {
                    return numbered;
                }
            }
        }
        unreachable!("there are more numbers than files")
    }

    /// The name that `wanted` gets if no other has it.
    fn made(self, wanted: &Wanted) -> Name {
        if self == Self::Joliet {
            return joliet(wanted);
        }
        let (stem, extension) = match wanted.name.rsplit_once('.') {
            Some((stem, extension)) if !wanted.is_folder && !stem.is_empty() => (stem, extension),
            _ => (wanted.name, ""),
        };
        let known = |c| if wanted.is_capsule { c } else { d_character(c) };
        let part = |text: &str, max| text.chars().take(max).map(|c| known(c) as u16).collect();
        Name { stem: part(stem, LEVEL_1[0]), extension: part(extension, LEVEL_1[1]) }
    }

    /// Whether `made` says all that the user's name does.
    fn is_kept(self, name: &str, made: &Name) -> bool {
        let [stem, extension] = [&made.stem, &made.extension].map(|units| String::from_utf16_lossy(units));
        let text = if extension.is_empty() { stem } else { stem + "." + &extension };
        match self {
            Self::Level1 => name.eq_ignore_ascii_case(&text),
            Self::Joliet => name == text,
        }
    }

    /// Most characters before the extension.
    fn stem_max(self, extension: &[u16]) -> usize {
        match self {
            Self::Level1 => LEVEL_1[0],
            Self::Joliet if extension.is_empty() => JOLIET_MAX,
            Self::Joliet => JOLIET_MAX - 1 - extension.len(),
        }
    }
}

/// The name that Joliet has for `wanted` if no other has it.
fn joliet(wanted: &Wanted) -> Name {
    let point = u16::from(b'.');
    let mut stem: Vec<u16> = wanted.name.chars().map(joliet_unit).collect();
    end_well(&mut stem);
    // What begins with its only point has no extension.
    let last = stem.iter().rposition(|&unit| unit == point).filter(|&at| at > 0 && !wanted.is_folder);
    let mut extension = last.map(|at| stem.split_off(at)[1..].to_vec()).unwrap_or_default();
    if stem.len() + usize::from(last.is_some()) + extension.len() > JOLIET_MAX {
        extension.truncate(JOLIET_EXTENSION_MAX);
        stem.truncate(Naming::Joliet.stem_max(&extension));
        end_well(if extension.is_empty() { &mut stem } else { &mut extension });
    }
    Name { stem, extension }
}

/// Puts an underscore in the place of a point or blank at the end, which Windows and Linux would leave out.
fn end_well(name: &mut [u16]) {
    if let Some(last) = name.last_mut().filter(|last| [b'.', b' '].map(u16::from).contains(last)) {
        *last = u16::from(b'_');
    }
}

/// A character as UCS-2 has it; an underscore for one that it has not, or that a name must not have.
fn joliet_unit(c: char) -> u16 {
    let unit = u16::try_from(u32::from(c)).ok();
    unit.filter(|_| !c.is_control() && !NOT_IN_JOLIET.contains(c)).unwrap_or(u16::from(b'_'))
}
