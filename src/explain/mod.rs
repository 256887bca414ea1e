//! What the screen of the target machine means, in full: each code, its likely causes and what to try, and each line of the
//! report.
//!
//! Words, and which of them fit the numbers of a block that a halt shows. The codes themselves and their short texts are in
//! `format`, and what a block is in `loader-core`, because the boot code has them; nothing here is in the boot code.
//! `docs/errors.md` is made from here.

mod codes;
mod mistyped;
mod reading;
mod report_lines;

pub use codes::EXPLANATIONS;
pub use mistyped::{Mistyped, find_block};
use ramkey_format::errors::BootError;
pub use reading::{Reading, read};
pub use report_lines::REPORT;

/// One code, explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Name of the code in `format`.
    pub name: &'static str,
    /// What happened, in full.
    pub happened: &'static str,
    /// Why that may be, the most likely first.
    pub causes: &'static [&'static str],
    /// What to try, in this order.
    pub steps: &'static [&'static str],
}

/// One line of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportLine {
    /// How the screen shows it, with `N` for numbers.
    pub shows: &'static str,
    /// What its numbers are, and what an odd one means.
    pub means: &'static str,
}

/// The explanation of a code of `format`.
///
/// # Panics
///
/// If `error` is none of [`ramkey_format::errors::BOOT_ERRORS`] and [`ramkey_format::errors::SECTOR0_ERRORS`].
pub fn explanation(error: &BootError) -> &'static Explanation {
    let found = EXPLANATIONS.iter().find(|explanation| explanation.name == error.name);
    found.expect("every code of format is explained")
}

#[cfg(test)]
mod tests {
    use ramkey_format::errors::{BOOT_ERRORS, SECTOR0_ERRORS};

    use super::EXPLANATIONS;

    #[test]
    fn every_code_is_explained_once_and_in_order() {
        let codes: Vec<&str> = SECTOR0_ERRORS.iter().chain(BOOT_ERRORS).map(|error| error.name).collect();
        let explained: Vec<&str> = EXPLANATIONS.iter().map(|explanation| explanation.name).collect();
        assert_eq!(explained, codes);
    }
}
