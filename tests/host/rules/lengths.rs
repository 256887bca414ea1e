//! Files and functions that can be read as a whole.

use std::collections::BTreeSet;

use crate::frames::architecture::{table, ticked};
use crate::frames::tree::{File, files};

/// Most lines of a file.
const FILE_MAX: usize = 500;
/// Most lines of a function: what a screen shows.
const FUNCTION_MAX: usize = 70;

/// The first words of the table below the heading `title`; `none` stands for no row.
fn listed(title: &str) -> BTreeSet<String> {
    let rows = table(title);
    let names = rows.iter().map(|row| ticked(&row[0])[0].to_owned());
    names.filter(|name| name != "none").collect()
}

#[test]
fn files_are_short_or_have_a_reason() {
    let generated = |file: &File| file.text.starts_with("; GENERATED");
    let long: BTreeSet<String> = files(&["rs", "asm", "inc", "sh"])
        .into_iter()
        .filter(|file| !generated(file) && file.text.lines().count() > FILE_MAX)
        .map(|file| file.path)
        .collect();
    assert_eq!(
        long,
        listed("Long files"),
        "files of more than {FILE_MAX} lines, and those of docs/architecture.md"
    );
}

#[test]
fn functions_are_short_or_have_a_reason() {
    let mut seen = 0;
    let mut long = BTreeSet::new();
    for file in files(&["rs"]) {
        for (name, lines) in functions(&file.text) {
            seen += 1;
            if lines > FUNCTION_MAX {
                long.insert(format!("{}: {name}", file.path));
            }
        }
    }
    assert!(seen > 1000, "only {seen} functions were found: this test looks in the wrong place");
    assert_eq!(
        long,
        listed("Long functions"),
        "functions of more than {FUNCTION_MAX} lines, and those of docs/architecture.md"
    );
}

/// The functions of a formatted file with a body of several lines, and how many they have.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indent = &line[..line.len() - code.len()];
        let Some((before, after)) = code.split_once("fn ") else { continue };
        let is_definition = before.split_whitespace().all(|word| {
            word.starts_with("pub") || ["const", "unsafe", "extern", "\"C\"", "async"].contains(&word)
        });
        let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !is_definition || name.is_empty() {
            continue;
        }
        let end = lines[at..].iter().position(|line| {
            let ends = line.strip_prefix(indent).unwrap_or_default();
            ends == "}" || ends == ";" || (ends.ends_with([';', '}']) && !ends.starts_with(' '))
        });
        found.extend(end.map(|end| (name, end + 1)));
    }
    found
}

#[test]
fn the_lines_of_a_function_are_counted() {
    let text = "fn one() {}\n\nimpl X {\n    pub(crate) const fn two(\n        a: u8,\n    ) -> u8 {\n        a\n    }\n\n    fn three();\n}\n\
                // fn four() {\n";
    let found = functions(text);
    let expected = [("one", 1), ("two", 5), ("three", 1)].map(|(name, lines)| (name.to_owned(), lines));
    assert_eq!(found, expected);
}
