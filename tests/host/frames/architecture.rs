//! The tables of `docs/architecture.md`, and the sources that they speak of.

use super::tree::{File, files, read};

/// Rows of the table below the heading `title` of `docs/architecture.md`, as cells.
pub fn table(title: &str) -> Vec<Vec<String>> {
    let text = read("docs/architecture.md");
    let section =
        text.split(&format!("\n## {title}\n")).nth(1).unwrap_or_else(|| panic!("no section {title}"));
    let rows =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.skip(2).map(cells).collect();
    assert!(!rows.is_empty(), "the table of section {title} is empty");
    rows
}

/// The lines of the first drawing below the heading `title` of `docs/architecture.md`.
pub fn drawing(title: &str) -> Vec<String> {
    let text = read("docs/architecture.md");
    let section = text.split(&format!("\n## {title}\n")).nth(1);
    let drawing = section.and_then(|section| section.split("```\n").nth(1));
    drawing.unwrap_or_else(|| panic!("no drawing in {title}")).lines().map(str::to_owned).collect()
}

/// The words in backticks.
pub fn ticked(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The top-level module that a file of `src/` belongs to.
pub fn module_of(path: &str) -> &str {
    let below = path.strip_prefix("src/").unwrap_or(path);
    below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
}

/// The files of the host program.
pub fn sources() -> Vec<File> {
    let sources: Vec<File> =
        files(&["rs"]).into_iter().filter(|file| file.path.starts_with("src/")).collect();
    assert!(sources.len() > 20, "only {} files below src/ were found", sources.len());
    sources
}

/// Fails with all of `faults`, if there are any.
pub fn fail_if_any(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
