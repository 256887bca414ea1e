//! The text that describes a VMDK.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::super::fault::Fault;
use crate::units::SECTOR_LEN;

/// The first line of it, whatever the case of its letters.
pub(super) const TITLE: &[u8] = b"# Disk DescriptorFile";
/// Most parts of a disk.
const EXTENTS_MAX: usize = 1000;
/// What is said of a disk without a parent.
const NO_PARENT: &str = "ffffffff";
/// How a part may be used, which is the first word of its line.
const ACCESS: [&str; 3] = ["RW", "RDONLY", "NOACCESS"];

/// A text that describes a disk.
pub(super) struct Descriptor {
    /// What the disk is called, as in `monolithicSparse`.
    pub create_type: String,
    /// The name of the disk that it is a snapshot of; empty if it is not told.
    pub parent: Option<String>,
    pub is_encrypted: bool,
    pub extents: Vec<Extent>,
}

/// How the bytes of a part lie in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is no file: all of them are zeros.
    Zero,
    /// As they are.
    Flat,
    /// With tables.
    Sparse,
    /// It is a real disk.
    Device,
    /// Otherwise.
    Unknown,
}

/// A part of a disk.
pub(super) struct Extent {
    /// Bytes of the disk.
    pub len: u64,
    pub kind: Kind,
    /// Name of the file.
    pub name: OsString,
    /// Where they begin in it.
    pub offset: u64,
}

impl Descriptor {
    /// What `text` says, which ends with its first zero.
    ///
    /// # Errors
    ///
    /// A line about a part makes no sense, or there are too many.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
        let mut found =
            Self { create_type: String::new(), parent: None, is_encrypted: false, extents: Vec::new() };
        let (mut is_child, mut hint) = (false, String::new());
        for line in text[..end].split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii) {
            if let Some(extent) = Extent::parse(line)? {
                found.extents.push(extent);
                if found.extents.len() > EXTENTS_MAX {
                    return Err(Fault::damaged(format!("it has more than {EXTENTS_MAX} parts")));
                }
                continue;
            }
            let line = String::from_utf8_lossy(line);
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            match key.trim() {
                "createType" => found.create_type = value.into(),
                "parentCID" => is_child = !value.eq_ignore_ascii_case(NO_PARENT),
                "parentFileNameHint" => hint = value.into(),
                key if key.starts_with("encryption") => found.is_encrypted = true,
                _ => {}
            }
        }
        found.parent = is_child.then_some(hint);
        Ok(found)
    }
}

impl Extent {
    /// The part that `line` tells of, if it does: access, sectors, kind, a name in quotes, the sector where it begins.
    fn parse(line: &[u8]) -> Result<Option<Self>, Fault> {
        let quoted = line.iter().position(|&byte| byte == b'"');
        let begin = &line[..quoted.unwrap_or(line.len())];
        let begin = String::from_utf8_lossy(begin);
        let mut words = begin.split_ascii_whitespace();
        let Some(access) = words.next().filter(|word| ACCESS.contains(word)) else { return Ok(None) };
        let nonsense =
            || Fault::damaged(format!("its descriptor has the line {}", String::from_utf8_lossy(line)));
        let sectors: u64 = words.next().and_then(|word| word.parse().ok()).ok_or_else(nonsense)?;
        let len = sectors.checked_mul(SECTOR_LEN).ok_or_else(nonsense)?;
        let kind = match words.next().ok_or_else(nonsense)? {
            "ZERO" => Kind::Zero,
            _ if access == "NOACCESS" => Kind::Unknown,
            "FLAT" | "VMFS" => Kind::Flat,
            "SPARSE" => Kind::Sparse,
            "VMFSRDM" | "VMFSRAW" => Kind::Device,
            _ => Kind::Unknown,
        };
        if kind == Kind::Zero {
            return Ok(Some(Self { len, kind, name: OsString::new(), offset: 0 }));
        }
        let rest = &line[quoted.ok_or_else(nonsense)? + 1..];
        let end = rest.iter().rposition(|&byte| byte == b'"').ok_or_else(nonsense)?;
        let offset = String::from_utf8_lossy(&rest[end + 1..]);
        let offset = match offset.split_ascii_whitespace().next() {
            Some(word) if kind == Kind::Flat => word.parse().map_err(|_| nonsense())?,
            _ => 0u64,
        };
        let offset = offset.checked_mul(SECTOR_LEN).ok_or_else(nonsense)?;
        Ok(Some(Self { len, kind, name: OsStr::from_bytes(&rest[..end]).to_owned(), offset }))
    }
}
