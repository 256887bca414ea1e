//! Who imports whom, as `docs/architecture.md` says it, so that text and code cannot part; and that nobody goes in a
//! circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::frames::architecture::{drawing, fail_if_any, module_of, sources, table, ticked};
use crate::frames::imports::{Imports, circles};
use crate::frames::tree::{self, code_lines, files};

/// The crates, by the folders of their roots.
const CRATES: [&str; 5] = [
    "src/",
    "bootsectors/format/src/",
    "bootsectors/loader-core/src/",
    "bootsectors/loader/src/",
    "xtask/src/",
];

/// Names of the cells of a table's row.
fn names(cell: &str) -> BTreeSet<String> {
    ticked(cell).into_iter().map(str::to_owned).collect()
}

#[test]
fn modules_import_exactly_what_the_architecture_says() {
    let rows = table("Who may import whom");
    let told: BTreeMap<String, &str> =
        rows.iter().map(|row| (ticked(&row[0])[0].to_owned(), row[1].as_str())).collect();
    let found = Imports::of("src/", &files(&["rs"])).rooms();
    let modules: BTreeSet<&String> = found.keys().collect();
    assert_eq!(modules, told.keys().collect(), "modules of src/, and of the table in docs/architecture.md");
    let mut faults = Vec::new();
    for (module, used) in &found {
        let told = told[module];
        if told == "everything" {
            continue;
        }
        let told = names(told);
        faults.extend(used.difference(&told).map(|other| format!("`{module}` may not use `{other}`")));
        faults.extend(told.difference(used).map(|other| format!("`{module}` does not use `{other}`")));
    }
    fail_if_any(&faults);
}

#[test]
fn the_table_of_modules_is_in_the_order_in_which_data_flows() {
    let order: Vec<String> =
        table("Who may import whom").iter().map(|row| ticked(&row[0])[0].to_owned()).collect();
    let place = |name: &String| order.iter().position(|other| other == name);
    let found = Imports::of("src/", &files(&["rs"])).rooms();
    let mut faults = Vec::new();
    for (module, used) in &found {
        let later = used.iter().filter(|other| place(other) > place(module));
        faults.extend(later.map(|other| format!("`{module}` uses `{other}`, which comes behind it")));
    }
    fail_if_any(&faults);
}

/// The floor of each room: one above the highest room that it uses.
fn floors(uses: &BTreeMap<String, BTreeSet<String>>) -> BTreeMap<&str, usize> {
    let mut floors = BTreeMap::new();
    // Nobody uses in a circle, so each round tells at least one room.
    for _ in uses {
        for (room, used) in uses {
            let floor = used.iter().map(|used| floors.get(used.as_str()).copied().unwrap_or(0)).max();
            floors.insert(room.as_str(), floor.map_or(0, |floor| floor + 1));
        }
    }
    floors
}

#[test]
fn the_drawing_of_rooms_is_what_the_code_is() {
    let uses = Imports::of("src/", &files(&["rs"])).rooms();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for file in sources() {
        *lines.entry(module_of(&file.path).to_owned()).or_default() += file.text.lines().count();
    }
    let floors = floors(&uses);
    let mut drawn: Vec<String> = Vec::new();
    for floor in (0..=floors.values().copied().max().unwrap_or(0)).rev() {
        let rooms = floors.iter().filter(|(_, of)| **of == floor).map(|(room, _)| *room);
        drawn.push(
            rooms
                .map(|room| format!("{room} {}", (lines[room] + 500).div_euclid(1000).max(1)))
                .collect::<Vec<_>>()
                .join("   "),
        );
    }
    let told = drawing("The rooms");
    let words = |line: &String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let is_number = |word: &String| word.parse::<usize>().ok();
    let is_as_drawn = |told: &String, drawn: &String| {
        let (told, drawn) = (words(told), words(drawn));
        // A room grows a little without a new drawing.
        let fits = |(told, drawn): (&String, &String)| match (is_number(told), is_number(drawn)) {
            (Some(told), Some(drawn)) => told.abs_diff(drawn) <= 1 + drawn / 8,
            _ => told == drawn,
        };
        told.len() == drawn.len() && told.iter().zip(&drawn).all(fits)
    };
    let is_right =
        told.len() == drawn.len() && told.iter().zip(&drawn).all(|(told, drawn)| is_as_drawn(told, drawn));
    assert!(is_right, "docs/architecture.md draws the rooms otherwise than they are:\n{}", drawn.join("\n"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let mut faults = Vec::new();
    let mut arrows = 0;
    for folder in CRATES {
        let graph = Imports::of(folder, &files(&["rs"])).files();
        arrows += graph.values().map(BTreeSet::len).sum::<usize>();
        for circle in circles(&graph) {
            let within = circle.iter().flat_map(|file| graph[file].iter().map(move |used| (file, used)));
            let within = within.filter(|(_, used)| circle.contains(*used));
            let arrows: Vec<String> = within.map(|(file, used)| format!("    {file} -> {used}")).collect();
            faults.push(format!("a circle of {} files:\n{}", circle.len(), arrows.join("\n")));
        }
    }
    assert!(arrows > 200, "only {arrows} imports were found: this test looks in the wrong place");
    fail_if_any(&faults);
}

#[test]
fn a_circle_is_found() {
    let file = |path: &str, text: &str| tree::File { path: path.into(), text: text.into() };
    let files = [
        file("src/lib.rs", "pub mod a;\npub mod b;\npub mod c;\n"),
        file("src/a/mod.rs", "mod one;\nmod two;\n\npub use one::{One, Other as Else};\n"),
        file("src/a/one.rs", "use super::two;\n\nfn f() { two::g() }\n"),
        file("src/a/two.rs", "use crate::{b::{self, Thing}, c};\n\nfn g() { b::h(); c::deep::k() }\n"),
        file("src/b.rs", "use crate::a::Else;\n"),
        file("src/c.rs", "// use crate::a::One;\n"),
    ];
    let imports = Imports::of("src/", &files);
    let graph = imports.files();
    let used = |file: &str| graph[file].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(used("src/a/mod.rs"), [""; 0]);
    assert_eq!(used("src/a/two.rs"), ["src/b.rs", "src/c.rs"]);
    assert_eq!(used("src/b.rs"), ["src/a/one.rs"], "the file that defines what is handed on");
    let circle: Vec<BTreeSet<String>> = circles(&graph);
    assert_eq!(circle.len(), 1);
    let files: Vec<&str> = circle[0].iter().map(String::as_str).collect();
    assert_eq!(files, ["src/a/one.rs", "src/a/two.rs", "src/b.rs"]);
    assert_eq!(circles(&imports.rooms()).len(), 1);
}

#[test]
fn modules_do_not_do_what_the_architecture_forbids() {
    let rows = table("Who may import whom");
    let mut faults = Vec::new();
    for file in sources() {
        let module = module_of(&file.path).to_owned();
        for row in rows.iter().filter(|row| ticked(&row[0])[0] == module) {
            for word in ticked(&row[2]) {
                for (number, line) in code_lines(&file.text) {
                    if line.contains(word) {
                        faults.push(format!("{}:{number}: `{module}` must not have `{word}`", file.path));
                    }
                }
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn each_dependency_is_used_exactly_where_the_architecture_says() {
    let manifest = tree::read("Cargo.toml");
    let section = manifest.split("\n[dependencies]\n").nth(1).and_then(|rest| rest.split("\n[").next());
    let named = |line: &str| line.split([' ', '.', '=']).next().unwrap_or_default().replace('-', "_");
    let wanted: BTreeSet<String> = section
        .expect("Cargo.toml has dependencies")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(named)
        .collect();
    let told: BTreeMap<String, BTreeSet<String>> =
        table("Dependencies").iter().map(|row| (ticked(&row[0])[0].to_owned(), names(&row[1]))).collect();
    let mut found: BTreeMap<String, BTreeSet<String>> =
        wanted.iter().map(|name| (name.clone(), BTreeSet::new())).collect();
    for file in sources() {
        for (_, line) in code_lines(&file.text) {
            for (name, modules) in &mut found {
                // A path, not the end of a longer name and not a module of ours with that name.
                let is_path = line
                    .match_indices(&format!("{name}::"))
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_:.".contains(c)));
                if is_path {
                    modules.insert(module_of(&file.path).to_owned());
                }
            }
        }
    }
    assert_eq!(found, told, "who uses each dependency of Cargo.toml, and what docs/architecture.md says");
}
