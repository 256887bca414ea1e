//! Whether the start of a Windows comes as far as its kernel: boot code, the active partition, kernel and HAL.

use super::answer::{Family, Windows};
use super::volumes::{VolumePlace, WindowsVolume};
use crate::contents::boot_code::{Starts, starts};
use crate::contents::bytes::sector;
use crate::contents::facts::{ImageFacts, Warning};
use crate::contents::kind::Kind;
use crate::contents::will_boot::{NoStart, PartFault};
use crate::image::Source;
use crate::units::shell_word;

/// What every Windows of NTLDR starts unless a switch names another.
const KERNEL: &str = "ntoskrnl.exe";
/// What it may start instead, with PAE or protection of data.
const KERNEL_PAE: &str = "ntkrnlpa.exe";
const HAL: &str = "hal.dll";

/// Adds what is wrong before a boot loader runs; `loader` is where that is.
pub(super) fn problems(windows: &mut Windows, source: &dyn Source, facts: &ImageFacts, loader: VolumePlace) {
    let image = shell_word(&facts.path);
    let number = loader.number.max(1);
    let is_late = windows.family == Family::Bootmgr || windows.family == Family::Pe;
    for warning in &facts.warnings {
        let Warning::NoStart(fault) = warning else { continue };
        let fix = match fault {
            NoStart::NoActive | NoStart::ManyActive { .. } => {
                format!("`sfdisk --activate {image} {number}` makes partition {number} the active one")
            }
            NoStart::NoTable => "write it with `--kind partition`, or copy the whole disk".into(),
            NoStart::Partition { why: PartFault::Outside, .. } => "copy the whole disk again".into(),
            NoStart::NoCode { table: true } | NoStart::NoneMarked | NoStart::NoSuchPartition { .. }
                if is_late =>
            {
                "run `bootrec /fixmbr` from the CD of the same Windows".into()
            }
            NoStart::NoCode { table: true } | NoStart::NoneMarked | NoStart::NoSuchPartition { .. } => {
                format!(
                    "`dd if=/usr/lib/syslinux/mbr/mbr.bin of={image} bs=440 count=1 conv=notrunc` puts code there, or \
                 `fixmbr` in the recovery console"
                )
            }
            NoStart::Partition { .. } | NoStart::NoCode { table: false } | NoStart::Dummy(_) => {
                boot_sector(windows)
            }
        };
        windows.stop(&fault.to_string(), &fix);
    }
    let stops = windows.problems.iter().any(|problem| problem.stops);
    if by_table(source, facts) == Some(Starts::Active) && !loader.active && !stops {
        let problem = format!("its boot loader is on partition {number}, and another partition is active");
        let fix = format!("`sfdisk --activate {image} {number}` makes partition {number} the active one");
        windows.stop(&problem, &fix);
    }
}

/// What the code in sector 0 starts; `None` unless that is a master boot record.
pub(super) fn by_table(source: &dyn Source, facts: &ImageFacts) -> Option<Starts> {
    let has_record = facts.kind == Kind::HardDisk && facts.disk_signature.is_some();
    sector(source, 0).filter(|_| has_record).map(|first| starts(&first))
}

/// What writes the boot sector of a partition.
fn boot_sector(windows: &Windows) -> String {
    match windows.family {
        Family::Ntldr => "run `fixboot` in the recovery console of its CD, which writes the boot sector",
        Family::Dos => "run `sys c:` from its boot floppy, which writes the boot sector",
        Family::Reactos => "install its boot loader again from its CD",
        Family::Bootmgr | Family::Pe | Family::Unreadable => {
            "run `bootsect /nt60 C: /mbr` from the CD of the same Windows, which writes the boot sector"
        }
    }
    .into()
}

/// The name that `file` of `system32` has in this Windows: kernel and HAL have the one that a switch of the boot menu gives.
pub(crate) fn system_file<'f>(windows: &'f Windows, file: &'f str) -> &'f str {
    let switch = |name| windows.boot_entry.as_ref().and_then(|entry| entry.switch(name)).unwrap_or(file);
    match () {
        () if file.eq_ignore_ascii_case(KERNEL) => switch("kernel"),
        () if file.eq_ignore_ascii_case(HAL) => switch("hal"),
        () => file,
    }
}

/// Adds that kernel or HAL are missing from `folder`; gives the name of the kernel that starts.
pub(super) fn kernel_and_hal(windows: &mut Windows, volume: &WindowsVolume<'_>, folder: &str) -> String {
    let switch = |name| windows.boot_entry.as_ref().and_then(|entry| entry.switch(name)).map(str::to_owned);
    let (named_kernel, named_hal) = (switch("kernel"), switch("hal"));
    let kernel = named_kernel.clone().unwrap_or_else(|| KERNEL.into());
    if !matches!(windows.family, Family::Ntldr | Family::Reactos) {
        return kernel;
    }
    // What cannot be read is not missing.
    let is_missing =
        |file: &str| matches!(volume.files.has(&format!("{folder}\\system32\\{file}")), Ok(false));
    let is_other = named_kernel.is_none() && is_missing(KERNEL) && !is_missing(KERNEL_PAE);
    let hal = named_hal.unwrap_or_else(|| HAL.into());
    for file in [&kernel, &hal] {
        if !is_missing(file) {
            continue;
        }
        let path = format!("{folder}\\system32\\{file}");
        let problem = format!("`\\{path}` is missing");
        let fix = format!("copy `{file}` from the CD of the same Windows, or the whole disk again");
        if is_other && *file == kernel {
            let problem =
                format!("{problem}: it starts with `{KERNEL_PAE}` alone, where the machine has PAE");
            windows.warn(&problem, &fix);
        } else {
            windows.stop(&problem, &fix);
        }
    }
    if is_other { KERNEL_PAE.into() } else { kernel }
}
