//! The devices that the kernel's command line names: what the machine was started from, and what it sleeps to.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::device::ground::Ground;
use crate::device::text::clean;
use crate::device::{DeviceNumber, System};

/// Parameters whose device is no label by its form, by the ends of their names, and the folder of links for them.
const BY_NAME: [(&str, &str); 2] = [("label", "by-label"), ("uuid", "by-uuid")];
/// Forms of a value that mean a link in `/dev/disk`.
const BY_FORM: [(&str, &str); 5] = [
    ("CDLABEL=", "by-label"),
    ("LABEL=", "by-label"),
    ("PARTUUID=", "by-partuuid"),
    ("PARTLABEL=", "by-partlabel"),
    ("UUID=", "by-uuid"),
];

/// The devices that the kernel's command line and its setting for sleep name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BootLine {
    /// Where memory goes while the machine sleeps.
    pub sleeps_to: Vec<DeviceNumber>,
    /// The other devices, with the parameter that names each.
    pub named: Vec<(String, DeviceNumber)>,
}

impl System {
    /// The devices that the machine was told of when it was started. A system that runs from memory alone has nothing
    /// mounted of the stick that it came from, and still names it here.
    pub(super) fn boot_line(&self) -> BootLine {
        let text = fs::read(self.proc.join("cmdline")).unwrap_or_default();
        let words = || text.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
        let mut found = BootLine::default();
        for word in words() {
            let mut parts = word.splitn(2, |&byte| byte == b'=');
            let (Some(key), Some(value)) = (parts.next(), parts.next()) else { continue };
            let key = String::from_utf8_lossy(key);
            let Some(number) = self.named_by(&key, value) else { continue };
            match &*key {
                "resume" => found.sleeps_to.push(number),
                _ => found.named.push((clean(&String::from_utf8_lossy(word)), number)),
            }
        }
        let setting = DeviceNumber::parse(&self.text(&self.sys.join("power/resume")));
        found.sleeps_to.extend(setting.filter(|number| *number != DeviceNumber { major: 0, minor: 0 }));
        if words().any(|word| word == b"noresume") {
            found.sleeps_to.clear();
        }
        found
    }

    /// The device that the value of a parameter means, if it means one that is there.
    fn named_by(&self, key: &str, value: &[u8]) -> Option<DeviceNumber> {
        let value = value.strip_prefix(b"live:").unwrap_or(value);
        let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        let by_form =
            BY_FORM.iter().find_map(|(form, folder)| Some((value.strip_prefix(form.as_bytes())?, *folder)));
        let by_name =
            || BY_NAME.iter().find(|(end, _)| key.ends_with(end)).map(|(_, folder)| (value, *folder));
        let path = match value.strip_prefix(b"/dev/") {
            Some(name) => self.dev.join(std::ffi::OsStr::from_bytes(name)),
            None => by_form.or_else(by_name).map(|(name, folder)| self.link(folder, name))?,
        };
        match Ground::at(&path)? {
            Ground::Device(number) => Some(number),
            _ => None,
        }
    }

    /// The link that udev makes for a label or an identity; it writes other signs than these as `\x20`.
    fn link(&self, folder: &str, name: &[u8]) -> PathBuf {
        let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || b"#+-.:=@_".contains(&byte) || byte >= 0x80;
        let mut link = Vec::new();
        for &byte in name {
            match is_kept(byte) {
                true => link.push(byte),
                false => link.extend(format!("\\x{byte:02x}").bytes()),
            }
        }
        self.dev.join("disk").join(folder).join(Path::new(std::ffi::OsStr::from_bytes(&link)))
    }
}
