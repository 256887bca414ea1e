//! Sticks of a page: loop devices under the names that the page gives them.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::loops::Loop;

/// A stick that is plugged in while a page is run.
pub struct Plugged {
    /// Its name on the page.
    pub name: String,
    device: Loop,
}

impl Plugged {
    /// `told` is a name and a size, such as `/dev/sdX 128M`. `None` where the kernel has no loop device for us.
    pub fn new(told: &str, folder: &Path) -> Option<Self> {
        let (name, size) = told.split_once(' ').expect("a name and a size");
        let mib: u64 = size.strip_suffix('M').and_then(|size| size.parse().ok()).expect("a size in M");
        let file = folder.join(format!(".{}", name.replace('/', "-")));
        File::create(&file).and_then(|file| file.set_len(mib << 20)).expect("a file for it");
        Some(Self { name: name.to_owned(), device: Loop::of(&file, &[])? })
    }

    /// The device.
    pub fn node(&self) -> String {
        self.device.node.display().to_string()
    }

    /// What was printed, with the name of the page.
    pub fn hide(&self, text: &str) -> String {
        let short = self.name.trim_start_matches("/dev/");
        text.replace(&self.node(), &self.name).replace(&self.device.name(), short)
    }

    /// The same with the answer behind the question, where a terminal would show it.
    pub fn answer(&self, text: &str) -> String {
        let word = self.name.trim_start_matches("/dev/");
        let question = format!("Type {word} to erase it: ");
        text.replace(&question, &format!("{question}{word}\n"))
    }

    /// The word that erases it.
    pub fn word(&self) -> String {
        self.device.name()
    }
}

/// A command that asks, and gets the names of all sticks that it names as answers.
pub fn on_a_terminal(command: &str, sticks: &[Plugged]) -> Command {
    let answers = sticks.iter().filter(|stick| command.contains(&stick.node())).map(Plugged::word);
    let answers: Vec<String> = answers.collect();
    let mut shell = Command::new("sh");
    let script = r#"printf '%s\n' "$2" | script --echo never -qec "$1" /dev/null"#;
    shell.args(["-c", script, "sh", command, &answers.join("\n")]).stdin(Stdio::null());
    shell
}
