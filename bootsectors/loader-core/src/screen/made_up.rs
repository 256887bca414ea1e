//! A language that nobody speaks: every sentence is other words, but those without a marker stay English.

use super::{Id, english};

pub(super) use super::english::error;

/// The words of a sentence.
pub(super) fn template(id: Id) -> &'static [u8] {
    match id {
        Id::Proven => b"Vo {0} nemo.",
        Id::ProvenRemove => b"Vo {0} nemo. Tira.",
        Id::ProvenKeep => b"Vo {0} nemo. Mana.",
        Id::ProvenRemoveDisc => b"Vo {0} nemo. Tira disco.",
        Id::ProvenKeepDisc => b"Vo {0} nemo. Mana disco.",
        Id::NothingBooted => b"Nil.",
        other => english::template(other),
    }
}
