//! What the host program waits for, whatever language the screen speaks.

use ramkey_format::markers::{MAY_REMOVE, MAY_REMOVE_DISC, PROVEN, STOPPED};

use super::{Id, Language, Message, Text};

impl Id {
    /// What the host program looks for in the sentence.
    pub fn markers(self) -> &'static [&'static str] {
        match self {
            Self::Proven | Self::ProvenKeep | Self::ProvenKeepDisc => &[PROVEN],
            Self::ProvenRemove => &[PROVEN, MAY_REMOVE],
            Self::ProvenRemoveDisc => &[PROVEN, MAY_REMOVE_DISC],
            Self::NothingBooted => &[STOPPED],
            _ => &[],
        }
    }
}

impl Language {
    /// The English line that goes to the serial port and port E9h beside `message`; `None` if the words of this language
    /// have all that the host program looks for.
    pub fn for_host(self, message: Message<'_>) -> Option<Text> {
        // The markers are English: a loader that speaks nothing else does not look for them.
        if self == Self::English {
            return None;
        }
        let words = self.template(message.id);
        // Not `windows`, whose length may not be zero: it would bring the formatting machinery of `core` into the loader.
        let from = |at: usize| words.get(at..).unwrap_or(&[]);
        let said = |marker: &&str| (0..words.len()).any(|at| from(at).starts_with(marker.as_bytes()));
        if message.id.markers().iter().all(said) {
            return None;
        }
        let mut line = Text::new();
        Self::English.say(&mut line, message);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec;

    use super::super::{Id, Language, Message, Text, Value, say};
    use super::{MAY_REMOVE, MAY_REMOVE_DISC, PROVEN, STOPPED};

    const HASH: [u8; 8] = [0xAB; 8];

    /// What the screen shows, and what only the host program gets.
    fn said(language: Language, message: Message<'_>) -> (String, Option<String>) {
        let text = |line: &Text| String::from_utf8(line.as_bytes().to_vec()).unwrap();
        let mut line = Text::new();
        language.say(&mut line, message);
        (text(&line), language.for_host(message).as_ref().map(text))
    }

    #[test]
    fn in_english_the_screen_says_what_the_host_waits_for_and_nothing_is_said_twice() {
        for &(id, places) in Id::ALL {
            let values = vec![Value::Decimal(0); places.len()];
            let (screen, beside) = said(Language::English, Message { id, values: &values });
            assert!(id.markers().iter().all(|marker| screen.contains(marker)), "{id:?}: {screen}");
            assert_eq!(beside, None, "{id:?}");
        }
    }

    #[test]
    fn what_another_language_does_not_say_the_host_is_told_in_english() {
        let (screen, beside) = said(Language::MadeUp, say::proven_remove(&HASH).as_message());
        assert_eq!(screen, "Vo abababababababab nemo. Tira.");
        let beside = beside.unwrap();
        assert!(beside.contains(PROVEN) && beside.contains(MAY_REMOVE), "{beside}");
        let (screen, beside) = said(Language::MadeUp, say::proven_remove_disc(&HASH).as_message());
        assert_eq!(screen, "Vo abababababababab nemo. Tira disco.");
        let beside = beside.unwrap();
        assert!(beside.contains(PROVEN) && beside.contains(MAY_REMOVE_DISC), "{beside}");
        for sentence in [say::proven(&HASH), say::proven_keep(&HASH), say::proven_keep_disc(&HASH)] {
            let (_, beside) = said(Language::MadeUp, sentence.as_message());
            let beside = beside.unwrap();
            let may_remove = [MAY_REMOVE, MAY_REMOVE_DISC].iter().any(|marker| beside.contains(marker));
            assert!(beside.contains(PROVEN) && !may_remove, "{beside}");
        }
        let (screen, beside) = said(Language::MadeUp, say::nothing_booted().as_message());
        assert_eq!(screen, "Nil.");
        assert!(beside.unwrap().contains(STOPPED));
        let (_, beside) = said(Language::MadeUp, say::starts_in(3).as_message());
        assert_eq!(beside, None, "nobody waits for it");
    }
}
