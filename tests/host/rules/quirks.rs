//! What `docs/quirks.md` names is there: each routine that handles a quirk, and each test that plays it.

use crate::frames::architecture::{fail_if_any, ticked};
use crate::frames::tree::{self, File, files};

/// Whether a source defines `name`: a function, type, constant, label, macro or field; or a whole line of assembly
/// that stands in it as it is named, such as `dw 0AA55h`.
fn defines(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if !name.chars().all(|c| word(c) || c == '.') {
        return text.contains(name);
    }
    let kinds = ["fn", "struct", "enum", "const", "static", "trait", "type", "macro_rules!", "mod", "%macro"];
    let label = |line: &str| {
        let line = line.trim_start();
        // A label of another routine has that routine's name before it.
        let owner = if name.starts_with('.') { line.find(name)? } else { 0 };
        let rest = line[owner..].strip_prefix(name)?;
        let is_label = rest.starts_with(':') && !rest.starts_with("::");
        let is_shell = rest.starts_with("()");
        let is_equate = rest.trim_start().starts_with("equ ");
        let is_variant = rest.starts_with(',') || rest.starts_with(" {") || rest.starts_with(" =");
        (is_label || is_shell || is_equate || is_variant).then_some(())
    };
    text.lines().any(|line| {
        let words: Vec<&str> = line.split(|c: char| !(word(c) || "!%".contains(c))).collect();
        label(line).is_some() || words.windows(2).any(|pair| kinds.contains(&pair[0]) && pair[1] == name)
    })
}

#[test]
fn every_routine_and_test_that_the_quirks_name_is_there() {
    let page = tree::read("docs/quirks.md");
    let sources = files(&["rs"]);
    let mut faults = Vec::new();
    let mut seen = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| symptom")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [symptom, _, routines, tests] = cells[..] else {
            faults.push(format!("not four cells: {row}"));
            continue;
        };
        for (place, folder) in [("core/", "bootsectors/loader-core/tests/"), ("boot/", "tests/boot/")] {
            for part in tests.split("; ").filter_map(|part| part.trim().strip_prefix(place)) {
                let file = part.split([' ', ',']).next().unwrap_or_default();
                let stem = format!("{folder}{file}");
                let among =
                    |path: &str| path == format!("{stem}.rs") || path.starts_with(&format!("{stem}/"));
                let texts: Vec<&File> = sources.iter().filter(|file| among(&file.path)).collect();
                for name in ticked(part) {
                    seen += 1;
                    if !texts.iter().any(|file| file.text.contains(&format!("fn {name}("))) {
                        faults.push(format!("{symptom}: {place}{file} has no test {name}"));
                    }
                }
            }
        }
        for part in routines.split("; ") {
            let [file, names @ ..] = &ticked(part)[..] else { continue };
            let path = match file.strip_prefix("../") {
                Some(path) => path.to_owned(),
                None if file.starts_with("src/") => (*file).to_owned(),
                None => format!("bootsectors/{file}"),
            };
            let is_file = [".rs", ".asm", ".sh"].iter().any(|ending| file.ends_with(ending));
            if is_file && !tree::exists(&path) {
                faults.push(format!("{symptom}: there is no {path}"));
            } else if is_file {
                let text = tree::read(&path);
                faults.extend(
                    names
                        .iter()
                        .filter(|name| !defines(&text, name))
                        .map(|name| format!("{symptom}: {path} does not define `{name}`")),
                );
            }
        }
    }
    assert!(seen > 20, "only {seen} tests are named");
    fail_if_any(&faults);
}

#[test]
fn a_use_is_no_definition() {
    let text = "fn ask(a: u8) {}\n.way:\n        call    read\nHEADS equ 2\n    Kept,\nlet kept = other;\n";
    for name in ["ask", ".way", "HEADS", "Kept"] {
        assert!(defines(text, name), "{name}");
    }
    for name in ["read", "other", "as", "way", "HEAD"] {
        assert!(!defines(text, name), "{name}");
    }
}
