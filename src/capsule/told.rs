//! What the text about the images says of each: the few lines that are read again.

/// How the first line of a paragraph begins that tells of an image; a number follows.
pub const IMAGE: &str = "IMAGE ";
/// How the line with its file begins; the folder, a backslash and the name follow.
pub const FILE: &str = "File      ";
/// How the line with its BLAKE3 begins.
pub const BLAKE3: &str = "BLAKE3    ";
/// How every line ends.
pub const LINE_END: &str = "\r\n";
/// Most images of which a text tells.
const TOLD_MAX: usize = 64;

/// What a text says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Name of its file.
    pub file: String,
    /// Its BLAKE3 in hexadecimal digits.
    pub blake3: String,
    /// The lines behind that, with their ends, as they are.
    pub more: Vec<u8>,
}

/// What a text says of images; nothing where it is none of ours.
pub fn told(text: &[u8]) -> Vec<Told> {
    let mut all = Vec::new();
    let mut lines = text.split_inclusive(|&byte| byte == b'\n').peekable();
    while all.len() < TOLD_MAX
        && let Some(line) = lines.next()
    {
        if !line.starts_with(IMAGE.as_bytes()) {
            continue;
        }
        let mut found = Told { file: String::new(), blake3: String::new(), more: Vec::new() };
        while let Some(line) = lines.next_if(|line| *line != LINE_END.as_bytes()) {
            if !found.blake3.is_empty() {
                found.more.extend_from_slice(line);
            } else if let Some(path) = value(line, FILE) {
                found.file = path.rsplit('\\').next().unwrap_or_default().to_owned();
            } else if let Some(digits) = value(line, BLAKE3) {
                found.blake3 = digits;
            }
        }
        all.push(found);
    }
    all
}

/// What stands in a line behind its beginning.
fn value(line: &[u8], begins: &str) -> Option<String> {
    let value = line.strip_prefix(begins.as_bytes())?.strip_suffix(LINE_END.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Told, told};

    #[test]
    fn each_image_has_its_file_its_hash_and_the_lines_behind() {
        let text = b"RAMKEY\r\nIMAGE 1: A\r\nFile      RAMKEY\\A.RKC\r\nSize      5 bytes\r\nBLAKE3    00\r\nSHA-256   11\r\nBLAKE3    22\r\n\r\nIMAGE 2\r\nBLAKE3    33\r\nFile";
        let image = |file: &str, blake3: &str, more: &[u8]| Told {
            file: file.into(),
            blake3: blake3.into(),
            more: more.to_vec(),
        };
        let more = b"SHA-256   11\r\nBLAKE3    22\r\n";
        assert_eq!(told(text), [image("A.RKC", "00", more), image("", "33", b"File")]);
        assert!(told(b"IMAGE").is_empty() && told(b"").is_empty());
        assert_eq!(told(&b"IMAGE \r\n\r\n".repeat(100)).len(), super::TOLD_MAX);
    }
}
