//! Lists of hashes, in the forms in which people publish them. They are text of others: nothing in them is believed but the
//! hashes, and what cannot be read is passed over.

use std::borrow::Cow;

use super::hashes::{Algorithm, Published};

/// Most bytes of a list: that of a whole archive of discs has a tenth of that.
pub const LIST_LEN_MAX: u64 = 4 << 20;

/// A list of hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    entries: Vec<Entry>,
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    /// The file that it names; none of a hash that stands alone.
    name: Option<Vec<u8>>,
    /// The hash; none of one that is not checked here, as SHA-512.
    hash: Option<Published>,
}

/// What a list says of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entries {
    /// These, at least one, and no two of the same function.
    Hashes(Vec<Published>),
    /// Two of the same function that are not the same.
    Contradict,
    /// Only hashes of functions that are not known here.
    Unknown,
    /// Nothing.
    None,
}

impl List {
    /// The entries of `text`: lines of `sha256sum` and its like in either mode and with escapes, those of `b3sum`, those with a
    /// tag in front as in `SHA256 (name) = ...`, and a hash alone.
    pub fn parse(text: &[u8]) -> Self {
        let text = utf8(text);
        let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        Self { entries: lines.filter_map(entry).collect() }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What it says of the file `name`, in whatever folder the list has it.
    pub fn of(&self, name: &[u8]) -> Entries {
        let is_it = |entry: &&Entry| entry.name.as_deref().is_some_and(|entry| names(entry, name));
        self.among(self.entries.iter().filter(is_it))
    }

    /// The same of a list that is for one file: also a hash without a name, if it is the only one of its function.
    pub fn of_only(&self, name: &[u8]) -> Entries {
        match self.of(name) {
            Entries::None if self.entries.iter().all(|entry| entry.name.is_none()) => {
                self.among(self.entries.iter())
            }
            found => found,
        }
    }

    /// The files that it names, each once, in their order.
    pub fn names(&self) -> Vec<&[u8]> {
        let mut names: Vec<&[u8]> = Vec::new();
        for name in self.entries.iter().filter_map(|entry| entry.name.as_deref()) {
            // Neighbours only, so that the work is bounded.
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        names
    }

    fn among<'l>(&self, entries: impl Iterator<Item = &'l Entry>) -> Entries {
        let (mut found, mut is_named): (Vec<Published>, bool) = (Vec::new(), false);
        for entry in entries {
            is_named = true;
            let Some(hash) = &entry.hash else { continue };
            match found.iter().find(|other| other.algorithms == hash.algorithms) {
                Some(other) if other.value != hash.value => return Entries::Contradict,
                Some(_) => {}
                None => found.push(hash.clone()),
            }
        }
        match (found.is_empty(), is_named) {
            (false, _) => Entries::Hashes(found),
            (true, true) => Entries::Unknown,
            (true, false) => Entries::None,
        }
    }
}

/// The text without a mark of its order of bytes; that of two bytes a letter, which PowerShell writes, in one.
fn utf8(text: &[u8]) -> Cow<'_, [u8]> {
    let wide = |order: fn([u8; 2]) -> u16, text: &[u8]| {
        let units: Vec<u16> = text.chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units).into_bytes()
    };
    match text {
        [0xEF, 0xBB, 0xBF, text @ ..] => text.into(),
        [0xFF, 0xFE, text @ ..] => wide(u16::from_le_bytes, text).into(),
        [0xFE, 0xFF, text @ ..] => wide(u16::from_be_bytes, text).into(),
        text => text.into(),
    }
}

/// Whether `entry` is the file `name`, or a path to it: with the separators of Unix, or with those of DOS as well.
fn names(entry: &[u8], name: &[u8]) -> bool {
    let last = |is_separator: fn(&u8) -> bool| entry.rsplit(is_separator).next() == Some(name);
    entry == name || last(|byte| *byte == b'/') || last(|byte| matches!(byte, b'/' | b'\\'))
}

/// One line; `None` if it is no entry.
fn entry(line: &[u8]) -> Option<Entry> {
    let (line, is_escaped) = line.strip_prefix(b"\\").map_or((line, false), |line| (line, true));
    let name = |name: &[u8]| if is_escaped { unescaped(name) } else { name.to_vec() };
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (value, rest) = line.split_at(digits);
    // A shorter word is none, and a tag may begin like one.
    if digits >= 32 && digits.is_multiple_of(2) {
        let name = match rest {
            rest if rest.trim_ascii().is_empty() => None,
            [b' ' | b'\t', b' ' | b'*', file @ ..] | [b' ' | b'\t', file @ ..] => Some(name(file)),
            _ => return None,
        };
        let hash = Published::of_digits(value);
        // Alone it may be anything.
        return (hash.is_some() || name.is_some()).then_some(Entry { name, hash });
    }
    tagged(line).map(|(tag, file, digits)| {
        let algorithms = std::str::from_utf8(tag).ok().and_then(Algorithm::named);
        let hash = algorithms.and_then(|algorithms| Published::of_one(digits, algorithms));
        Entry { name: Some(name(file)), hash }
    })
}

/// The parts of `TAG (name) = digits`, with or without those spaces.
fn tagged(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.iter().rposition(|byte| *byte == b')').filter(|close| *close > open)?;
    let (tag, digits) = (line[..open].trim_ascii(), line[close + 1..].trim_ascii());
    let digits = digits.strip_prefix(b"=")?.trim_ascii();
    let is_tag = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | b'_');
    let is_sound = !tag.is_empty() && tag.len() <= 16 && tag.iter().all(is_tag);
    let is_hash = digits.len() >= 32 && digits.iter().all(u8::is_ascii_hexdigit);
    (is_sound && is_hash).then(|| (tag, &line[open + 1..close], digits))
}

/// A name as it is: in a line that begins with a backslash, `\n`, `\r` and `\\` stand for one byte each.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(&byte) = bytes.next() {
        plain.push(match (byte, bytes.as_slice().first()) {
            (b'\\', Some(b'n')) => b'\n',
            (b'\\', Some(b'r')) => b'\r',
            (b'\\', Some(b'\\')) => b'\\',
            _ => {
                plain.push(byte);
                continue;
            }
        });
        bytes.next();
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    fn hashes(text: &[u8], name: &str) -> usize {
        match List::parse(text).of(name.as_bytes()) {
            Entries::Hashes(found) => found.len(),
            _ => 0,
        }
    }

    #[test]
    fn each_form_names_its_file() {
        let upper = SHA256.to_uppercase();
        for line in [
            format!("{SHA256}  dos.img\n"),
            format!("{SHA256} *dos.img\n"),
            format!("{SHA256} dos.img"),
            format!("{SHA256}\tdos.img\r\n"),
            format!("{upper}  ./images/dos.img\n"),
            format!("{upper} *C:\\images\\dos.img\r\n"),
            format!("\u{feff}{SHA256}  dos.img\r\n"),
            format!("SHA256 (dos.img) = {SHA256}\n"),
            format!("SHA2-256(dos.img)= {upper}\n"),
            format!("BLAKE3 (dos.img) = {SHA256}\n"),
            format!("# of today\n\n; more\n{SHA256}  dos.img\n"),
            format!("\\{SHA256}  a\\\\b/dos.img\n"),
        ] {
            assert_eq!(hashes(line.as_bytes(), "dos.img"), 1, "{line:?}");
            assert_eq!(hashes(line.as_bytes(), "os.img"), 0, "{line:?}");
        }
        let wide: Vec<u8> =
            format!("\u{feff}{SHA256}  dos.img\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(hashes(&wide, "dos.img"), 1);
        let two = format!("{SHA256}  dos.img\n{MD5}  dos.img\n");
        assert_eq!(hashes(two.as_bytes(), "dos.img"), 2);
    }

    #[test]
    fn a_name_with_escapes_is_the_name_without_them_and_only_in_such_a_line() {
        let escaped = format!("\\{SHA256}  new\\nline\n");
        assert_eq!(hashes(escaped.as_bytes(), "new\nline"), 1);
        let plain = format!("{SHA256}  new\\nline\n");
        assert_eq!(hashes(plain.as_bytes(), "new\nline"), 0);
        assert_eq!(hashes(plain.as_bytes(), "nline"), 1, "a backslash separates folders");
        assert_eq!(unescaped(b"a\\"), b"a\\");
        assert_eq!(unescaped(b"\\x\\\\n"), b"\\x\\n");
        let tag = format!("SHA256 (a (1).img) = {SHA256}");
        assert_eq!(hashes(tag.as_bytes(), "a (1).img"), 1);
    }

    #[test]
    fn what_contradicts_itself_is_told_and_the_same_twice_is_not() {
        let other = SHA256.replace('e', "f");
        let list = List::parse(format!("{SHA256}  a/x\n{other}  b/x\n").as_bytes());
        assert_eq!(list.of(b"x"), Entries::Contradict);
        let list = List::parse(format!("{SHA256}  a/x\n{}  b/x\n", SHA256.to_uppercase()).as_bytes());
        assert!(matches!(list.of(b"x"), Entries::Hashes(found) if found.len() == 1));
        let both = List::parse(format!("SHA256 (x) = {SHA256}\nBLAKE3 (x) = {other}\n").as_bytes());
        assert!(matches!(both.of(b"x"), Entries::Hashes(found) if found.len() == 2));
    }

    #[test]
    fn a_hash_alone_is_that_of_the_only_file_and_others_are_not_taken() {
        let alone = List::parse(format!("\n{SHA256}\n").as_bytes());
        assert_eq!(alone.of(b"x"), Entries::None);
        assert!(matches!(alone.of_only(b"x"), Entries::Hashes(_)));
        let with_words = format!("SHA256 hash of x:\r\n{SHA256}\r\nCertUtil: done.\r\n");
        assert!(matches!(List::parse(with_words.as_bytes()).of_only(b"x"), Entries::Hashes(_)));
        let named = List::parse(format!("{SHA256}  y\n").as_bytes());
        assert_eq!(named.of_only(b"x"), Entries::None);
        assert_eq!(named.names(), [b"y"]);
        let long = List::parse(format!("{SHA256}{SHA256}  x\n").as_bytes());
        assert_eq!(long.of(b"x"), Entries::Unknown);
        for text in
            [&b""[..], b"\n\n", b"hello\n", b"abc  x\n", b"\\", b"SHA256 (x) = abc", b"= ()", b")(", &[0; 99]]
        {
            assert!(List::parse(text).is_empty(), "{text:?}");
        }
    }
}
