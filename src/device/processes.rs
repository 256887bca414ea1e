//! Processes that hold a file or device open for writing.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

use rustix::fs::{AtFlags, CWD, FileType, StatxFlags, makedev, statx};
use rustix::io::Errno;

use crate::device::ground::Ground;
use crate::device::kernel_files::names;
use crate::device::question::Question;
use crate::device::{DeviceNumber, System};

/// Access mode in the flags of an open file: read only.
const READ_ONLY: u32 = 0;
/// The bits of the access mode.
const ACCESS_MODE: u32 = 3;
/// Threads that look at the processes of the machine, of which a desktop has some hundreds.
const LOOKERS: usize = 2;
/// Major number of `/dev/sg*`.
const SCSI_GENERIC: u32 = 21;

/// A process that may write to a file or device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Writer {
    pub pid: u32,
    /// Name of its program.
    pub command: String,
    pub ground: Ground,
}

impl System {
    /// The processes, but for this one, that hold a block device or one of the files `watched` open for writing, or map
    /// one into memory so that what they write there gets into it.
    pub(super) fn writers(
        &self,
        watched: &BTreeSet<Ground>,
        questions: &mut Vec<Question>,
    ) -> BTreeSet<Writer> {
        let own = fs::read_link(self.proc.join("self")).ok();
        let own = own.and_then(|path| path.to_str()?.parse::<u32>().ok());
        let mut pids = self.pids();
        // Every namespace of processes has a first one: where it is not seen, procfs hides those of other users.
        let are_hidden = own.is_some() && !pids.contains(&1);
        pids.retain(|pid| Some(*pid) != own);
        let next = AtomicUsize::new(0);
        let share = || self.writers_among(&pids, &next, watched);
        let (writers, unseen) = thread::scope(|scope| {
            let beside: Vec<_> =
                (1..LOOKERS).filter_map(|_| Builder::new().spawn_scoped(scope, share).ok()).collect();
            // Where no thread can be made, all is done here.
            let (mut writers, mut unseen) = share();
            for thread in beside {
                let (others, is_unseen) = thread.join().unwrap_or_else(|_| (BTreeSet::new(), true));
                writers.extend(others);
                unseen |= is_unseen;
            }
            (writers, unseen)
        });
        if unseen || are_hidden {
            questions.push(Question::Processes);
        }
        writers
    }

    /// Those of the processes at the place `next` and behind it, which others take from, too; and whether there are some that the
    /// system does not let us look at.
    fn writers_among(
        &self,
        pids: &[u32],
        next: &AtomicUsize,
        watched: &BTreeSet<Ground>,
    ) -> (BTreeSet<Writer>, bool) {
        let (mut writers, mut unseen) = (BTreeSet::new(), false);
        let is_wanted = |ground: &Ground| !matches!(ground, Ground::File(_)) || watched.contains(ground);
        while let Some(&pid) = pids.get(next.fetch_add(1, Ordering::Relaxed)) {
            let folder = self.proc.join(pid.to_string());
            match written(&folder, &is_wanted) {
                Ok(grounds) if grounds.is_empty() => {}
                Ok(grounds) => {
                    let command = self.text(&folder.join("comm"));
                    let of = |ground| Writer { pid, command: command.clone(), ground };
                    writers.extend(grounds.into_iter().map(of));
                }
                Err(_) => unseen = true,
            }
        }
        (writers, unseen)
    }
}

impl System {
    /// The first descriptor by which this process has one of the files open for writing.
    pub(super) fn inherited(&self, files: &BTreeSet<Ground>) -> Option<u32> {
        let folder = self.proc.join("self");
        let mut descriptors: Vec<u32> =
            names(&folder.join("fd")).iter().filter_map(|name| name.parse().ok()).collect();
        descriptors.sort_unstable();
        descriptors.into_iter().find(|descriptor| {
            let name = descriptor.to_string();
            let is_one =
                ground_at(&folder.join("fd").join(&name)).is_some_and(|ground| files.contains(&ground));
            is_one
                && fs::read_to_string(folder.join("fdinfo").join(&name))
                    .is_ok_and(|text| is_for_writing(&text))
        })
    }
}

/// What a process holds open for writing or maps so.
///
/// # Errors
///
/// If the system does not let us look. A process that ended has nothing open.
fn written(folder: &Path, is_wanted: &dyn Fn(&Ground) -> bool) -> io::Result<BTreeSet<Ground>> {
    // Asked before: a thread that runs another program takes the place of the first one, with its files.
    let has_one_thread = has_one_thread(folder);
    let mut found = open_files(folder, is_wanted)?;
    if found.is_none() && !has_one_thread {
        // The first thread has ended, and others may go on with the files.
        for thread in unless_gone(fs::read_dir(folder.join("task")))?.into_iter().flatten() {
            let Some(thread) = unless_gone(thread)? else { continue };
            let files = open_files(&thread.path(), is_wanted)?.unwrap_or_default();
            found.get_or_insert_default().extend(files);
        }
    }
    let mut found = found.unwrap_or_default();
    // Some processes let nobody look at their memory, not even the superuser. What they map, most of them have open too.
    let maps = fs::read(folder.join("maps")).unwrap_or_default();
    found.extend(mapped(folder, &maps).into_iter().filter(is_wanted));
    Ok(found)
}

/// Whether it surely has no thread but the first: each has a folder, and a folder has a link for itself, one from above, and one
/// from each folder in it. Most processes of a machine are the kernel's own, which have one thread and no files.
fn has_one_thread(folder: &Path) -> bool {
    fs::metadata(folder.join("task")).is_ok_and(|task| task.nlink() == 3)
}

/// The files that are open for writing; `None` if none at all are open.
fn open_files(folder: &Path, is_wanted: &dyn Fn(&Ground) -> bool) -> io::Result<Option<BTreeSet<Ground>>> {
    let Some(entries) = unless_gone(fs::read_dir(folder.join("fd")))? else { return Ok(None) };
    let mut found = None;
    for entry in entries {
        let Some(entry) = unless_gone(entry)? else { continue };
        let found: &mut BTreeSet<Ground> = found.get_or_insert_default();
        let wanted = ground_at(&entry.path()).filter(|ground| is_wanted(ground));
        if let Some(wanted) = wanted {
            // It may have been closed while we looked.
            let flags = unless_gone(fs::read_to_string(folder.join("fdinfo").join(entry.file_name())))?;
            found.extend(flags.filter(|text| is_for_writing(text)).map(|_| wanted));
        }
    }
    Ok(found)
}

/// What was read of a process; nothing of one, or of what it had open, that has gone meanwhile.
///
/// # Errors
///
/// Any other: that there are no more descriptors, too.
fn unless_gone<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                || error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) =>
        {
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// Whether a text of `fdinfo` says so. A descriptor that only names a file says that it reads.
fn is_for_writing(fdinfo: &str) -> bool {
    let flags = fdinfo.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & ACCESS_MODE != READ_ONLY)
}

/// The files and devices of shared mappings that can be written (proc_pid_maps(5)). The link beside the table tells which
/// they are; where it cannot be followed, the table's own numbers do.
fn mapped(folder: &Path, maps: &[u8]) -> Vec<Ground> {
    let mut found = Vec::new();
    for line in maps.split(|&byte| byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let mut fields = text.split_ascii_whitespace();
        let (Some(range), Some(access), _, Some(device), Some(inode)) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        if !(access.contains('w') && access.contains('s')) {
            continue;
        }
        let by_table = || {
            let (major, minor) = device.split_once(':')?;
            let number = |digits| u32::from_str_radix(digits, 16).ok();
            Some(Ground::File((makedev(number(major)?, number(minor)?), inode.parse().ok()?)))
        };
        found.extend(ground_at(&folder.join("map_files").join(range)).or_else(by_table));
    }
    found
}

/// What a link of procfs leads to. A file system that does not answer is not waited for.
fn ground_at(path: &Path) -> Option<Ground> {
    let stat = statx(CWD, path, AtFlags::STATX_DONT_SYNC, StatxFlags::TYPE | StatxFlags::INO).ok()?;
    match FileType::from_raw_mode(stat.stx_mode.into()) {
        FileType::BlockDevice => {
            Some(Ground::Device(DeviceNumber { major: stat.stx_rdev_major, minor: stat.stx_rdev_minor }))
        }
        FileType::CharacterDevice if stat.stx_rdev_major == SCSI_GENERIC => {
            Some(Ground::Generic(DeviceNumber { major: stat.stx_rdev_major, minor: stat.stx_rdev_minor }))
        }
        FileType::RegularFile => {
            Some(Ground::File((makedev(stat.stx_dev_major, stat.stx_dev_minor), stat.stx_ino)))
        }
        _ => None,
    }
}
