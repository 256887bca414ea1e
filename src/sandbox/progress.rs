//! How far unpacking is.

/// How far unpacking is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpacking {
    /// It begins, with so many packed bytes; of standard input that is not known, and 0.
    Begin(u64),
    /// So many more of them are done.
    Advance(u64),
    /// It is over, whether it failed or not.
    End,
}
