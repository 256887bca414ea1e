//! Who uses the bytes of a device or file: mounts, swap, devices made of it, processes, and the running system.
//!
//! Everything is asked by the kernel's numbers, never by names, and gathered once.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::{self, Builder};

use crate::device::boot_line::BootLine;
use crate::device::ground::Ground;
use crate::device::grounds::Grounds;
use crate::device::loops::LoopDevice;
use crate::device::mounts::{Mount, mount_id, unescape};
use crate::device::overlays::twins;
use crate::device::processes::Writer;
use crate::device::protect::Protected;
use crate::device::question::Question;
use crate::device::served::Served;
use crate::device::uses::{A_BTRFS, A_JOURNAL, A_POOL};
use crate::device::{DeviceNumber, FileIdentity, System, Use, file_in_use};
use crate::image::SourceFile;

/// Folders whose disk is never written: the system runs from them.
const SYSTEM_FOLDERS: [&str; 8] =
    ["/", "/usr", "/boot", "/boot/efi", "/efi", "/boot/firmware", "/var", "/home"];

/// The first process, whose folders are those of the system for every other.
const INIT: u32 = 1;

/// All that is in use on a machine, gathered once.
#[derive(Debug)]
pub struct InUse {
    system: System,
    mounts: Vec<Mount>,
    loops: Vec<LoopDevice>,
    swaps: Vec<PathBuf>,
    writers: BTreeSet<Writer>,
    served: Vec<Served>,
    boot_line: BootLine,
    protected: Protected,
    second_opinion: Vec<(Ground, Use)>,
    grounds: Grounds,
    questions: Vec<Question>,
}

/// Every use of the device, the worst first. `images` are the files that are to be written to it.
pub fn uses(system: &System, number: DeviceNumber, images: &[SourceFile]) -> Vec<Use> {
    system.in_use(images).of_device(number, images)
}

/// The file that was opened, and all with its bytes by its name.
fn bytes_of(file: &SourceFile, mounts: &[Mount]) -> BTreeSet<Ground> {
    let mut found = twins(&file.path, mounts);
    found.insert(Ground::File(file.identity()));
    found
}

impl System {
    /// Gathers all that is in use. Processes are looked at for block devices, for what loop devices show, and for `files`.
    pub fn in_use(&self, files: &[SourceFile]) -> InUse {
        let mut questions = Vec::new();
        let mounts = self.mounts(&mut questions);
        let loops = self.loops(&mut questions);
        let shown = loops.iter().filter_map(|device| device.shows);
        let watched = files.iter().flat_map(|file| bytes_of(file, &mounts)).chain(shown).collect();
        let gather = || {
            let grounds = Grounds::gather(self, &loops, &mounts);
            let second_opinion = self.second_opinion(&grounds);
            (grounds, second_opinion)
        };
        // Both look at some thousand files of the kernel's, and neither needs the other.
        let (writers, (grounds, second_opinion)) = thread::scope(|scope| {
            let beside = Builder::new().spawn_scoped(scope, gather);
            let writers = self.writers(&watched, &mut questions);
            // Where no thread can be made, it is done here.
            let gathered =
                beside.map_or_else(|_| gather(), |thread| thread.join().unwrap_or_else(|_| gather()));
            (writers, gathered)
        });
        let swaps = self.swaps(&mut questions);
        let served = self.served(&mut questions);
        InUse {
            system: self.clone(),
            mounts,
            loops,
            swaps,
            writers,
            served,
            boot_line: self.boot_line(),
            protected: self.protected(),
            second_opinion,
            grounds,
            questions,
        }
    }

    /// Those of `uses` that this process is to judge, and whether others are left to who opens the device for it.
    pub(crate) fn without_what_others_tell(&self, mut uses: Vec<Use>) -> (Vec<Use>, bool) {
        let count = uses.len();
        if self.lender.is_some() {
            uses.retain(|used| !matches!(used, Use::Unknown { rights_tell: true, .. }));
        }
        let is_left = uses.len() < count;
        (uses, is_left)
    }

    /// The mounts that sysinfo finds, which reads another table in its own way.
    fn second_opinion(&self, grounds: &Grounds) -> Vec<(Ground, Use)> {
        if self.proc != Path::new("/proc") {
            return Vec::new();
        }
        let disks = sysinfo::Disks::new_with_refreshed_list();
        let mounted = |disk: &sysinfo::Disk| match Ground::of_source(Path::new(disk.name()))? {
            Ground::Device(number) => Some((
                Ground::Device(number),
                Use::Mounted {
                    name: grounds.name(number),
                    folder: disk.mount_point().into(),
                    file_system: disk.file_system().to_string_lossy().into_owned(),
                    loops: Vec::new(),
                    seen_by: None,
                    own: None,
                },
            )),
            _ => None,
        };
        disks.iter().flat_map(|disks| disks.iter().filter_map(mounted)).collect()
    }

    /// Devices and files that memory is swapped to. A kernel without swap has no table of it.
    fn swaps(&self, questions: &mut Vec<Question>) -> Vec<PathBuf> {
        let path = self.proc.join("swaps");
        match fs::read(&path) {
            Ok(text) => {
                let names = text.split(|&byte| byte == b'\n').skip(1);
                let names = names.filter_map(|line| line.split(u8::is_ascii_whitespace).next());
                names.filter(|name| !name.is_empty()).map(unescape).collect()
            }
            Err(error) => {
                let is_none = error.kind() == std::io::ErrorKind::NotFound;
                questions.extend((!is_none).then_some(Question::Swaps { path }));
                Vec::new()
            }
        }
    }
}

impl InUse {
    /// Every use of a device, the worst first. `images` are the files that are to be written to it.
    pub fn of_device(&self, number: DeviceNumber, images: &[SourceFile]) -> Vec<Use> {
        let target = self.grounds.same_bytes(Ground::Device(number));
        let mut found = self.of_ground(&target, images);
        if let Some(device) = self.loops.iter().find(|device| device.number == number)
            && let Some(Ground::Device(shown)) = device.shows
        {
            found.push(Use::Shows { device: self.grounds.name(shown) });
        }
        found.extend(self.in_a_pool(number));
        let facts = self.system.facts(number).ok();
        let protection = self.protected.of(&self.system, facts.as_ref());
        found.extend(protection.map(|(list, protection)| protection.into_use(list)));
        found.extend(self.questions.iter().map(Question::as_use));
        found
    }

    /// The device or a part of it, if that may be of a ZFS pool in use.
    fn in_a_pool(&self, number: DeviceNumber) -> Option<Use> {
        let target = BTreeSet::from([Ground::Device(number)]);
        let parts = self.grounds.devices().filter(|part| self.lies_on([Ground::Device(*part)], &target));
        let mut names = parts.map(|part| (self.grounds.name(part), part));
        let found = names.find(|(name, part)| self.system.may_be_in_a_pool(name, *part));
        found.map(|(name, _)| Use::Held { name, holder: A_POOL.into() })
    }

    /// What is to be known of a device that is in no use: that the running system was started from it.
    pub fn notes_of(&self, number: DeviceNumber) -> Vec<String> {
        let target = self.grounds.same_bytes(Ground::Device(number));
        let named =
            self.boot_line.named.iter().filter(|(_, named)| self.lies_on([Ground::Device(*named)], &target));
        named
            .map(|(parameter, named)| {
                let name = self.grounds.name(*named);
                format!("this machine was started with `{parameter}`, which is {name}: it may run from here")
            })
            .collect()
    }

    /// Every use of the file at `path`, the worst first. `images` are the files that are to be written to it.
    pub fn of_file(&self, path: &Path, identity: FileIdentity, images: &[SourceFile]) -> Vec<Use> {
        let mut target = twins(path, &self.mounts);
        target.insert(Ground::File(identity));
        let mut found = self.of_ground(&target, images);
        // This process has nothing open of its own yet, so what it has it was started with.
        let inherited = self.system.inherited(&target).map(|descriptor| Use::OpenHere { descriptor });
        found.extend(inherited.filter(|_| found.is_empty()));
        file_in_use::ask(path, identity, &self.questions, &mut found);
        found
    }

    /// What may change `file` while it is read.
    pub fn changes_to(&self, file: &SourceFile) -> Vec<Use> {
        let target = bytes_of(file, &self.mounts);
        let mounts = self.mounts.iter().filter(|mount| mount.is_writable());
        let mut found = self.mounted(mounts, &target);
        found.extend(self.swapped(&target));
        found.extend(self.held(&target));
        found.extend(self.written(&target));
        let shown = self.loops.iter().any(|device| self.lies_on([Ground::Device(device.number)], &target));
        if found.is_empty() && !shown && file_in_use::has_writer(&file.path) {
            let inherited = self.system.inherited(&target);
            found.push(inherited.map_or(Use::OpenSomewhere, |descriptor| Use::OpenHere { descriptor }));
        }
        found
    }

    /// The uses of what has the bytes of `target`.
    fn of_ground(&self, target: &BTreeSet<Ground>, images: &[SourceFile]) -> Vec<Use> {
        let mut found = Vec::new();
        for folder in SYSTEM_FOLDERS.map(Path::new) {
            let here = self.mounts.iter().filter(|mount| mount.seen_by.is_none_or(|pid| pid == INIT));
            let mounts = here.filter(|mount| mount.folder == folder);
            let mounts = mounts.map(|mount| Ground::Device(mount.number));
            if self.lies_on(self.grounds_of(folder).into_iter().chain(mounts), target) {
                found.push(Use::System { folder: folder.into() });
            }
        }
        let before = found.len();
        // Who was mounted last can be unmounted first.
        found.extend(self.mounted(self.mounts.iter().rev(), target));
        for (ground, used) in &self.second_opinion {
            let Use::Mounted { folder, .. } = used else { continue };
            let is_known = found
                .iter()
                .any(|known| matches!(known, Use::Mounted { folder: known, .. } if known == folder));
            if !is_known && self.lies_on([*ground], target) {
                found.push(used.clone());
            }
        }
        found.extend(self.swapped(target));
        found.extend(self.held(target));
        let sleeps_to =
            self.boot_line.sleeps_to.iter().filter(|to| self.lies_on([Ground::Device(**to)], target));
        found.extend(sleeps_to.map(|to| Use::Sleep { name: self.grounds.name(*to) }).take(1));
        let mut members = self.grounds.btrfs.iter().flatten().copied();
        let member = members.find(|&member| self.lies_on([Ground::Device(member)], target));
        if let Some(member) = member.filter(|_| found.len() == before) {
            let holder = A_BTRFS.into();
            found.push(Use::Held { name: self.grounds.name(member), holder });
        }
        let nobodys = self.grounds.journals.iter().filter(|journal| journal.of.is_none());
        for journal in nobodys.filter(|journal| self.lies_on([Ground::Device(journal.device)], target)) {
            found.push(Use::Held { name: self.grounds.name(journal.device), holder: A_JOURNAL.into() });
        }
        for device in &self.loops {
            let ground = Ground::Device(device.number);
            if !target.contains(&ground) && self.lies_on([ground], target) {
                found.push(Use::Loop { name: device.name.clone(), file: device.file.clone() });
            }
        }
        found.extend(self.written(target));
        let served = self.served.iter().filter(|served| self.lies_on([served.ground], target));
        found.extend(served.map(|served| Use::Served { setting: served.setting.clone() }));
        for image in images {
            // The name may lead to another file by now: the one that was opened counts, and that one too.
            let opened =
                [Ground::File(image.identity()), Ground::Device(DeviceNumber::from_raw(image.device))];
            if !bytes_of(image, &self.mounts).is_disjoint(target) {
                found.push(Use::Image { image: image.path.clone() });
            } else if self.lies_on(self.grounds_of(&image.path).into_iter().chain(opened), target) {
                found.push(Use::Source { image: image.path.clone() });
            }
        }
        found
    }

    fn lies_on(&self, start: impl IntoIterator<Item = Ground>, target: &BTreeSet<Ground>) -> bool {
        !self.grounds.below(start).is_disjoint(target)
    }

    /// What a path lies on: the device or file that it is, and its file system, by number and by the mount that it is
    /// found through: files of a btrfs have other numbers than its mount.
    fn grounds_of(&self, path: &Path) -> Vec<Ground> {
        let Ok(meta) = fs::metadata(path) else { return Vec::new() };
        let number = DeviceNumber::from_raw(meta.dev());
        let is_device = matches!(Ground::of(&meta), Some(Ground::Device(_)));
        let mut found: Vec<Ground> = Ground::of(&meta).into_iter().collect();
        if !is_device {
            found.push(Ground::Device(number));
        }
        if !is_device && !self.grounds.is_block_device(number) {
            let id = mount_id(path);
            let through = self.mounts.iter().filter(|mount| Some(mount.id) == id && number.major == 0);
            found.extend(through.map(|mount| Ground::Device(mount.number)));
        }
        found
    }

    fn mounted<'a>(&self, mounts: impl Iterator<Item = &'a Mount>, target: &BTreeSet<Ground>) -> Vec<Use> {
        let mut found = Vec::new();
        for mount in mounts {
            let number = Ground::Device(mount.number);
            let below = self.grounds.below_mount(mount.number);
            if below.is_disjoint(target) {
                continue;
            }
            let named = mount.named().into_iter().filter(|ground| self.lies_on([*ground], target));
            let device = [number].into_iter().chain(named).find_map(|ground| match ground {
                Ground::Device(number) if self.grounds.is_block_device(number) => {
                    Some(self.grounds.name(number))
                }
                _ => None,
            });
            let used = Use::Mounted {
                name: device.unwrap_or_else(|| mount.file_system.clone()),
                folder: mount.folder.clone(),
                file_system: mount.file_system.clone(),
                loops: self.loops_between(&below, target),
                seen_by: mount.seen_by,
                own: self.is_own(mount, target).then_some(mount.id),
            };
            if !found.contains(&used) {
                found.push(used);
            }
        }
        found
    }

    /// Whether the file system of a mount lies on the target itself and its parts alone, and may be unmounted for the user.
    fn is_own(&self, mount: &Mount, target: &BTreeSet<Ground>) -> bool {
        let is_device = |number: DeviceNumber| {
            let ground = Ground::Device(number);
            target.contains(&ground)
                || self.grounds.disk_of(number).is_some_and(|disk| target.contains(&Ground::Device(disk)))
        };
        let named = mount.named();
        let of_btrfs = self.grounds.btrfs.iter();
        let mut of_btrfs =
            of_btrfs.filter(|members| members.iter().any(|member| named.contains(&Ground::Device(*member))));
        let is_on_it = match self.grounds.is_block_device(mount.number) {
            true => is_device(mount.number),
            // A btrfs has a number of its own, and may lie on several disks.
            false => of_btrfs.next().is_some_and(|members| members.iter().all(|member| is_device(*member))),
        };
        is_on_it && mount.seen_by.is_none() && mount.is_for_sticks()
    }

    /// The loop devices among `below` that are not the target and do not go by themselves, the upper first.
    fn loops_between(&self, below: &BTreeSet<Ground>, target: &BTreeSet<Ground>) -> Vec<String> {
        let stays = |device: &&LoopDevice| {
            let ground = Ground::Device(device.number);
            let is_between = below.contains(&ground) && !target.contains(&ground);
            is_between && !device.goes_by_itself && self.lies_on([ground], target)
        };
        let mut loops: Vec<&LoopDevice> = self.loops.iter().filter(stays).collect();
        loops.sort_by_key(|device| {
            let below = self.grounds.below([Ground::Device(device.number)]);
            std::cmp::Reverse(below.len())
        });
        loops.into_iter().map(|device| device.name.clone()).collect()
    }

    fn swapped(&self, target: &BTreeSet<Ground>) -> Vec<Use> {
        let on_it = self.swaps.iter().filter(|path| self.lies_on(self.grounds_of(path), target));
        on_it.map(|path| Use::Swap { name: path.clone() }).collect()
    }

    fn held(&self, target: &BTreeSet<Ground>) -> Vec<Use> {
        let stacked = self.grounds.stacked.iter();
        let on_it = stacked.filter(|(_, held)| self.lies_on([Ground::Device(*held)], target));
        on_it
            .map(|(holder, held)| Use::Held {
                name: self.grounds.name(*held),
                holder: self.title_of(&self.grounds.name(*holder)),
            })
            .collect()
    }

    /// `dm-0 (name in the device mapper)`, or the name as it is.
    fn title_of(&self, name: &str) -> String {
        match self.system.text(&self.system.sys.join("block").join(name).join("dm/name")) {
            mapped if mapped.is_empty() => name.to_owned(),
            mapped => format!("{name} ({mapped})"),
        }
    }

    /// The processes that may write to it. A file that only lies on it is a matter of its file system.
    fn written(&self, target: &BTreeSet<Ground>) -> Vec<Use> {
        let on_it = |writer: &&Writer| match writer.ground {
            Ground::File(_) => target.contains(&writer.ground),
            device => self.lies_on([device], target),
        };
        let mut pids = BTreeSet::new();
        let writers = self.writers.iter().filter(on_it).filter(|writer| pids.insert(writer.pid));
        writers.map(|writer| Use::Open { pid: writer.pid, command: writer.command.clone() }).collect()
    }
}
