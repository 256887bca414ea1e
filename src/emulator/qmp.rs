//! A minimal client of QEMU's control protocol: one command at a time, events kept until they are asked for.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::EmulatorError;

/// How long an answer may take. Answers come at once unless the host is very busy.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// Longest single wait for bytes, so that limits are looked at often enough.
const POLL: Duration = Duration::from_millis(100);

/// A connection to a running QEMU.
#[derive(Debug)]
pub struct Qmp {
    reader: BufReader<UnixStream>,
    /// The line that is being received.
    partial: Vec<u8>,
    events: Vec<Value>,
}

impl Qmp {
    /// Greets QEMU on a fresh connection.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Socket`] if the connection fails, [`EmulatorError::Deadline`] if there is no greeting.
    pub(super) fn new(stream: UnixStream) -> Result<Self, EmulatorError> {
        let failed = |source| EmulatorError::Socket { command: "its greeting".into(), source };
        stream.set_read_timeout(Some(POLL)).map_err(failed)?;
        let mut qmp = Self { reader: BufReader::new(stream), partial: Vec::new(), events: Vec::new() };
        let until = Instant::now() + ANSWER_LIMIT;
        while qmp.message(until).map_err(failed)?.is_none_or(|message| message.get("QMP").is_none()) {
            if Instant::now() > until {
                return Err(EmulatorError::Deadline { what: "QEMU's greeting".into(), limit: ANSWER_LIMIT });
            }
        }
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Sends a command and returns its answer.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Refused`] with QEMU's words, [`EmulatorError::Socket`] if QEMU has gone,
    /// [`EmulatorError::Deadline`] if it does not answer.
    pub fn execute(&mut self, command: &str, arguments: Value) -> Result<Value, EmulatorError> {
        let failed = |source| EmulatorError::Socket { command: command.into(), source };
        let request = format!("{}\n", json!({ "execute": command, "arguments": arguments }));
        self.reader.get_mut().write_all(request.as_bytes()).map_err(failed)?;
        let until = Instant::now() + ANSWER_LIMIT;
        while Instant::now() < until {
            let Some(message) = self.message(until).map_err(failed)? else { continue };
            if let Some(answer) = message.get("return") {
                return Ok(answer.clone());
            }
            if let Some(error) = message.get("error") {
                let message = error["desc"].as_str().unwrap_or("no reason given").to_owned();
                return Err(EmulatorError::Refused { command: command.into(), message });
            }
            self.events.push(message);
        }
        Err(EmulatorError::Deadline { what: format!("the answer to {command}"), limit: ANSWER_LIMIT })
    }

    /// Waits until an event that `wanted` accepts has come, and takes it. Earlier events count.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Deadline`] after `limit`, [`EmulatorError::Socket`] if QEMU has gone.
    pub fn wait_event(
        &mut self,
        what: &str,
        limit: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, EmulatorError> {
        let until = Instant::now() + limit;
        loop {
            if let Some(index) = self.events.iter().position(&wanted) {
                return Ok(self.events.remove(index));
            }
            if Instant::now() > until {
                return Err(EmulatorError::Deadline { what: what.into(), limit });
            }
            let message = self.message(until);
            let message = message.map_err(|source| EmulatorError::Socket { command: what.into(), source })?;
            self.events.extend(message);
        }
    }

    /// The next message, or `None` if there is none within [`POLL`] or before `until`.
    fn message(&mut self, until: Instant) -> io::Result<Option<Value>> {
        loop {
            match self.reader.read_until(b'\n', &mut self.partial) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) if self.partial.ends_with(b"\n") => break,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if Instant::now() > until {
                return Ok(None);
            }
        }
        let line = std::mem::take(&mut self.partial);
        serde_json::from_slice(&line).map(Some).map_err(io::Error::from)
    }
}

#[cfg(test)]
mod tests {
    use super::Qmp;
    use crate::emulator::EmulatorError;
    use serde_json::json;
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    /// Plays QEMU: greets, then answers each line with the next of `answers`.
    fn qemu(answers: &'static [&'static str]) -> UnixStream {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
        std::thread::spawn(move || {
            theirs.write_all(b"{\"QMP\": {}}\n").expect("greeting");
            let requests = BufReader::new(theirs.try_clone().expect("second handle")).lines();
            let mut answers = answers.iter();
            for request in requests {
                request.expect("a request");
                let Some(answer) = answers.next() else { return };
                for piece in answer.as_bytes().chunks(7) {
                    theirs.write_all(piece).expect("answering");
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        ours
    }

    #[test]
    fn an_event_before_the_answer_is_kept() {
        let stream = qemu(&[
            "{\"return\": {}}\n",
            "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"key\"}}\n{\"return\": 7}\n",
        ]);
        let mut qmp = Qmp::new(stream).expect("a greeting");
        assert_eq!(qmp.execute("device_del", json!({})).expect("an answer"), json!(7));
        let event = qmp.wait_event("it", Duration::ZERO, |event| event["data"]["device"] == "key");
        assert_eq!(event.expect("the event")["event"], "DEVICE_DELETED");
    }

    #[test]
    fn a_refusal_carries_the_words_of_qemu() {
        let stream =
            qemu(&["{\"return\": {}}\n", "{\"error\": {\"class\": \"x\", \"desc\": \"no such\"}}\n"]);
        let mut qmp = Qmp::new(stream).expect("a greeting");
        let error = qmp.execute("device_del", json!({})).expect_err("a refusal");
        assert_eq!(error.to_string(), "QEMU refused device_del: no such");
    }

    #[test]
    fn a_qemu_that_goes_away_is_an_error_and_no_hang() {
        let mut qmp = Qmp::new(qemu(&["{\"return\": {}}\n"])).expect("a greeting");
        let error = qmp.execute("stop", json!({})).expect_err("gone");
        assert!(matches!(error, EmulatorError::Socket { .. }), "{error:?}");
    }
}
