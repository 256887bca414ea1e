//! What a medium says of itself in a text that any machine shows: which images are on it, where they come from, and how to
//! prove them.

use ramkey_format::capsule::FOLDER;
use ramkey_format::cp437;

use crate::capsule::{BLAKE3, FILE, IMAGE, LINE_END};
use crate::contents::windows::Product;
use crate::image::Scan;
use crate::origin::{Algorithm, Origin};
use crate::plan::CapsulePlan;
use crate::units::{hex, named};

/// Longest source of an image, in characters.
pub const SOURCE_MAX: usize = 200;
/// Columns of a line, as DOS shows them.
const COLUMNS: usize = 78;
/// Longest name of a file that is shown.
const NAME_MAX: usize = 60;

/// What the text says of one image beside the plan.
#[derive(Clone, Copy)]
pub struct ReadmeImage<'a> {
    /// What reading it found.
    pub scan: &'a Scan,
    /// Its SHA-256.
    pub sha256: &'a [u8],
    /// The file that it came in.
    pub origin: Option<&'a Origin>,
    /// What is known of the Windows on it.
    pub product: Option<Product>,
    /// Where it is from, as the user said.
    pub source: Option<&'a str>,
}

/// What the text says of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paragraph {
    /// Its title in the menu.
    pub title: String,
    /// Name of its file in the folder.
    pub file: String,
    /// Whether it is in the menu.
    pub is_boot: bool,
    /// Its length in bytes.
    pub len: u64,
    /// Its BLAKE3.
    pub blake3: [u8; 32],
    /// The lines behind that, as they stand in the text.
    pub more: Vec<u8>,
}

impl Paragraph {
    /// That of an image that comes to a medium as `capsule` says.
    pub fn planned(capsule: &CapsulePlan, image: &ReadmeImage) -> Self {
        Self {
            title: capsule.title.clone(),
            file: capsule.file_name.clone(),
            is_boot: capsule.is_boot(),
            len: image.scan.len,
            blake3: image.scan.root,
            more: image.more(),
        }
    }

    /// The same with what a capsule alone says beside that: the hash of what will be in memory.
    pub fn in_memory(self, ram_blake3: &[u8; 32]) -> Self {
        let mut more = Text::default();
        more.in_memory(&self.blake3, ram_blake3);
        Self { more: more.0, ..self }
    }

    fn put(&self, text: &mut Text, number: usize) {
        text.line("");
        let role = if self.is_boot { "" } else { ", beside the others" };
        text.line(&format!("{IMAGE}{number}: {}{role}", self.title));
        text.line(&format!("{FILE}{FOLDER}\\{}", self.file));
        text.line(&format!("Size      {} bytes", self.len));
        text.line(&format!("{BLAKE3}{}", hex(self.blake3)));
        text.0.extend(&self.more);
    }
}

/// The text for a medium with these images, in the order of its capsules, in code page 437 with CR LF. The same input gives the same
/// text: no time, no folder and no machine is named in it.
pub fn readme(images: &[Paragraph]) -> Vec<u8> {
    let mut text = Text::default();
    text.line("RAMKEY");
    text.wrapped(&format!(
        "This medium starts disk images from RAM. ramkey {} made it. Each *.RKC beside this file is an image, packed; leave them as \
         they are.",
        env!("CARGO_PKG_VERSION")
    ));
    text.0.extend(of_images(images));
    text.line("HOW TO VERIFY");
    text.wrapped("ramkey verify MEDIUM   reads every byte and compares it with its hash");
    text.wrapped("ramkey extract NAME.RKC --from MEDIUM --to FILE   takes an image out");
    text.wrapped("b3sum FILE, sha256sum FILE   print what stands above");
    text.line("");
    text.line("LICENCE");
    text.wrapped(
        "The images are no part of ramkey and have licences of their own; whoever made this medium brought them. The boot code is \
         ramkey's, under MIT or Apache-2.0, without any warranty.",
    );
    text.0
}

/// Whether `text` tells of these images, and of no others, whichever version made the rest of it.
pub fn tells_of(text: &[u8], images: &[Paragraph]) -> bool {
    let middle = of_images(images);
    let count = text.split(|&byte| byte == b'\n').filter(|line| line.starts_with(IMAGE.as_bytes())).count();
    count == images.len() && text.windows(middle.len()).any(|part| part == middle)
}

/// What the text says of the images, between two empty lines.
fn of_images(images: &[Paragraph]) -> Vec<u8> {
    let mut text = Text::default();
    for (number, image) in (1..).zip(images) {
        image.put(&mut text, number);
    }
    text.line("");
    text.0
}

impl ReadmeImage<'_> {
    /// The lines behind its BLAKE3, wherever it lies.
    pub fn more(&self) -> Vec<u8> {
        let Self { scan, sha256, origin, product, source } = self;
        let mut text = Text::default();
        text.line(&format!("SHA-256   {}", hex(sha256)));
        text.in_memory(&scan.root, &scan.ram_root);
        if let Some(origin) = origin {
            let name = named(origin.path.file_name().unwrap_or_default());
            let name: String = name.chars().take(NAME_MAX).collect();
            text.line(&format!("Came as   {name}"));
            if origin.is_wrapped {
                text.line(&format!("          {} bytes", origin.hashes.len));
                for algorithm in [Algorithm::Blake3, Algorithm::Sha256] {
                    let value = origin.hashes.of(algorithm).map(hex).unwrap_or_default();
                    text.line(&format!("{:<10}{value}", algorithm.name()));
                }
            }
        }
        if let Some(source) = source {
            let source: String = source.chars().take(SOURCE_MAX).collect();
            text.wrapped(&format!("From      {source}"));
        }
        if let Some(product) = product {
            text.wrapped(&format!("{}.", product.advice()));
        }
        text.0
    }
}

/// Lines as DOS has them.
#[derive(Default)]
struct Text(Vec<u8>);

impl Text {
    /// Adds a line; what the code page does not have, or what a screen would obey, becomes a question mark.
    fn line(&mut self, line: &str) {
        let shown = |c: char| match c {
            ' '..='~' => c as u8,
            c if c.is_ascii() => b'?',
            c => cp437::encode(c).filter(|byte| *byte >= 0x80).unwrap_or(b'?'),
        };
        self.0.extend(line.chars().map(shown));
        self.0.extend(LINE_END.as_bytes());
    }

    /// Adds what an image will be in memory, if that is another.
    fn in_memory(&mut self, root: &[u8; 32], in_memory: &[u8; 32]) {
        if root != in_memory {
            self.line("What its file systems call free is left out; what is extracted has");
            self.line(&format!("{BLAKE3}{}", hex(in_memory)));
        }
    }

    /// Adds words in as many lines as they need.
    fn wrapped(&mut self, words: &str) {
        let mut line = String::new();
        for word in words.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > COLUMNS {
                self.line(&line);
                line.clear();
            } else if !line.is_empty() {
                line.push(' ');
            }
            line += word;
            // A word that is longer than a line goes on in the next.
            while line.chars().count() > COLUMNS {
                let rest = line.split_off(line.char_indices().nth(COLUMNS).map_or(line.len(), |(at, _)| at));
                self.line(&line);
                line = rest;
            }
        }
        self.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, Text};

    #[test]
    fn lines_end_as_dos_has_them_are_no_longer_than_its_screen_and_obey_nobody() {
        let mut text = Text::default();
        text.wrapped(&format!("a b\x1b[31m\t\u{202e} \u{e9} {} {}", "x".repeat(200), "word ".repeat(40)));
        let lines: Vec<&[u8]> = text.0.split(|byte| *byte == b'\n').collect();
        let (last, lines) = lines.split_last().unwrap();
        assert!(last.is_empty() && lines.len() > 5);
        for line in lines {
            let line = line.strip_suffix(b"\r").unwrap();
            assert!(line.len() <= COLUMNS && line.iter().all(|byte| *byte >= b' '), "{line:?}");
        }
        assert!(text.0.starts_with(b"a b?[31m?? \x82"), "{:?}", &text.0[..20]);
    }
}
