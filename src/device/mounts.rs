//! Mounted file systems, in every mount namespace that a process lives in.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

use crate::device::ground::Ground;
use crate::device::question::Question;
use crate::device::{DeviceNumber, System};

/// Folders below which systems mount what is theirs.
const OF_THE_SYSTEM: [&str; 8] = ["/boot", "/efi", "/etc", "/nix", "/opt", "/srv", "/usr", "/var"];

/// A line of `/proc/*/mountinfo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// Number of the mount, in all namespaces.
    pub id: u64,
    /// Number of the file system.
    pub number: DeviceNumber,
    /// The folder of the file system that is shown.
    pub root: PathBuf,
    pub folder: PathBuf,
    pub file_system: String,
    pub source: PathBuf,
    /// Options of this mount of the file system.
    own_options: Vec<Vec<u8>>,
    /// Options of the file system.
    options: Vec<Vec<u8>>,
    /// A process that sees it, if we do not.
    pub seen_by: Option<u32>,
}

impl Mount {
    /// Whether its folder is one that a stick may be mounted on, and no part of the running system.
    pub fn is_for_sticks(&self) -> bool {
        self.folder != Path::new("/")
            && self.folder != Path::new("/home")
            && !OF_THE_SYSTEM.iter().any(|system| self.folder.starts_with(system))
    }

    /// Fields of a line: id, parent, number, root, folder, options, tags, "-", type, source, options of the
    /// file system (proc_pid_mountinfo(5)). A name may have any byte; the kernel writes blanks as `\040`.
    fn parse(line: &[u8]) -> Option<Self> {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        let middle = fields.iter().skip(6).position(|field| field == b"-")? + 6;
        let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        let options = |index: usize| -> Vec<Vec<u8>> {
            let field = fields.get(index).copied().unwrap_or_default();
            field.split(|&byte| byte == b',').map(<[u8]>::to_vec).collect()
        };
        Some(Self {
            id: text(fields[0]).parse().ok()?,
            number: DeviceNumber::parse(&text(fields[2]))?,
            root: unescape(fields[3]),
            folder: unescape(fields[4]),
            file_system: text(fields.get(middle + 1)?),
            source: unescape(fields.get(middle + 2)?),
            own_options: options(5),
            options: options(middle + 3),
            seen_by: None,
        })
    }

    /// Whether the file system may be written through it.
    pub fn is_writable(&self) -> bool {
        !self.own_options.iter().chain(&self.options).any(|option| option == b"ro")
    }

    /// Whether it is an ext3 or ext4, or an ext2 by the driver of those.
    pub fn is_ext(&self) -> bool {
        self.file_system.starts_with("ext")
    }

    /// The folders that an overlay is made of.
    pub fn overlay_layers(&self) -> Vec<PathBuf> {
        if self.file_system != "overlay" {
            return Vec::new();
        }
        let single: [&[u8]; 3] = [b"lowerdir+=", b"datadir+=", b"upperdir="];
        let layers = self.options.iter().flat_map(|option| {
            if let Some(list) = option.strip_prefix(b"lowerdir=") {
                return split_layers(&unescape(list), Some(b':'));
            }
            let value = single.iter().find_map(|key| option.strip_prefix(*key));
            value.map(|value| split_layers(&unescape(value), None)).unwrap_or_default()
        });
        layers.filter(|layer| !layer.as_os_str().is_empty()).collect()
    }

    /// Number of the file system that a path lies on, as the mounts of the same namespace have it.
    pub fn beside(&self, mounts: &[Self], path: &Path) -> Option<DeviceNumber> {
        let same = mounts.iter().filter(|mount| mount.seen_by == self.seen_by);
        let above = same.filter(|mount| path.starts_with(&mount.folder));
        // Of several on one folder the last one is seen.
        above.max_by_key(|mount| mount.folder.as_os_str().len()).map(|mount| mount.number)
    }

    /// The devices and files that the mount itself names: its source, which may be several with colons between, and
    /// those among its options, such as the journal of an XFS.
    pub fn named(&self) -> BTreeSet<Ground> {
        use std::os::unix::ffi::OsStrExt;
        let sources = self.source.as_os_str().as_bytes();
        let values = self.options.iter().filter_map(|option| option.splitn(2, |&byte| byte == b'=').nth(1));
        let paths = values.chain(sources.split(|&byte| byte == b':')).map(unescape);
        let whole = std::iter::once(self.source.clone());
        let absolute = paths.chain(whole).filter(|path| path.is_absolute());
        absolute.filter_map(|path| Ground::of_source(&path)).collect()
    }
}

impl System {
    /// The mounts of this process, and those that only other namespaces have.
    pub(super) fn mounts(&self, questions: &mut Vec<Question>) -> Vec<Mount> {
        let path = self.proc.join("self/mountinfo");
        let mut unparsed = 0;
        let mut parse = |text: &[u8]| -> Vec<Mount> {
            let lines = text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
            let parsed = lines.map(Mount::parse).inspect(|mount| unparsed += usize::from(mount.is_none()));
            parsed.flatten().collect()
        };
        let mut mounts = match fs::read(&path) {
            Ok(text) => parse(&text),
            Err(_) => {
                questions.push(Question::Mounts { path });
                return Vec::new();
            }
        };
        for (pid, text) in self.other_namespaces() {
            for mut mount in parse(&text) {
                let known =
                    mounts.iter().any(|known| known.number == mount.number && known.folder == mount.folder);
                if !known {
                    mount.seen_by = Some(pid);
                    mounts.push(mount);
                }
            }
        }
        if unparsed > 0 {
            questions.push(Question::Mounts { path });
        }
        mounts
    }

    /// The mounts of one process of each other mount namespace, as text. Where the namespace is not told, equal texts are
    /// taken once.
    fn other_namespaces(&self) -> Vec<(u32, Vec<u8>)> {
        let namespace = |name: &str| fs::read_link(self.proc.join(name).join("ns/mnt")).ok();
        let mut seen: BTreeSet<PathBuf> = namespace("self").into_iter().collect();
        let mut texts = BTreeSet::new();
        let mut found = Vec::new();
        for pid in self.pids() {
            let link = namespace(&pid.to_string());
            if link.is_some_and(|link| !seen.insert(link)) {
                continue;
            }
            // A process may end while we look: then it sees nothing any more.
            let Ok(text) = fs::read(self.proc.join(format!("{pid}/mountinfo"))) else { continue };
            if texts.insert(text.clone()) {
                found.push((pid, text));
            }
        }
        found
    }

    /// The processes that can be seen.
    pub(super) fn pids(&self) -> Vec<u32> {
        let entries = fs::read_dir(&self.proc).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }
}

/// Undoes the kernel's `\040` for a space, and the like.
pub(super) fn unescape(bytes: &[u8]) -> PathBuf {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let octal = bytes.get(at + 1..at + 4).filter(|_| bytes[at] == b'\\');
        let value = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        plain.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 4 } else { 1 };
    }
    OsString::from_vec(plain).into()
}

/// The paths of a list of an overlay: `\:` is a colon within a name.
fn split_layers(list: &Path, end: Option<u8>) -> Vec<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let mut layers = vec![Vec::new()];
    let mut bytes = list.as_os_str().as_bytes().iter();
    while let Some(&byte) = bytes.next() {
        match (byte, layers.last_mut()) {
            (byte, _) if Some(byte) == end => layers.push(Vec::new()),
            (b'\\', Some(layer)) => layer.extend(bytes.next()),
            (byte, Some(layer)) => layer.push(byte),
            (_, None) => {}
        }
    }
    layers.into_iter().map(|layer| OsString::from_vec(layer).into()).collect()
}

/// Number of the mount that a path is found through, if the kernel tells.
pub(super) fn mount_id(path: &Path) -> Option<u64> {
    let stat = statx(CWD, path, AtFlags::STATX_DONT_SYNC, StatxFlags::MNT_ID).ok()?;
    StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::MNT_ID).then_some(stat.stx_mnt_id)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_mount_line_gives_number_folder_and_layers() {
        let line =
            b"36 35 0:30 / /mnt/a\\040b rw - overlay over rw,lowerdir=/a\\134:b:/b,upperdir=/c\\040:d,workdir=/w";
        let mount = Mount::parse(line).unwrap();
        assert_eq!((mount.id, mount.number), (36, DeviceNumber { major: 0, minor: 30 }));
        assert_eq!(mount.folder, Path::new("/mnt/a b"));
        assert_eq!(mount.overlay_layers(), [Path::new("/a:b"), Path::new("/b"), Path::new("/c :d")]);
        assert!(mount.is_writable());
        assert!(Mount::parse(b"36 35 0:30 / /mnt rw").is_none());
    }

    #[test]
    fn a_mount_point_may_have_any_byte_and_any_number_of_tags() {
        let line = b"36 35 7:1 / /mnt/\xFF\\012 rw shared:1 master:2 - ext4 /dev/\xFE ro,errors=continue";
        let mount = Mount::parse(line).unwrap();
        assert_eq!(mount.folder.as_os_str().as_bytes(), b"/mnt/\xFF\n");
        assert_eq!(mount.source.as_os_str().as_bytes(), b"/dev/\xFE");
        assert!(!mount.is_writable());
    }
}
