//! `boot.ini`: what NTLDR starts when nobody chooses.

use serde::Serialize;

/// One line of a boot menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

/// Most lines that are looked at.
const LINES_MAX: usize = 512;

/// The entry that starts when nobody chooses, or `None` if the file names none.
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
    let Some(default) = default else { return entries.into_iter().next() };
    let same = |entry: &&BootEntry| entry.path.eq_ignore_ascii_case(&default);
    // A default without a line of its own starts all the same.
    Some(entries.iter().find(same).cloned().unwrap_or_else(|| entry(&default, "")))
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
    use super::default_entry;

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
    fn without_a_default_the_first_line_counts_and_other_devices_have_no_disk() {
        let text = b"[operating systems]\nscsi(0)disk(1)rdisk(0)partition(1)\\WINNT=\"2000\"\nC:\\=\"DOS\"";
        let entry = default_entry(text).unwrap();
        assert_eq!((entry.disk, entry.partition, entry.folder.as_str()), (None, Some(1), "WINNT"));
        assert!(default_entry(b"").is_none());
        let entry = default_entry(b"[boot loader]\ndefault=multi(0)disk(0)rdisk(1)partition(1)\\W").unwrap();
        assert_eq!((entry.disk, entry.title.as_str()), (Some(1), ""));
    }
}
