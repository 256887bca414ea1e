//! The process with rights.

use std::io::{self, Read, Write};

use super::wire::{
    Answer, Ask, Greeting, PIECE_LEN_MAX, PROTOCOL, Reach, Verb, Wanted, receive, send, send_reply,
};
use super::words::Words;
use crate::device::{
    Allowed, BlockTarget, DeviceFacts, DeviceNumber, HardVerify, OpenError, System, TargetPath,
};
use crate::pipeline::{Buffer, Target};

/// Why nothing was lent, or no more. A borrower that is there was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LendError {
    /// What came is not what such a process says.
    #[error("what came through standard input is no request of ramkey")]
    Garbage,
    /// It is of another version.
    #[error("the request has version {found}, and this program understands {PROTOCOL}")]
    Version {
        /// The version.
        found: u32,
    },
    /// The device must not be written, or is another.
    #[error(transparent)]
    Refused(#[from] OpenError),
    /// The borrower asked for what cannot be; the device was closed.
    #[error("a request to the device was none, and the device was closed")]
    NoRequest,
    /// The borrower went away in the middle of a request, or does not listen; the device was closed.
    #[error("talking to the process that asked")]
    Talk(#[from] io::Error),
}

impl LendError {
    /// Whether the device was not touched.
    pub fn is_untouched(&self) -> bool {
        matches!(self, Self::Garbage | Self::Version { .. } | Self::Refused(_))
    }

    fn help(&self) -> String {
        match self {
            Self::Refused(error) => error.help(),
            _ => "let `ramkey write` start this command: it is not for people".into(),
        }
    }
}

/// Lends one device of the machine to whoever is behind the streams, until that closes them.
///
/// # Errors
///
/// [`LendError`]; the borrower was told of what it can understand.
pub fn lend(system: &System, from: &mut dyn Read, to: &mut dyn Write) -> Result<(), LendError> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    send(to, &Greeting { program: "ramkey".into(), version, protocol: PROTOCOL })?;
    match wanted(from).and_then(|wanted| open(system, &wanted)) {
        Ok(device) => {
            send(to, &Answer::Lent { len: device.len(), reach: reach(&device).byte() })?;
            serve(&device, from, to)
        }
        // Whoever goes away without a wish wants nothing.
        Err(LendError::Talk(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        Err(error) => {
            // Who does not listen is not told.
            let _ = send(to, &Answer::Refused { why: Words::of(&error), help: error.help() });
            Err(error)
        }
    }
}

fn wanted(from: &mut dyn Read) -> Result<Wanted, LendError> {
    #[derive(serde::Deserialize)]
    struct Version {
        protocol: u32,
    }
    let garbage = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData => LendError::Garbage,
        _ => LendError::Talk(error),
    };
    // Only the version of what another one says can be understood.
    let said: serde_json::Value = receive(from).map_err(garbage)?;
    let Version { protocol } = serde_json::from_value(said.clone()).map_err(|_| LendError::Garbage)?;
    if protocol != PROTOCOL {
        return Err(LendError::Version { found: protocol });
    }
    serde_json::from_value(said).map_err(|_| LendError::Garbage)
}

/// Opens the device that is wanted, by its number alone, if it is the one that was confirmed and may be written.
fn open(system: &System, wanted: &Wanted) -> Result<BlockTarget, LendError> {
    let [major, minor] = wanted.number;
    let number = DeviceNumber { major, minor };
    // Nobody can be asked here.
    let hard = HardVerify { ask: None, patience: HardVerify::PATIENCE };
    let system = System {
        allowed: Allowed { large: wanted.large, unmount: !wanted.mounts.is_empty(), believed: true },
        hard_verify: wanted.hard_verify.then_some(hard),
        lender: None,
        ..system.clone()
    };
    let facts = found(&system, number, wanted)?;
    if !wanted.mounts.is_empty() {
        system.unmount(&TargetPath::Block(Box::new(facts.clone())), &wanted.mounts)?;
    }
    Ok(BlockTarget::open(&system, &facts, &[])?)
}

fn found(system: &System, number: DeviceNumber, wanted: &Wanted) -> Result<DeviceFacts, OpenError> {
    let changed = || OpenError::Changed { path: format!("device {number}").into() };
    let facts = system.facts(number).map_err(|_| changed())?;
    if !wanted.is(&facts) {
        return Err(OpenError::Changed { path: facts.node });
    }
    TargetPath::Block(Box::new(facts.clone())).admit(system, &[])?;
    Ok(facts)
}

fn reach(device: &dyn Lendable) -> Reach {
    Reach { level: device.level(), is_buffered: device.is_buffered(), is_found_anew: device.is_found_anew() }
}

/// What can be lent: a target, and what is done with a device when it is finished.
pub trait Lendable: Target {
    /// Asks the kernel to read the new partition table.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn reread_partitions(&self) -> io::Result<()>;

    /// Ejects it.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn eject(&self) -> io::Result<()>;
}

impl Lendable for BlockTarget {
    fn reread_partitions(&self) -> io::Result<()> {
        self.reread_partitions()
    }

    fn eject(&self) -> io::Result<()> {
        self.eject()
    }
}

/// Does with an open device what is asked until nobody asks any more.
///
/// # Errors
///
/// [`LendError::NoRequest`] or [`LendError::Talk`].
pub fn serve(device: &dyn Lendable, from: &mut dyn Read, to: &mut dyn Write) -> Result<(), LendError> {
    let mut buffer = Buffer::new(PIECE_LEN_MAX, device.alignment());
    loop {
        let mut ask = [0; Ask::LEN];
        match from.read_exact(&mut ask) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let Ask { verb, offset, len } = Ask::parse(ask, device.len()).ok_or(LendError::NoRequest)?;
        let piece = &mut buffer.bytes_mut()[..len];
        let done = match verb {
            Verb::Read => device.read_at(offset, piece),
            Verb::Write => {
                from.read_exact(piece)?;
                device.write_at(offset, piece)
            }
            Verb::Flush => device.flush(),
            Verb::BeginReadBack => device.begin_read_back(),
            Verb::SameDevice => device.same_device(),
            Verb::RereadPartitions => device.reread_partitions(),
            Verb::Eject => device.eject(),
        };
        let read: &[u8] = if verb == Verb::Read { piece } else { &[] };
        send_reply(to, done, reach(device), read)?;
    }
}
