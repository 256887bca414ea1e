//! Gives away all rights of this process.

use std::io;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope,
};
use rustix::process::{Gid, Resource, Rlimit, Uid, geteuid, setrlimit};
use rustix::thread::{
    CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};

/// The user and the group that own nothing.
pub const NOBODY: u32 = 65_534;
/// Most memory: what is looked at needs a tenth of it.
const MEMORY_MAX: u64 = 1 << 30;
/// Most seconds of the processor: an image may be looked at for some.
const SECONDS_MAX: u64 = 300;

/// This process has no rights: it was made [nobody's](confine), and can open nothing.
pub struct Confined(());

/// Becomes nobody and can never be anybody again; where the kernel knows Landlock, all of the file system, the network and
/// other processes are out of reach too. Descriptors that are open stay, and others can still be received.
///
/// Only the thread that calls it changes, so it must be the only one.
///
/// # Errors
///
/// What the system says; `PermissionDenied` if this process neither can become nobody nor has Landlock.
pub fn confine() -> io::Result<Unlimited> {
    let is_nobody = !geteuid().is_root() || become_nobody().is_ok();
    set_no_new_privs(true)?;
    let nothing = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: nothing, permitted: nothing, inheritable: nothing })?;
    let is_locked = lock()?;
    if is_nobody || is_locked { Ok(Unlimited(())) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

/// A process that is nobody's and may still receive descriptors.
pub struct Unlimited(());

impl Unlimited {
    /// Ends that too: from now on no file can be opened or made longer, no process and no thread started.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn limit(self) -> io::Result<Confined> {
        for (resource, most) in [
            (Resource::Nofile, 0),
            (Resource::Nproc, 0),
            (Resource::Fsize, 0),
            (Resource::Core, 0),
            (Resource::As, MEMORY_MAX),
            (Resource::Cpu, SECONDS_MAX),
        ] {
            setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
        }
        Ok(Confined(()))
    }
}

fn become_nobody() -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    Ok(set_thread_res_uid(uid, uid, uid)?)
}

/// Whether the kernel keeps this process from files. One that knows less of Landlock keeps it from what it knows.
fn lock() -> io::Result<bool> {
    let abi = ABI::V6;
    let all = || {
        let rules = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
        let rules = rules.handle_access(AccessFs::from_all(abi))?;
        let rules = rules.handle_access(AccessNet::from_all(abi))?.scope(Scope::from_all(abi))?;
        rules.create()?.restrict_self()
    };
    let status = all().map_err(io::Error::other)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}
