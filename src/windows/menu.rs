//! The boot loader's menu, which must name the RAM disk and the folder of Windows on it.

use crate::contents::windows::{BootEntry, DiskOrder, default_entry, default_reactos_entry, is_utf16};

/// Number of the RAM disk where one disk of the machine comes before it.
const BEHIND_ONE: u32 = 1;

/// Which loader's menu it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Menu {
    /// `boot.ini`, of NTLDR.
    Ntldr,
    /// `freeldr.ini`, of ReactOS.
    Reactos,
}

/// What it is to start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'f> {
    /// Whose disks the BIOS counts first.
    pub order: DiskOrder,
    /// Number of the partition.
    pub partition: u32,
    /// Folder of Windows.
    pub folder: &'f str,
}

impl Start<'_> {
    fn is_ram_disk(self, disk: u32) -> bool {
        (disk == 0) == (self.order == DiskOrder::RamFirst)
    }

    /// The path of the Windows, where the menu says that it is on `disk`. With the machine's own disks first any disk but the
    /// first may be the RAM disk.
    fn path(self, disk: Option<u32>) -> String {
        let usual = if self.order == DiskOrder::RamFirst { 0 } else { BEHIND_ONE };
        let disk = disk.filter(|&disk| self.is_ram_disk(disk)).unwrap_or(usual);
        format!("multi(0)disk(0)rdisk({disk})partition({})\\{}", self.partition, self.folder)
    }

    /// Whether the entry starts it.
    fn is_by(self, entry: &BootEntry) -> bool {
        !entry.is_boot_sector()
            && entry.disk.is_some_and(|disk| self.is_ram_disk(disk))
            && entry.partition.is_none_or(|found| found == self.partition)
            && entry.folder.eq_ignore_ascii_case(self.folder)
    }
}

impl Menu {
    /// The name of its file, in the topmost folder of the active partition.
    pub fn file(self) -> &'static str {
        match self {
            Self::Ntldr => "boot.ini",
            Self::Reactos => "freeldr.ini",
        }
    }

    fn default(self, text: &[u8]) -> Option<BootEntry> {
        match self {
            Self::Ntldr => default_entry(text),
            Self::Reactos => default_reactos_entry(text),
        }
    }

    /// The menu as it should be, with the path that it starts, or `None` if it is so or cannot be made so. `text` is what there
    /// is.
    pub fn corrected(self, text: Option<&[u8]>, start: Start<'_>) -> Option<(Vec<u8>, String)> {
        let narrow = text.map(|text| if is_utf16(text) { narrowed(text) } else { text.to_vec() });
        let is_right = |text: &[u8]| self.default(text).is_some_and(|entry| start.is_by(&entry));
        if text.is_some_and(|text| !is_utf16(text) && is_right(text)) {
            return None;
        }
        let old = narrow.unwrap_or_default();
        let entry = self.default(&old).filter(|entry| !entry.is_boot_sector());
        let right = start.path(entry.as_ref().and_then(|entry| entry.disk));
        let new = entry.map_or_else(|| old.clone(), |entry| replaced(&old, &entry.path, &right));
        let new = if self == Self::Ntldr && !is_right(&new) { with_default(&new, &right) } else { new };
        is_right(&new).then_some((new, right))
    }
}

/// Text in UTF-16 as plain text; letters that are none there become question marks.
fn narrowed(text: &[u8]) -> Vec<u8> {
    let is_big = text.starts_with(&[0xFE, 0xFF]) || text.first() == Some(&0);
    let unit = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    };
    let units = text.chunks_exact(2).map(unit).filter(|&unit| unit != 0xFEFF);
    units.map(|unit| u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(b'?')).collect()
}

/// The text with `old`, where it stands by itself, replaced by `new`.
fn replaced(text: &[u8], old: &str, new: &str) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    let ends = |byte: Option<&u8>| byte.is_none_or(|byte| b"=\"\r\n\t ".contains(byte));
    while at < text.len() {
        let rest = &text[at..];
        let is_it = rest.get(..old.len()).is_some_and(|part| part.eq_ignore_ascii_case(old.as_bytes()));
        let stands_alone = ends(at.checked_sub(1).map(|before| &text[before])) && ends(rest.get(old.len()));
        if is_it && stands_alone && !old.is_empty() {
            out.extend_from_slice(new.as_bytes());
            at += old.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

/// A menu of NTLDR that starts `path` when nobody chooses, and has the lines of the other one too.
fn with_default(text: &[u8], path: &str) -> Vec<u8> {
    let text: String = text.iter().copied().map(char::from).collect();
    let (mut section, mut others) = (String::new(), Vec::new());
    let mut lines = vec![format!("default={path}")];
    for line in text.lines().map(str::trim_end) {
        if let Some(name) = line.trim().strip_prefix('[') {
            section = name.trim_end_matches(']').to_ascii_lowercase();
            continue;
        }
        let key = line.split_once('=').map(|(key, _)| key.trim().to_ascii_lowercase()).unwrap_or_default();
        match section.as_str() {
            "boot loader" if !key.is_empty() && key != "default" => lines.push(line.to_owned()),
            "operating systems" if !key.is_empty() && key != path.to_ascii_lowercase() => {
                others.push(line.to_owned())
            }
            _ => {}
        }
    }
    if lines.len() == 1 {
        lines.insert(0, "timeout=0".into());
    }
    let windows = format!("{path}=\"Windows\" /fastdetect");
    let all = ["[boot loader]".to_owned()].into_iter().chain(lines);
    let all = all.chain(["[operating systems]".to_owned(), windows]).chain(others);
    let all: String = all.map(|line| line + "\r\n").collect();
    all.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::{Menu, Start};
    use crate::contents::windows::DiskOrder;

    const RIGHT: &str = "multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS";

    fn corrected(text: Option<&[u8]>) -> Option<String> {
        corrected_for(text, DiskOrder::RamFirst)
    }

    fn corrected_for(text: Option<&[u8]>, order: DiskOrder) -> Option<String> {
        let new = Menu::Ntldr.corrected(text, Start { order, partition: 1, folder: "WINDOWS" });
        new.map(|(new, path)| {
            let new = String::from_utf8(new).unwrap();
            assert!(new.contains(&path));
            new
        })
    }

    #[test]
    fn only_the_path_changes_where_there_is_one() {
        let menu = |path: &str| {
            format!(
                "[boot loader]\r\ntimeout=30\r\ndefault={path}\r\n[operating systems]\r\n{path}=\"XP\" /fastdetect /x={path}y\r\n\
                 C:\\=\"DOS\"\r\n"
            )
        };
        assert_eq!(corrected(Some(menu(RIGHT).as_bytes())), None);
        for wrong in [
            "multi(0)disk(0)rdisk(1)partition(1)\\WINDOWS",
            "multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS",
            "multi(0)disk(0)rdisk(0)partition(1)\\WINNT",
            "signature(1b2c3d4e)disk(0)rdisk(0)partition(1)\\WINDOWS",
            "scsi(0)disk(1)rdisk(0)partition(1)\\WINDOWS",
        ] {
            let expected = menu(RIGHT).replace(&format!("/x={RIGHT}y"), &format!("/x={wrong}y"));
            assert_eq!(corrected(Some(menu(wrong).as_bytes())), Some(expected), "{wrong}");
        }
    }

    #[test]
    fn behind_the_disks_of_the_machine_the_ram_disk_is_none_but_the_first() {
        let menu = |disk: u32| {
            let path = RIGHT.replace("rdisk(0)", &format!("rdisk({disk})"));
            format!("[boot loader]\r\ndefault={path}\r\n[operating systems]\r\n{path}=\"XP\"\r\n")
        };
        let last = |text: Option<&[u8]>| corrected_for(text, DiskOrder::InternalFirst);
        assert_eq!(last(Some(menu(0).as_bytes())), Some(menu(1)));
        // Who has two disks has said so.
        assert_eq!(last(Some(menu(1).as_bytes())), None);
        assert_eq!(last(Some(menu(2).as_bytes())), None);
        let other = menu(2).replace("partition(1)", "partition(3)");
        assert_eq!(last(Some(other.as_bytes())), Some(menu(2)));
        assert!(last(None).is_some_and(|new| new.contains("default=multi(0)disk(0)rdisk(1)partition(1)")));
    }

    #[test]
    fn a_menu_without_a_windows_gets_one() {
        let made = format!(
            "[boot loader]\r\ntimeout=0\r\ndefault={RIGHT}\r\n[operating systems]\r\n{RIGHT}=\"Windows\" /fastdetect\r\n"
        );
        assert_eq!(corrected(None), Some(made.clone()));
        assert_eq!(corrected(Some(b"")), Some(made.clone()));
        let loader =
            "[boot loader]\ntimeout=5\ndefault=C:\\grldr\n[operating systems]\nC:\\grldr=\"GRUB4DOS\"\n";
        let expected =
            made.replace("timeout=0\r\n", "").replace("\\WINDOWS\r\n[op", "\\WINDOWS\r\ntimeout=5\r\n[op")
                + "C:\\grldr=\"GRUB4DOS\"\r\n";
        assert_eq!(corrected(Some(loader.as_bytes())), Some(expected));
    }

    #[test]
    fn utf_16_becomes_plain_text() {
        let text = format!("[boot loader]\r\ndefault={RIGHT}\r\n[operating systems]\r\n{RIGHT}=\"Ä\"\r\n");
        let wide: Vec<u8> =
            [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(corrected(Some(&wide)), Some(text.replace('Ä', "?")));
    }

    #[test]
    fn the_menu_of_reactos_keeps_its_sections() {
        let text = |path: &str| {
            format!(
                "[FREELOADER]\r\nDefaultOS=ReactOS\r\n[ReactOS]\r\nBootType=Windows2003\r\nSystemPath={path}\r\nOptions=/SOS\r\n"
            )
        };
        let (right, wrong) =
            (RIGHT.replace("WINDOWS", "ReactOS"), "multi(0)disk(0)rdisk(1)partition(1)\\ReactOS");
        let start = Start { order: DiskOrder::RamFirst, partition: 1, folder: "ReactOS" };
        let new = Menu::Reactos.corrected(Some(text(wrong).as_bytes()), start);
        assert_eq!(new, Some((text(&right).into_bytes(), right)));
        assert_eq!(Menu::Reactos.corrected(Some(b"[FREELOADER]\r\n"), start), None);
    }
}
