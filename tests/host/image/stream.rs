//! Images that can be read in one direction alone, and the files that an image consists of.

use std::fs;
use std::io;
use std::path::Path;

use crate::frames::sticks::{Image, noise};
use ramkey::device::{Refusal, System, TargetPath};
use ramkey::image::{CHUNK_LEN, ImageError, Opened, Stream, open, scan, scan_stream};

/// What comes out of a made-up decompressor: pieces of odd lengths, and an interruption now and then.
struct Made {
    bytes: Vec<u8>,
    at: usize,
    told: Option<u64>,
    calls: usize,
}

impl Made {
    fn new(bytes: &[u8], told: Option<u64>) -> Self {
        Self { bytes: bytes.to_vec(), at: 0, told, calls: 0 }
    }
}

impl Stream for Made {
    fn len(&self) -> Option<u64> {
        self.told
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(7) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = buffer.len().min(self.bytes.len() - self.at).min(65_537);
        buffer[..count].copy_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[test]
fn a_stream_has_the_hashes_of_its_image_whether_or_not_its_length_is_known() {
    let lengths = [
        1,
        511,
        CHUNK_LEN - 1,
        CHUNK_LEN,
        CHUNK_LEN + 1,
        4 * CHUNK_LEN,
        4 * CHUNK_LEN + 1,
        9 * CHUNK_LEN + 77,
    ];
    for len in lengths {
        let bytes = noise(len);
        let whole = scan(&Image(bytes.clone()), &mut |_| ()).unwrap();
        assert_eq!(whole.root, *blake3::hash(&bytes).as_bytes(), "{len}");
        for told in [None, Some(len as u64)] {
            let mut seen = 0;
            let found = scan_stream(&mut Made::new(&bytes, told), &mut |count| seen += count).unwrap();
            assert_eq!((&found, seen), (&whole, len as u64), "{len} {told:?}");
        }
        for wrong in [len as u64 - 1, len as u64 + 1] {
            let error = scan_stream(&mut Made::new(&bytes, Some(wrong)), &mut |_| ()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{len} {wrong}");
        }
    }
    let empty = scan_stream(&mut Made::new(&[], None), &mut |_| ()).unwrap_err();
    assert_eq!(empty.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn what_is_read_in_one_direction_alone_cannot_be_planned_and_says_so() {
    let path = Path::new("disk.img.gz");
    let opened = Opened::Forward(Box::new(Made::new(&[1, 2, 3], None)));
    let Err(error) = opened.anywhere(path) else { panic!("it cannot be read anywhere") };
    assert!(matches!(error, ImageError::ForwardOnly { .. }), "{error}");
    assert!(
        error.to_string().starts_with("disk.img.gz can only be read from its start to its end"),
        "{error}"
    );
    assert!(error.help().contains("unpack"), "{}", error.help());
    assert!(Opened::Anywhere(Box::new(Image(vec![1]))).anywhere(path).is_ok());
}

#[test]
fn an_image_is_the_file_that_was_opened_whatever_its_name_leads_to_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a.img"), noise(4096)).unwrap();
    let source = open(&path("a.img")).unwrap();
    fs::rename(path("a.img"), path("b.img")).unwrap();
    fs::write(path("a.img"), noise(8192)).unwrap();
    assert_eq!((source.len(), source.files().len()), (4096, 1));
    assert_eq!(source.files()[0].path, path("a.img"));
    let system = System::default();
    for (name, is_image) in [("b.img", true), ("a.img", true), ("c.img", false)] {
        if name == "c.img" {
            fs::write(path(name), noise(512)).unwrap();
        }
        let target = TargetPath::look(&system, &path(name)).unwrap();
        let refused = matches!(target.admit(&system, source.files()), Err(Refusal::Image { .. }));
        assert_eq!(refused, is_image, "{name}");
    }
    let mut bytes = vec![0xD1; 4096];
    source.read_at(0, &mut bytes).unwrap();
    assert!(bytes == noise(4096), "the bytes are those of the file that was opened");
}
