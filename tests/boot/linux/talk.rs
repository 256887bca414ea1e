//! The conversation with the shell in the machine, through a serial port.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest single wait for bytes, so that limits are looked at often enough.
const POLL: Duration = Duration::from_millis(100);

/// What a command in the machine gave.
#[derive(Debug)]
pub struct Answer {
    pub status: u32,
    pub output: String,
    pub errors: String,
}

impl Answer {
    /// The value, or a panic with all that the command said.
    pub fn need<T>(&self, what: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| panic!("{what}: {self}"))
    }

    /// Fails unless the command ended with this status.
    pub fn expect(self, status: u32) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Fails unless both are in what it said as errors.
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.errors.contains(word), "{word:?} is not in {self}");
        }
        self
    }

    /// Its standard output as JSON.
    pub fn json(&self) -> Value {
        self.need("this is no JSON", serde_json::from_str(&self.output).ok())
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { status, output, errors } = self;
        write!(f, "status {status}\n--- output\n{output}\n--- errors\n{errors}\n---")
    }
}

/// One serial port of the machine.
pub struct Talk {
    stream: UnixStream,
    heard: Vec<u8>,
}

impl Talk {
    /// Connects to a port that QEMU offers as a socket.
    pub fn open(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("the machine's serial port");
        stream.set_read_timeout(Some(POLL)).expect("a limit for reading");
        Self { stream, heard: Vec::new() }
    }

    /// Sends a text.
    ///
    /// # Errors
    ///
    /// What happened.
    pub fn send(&mut self, text: &str) -> Result<(), String> {
        self.stream
            .write_all(text.as_bytes())
            .map_err(|error| format!("telling the machine {text:?}: {error}"))
    }

    /// Waits until `look` finds what it wants in what was heard and says how long that is; takes that much.
    ///
    /// # Errors
    ///
    /// What was waited for, and what was heard.
    pub fn hear<T>(
        &mut self,
        what: &str,
        limit: Duration,
        look: impl Fn(&[u8]) -> Option<(T, usize)>,
    ) -> Result<T, String> {
        let until = Instant::now() + limit;
        loop {
            if let Some((found, len)) = look(&self.heard) {
                self.heard.drain(..len);
                return Ok(found);
            }
            let mut bytes = [0; 4096];
            let failure = match self.stream.read(&mut bytes) {
                Ok(0) => "the machine ended".to_owned(),
                Ok(count) => {
                    self.heard.extend(&bytes[..count]);
                    continue;
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if Instant::now() < until {
                        continue;
                    }
                    format!("not within {limit:?}")
                }
                Err(error) => error.to_string(),
            };
            return Err(format!(
                "waiting for {what}: {failure}; heard {:?}",
                String::from_utf8_lossy(&self.heard)
            ));
        }
    }

    /// Takes in what comes within a moment: a port that nobody reads is full after some hundred bytes, and stops who writes to it.
    ///
    /// # Errors
    ///
    /// What happened.
    pub fn listen(&mut self) -> Result<(), String> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(count) => self.heard.extend(&bytes[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(format!("listening: {error}")),
        }
        Ok(())
    }

    /// Waits for a text, and takes everything up to its end.
    ///
    /// # Errors
    ///
    /// As [`Self::hear`].
    pub fn hear_text(&mut self, text: &str, limit: Duration) -> Result<String, String> {
        self.hear(text, limit, |heard| {
            let end = heard.windows(text.len()).position(|window| window == text.as_bytes())? + text.len();
            Some((String::from_utf8_lossy(&heard[..end]).into_owned(), end))
        })
    }

    /// Has the shell do a line, and returns what that gave.
    ///
    /// # Errors
    ///
    /// As [`Self::hear`].
    pub fn run(&mut self, line: &str, limit: Duration) -> Result<Answer, String> {
        self.send(&format!("{line}\n"))?;
        self.hear(&format!("the end of {line:?}"), limit, answer)
    }
}

/// A whole answer of the init, and its length.
fn answer(heard: &[u8]) -> Option<(Answer, usize)> {
    let head = heard.iter().position(|&byte| byte == b'\n')?;
    let words = std::str::from_utf8(&heard[..head]).ok()?.strip_prefix("STATUS ")?;
    let numbers: Vec<usize> = words.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [status, output, errors] = numbers[..] else { return None };
    let middle = head + 1 + output;
    let end = middle + errors;
    let text =
        |from: usize, to: usize| heard.get(from..to).map(|text| String::from_utf8_lossy(text).into_owned());
    let (output, errors) = (text(head + 1, middle)?, text(middle, end)?);
    Some((Answer { status: status as u32, output, errors }, end))
}
