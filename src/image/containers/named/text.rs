//! Texts: lists of a CD's tracks, web pages that came instead of a download, and any other.

use super::remedy::Remedy::{self, Advice, Disc, Qemu};
use super::sample::Named;

/// A text of fewer bytes than this may be chance.
const TEXT_MIN: usize = 64;
/// What a text is of which no more can be told.
pub(super) const PLAIN: &str = "a text file";

const CUE: Remedy = Disc("bchunk {bin} {file} {stem}");
const COOKED_CUE: Remedy = Advice("its BIN file is an image already: give that instead: {bin}");
const CCD: Remedy = Disc("ccd2iso {.img} {out}");
const TOC: Remedy = Disc("toc2cue {file} {.cue} && bchunk {bin} {.cue} {stem}");
const PAGE: Remedy =
    Advice("it came instead of the image: download that again, by a link that gives the file itself");
const SCRIPT: Remedy = Advice("run it where it belongs, and give the image that it makes");
const TEXT: Remedy = Advice("give the image itself, a raw copy of a disk, a floppy or a CD");

/// The kind of text that `head` begins with; `None` if it is no text.
pub(super) fn find(head: &[u8]) -> Option<Named> {
    let (text, is_wide) = decoded(head)?;
    let begin = text.trim_start().get(..).unwrap_or_default();
    let lower = begin.to_ascii_lowercase();
    let starts = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    let has_line = |words: &[&str]| {
        lower.lines().map(str::trim_start).any(|line| words.iter().any(|word| line.starts_with(word)))
    };
    let is_cue = has_line(&["file \""]) || has_line(&["file "]) && has_line(&["track "]);
    let found = |what, remedy| Some(Named { what, remedy });
    if starts(&["# disk descriptorfile"]) {
        return found("a VMDK file", Qemu("vmdk"));
    }
    if is_cue && has_line(&["track ", "index "]) {
        let is_cooked = has_line(&["track 01 mode1/2048", "track 1 mode1/2048"]);
        let remedy = if is_cooked { COOKED_CUE } else { CUE };
        return found("a CUE sheet, which describes the BIN file beside it", remedy);
    }
    if starts(&["[clonecd]"]) {
        return found("a CCD file, which describes the IMG file beside it", CCD);
    }
    if starts(&["cd_rom", "cd_da"]) {
        return found("a TOC file, which describes the BIN file beside it", TOC);
    }
    if starts(&["<!doctype html", "<html", "<head", "<body", "<script"]) {
        return found("a web page", PAGE);
    }
    if starts(&["<?xml", "<!doctype"]) {
        return found("an XML file", PAGE);
    }
    if starts(&["{\\rtf"]) {
        return found("a document (RTF)", TEXT);
    }
    if starts(&["#!"]) {
        return found("a script", SCRIPT);
    }
    if begin.len() < TEXT_MIN && !is_wide {
        return None;
    }
    if starts(&["{", "["]) && (begin.contains("\":") || begin.contains("\" :")) {
        return found("a JSON file", PAGE);
    }
    found(PLAIN, TEXT)
}

/// Name of the file that a CUE sheet or a TOC file describes: the first that it names, without a folder.
pub(super) fn described(head: &[u8]) -> Option<String> {
    let (text, _) = decoded(head)?;
    let words = text.lines().find_map(|line| {
        let (word, rest) = line.trim_start().split_once(' ')?;
        ["FILE", "DATAFILE"].contains(&word.to_ascii_uppercase().as_str()).then_some(rest.trim_start())
    })?;
    let name = match words.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => words.split_whitespace().next()?,
    };
    let name = name.rsplit(['/', '\\']).next()?;
    (!name.is_empty() && name != "..").then(|| name.to_owned())
}

/// The first bytes as text: UTF-8, or UTF-16 with its mark, and whether it is the latter. `None` if a control stands
/// there that no text has.
fn decoded(head: &[u8]) -> Option<(String, bool)> {
    let wide = |word: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| word([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    let (text, is_wide) = match head {
        [0xFF, 0xFE, rest @ ..] => (wide(u16::from_le_bytes, rest), true),
        [0xFE, 0xFF, rest @ ..] => (wide(u16::from_be_bytes, rest), true),
        [0xEF, 0xBB, 0xBF, rest @ ..] => (narrow(rest)?, false),
        _ => (narrow(head)?, false),
    };
    let is_text = |c: char| !c.is_control() || "\t\n\r\u{C}\u{1A}".contains(c);
    (!text.is_empty() && text.chars().all(is_text)).then_some((text, is_wide))
}

/// UTF-8, cut behind its last whole letter; or, for old texts, Latin letters above ASCII where most is ASCII.
fn narrow(bytes: &[u8]) -> Option<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(error) if bytes.len() - error.valid_up_to() < 4 => {
            Some(String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned())
        }
        Err(_) => {
            let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
            let few = high * 8 < bytes.len();
            few.then(|| {
                bytes.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { '?' }).collect()
            })
        }
    }
}
