//! Why a machine could not be run.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Command that installs QEMU on a Debian or Ubuntu machine.
const INSTALL: &str = "sudo apt-get install qemu-system-x86 qemu-utils";

/// Why QEMU could not be started, asked or waited for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// No QEMU for PCs is installed.
    #[error("qemu-system-x86_64 is not installed")]
    Missing,
    /// QEMU exists and could not be run.
    #[error("starting {program}")]
    Start {
        /// The program.
        program: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// This system has not the memory for the machine.
    #[error("this system cannot give the machine {mib} MB of RAM")]
    Memory {
        /// RAM of the machine in MiB.
        mib: u32,
    },
    /// QEMU ended although it was still needed.
    #[error("QEMU ended with {status}: {messages}")]
    Ended {
        /// Exit status in words.
        status: String,
        /// What QEMU wrote to standard error, on one line.
        messages: String,
    },
    /// The control socket failed.
    #[error("asking QEMU for {command}")]
    Socket {
        /// The command that was sent.
        command: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// QEMU refused a command.
    #[error("QEMU refused {command}: {message}")]
    Refused {
        /// The command that was sent.
        command: String,
        /// QEMU's own words.
        message: String,
    },
    /// Something did not happen in time.
    #[error("waiting for {what} took longer than {} s", limit.as_secs())]
    Deadline {
        /// What was waited for.
        what: String,
        /// The limit.
        limit: Duration,
    },
    /// A file of the run could not be made or read.
    #[error("using {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl EmulatorError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Missing => Some(format!("install QEMU: {INSTALL}")),
            Self::Start { program, .. } => {
                Some(format!("run `{program} --version`; reinstall it: {INSTALL}"))
            }
            Self::Deadline { .. } => {
                Some("give the machine more time, or another USB controller (--usb xhci)".into())
            }
            Self::Memory { .. } => Some("ask for less, as in --ram 64M".into()),
            Self::Ended { messages, .. } if messages.contains("CPU model") => {
                Some("`qemu-system-x86_64 -cpu help` lists processors".into())
            }
            Self::Ended { .. } | Self::Socket { .. } | Self::Refused { .. } | Self::File { .. } => None,
        }
    }
}
