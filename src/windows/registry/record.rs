//! The record of what was added, which lies beside it in the registry, so that it can be taken back.

use super::data::texts;
use super::sets::is_control_set;
use crate::contents::windows::hive::ValueData;
use crate::units::hex;
use crate::windows::error::WindowsError;
use crate::windows::hive::{HiveEdit, HiveEditError};

/// The name of the value that has the record, in the key of the driver's service.
pub(super) const RECORD: &str = "RamkeyUndo";

/// The name of the value that has the name of the set of settings that the record was put into, because Windows copies sets.
pub(super) const HOME: &str = "RamkeySet";

/// Most steps of a record.
pub(in crate::windows) const STEPS_MAX: usize = 4096;
/// Most of them that concern files.
const FILES_MAX: usize = 64;

/// One step that takes something back. They are taken from the last to the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::windows) enum Undo {
    /// The key was made: it goes, with all below it.
    Key { path: String },
    /// The value was made.
    New { path: String, name: String },
    /// The value was another or was deleted.
    Old { path: String, name: String, data: ValueData },
    /// The key was deleted.
    Deleted { path: String },
    /// The file was put there.
    File { partition: u32, path: String },
    /// The text of the file was another.
    Text { partition: u32, path: String, bytes: Vec<u8> },
    /// The file at `path` was another, which lies at `kept` since.
    Kept { partition: u32, kept: String, path: String },
    /// The disk had another signature.
    Signature { value: u32 },
}

/// Where a line ends a part of it. No name of a key has a tab in it.
const BETWEEN: char = '\t';

impl Undo {
    /// The value that has these steps.
    pub(super) fn record(steps: &[Self]) -> ValueData {
        texts(&steps.iter().map(Self::line).collect::<Vec<_>>())
    }

    fn line(&self) -> String {
        let parts = match self {
            Self::Key { path } => vec!["key".into(), path.clone()],
            Self::New { path, name } => vec!["new".into(), path.clone(), name.clone()],
            Self::Old { path, name, data } => {
                vec!["old".into(), path.clone(), data.kind.to_string(), hex(&data.bytes), name.clone()]
            }
            Self::Deleted { path } => vec!["deleted".into(), path.clone()],
            Self::File { partition, path } => vec!["file".into(), partition.to_string(), path.clone()],
            Self::Text { partition, path, bytes } => {
                vec!["text".into(), partition.to_string(), hex(bytes), path.clone()]
            }
            Self::Kept { partition, kept, path } => {
                vec!["kept".into(), partition.to_string(), kept.clone(), path.clone()]
            }
            Self::Signature { value } => vec!["signature".into(), format!("{value:08x}")],
        };
        parts.join(&BETWEEN.to_string())
    }

    fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(BETWEEN)?;
        let path = rest.to_owned();
        Some(match word {
            "key" => Self::Key { path },
            "deleted" => Self::Deleted { path },
            "new" => {
                let (path, name) = rest.split_once(BETWEEN)?;
                Self::New { path: path.into(), name: name.into() }
            }
            "old" => {
                let mut parts = rest.splitn(4, BETWEEN);
                let (path, kind) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
                let bytes = bytes(parts.next()?)?;
                Self::Old { path, name: parts.next()?.to_owned(), data: ValueData { kind, bytes } }
            }
            "file" => {
                let (partition, path) = rest.split_once(BETWEEN)?;
                Self::File { partition: partition.parse().ok()?, path: path.into() }
            }
            "text" => {
                let mut parts = rest.splitn(3, BETWEEN);
                let (partition, bytes) = (parts.next()?.parse().ok()?, bytes(parts.next()?)?);
                Self::Text { partition, bytes, path: parts.next()?.to_owned() }
            }
            "kept" => {
                let mut parts = rest.splitn(3, BETWEEN);
                let (partition, kept) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
                Self::Kept { partition, kept, path: parts.next()?.to_owned() }
            }
            "signature" => Self::Signature { value: u32::from_str_radix(rest, 16).ok()? },
            _ => return None,
        })
    }

    /// The set of settings that it is about, if it is about one.
    pub fn set(&self) -> Option<&str> {
        let first = self.path()?.split('\\').next()?;
        is_control_set(first).then_some(first)
    }

    /// The same step for the set of settings `set`.
    pub fn within(mut self, set: &str) -> Self {
        if let Self::Key { path } | Self::New { path, .. } | Self::Old { path, .. } | Self::Deleted { path } =
            &mut self
            && let Some((_, rest)) = path.split_once('\\')
        {
            *path = format!("{set}\\{rest}");
        }
        self
    }

    /// The path of the key, if it is about one.
    fn path(&self) -> Option<&str> {
        match self {
            Self::Key { path } | Self::New { path, .. } | Self::Old { path, .. } | Self::Deleted { path } => {
                Some(path)
            }
            Self::File { .. } | Self::Text { .. } | Self::Kept { .. } | Self::Signature { .. } => None,
        }
    }

    fn is_of_file(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Text { .. } | Self::Kept { .. })
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(pair).collect()
}

/// Takes the record out of the key of the service.
pub(in crate::windows) fn drop_record(hive: &mut HiveEdit, service: &str) -> Result<(), HiveEditError> {
    for name in [RECORD, HOME] {
        hive.delete_value(service, name)?;
    }
    Ok(())
}

/// The set of settings in which the record in the key of the service was made, if that says so.
pub(in crate::windows) fn home(hive: &HiveEdit, service: &str) -> Result<Option<String>, HiveEditError> {
    let home = hive.value(service, HOME)?.and_then(|value| value.text());
    Ok(home.filter(|home| is_control_set(home)))
}

/// Whether the key of the service has a record.
pub(in crate::windows) fn has_record(hive: &HiveEdit, service: &str) -> Result<bool, HiveEditError> {
    Ok(hive.value(service, RECORD)?.is_some())
}

/// The record in the key of the service, or `None`.
///
/// # Errors
///
/// [`WindowsError::Record`] if a line of it makes no sense, or it has more of them than any driver needs.
pub(in crate::windows) fn read_record(
    hive: &HiveEdit,
    service: &str,
) -> Result<Result<Option<Vec<Undo>>, WindowsError>, HiveEditError> {
    let Some(value) = hive.value(service, RECORD)? else { return Ok(Ok(None)) };
    let units = value.bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    let text: String =
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    let lines = text.split('\0').filter(|line| !line.is_empty());
    let wrong = |line: &str| WindowsError::Record { line: line.to_owned() };
    let (mut steps, mut files) = (Vec::new(), 0);
    for line in lines {
        let Some(step) = Undo::parse(line) else { return Ok(Err(wrong(line))) };
        files += usize::from(step.is_of_file());
        if files > FILES_MAX || steps.len() == STEPS_MAX {
            return Ok(Err(wrong("it has more steps than a driver needs")));
        }
        steps.push(step);
    }
    Ok(Ok(Some(steps)))
}

#[cfg(test)]
mod tests {
    use super::Undo;
    use crate::contents::windows::hive::ValueData;

    #[test]
    fn a_step_goes_into_the_copy_of_its_set() {
        let step = |path: &str| Undo::New { path: path.into(), name: "Start".into() };
        let first = step("ControlSet001\\Services\\FiraDisk");
        assert_eq!(first.set(), Some("ControlSet001"));
        assert_eq!(first.within("ControlSet003"), step("ControlSet003\\Services\\FiraDisk"));
        for path in ["MountedDevices", "ControlSet1\\x", "ControlSetABC\\x", "Services\\ControlSet001"] {
            assert_eq!(step(path).set(), None, "{path}");
        }
        assert_eq!(Undo::Signature { value: 0 }.set(), None);
    }

    #[test]
    fn each_step_is_read_as_it_was_kept() {
        let path = || String::from("ControlSet001\\Services\\FiraDisk");
        let data = || ValueData { kind: 7, bytes: vec![0, 255, 16] };
        let steps = [
            Undo::Key { path: path() },
            Undo::New { path: path(), name: "\\DosDevices\\C:".into() },
            Undo::Old { path: path(), name: "a\tb".into(), data: data() },
            Undo::Old { path: path(), name: String::new(), data: ValueData { kind: 1, bytes: vec![] } },
            Undo::Deleted { path: path() },
            Undo::File { partition: 2, path: "WINDOWS\\system32\\drivers\\firadisk.sys".into() },
            Undo::Text { partition: 0, path: "boot.ini".into(), bytes: b"[boot loader]\r\n".to_vec() },
            Undo::Kept { partition: 1, kept: "a.before".into(), path: "a".into() },
            Undo::Signature { value: 0 },
        ];
        for step in steps {
            assert_eq!(Undo::parse(&step.line()), Some(step));
        }
        for line in
            ["", "key", "old\tx\ty\t00\tz", "file\t-1\tx", "signature\tg", "text\t1\t0g\tx", "kept\t1\tx"]
        {
            assert_eq!(Undo::parse(line), None, "{line}");
        }
    }
}
