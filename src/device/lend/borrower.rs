//! The process without rights.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::channel::{Channel, Lender, NotLent};
use super::wire::{
    Answer, Ask, Greeting, PIECE_LEN_MAX, PROTOCOL, Reach, Verb, Wanted, receive, receive_reply, send,
};
use crate::device::{DeviceFacts, OpenError, System, TargetPath};
use crate::image::SourceFile;
use crate::pipeline::{Target, VerifyLevel};

/// A device that another process opened for this one, and that is closed with it.
pub struct LentTarget {
    len: u64,
    may_lie: bool,
    /// Whether it is to be ejected when it is finished.
    eject: bool,
    link: Mutex<Link>,
}

struct Link {
    channel: Channel,
    reach: Reach,
    /// Whether a reply was cut off: what still comes is not what is asked for next.
    is_dead: bool,
}

impl LentTarget {
    /// Has the device that `facts` describe opened by the lender, which judges it again. `images` are the files that are to be written.
    ///
    /// # Errors
    ///
    /// A refusal, [`OpenError::NotLent`] if there are no rights, and what the lender says. Nothing was written.
    pub fn open(
        system: &System,
        lender: &Lender,
        facts: &DeviceFacts,
        images: &[SourceFile],
    ) -> Result<Self, OpenError> {
        let target = TargetPath::Block(Box::new(facts.clone()));
        // The lender knows of no image.
        target.admit(system, images)?;
        let path = || facts.node.clone();
        let not_lent = |NotLent { why, source }: NotLent| OpenError::NotLent { path: path(), why, source };
        let mut channel = lender.start(&facts.node).map_err(not_lent)?;
        let wanted = Wanted {
            protocol: PROTOCOL,
            number: [facts.number.major, facts.number.minor],
            len: facts.len,
            serial: facts.serial.clone(),
            usb_path: facts.usb_path.clone(),
            sequence: facts.sequence,
            large: system.allowed.large,
            hard_verify: system.hard_verify.is_some(),
            mounts: lender.mounts(&facts.node),
        };
        let ended = |source| {
            let why = "the process with rights ended without an answer".into();
            not_lent(NotLent { why, source: Some(source) })
        };
        match opened(&mut channel, &wanted).map_err(ended)? {
            Answer::Lent { len, reach } if len == facts.len => {
                let link = Link { channel, reach: Reach::of_byte(reach), is_dead: false };
                Ok(Self {
                    len,
                    may_lie: !system.allowed.believed,
                    eject: system.eject,
                    link: Mutex::new(link),
                })
            }
            Answer::Lent { .. } => Err(OpenError::Changed { path: path() }),
            Answer::Refused { why, help } => {
                let (what, because) = why.parts();
                Err(OpenError::Lender { what, because, help })
            }
        }
    }

    /// Asks the kernel to read the new partition table.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn reread_partitions(&self) -> io::Result<()> {
        self.ask(Verb::RereadPartitions)
    }

    /// Whether it is to be ejected when it is finished.
    pub fn is_to_be_ejected(&self) -> bool {
        self.eject
    }

    /// Has it ejected.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn eject(&self) -> io::Result<()> {
        self.ask(Verb::Eject)
    }

    fn ask(&self, verb: Verb) -> io::Result<()> {
        self.request(Ask { verb, offset: 0, len: 0 }, &[], &mut [])
    }

    fn request(&self, ask: Ask, written: &[u8], read: &mut [u8]) -> io::Result<()> {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        link.request(ask, written, read)
    }

    fn reach(&self) -> Reach {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).reach
    }
}

/// The lender's answer to what is wanted.
fn opened(channel: &mut Channel, wanted: &Wanted) -> io::Result<Answer> {
    let greeting: Greeting = receive(&mut channel.from)?;
    if greeting.program != "ramkey" {
        return Err(io::ErrorKind::InvalidData.into());
    }
    send(&mut channel.to, wanted)?;
    receive(&mut channel.from)
}

impl Link {
    fn request(&mut self, ask: Ask, written: &[u8], read: &mut [u8]) -> io::Result<()> {
        let ended = |_| io::Error::other("the process with rights has ended");
        let reply = match self.is_dead {
            true => Err(io::ErrorKind::BrokenPipe.into()),
            false => self.reply(ask, written, read),
        };
        self.is_dead = reply.is_err();
        let (done, reach) = reply.map_err(ended)?;
        self.reach = reach;
        done
    }

    fn reply(&mut self, ask: Ask, written: &[u8], read: &mut [u8]) -> io::Result<(io::Result<()>, Reach)> {
        let Channel { from, to, .. } = &mut self.channel;
        to.write_all(&ask.bytes())?;
        to.write_all(written)?;
        to.flush()?;
        receive_reply(from, read)
    }
}

impl Target for LentTarget {
    fn len(&self) -> u64 {
        self.len
    }

    fn alignment(&self) -> usize {
        // The lender has buffers of its own.
        1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        for (at, piece) in (offset..).step_by(PIECE_LEN_MAX).zip(buffer.chunks_mut(PIECE_LEN_MAX)) {
            self.request(Ask { verb: Verb::Read, offset: at, len: piece.len() }, &[], piece)?;
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        for (at, piece) in (offset..).step_by(PIECE_LEN_MAX).zip(buffer.chunks(PIECE_LEN_MAX)) {
            self.request(Ask { verb: Verb::Write, offset: at, len: piece.len() }, piece, &mut [])?;
        }
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.ask(Verb::Flush)
    }

    fn begin_read_back(&self) -> io::Result<()> {
        self.ask(Verb::BeginReadBack)
    }

    fn level(&self) -> VerifyLevel {
        self.reach().level
    }

    fn is_buffered(&self) -> bool {
        self.reach().is_buffered
    }

    fn is_found_anew(&self) -> bool {
        self.reach().is_found_anew
    }

    fn may_lie(&self) -> bool {
        self.may_lie
    }

    fn same_device(&self) -> io::Result<()> {
        self.ask(Verb::SameDevice)
    }
}
