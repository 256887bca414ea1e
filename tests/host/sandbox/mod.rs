//! Images and sticks are looked at without rights.

mod rights;
mod sticks;
