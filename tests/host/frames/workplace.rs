//! Where the program runs as a person runs it: a folder with files, and one for what it puts away meanwhile.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::sticks::printed;

/// A folder in which the program is started, and its folder for temporary files, in which nothing may be left. Any user may write
/// to both.
pub struct Workplace {
    folder: tempfile::TempDir,
    temporary: tempfile::TempDir,
}

impl Workplace {
    /// Folders in which nothing is.
    pub fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), temporary: tempfile::tempdir().unwrap() };
        for folder in [&place.folder, &place.temporary] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        }
        place
    }

    /// Makes a file, and the folders that it lies in.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Where the file with this name is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program, which was not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.folder.path()).env("TMPDIR", self.temporary.path());
        command.stdin(Stdio::null());
        command
    }

    /// What it does.
    pub fn ramkey(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(fs::read_dir(self.temporary.path()).unwrap().count(), 0, "nothing is left");
        output
    }

    /// What it prints, when all is well.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.ramkey(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", printed(&output));
        printed(&output)
    }

    /// The object that it prints, when all is well.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.ramkey(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", printed(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Its exit status and standard error.
    pub fn refused(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.ramkey(arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// What it does with `input` on standard input.
    pub fn with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses does not read it.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }
}
