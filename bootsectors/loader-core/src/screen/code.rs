//! The two letters of a language, as the boot header has them and a person types them.

use core::error::Error;
use core::fmt;
use core::str::FromStr;

use super::Language;

impl Language {
    /// The language with this code; `None` if there are no words in it.
    pub fn of(code: [u8; 2]) -> Option<Self> {
        Self::ALL.iter().find(|&&(_, other)| other == code).map(|&(language, _)| language)
    }
}

/// A text that is the code of no language that there are words in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLanguage;

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the languages are")?;
        for (_, [first, second]) in Language::ALL {
            write!(f, " {}{}", char::from(*first), char::from(*second))?;
        }
        Ok(())
    }
}

impl Error for UnknownLanguage {}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        code.as_bytes().try_into().ok().and_then(Self::of).ok_or(UnknownLanguage)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::{Language, UnknownLanguage};

    #[test]
    fn a_language_is_known_by_its_code() {
        assert_eq!(Language::of(*b"qq"), Some(Language::MadeUp));
        assert_eq!(Language::MadeUp.code(), *b"qq");
        assert_eq!("en".parse(), Ok(Language::English));
        for wrong in ["", "e", "EN", "english", "zz"] {
            assert_eq!(wrong.parse::<Language>(), Err(UnknownLanguage), "{wrong}");
        }
        let told = UnknownLanguage.to_string();
        assert!(told.starts_with("the languages are en") && told.ends_with(" qq"), "{told}");
    }
}
