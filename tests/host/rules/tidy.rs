//! Rules of the tree that a machine can check: what every file has, and what no file may have.

use std::collections::{BTreeMap, BTreeSet};

use crate::frames::architecture::{fail_if_any, module_of, sources, ticked};
use crate::frames::tree::{self, File, code_lines, files, headings, links};

/// Where text of others becomes harmless. What prints elsewhere goes around it.
const TERMINAL: &str = "src/cli/terminal.rs";
/// A process that is asked and answers through these descriptors: its other end is this program, and no person.
const CHILD: &str = "src/sandbox/child.rs";
/// Takes an image from standard input.
const INPUT: &str = "src/sandbox/input.rs";

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
    for file in sources().iter().filter(|file| ![TERMINAL, CHILD].contains(&&file.path[..])) {
        let of_bars = ["src/cli/progress.rs", "src/cli/table.rs"].contains(&&file.path[..]);
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
    for file in sources()
        .iter()
        .filter(|file| module_of(&file.path) != "cli" && ![CHILD, INPUT].contains(&&*file.path))
    {
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
    use ramkey_format::{boot, hooks, memory, resident};
    let constants = [memory::CONSTANTS, boot::CONSTANTS, hooks::CONSTANTS, resident::CONSTANTS];
    let records = [boot::RECORDS, hooks::RECORDS, resident::RECORDS].into_iter().flatten();
    let shared: BTreeMap<&str, u32> = constants
        .into_iter()
        .flatten()
        .map(|&(name, value, _)| (name, value))
        .chain(records.flat_map(|record| record.equates()))
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
fn every_path_that_a_page_names_is_there() {
    let folders = ["tests/", "host/", "src/", "bootsectors/", "xtask/", "fuzz/", "benches/"];
    // Stands for any suite; and what a fuzzer that found something leaves.
    let others = ["tests/boot/X.rs", "fuzz/artifacts"];
    let is_path = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c));
    let mut faults = Vec::new();
    let mut seen = 0;
    for page in files(&["md"]) {
        for (number, line) in (1..).zip(page.text.lines()) {
            let words = ticked(line).into_iter().filter(|word| is_path(word) && !others.contains(word));
            for word in words.filter(|word| folders.iter().any(|folder| word.starts_with(folder))) {
                seen += 1;
                let path = if word.starts_with("host/") { format!("tests/{word}") } else { word.to_owned() };
                if !tree::exists(&path) {
                    faults.push(format!("{}:{number}: there is no {path}", page.path));
                }
            }
        }
    }
    assert!(seen > 100, "only {seen} paths were found: this test looks in the wrong place");
    fail_if_any(&faults);
}

#[test]
fn every_test_that_somebody_is_told_to_run_is_there() {
    let option = " --test ";
    let mut faults = Vec::new();
    let mut seen = 0;
    for file in files(&["md", "rs"]) {
        for (number, line) in (1..).zip(file.text.lines()) {
            let told = line.split("cargo test").skip(1).filter_map(|rest| rest.split_once(option));
            for (_, words) in told {
                let command = words.split('`').next().unwrap_or_default();
                let (program, rest) = command.split_once(" -- ").unwrap_or((command, ""));
                let module = rest.split([' ', ':']).next().unwrap_or_default();
                // Words for whatever is meant are in capitals.
                let module = if module.chars().any(char::is_uppercase) { "" } else { module };
                let path = format!("tests/{program}/{module}");
                let path = path.trim_end_matches('/');
                seen += 1;
                if !tree::exists(path) && !tree::exists(&format!("{path}.rs")) {
                    faults.push(format!("{}:{number}: there are no tests in {path}", file.path));
                }
            }
        }
    }
    assert!(seen > 5, "only {seen} commands were found: this test looks in the wrong place");
    fail_if_any(&faults);
}

#[test]
fn every_test_is_in_a_part_of_the_checks() {
    let parts = tree::read("xtask/src/test.rs");
    let mut faults = Vec::new();
    let mut targets = BTreeSet::new();
    for file in files(&["rs"]).iter().filter_map(|file| file.path.strip_prefix("tests/").map(str::to_owned)) {
        let target = match file.split_once('/') {
            Some((folder, "main.rs")) => folder,
            Some(_) => continue,
            None => file.trim_end_matches(".rs"),
        };
        targets.insert(target.to_owned());
    }
    assert!(targets.len() > 1, "only {targets:?} were found: this test looks in the wrong place");
    let unknown = targets.iter().filter(|target| !parts.contains(&format!("tests(\"{target}\"")));
    faults.extend(unknown.map(|target| format!("no part runs tests/{target}")));
    let manifest = tree::read("Cargo.toml");
    let members = manifest.lines().find(|line| line.starts_with("members = ")).unwrap_or_default();
    for folder in members.split('"').skip(1).step_by(2) {
        let manifest = tree::read(&format!("{folder}/Cargo.toml"));
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default();
        if !parts.contains(name) {
            faults.push(format!("no part runs the tests of {name}"));
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
            if page.path == "docs/SUMMARY.md" {
                reached.insert(target);
            }
        }
    }
    let documents = pages.iter().filter(|page| page.path.starts_with("docs/"));
    for page in documents.filter(|page| page.path != "docs/SUMMARY.md" && !reached.contains(&page.path)) {
        faults.push(format!("{} is not in docs/SUMMARY.md, so it is not in the book", page.path));
    }
    let readme = links(&tree::read("README.md"));
    for page in ["docs/SUMMARY.md", "docs/architecture.md"] {
        assert!(readme.iter().any(|(_, link)| link == page), "README.md does not link {page}");
    }
    fail_if_any(&faults);
}
