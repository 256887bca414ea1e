//! What a write makes of what is on a stick.

/// What becomes of what a target holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// It is erased if somebody confirms that.
    Ask,
    /// It is erased.
    Erase,
    /// It is the beginning of what is written, or stays as it is.
    Resume,
}
