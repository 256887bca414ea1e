//! Keeps the machine awake while a stick is written: one that falls asleep or is switched off in the middle leaves a stick that does
//! not boot.

use std::env;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::sandbox::has_lent_rights;

/// The program that holds a lock of logind while another runs; that one ends with our end of its input, whatever ends us.
const PROGRAM: &str = "systemd-inhibit";
const ARGUMENTS: [&str; 5] = [
    "--what=sleep:shutdown:idle:handle-lid-switch",
    "--who=ramkey",
    "--why=A stick is being written",
    "--mode=block",
    "cat",
];

/// Names another bus than the usual one (dbus-daemon(1)).
const BUS: &str = "DBUS_SYSTEM_BUS_ADDRESS";
/// The usual one.
const USUAL_BUS: &str = "unix:path=/run/dbus/system_bus_socket";

/// From now on until this process ends the machine neither sleeps nor is switched off without force, where logind runs. It is no
/// error if it does not, or if it refuses.
pub(super) fn stay() {
    static CHILD: OnceLock<Option<Child>> = OnceLock::new();
    CHILD.get_or_init(|| {
        // Who started a program with more rights than his own must not choose what runs with them.
        if has_lent_rights() || !has_bus() {
            return None;
        }
        let mut command = Command::new(PROGRAM);
        command.args(ARGUMENTS).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C is for us: the lock is needed until we have ended.
        command.process_group(0).spawn().ok()
    });
}

/// Whether there is a bus on which logind can be asked; whoever cannot tell says that there is.
fn has_bus() -> bool {
    let address = env::var(BUS).unwrap_or_else(|_| USUAL_BUS.into());
    address.strip_prefix("unix:path=").is_none_or(|path| UnixStream::connect(path).is_ok())
}
