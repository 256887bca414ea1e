//! Pages of `docs/` whose commands are run, and whose outputs are compared with what is shown.
//!
//! A block that begins with ```` ```console ```` has commands behind `$ `, and below each what it prints. Commands of a page are run
//! one after the other, in a folder of the page's own. `...` on a line stands for any lines, `[..]` for any characters of one. A command must
//! succeed, unless `? STATUS` on the line below it says otherwise; one below which nothing is shown must print nothing.
//!
//! A block that begins with ```` ```sh ```` is a list of commands alone, each of which must succeed, whatever it prints; what they ask is answered.
//!
//! What is in the folder beforehand, and which sticks are plugged in, a comment says, which readers do not see:
//! `<!-- files: dos.img, xp.img -->` and `<!-- stick: /dev/sdX 128M -->`. A command that readers need not see is `<!-- before: COMMAND -->`. A stick is a loop device, and is shown under the page's name.

pub mod files;
mod shown;
mod stick;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shown::{agrees, blessed};
use stick::Plugged;

/// Writes pages anew, where it is set.
const BLESS: &str = "RAMKEY_BLESS";

/// The folder of the page, as the page shows it.
const HOME: &str = "~";

/// A command of a page, and what the page says of it.
struct Step {
    /// As the shell takes it.
    command: String,
    /// Exit status.
    status: i32,
    /// Lines of the page that show what it prints: first, and behind the last.
    lines: (usize, usize),
    /// Whether the page shows what it prints.
    is_shown: bool,
    /// Columns before its block, where that is a part of a list.
    indent: usize,
}

/// A page.
pub struct Page {
    path: PathBuf,
    lines: Vec<String>,
}

impl Page {
    /// The page `name` of `docs/`, or of the folder above it.
    pub fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { path, lines: text.lines().map(str::to_owned).collect() }
    }

    /// What comments of the kind `what` list, separated by commas.
    fn told(&self, what: &str) -> Vec<&str> {
        let begin = format!("<!-- {what}: ");
        let comments = self.lines.iter().filter_map(|line| line.strip_prefix(&begin)?.strip_suffix(" -->"));
        comments.flat_map(|list| list.split(", ")).collect()
    }

    /// Its commands, in order.
    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut block = "";
        for (number, line) in self.lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let line = line.trim_start();
            let next = (number + 1, number + 1);
            let hidden = line.strip_prefix("<!-- before: ").and_then(|line| line.strip_suffix(" -->"));
            if let Some(command) = hidden {
                steps.push(Step { command: command.into(), status: 0, lines: next, is_shown: false, indent });
            }
            match (block, line) {
                (_, "```") => block = "",
                ("", _) => block = line.strip_prefix("```").unwrap_or_default(),
                ("sh", command) if !command.is_empty() => {
                    steps.push(Step {
                        command: command.into(),
                        status: 0,
                        lines: next,
                        is_shown: false,
                        indent,
                    });
                }
                ("console", _) => {
                    match (line.strip_prefix("$ "), line.strip_prefix("? "), steps.last_mut()) {
                        (Some(command), _, _) => {
                            steps.push(Step {
                                command: command.into(),
                                status: 0,
                                lines: next,
                                is_shown: true,
                                indent,
                            });
                        }
                        (None, Some(status), Some(step)) if step.lines == (number, number) => {
                            step.status = status.parse().expect("an exit status");
                            step.lines = next;
                        }
                        (None, _, Some(step)) => step.lines.1 = number + 1,
                        (None, _, None) => panic!("{}: output of no command: {line}", self.path.display()),
                    }
                }
                _ => {}
            }
        }
        steps
    }

    /// What the page shows of a step.
    fn expected(&self, step: &Step) -> Vec<String> {
        let lines = self.lines[step.lines.0..step.lines.1].iter();
        lines.map(|line| line.get(step.indent..).unwrap_or_default().to_owned()).collect()
    }

    /// Whether one of its commands starts a machine.
    pub fn boots(&self) -> bool {
        self.steps().iter().any(|step| step.command.starts_with("ramkey boot "))
    }

    /// How many commands it has.
    pub fn count(&self) -> usize {
        self.steps().len()
    }

    /// Runs its commands with the files that it asks for, which `make` makes, and compares what they print.
    pub fn run(&self, make: impl Fn(&str) -> Option<Vec<u8>>) {
        let folder = tempfile::tempdir().expect("a folder");
        for name in self.told("files") {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder for it");
            let bytes = make(name).unwrap_or_else(|| panic!("{}: nobody makes {name}", self.path.display()));
            fs::write(path, bytes).expect("a file");
        }
        let sticks: Option<Vec<Plugged>> =
            self.told("stick").iter().map(|told| Plugged::new(told, folder.path())).collect();
        // Where the kernel gives no loop devices that was said already.
        let Some(sticks) = sticks else { return };
        let mut lines = self.lines.clone();
        let (steps, mut wrong) = (self.steps(), Vec::new());
        for step in &steps {
            let expected = self.expected(step);
            let asks = !step.is_shown || expected.iter().any(|line| line.starts_with("Type "));
            let (status, printed) = self.execute(&step.command, folder.path(), &sticks, asks);
            assert_eq!(
                status,
                Some(step.status),
                "{}: $ {}\n{}",
                self.path.display(),
                step.command,
                printed.join("\n")
            );
            if step.is_shown && !agrees(&expected, &printed) {
                wrong.push((step, printed));
            }
        }
        if std::env::var_os(BLESS).is_some() {
            for (step, printed) in wrong.into_iter().rev() {
                let indent = " ".repeat(step.indent);
                let new =
                    blessed(&self.expected(step), &printed).into_iter().map(|line| indent.clone() + &line);
                lines.splice(step.lines.0..step.lines.1, new);
            }
            fs::write(&self.path, lines.join("\n") + "\n").expect("the page is written");
            return;
        }
        if let Some((step, printed)) = wrong.first() {
            let expected = self.expected(step).join("\n");
            panic!(
                "{}: $ {}\n--- the page\n{expected}\n--- the command\n{}\n--- {BLESS}=1 writes the page anew",
                self.path.display(),
                step.command,
                printed.join("\n")
            );
        }
    }

    /// Exit status and what it printed, on both streams in their order.
    fn execute(
        &self,
        command: &str,
        folder: &Path,
        sticks: &[Plugged],
        asks: bool,
    ) -> (Option<i32>, Vec<String>) {
        // Whoever runs the tests has the rights, or has no loop device.
        let mut real = command.trim_start_matches("sudo ").to_owned();
        for stick in sticks {
            real = real.replace(&stick.name, &stick.node());
        }
        let program = Path::new(env!("CARGO_BIN_EXE_ramkey")).parent().expect("it lies in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = match asks && sticks.iter().any(|stick| real.contains(&stick.node())) {
            false => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(format!("exec 2>&1; {real}")).stdin(Stdio::null());
                shell
            }
            true => stick::on_a_terminal(&real, sticks),
        };
        shell.current_dir(folder).env("PATH", format!("{}:{path}:/usr/sbin:/sbin", program.display()));
        shell.env("HOME", folder).env("LC_ALL", "C").env("TERM", "dumb").env("TMPDIR", folder);
        shell.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("COLUMNS");
        let output = shell.output().expect("a shell");
        let mut text = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        for stick in sticks {
            text = stick.answer(&stick.hide(&text));
        }
        let text = text.replace(&folder.display().to_string(), HOME);
        (output.status.code(), text.lines().map(|line| line.trim_end().to_owned()).collect())
    }
}

/// The pages of the book, from its table of contents.
pub fn pages() -> BTreeSet<String> {
    let contents = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SUMMARY.md");
    let text = fs::read_to_string(contents).expect("the table of contents");
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    links.map(|link| format!("docs/{link}")).chain(["README.md".to_owned()]).collect()
}
