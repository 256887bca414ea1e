//! Rights for one device: who has none asks for them through sudo, doas or pkexec, for the process alone that opens the device.
//!
//! That process is this program again, `ramkey lend`, by the path of its own file. No shell starts it, and the program that gives the
//! rights is looked for in the folders of the system only, never in `PATH`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use clap::{Args, ValueEnum};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, getuid, kill_process};

use crate::cli::lend::NAME;
use crate::cli::terminal::can_ask;
use crate::cli::{CliError, stop};
use crate::device::lend::{Channel, Lender, NotLent};
use crate::device::{OpenError, Refusal, System, TargetPath};
use crate::job::JobError;
use crate::sandbox::has_lent_rights;
use crate::units::{named, shell_argument};

/// Where systems keep programs that give rights. The first is that of NixOS.
const FOLDERS: [&str; 4] = ["/run/wrappers/bin", "/usr/bin", "/bin", "/usr/local/bin"];
/// Where sudo looks for a program whose path is not told, whatever the user's `PATH` is (`secure_path` in sudoers(5), as Debian has it).
const SUDO_FOLDERS: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
/// How often is looked whether somebody wants to stop while rights are asked for.
const LOOKS: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };
/// The file of this program, whatever it is called.
const PROGRAM: &str = "/proc/self/exe";
/// Others than a file's owner can write it.
const OTHERS_WRITE: u32 = 0o022;
/// Of a folder: what is in it is its owner's alone.
const STICKY: u32 = 0o1000;

/// How a device is opened that only root may open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AsRoot {
    /// By sudo, doas or pkexec, the first that there is; without a terminal by pkexec
    Auto,
    /// By sudo
    Sudo,
    /// By doas
    Doas,
    /// By pkexec, which asks in a window
    Pkexec,
    /// Not at all
    Never,
}

impl AsRoot {
    /// The programs that are tried; at a terminal if nobody said how.
    fn programs(chosen: Option<Self>, has_terminal: bool, has_display: bool) -> &'static [&'static str] {
        match chosen {
            Some(Self::Sudo) => &["sudo"],
            Some(Self::Doas) => &["doas"],
            Some(Self::Pkexec) => &["pkexec"],
            None | Some(Self::Auto) if has_terminal => &["sudo", "doas", "pkexec"],
            Some(Self::Auto) if has_display => &["pkexec"],
            None | Some(Self::Auto | Self::Never) => &[],
        }
    }
}

/// The option of every command that can have a device opened for it.
#[derive(Clone, Debug, Args)]
pub struct RightsArgs {
    /// Who opens a stick that only root may open, if it is not run as root: a process that does nothing else. Without this option
    /// sudo, doas or pkexec is asked, at a terminal only. docs/safety.md
    #[arg(long, value_name = "HOW", value_enum)]
    as_root: Option<AsRoot>,
}

impl RightsArgs {
    /// The machine, with who opens devices there for this process.
    ///
    /// # Errors
    ///
    /// As [`lender`].
    pub(super) fn system(&self, system: System, targets: &[TargetPath]) -> Result<System, CliError> {
        Ok(with_rights(system, self.as_root, targets).map_err(JobError::Target)?)
    }
}

/// Whether this process lacks the rights to open devices.
pub(super) fn are_missing() -> bool {
    !getuid().is_root() && !has_lent_rights()
}

/// Who opens devices for this process, if it cannot by itself and somebody can be asked. A command that writes gives it to
/// [`System::lender`] before it prepares anything, and nobody is asked before the device is opened.
///
/// # Errors
///
/// [`OpenError::NotLent`] if a program was chosen that there is not.
pub fn lender(chosen: Option<AsRoot>, targets: &[TargetPath]) -> Result<Option<Lender>, OpenError> {
    let device = targets.iter().find(|target| matches!(target, TargetPath::Block(_)));
    let Some(device) = device.filter(|_| are_missing()) else { return Ok(None) };
    match (giver(chosen), chosen) {
        (Some(program), _) => Ok(Some(Lender::new(move |_| start(&program)))),
        (None, Some(AsRoot::Sudo | AsRoot::Doas | AsRoot::Pkexec)) => {
            let programs = AsRoot::programs(chosen, false, false);
            let why = format!("there is no {} in {}", programs.join(""), FOLDERS.join(", "));
            Err(OpenError::NotLent { path: device.path().to_owned(), why, source: None })
        }
        (None, _) => Ok(None),
    }
}

/// The program that gives the rights, if there is one.
fn giver(chosen: Option<AsRoot>) -> Option<PathBuf> {
    let has_display = ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    AsRoot::programs(chosen, can_ask(), has_display).iter().find_map(|name| {
        let in_folder = |folder| Path::new(folder).join(name);
        FOLDERS.map(in_folder).into_iter().find(|path| path.is_file())
    })
}

/// The machine as whoever lists its sticks sees it: what only root is told of one is no reason to refuse it where a command that writes
/// it would ask for rights.
pub(super) fn that_may_be_asked_for(system: System) -> System {
    let giver = giver(None).filter(|_| are_missing() && own_file().is_ok());
    let lender = giver.map(|program| Lender::new(move |_| start(&program)));
    System { lender, ..system }
}

/// Says of what was refused to a process without rights how it gets some.
pub(super) fn needed(error: CliError, system: &System) -> CliError {
    match error {
        CliError::Job(source) if is_for_root(&source) && system.lender.is_none() && are_missing() => {
            CliError::NeedsRoot { source: Box::new(source), command: by_sudo(as_typed()) }
        }
        error => error,
    }
}

/// What the person at the terminal can do next; with the command, where that has to be run as root.
pub(super) fn help(error: &CliError) -> Option<String> {
    let help = error.help()?;
    Some(match error {
        CliError::Job(source) if is_for_root(source) && are_missing() => {
            format!("{help}: `{}`", by_sudo(as_typed()))
        }
        _ => help,
    })
}

/// Whether only root may do that with a device.
fn is_for_root(error: &JobError) -> bool {
    let (JobError::Target(error) | JobError::Open(error)) = error else { return false };
    match error {
        OpenError::Refused(Refusal::Unknown { rights_tell, .. }) => *rights_tell,
        OpenError::Open { path, source } => {
            source.kind() == io::ErrorKind::PermissionDenied
                && path.starts_with("/dev")
                && !path.starts_with("/dev/shm")
        }
        _ => false,
    }
}

/// The words of this command. A program that sudo would not find by its name alone is named by its path.
fn as_typed() -> impl Iterator<Item = OsString> {
    let mut words: Vec<OsString> = env::args_os().collect();
    if let Some(name) = words.first_mut() {
        *name = for_sudo(name, fs::read_link(PROGRAM).ok());
    }
    words.into_iter()
}

/// How the program that was started as `name`, and whose file is `own`, is named to sudo.
fn for_sudo(name: &OsStr, own: Option<PathBuf>) -> OsString {
    let is_found =
        |path: &Path| path.parent().is_some_and(|folder| SUDO_FOLDERS.map(Path::new).contains(&folder));
    match own {
        Some(path) if !name.as_bytes().contains(&b'/') && !is_found(&path) => path.into(),
        _ => name.into(),
    }
}

/// The command line as root gives it, who need not say how to become root.
fn by_sudo(words: impl Iterator<Item = OsString>) -> String {
    let mut command = vec!["sudo".to_owned()];
    let mut words = words;
    while let Some(word) = words.next() {
        if word == "--as-root" {
            // The next word is how.
            words.next();
        } else if !word.as_bytes().starts_with(b"--as-root=") {
            command.push(shell_argument(&word));
        }
    }
    command.join(" ")
}

/// The machine, with who opens devices there for this process.
///
/// # Errors
///
/// As [`lender`].
pub fn with_rights(
    system: System,
    chosen: Option<AsRoot>,
    targets: &[TargetPath],
) -> Result<System, OpenError> {
    Ok(System { lender: lender(chosen, targets)?, ..system })
}

/// Starts this program with rights.
fn start(giver: &Path) -> Result<Channel, NotLent> {
    let not_lent = |why: String, source| NotLent { why, source: Some(source) };
    let name = giver.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let cannot_start = |source| not_lent(format!("{name} cannot be started"), source);
    let own = own_file();
    let own = own.map_err(|source| not_lent("this program is not started with rights".into(), source))?;
    let (ours, theirs) = UnixStream::pair().map_err(cannot_start)?;
    let to = ours.try_clone().map_err(cannot_start)?;
    let mut command = Command::new(giver);
    // What comes behind the options of pkexec is the command; the others are told where that begins.
    command.args((name != "pkexec").then_some("--")).arg(own).arg(NAME);
    command.stdin(OwnedFd::from(theirs.try_clone().map_err(cannot_start)?)).stdout(OwnedFd::from(theirs));
    let mut child = command.spawn().map_err(cannot_start)?;
    // It has copies of the other end, and as long as there are some nobody sees that the child has ended.
    drop(command);
    let how = match said(&ours).map_err(cannot_start)? {
        Said::Greeting => {
            return Ok(Channel { from: Box::new(ours), to: Box::new(to), held: Box::new(Started(child)) });
        }
        Said::Nothing => {
            format!("{name} gave no rights, and ended with {}", child.wait().map_err(cannot_start)?)
        }
        Said::NotYet => {
            // As long as it asks it is the user's. It leaves the terminal as it found it.
            if kill_process(Pid::from_child(&child), Signal::TERM).is_ok() {
                let _ = child.wait();
            }
            format!("it was stopped while {name} was asked for rights")
        }
    };
    Err(NotLent { why: how, source: None })
}

/// What a process says that is started with rights.
enum Said {
    /// That it is there.
    Greeting,
    /// Nothing, and it has ended.
    Nothing,
    /// Nothing yet, and nobody wants to wait any more.
    NotYet,
}

/// Waits until something is said, or the other end is closed; a password may be asked for until then.
fn said(stream: &UnixStream) -> io::Result<Said> {
    while !stop::is_wished() {
        let mut wanted = [PollFd::new(stream, PollFlags::IN)];
        match poll(&mut wanted, Some(&LOOKS)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let mut first = [0; 4];
        // It is read again by whoever talks.
        let peeked = rustix::net::recv(stream, &mut first, rustix::net::RecvFlags::PEEK);
        return Ok(if peeked.is_ok_and(|(len, _)| len > 0) { Said::Greeting } else { Said::Nothing });
    }
    Ok(Said::NotYet)
}

/// A process that ends when nobody talks to it any more.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // It closes the device meanwhile, and nothing more can be done about it.
        let _ = self.0.wait();
    }
}

/// The file of this program, if nobody but root and the user can have put something else there.
fn own_file() -> io::Result<PathBuf> {
    let path = fs::read_link(PROGRAM)?;
    let running = fs::metadata(PROGRAM)?;
    let there = fs::metadata(&path)?;
    if (running.dev(), running.ino()) != (there.dev(), there.ino()) {
        return Err(io::Error::other("its file was exchanged since it was started"));
    }
    let user = getuid().as_raw();
    for part in path.ancestors() {
        let meta = fs::symlink_metadata(part)?;
        let mode = meta.permissions().mode();
        let is_open = mode & OTHERS_WRITE != 0 && !(meta.is_dir() && mode & STICKY != 0);
        if is_open || ![0, user].contains(&meta.uid()) {
            return Err(io::Error::other(format!("others can write {}", named(part))));
        }
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{AsRoot, by_sudo, for_sudo, is_for_root};
    use crate::device::{OpenError, Refusal};
    use crate::job::JobError;

    #[test]
    fn what_keeps_root_from_writing_too_is_no_reason_to_become_root() {
        let unknown = |rights_tell| {
            let (node, question, help) = ("/dev/sdb".into(), "it is not known".into(), "mend it".into());
            JobError::Target(OpenError::Refused(Refusal::Unknown { node, question, help, rights_tell }))
        };
        assert!(is_for_root(&unknown(true)));
        assert!(!is_for_root(&unknown(false)), "such as a list of protected disks that is not understood");
        let denied = |path: &str| {
            let source = io::ErrorKind::PermissionDenied.into();
            JobError::Open(OpenError::Open { path: path.into(), source })
        };
        assert!(is_for_root(&denied("/dev/sdb")));
        assert!(!is_for_root(&denied("/dev/shm/stick.img")) && !is_for_root(&denied("/srv/stick.img")));
    }

    #[test]
    fn sudo_is_told_the_path_of_a_program_that_it_would_not_find() {
        for (name, own, expected) in [
            ("ramkey", "/opt/own/bin/ramkey", "/opt/own/bin/ramkey"),
            ("ramkey", "/usr/local/bin/ramkey", "ramkey"),
            ("./ramkey", "/opt/own/ramkey", "./ramkey"),
        ] {
            assert_eq!(for_sudo(name.as_ref(), Some(own.into())), expected);
        }
        assert_eq!(for_sudo("ramkey".as_ref(), None), "ramkey");
    }

    #[test]
    fn the_command_for_sudo_keeps_options_as_they_are_and_does_not_say_how_to_become_root() {
        let by_sudo = |words: &[&str]| by_sudo(words.iter().map(|&word| word.into()));
        let words =
            ["./ramkey", "write", "my dos.img", "--to", "/dev/sdb", "-q", "--title=my DOS", "--size=64M"];
        let expected = "sudo ./ramkey write 'my dos.img' --to /dev/sdb -q --title='my DOS' --size=64M";
        assert_eq!(by_sudo(&words), expected);
        for how in [&["--as-root", "never"][..], &["--as-root=auto"]] {
            assert_eq!(by_sudo(&[&words[..5], how, &words[5..]].concat()), expected);
        }
    }

    #[test]
    fn a_window_opens_only_for_who_asked_and_without_a_terminal_nobody_is_asked() {
        let programs = AsRoot::programs;
        assert_eq!(programs(None, true, true), ["sudo", "doas", "pkexec"]);
        assert_eq!(programs(None, false, true), [""; 0]);
        assert_eq!(programs(Some(AsRoot::Auto), false, true), ["pkexec"]);
        assert_eq!(programs(Some(AsRoot::Auto), false, false), [""; 0]);
        assert_eq!(programs(Some(AsRoot::Doas), false, false), ["doas"]);
        assert_eq!(programs(Some(AsRoot::Never), true, true), [""; 0]);
    }
}
