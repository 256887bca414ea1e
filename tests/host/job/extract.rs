//! An image comes out of a stick as it went in, or not at all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::AtomicBool;

use ramkey::contents::FreeQuestion;
use ramkey::device::{System, TargetPath};
use ramkey::image::Compression;
use ramkey::job::{Destination, Extraction, Images, JobError, StickRequest, prepare, write};
use ramkey::units::hex;

use crate::frames::loops::Mount;
use crate::frames::sticks::{noise, printed, tool};

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// A stick of these images.
    fn new(images: &[(&str, &[u8])], request: StickRequest) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = images.iter().map(|(name, bytes)| {
            fs::write(folder.path().join(name), bytes).unwrap();
            folder.path().join(name)
        });
        let request = StickRequest { images: paths.collect(), ..request };
        let (system, stick) = (System::default(), folder.path().join("stick.img"));
        let target = TargetPath::look(&system, &stick).unwrap();
        let destination = Destination { system: &system, target: &target };
        let images = Images::open(&request).unwrap();
        let prepared = prepare(&request, images, Some(destination), &|_| ()).unwrap();
        write(&prepared, destination, &AtomicBool::new(false), &|_| ()).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ramkey(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command.args(arguments).current_dir(self.folder.path()).output().unwrap()
    }

    /// Takes an image out; the text of the command, or of its error.
    fn extract(&self, name: &str, status: i32) -> String {
        let name = if name.is_empty() { vec![] } else { vec![name] };
        let rest = ["--from", "stick.img", "--to", "out.img"];
        let output = self.ramkey(&[&["extract"], &name[..], &rest[..]].concat());
        assert_eq!(output.status.code(), Some(status), "{}", printed(&output));
        printed(&output)
    }

    fn damage(&self, find: &[u8]) -> u64 {
        let mut stick = fs::read(self.path("stick.img")).unwrap();
        let at = stick.windows(find.len()).position(|bytes| bytes == find).expect("it is there");
        stick[at] ^= 1;
        fs::write(self.path("stick.img"), stick).unwrap();
        at as u64
    }
}

/// Bytes that are packed well, with pieces that are not, and zeros; no multiple of a sector.
fn bytes(len: usize) -> Vec<u8> {
    let mut bytes = noise(len);
    let letters = b"an image that is packed, and comes out again; ".iter().cycle();
    let some = bytes.iter_mut().enumerate().filter(|(at, _)| at % 700_000 > 400_000 && at % 5 != 0);
    some.zip(letters).for_each(|((_, byte), letter)| *byte = *letter);
    bytes
}

#[test]
fn an_image_comes_out_as_it_went_in_in_every_form() {
    let image = bytes(3_000_077);
    for compression in [Compression::None, Compression::Fast] {
        let usual = StickRequest { compression, ..StickRequest::new(Vec::new()) };
        let desk = Desk::new(&[("a.img", &image)], usual);
        let told = desk.extract("", 0);
        assert!(fs::read(desk.path("out.img")).unwrap() == image, "{compression:?}");
        assert!(told.contains(&hex(*blake3::hash(&image).as_bytes())), "{told}");
        assert!(told.contains("out.img is that image, proven and read back"), "{told}");
    }
}

#[test]
fn one_of_several_is_named_by_title_or_file_and_who_names_none_is_told_which_there_are() {
    let (one, two) = (bytes(900_000), noise(300_000));
    let desk = Desk::new(&[("one.img", &one), ("two.img", &two)], StickRequest::new(Vec::new()));
    for (name, image) in [("two", &two), ("ONE.RKC", &one), ("one.rkc", &one)] {
        desk.extract(name, 0);
        assert!(fs::read(desk.path("out.img")).unwrap() == *image, "{name}");
        fs::remove_file(desk.path("out.img")).unwrap();
    }
    for name in ["", "three"] {
        let told = desk.extract(name, 3);
        assert!(told.contains("\"one\" (ONE.RKC), \"two\" (TWO.RKC)"), "{told}");
        assert!(!desk.path("out.img").exists());
    }
}

#[test]
fn of_a_trimmed_image_what_was_left_out_is_zeros_and_both_hashes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fat.img");
    let mut image = noise(4 << 20);
    fs::write(&path, &image).unwrap();
    let text = path.to_str().unwrap();
    assert!(tool("dosfstools", "mkfs.fat", &["-I", text]).status.success());
    let own = folder.path().join("own.bin");
    fs::write(&own, noise(200_000)).unwrap();
    assert!(tool("mtools", "mcopy", &["-i", text, own.to_str().unwrap(), "::"]).status.success());
    image = fs::read(&path).unwrap();
    let request = StickRequest { trim: Some(FreeQuestion::default()), ..StickRequest::new(Vec::new()) };
    let desk = Desk::new(&[("fat.img", &image)], request);
    let told = desk.extract("", 0);
    let out = fs::read(desk.path("out.img")).unwrap();
    assert!(out != image && out.len() == image.len());
    assert!(out.iter().zip(&image).all(|(out, original)| out == original || *out == 0));
    for bytes in [&out, &image] {
        assert!(told.contains(&hex(*blake3::hash(bytes).as_bytes())), "{told}");
    }
    assert!(told.contains("are zeros in it"), "{told}");
}

#[test]
fn of_a_damaged_image_there_is_no_file_and_the_bytes_are_named() {
    let image = noise(900_000);
    let request = StickRequest { compression: Compression::None, ..StickRequest::new(Vec::new()) };
    let desk = Desk::new(&[("a.img", &image)], request);
    desk.damage(&image[800_000..800_064]);
    desk.damage(&image[100..164]);
    let told = desk.extract("", 1);
    assert!(
        told.contains("bytes 0x0..0x40000 of it are damaged; bytes 0xc0000..0xdbba0 of it are damaged"),
        "{told}"
    );
    assert!(told.contains("--repair IMAGE"), "{told}");
    assert!(!desk.path("out.img").exists());
    // Its table.
    desk.damage(&blake3::Hasher::new().update(&image).finalize().as_bytes()[..]);
    let told = desk.extract("", 3);
    assert!(told.contains("has no image that can be taken out"), "{told}");
}

#[test]
fn a_file_that_is_there_is_not_overwritten_without_being_asked_and_no_device_or_stick_is() {
    let image = bytes(500_000);
    let desk = Desk::new(&[("a.img", &image)], StickRequest::new(Vec::new()));
    fs::write(desk.path("out.img"), b"mine").unwrap();
    let told = desk.extract("", 3);
    assert!(told.contains("would be overwritten"), "{told}");
    assert_eq!(fs::read(desk.path("out.img")).unwrap(), b"mine");
    let output = desk.ramkey(&["extract", "--from", "stick.img", "--to", "out.img", "--yes"]);
    assert!(output.status.success(), "{}", printed(&output));
    assert!(fs::read(desk.path("out.img")).unwrap() == image);
    let before = fs::read(desk.path("stick.img")).unwrap();
    // By another name, too.
    fs::hard_link(desk.path("stick.img"), desk.path("other.img")).unwrap();
    std::os::unix::fs::symlink("other.img", desk.path("link.img")).unwrap();
    for to in ["stick.img", "other.img", "link.img", "/dev/null", "."] {
        let output = desk.ramkey(&["extract", "--from", "stick.img", "--to", to, "--yes"]);
        assert_eq!(output.status.code(), Some(3), "{to}: {}", printed(&output));
    }
    assert!(fs::read(desk.path("stick.img")).unwrap() == before);
    let output = desk.ramkey(&["extract", "--from", "a.img", "--to", "none.img"]);
    assert_eq!(output.status.code(), Some(1), "{}", printed(&output));
}

#[test]
fn who_stops_it_has_no_file() {
    let image = bytes(2_000_000);
    let desk = Desk::new(&[("a.img", &image)], StickRequest::new(Vec::new()));
    let system = System::default();
    let to = desk.path("out.img");
    let target = TargetPath::look(&system, &to).unwrap();
    let found = Extraction::find(&desk.path("stick.img"), None).unwrap();
    let destination = Destination { system: &system, target: &target };
    let error = found.extract(destination, &AtomicBool::new(true), &|_| ()).unwrap_err();
    assert!(matches!(error, JobError::ExtractStopped { .. }), "{error}");
    assert!(!Path::new(&to).exists());
}

#[test]
fn that_a_disk_is_full_is_told_as_such() {
    let image = noise(2_000_000);
    let desk = Desk::new(&[("a.img", &image)], StickRequest::new(Vec::new()));
    let options = ["-t", "tmpfs", "-o", "size=512k"];
    let Some(mount) = Mount::new(Path::new("none"), desk.path("small"), &options) else { return };
    let system = System::default();
    let to = mount.folder.join("out.img");
    let target = TargetPath::look(&system, &to).unwrap();
    let found = Extraction::find(&desk.path("stick.img"), None).unwrap();
    let destination = Destination { system: &system, target: &target };
    let error = found.extract(destination, &AtomicBool::new(false), &|_| ()).unwrap_err();
    let JobError::Write { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull, "{source}");
    assert!(!to.exists());
}
