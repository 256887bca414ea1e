//! A block among what a person typed, and what to look at again where it was mistyped.

use ramkey_loader_core::report_block::{
    ALPHABET, Block, BlockError, GROUP, ROW, ROWS, SymbolsError, is_between, value,
};

/// Fewest characters that are taken for a block with a mistake in it.
const LOOKS_LIKE: usize = 12;
/// Most words that a block is looked for in: one for each character would do.
const WORDS: usize = 40;

/// Why what looks like a block is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistyped {
    /// What is wrong, and where.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// The block in `text`, which may have other words around it; `None` if there is nothing like a block.
///
/// # Errors
///
/// Something looks like a block, and does not fit together.
pub fn find_block(text: &str) -> Option<Result<Block, Mistyped>> {
    let words: Vec<&str> =
        text.split_whitespace().map(|word| word.trim_matches(['"', '\'', '`', ',', '.', ':', ';'])).collect();
    let whole = (0..words.len()).find_map(|start| {
        let longest = words[start..].iter().take(WORDS).take_while(|word| symbols(word).is_some()).count();
        (1..=longest).find_map(|count| match Block::decode(&words[start..start + count].join(" ")) {
            Ok(block) => Some(Ok(block)),
            Err(error @ (BlockError::Version { .. } | BlockError::Fields)) => Some(Err(told(error))),
            Err(_) => None,
        })
    });
    whole.or_else(|| {
        let typed = match words.as_slice() {
            [first, second, rest @ ..]
                if first.eq_ignore_ascii_case("ramkey") && second.eq_ignore_ascii_case("explain") =>
            {
                rest
            }
            all => all,
        };
        looks_like(typed).then(|| Err(mistyped(&typed.join(" "))))
    })
}

/// The values of a word's characters; `None` if one is in no block, or there are none.
fn symbols(word: &str) -> Option<Vec<u8>> {
    let values: Option<Vec<u8>> = word.chars().filter(|&one| !is_between(one)).map(value).collect();
    values.filter(|values| !values.is_empty())
}

/// Whether somebody who typed this meant a block: groups of about five letters and digits, or a long one.
fn looks_like(words: &[&str]) -> bool {
    let groups: Vec<&str> = groups(words).collect();
    let has_letter = groups.iter().any(|group| group.chars().any(|one| one.is_ascii_alphabetic()));
    if !has_letter || groups.first().is_some_and(|first| is_code(first)) {
        return false;
    }
    let is_alphanumeric = groups.iter().all(|group| group.chars().all(|one| one.is_ascii_alphanumeric()));
    let characters: usize = groups.iter().map(|group| group.len()).sum();
    let digits = groups.iter().flat_map(|group| group.chars()).filter(char::is_ascii_digit).count();
    let long = groups.iter().filter(|group| group.len() + 1 >= GROUP).count();
    is_alphanumeric && characters >= LOOKS_LIKE && digits * 5 >= characters && long * 3 >= groups.len() * 2
}

/// Whether this is a code of the screen, such as `E41`.
fn is_code(word: &str) -> bool {
    let digits = word.strip_prefix(['E', 'R', 'S', 'e', 'r', 's']).unwrap_or_default();
    digits.len() == 2 && digits.chars().all(|one| one.is_ascii_hexdigit())
}

/// What was typed between spaces and dashes.
fn groups<'w>(words: &[&'w str]) -> impl Iterator<Item = &'w str> {
    words.iter().flat_map(|word| word.split(is_between)).filter(|group| !group.is_empty())
}

/// What is said of a block that was typed right.
fn told(error: BlockError) -> Mistyped {
    match error {
        BlockError::Version { found } => Mistyped {
            what: format!("the block begins with {found}: it is one of a newer ramkey"),
            help: "explain it with the ramkey that wrote the stick, or with a newer one".into(),
        },
        _ => Mistyped {
            what: "the block was typed right, and says what no boot code of ramkey says".into(),
            help: "explain it with the ramkey that wrote the stick; if that says the same, report it".into(),
        },
    }
}

/// What is wrong with `text`, which is no block but should be one.
fn mistyped(text: &str) -> Mistyped {
    let error = match Block::decode(text) {
        Err(BlockError::Typed(error)) => error,
        Err(error) => return told(error),
        Ok(_) => SymbolsError::Whole,
    };
    let typed: Vec<char> = text.chars().filter(|&one| !is_between(one)).collect();
    let right = only_right(&typed);
    if let Some(rows) = rows_alone(&typed, error).filter(|_| right.is_none()) {
        return rows;
    }
    let what = match error {
        SymbolsError::Character { found } => format!("no block has the letter {found}"),
        SymbolsError::Row { row } => {
            let end = typed.len().min((row + 1) * ROW);
            format!("row {} of the block was mistyped: {}", row + 1, spaced(&typed[row * ROW..end], ' '))
        }
        SymbolsError::Length { found } => format!("no block has {found} characters"),
        _ => "the block was mistyped: its rows do not belong together".into(),
    };
    Mistyped { what, help: help(text, &typed, right, error) }
}

/// What is said of rows that were typed right, but without the others.
fn rows_alone(typed: &[char], error: SymbolsError) -> Option<Mistyped> {
    let is_first = error == SymbolsError::Whole && typed.len().is_multiple_of(ROW);
    let is_second = error == SymbolsError::Row { row: 0 } && typed.len() <= ROW && is_second_row(typed);
    let (what, help) = match (is_first, is_second) {
        (true, _) if typed.len() == ROW => (
            "the row was typed right, but it is not the whole block",
            "type the next line of the screen, too",
        ),
        (true, _) => {
            ("each row was typed right, but a row is missing", "type the next line of the screen, too")
        }
        (_, true) => (
            "this fits as the second row of a block, and the first row is missing",
            "type the line of the screen above it, too, before it",
        ),
        _ => return None,
    };
    Some(Mistyped { what: what.into(), help: help.into() })
}

/// Whether the check of a second row fits.
fn is_second_row(typed: &[char]) -> bool {
    // Each row is checked by itself: any first row will do, and one of these ends with its check.
    let mut firsts = ALPHABET.iter().map(|&check| format!("{}{}", "0".repeat(ROW - 1), char::from(check)));
    let fits_first =
        |first: &String| !matches!(Block::decode(first), Err(BlockError::Typed(SymbolsError::Row { .. })));
    let Some(first) = firsts.find(fits_first) else { return false };
    let rows: String = first.chars().chain(typed.iter().copied()).collect();
    !matches!(
        Block::decode(&rows),
        Err(BlockError::Typed(SymbolsError::Row { .. } | SymbolsError::Length { .. }))
    )
}

/// What to look at.
fn help(text: &str, typed: &[char], right: Option<Vec<char>>, error: SymbolsError) -> String {
    if let Some(right) = right {
        let group = typed.iter().zip(&right).position(|(one, other)| !is_same(*one, *other));
        let group = group.unwrap_or(typed.len().min(right.len() - 1)) / GROUP;
        let end = right.len().min((group + 1) * GROUP);
        let is: String = right[group * GROUP..end].iter().collect();
        let command = spaced(&right, '-');
        return format!("if group {} is {is}, it is `ramkey explain {command}`", group + 1);
    }
    let words = [text];
    let groups: Vec<&str> = groups(&words).collect();
    let cut = groups.iter().rev().skip(1).rev().position(|group| group.chars().count() != GROUP);
    match (error, cut) {
        (SymbolsError::Character { .. }, _) => {
            "I and L are read as 1, O as 0, and U is in no block: look whether it is a V".into()
        }
        (_, Some(group)) if groups.len() > 1 => {
            format!(
                "group {}, {}, should have {GROUP} characters: look at it again",
                group + 1,
                groups[group]
            )
        }
        (SymbolsError::Row { row }, _) => {
            format!(
                "compare row {} with the screen, character by character: a row has {ROW}, and the last may be shorter",
                row + 1
            )
        }
        _ => format!(
            "compare it with the screen: rows of {ROW} characters in groups of {GROUP}, and the last may be shorter"
        ),
    }
}

/// The only block that is one mistake away: a wrong character, one that lacks, one too many, or two neighbours exchanged.
fn only_right(typed: &[char]) -> Option<Vec<char>> {
    // Nobody types more by one mistake, and each length more is work.
    if typed.len() > ROW * ROWS + 1 {
        return None;
    }
    let mut found: Option<Vec<char>> = None;
    let mut is_only = true;
    let mut look = |candidate: &[char]| {
        let text: String = candidate.iter().collect();
        if Block::decode(&text).is_ok() {
            let right: Vec<char> = candidate
                .iter()
                .filter_map(|&one| value(one))
                .map(|value| char::from(ALPHABET[usize::from(value)]))
                .collect();
            is_only &= found.as_ref().is_none_or(|found| *found == right);
            found = Some(right);
        }
    };
    for place in 0..=typed.len() {
        let (before, behind) = typed.split_at(place);
        for &one in ALPHABET {
            let one = [char::from(one)];
            look(&[before, &one, behind].concat());
            if !behind.is_empty() {
                look(&[before, &one, &behind[1..]].concat());
            }
        }
        if let [first, second, rest @ ..] = behind {
            look(&[before, &[*second, *first], rest].concat());
        }
        if !behind.is_empty() {
            look(&[before, &behind[1..]].concat());
        }
    }
    found.filter(|_| is_only)
}

/// Whether two characters are one in a block.
fn is_same(one: char, other: char) -> bool {
    value(one).is_some() && value(one) == value(other)
}

/// Characters in groups, with `between` between them.
fn spaced(characters: &[char], between: char) -> String {
    let groups: Vec<String> = characters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.join(&between.to_string()).to_uppercase()
}
