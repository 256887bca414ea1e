//! The lists of the keys below a key, in the order of their names.

use std::cmp::Ordering;

use super::cells::damaged;
use super::edit::HiveEdit;
use super::error::HiveEditError;
use super::key::{LIST, SUBKEYS};
use super::name::{hash, hint, order, units};
use crate::contents::bytes::{get_u16, get_u32};
use crate::contents::windows::hive::regf::NOWHERE;

const A_LIST: &str = "a list of keys";
/// Most keys in one list that is written anew, so that it stays within one unit of a bin.
const LEAF_KEYS_MAX: usize = 507;

/// How a list is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Offsets alone.
    Li,
    /// Beside each offset the first letters of the name.
    Lf,
    /// Beside each offset a hash of the name.
    Lh,
}

impl Form {
    /// The form that a hive of this version has.
    fn of_version(minor: u32) -> Self {
        match minor {
            ..3 => Self::Li,
            3 | 4 => Self::Lf,
            5.. => Self::Lh,
        }
    }

    fn signature(self) -> [u8; 2] {
        match self {
            Self::Li => *b"li",
            Self::Lf => *b"lf",
            Self::Lh => *b"lh",
        }
    }

    fn of(content: &[u8]) -> Option<Self> {
        [Self::Li, Self::Lf, Self::Lh].into_iter().find(|form| content.starts_with(&form.signature()))
    }

    fn entry_len(self) -> usize {
        if self == Self::Li { 4 } else { 8 }
    }

    fn beside(self, name: &[u16]) -> u32 {
        match self {
            Self::Li => 0,
            Self::Lf => hint(name),
            Self::Lh => hash(name),
        }
    }
}

/// A key in a list: its offset, and what stands beside it.
#[derive(Clone, Copy)]
struct Listed {
    key: u32,
    beside: u32,
}

/// One list.
struct Leaf {
    cell: u32,
    form: Form,
    keys: Vec<Listed>,
}

/// All lists of a key.
struct Lists {
    /// The list of lists, if there is one.
    top: Option<u32>,
    leaves: Vec<Leaf>,
}

impl HiveEdit {
    /// The keys below `key`, in the order of its lists.
    pub(super) fn below(&self, key: u32) -> Result<Vec<u32>, HiveEditError> {
        let lists = self.lists(key)?;
        Ok(lists.leaves.iter().flat_map(|leaf| leaf.keys.iter().map(|listed| listed.key)).collect())
    }

    /// The cells that the lists of `key` are in.
    pub(super) fn list_cells(&self, key: u32) -> Result<Vec<u32>, HiveEditError> {
        let lists = self.lists(key)?;
        Ok(lists.top.into_iter().chain(lists.leaves.iter().map(|leaf| leaf.cell)).collect())
    }

    fn lists(&self, key: u32) -> Result<Lists, HiveEditError> {
        let (count, list) = (self.field(key, SUBKEYS)?, self.field(key, LIST)?);
        if count == 0 || list == NOWHERE {
            return Ok(Lists { top: None, leaves: Vec::new() });
        }
        let content = self.cells.content(list, A_LIST)?;
        let (top, cells) = if content.starts_with(b"ri") {
            let leaves = usize::from(get_u16(content, 2).unwrap_or_default());
            (Some(list), content.get(4..4 + leaves * 4).ok_or_else(|| damaged(list, A_LIST))?)
        } else {
            (None, &list.to_le_bytes()[..])
        };
        let mut lists = Lists { top, leaves: Vec::new() };
        let mut left = count as usize;
        for cell in cells.chunks_exact(4) {
            let leaf = self.leaf(get_u32(cell, 0).unwrap_or(NOWHERE), left)?;
            left -= leaf.keys.len();
            lists.leaves.push(leaf);
        }
        if left == 0 { Ok(lists) } else { Err(damaged(list, A_LIST)) }
    }

    /// The list in the cell `cell`, which has `most` keys at most.
    fn leaf(&self, cell: u32, most: usize) -> Result<Leaf, HiveEditError> {
        let wrong = || damaged(cell, A_LIST);
        let content = self.cells.content(cell, A_LIST)?;
        let form = Form::of(content).ok_or_else(wrong)?;
        let count = usize::from(get_u16(content, 2).ok_or_else(wrong)?);
        // One list can be named again and again, so that a short hive seems to have more keys than fit into memory.
        if count > most {
            return Err(wrong());
        }
        let entries = content.get(4..4 + count * form.entry_len()).ok_or_else(wrong)?;
        let listed = |entry: &[u8]| Listed {
            key: get_u32(entry, 0).unwrap_or(NOWHERE),
            beside: get_u32(entry, 4).unwrap_or_default(),
        };
        Ok(Leaf { cell, form, keys: entries.chunks_exact(form.entry_len()).map(listed).collect() })
    }

    /// Puts `key`, whose name is `name`, among those below `parent`.
    pub(super) fn list_key(&mut self, parent: u32, key: u32, name: &[u16]) -> Result<(), HiveEditError> {
        let mut lists = self.lists(parent)?;
        let count = self.field(parent, SUBKEYS)?;
        if lists.leaves.is_empty() {
            let form = Form::of_version(self.minor);
            let content = leaf_content(form, &[Listed { key, beside: form.beside(name) }]);
            let cell = self.cells.add(&content)?;
            self.set_field(parent, LIST, cell)?;
            return self.set_field(parent, SUBKEYS, 1);
        }
        let (index, at) = self.place(&lists, name)?;
        let leaf = &mut lists.leaves[index];
        leaf.keys.insert(at, Listed { key, beside: leaf.form.beside(name) });
        if leaf.keys.len() > LEAF_KEYS_MAX {
            let (form, rest) = (leaf.form, leaf.keys.split_off(leaf.keys.len() / 2));
            let cell = self.cells.add(&leaf_content(form, &rest))?;
            lists.leaves.insert(index + 1, Leaf { cell, form, keys: rest });
        }
        self.put(parent, &mut lists, index)?;
        self.set_field(parent, SUBKEYS, count + 1)
    }

    /// Which list the name belongs in, and before which of its keys.
    fn place(&self, lists: &Lists, name: &[u16]) -> Result<(usize, usize), HiveEditError> {
        for (index, leaf) in lists.leaves.iter().enumerate() {
            for (at, listed) in leaf.keys.iter().enumerate() {
                let (bytes, is_narrow) = self.key_name(listed.key)?;
                if order(&units(bytes, is_narrow), name) == Ordering::Greater {
                    return Ok((index, at));
                }
            }
        }
        let last = lists.leaves.len() - 1;
        Ok((last, lists.leaves[last].keys.len()))
    }

    /// Stores the list at `index`, which was changed, and what leads to it.
    fn put(&mut self, parent: u32, lists: &mut Lists, index: usize) -> Result<(), HiveEditError> {
        let leaf = &mut lists.leaves[index];
        leaf.cell = self.cells.replace(leaf.cell, &leaf_content(leaf.form, &leaf.keys), A_LIST)?;
        let only = leaf.cell;
        let list = match lists.top {
            None if lists.leaves.len() == 1 => only,
            None => self.cells.add(&top_content(&lists.leaves))?,
            Some(top) => self.cells.replace(top, &top_content(&lists.leaves), A_LIST)?,
        };
        self.set_field(parent, LIST, list)
    }

    /// Takes `key` from those below `parent`.
    pub(super) fn unlist_key(&mut self, parent: u32, key: u32) -> Result<(), HiveEditError> {
        let mut lists = self.lists(parent)?;
        let count = self.field(parent, SUBKEYS)?;
        let found = lists.leaves.iter().enumerate().find_map(|(index, leaf)| {
            leaf.keys.iter().position(|listed| listed.key == key).map(|at| (index, at))
        });
        let (index, at) = found.ok_or_else(|| damaged(parent, "a key that lists another"))?;
        lists.leaves[index].keys.remove(at);
        if lists.leaves[index].keys.is_empty() {
            self.cells.release(lists.leaves[index].cell, A_LIST)?;
            lists.leaves.remove(index);
            let list = match (lists.top, lists.leaves.is_empty()) {
                (Some(top), false) => self.cells.replace(top, &top_content(&lists.leaves), A_LIST)?,
                (Some(top), true) => {
                    self.cells.release(top, A_LIST)?;
                    NOWHERE
                }
                (None, _) => NOWHERE,
            };
            self.set_field(parent, LIST, list)?;
        } else {
            self.put(parent, &mut lists, index)?;
        }
        self.set_field(parent, SUBKEYS, count - 1)
    }
}

fn leaf_content(form: Form, keys: &[Listed]) -> Vec<u8> {
    let mut content = form.signature().to_vec();
    content.extend((keys.len() as u16).to_le_bytes());
    for listed in keys {
        content.extend(listed.key.to_le_bytes());
        if form != Form::Li {
            content.extend(listed.beside.to_le_bytes());
        }
    }
    content
}

fn top_content(leaves: &[Leaf]) -> Vec<u8> {
    let mut content = b"ri".to_vec();
    content.extend((leaves.len() as u16).to_le_bytes());
    content.extend(leaves.iter().flat_map(|leaf| leaf.cell.to_le_bytes()));
    content
}
