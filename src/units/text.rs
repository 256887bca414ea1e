//! Text that others wrote, and how it is shown.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Whether a terminal would not show `c` as a sign of its own: controls (C0, C1, DEL), line and paragraph separators, what
/// turns the direction of text, and what has no width. Marks that stand on the letter before them are signs.
///
/// The categories are those of Rust's own table, by which it escapes them; the few letters, marks and symbols that show
/// nothing are `Default_Ignorable_Code_Point` of Unicode's `DerivedCoreProperties.txt`, and the empty Braille pattern.
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let shows_nothing = matches!(c,
        '\u{34F}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{2800}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}');
    let is_space = c.is_whitespace() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    // Behind a letter, because a mark alone is escaped too.
    let mut buffer = ['a'; 2];
    buffer[1] = c;
    let shown: String = buffer.iter().collect();
    shows_nothing || !is_space && shown.escape_debug().nth(1) != Some(c)
}

/// `text` as it can be printed on one line: what a terminal does not show stands as `\x1b`, `\n` or `\u{202e}`.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => plain.extend(c.escape_default()),
            c if !is_hidden(c) => plain.push(c),
            c if c.is_ascii() => plain += &format!(r"\x{:02x}", u32::from(c)),
            c => plain.extend(c.escape_unicode()),
        }
    }
    plain.into()
}

/// The name of a file as text: as it is if it is UTF-8; a byte that is not stands as `\xff`. What prints it shows the rest.
pub fn named(name: &(impl AsRef<OsStr> + ?Sized)) -> Cow<'_, str> {
    match name.as_ref().to_str() {
        Some(text) => text.into(),
        None => {
            let mut text = String::new();
            for chunk in name.as_ref().as_bytes().utf8_chunks() {
                text += chunk.valid();
                push_bytes(&mut text, chunk.invalid());
            }
            text.into()
        }
    }
}

/// `text` as it stands in a file of XML, in an attribute too. What no such file may hold, [`shown`] makes harmless before.
pub fn xml_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            letter => safe.push(letter),
        }
    }
    safe
}

/// The bytes as lower-case hexadecimal digits, two for each.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// So many of what `one` names, as in `1 sector` and `2 sectors`.
pub fn counted(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// A path as one word of a POSIX shell, for commands that can be pasted: plain if nothing in it means anything to a shell,
/// else in quotes, and in `$'...'` with the bytes of what a terminal does not show. A word that would be taken for an
/// option begins with `./`.
pub fn shell_word(path: impl AsRef<OsStr>) -> String {
    let path = path.as_ref();
    quoted(if path.as_bytes().starts_with(b"-") { "./" } else { "" }, path)
}

/// A word of a command line that was typed, as [`shell_word`]; an option stays one, and its value is quoted by itself.
pub fn shell_argument(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref();
    if !word.as_bytes().starts_with(b"-") {
        return shell_word(word);
    }
    match word.as_bytes().iter().position(|&byte| byte == b'=') {
        Some(at) => {
            let (name, value) = word.as_bytes().split_at(at);
            let value = quoted("", OsStr::from_bytes(&value[1..]));
            format!("{}={value}", quoted("", OsStr::from_bytes(name)))
        }
        None => quoted("", word),
    }
}

/// The word behind `dot`, in quotes if it has to be.
fn quoted(dot: &str, word: &OsStr) -> String {
    let bytes = word.as_bytes();
    let plain =
        |c: char| c.is_alphanumeric() || !c.is_ascii() && !c.is_whitespace() || "_-./:,+@%".contains(c);
    match word.to_str() {
        Some("") => "''".into(),
        Some(text) if text.chars().any(is_hidden) => ansi_quoted(dot, bytes),
        Some(text) if text.chars().all(plain) => format!("{dot}{text}"),
        Some(text) => format!("'{dot}{}'", text.replace('\'', r"'\''")),
        None => ansi_quoted(dot, bytes),
    }
}

/// The word in `$'...'`. A hexadecimal digit behind a byte would be taken for a part of it by some shells, so quotes
/// part the two.
fn ansi_quoted(dot: &str, bytes: &[u8]) -> String {
    let mut word = format!("$'{dot}");
    let mut after_byte = false;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            let is_byte = is_hidden(c) && c != '\n';
            match c {
                '\n' => word += r"\n",
                _ if is_byte => push_bytes(&mut word, c.encode_utf8(&mut [0; 4]).as_bytes()),
                '\'' | '\\' => word.extend(['\\', c]),
                c if after_byte && c.is_ascii_hexdigit() => word.extend(['\'', '$', '\'', c]),
                c => word.push(c),
            }
            after_byte = is_byte;
        }
        push_bytes(&mut word, chunk.invalid());
        after_byte |= !chunk.invalid().is_empty();
    }
    word + "'"
}

fn push_bytes(word: &mut String, bytes: &[u8]) {
    bytes.iter().for_each(|byte| *word += &format!(r"\x{byte:02x}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_does_not_show_is_hidden_and_letters_of_all_languages_are_not() {
        let hidden = "\0\u{7}\u{8}\t\n\r\u{1b}\u{7f}\u{80}\u{85}\u{9b}\u{9f}\u{ad}\u{61c}\u{115f}\u{180e}\u{200b}\u{200c}\
                      \u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2066}\
                      \u{2067}\u{2068}\u{2069}\u{206f}\u{2800}\u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{e0041}\u{e0101}";
        for c in hidden.chars() {
            assert!(is_hidden(c), "U+{:04X}", u32::from(c));
        }
        let shown = " ~aÜßñée\u{301}Жяשלוםالعربية日本語한글ไทย\u{a0}\u{3000}\"'\\`$€█░é🙂\u{fffd}";
        for c in shown.chars() {
            assert!(!is_hidden(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn text_is_shown_with_escapes_and_otherwise_as_it_is() {
        assert_eq!(shown("Größe 日本 e\u{301} \\ '"), "Größe 日本 e\u{301} \\ '");
        assert_eq!(shown("a\nb\t\u{1b}[2J\u{9b}\u{202E}\0"), r"a\nb\t\x1b[2J\u{9b}\u{202e}\x00");
    }

    #[test]
    fn a_name_that_is_no_text_has_the_numbers_of_its_bytes() {
        assert_eq!(named("é\u{1b}"), "é\u{1b}");
        assert_eq!(named(OsStr::from_bytes(b"a\xFF\xC3\xA9\xC3")), r"a\xffé\xc3");
    }

    #[test]
    fn a_plain_path_is_a_plain_word_and_others_are_quoted() {
        let table: [(&[u8], &str); 16] = [
            (b"stick.img", "stick.img"),
            (b"/dev/sdX1", "/dev/sdX1"),
            ("/media/Größe".as_bytes(), "/media/Größe"),
            (b"", "''"),
            (b"my stick.img", "'my stick.img'"),
            (b"it's", r"'it'\''s'"),
            (b"a;rm -r b", "'a;rm -r b'"),
            (b"$(id)`id`", "'$(id)`id`'"),
            (b"~", "'~'"),
            (b"a\\b", r"'a\b'"),
            (b"-n", "./-n"),
            (b"-n x", "'./-n x'"),
            (b"a\nb", r"$'a\nb'"),
            (b"a\x1b2J'\\", r"$'a\x1b'$'2J\'\\'"),
            (b"\xFFa", r"$'\xff'$'a'"),
            ("x\u{202E}gmi.exe".as_bytes(), r"$'x\xe2\x80\xaegmi.exe'"),
        ];
        for (bytes, word) in table {
            assert_eq!(shell_word(OsStr::from_bytes(bytes)), word);
        }
    }
}
