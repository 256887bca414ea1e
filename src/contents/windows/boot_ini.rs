//! `boot.ini`: what NTLDR starts when nobody chooses.

use serde::{Deserialize, Serialize};

/// One line of a boot menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BootEntry {
    /// Where Windows is, as the file says it: `multi(0)disk(0)rdisk(0)partition(1)\WINDOWS`.
    pub path: String,
    /// Its name in the menu.
    pub title: String,
    /// Switches behind the name.
    pub switches: String,
    /// Number of the disk, from 0; `None` unless it is found through the BIOS.
    pub disk: Option<u32>,
    /// Number of the partition, from 1; `None` unless the path has one.
    pub partition: Option<u32>,
    /// Folder of Windows on that partition, without a backslash before it.
    pub folder: String,
}

impl BootEntry {
    /// Whether it starts a boot sector or another loader from a file, as in `C:\grldr`, and no Windows.
    pub fn is_boot_sector(&self) -> bool {
        let drive = self.path.as_bytes();
        drive.len() > 1 && drive[0].is_ascii_alphabetic() && drive[1] == b':'
    }

    /// Whether NTLDR could start it: a device, or a boot sector.
    fn is_usable(&self) -> bool {
        let device = self.path.split('\\').next().unwrap_or_default();
        self.is_boot_sector() || (device.contains('(') && device.ends_with(')') && !device.starts_with(';'))
    }

    /// What a switch such as `/KERNEL=` names.
    pub fn switch(&self, name: &str) -> Option<&str> {
        self.switches.split_whitespace().find_map(|switch| {
            let (found, value) = switch.strip_prefix('/')?.split_once('=')?;
            (found.eq_ignore_ascii_case(name) && !value.is_empty()).then_some(value)
        })
    }
}

/// Whether the file is in UTF-16, which NTLDR does not read.
pub fn is_utf16(bytes: &[u8]) -> bool {
    let has_mark = bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]);
    has_mark || matches!(bytes, [b'[', 0, ..] | [0, b'[', ..])
}

/// Most lines that are looked at.
const LINES_MAX: usize = 512;

/// The entry that starts when nobody chooses, or `None` if the file names none that NTLDR could start.
pub fn default_entry(bytes: &[u8]) -> Option<BootEntry> {
    // The file is in a code page of DOS; what matters of it is ASCII.
    let text: String = bytes.iter().copied().map(char::from).collect();
    let (mut section, mut default, mut entries) = (String::new(), None, Vec::new());
    for line in text.lines().map(str::trim).take(LINES_MAX) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_ascii_lowercase();
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim(), value.trim());
        match section.as_str() {
            "boot loader" | "flexboot" if key.eq_ignore_ascii_case("default") => {
                default = Some(value.to_owned())
            }
            "operating systems" => entries.push(entry(key, value)),
            _ => {}
        }
    }
    entries.retain(BootEntry::is_usable);
    let default = default.map(|path: String| entry(&path, "")).filter(BootEntry::is_usable);
    let Some(default) = default else { return entries.into_iter().next() };
    let same = |entry: &&BootEntry| entry.path.eq_ignore_ascii_case(&default.path);
    // A default without a line of its own starts all the same.
    Some(entries.iter().find(same).cloned().unwrap_or(default))
}

/// The entry of one line: `path=value`.
pub(super) fn entry(path: &str, value: &str) -> BootEntry {
    let (title, switches) = match value.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some((title, switches)) => (title, switches.trim()),
        None => ("", value),
    };
    let (device, folder) = path.split_once('\\').unwrap_or((path, ""));
    let through_bios = device.to_ascii_lowercase().starts_with("multi(");
    BootEntry {
        path: path.to_owned(),
        title: title.to_owned(),
        switches: switches.to_owned(),
        disk: if through_bios { argument(device, "rdisk") } else { None },
        partition: argument(device, "partition"),
        folder: folder.trim_end_matches('\\').to_owned(),
    }
}

/// The number in `name(number)`.
fn argument(device: &str, name: &str) -> Option<u32> {
    let device = device.to_ascii_lowercase();
    let arguments = device.split(')').filter_map(|part| part.split_once('('));
    arguments.into_iter().find(|(found, _)| *found == name)?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{default_entry, is_utf16};

    #[test]
    fn the_default_is_found_among_the_lines() {
        let text = b"[boot loader]\r\ntimeout=30\r\nDefault = multi(0)disk(0)rdisk(0)partition(2)\\WINXP\r\n\
            [operating systems]\r\nC:\\=\"DOS\"\r\n\
            multi(0)disk(0)rdisk(0)partition(2)\\WinXP=\"XP \x84\" /fastdetect /firadisk=x\r\n";
        let entry = default_entry(text).unwrap();
        assert_eq!((entry.disk, entry.partition, entry.folder.as_str()), (Some(0), Some(2), "WinXP"));
        assert_eq!((entry.title.as_str(), entry.switches.as_str()), ("XP \u{84}", "/fastdetect /firadisk=x"));
    }

    #[test]
    fn only_devices_and_drives_are_lines_that_can_be_started() {
        for text in [
            "",
            " ",
            "[operating systems]\r\n",
            "[operating systems]\n;multi(0)disk(0)=\"x\"\nWINDOWS=\"x\"\n",
        ] {
            assert_eq!(default_entry(text.as_bytes()), None, "{text:?}");
        }
        let text = b"[boot loader]\ndefault=nothing\n[operating systems]\nmulti(0)disk(0)rdisk(0)partition(1)\\W=\"x\"\n";
        assert_eq!(default_entry(text).unwrap().folder, "W");
        let text = b"[boot loader]\ndefault=C:\\grldr\n[operating systems]\nC:\\grldr=\"GRUB4DOS\"\n";
        let entry = default_entry(text).unwrap();
        assert!(entry.is_boot_sector() && entry.disk.is_none());
    }

    #[test]
    fn switches_with_a_value_are_found_in_upper_and_lower_case() {
        let text = b"[operating systems]\nmulti(0)disk(0)rdisk(0)partition(1)\\W=\"x\" /fastdetect /Kernel=my.exe /HAL=\n";
        let entry = default_entry(text).unwrap();
        assert_eq!(
            (entry.switch("KERNEL"), entry.switch("hal"), entry.switch("fastdetect")),
            (Some("my.exe"), None, None)
        );
    }

    #[test]
    fn utf_16_is_told_with_and_without_its_mark() {
        for bytes in [&b"\xFF\xFE[\0"[..], b"\xFE\xFF\0[", b"[\0b\0", b"\0[\0b"] {
            assert!(is_utf16(bytes), "{bytes:02X?}");
        }
        assert!(!is_utf16(b"[boot loader]") && !is_utf16(b"\xEF\xBB\xBF[boot loader]") && !is_utf16(b""));
    }

    #[test]
    fn without_a_default_the_first_line_counts_and_other_devices_have_no_disk() {
        let text = b"[operating systems]\nscsi(0)disk(1)rdisk(0)partition(1)\\WINNT=\"2000\"\nC:\\=\"DOS\"";
        let entry = default_entry(text).unwrap();
        assert_eq!((entry.disk, entry.partition, entry.folder.as_str()), (None, Some(1), "WINNT"));
        assert!(default_entry(b"").is_none());
        let entry = default_entry(b"[boot loader]\ndefault=multi(0)disk(0)rdisk(1)partition(1)\\W").unwrap();
        assert_eq!((entry.disk, entry.title.as_str()), (Some(1), ""));
    }
}
