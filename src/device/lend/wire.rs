//! What goes between the two processes.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::device::{DeviceFacts, OwnMount};
use crate::pipeline::VerifyLevel;

/// Version of everything that is said here. Both ends are the same program, mostly.
pub const PROTOCOL: u32 = 1;
/// Most bytes of the JSON of one end.
pub(super) const JSON_LEN_MAX: u32 = 1 << 16;
/// Most bytes that are read or written at once.
pub(super) const PIECE_LEN_MAX: usize = 1 << 20;
/// The reply to what was done.
const DONE: u8 = 0;
/// The reply to what was not.
const FAILED: u8 = 1;

/// What the lender says first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Greeting {
    /// The program, which is `ramkey`.
    pub program: String,
    /// Its version.
    pub version: String,
    /// The version of what follows.
    pub protocol: u32,
}

/// The device that the user saw and confirmed, and how it is to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The version of what is said.
    pub protocol: u32,
    /// Major and minor number.
    pub number: [u32; 2],
    /// Its length in bytes.
    pub len: u64,
    /// Its serial number, or nothing.
    pub serial: String,
    /// The port that it hangs on, or nothing.
    pub usb_path: String,
    /// The number of its medium, where the kernel has such numbers.
    pub sequence: Option<u64>,
    /// Whether a disk of more than 64 GiB may be taken.
    pub large: bool,
    /// Whether its own cache is emptied before it is read back.
    pub hard_verify: bool,
    /// What is unmounted first, as it was shown.
    pub mounts: Vec<OwnMount>,
}

impl Wanted {
    /// Whether the device is the one that is wanted.
    pub(super) fn is(&self, facts: &DeviceFacts) -> bool {
        self.number == [facts.number.major, facts.number.minor]
            && (self.len, self.sequence) == (facts.len, facts.sequence)
            && (&self.serial, &self.usb_path) == (&facts.serial, &facts.usb_path)
    }
}

/// What becomes of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// It is open.
    Lent {
        /// Its length in bytes.
        len: u64,
        /// Where what is read back comes from.
        reach: u8,
    },
    /// It is not, and was not touched.
    Refused {
        /// Why.
        why: Words,
        /// What the user can do.
        help: String,
    },
}

/// What is asked of an open device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Verb {
    Read = 1,
    Write = 2,
    Flush = 3,
    BeginReadBack = 4,
    SameDevice = 5,
    RereadPartitions = 6,
    Eject = 7,
}

impl Verb {
    const ALL: [Self; 7] = [
        Self::Read,
        Self::Write,
        Self::Flush,
        Self::BeginReadBack,
        Self::SameDevice,
        Self::RereadPartitions,
        Self::Eject,
    ];
}

/// One request; what is to be written follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub verb: Verb,
    pub offset: u64,
    pub len: usize,
}

impl Ask {
    /// Bytes of a request.
    pub const LEN: usize = 17;

    pub fn bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [self.verb as u8; Self::LEN];
        bytes[1..9].copy_from_slice(&self.offset.to_le_bytes());
        bytes[9..].copy_from_slice(&(self.len as u64).to_le_bytes());
        bytes
    }

    /// A request to a device of `device_len` bytes; `None` of what is none.
    pub fn parse(bytes: [u8; Self::LEN], device_len: u64) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(bytes[at..at + 8].try_into().ok()?));
        let verb = Verb::ALL.into_iter().find(|verb| *verb as u8 == bytes[0])?;
        let (offset, len) = (number(1)?, number(9)?);
        let most = if matches!(verb, Verb::Read | Verb::Write) { PIECE_LEN_MAX as u64 } else { 0 };
        let is_within = len <= most && offset.checked_add(len).is_some_and(|end| end <= device_len);
        is_within.then_some(Self { verb, offset, len: len as usize })
    }
}

/// How a device is reached: [`VerifyLevel`] in the low bits, then whether it goes through the system's cache, then whether it was
/// found anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    pub level: VerifyLevel,
    pub is_buffered: bool,
    pub is_found_anew: bool,
}

impl Reach {
    const LEVELS: [VerifyLevel; 4] =
        [VerifyLevel::Cached, VerifyLevel::Direct, VerifyLevel::Reset, VerifyLevel::Replugged];

    pub fn byte(self) -> u8 {
        let level = Self::LEVELS.iter().position(|level| *level == self.level).unwrap_or(0) as u8;
        level | u8::from(self.is_buffered) << 2 | u8::from(self.is_found_anew) << 3
    }

    pub fn of_byte(byte: u8) -> Self {
        Self {
            level: Self::LEVELS[usize::from(byte & 3)],
            is_buffered: byte & 4 != 0,
            is_found_anew: byte & 8 != 0,
        }
    }
}

/// Sends a value as JSON.
pub(super) fn send(to: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(value)?;
    let len = u32::try_from(json.len()).ok().filter(|len| *len <= JSON_LEN_MAX);
    let len = len.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is too long to be sent"))?;
    to.write_all(&[&len.to_le_bytes()[..], &json].concat())?;
    to.flush()
}

/// Receives a value as JSON.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidData`] of what is none, and what the system says.
pub(super) fn receive<T: DeserializeOwned>(from: &mut dyn Read) -> io::Result<T> {
    let mut len = [0; 4];
    from.read_exact(&mut len)?;
    let len = u32::from_le_bytes(len);
    if len > JSON_LEN_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut json = vec![0; len as usize];
    from.read_exact(&mut json)?;
    serde_json::from_slice(&json).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Sends what became of a request, and what was read.
pub(super) fn send_reply(
    to: &mut dyn Write,
    done: io::Result<()>,
    reach: Reach,
    read: &[u8],
) -> io::Result<()> {
    match done {
        Ok(()) => {
            to.write_all(&[DONE, reach.byte()])?;
            to.write_all(read)?;
        }
        Err(error) => {
            let (number, text) = (error.raw_os_error().unwrap_or(0), error.to_string());
            let text = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
            let mut reply = vec![FAILED, reach.byte()];
            reply.extend(number.to_le_bytes());
            reply.extend((text.len() as u16).to_le_bytes());
            reply.extend(text);
            to.write_all(&reply)?;
        }
    }
    to.flush()
}

/// Receives what became of a request, and what was read into `read`.
///
/// # Errors
///
/// What the system says of the stream.
pub(super) fn receive_reply(from: &mut dyn Read, read: &mut [u8]) -> io::Result<(io::Result<()>, Reach)> {
    let mut head = [0; 2];
    from.read_exact(&mut head)?;
    let reach = Reach::of_byte(head[1]);
    match head[0] {
        DONE => {
            from.read_exact(read)?;
            Ok((Ok(()), reach))
        }
        FAILED => {
            let (mut number, mut len) = ([0; 4], [0; 2]);
            from.read_exact(&mut number)?;
            from.read_exact(&mut len)?;
            let mut text = vec![0; u16::from_le_bytes(len).into()];
            from.read_exact(&mut text)?;
            let error = match i32::from_le_bytes(number) {
                0 => io::Error::other(String::from_utf8_lossy(&text).into_owned()),
                number => io::Error::from_raw_os_error(number),
            };
            Ok((Err(error), reach))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_outside_of_the_device_or_of_another_kind_is_none() {
        let ask = |verb, offset, len| Ask { verb, offset, len }.bytes();
        let parse = |bytes| Ask::parse(bytes, 4 << 20);
        let whole = Ask { verb: Verb::Write, offset: 3 << 20, len: 1 << 20 };
        assert_eq!(parse(whole.bytes()), Some(whole));
        for verb in Verb::ALL {
            assert_eq!(parse(ask(verb, 0, 0)), Some(Ask { verb, offset: 0, len: 0 }));
        }
        for none in [
            ask(Verb::Read, (3 << 20) + 1, 1 << 20),
            ask(Verb::Read, 0, PIECE_LEN_MAX + 1),
            ask(Verb::Write, u64::MAX, 512),
            ask(Verb::Write, u64::MAX - 511, usize::MAX),
            ask(Verb::Flush, 0, 1),
            [0; Ask::LEN],
            [7; Ask::LEN],
        ] {
            assert_eq!(parse(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_reply_says_what_the_system_said_and_how_the_device_is_reached() {
        for byte in 0..16 {
            assert_eq!(Reach::of_byte(byte).byte(), byte);
        }
        let mut sent = Vec::new();
        let reach = Reach::of_byte(5);
        send_reply(&mut sent, Err(io::Error::from_raw_os_error(28)), reach, &[]).unwrap();
        send_reply(&mut sent, Err(io::Error::other("gone")), reach, &[]).unwrap();
        send_reply(&mut sent, Ok(()), reach, &[7; 3]).unwrap();
        let from = &mut &sent[..];
        let mut read = [0; 3];
        assert_eq!(receive_reply(from, &mut read).unwrap().0.unwrap_err().raw_os_error(), Some(28));
        assert_eq!(receive_reply(from, &mut read).unwrap().0.unwrap_err().to_string(), "gone");
        let (done, found) = receive_reply(from, &mut read).unwrap();
        assert!(done.is_ok() && found == reach && read == [7; 3] && from.is_empty());
        receive_reply(&mut &[9, 0, 0][..], &mut read).unwrap_err();
    }
}
