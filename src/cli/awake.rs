//! Keeps the machine awake while a stick is written: one that falls asleep or is switched off in the middle leaves a stick that does
//! not boot.

use std::env;
use std::io;
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
    let address = env::var(BUS).ok().filter(|address| !address.is_empty());
    let address = address.unwrap_or_else(|| USUAL_BUS.into());
    // There are also lists of addresses, with keys and signs that stand for others.
    let path = address.strip_prefix("unix:path=").filter(|path| !path.contains([',', ';', '%']));
    let connected = path.map(UnixStream::connect);
    let is_absent = |error: &io::Error| {
        matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
    };
    !connected.is_some_and(|connected| connected.is_err_and(|error| is_absent(&error)))
}
