//! One device that a process with rights opens for a process of this program that has none.
//!
//! The borrower opens images, plans, hashes and proves, with the rights of its user. The lender does what only root may: it is told
//! which device the user confirmed, proves that it is that one and that it may be written, opens it, and then reads and writes
//! its sectors as it is asked, until nobody asks any more. It gets no path, opens nothing else, and looks at no byte that it writes.
//!
//! Both ends are streams of bytes. The lender greets first; then the borrower says what it [`Wanted`], and gets an `Answer`: each
//! of these is four bytes of length and so much JSON. Requests follow, of `Ask::LEN` bytes and what is to be written, each
//! with its reply: one byte that says whether it was done, one that says how the device is reached now, and what was read, or
//! why it was not done.

mod borrower;
mod channel;
mod lender;
mod wire;
mod words;

pub use borrower::LentTarget;
pub use channel::{Channel, Lender, NotLent};
pub use lender::{LendError, Lendable, lend, serve};
pub use wire::{Greeting, PROTOCOL, Wanted};
pub use words::Words;
