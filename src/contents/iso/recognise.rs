//! Which system is on a disc, and whether it looks for the CD again.
//!
//! In real mode every system reads the CD in RAM through INT 13h. What matters is what it does when it leaves real
//! mode: a kernel with drivers of its own sees no drive there unless one of them knows RAM disks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::blocks::{BLOCK_LEN, Blocks};
use super::boot_entry::Emulation;
use super::disc::Disc;
use super::error::IsoError;
use crate::image::{Metered, Source};

/// Bytes of the disc that are looked at: its directories, as often as a name is looked for.
const LOOKED_AT_MAX: u64 = 128 << 20;
/// Most bytes of boot code that are searched for names.
const BOOT_CODE_MAX: u64 = 1 << 20;

/// A Linux that runs from its disc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LiveSystem {
    /// Debian's live-boot.
    DebianLive,
    /// Ubuntu's casper.
    Casper,
    /// Fedora and its relatives: dracut's live module.
    LiveOs,
    /// Arch Linux and its relatives.
    Arch,
    /// Slax, Porteus and other relatives of Linux Live.
    LinuxLive,
    /// Puppy Linux.
    Puppy,
    /// Knoppix and its relatives.
    Knoppix,
    /// An Alpine disc.
    Alpine,
    /// SystemRescue.
    SystemRescue,
    /// An installer of Debian or Ubuntu.
    DebianInstaller,
    /// A Linux that is none of these.
    Other,
}

impl fmt::Display for LiveSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DebianLive => "a live system with live-boot, as Debian's",
            Self::Casper => "a live system with casper, as Ubuntu's",
            Self::LiveOs => "a live system with dracut, as Fedora's",
            Self::Arch => "a live system with archiso, as Arch Linux's",
            Self::LinuxLive => "a live system of the Slax and Porteus family",
            Self::Puppy => "a Puppy Linux",
            Self::Knoppix => "a live system of the Knoppix family",
            Self::Alpine => "an Alpine Linux",
            Self::SystemRescue => "a SystemRescue",
            Self::DebianInstaller => "an installer of the Debian family",
            Self::Other => "a Linux",
        })
    }
}

/// What is on a disc, by what it does with the CD once it has left real mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum System {
    /// A Linux that looks for its files on the CD again.
    LinuxLive {
        /// Which kind.
        kind: LiveSystem,
        /// Whether its loader is GRUB and not ISOLINUX.
        grub: bool,
    },
    /// A Linux that is whole once its initrd is loaded.
    LinuxInitrd,
    /// Windows Vista or newer, its setup or Windows PE: `BOOTMGR` and `SOURCES/BOOT.WIM`.
    WindowsPe,
    /// The setup of Windows 2000, XP or Server 2003, in text mode.
    WindowsSetup,
    /// ReactOS, whose kernel is of the same family.
    ReactOs,
    /// FreeBSD, whose loader tells its kernel of a MEMDISK drive.
    FreeBsd,
    /// Boot code of GRUB and no system beside it: a tool, or an own collection.
    Grub,
    /// Boot code of ISOLINUX and no system beside it that is known.
    Isolinux,
    /// An emulated floppy or hard disk: DOS, or a tool in its place.
    Dos,
    /// Nothing that is known.
    Unknown,
    /// Its directories are too large to be looked through.
    TooLarge,
}

impl System {
    /// Whether it looks for the CD again with drivers of its own, and so does not find it without help.
    pub fn looks_again(&self) -> bool {
        matches!(self, Self::LinuxLive { .. } | Self::WindowsSetup | Self::ReactOs)
    }

    /// What happens when it is booted from RAM, in one line for people.
    pub fn statement(&self) -> String {
        match self {
            Self::LinuxLive { kind, grub } => {
                let loader = if *grub { "GRUB" } else { "ISOLINUX" };
                format!("{kind}, with {loader}: its kernel looks for the CD again and does not see the one in RAM")
            }
            Self::LinuxInitrd => "a Linux that is whole in its initrd, which works from RAM".into(),
            Self::WindowsPe => {
                "Windows PE or a setup of Vista or newer: BOOTMGR copies boot.wim to a RAM disk of its own, so PE \
                 starts; a setup asks for the CD again"
                    .into()
            }
            Self::WindowsSetup => {
                "a setup of Windows 2000, XP or 2003: from text mode on it needs a driver to see the CD in RAM".into()
            }
            Self::ReactOs => "ReactOS: its kernel needs a driver to see the CD in RAM".into(),
            Self::FreeBsd => "FreeBSD: its loader finds the CD in RAM and tells the kernel of it".into(),
            Self::Grub => "GRUB: what it loads by itself works from RAM".into(),
            Self::Isolinux => "ISOLINUX: what it loads by itself works from RAM".into(),
            Self::Dos => "DOS or a tool: it asks the BIOS for its disk, which works from RAM".into(),
            Self::Unknown => "no system that is known; one that asks the BIOS for its disk works from RAM".into(),
            Self::TooLarge => "its directories are too large to be looked through: which it is cannot be told".into(),
        }
    }

    /// What the user can do so that it finds the CD; `None` where nothing is needed.
    pub fn advice(&self) -> Option<&'static str> {
        match self {
            Self::LinuxLive { .. } => {
                Some("write with --linux-phram and load the file it makes as a second initrd (docs/linux.md)")
            }
            Self::WindowsPe => {
                Some("if its setup asks for a driver, FiraDisk for the running PE lets it see the CD in RAM")
            }
            Self::WindowsSetup => Some(
                "add `--floppy` with an image of FiraDisk's or WinVBlock's driver floppy, and press F6 in setup",
            ),
            Self::ReactOs => Some("use its disk image instead, with WinVBlock or FiraDisk installed"),
            Self::Dos => {
                Some("the rest of the CD is a drive only with ELTORITO.SYS, which asks the BIOS for it")
            }
            Self::LinuxInitrd
            | Self::FreeBsd
            | Self::Grub
            | Self::Isolinux
            | Self::Unknown
            | Self::TooLarge => None,
        }
    }
}

/// Files that give a live system away, the first that is there wins.
const LIVE: &[(&str, LiveSystem)] = &[
    ("live/filesystem.squashfs", LiveSystem::DebianLive),
    ("live/filesyst.squ", LiveSystem::DebianLive),
    ("casper", LiveSystem::Casper),
    ("LiveOS", LiveSystem::LiveOs),
    ("sysresccd", LiveSystem::SystemRescue),
    ("arch", LiveSystem::Arch),
    ("slax", LiveSystem::LinuxLive),
    ("porteus", LiveSystem::LinuxLive),
    ("puppy.sfs", LiveSystem::Puppy),
    ("KNOPPIX/KNOPPIX", LiveSystem::Knoppix),
    ("boot/modloop-lts", LiveSystem::Alpine),
    ("boot/modloop-vanilla", LiveSystem::Alpine),
    ("install.386", LiveSystem::DebianInstaller),
    ("install.amd", LiveSystem::DebianInstaller),
    ("live", LiveSystem::DebianLive),
];

/// Initial file systems that hold a whole system: Tiny Core's, SliTaz', and the small disc of Debian's installer.
const WHOLE_INITRDS: &[&str] =
    &["boot/core.gz", "boot/tinycore.gz", "boot/corepure64.gz", "boot/rootfs.gz", "boot/rootfs4.gz"];

/// Kernels in the usual places, of a Linux that is not known otherwise.
const KERNELS: &[&str] = &[
    "vmlinuz",
    "isolinux/vmlinuz",
    "isolinux/linux",
    "boot/vmlinuz",
    "boot/bzimage",
    "boot/isolinux/vmlinuz",
    "boot/x86_64/loader/linux",
    "boot/i386/loader/linux",
    "images/pxeboot/vmlinuz",
];

/// Looks at the files and the boot code of `disc`, whose bytes are `source`, and says which system it is.
///
/// # Errors
///
/// [`IsoError::Read`] if the image cannot be read.
pub fn recognise(disc: &Disc, source: &dyn Source) -> Result<System, IsoError> {
    let metered = Metered::new(source, LOOKED_AT_MAX);
    let found = look(disc, Blocks { source: &metered });
    if metered.is_spent() { Ok(System::TooLarge) } else { found }
}

fn look(disc: &Disc, blocks: Blocks) -> Result<System, IsoError> {
    let has = |path: &str| -> Result<bool, IsoError> {
        for tree in &disc.trees {
            if tree.find(blocks, path)?.is_some() {
                return Ok(true);
            }
        }
        disc.udf.map_or(Ok(false), |udf| udf.has(blocks, path))
    };
    let any = |paths: &[&str]| -> Result<bool, IsoError> {
        for path in paths {
            if has(path)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let code = boot_code(disc, blocks)?;
    let says = |text: &str| code.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    // Where the files cannot be looked at, Microsoft's boot code tells its discs apart.
    let microsoft = says("CDBOOT: ");
    if (has("bootmgr")? && any(&["sources/boot.wim", "boot/boot.sdi"])?) || (microsoft && says("BOOTMGR")) {
        return Ok(System::WindowsPe);
    }
    if any(&["reactos/reactos.exe", "reactos/ntoskrnl.exe"])? {
        return Ok(System::ReactOs);
    }
    if any(&["i386/txtsetup.sif", "i386/setupldr.bin", "amd64/setupldr.bin"])?
        || (microsoft && says("SETUPLDR.BIN"))
    {
        return Ok(System::WindowsSetup);
    }
    if has("boot/kernel/kernel")? || (has("boot/loader")? && has("boot/cdboot")?) {
        return Ok(System::FreeBsd);
    }
    let isolinux = says("ISOLINUX ");
    let grub = !isolinux && (any(&["boot/grub", "boot/grub2"])? || says("GRUB "));
    for (path, kind) in LIVE {
        if has(path)? {
            return Ok(System::LinuxLive { kind: *kind, grub });
        }
    }
    // The installer's small disc has its files at the top and no packages.
    if any(WHOLE_INITRDS)? || (has("linux")? && has("initrd.gz")? && !has("pool")?) {
        return Ok(System::LinuxInitrd);
    }
    if any(KERNELS)? {
        return Ok(System::LinuxLive { kind: LiveSystem::Other, grub });
    }
    let emulated = disc.boot.as_ref().is_some_and(|boot| boot.emulation != Emulation::NoEmulation);
    Ok(match (emulated, isolinux, grub) {
        (true, ..) => System::Dos,
        (_, true, _) => System::Isolinux,
        (.., true) => System::Grub,
        _ => System::Unknown,
    })
}

/// The boot image of a disc without emulation, as far as names in it are looked for; empty if there is none.
fn boot_code(disc: &Disc, blocks: Blocks) -> Result<Vec<u8>, IsoError> {
    let Some(boot) = disc.boot.as_ref().filter(|boot| boot.emulation == Emulation::NoEmulation) else {
        return Ok(Vec::new());
    };
    let wanted = u64::from(boot.load_sectors) * 512;
    // The code goes on behind the block that a BIOS loads.
    let mut code = vec![0; wanted.clamp(16 * BLOCK_LEN, BOOT_CODE_MAX) as usize];
    let there = blocks.bytes(u64::from(boot.load_lba), &mut code)?;
    code.truncate(there);
    Ok(code)
}
