//! QEMU as a program of this system, started so that it cannot outlive us.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::EmulatorError;

/// Programs that can run a PC, best first.
pub(super) const PROGRAMS: [&str; 2] = ["qemu-system-x86_64", "qemu-system-i386"];
/// Starts a program that the kernel kills when the thread that started it is gone (util-linux; prctl(2),
/// PR_SET_PDEATHSIG).
const WITH_DEATH_SIGNAL: [&str; 3] = ["setpriv", "--pdeathsig", "KILL"];

/// The best QEMU that is installed, without arguments.
///
/// # Errors
///
/// [`EmulatorError::Missing`].
pub(super) fn qemu() -> Result<(&'static str, Command), EmulatorError> {
    let found = PROGRAMS.into_iter().find_map(|name| Some((name, path_of(name)?)));
    let (name, path) = found.ok_or(EmulatorError::Missing)?;
    if !has_death_signal() {
        return Ok((name, Command::new(path)));
    }
    let [program, arguments @ ..] = WITH_DEATH_SIGNAL;
    let mut command = Command::new(program);
    command.args(arguments).arg(path);
    Ok((name, command))
}

/// Where the search path has a program.
fn path_of(name: &str) -> Option<PathBuf> {
    let runs = |path: &PathBuf| {
        path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(runs)
}

/// Whether this system can do that. Without it, a QEMU whose ramkey was killed by force runs on.
fn has_death_signal() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let [program, arguments @ ..] = WITH_DEATH_SIGNAL;
        let mut command = Command::new(program);
        command.args(arguments).arg("true").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    })
}
