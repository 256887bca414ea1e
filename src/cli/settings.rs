//! What is usual for a user and a machine: environment, the user's file, the machine's file, in this order.
//!
//! Only harmless things: nothing here makes a command write, erase or skip a question.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::ValueEnum;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::cli::CliError;
use crate::cli::pack_names::{BusArg, CompressArg};
use crate::cli::voice::ColorArg;
use crate::device::System;
use crate::plan::Language;
use crate::units::named;

/// Bytes of a file that are read.
const LEN_MAX: u64 = 1 << 20;

/// What a file may say; the machine's file and the user's have the same keys.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    lang: Option<Spanned<String>>,
    bus: Option<Spanned<String>>,
    compress: Option<Spanned<String>>,
    color: Option<Spanned<String>>,
    /// Read where devices are judged.
    #[serde(rename = "protect")]
    _protect: Option<IgnoredAny>,
}

/// What is usual.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    pub lang: Option<Language>,
    pub bus: Option<BusArg>,
    pub compress: Option<CompressArg>,
    pub color: Option<ColorArg>,
    /// The user's file, whose list of protected disks counts, too.
    pub user_file: Option<PathBuf>,
    /// What is to be known of where they come from.
    pub notes: Vec<String>,
}

/// Where settings come from.
pub(super) struct Places<'a> {
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// The machine's file.
    pub machine: &'a Path,
    /// The user who works.
    pub user: u32,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// From now on these are usual.
pub(super) fn keep(settings: Settings) {
    // They are read once.
    let _ = SETTINGS.set(settings);
}

/// What is usual.
pub(super) fn settings() -> &'static Settings {
    SETTINGS.get_or_init(Settings::default)
}

/// This machine, with the disks that its owner or the user protects.
pub(super) fn machine() -> System {
    System { protect_too: settings().user_file.clone(), ..System::default() }
}

impl Settings {
    /// Reads all places.
    ///
    /// # Errors
    ///
    /// [`CliError::Setting`] names the file and line, or the variable.
    pub fn read(places: &Places) -> Result<Self, CliError> {
        let mut found = Self::default();
        let (file, note) = places.user_file()?;
        found.notes.extend(note);
        if let Some((path, text)) = file {
            found.take(&named(&path), &text)?;
            found.notes.push(format!("settings are taken from {}", named(&path)));
            found.user_file = Some(path);
        }
        // Whoever may not read the machine's file has none of its defaults; its list of disks is judged elsewhere.
        if let Ok(Some(text)) = read(places.machine) {
            let mut machine = Self::default();
            machine.take(&named(places.machine), &text)?;
            found.notes.push(format!("settings are taken from {}", named(places.machine)));
            found.fill(machine);
        }
        let mut first = Self::of_environment(places.variable)?;
        first.fill(found);
        Ok(first)
    }

    fn of_environment(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, CliError> {
        let text = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut found = Self::default();
        for (name, key) in [
            ("RAMKEY_LANG", "lang"),
            ("RAMKEY_BUS", "bus"),
            ("RAMKEY_COMPRESS", "compress"),
            ("RAMKEY_COLOR", "color"),
        ] {
            if let Some(value) = text(name) {
                let wrong = |what| CliError::Setting { place: name.to_owned(), what };
                found.set(key, &named(&value)).map_err(wrong)?;
            }
        }
        Ok(found)
    }

    /// Takes what the text of a file says.
    fn take(&mut self, place: &str, text: &str) -> Result<(), CliError> {
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let keys: Keys = toml::from_str(text).map_err(|error| CliError::Setting {
            place: error
                .span()
                .map_or(place.to_owned(), |span| format!("{place}, line {}", line(span.start))),
            what: error.message().replace('\n', "; "),
        })?;
        let Keys { lang, bus, compress, color, _protect } = keys;
        for (key, value) in [("lang", lang), ("bus", bus), ("compress", compress), ("color", color)] {
            if let Some(value) = value {
                let place = format!("{place}, line {}", line(value.span().start));
                let wrong = |what| CliError::Setting { place, what: format!("{key}: {what}") };
                self.set(key, value.get_ref()).map_err(wrong)?;
            }
        }
        Ok(())
    }

    /// Sets what a key means; what is wrong with its value otherwise.
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "lang" => {
                self.lang = Some(
                    value.parse().map_err(|error: <Language as std::str::FromStr>::Err| error.to_string())?,
                )
            }
            "bus" => self.bus = Some(one_of(value)?),
            "compress" => self.compress = Some(one_of(value)?),
            _ => self.color = Some(one_of(value)?),
        }
        Ok(())
    }

    /// Takes from `other` what is not said here.
    fn fill(&mut self, other: Self) {
        self.lang = self.lang.or(other.lang);
        self.bus = self.bus.or(other.bus);
        self.compress = self.compress.or(other.compress);
        self.color = self.color.or(other.color);
        self.user_file = self.user_file.take().or(other.user_file);
        self.notes.extend(other.notes);
    }
}

fn one_of<T: ValueEnum>(value: &str) -> Result<T, String> {
    T::from_str(value, false).map_err(|_| {
        let names: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|variant| Some(variant.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("\"{value}\" is none of {}", names.join(", "))
    })
}

/// A file and its text.
type Text = Option<(PathBuf, String)>;

impl Places<'_> {
    /// The user's file and its text, if there is one; or why it does not count.
    fn user_file(&self) -> Result<(Text, Option<String>), CliError> {
        let text = |name: &str| (self.variable)(name).filter(|value| !value.is_empty());
        let unreadable = |path: &Path, error: io::Error| CliError::Setting {
            place: named(path).into_owned(),
            what: error.to_string(),
        };
        if let Some(path) = text("RAMKEY_CONFIG").map(PathBuf::from) {
            let file = open(&path).and_then(|file| file.ok_or_else(|| io::ErrorKind::NotFound.into()));
            return file
                .and_then(|file| text_of(file.0))
                .map(|text| (Some((path.clone(), text)), None))
                .map_err(|error| unreadable(&path, error));
        }
        let absolute = |path: OsString| Some(PathBuf::from(path)).filter(|path| path.is_absolute());
        let folder = text("XDG_CONFIG_HOME").and_then(absolute);
        let folder = folder.or_else(|| Some(absolute(text("HOME")?)?.join(".config")));
        let Some(path) = folder.map(|folder| folder.join("ramkey/config.toml")) else {
            return Ok((None, None));
        };
        // Root, who was given the home of another by sudo, is not told by that one what is usual.
        let is_of_another = |meta: &fs::Metadata| meta.uid() != self.user && meta.uid() != 0;
        let file = match open(&path) {
            Ok(None) => return Ok((None, None)),
            Ok(Some((_, meta))) if is_of_another(&meta) => None,
            Ok(Some((file, _))) => Some(file),
            // What cannot be opened tells nothing; whose it is decides only what is said.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => match fs::metadata(&path) {
                Ok(meta) if !is_of_another(&meta) => return Err(unreadable(&path, error)),
                _ => None,
            },
            Err(error) => return Err(unreadable(&path, error)),
        };
        let Some(file) = file else {
            let note = format!("{} does not count, because it belongs to another user", named(&path));
            return Ok((None, Some(note)));
        };
        let text = text_of(file).map_err(|error| unreadable(&path, error))?;
        Ok((Some((path, text)), None))
    }
}

/// The file at `path`, and whose it is; nothing if there is none.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::InvalidInput`] of what is no regular file.
fn open(path: &Path) -> io::Result<Option<(fs::File, fs::Metadata)>> {
    use io::ErrorKind::{NotADirectory, NotFound};
    // A pipe that nobody writes to is opened without waiting, and then refused.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = match fs::File::options().read(true).custom_flags(flags).open(path) {
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(None),
        file => file?,
    };
    // Of the open file: another may have its name by now.
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    Ok(Some((file, meta)))
}

/// The text of a file; nothing if there is none.
fn read(path: &Path) -> io::Result<Option<String>> {
    open(path)?.map(|(file, _)| text_of(file)).transpose()
}

fn text_of(file: fs::File) -> io::Result<String> {
    let mut text = String::new();
    io::Read::read_to_string(&mut io::Read::take(file, LEN_MAX + 1), &mut text)?;
    if text.len() as u64 > LEN_MAX { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

/// The log that the environment names.
pub(super) fn log(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    variable("RAMKEY_LOG").filter(|value| value.as_os_str() != OsStr::new("")).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;
    use std::path::Path;

    use super::{Places, Settings};
    use crate::cli::CliError;
    use crate::cli::pack_names::{BusArg, CompressArg};
    use crate::cli::voice::ColorArg;
    use crate::plan::Language;

    /// Reads settings with the environment, the user's file and the machine's.
    fn read(
        environment: &[(&str, &str)],
        user: Option<&str>,
        machine: Option<&str>,
    ) -> Result<Settings, CliError> {
        let folder = tempfile::tempdir().expect("a folder");
        let (home, file) = (folder.path().join("xdg/ramkey"), folder.path().join("ramkey.toml"));
        fs::create_dir_all(&home).expect("a folder");
        for (path, text) in [(&home.join("config.toml"), user), (&file, machine)] {
            if let Some(text) = text {
                fs::write(path, text).expect("a file");
            }
        }
        from(environment, folder.path(), &file, rustix::process::geteuid().as_raw())
    }

    fn from(
        environment: &[(&str, &str)],
        folder: &Path,
        machine: &Path,
        user: u32,
    ) -> Result<Settings, CliError> {
        let variable = |name: &str| match name {
            "XDG_CONFIG_HOME" => Some(folder.join("xdg").into()),
            _ => environment.iter().find(|(of, _)| *of == name).map(|(_, value)| OsString::from(value)),
        };
        Settings::read(&Places { variable: &variable, machine, user })
    }

    #[test]
    fn the_environment_counts_before_the_user_and_the_user_before_the_machine() {
        let machine = "lang = \"de\"\nbus = \"cd\"\ncompress = \"small\"\ncolor = \"never\"\n[[protect]]\nserial = \"1\"\n";
        let user = "bus = \"usb2\"\ncompress = \"fast\"\n";
        let found = read(&[("RAMKEY_COMPRESS", "none"), ("RAMKEY_COLOR", "")], Some(user), Some(machine))
            .expect("settings");
        assert_eq!((found.lang, found.bus), (Some(Language::German), Some(BusArg::Usb2)));
        assert_eq!((found.compress, found.color), (Some(CompressArg::None), Some(ColorArg::Never)));
        assert!(found.user_file.is_some_and(|path| path.ends_with("ramkey/config.toml")));
        assert_eq!(read(&[], None, None).expect("settings"), Settings::default());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_key_or_its_variable() {
        let wrong = |environment: &[_], user, machine| match read(environment, user, machine) {
            Err(CliError::Setting { place, what }) => format!("{place}: {what}"),
            other => panic!("{other:?}"),
        };
        let text = wrong(&[], Some("# mine\nbus = \"usb2\"\nbuss = \"usb1\"\n"), None);
        assert!(text.contains("config.toml, line 3: unknown field `buss`"), "{text}");
        let text = wrong(&[], Some("\nbus = \"usb3\"\n"), None);
        assert!(text.ends_with("config.toml, line 2: bus: \"usb3\" is none of usb1, usb2, cd"), "{text}");
        let text = wrong(&[], None, Some("yes = true\n"));
        assert!(text.contains("ramkey.toml, line 1: unknown field `yes`"), "{text}");
        let text = wrong(&[("RAMKEY_BUS", "pci")], None, None);
        assert_eq!(text, "RAMKEY_BUS: \"pci\" is none of usb1, usb2, cd");
        let text = wrong(&[("RAMKEY_LANG", "xx")], None, None);
        assert!(text.starts_with("RAMKEY_LANG: "), "{text}");
        let text = wrong(&[("RAMKEY_CONFIG", "/nowhere/ramkey.toml")], None, None);
        assert!(text.starts_with("/nowhere/ramkey.toml: "), "{text}");
    }

    #[test]
    fn a_home_that_is_no_folder_has_no_file_and_only_a_regular_file_is_read() {
        let home = |name: &str| (name == "HOME").then(|| OsString::from("/dev/null"));
        let places = Places { variable: &home, machine: Path::new("/nowhere"), user: 0 };
        assert_eq!(Settings::read(&places).expect("settings"), Settings::default());
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("xdg/ramkey/config.toml")).expect("a folder");
        let user = rustix::process::geteuid().as_raw();
        match from(&[], folder.path(), Path::new("/nowhere"), user) {
            Err(CliError::Setting { what, .. }) => assert_eq!(what, "it is no regular file"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_file_of_another_user_does_not_count_and_that_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("xdg/ramkey")).expect("a folder");
        let file = folder.path().join("xdg/ramkey/config.toml");
        fs::write(&file, "bus = \"cd\"\n").expect("a file");
        if std::os::unix::fs::chown(&file, Some(12345), None).is_err() {
            // Only root can give files away.
            return;
        }
        let found = from(&[], folder.path(), Path::new("/nowhere"), 54321).expect("settings");
        assert_eq!((found.bus, found.user_file), (None, None));
        assert!(found.notes[0].contains("belongs to another user"), "{:?}", found.notes);
        let found = from(&[], folder.path(), Path::new("/nowhere"), 12345).expect("settings");
        assert_eq!(found.bus, Some(BusArg::Cd));
    }
}
