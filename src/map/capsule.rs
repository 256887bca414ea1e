//! The chunks of an image on a stick: how each is stored, and what became of it.

use std::ops::Range;

use ramkey_format::capsule::{CapsuleHeader, Form};
use serde::{Deserialize, Serialize};

use super::range::NAME_LEN_MAX;
use crate::capsule::{Table, title};
use crate::units::Bytes;

/// How a chunk is stored.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ChunkForm {
    /// Nothing is stored: it is zeros.
    Zero,
    /// Packed.
    Packed,
    /// As it is.
    Raw,
}

/// What became of a chunk, by what it was compared with.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ChunkState {
    /// It is zeros, and right.
    Zero,
    /// It is right, or as in the other image.
    Same,
    /// It is another in the other image, or the other image does not have it.
    Changed,
    /// It does not have its hash, or cannot be read.
    Bad,
}

/// How many chunks there are of each form, and in how many bytes they are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Forms {
    /// Chunks of zeros.
    pub zero: u64,
    /// Chunks that are packed.
    pub packed: u64,
    /// Bytes of these.
    pub packed_len: u64,
    /// Chunks that are stored as they are.
    pub raw: u64,
    /// Bytes of these.
    pub raw_len: u64,
}

/// How many chunks there are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct States {
    /// See [`ChunkState`].
    pub same: u64,
    /// The same.
    pub changed: u64,
    /// The same.
    pub zero: u64,
    /// The same.
    pub bad: u64,
}

/// Chunks one behind the other that have the same form and state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ChunkRun {
    /// The first of them.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// How they are stored.
    pub form: ChunkForm,
    /// What became of them; `None` if they were not compared.
    pub state: Option<ChunkState>,
}

/// An image on a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MapCapsule {
    /// Number of the image, from 1 on.
    pub image: usize,
    /// Path of its file.
    pub file: String,
    /// Title in the boot menu.
    pub title: String,
    /// Bytes of a chunk but the last.
    pub chunk_len: u64,
    /// Its chunks.
    pub chunks: u32,
    /// How they are stored.
    pub forms: Forms,
    /// What became of them; `None` if they were not compared.
    pub states: Option<States>,
    /// Whether they were compared with another image. If so, `changed` means that; if not, they were compared with their own hashes.
    pub against: bool,
    /// The same chunk by chunk, ascending. None of an image whose table cannot be used.
    pub runs: Vec<ChunkRun>,
}

impl From<Form> for ChunkForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Zero => Self::Zero,
            Form::Raw => Self::Raw,
            Form::Packed { .. } => Self::Packed,
        }
    }
}

impl ChunkForm {
    /// The letter that stands for it.
    pub fn letter(self) -> char {
        match self {
            Self::Zero => '.',
            Self::Packed => 'p',
            Self::Raw => 'R',
        }
    }
}

impl ChunkState {
    /// The letter that stands for it.
    pub fn letter(self) -> char {
        match self {
            Self::Zero => '.',
            Self::Same => '=',
            Self::Changed => 'x',
            Self::Bad => '!',
        }
    }
}

/// What the chunks of a capsule are compared with.
pub(super) struct Compared<'c> {
    /// The bytes of the image that are bad, if all of it was read.
    pub bad: Option<Vec<Range<u64>>>,
    /// The values of the chunks of the other image.
    pub against: Option<&'c [[u8; 32]]>,
}

impl Compared<'_> {
    /// What became of chunk `index`; `None` if nothing was compared.
    fn state(&self, header: &CapsuleHeader, table: &Table, index: u32) -> Option<ChunkState> {
        let start = u64::from(index) << header.chunk_shift;
        let end = start + header.raw_len(index);
        let is_bad = |bad: &Vec<Range<u64>>| bad.iter().any(|bad| bad.start < end && start < bad.end);
        if self.bad.as_ref().is_some_and(is_bad) {
            return Some(ChunkState::Bad);
        }
        let is_zero = table.forms[index as usize] == Form::Zero;
        let equal = if is_zero { ChunkState::Zero } else { ChunkState::Same };
        match self.against {
            None => self.bad.as_ref().map(|_| equal),
            Some(values) => {
                let value = &table.entries[index as usize].chaining_value;
                let is_same = values.get(index as usize) == Some(value);
                Some(if is_same { equal } else { ChunkState::Changed })
            }
        }
    }
}

impl MapCapsule {
    /// An image of which no chunk is known.
    pub(super) fn new(image: usize, file: &str, header: &CapsuleHeader) -> Self {
        Self {
            image,
            file: file.to_owned(),
            title: title(header),
            chunk_len: header.chunk_len(),
            chunks: header.chunk_count.get(),
            forms: Forms::default(),
            states: None,
            against: false,
            runs: Vec::new(),
        }
    }

    /// Adds what is known of its chunks; false if there are more than `most` runs of them, of which only the first are kept.
    pub(super) fn add(
        &mut self,
        header: &CapsuleHeader,
        table: &Table,
        compared: &Compared,
        most: usize,
    ) -> bool {
        self.against = compared.against.is_some();
        let mut is_whole = true;
        for index in 0..header.chunk_count.get() {
            let form = ChunkForm::from(table.forms[index as usize]);
            let stored = table.entries[index as usize].stored();
            let len = stored.end - stored.start;
            let state = compared.state(header, table, index);
            self.count(form, len, state);
            let has_room = self.runs.len() < most;
            match self.runs.last_mut() {
                Some(run) if (run.form, run.state) == (form, state) && run.first + run.count == index => {
                    run.count += 1;
                }
                _ if has_room => {
                    self.runs.push(ChunkRun { first: index, count: 1, form, state });
                }
                _ => is_whole = false,
            }
        }
        is_whole
    }

    fn count(&mut self, form: ChunkForm, len: u64, state: Option<ChunkState>) {
        let forms = &mut self.forms;
        match form {
            ChunkForm::Zero => forms.zero += 1,
            ChunkForm::Packed => {
                (forms.packed, forms.packed_len) = (forms.packed + 1, forms.packed_len + len)
            }
            ChunkForm::Raw => (forms.raw, forms.raw_len) = (forms.raw + 1, forms.raw_len + len),
        }
        let Some(state) = state else { return };
        let states = self.states.get_or_insert_default();
        match state {
            ChunkState::Zero => states.zero += 1,
            ChunkState::Same => states.same += 1,
            ChunkState::Changed => states.changed += 1,
            ChunkState::Bad => states.bad += 1,
        }
    }

    /// How its chunks are stored, in words.
    pub fn form_words(&self) -> String {
        let Forms { zero, packed, packed_len, raw, raw_len } = self.forms;
        format!(
            "{} chunks of {}: {raw} raw ({}), {packed} packed ({}), {zero} of zeros",
            self.chunks,
            Bytes(self.chunk_len),
            Bytes(raw_len),
            Bytes(packed_len)
        )
    }

    /// What became of them, in words, if they were compared.
    pub fn state_words(&self) -> Option<String> {
        let States { same, changed, zero, bad } = self.states?;
        Some(match self.against {
            true => format!("{same} same, {changed} changed, {zero} of zeros in both, {bad} bad"),
            false => format!("{same} right, {zero} of zeros, {bad} bad"),
        })
    }

    /// Whether this can be said of an image on a stick.
    pub(super) fn is_possible(&self) -> bool {
        let mut end = 0;
        let mut follows = |run: &ChunkRun| {
            let is_behind = run.first >= end && run.count > 0;
            end = run.first.saturating_add(run.count);
            is_behind && end <= self.chunks
        };
        self.runs.iter().all(&mut follows)
            && self.file.len() <= NAME_LEN_MAX
            && self.title.len() <= NAME_LEN_MAX
            && self.chunk_len > 0
    }
}
