//! The fields of JSON, as `docs/cli.md` lists them and as they are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The fields, or the values, in backticks in the first column of each table below `heading`.
fn tables(heading: &str) -> Vec<BTreeSet<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cli.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) = page.split_once(&format!("\n### {heading}\n")).expect(heading);
    let section = section.split("\n#").next().unwrap();
    let table = |table: &str| {
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        let first = rows.map(|row| row.trim_matches('|').split(" | ").next().unwrap().to_owned());
        let cell = |cell: String| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        first.flat_map(cell).collect()
    };
    section.split("\n|---|---|\n").skip(1).map(table).collect()
}

/// Those of the table with this number.
pub fn documented(heading: &str, table: usize) -> BTreeSet<String> {
    tables(heading).swap_remove(table)
}

/// Those of all tables.
pub fn all_documented(heading: &str) -> BTreeSet<String> {
    tables(heading).into_iter().flatten().collect()
}

/// Every field of `value`, as the page names them.
pub fn fields(value: &Value, name: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                // What else a change has depends on it.
                if !name.starts_with("changes[].") || key == "change" {
                    found.insert(name.clone());
                }
                fields(value, &name, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| fields(value, &format!("{name}[]"), found)),
        _ => {}
    }
}
