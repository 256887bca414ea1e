//! Gives away all rights of this process.

use std::ffi::OsStr;
use std::time::Duration;
use std::{fs, io};

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, Scope};
use rustix::io::Errno;
use rustix::process::{Gid, Resource, Rlimit, Uid, geteuid, getgid, getrlimit, getuid, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};

use crate::image::DISK_LEN_MAX;

/// The user and the group that own nothing.
pub const NOBODY: u32 = 65_534;
/// Most memory: what is looked at needs a tenth of it.
const MEMORY_MAX: u64 = 1 << 30;

/// What a process without rights may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// It looks at an image, for some time, and makes no file longer.
    Looking,
    /// It unpacks one into a file that is open.
    Unpacking,
    /// It reads all of a stick, and makes no file longer.
    Proving,
    /// It takes an image out of a stick, into a file that is open.
    TakingOut,
    /// It reads an image and serves its bytes, and makes no file longer.
    Serving,
}

impl Limits {
    /// Most seconds of the processor.
    pub(super) fn seconds(self) -> u64 {
        match self {
            Self::Looking => 300,
            Self::Unpacking => 3600,
            // The largest stick in the slowest machine.
            Self::Proving | Self::TakingOut | Self::Serving => 6 * 3600,
        }
    }

    /// How long it may take in all; or, if it gives signs of life, from one to the next.
    pub(super) fn patience(self) -> Duration {
        match self {
            // For reading.
            Self::Looking | Self::Unpacking => Duration::from_secs(self.seconds()) * 2,
            // A stick takes minutes for a sector that cannot be read.
            Self::Proving | Self::TakingOut | Self::Serving => Duration::from_secs(1800),
        }
    }

    /// Longest answer: a Windows has sixteen drivers of at most a few paths; a stick ten thousand names, and some thousand findings.
    pub(super) fn answer_len(self) -> u64 {
        match self {
            Self::Looking | Self::Unpacking | Self::Serving => 8 << 20,
            Self::Proving | Self::TakingOut => 24 << 20,
        }
    }

    /// What such a process is told by its argument.
    pub(super) fn argument(self) -> &'static str {
        match self {
            Self::Looking => "",
            Self::Unpacking => "and unpacks",
            Self::Proving => "and proves",
            Self::TakingOut => "and takes out",
            Self::Serving => "and serves",
        }
    }

    /// Those that are meant by an argument.
    pub(super) fn of_argument(argument: Option<&OsStr>) -> Self {
        let all = [Self::Unpacking, Self::Proving, Self::TakingOut, Self::Serving];
        let is_meant = |limits: &Self| argument.is_some_and(|argument| argument == limits.argument());
        all.into_iter().find(is_meant).unwrap_or(Self::Looking)
    }

    /// Most bytes of a file that it writes.
    fn file_len(self) -> u64 {
        match self {
            Self::Looking | Self::Proving | Self::Serving => 0,
            Self::Unpacking | Self::TakingOut => DISK_LEN_MAX,
        }
    }
}

/// This process has no rights: it was made [nobody's](confine), and can open nothing.
pub struct Confined(());

/// Becomes nobody and can never be anybody again; where the kernel knows Landlock, all of the file system, the network and
/// other processes are out of reach too. Descriptors that are open stay, and others can still be received.
///
/// Only the thread that calls it changes, so it must be the only one.
///
/// Who is not root, and got rights from the program's file, becomes who started it. A root of a user namespace that has
/// no other user in it stays what it is: without capabilities it is its user outside.
///
/// # Errors
///
/// What the system says, above all if this process cannot become nobody.
pub fn confine() -> io::Result<Unlimited> {
    if geteuid().is_root() {
        become_nobody()?;
    } else {
        become_user(getuid(), getgid())?;
    }
    set_no_new_privs(true)?;
    let nothing = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: nothing, permitted: nothing, inheritable: nothing })?;
    lock()?;
    Ok(Unlimited(()))
}

/// A process that is nobody's and may still receive descriptors.
pub struct Unlimited(());

impl Unlimited {
    /// Ends that too: from now on no file can be opened, no process and no thread started, and no more taken than `limits`
    /// allows.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn limit(self, limits: Limits) -> io::Result<Confined> {
        for (resource, most) in [
            (Resource::Nofile, 0),
            (Resource::Nproc, 0),
            (Resource::Fsize, limits.file_len()),
            (Resource::Core, 0),
            (Resource::As, MEMORY_MAX),
            (Resource::Cpu, limits.seconds()),
        ] {
            // What was limited more stays so.
            let most = getrlimit(resource).maximum.map_or(most, |limit| limit.min(most));
            setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
        }
        Ok(Confined(()))
    }
}

fn become_nobody() -> io::Result<()> {
    if !knows_nobody() {
        return Ok(());
    }
    Ok(become_user(Uid::from_raw(NOBODY), Gid::from_raw(NOBODY))?)
}

/// Whether the user namespace has this user; where that cannot be read, it is tried.
fn knows_nobody() -> bool {
    let Ok(map) = fs::read_to_string("/proc/self/uid_map") else { return true };
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let &[first, _, count] = &numbers[..] else { return true };
        (first..first.saturating_add(count)).contains(&u64::from(NOBODY))
    })
}

fn become_user(uid: Uid, gid: Gid) -> Result<(), Errno> {
    match set_thread_groups(&[]) {
        // Only root can leave groups; who is not root had them before.
        Err(Errno::PERM) if !geteuid().is_root() => {}
        left => left?,
    }
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)
}

/// Lets the kernel keep this process from files. One that knows less of Landlock keeps it from what it knows.
fn lock() -> io::Result<()> {
    let abi = ABI::V6;
    let all = || {
        let rules = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
        let rules = rules.handle_access(AccessFs::from_all(abi))?;
        let rules = rules.handle_access(AccessNet::from_all(abi))?.scope(Scope::from_all(abi))?;
        rules.create()?.restrict_self()
    };
    all().map_err(io::Error::other)?;
    Ok(())
}
