//! The command that makes an image of a file that is none.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::units::shell_word;

/// Names that are tried for a file that a command would make.
const NAMES_MAX: u32 = 100;

/// Makes a raw image of many kinds of floppy.
pub(super) const FLOPTOOL: Remedy = Remedy::Disk("floptool flopconvert auto pc {file} {out}");

/// What helps with a kind of file. In a command, `{file}` is the file, `{out}` one that a command would make, `{stem}`
/// the file without its extension, `{.mdf}` the one beside it with that extension, and `{bin}` the one that it
/// describes; all of them are words of a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// One file is compressed: a program that unpacks it beside it, options with which it unpacks to standard output
    /// whatever the name is, and the extension that the first takes off.
    Stream {
        /// Unpacks beside the file, and keeps it.
        beside: &'static str,
        /// Unpacks to standard output.
        to_output: &'static str,
        /// Extension that it must have for the first.
        extension: &'static str,
    },
    /// An archive, and the command that unpacks it.
    Archive(&'static str),
    /// A virtual machine's disk, by the name that `qemu-img` has for the format.
    Qemu(&'static str),
    /// A command that makes a disk or floppy.
    Disk(&'static str),
    /// A command that makes a CD.
    Disc(&'static str),
    /// Something else than one command.
    Advice(&'static str),
}

impl Remedy {
    /// What the person at the terminal can do next with the file at `path`, which may describe another one, `bin`.
    pub fn help(self, path: &Path, bin: Option<&str>) -> String {
        let bin = bin.map(|name| path.with_file_name(name)).filter(|bin| bin != path);
        let bin = bin.unwrap_or_else(|| beside(path, "bin"));
        let filled = |text: &str, extension: &str| fill(text, path, &free_name(path, extension), &bin);
        match self {
            Self::Stream { beside, to_output, extension } => {
                format!("unpack it first: `{}`", unpack(path, beside, to_output, extension))
            }
            Self::Archive(command) => {
                format!("unpack it first, and give the image that is in it: `{}`", filled(command, "img"))
            }
            Self::Qemu(format) => {
                let out = free_name(path, "img");
                let (file, out) = (shell_word(no_protocol(path)), shell_word(no_protocol(&out)));
                format!("convert it first: `qemu-img convert -f {format} -O raw {file} {out}`")
            }
            Self::Disk(command) => format!("convert it first: `{}`", filled(command, "img")),
            Self::Disc(command) => format!("convert it first: `{}`", filled(command, "iso")),
            Self::Advice(text) => filled(text, "img"),
        }
    }
}

/// The command that cuts off the first `count` bytes of the file at `path`.
pub(crate) fn cut(path: &Path, count: u64, extension: &str) -> String {
    let out = free_name(path, extension);
    format!("tail -c +{} {} > {}", count + 1, shell_word(path), shell_word(out))
}

fn unpack(path: &Path, beside: &str, to_output: &str, extension: &str) -> String {
    let file = shell_word(path);
    let unpacked = path.with_extension("");
    let has_extension = path.extension() == Some(OsStr::new(extension));
    if has_extension && is_free(&unpacked) {
        return format!("{beside} {file}");
    }
    let out = if has_extension { free_name(&unpacked, "img") } else { free_name(path, "img") };
    format!("{to_output} {file} > {}", shell_word(out))
}

fn fill(text: &str, path: &Path, out: &Path, bin: &Path) -> String {
    let mut filled = String::new();
    for (number, part) in text.split(['{', '}']).enumerate() {
        // Every second part stood in braces.
        filled += &match part {
            _ if number % 2 == 0 => part.to_owned(),
            "file" => shell_word(path),
            "stem" => shell_word(path.with_extension("")),
            "bin" => shell_word(bin),
            "out" => shell_word(out),
            extension => shell_word(beside(path, extension.trim_start_matches('.'))),
        };
    }
    filled
}

/// The file beside `path` that differs from it in its extension.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let other = path.with_extension(extension);
    if other == path { free_name(path, extension) } else { other }
}

/// A file beside `path` that is not there yet and differs from it in its extension, or in a number before that.
fn free_name(path: &Path, extension: &str) -> PathBuf {
    let named = |between: &str| {
        let mut name: OsString = path.file_stem().unwrap_or(OsStr::new("image")).to_owned();
        name.push(between);
        name.push(".");
        name.push(extension);
        path.with_file_name(name)
    };
    let numbered = (2..NAMES_MAX).map(|number| format!(".raw{number}"));
    let mut candidates = [String::new(), ".raw".into()].into_iter().chain(numbered).map(|text| named(&text));
    candidates.find(|name| name != path && is_free(name)).unwrap_or_else(|| named(".new"))
}

fn is_free(path: &Path) -> bool {
    path.symlink_metadata().is_err()
}

/// The path as `qemu-img` takes it: a colon in a name would make it the name of a protocol.
fn no_protocol(path: &Path) -> PathBuf {
    let first = path.components().next().map(|first| first.as_os_str().as_encoded_bytes().contains(&b':'));
    if first == Some(true) { Path::new(".").join(path) } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_never_names_one_file_twice_nor_one_that_is_there() {
        let folder = std::env::temp_dir().join(format!("ramkey-remedy-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        for name in ["a.img", "a.raw.img", "b.qcow2", "b.img", "c.img.gz", "d.img.gz", "d.img"] {
            std::fs::write(folder.join(name), "").expect("a file for the test");
        }
        let name = |name: &str| {
            let free = free_name(&folder.join(name), "img");
            free.file_name().expect("a name").to_string_lossy().into_owned()
        };
        assert_eq!(name("a.img"), "a.raw2.img");
        assert_eq!(name("b.qcow2"), "b.raw.img");
        assert_eq!(name("new.qcow2"), "new.img");
        assert_eq!(name("new.img"), "new.raw.img");
        assert_eq!(name("new"), "new.img");
        let gunzip = |name: &str| {
            let command = unpack(&folder.join(name), "gunzip --keep", "gunzip --stdout", "gz");
            command.replace(&format!("{}/", folder.display()), "")
        };
        assert_eq!(gunzip("c.img.gz"), "gunzip --keep c.img.gz");
        assert_eq!(gunzip("d.img.gz"), "gunzip --stdout d.img.gz > d.raw.img");
        assert_eq!(gunzip("a.img"), "gunzip --stdout a.img > a.raw2.img");
        std::fs::remove_dir_all(&folder).expect("the folder of the test");
    }

    #[test]
    fn a_path_is_a_word_of_a_shell_and_no_protocol() {
        let help = Remedy::Qemu("qcow2").help(Path::new("my disk (v2).qcow2"), None);
        assert!(help.ends_with("-O raw 'my disk (v2).qcow2' 'my disk (v2).img'`"), "{help}");
        let help = Remedy::Qemu("qcow2").help(Path::new("nbd:x.img"), None);
        assert!(help.ends_with("-O raw ./nbd:x.img ./nbd:x.raw.img`"), "{help}");
        let help = Remedy::Archive("unzip {file}").help(Path::new("-x.zip"), None);
        assert!(help.ends_with("`unzip ./-x.zip`"), "{help}");
    }
}
