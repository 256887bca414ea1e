//! The help, the pages for `man` and the completions of shells.

use std::fs;
use std::process::{Command, Output};

use ramkey::cli::{Help, helps};

use crate::frames::skip::skip;

fn ramkey(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ramkey")).args(arguments).env("COLUMNS", "40").output().unwrap()
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn no_line_of_any_help_is_wider_than_the_terminal() {
    for columns in [40, 80, 100, 300] {
        for Help { command, short, long } in helps(columns) {
            for line in short.lines().chain(long.lines()) {
                assert!(line.chars().count() <= columns.min(100), "{command} in {columns} columns: {line}");
            }
        }
    }
    let help = text(ramkey(&["write", "--help"]));
    assert!(help.lines().all(|line| line.chars().count() <= 40), "{help}");
}

#[test]
fn the_short_help_fits_a_screen_and_ends_with_examples_as_the_long_one_does() {
    for Help { command, short, long } in helps(80) {
        assert!(short.lines().count() <= 50, "{command}: {short}");
        assert!(!short.contains("\n\n\n"), "{command}: {short}");
        if command != "ramkey" && command.split(' ').count() == 2 {
            for help in [&short, &long] {
                let (_, examples) = help.rsplit_once("\nExamples:\n").expect(&command);
                assert!(examples.contains(&command), "{examples}");
            }
        }
    }
}

#[test]
fn the_target_comes_first_below_its_heading_and_rare_options_are_in_the_long_help_alone() {
    let helps = helps(80);
    let write = helps.iter().find(|help| help.command == "ramkey write").unwrap();
    let after = |heading: &str| {
        let (_, section) = write.short.split_once(&format!("\n{heading}:\n")).expect(heading);
        section.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!([after("Images"), after("Target"), after("How it boots")], ["--dir", "--to", "--with"]);
    assert!(!write.short.contains("--fake-write") && write.long.contains("--fake-write"));
    let place = |heading: &str| write.short.find(&format!("\n{heading}:\n")).expect(heading);
    assert!(place("Images") < place("Target") && place("Target") < place("How it boots"));
    assert!(place("How it boots") < place("Output") && place("Output") < place("Examples"));
}

#[test]
fn man_takes_each_page_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let listed = text(ramkey(&["man", "--to", folder.path().to_str().unwrap()]));
    let mut pages: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|page| page.unwrap().path()).collect();
    pages.sort();
    assert_eq!(listed.lines().count(), pages.len());
    let page = fs::read_to_string(folder.path().join("ramkey-write.1")).unwrap();
    assert_eq!(page, text(ramkey(&["man", "write"])));
    for part in [".TH ramkey-write 1", ".SH EXAMPLES", "\\fBramkey write dos.img \\-\\-to /dev/sdX\\fR"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(text(ramkey(&["man"])).contains("ramkey\\-write(1)"));
    assert_eq!(ramkey(&["man", "fly"]).status.code(), Some(2));
    let groff = Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).args(&pages).output();
    match groff {
        Ok(judged) => assert!(judged.status.success() && judged.stderr.is_empty(), "{judged:?}"),
        Err(error) => skip("groff", error.to_string().as_bytes()),
    }
}

#[test]
fn bash_completes_commands_and_options() {
    let script = r#"source /dev/stdin
        complete -p ramkey >/dev/null || exit 1
        COMP_WORDS=(ramkey wr) COMP_CWORD=1
        _ramkey ramkey wr ramkey; echo "${COMPREPLY[@]}"
        COMP_WORDS=(ramkey write --layout f) COMP_CWORD=3
        _ramkey ramkey f --layout; echo "${COMPREPLY[@]}""#;
    let folder = tempfile::tempdir().unwrap();
    let completions = folder.path().join("ramkey.bash");
    fs::write(&completions, text(ramkey(&["completions", "bash"]))).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script]).stdin(fs::File::open(completions).unwrap());
    match bash.output() {
        Ok(completed) => assert_eq!(text(completed), "write\nfdd\n"),
        Err(error) => skip("bash", error.to_string().as_bytes()),
    }
    for (shell, begin) in [("zsh", "#compdef ramkey"), ("fish", "# "), ("powershell", "\nusing namespace")] {
        let text = text(ramkey(&["completions", shell]));
        assert!(text.starts_with(begin) && text.contains("completions"), "{shell}: {text}");
    }
}
