//! The macros that the list of sentences and the file of each language are written in.

/// The languages: variant, code as the boot header has it, module, and perhaps where there is one only.
macro_rules! languages {
    ($( $(#[$doc:meta])* $name:ident = $code:literal, $module:ident $( if $only:meta )?; )+) => {
        $( $(#[cfg($only)])? mod $module; )+

        /// A language of the screen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Language {
            $( $(#[cfg($only)])? $(#[$doc])* $name, )+
        }

        impl Language {
            /// All of them, with their codes of two letters (ISO 639-1).
            pub const ALL: &[(Self, [u8; 2])] = &[$( $(#[cfg($only)])? (Self::$name, *$code) ),+];

            /// Its code of two letters.
            pub const fn code(self) -> [u8; 2] {
                match self {
                    $( $(#[cfg($only)])? Self::$name => *$code, )+
                }
            }

            /// The words of a sentence, in code page 437; `{0}` is its first place.
            pub fn template(self, id: Id) -> &'static [u8] {
                match self {
                    $( $(#[cfg($only)])? Self::$name => $module::template(id), )+
                }
            }

            /// What is said for an error code; empty if it is none of ours.
            pub fn error(self, code: u8) -> &'static [u8] {
                match self {
                    $( $(#[cfg($only)])? Self::$name => $module::error(code), )+
                }
            }
        }
    };
}

/// The sentences: identity, function, and for each place its name and its kind.
macro_rules! sentences {
    ($( $(#[$doc:meta])* $id:ident $function:ident($( $place:ident: $kind:ident ),*); )+) => {
        /// A sentence, whatever language it is in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Id {
            $( $(#[$doc])* $id, )+
        }

        impl Id {
            /// All of them, and what their places hold.
            pub const ALL: &[(Self, &[Place])] = &[$( (Self::$id, &[$( Place::$kind ),*]) ),+];
        }

        /// A function for each sentence, which takes what its places hold.
        pub mod say {
            use super::{Id, Sentence, Value, kind};

            $(
                $(#[$doc])*
                #[inline]
                pub fn $function<'s>(
                    $( $place: kind::$kind<'s> ),*
                ) -> Sentence<'s, { <[&str]>::len(&[$( stringify!($place) ),*]) }> {
                    Sentence { id: Id::$id, values: [$( Value::$kind($place) ),*] }
                }
            )+
        }
    };
}

/// A language: its words for each sentence.
macro_rules! language {
    ($( $id:ident: $words:literal, )+) => {
        /// The words of a sentence.
        pub(super) fn template(id: super::Id) -> &'static [u8] {
            match id {
                $( super::Id::$id => {
                    const WORDS: &str = $words;
                    const BYTES: &[u8] = &super::table::encode::<{ super::table::count(WORDS) }>(WORDS);
                    BYTES
                } )+
            }
        }
    };
}

/// A language: its words for each error code, by the code's name.
macro_rules! error_texts {
    ($( $name:ident: $words:literal, )+) => {
        /// What is said for an error code.
        pub(super) fn error(code: u8) -> &'static [u8] {
            match code {
                $( ramkey_format::errors::$name => {
                    const WORDS: &str = $words;
                    const BYTES: &[u8] = &super::table::encode::<{ super::table::count(WORDS) }>(WORDS);
                    BYTES
                } )+
                _ => b"",
            }
        }
    };
}

/// Characters of `text`.
pub(super) const fn count(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut characters) = (0, 0);
    while at < bytes.len() {
        characters += (bytes[at] & 0xC0 != 0x80) as usize;
        at += 1;
    }
    characters
}

/// `text` in code page 437, when the program is compiled.
///
/// # Panics
///
/// A character that the page has not: the program is not compiled then.
pub(super) const fn encode<const LEN: usize>(text: &str) -> [u8; LEN] {
    let bytes = text.as_bytes();
    let mut page = [0; LEN];
    let (mut at, mut to) = (0, 0);
    while at < bytes.len() {
        // UTF-8: the leading ones of the first byte count the bytes of a character; the rest have six bits each.
        let first = bytes[at];
        let len = if first < 0x80 { 1 } else { first.leading_ones() as usize };
        let mut character = if len == 1 { first as u32 } else { (first & (0x7F >> len)) as u32 };
        let mut next = 1;
        while next < len {
            character = character << 6 | (bytes[at + next] & 0x3F) as u32;
            next += 1;
        }
        page[to] = match char::from_u32(character) {
            Some(character) => match ramkey_format::cp437::encode(character) {
                Some(byte) => byte,
                None => panic!("code page 437 has not this character"),
            },
            None => panic!("text is UTF-8"),
        };
        to += 1;
        at += len;
    }
    page
}

#[cfg(test)]
mod tests {
    use super::{count, encode};

    #[test]
    fn letters_beyond_ascii_become_one_byte_each() {
        const WORDS: &str = "Stück ½ ñ √";
        const PAGE: [u8; count(WORDS)] = encode(WORDS);
        assert_eq!(PAGE, *b"St\x81ck \xAB \xA4 \xFB");
    }
}
