//! Requests that the system answers only in part.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Times in a row that a request may be answered without a step forward.
const STILL_MAX: u32 = 8;

/// Asks for `len` bytes until all of them are done. `request` is told where to go on, and says how many more it did.
///
/// Direct I/O takes nothing that begins within a step of `step` bytes: what was done of one is asked for again.
///
/// # Errors
///
/// What the system says, but for an interruption; [`io::ErrorKind::WriteZero`] if it does nothing again and again.
pub(super) fn whole(
    len: usize,
    step: usize,
    mut request: impl FnMut(usize) -> io::Result<usize>,
) -> io::Result<()> {
    let (mut done, mut still) = (0, 0);
    while done < len {
        let more = match request(done) {
            Ok(more) => more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => return Err(error),
        };
        let end = done + more;
        if end >= len {
            return Ok(());
        }
        let aligned = end - end % step;
        still = if aligned > done { 0 } else { still + 1 };
        if still > STILL_MAX {
            return Err(io::Error::new(io::ErrorKind::WriteZero, "the device takes or gives nothing"));
        }
        done = aligned.max(done);
    }
    Ok(())
}

/// Fills `buffer` from byte `offset` on.
///
/// # Errors
///
/// As [`whole`]; [`io::ErrorKind::UnexpectedEof`] if the file ends before that.
pub(super) fn read(file: &File, offset: u64, buffer: &mut [u8], step: usize) -> io::Result<()> {
    whole(buffer.len(), step, |start| match file.read_at(&mut buffer[start..], offset + start as u64) {
        Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
        result => result,
    })
}

/// Writes all of `buffer` at byte `offset`.
///
/// # Errors
///
/// As [`whole`].
pub(super) fn write(file: &File, offset: u64, buffer: &[u8], step: usize) -> io::Result<()> {
    whole(buffer.len(), step, |start| file.write_at(&buffer[start..], offset + start as u64))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::whole;

    /// Where requests begin if the answers are these.
    fn asked(len: usize, answers: &[io::Result<usize>]) -> (Vec<usize>, io::Result<()>) {
        let (mut asked, mut answers) = (Vec::new(), answers.iter());
        let result = whole(len, 512, |start| {
            asked.push(start);
            match answers.next() {
                Some(Ok(more)) => Ok(*more),
                Some(Err(error)) => Err(error.kind().into()),
                None => Ok(0),
            }
        });
        (asked, result)
    }

    #[test]
    fn a_rest_is_asked_for_from_the_last_whole_step_on() {
        let (starts, result) = asked(4096, &[Ok(512), Ok(1000), Ok(100), Ok(512), Ok(2560)]);
        assert_eq!(starts, [0, 512, 1024, 1024, 1536]);
        assert!(result.is_ok());
        let (starts, result) = asked(700, &[Ok(699), Ok(188)]);
        assert_eq!(starts, [0, 512]);
        assert!(result.is_ok());
        assert_eq!(asked(0, &[]).0, [0; 0]);
    }

    #[test]
    fn an_interruption_is_no_error_and_any_other_error_is_one() {
        let interrupted = || Err(io::ErrorKind::Interrupted.into());
        let (starts, result) = asked(1024, &[interrupted(), Ok(512), interrupted(), Ok(512)]);
        assert_eq!(starts, [0, 0, 512, 512]);
        assert!(result.is_ok());
        let (starts, result) = asked(1024, &[Ok(512), Err(io::ErrorKind::BrokenPipe.into())]);
        assert_eq!(starts, [0, 512]);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn a_device_that_does_nothing_is_not_asked_for_ever() {
        let (starts, result) = asked(1024, &[Ok(511)]);
        assert_eq!(starts.len(), 9);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WriteZero);
    }
}
