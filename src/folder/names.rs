//! Names of a FAT: the short one that every DOS knows, and the long one that Windows 95 and later have beside it.
//!
//! Microsoft, FAT32 File System Specification 1.03, "FAT Long Directory Entries" and "Name Limits and Character Sets".

use std::collections::{HashMap, HashSet};

/// Longest name, in the units of UTF-16.
const LONG_MAX: usize = 255;
/// What no name on a FAT has, beside controls.
const FORBIDDEN: &str = "\"*/:<>?\\|";
/// What a short name has beside letters and digits.
const SIGNS: &[u8] = b"!#$%&'()-@^_`{}~";
/// Names that DOS takes for devices, whatever stands behind their period.
const DEVICES: [&str; 5] = ["CON", "PRN", "AUX", "NUL", "CLOCK$"];
/// Bits by which Windows NT shows the name, and the part behind its period, in small letters.
const SMALL_BASE: u8 = 0x08;
const SMALL_ENDING: u8 = 0x10;

/// A name as a directory has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FatName {
    /// The short name: eight and three letters, padded with spaces.
    pub short: [u8; 11],
    /// Which part of it is shown in small letters.
    pub case: u8,
    /// The long name in UTF-16, if the short one does not say it.
    pub long: Option<Vec<u16>>,
}

/// Refuses a name that a FAT cannot have, or that DOS takes for a device.
pub(super) fn check(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.chars().any(|c| c.is_control()) {
        return Err("it has a control character");
    }
    if name.chars().any(|c| FORBIDDEN.contains(c)) {
        return Err("it has one of the characters \" * / : < > ? \\ |");
    }
    if name.ends_with(['.', ' ']) {
        return Err("it ends with a period or a space");
    }
    if name.encode_utf16().count() > LONG_MAX {
        return Err("it is longer than 255 characters");
    }
    let base = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let port = |kind| {
        base.strip_prefix(kind).is_some_and(|digit: &str| digit.len() == 1 && ("1"..="9").contains(&digit))
    };
    if DEVICES.contains(&&*base) || port("COM") || port("LPT") {
        return Err("DOS takes it for a device");
    }
    Ok(())
}

/// The names of a folder in their order, no two of which are one to DOS. Those that are short enough get their own short names; each
/// of the others gets one with a number that no other has.
pub(super) fn fat_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<FatName> {
    let names: Vec<&str> = names.collect();
    let mut taken: HashSet<[u8; 11]> = names.iter().filter_map(|name| Some(plain(name)?.0)).collect();
    let mut numbers: HashMap<[u8; 11], usize> = HashMap::new();
    let mut fat_names = Vec::with_capacity(names.len());
    for name in names {
        let long = Some(name.encode_utf16().collect());
        fat_names.push(match plain(name) {
            Some((short, Some(case))) => FatName { short, case, long: None },
            Some((short, None)) => FatName { short, case: 0, long },
            None => FatName { short: numbered(name, &mut taken, &mut numbers), case: 0, long },
        });
    }
    fat_names
}

/// The short name that is the name itself but for small letters, and how these are said; `None` of the latter where they are mixed.
pub(super) fn plain(name: &str) -> Option<([u8; 11], Option<u8>)> {
    let (base, ending) = match name.rsplit_once('.') {
        Some((base, ending)) if !ending.is_empty() => (base, ending),
        Some(_) => return None,
        None => (name, ""),
    };
    let fits =
        |part: &str, max| part.len() <= max && part.bytes().all(|byte| is_short(byte.to_ascii_uppercase()));
    if base.is_empty() || !fits(base, 8) || !fits(ending, 3) {
        return None;
    }
    let mut short = [b' '; 11];
    short[..base.len()].copy_from_slice(base.to_ascii_uppercase().as_bytes());
    short[8..8 + ending.len()].copy_from_slice(ending.to_ascii_uppercase().as_bytes());
    let case = |part: &str, bit| {
        let (small, large) = (|byte: u8| byte.is_ascii_lowercase(), |byte: u8| byte.is_ascii_uppercase());
        match (part.bytes().any(small), part.bytes().any(large)) {
            (false, _) => Some(0),
            (true, false) => Some(bit),
            (true, true) => None,
        }
    };
    let case = case(base, SMALL_BASE).zip(case(ending, SMALL_ENDING));
    Some((short, case.map(|(base, ending)| base | ending)))
}

fn is_short(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || SIGNS.contains(&byte)
}

/// A short name that no other has: what can be kept of the name, and a number.
fn numbered(name: &str, taken: &mut HashSet<[u8; 11]>, numbers: &mut HashMap<[u8; 11], usize>) -> [u8; 11] {
    let name = name.trim_start_matches(['.', ' ']);
    let (base, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let kept = |part: &str, max| -> Vec<u8> {
        let letters = part.chars().filter(|c| !matches!(c, '.' | ' '));
        let letter = |c: char| {
            u8::try_from(c.to_ascii_uppercase()).ok().filter(|byte| is_short(*byte)).unwrap_or(b'_')
        };
        letters.map(letter).take(max).collect()
    };
    let (base, ending) = (kept(base, 6), kept(ending, 3));
    let mut short = [b' '; 11];
    short[..base.len()].copy_from_slice(&base);
    short[8..8 + ending.len()].copy_from_slice(&ending);
    let number = numbers.entry(short).or_insert(0);
    // Ends: there are more numbers than names.
    loop {
        *number += 1;
        let suffix = format!("~{number}");
        let keep = base.len().min(8 - suffix.len());
        short[..8].fill(b' ');
        short[..keep].copy_from_slice(&base[..keep]);
        short[keep..keep + suffix.len()].copy_from_slice(suffix.as_bytes());
        if taken.insert(short) {
            return short;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Vec<(String, u8, bool)> {
        let names = fat_names(names.iter().copied());
        let text = |name: &FatName| String::from_utf8(name.short.to_vec()).unwrap();
        names.iter().map(|name| (text(name), name.case, name.long.is_some())).collect()
    }

    #[test]
    fn a_short_name_stays_and_a_long_one_gets_a_number() {
        let wanted = [
            ("KERNEL.SYS", "KERNEL  SYS", 0, false),
            ("autoexec.bat", "AUTOEXECBAT", 0x18, false),
            ("readme", "README     ", 0x08, false),
            ("FOO.txt", "FOO     TXT", 0x10, false),
            ("ReadMe.txt", "README  TXT", 0, true),
            ("a long name.text", "ALONGN~1TEX", 0, true),
            ("a long number.text", "ALONGN~2TEX", 0, true),
            (".git", "GIT~1      ", 0, true),
            ("Grüße.txt", "GR__E~1 TXT", 0, true),
            ("a+b", "A_B~1      ", 0, true),
            ("two.dots.txt", "TWODOT~1TXT", 0, true),
        ];
        let found = named(&wanted.map(|row| row.0));
        let wanted = wanted.map(|(_, short, case, long)| (short.to_owned(), case, long));
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_number_leaves_room_for_those_who_have_that_name_already() {
        assert_eq!(named(&["longname~.txt", "LONGNA~1.TXT"])[0].0, "LONGNA~2TXT");
        let many: Vec<String> = (0..1200).map(|number| format!("a long name {number}")).collect();
        let names: Vec<&str> = many.iter().map(String::as_str).collect();
        let distinct: HashSet<String> = named(&names).into_iter().map(|(short, ..)| short).collect();
        assert_eq!(distinct.len(), 1200);
        assert!(distinct.contains("ALONGN~9   ") && distinct.contains("ALO~1200   "), "{distinct:?}");
    }

    #[test]
    fn what_a_fat_or_dos_cannot_have_is_refused_and_what_is_near_it_is_not() {
        for name in
            ["a:b", "a?", "tab\there", "end.", "end ", "nul", "Con.txt", "lpt1", "com9.x", "AUX .c", "..."]
        {
            check(name).unwrap_err();
        }
        check(&"x".repeat(256)).unwrap_err();
        check(&"🦀".repeat(128)).unwrap_err();
        for name in ["com", "com0", "com10", "nullable", "console.txt", "a b", "x+y=z", "ä", "$"] {
            check(name).unwrap();
        }
        check(&"x".repeat(255)).unwrap();
    }
}
