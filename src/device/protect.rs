//! The list of disks that the machine's owner wants never to be written: `/etc/ramkey.toml`.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::device::ground::Ground;
use crate::device::text::clean;
use crate::device::{DeviceFacts, System};
use crate::units::{Bytes, named, shell_word};

/// Bytes of a file that is read: a list of thousands of disks is shorter.
const LEN_MAX: u64 = 1 << 20;
/// What the systems write before the digits of a world-wide name, each its own.
const WWN_FORMS: [&str; 4] = ["naa.", "eui.", "t10.", "0x"];

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    protect: Vec<Rule>,
    /// What is usual on the command line, which reads it itself: language, bus, packing, colours.
    #[serde(rename = "lang")]
    _lang: Option<IgnoredAny>,
    #[serde(rename = "bus")]
    _bus: Option<IgnoredAny>,
    #[serde(rename = "compress")]
    _compress: Option<IgnoredAny>,
    #[serde(rename = "color")]
    _color: Option<IgnoredAny>,
}

/// Disks that are not written: those that everything fits that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rule {
    serial: Option<String>,
    usb: Option<String>,
    wwn: Option<String>,
    by_id: Option<String>,
    #[serde(default, deserialize_with = "size")]
    min_size: Option<u64>,
    #[serde(default, deserialize_with = "size")]
    max_size: Option<u64>,
    /// Why, for whoever is refused.
    why: Option<String>,
}

/// A size as on the command line.
fn size<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    match text.parse::<Bytes>() {
        Ok(Bytes(len)) => Ok(Some(len)),
        Err(error) => Err(serde::de::Error::custom(format!("{error}; {}", error.help()))),
    }
}

/// The lists, or why one is not known.
#[derive(Clone, Debug)]
pub(super) struct Protected {
    lists: Vec<List>,
}

/// One of them.
#[derive(Clone, Debug)]
struct List {
    path: PathBuf,
    rules: Result<Vec<Rule>, String>,
}

/// What protects a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// The list names it: what fits, and why it is there.
    Named { what: String, why: Option<String> },
    /// The list is there and is not known: what is wrong with it.
    NotKnown { what: String },
}

impl System {
    /// Reads the lists. Without a file nothing is protected.
    pub(super) fn protected(&self) -> Protected {
        let list = |path: &PathBuf| List { path: path.clone(), rules: read(path) };
        Protected { lists: std::iter::once(&self.protect).chain(&self.protect_too).map(list).collect() }
    }
}

fn read(path: &Path) -> Result<Vec<Rule>, String> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        // A link to nothing is a list that is gone, and not none.
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error.to_string()),
    };
    let mut text = String::new();
    file.take(LEN_MAX + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > LEN_MAX {
        return Err(format!("it has more than {}", Bytes(LEN_MAX)));
    }
    parse(&text)
}

/// How many entries a list of protected disks has, with this text.
///
/// # Errors
///
/// What is wrong with it, in one line.
pub fn protected_disks(text: &str) -> Result<usize, String> {
    parse(text).map(|rules| rules.len())
}

fn parse(text: &str) -> Result<Vec<Rule>, String> {
    let config: Config = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        clean(&format!("{place}{}", error.message().replace('\n', "; ")))
    })?;
    match config.protect.iter().position(Rule::is_wrong) {
        Some(at) => Err(format!("its entry {} names no disk", at + 1)),
        None => Ok(config.protect),
    }
}

impl Rule {
    /// Whether it says nothing, which would fit everything, or nothing that fits anything.
    fn is_wrong(&self) -> bool {
        let texts = [&self.serial, &self.usb, &self.wwn, &self.by_id];
        let is_empty = texts.iter().any(|text| text.as_ref().is_some_and(|text| clean(text).is_empty()));
        let is_silent =
            texts.iter().all(|text| text.is_none()) && self.min_size.is_none() && self.max_size.is_none();
        let is_void = self.min_size.zip(self.max_size).is_some_and(|(min, max)| min > max);
        let is_path = self.by_id.as_ref().is_some_and(|name| name.contains('/'));
        is_empty || is_silent || is_void || is_path
    }

    /// What of the device fits, if all does.
    fn fits(&self, system: &System, facts: &DeviceFacts) -> Option<String> {
        let same = |text: &str, of: &str| clean(text).eq_ignore_ascii_case(of);
        let link = |name: &String| {
            let numbers = facts.partitions.iter().map(|part| part.number).chain([facts.number]);
            let at = Ground::at(&system.dev.join("disk/by-id").join(name));
            numbers.map(Ground::Device).any(|ground| Some(ground) == at)
        };
        // A disk in a case with a USB plug has a number of its own, and programs show one or the other.
        let serials = system.serials(facts);
        let is_serial = |text: &String| serials.iter().any(|serial| same(text, serial));
        let said = [
            (self.serial.as_ref().map(is_serial), "serial", &self.serial),
            (self.usb.as_ref().map(|text| same(text, &facts.usb_id)), "usb", &self.usb),
            (self.wwn.as_ref().map(|text| digits(text) == digits(&facts.wwn)), "wwn", &self.wwn),
            (self.by_id.as_ref().map(link), "by-id", &self.by_id),
        ];
        let fits = said.iter().all(|(fits, ..)| *fits != Some(false))
            && self.min_size.is_none_or(|min| facts.len >= min)
            && self.max_size.is_none_or(|max| facts.len <= max);
        let texts =
            said.iter().filter_map(|(_, name, text)| Some(format!("{name} {}", clean(text.as_ref()?))));
        let min = self.min_size.map(|min| format!("{} and more", Bytes(min)));
        let max = self.max_size.map(|max| format!("{} and less", Bytes(max)));
        fits.then(|| texts.chain(min).chain(max).collect::<Vec<_>>().join(", "))
    }
}

/// A world-wide name without its form.
fn digits(name: &str) -> String {
    let name = clean(name).to_ascii_lowercase();
    WWN_FORMS.iter().find_map(|form| name.strip_prefix(form)).unwrap_or(&name).to_owned()
}

impl Protected {
    /// What protects the device, and the list that says so; `facts` is `None` if it is not known what it is.
    pub fn of(&self, system: &System, facts: Option<&DeviceFacts>) -> Option<(&Path, Protection)> {
        self.lists.iter().find_map(|list| Some((&*list.path, list.of(system, facts)?)))
    }
}

impl List {
    fn of(&self, system: &System, facts: Option<&DeviceFacts>) -> Option<Protection> {
        let rules = match &self.rules {
            Ok(rules) => rules,
            Err(what) => return Some(Protection::NotKnown { what: what.clone() }),
        };
        match facts {
            None if rules.is_empty() => None,
            None => Some(Protection::NotKnown { what: "the device does not say what it is".into() }),
            Some(facts) => rules.iter().find_map(|rule| {
                let what = rule.fits(system, facts)?;
                Some(Protection::Named { what, why: rule.why.as_deref().map(clean) })
            }),
        }
    }
}

impl Protection {
    /// The use that it counts as; `path` is that of the list.
    pub fn into_use(self, path: &Path) -> crate::device::Use {
        use crate::device::Use;
        match self {
            Self::Named { what, why } => Use::Protected { list: path.to_owned(), what, why },
            Self::NotKnown { what } => Use::Unknown {
                question: format!(
                    "the list of protected disks, {}, cannot be understood: {what}",
                    named(path)
                ),
                help: format!("mend {}; until then no device is written", shell_word(path)),
                // Whoever has rights reads another list.
                rights_tell: false,
            },
        }
    }
}
