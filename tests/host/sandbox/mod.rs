//! Images and sticks are looked at without rights.

mod ends;
mod rights;
mod sticks;
