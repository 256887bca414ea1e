//! Which file of a crate uses which other one: read from its `use` lines and from the paths in its code.
//!
//! A path leads to the file that defines the item: a module that only hands on what another one has is looked through.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{File, code_lines};

/// A path of a crate: its module names, or a module's and an item's.
type Path = Vec<String>;

/// A file of the crate, as far as imports go.
struct Module {
    /// Its path from the root of the repository.
    file: String,
    /// What it hands on under a name of its own.
    handed_on: BTreeMap<String, Path>,
    /// Every path in its code.
    used: BTreeSet<Path>,
}

/// The files of one crate, by the paths of their modules.
pub struct Imports {
    modules: BTreeMap<Path, Module>,
}

impl Imports {
    /// Reads the crate whose root lies in `folder`, as in `src/`.
    pub fn of(folder: &str, files: &[File]) -> Self {
        let ours: Vec<(Path, &File)> = files
            .iter()
            .filter_map(|file| Some((module_path(file.path.strip_prefix(folder)?)?, file)))
            .collect();
        let known: BTreeSet<Path> = ours.iter().map(|(path, _)| path.clone()).collect();
        let modules = ours.into_iter().map(|(path, file)| {
            let module = Module::read(&path, file, &known);
            (path, module)
        });
        Self { modules: modules.collect() }
    }

    /// For each file those that it uses.
    pub fn files(&self) -> BTreeMap<String, BTreeSet<String>> {
        let used = |module: &Module| -> BTreeSet<String> {
            let targets = module.used.iter().filter_map(|path| self.target(path, 0));
            targets.filter(|target| *target != module.file).map(str::to_owned).collect()
        };
        self.modules.values().map(|module| (module.file.clone(), used(module))).collect()
    }

    /// For each module below the root those that it uses.
    pub fn rooms(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut rooms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, module) in &self.modules {
            let Some(room) = path.first() else { continue };
            let used = rooms.entry(room.clone()).or_default();
            let others = module.used.iter().filter_map(|path| path.first());
            let is_room = |other: &&String| self.modules.contains_key(&vec![(*other).clone()]);
            used.extend(others.filter(is_room).filter(|other| *other != room).cloned());
        }
        rooms
    }

    /// The file that defines what `path` names. Ends: a chain of modules that hand something on has a bound.
    fn target(&self, path: &[String], depth: usize) -> Option<&str> {
        let known = (0..=path.len()).rev().find(|&len| self.modules.contains_key(&path[..len]))?;
        let module = &self.modules[&path[..known]];
        let handed_on = path.get(known).and_then(|name| module.handed_on.get(name));
        match handed_on {
            Some(further) if depth < 8 => {
                let rest = path[known + 1..].iter().cloned();
                let further: Path = further.iter().cloned().chain(rest).collect();
                self.target(&further, depth + 1)
            }
            // The root only holds the others.
            _ => (known > 0).then_some(&module.file),
        }
    }
}

impl Module {
    fn read(path: &[String], file: &File, known: &BTreeSet<Path>) -> Self {
        let code: String = code_lines(&file.text).map(|(_, line)| format!("{line}\n")).collect();
        let mut module = Self { file: file.path.clone(), handed_on: BTreeMap::new(), used: BTreeSet::new() };
        // Names of modules that the code may go on from.
        let mut names: BTreeMap<String, Path> = BTreeMap::new();
        for child in known.iter().filter(|child| child.len() == path.len() + 1 && child.starts_with(path)) {
            names.insert(child[path.len()].clone(), child.clone());
        }
        let mut rest = String::new();
        for statement in code.split_inclusive(';') {
            let Some((before, tree)) = use_tree(statement) else {
                rest.push_str(statement);
                continue;
            };
            rest.push_str(before);
            let is_handed_on = before.trim_end().ends_with("pub") || before.trim_end().ends_with(')');
            for (found, name) in leaves(&tree) {
                let Some(full) = absolute(path, &found, &names) else { continue };
                if is_handed_on {
                    module.handed_on.insert(name.clone(), full.clone());
                } else if known.contains(&full) {
                    names.insert(name.clone(), full.clone());
                } else {
                    module.used.insert(full.clone());
                }
                if is_handed_on && known.contains(&full) {
                    names.insert(name, full);
                }
            }
        }
        for found in paths(&rest) {
            if let Some(full) = absolute(path, &found, &names) {
                module.used.insert(full);
            }
        }
        module
    }
}

/// The path of the module in `file`, which lies in the folder of its crate.
fn module_path(file: &str) -> Option<Path> {
    let stem = file.strip_suffix(".rs")?;
    let mut path: Path = stem.split('/').map(str::to_owned).collect();
    match path.last().map(String::as_str) {
        Some("mod" | "lib") => drop(path.pop()),
        Some("main") if path.len() == 1 => return None,
        _ => {}
    }
    Some(path)
}

/// What stands before `use` in a statement, and the tree behind it.
fn use_tree(statement: &str) -> Option<(&str, String)> {
    let words = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
    let starts = statement.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let mut found = starts.filter_map(|(start, line)| {
        let word = words.iter().find(|word| line.starts_with(**word))?;
        Some(start + word.len() - "use ".len())
    });
    let at = found.next()?;
    let tree = statement[at + "use ".len()..].trim_end_matches(';');
    Some((&statement[..at], tree.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// Every path of a tree, with the name that it gets.
fn leaves(tree: &str) -> Vec<(Path, String)> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let (path, name) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name)));
        let mut path: Path = path.split("::").map(|part| part.trim().to_owned()).collect();
        if path.last().is_some_and(|last| last == "self" || last == "*") && path.len() > 1 {
            path.pop();
        }
        let name = name.map_or_else(|| path.last().cloned().unwrap_or_default(), str::to_owned);
        return vec![(path, name)];
    };
    let head = tree[..open].trim().trim_end_matches("::");
    let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is one").push(c);
    }
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| leaves(&format!("{head}::{}", part.trim()))).collect()
}

/// Every path with `::` in some code.
fn paths(code: &str) -> BTreeSet<Path> {
    let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    let paths = words.filter(|word| word.contains("::")).map(|word| {
        word.split("::").take_while(|part| !part.is_empty()).map(str::to_owned).collect::<Path>()
    });
    paths.filter(|path| !path.is_empty()).collect()
}

/// `found`, as written in the module `path`, from the root of the crate; `None` if it is of another crate.
fn absolute(path: &[String], found: &[String], names: &BTreeMap<String, Path>) -> Option<Path> {
    let (mut base, mut rest): (Path, &[String]) = match found.first()?.as_str() {
        "crate" => (Path::new(), &found[1..]),
        "self" => (path.to_vec(), &found[1..]),
        "super" => (path.to_vec(), found),
        name => (names.get(name)?.clone(), &found[1..]),
    };
    while let [first, further @ ..] = rest
        && first == "super"
    {
        base.pop();
        rest = further;
    }
    base.extend(rest.iter().cloned());
    Some(base)
}

/// Groups that use each other in a circle, each sorted; empty if there is none.
pub fn circles(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|start| (start, reach(graph, start))).collect();
    let mut circles = Vec::<BTreeSet<String>>::new();
    for (file, reach) in &reached {
        if !reach.contains(file) || circles.iter().any(|circle| circle.contains(*file)) {
            continue;
        }
        let back = |other: &&&String| reached.get(**other).is_some_and(|back| back.contains(file));
        circles.push(reach.iter().filter(back).map(|other| (*other).clone()).collect());
    }
    circles
}

/// What is used from `start`, at once or through others.
fn reach<'g>(graph: &'g BTreeMap<String, BTreeSet<String>>, start: &str) -> BTreeSet<&'g String> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&String> = graph[start].iter().collect();
    // Ends: each is followed once.
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            open.extend(graph.get(next).into_iter().flatten());
        }
    }
    seen
}
