//! Images are looked at without rights.

mod rights;
