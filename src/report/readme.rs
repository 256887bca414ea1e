//! What a medium says of itself in a text that any machine shows: which images are on it, where they come from, and how to
//! prove them.

use ramkey_format::capsule::FOLDER;
use ramkey_format::cp437;

use crate::contents::windows::Product;
use crate::image::Scan;
use crate::origin::{Algorithm, Origin};
use crate::plan::{CapsulePlan, Carried};
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

/// The text for a medium with what `carried` has, in code page 437 with CR LF. `images` are in the order of its capsules. The same
/// input gives the same text: no time, no folder and no machine is named in it.
pub fn readme(carried: &Carried, images: &[ReadmeImage]) -> Vec<u8> {
    let mut text = Text::default();
    text.line("RAMKEY");
    text.wrapped(&format!(
        "This medium starts disk images from RAM. ramkey {} made it. Each *.RKC beside this file is an image, packed; leave them as \
         they are.",
        env!("CARGO_PKG_VERSION")
    ));
    for (number, (capsule, image)) in carried.capsules.iter().zip(images).enumerate() {
        of_image(&mut text, number + 1, capsule, image);
    }
    text.line("");
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

fn of_image(text: &mut Text, number: usize, capsule: &CapsulePlan, image: &ReadmeImage) {
    let ReadmeImage { scan, sha256, origin, product, source } = image;
    text.line("");
    let role = if capsule.is_boot() { "" } else { ", beside the others" };
    text.line(&format!("IMAGE {number}: {}{role}", capsule.title));
    text.line(&format!("File      {FOLDER}\\{}", capsule.file_name));
    text.line(&format!("Size      {} bytes", scan.len));
    text.line(&format!("BLAKE3    {}", hex(scan.root)));
    text.line(&format!("SHA-256   {}", hex(sha256)));
    if scan.ram_root != scan.root {
        text.line("What its file systems call free is left out; what is extracted has");
        text.line(&format!("BLAKE3    {}", hex(scan.ram_root)));
    }
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
        text.wrapped(&format!("From {source}"));
    }
    if let Some(product) = product {
        text.wrapped(&format!("{}.", product.advice()));
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
        self.0.extend(b"\r\n");
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
