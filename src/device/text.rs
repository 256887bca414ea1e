//! Text that hardware and file systems have of themselves.

/// `text` without characters that move the cursor, turn the writing direction or cannot be seen.
pub(super) fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
            || matches!(c, '\u{061C}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFD}')
    };
    text.chars().filter(|&c| !hidden(c)).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn text_from_hardware_cannot_fool_a_terminal() {
        assert_eq!(clean("SanDisk  \n"), "SanDisk");
        assert_eq!(clean("\u{1b}[2JDisk\u{7}"), "[2JDisk");
        assert_eq!(clean("a\u{202E}b\u{2066}c\u{200B}"), "abc");
        assert_eq!(clean("Kühlschrank é"), "Kühlschrank é");
    }
}
