//! Pages of `docs/` whose commands are run, and whose outputs are compared with what is shown.
//!
//! A block that begins with ```` ```console ```` has commands behind `$ `, and below each what it prints. Commands of a page are run
//! one after the other, in a folder of the page's own. `...` on a line stands for any lines, `[..]` for any characters of one. A command must
//! succeed, unless `? STATUS` on the line below it says otherwise; one below which nothing is shown must print nothing.
//!
//! What is in the folder beforehand, and which sticks are plugged in, a comment says, which readers do not see:
//! `<!-- files: dos.img, xp.img -->` and `<!-- stick: /dev/sdX 128M -->`. A stick is a loop device, and is shown under the page's name.

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
        let mut is_inside = false;
        for (number, line) in self.lines.iter().enumerate() {
            match line.trim_start() {
                "```console" => is_inside = true,
                "```" => is_inside = false,
                _ if !is_inside => {}
                line => match (line.strip_prefix("$ "), line.strip_prefix("? "), steps.last_mut()) {
                    (Some(command), _, _) => {
                        let command = command.to_owned();
                        steps.push(Step { command, status: 0, lines: (number + 1, number + 1) });
                    }
                    (None, Some(status), Some(step)) if step.lines == (number, number) => {
                        step.status = status.parse().expect("an exit status");
                        step.lines = (number + 1, number + 1);
                    }
                    (None, _, Some(step)) => step.lines.1 = number + 1,
                    (None, _, None) => panic!("{}: output of no command: {line}", self.path.display()),
                },
            }
        }
        steps
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
            let expected = &self.lines[step.lines.0..step.lines.1];
            let (status, printed) = self.execute(&step.command, folder.path(), &sticks, expected);
            assert_eq!(
                status,
                Some(step.status),
                "{}: $ {}\n{}",
                self.path.display(),
                step.command,
                printed.join("\n")
            );
            if !agrees(expected, &printed) {
                wrong.push((step, printed));
            }
        }
        if std::env::var_os(BLESS).is_some() {
            for (step, printed) in wrong.into_iter().rev() {
                let new = blessed(&self.lines[step.lines.0..step.lines.1], &printed);
                lines.splice(step.lines.0..step.lines.1, new);
            }
            fs::write(&self.path, lines.join("\n") + "\n").expect("the page is written");
            return;
        }
        if let Some((step, printed)) = wrong.first() {
            let expected = self.lines[step.lines.0..step.lines.1].join("\n");
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
        expected: &[String],
    ) -> (Option<i32>, Vec<String>) {
        let mut real = command.to_owned();
        for stick in sticks {
            real = real.replace(&stick.name, &stick.node());
        }
        let program = Path::new(env!("CARGO_BIN_EXE_ramkey")).parent().expect("it lies in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = match expected.iter().any(|line| line.starts_with("Type ")) {
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
    links.map(|link| format!("docs/{link}")).collect()
}
