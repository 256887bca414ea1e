//! The forms in which an image can be packed, and how it comes out of one.

use std::path::{Path, PathBuf};

use super::bundle::{ALL, Bundle};
use super::bzip2::Bzip2;
use super::fault::Fault;
use super::gzip::Gzip;
use super::lz4::Lz4;
use super::member::Choice;
use super::packing::{Bounds, Input, Packing, Sink};
use super::seven::Seven;
use super::xz::Xz;
use super::zip::Zip;
use super::zstd::Zstd;
use crate::image::error::ImageError;
use crate::image::source::Source;
use crate::image::standard_input::is_standard_input;
use crate::image::unpacked::Unpacked;
use crate::units::{Bytes, shell_word};

/// Those that are unpacked.
const PACKINGS: [&dyn Packing; 7] = [&Gzip, &Xz, &Zstd, &Bzip2, &Lz4, &Zip, &Seven];

/// Bytes of a file that are looked at.
const HEAD_LEN: u64 = 512;
/// Where the first volume descriptor of a CD has its letters.
const DESCRIPTOR: u64 = 16 * 2048 + 1;

/// How the bytes of a file are packed, as in `gzip`; `None` if they are not, or it cannot be read.
pub fn packed_as(outer: &dyn Source) -> Option<&'static str> {
    find(outer).map(Packing::name)
}

/// Whether files that are packed so have this extension beside that of what is in them.
pub fn is_extension_of(packing: &str, extension: &str) -> bool {
    let packing = PACKINGS.iter().find(|known| known.name() == packing);
    packing
        .is_some_and(|packing| packing.extensions().iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

fn find(outer: &dyn Source) -> Option<&'static dyn Packing> {
    let mut head = vec![0; outer.len().min(HEAD_LEN) as usize];
    outer.read_at(0, &mut head).ok()?;
    let packing = PACKINGS.into_iter().find(|packing| packing.detect(&head))?;
    // A CD may begin with anything.
    let mut letters = [0; 5];
    let is_disc = outer.len() > DESCRIPTOR + 5 && outer.read_at(DESCRIPTOR, &mut letters).is_ok();
    (!is_disc || letters != *b"CD001").then_some(packing)
}

/// What is unpacked, and for whom.
pub struct Wrapped<'a> {
    /// The name of the file, and of the archive in it, for messages.
    pub path: &'a Path,
    /// All of its bytes.
    pub outer: &'a dyn Source,
    /// The name that is asked for, of a file in an archive; [`ALL`] for all of them, as [`bundled`](super::bundled) reads them.
    pub member: Option<&'a str>,
    /// The folder that what comes out is put into, for messages.
    pub folder: &'a Path,
    /// How much may come out, and what that may take.
    pub bounds: Bounds,
}

impl Wrapped<'_> {
    /// Unpacks: `put` gets offsets, ascending, and what stands there; between that are zeros. `progress` is told how many more
    /// bytes of the file are done.
    ///
    /// # Errors
    ///
    /// [`ImageError::Packed`] if it cannot be unpacked, [`ImageError::Room`] with the error that `put` gives, and
    /// [`ImageError::Read`].
    pub fn unpack(
        &self,
        put: &mut dyn FnMut(u64, &[u8]) -> std::io::Result<()>,
        progress: &dyn Fn(u64),
    ) -> Result<Unpacked, ImageError> {
        let Some(packing) = find(self.outer) else {
            return Err(ImageError::ForwardOnly { path: self.path.to_owned() });
        };
        let input = Input::new(self.outer, self.bounds.memory, progress);
        let is_all = self.member == Some(ALL);
        let mut choice = Choice::new(self.member);
        let (result, len) = if is_all {
            let mut bundle = Bundle::new(self.bounds.len, put);
            (packing.unpack_all(&input, &mut bundle), bundle.len())
        } else {
            let mut sink = Sink::new(self.bounds.len, put);
            (packing.unpack(&input, &mut choice, &mut sink), sink.len())
        };
        if let Some((offset, source)) = input.failure() {
            return Err(ImageError::Read { path: self.path.to_owned(), offset, source });
        }
        result.map_err(|fault| self.error(packing.name(), fault))?;
        let (member, rest) = choice.taken();
        Ok(Unpacked {
            container: packing.name().into(),
            packed_len: self.outer.len(),
            member,
            len,
            rest: rest.map(str::to_owned),
        })
    }

    fn error(&self, container: &'static str, fault: Fault) -> ImageError {
        const AGAIN: &str = "get it once more, and compare its checksum with that of whoever made it";
        let (why, help) = match fault {
            Fault::Short => ("it ends too early".into(), "it is not whole: get it once more".into()),
            Fault::Damaged(why) => (format!("it is damaged ({why})"), AGAIN.into()),
            Fault::TooLong => (
                format!("more than {} would come out of it", Bytes(self.bounds.len)),
                "that is more than a disk in RAM can have: give a smaller image".into(),
            ),
            Fault::Memory(wanted) => {
                let most = Bytes(self.bounds.memory);
                let wanted = wanted.map_or(format!("more than {most}"), |wanted| Bytes(wanted).to_string());
                (
                    format!("it asks for {wanted} of memory, and gets {most}"),
                    "unpack it by hand, or pack it with a smaller dictionary or window".into(),
                )
            }
            Fault::Several(count, names) => {
                let name = names.first().map_or("", |name| name);
                let mut first = self.path.as_os_str().to_owned();
                let mut help = "name the one that is meant".to_owned();
                if is_standard_input(self.path) {
                    first = "FILE".into();
                    help = "keep standard input in a file, and name the one that is meant".into();
                }
                first.push("#");
                first.push(name);
                let more = if count as usize > names.len() { " and more" } else { "" };
                (
                    format!("there are {count} files in it: {}{more}", names.join(", ")),
                    format!("{help}, as in `{}`", shell_word(PathBuf::from(first))),
                )
            }
            Fault::Other(why, help) => (why, help.into()),
            Fault::Put(source) => {
                let (path, folder) = (self.path.to_owned(), self.folder.to_owned());
                return ImageError::Room { path, folder, source };
            }
        };
        ImageError::Packed { path: self.path.to_owned(), container, why, help }
    }
}
