//! Rules of the tree that a machine can check: who imports whom, what every file has, and what no file may have.
//!
//! The rules about modules are read from `docs/architecture.md`, so that text and code cannot part.

use crate::frames::tree;
use std::collections::{BTreeMap, BTreeSet};

use crate::frames::tree::{File, code_lines, files, headings, links};

/// Rows of the table below the heading `title` of `docs/architecture.md`, as cells.
fn table(title: &str) -> Vec<Vec<String>> {
    let text = tree::read("docs/architecture.md");
    let section =
        text.split(&format!("\n## {title}\n")).nth(1).unwrap_or_else(|| panic!("no section {title}"));
    let rows =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = rows.skip(2).map(cells).collect();
    assert!(!rows.is_empty(), "the table of section {title} is empty");
    rows
}

/// The words in backticks.
fn ticked(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The top-level module that a file of `src/` belongs to.
fn module_of(path: &str) -> &str {
    let below = path.strip_prefix("src/").unwrap_or(path);
    below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
}

fn sources() -> Vec<File> {
    let sources: Vec<File> =
        files(&["rs"]).into_iter().filter(|file| file.path.starts_with("src/")).collect();
    assert!(sources.len() > 20, "only {} files below src/ were found", sources.len());
    sources
}

fn fail_if_any(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn modules_import_only_what_the_architecture_allows() {
    let rows = table("Who may import whom");
    let modules: BTreeSet<String> = tree::read("src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    let mut allowed = BTreeMap::new();
    for row in &rows {
        let name = ticked(&row[0])[0].to_owned();
        let all = row[1] == "everything";
        let used: BTreeSet<String> = ticked(&row[1]).into_iter().map(str::to_owned).collect();
        allowed.insert(name, if all { modules.clone() } else { used });
    }
    let listed: BTreeSet<String> = allowed.keys().cloned().collect();
    assert_eq!(modules, listed, "modules of src/lib.rs, and of the table in docs/architecture.md");

    let mut faults = Vec::new();
    for file in sources() {
        let module = module_of(&file.path);
        if ["lib", "main"].contains(&module) {
            continue;
        }
        for (number, line) in code_lines(&file.text) {
            for rest in line.split("crate::").skip(1) {
                let used: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if modules.contains(&used) && used != module && !allowed[module].contains(&used) {
                    faults.push(format!("{}:{number}: `{module}` may not use `{used}`", file.path));
                }
            }
        }
    }
    fail_if_any(&faults);
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
fn each_dependency_is_used_where_the_architecture_says() {
    let manifest = tree::read("Cargo.toml");
    let section = manifest.split("\n[dependencies]\n").nth(1).and_then(|rest| rest.split("\n[").next());
    let named = |line: &str| line.split([' ', '.', '=']).next().unwrap_or_default().replace('-', "_");
    let wanted: BTreeSet<String> = section
        .expect("Cargo.toml has dependencies")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(named)
        .collect();
    let places: BTreeMap<String, BTreeSet<String>> = table("Dependencies")
        .iter()
        .map(|row| {
            let modules = ticked(&row[1]).into_iter().map(str::to_owned).collect();
            (ticked(&row[0])[0].to_owned(), modules)
        })
        .collect();
    assert_eq!(
        wanted,
        places.keys().cloned().collect(),
        "dependencies of Cargo.toml, and of docs/architecture.md"
    );

    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources() {
        for (_, line) in code_lines(&file.text) {
            for name in &wanted {
                // A path, not the end of a longer name and not a module of ours with that name.
                let at = line
                    .find(&format!("{name}::"))
                    .filter(|&at| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_:.".contains(c)));
                if at.is_some() {
                    found.entry(name.clone()).or_default().insert(module_of(&file.path).to_owned());
                }
            }
        }
    }
    for (name, modules) in &places {
        let used = found.remove(name).unwrap_or_default();
        let elsewhere: Vec<_> = used.difference(modules).collect();
        assert!(
            elsewhere.is_empty(),
            "{name} is used in {elsewhere:?}, which docs/architecture.md does not say"
        );
    }
}

/// Where text of others becomes harmless. What prints elsewhere goes around it.
const TERMINAL: &str = "src/cli/terminal.rs";

#[test]
fn everything_is_printed_through_one_place() {
    let words = [
        "println!",
        "print!(",
        "dbg!(",
        "io::stdout",
        "io::stderr",
        "Stdout",
        "Stderr",
        ".print()",
        "/dev/std",
        "/dev/tty",
        "set_hook",
        "stdio::",
    ];
    let mut faults = Vec::new();
    for file in sources().iter().filter(|file| file.path != TERMINAL) {
        let of_bars = file.path == "src/cli/render.rs";
        for (number, line) in code_lines(&file.text) {
            let bar = line.contains("indicatif::") && !of_bars;
            let word = words.iter().find(|word| line.contains(*word)).or(bar.then_some(&"indicatif::"));
            faults.extend(word.map(|word| format!("{}:{number}: {word} goes around {TERMINAL}", file.path)));
        }
    }
    let place = tree::read(TERMINAL);
    assert!(place.contains("io::stdout()") && place.contains("io::stderr()"), "{TERMINAL} is not the place");
    fail_if_any(&faults);
}

#[test]
fn no_text_has_the_debug_form_of_a_value() {
    let mut faults = Vec::new();
    for file in sources() {
        let code = file.text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
        for (number, line) in code_lines(code) {
            if [":?}", ":#?}"].iter().any(|form| line.contains(form)) && !line.contains("assert") {
                faults.push(format!("{}:{number}: a person would read Rust: {}", file.path, line.trim()));
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn a_name_that_is_no_text_is_shown_by_its_bytes_everywhere() {
    let mut faults = Vec::new();
    for file in sources() {
        let code = file.text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
        for (number, line) in code_lines(code).filter(|(_, line)| line.contains(".display()")) {
            let what = "`units::named`, or `units::shell_word` in a command, shows every name";
            faults.push(format!("{}:{number}: {what}: {}", file.path, line.trim()));
        }
    }
    fail_if_any(&faults);
}

#[test]
fn only_the_command_line_asks() {
    let words = ["io::stdin"];
    let mut faults = Vec::new();
    for file in sources().iter().filter(|file| module_of(&file.path) != "cli") {
        for (number, line) in code_lines(&file.text) {
            faults.extend(
                words
                    .iter()
                    .filter(|word| line.contains(*word))
                    .map(|word| format!("{}:{number}: {word}", file.path)),
            );
        }
    }
    fail_if_any(&faults);
}

#[test]
fn every_unsafe_says_why_it_is_sound() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for file in files(&["rs"]) {
        let lines: Vec<&str> = file.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if ![concat!("unsafe", " {"), concat!("unsafe", " impl"), concat!("unsafe", " fn")]
                .iter()
                .any(|word| code.contains(word))
            {
                continue;
            }
            seen += 1;
            let comment =
                |line: &&&str| line.trim_start().starts_with("//") || line.trim_start().starts_with("#[");
            let above = lines[..at].iter().rev().take_while(comment);
            let mut near = above.chain(lines.get(at + 1));
            if !near.any(|line| line.contains("SAFETY:")) {
                faults.push(format!("{}:{}: unsafe without `// SAFETY:`", file.path, at + 1));
            }
        }
    }
    assert!(seen > 3, "only {seen} unsafe blocks were found: this test looks in the wrong place");
    fail_if_any(&faults);
}

#[test]
fn nothing_is_left_for_later() {
    // Made of pieces, so that this file passes its own test.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
    let marks = [concat!("todo", "!"), concat!("unimplemented", "!"), concat!("#[ig", "nore")];
    let mut faults = Vec::new();
    for file in files(&[]) {
        for (number, line) in (1..).zip(file.text.lines()) {
            let mut parts = line.split(|c: char| !c.is_ascii_alphanumeric());
            if parts.any(|part| words.contains(&part)) || marks.iter().any(|mark| line.contains(mark)) {
                faults.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn nothing_in_the_tree_names_a_machine_or_a_registry() {
    let folders = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];
    let hosts = [
        concat!("crates", ".io"),
        concat!("pypi", ".org"),
        concat!("python", "hosted.org"),
        concat!("npmjs", "."),
        concat!("deb.deb", "ian.org"),
        concat!("proxy.go", "lang.org"),
    ];
    let mut faults = Vec::new();
    for file in files(&[]).iter().filter(|file| !file.path.ends_with("Cargo.lock")) {
        for (number, line) in (1..).zip(file.text.lines()) {
            if folders.iter().chain(&hosts).any(|word| line.contains(word)) {
                faults.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn files_are_short_or_have_a_reason() {
    const LIMIT: usize = 500;
    let reasons: BTreeSet<String> =
        table("Long files").iter().flat_map(|row| ticked(&row[0])).map(str::to_owned).collect();
    let long: BTreeSet<String> = files(&["rs", "asm"])
        .into_iter()
        .filter(|file| file.text.lines().count() > LIMIT)
        .map(|file| file.path)
        .collect();
    let listed: BTreeSet<String> = reasons.into_iter().filter(|path| path != "none").collect();
    assert_eq!(long, listed, "files of more than {LIMIT} lines, and those of docs/architecture.md");
}

#[test]
fn assembly_says_who_enters_it_and_what_each_routine_does() {
    let mut faults = Vec::new();
    let sources = files(&["asm", "inc"]);
    assert!(sources.len() > 20, "only {} assembly files were found", sources.len());
    for file in &sources {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let header: Vec<&str> = file.text.lines().take_while(|line| line.starts_with(';')).collect();
        let generated = header.first().is_some_and(|line| line.starts_with("; GENERATED"));
        if generated {
            continue;
        }
        if !header.first().is_some_and(|line| line.starts_with(&format!("; {name} - "))) {
            faults.push(format!("{}: the first line is not `; {name} - ...`", file.path));
        }
        let entered = header.iter().any(|line| line.contains("Included by:") || line.contains("Entered by:"));
        let frame = file.text.contains("%include \"guest.inc\"");
        if name.ends_with(".asm") && !entered && !frame {
            faults.push(format!("{}: the header has no `Included by:` or `Entered by:`", file.path));
        }
        // A guest's routines are steps of one test, and named like sentences of it.
        if !frame && !file.path.starts_with("tests/") {
            faults.extend(undescribed_routines(file));
        }
    }
    fail_if_any(&faults);
}

/// Routines of `file` that are called from somewhere in it and that no comment line names.
fn undescribed_routines(file: &File) -> Vec<String> {
    let defines = |label: &str| {
        file.text.lines().any(|line| line.strip_prefix(label).is_some_and(|rest| rest.starts_with(':')))
    };
    let comment = |line: &str| line.trim_start().starts_with(';');
    // Named in a header, which may be for several routines, or right below a comment.
    let described = |label: &str| {
        let words =
            |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == label);
        let lines: Vec<&str> = file.text.lines().collect();
        let above = |pair: &[&str]| pair[1].starts_with(&format!("{label}:")) && comment(pair[0]);
        lines.iter().any(|line| comment(line) && words(line)) || lines.windows(2).any(above)
    };
    let mut called: BTreeSet<&str> = BTreeSet::new();
    for line in file.text.lines() {
        let code = line.split(';').next().unwrap_or_default();
        let words: Vec<&str> = code.split_whitespace().collect();
        if let [.., "call", label] | ["fn", _, label] = words[..] {
            called.insert(label);
        }
    }
    let of_the_file = called.into_iter().filter(|label| !label.starts_with('.'));
    let faults = of_the_file.filter(|label| defines(label) && !described(label));
    faults.map(|label| format!("{}: the routine `{label}` has no header", file.path)).collect()
}

#[test]
fn shared_numbers_are_typed_once() {
    use ramkey_format::{boot, memory, resident};
    let shared: BTreeMap<&str, u32> = [memory::CONSTANTS, boot::CONSTANTS, resident::CONSTANTS]
        .into_iter()
        .flatten()
        .map(|&(name, value, _)| (name, value))
        .collect();
    // Addresses whose value is too odd to be chance.
    let odd = ["MBR_LOAD", "BOOT_INFO", "CALL_REGISTERS", "BIOS_PACKET", "LOADER_END", "SECTOR0_BOOT_LBA"];
    let literals: Vec<String> = odd
        .iter()
        .flat_map(|name| [format!("{:X}h", shared[name]), format!("0x{:X}", shared[name])])
        .collect();
    let mut faults = Vec::new();
    let folders =
        ["include", "mbr", "stage2", "resident", "loader/src"].map(|name| format!("bootsectors/{name}/"));
    for file in files(&["asm", "inc", "rs"]) {
        let by_hand = !file.text.starts_with("; GENERATED");
        let of_the_chain = folders.iter().any(|folder| file.path.starts_with(folder.as_str()));
        for (number, line) in (1..).zip(file.text.lines()) {
            let code = line.split([';', '/']).next().unwrap_or_default().replace('_', "");
            if of_the_chain && literals.iter().any(|literal| code.contains(literal.as_str())) {
                faults.push(format!(
                    "{}:{number}: a number of format/ typed by hand: {}",
                    file.path,
                    line.trim()
                ));
            }
            let defined = line.split_whitespace().collect::<Vec<_>>();
            if of_the_chain
                && by_hand
                && file.path.ends_with("inc") | file.path.ends_with("asm")
                && defined.get(1) == Some(&"equ")
                && shared.contains_key(defined[0])
            {
                faults.push(format!("{}:{number}: {} is defined in format/ too", file.path, defined[0]));
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn documents_are_reachable_and_links_lead_somewhere() {
    let pages = files(&["md"]);
    let mut faults = Vec::new();
    let mut reached = BTreeSet::new();
    for page in &pages {
        let folder = page.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, link) in links(&page.text) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.path.clone() } else { tree::join(folder, path) };
            if !tree::exists(&target) {
                faults.push(format!("{}:{number}: {link} leads nowhere", page.path));
                continue;
            }
            if !anchor.is_empty() && !headings(&tree::read(&target)).contains(anchor) {
                faults.push(format!("{}:{number}: {target} has no heading #{anchor}", page.path));
            }
            if ["README.md", "docs/architecture.md"].contains(&page.path.as_str()) {
                reached.insert(target);
            }
        }
    }
    let documents = pages.iter().filter(|page| page.path.starts_with("docs/"));
    for page in documents.filter(|page| page.path != "docs/architecture.md" && !reached.contains(&page.path))
    {
        faults.push(format!("{} is linked neither from README.md nor from docs/architecture.md", page.path));
    }
    assert!(reached.contains("docs/architecture.md"), "README.md does not link docs/architecture.md");
    fail_if_any(&faults);
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
                        .filter(|name| !text.contains(**name))
                        .map(|name| format!("{symptom}: {path} has no `{name}`")),
                );
            }
        }
    }
    assert!(seen > 20, "only {seen} tests are named");
    fail_if_any(&faults);
}
