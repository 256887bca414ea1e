//! The list: every guest, every form that it can take, and what it shows when it is up.

use std::path::{Path, PathBuf};

use super::media;

/// What kind of disk an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Floppy,
    Disk,
    /// A disc without emulation.
    Cd,
    /// A disc that emulates a floppy.
    CdFloppy,
    /// A disc that emulates a hard disk.
    CdDisk,
}

impl Form {
    /// The value of `--kind`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Floppy => "floppy",
            Self::Disk => "hdd",
            Self::Cd | Self::CdFloppy | Self::CdDisk => "cd",
        }
    }

    /// The option of MEMDISK that says the same.
    pub fn memdisk(self) -> &'static str {
        match self {
            Self::Floppy => "floppy",
            Self::Disk => "harddisk",
            Self::Cd | Self::CdFloppy | Self::CdDisk => "iso",
        }
    }
}

/// One thing that a user does or sees.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A text on the screen.
    See(&'static str),
    /// A text on COM1.
    Serial(&'static str),
    /// A key, by QEMU's name.
    Key(&'static str),
    /// A command behind a prompt; each letter is waited for.
    Enter(&'static str, &'static str),
}

use Step::{Enter, Key, See, Serial};

/// A guest in one form.
pub struct Case {
    /// The guest and its form, as the page names them; together they are unique.
    pub guest: &'static str,
    pub form_text: &'static str,
    pub form: Form,
    /// Guests of one maker, for the part that is booted with every test.
    pub family: &'static str,
    /// Megabytes of RAM, few and many. Few is the least of 8, 16, 32, 64 and 128 that has 2 MB more than its image; 4 for
    /// the smallest image.
    pub ram: [u32; 2],
    /// Makes the image in a folder.
    pub make: fn(&Path) -> PathBuf,
    /// What makes it up: a text, and then a thing that reads its disk.
    pub steps: &'static [Step],
    /// Whether the part that is booted with every test may take it: it is light, and no other suite boots it.
    pub quick: bool,
    /// Whether a file was deleted from its file system, so that ramkey has something to leave out.
    pub has_free_space: bool,
    /// What more MEMDISK has to be told.
    pub memdisk: &'static str,
}

/// At SYSLINUX's prompt, a file from the disk's end.
const SYSLINUX: &[Step] = &[See("boot: "), Key("f1"), See(media::LAST_TEXT)];
/// GRUB 2's menu, and then its command line, which lists the drives that it could read.
const GRUB2_FLOPPY: &[Step] = &[See("GNU GRUB"), Key("c"), Enter(GRUB, "ls"), See("(fd0)")];
const GRUB2_DISK: &[Step] = &[See("GNU GRUB"), Key("c"), Enter(GRUB, "ls"), See("(hd0)")];
/// On a disc it lists a folder.
const GRUB2_CD: &[Step] = &[See("GNU GRUB"), Key("c"), Enter(GRUB, "ls /boot/grub"), See("fonts/")];
/// GRUB Legacy looks for a file on every drive.
const LEGACY: &[Step] = &[See(LEGACY_IS_UP), Enter(GRUB, "find /x"), See("Error 15")];
const LEGACY_CD: &[Step] = &[See(LEGACY_IS_UP), Enter(GRUB, "cat (cd)/last.txt"), See(media::LAST_TEXT)];
const LEGACY_IS_UP: &str = "GNU GRUB  version 0.97";
const GRUB: &str = "grub> ";
/// Memtest86+ asks nothing more of its disk; it must not test the memory where that lies, so it would crash.
const MEMTEST: &[Step] = &[See("Memtest86+ v6"), See("Testing:")];
/// iPXE was loaded by SYSLINUX, from its disk.
const IPXE: &[Step] = &[See("Open Source Network Boot Firmware"), Key("ctrl-b"), See("iPXE>")];
/// Tools that SYSLINUX loads with their libraries.
const HDT: &[Step] =
    &[Enter("hdt> ", "set mode disk"), Enter("disk> ", "show disks"), See("Bootloader: SYSLINUX")];
const HDT_CD: &[Step] = &[Enter("hdt> ", "exit"), See("boot: "), Key("f1"), See(media::LAST_TEXT)];
const MEMINFO: &[Step] = &[See("usable"), See("boot: "), Key("f1"), See(media::LAST_TEXT)];
/// Linux starts its first program, which was in an initial RAM disk of megabytes, and finds its disk as a RAM disk.
const LINUX: &[Step] = &[Serial("MEMDISKFIND"), Serial("GUEST DONE")];

/// A case without surprises.
const fn case(
    guest: &'static str,
    family: &'static str,
    (form, form_text): (Form, &'static str),
    ram: [u32; 2],
    make: fn(&Path) -> PathBuf,
    steps: &'static [Step],
) -> Case {
    Case { guest, form_text, form, family, ram, make, steps, quick: true, has_free_space: false, memdisk: "" }
}

impl Case {
    /// What MEMDISK cannot find out by itself.
    const fn memdisk(self, memdisk: &'static str) -> Self {
        Self { memdisk, ..self }
    }

    /// Its file system has free space that is not zeros.
    const fn deleted(self) -> Self {
        Self { has_free_space: true, ..self }
    }

    /// Not booted with every test.
    const fn on_demand(self) -> Self {
        Self { quick: false, ..self }
    }
}

const FLOPPY: (Form, &str) = (Form::Floppy, "floppy 1.44 MB");
const DISK: (Form, &str) = (Form::Disk, "disk");
const HYBRID: (Form, &str) = (Form::Disk, "disk, from a hybrid disc");
const CD: (Form, &str) = (Form::Cd, "CD");
/// What GRUB's images need, whose sizes are odd.
const CHS_144: &str = "c=80 h=2 s=18";

const SYSLINUX_604: &str = "SYSLINUX 6.04";
const ISOLINUX_604: &str = "ISOLINUX 6.04";
const IPXE_ISO: &str = "iPXE, its own disc";
const IPXE_LKRN: &str = "iPXE, by SYSLINUX";
const GRUB2: &str = "GRUB 2, rescue floppy";
const GRUB2_RESCUE_CD: &str = "GRUB 2, rescue CD";
const GRUB_097: &str = "GRUB Legacy 0.97";
const MEMTEST_32: &str = "Memtest86+ 6, 32 bits";
const MEMTEST_64: &str = "Memtest86+ 6, 64 bits";
const LINUX_6: &str = "Linux 6.1, amd64";

/// Every guest in every form.
pub const CASES: &[Case] = &[
    case(GRUB2, "GRUB 2", FLOPPY, [8, 64], media::grub_rescue_floppy, GRUB2_FLOPPY)
        .on_demand()
        .memdisk(CHS_144),
    case(GRUB2, "GRUB 2", DISK, [8, 64], media::grub_rescue_floppy, GRUB2_DISK).on_demand(),
    case(GRUB2_RESCUE_CD, "GRUB 2", CD, [8, 64], media::grub_rescue_cd, GRUB2_CD),
    case(GRUB2_RESCUE_CD, "GRUB 2", HYBRID, [8, 64], media::grub_rescue_cd, GRUB2_CD),
    case(GRUB_097, "GRUB Legacy", FLOPPY, [8, 64], media::grub_legacy, LEGACY).on_demand().memdisk(CHS_144),
    case(GRUB_097, "GRUB Legacy", DISK, [8, 64], media::grub_legacy, LEGACY),
    case(GRUB_097, "GRUB Legacy", CD, [8, 64], media::grub_legacy_cd, LEGACY_CD),
    case(IPXE_ISO, "iPXE", CD, [8, 64], media::ipxe, IPXE),
    case(IPXE_ISO, "iPXE", HYBRID, [8, 64], media::ipxe, IPXE).on_demand(),
    case(IPXE_LKRN, "iPXE", FLOPPY, [8, 64], media::ipxe_floppy, IPXE).deleted(),
    case(IPXE_LKRN, "iPXE", DISK, [32, 64], media::ipxe_disk, IPXE).deleted(),
    case(MEMTEST_32, "Memtest86+", CD, [8, 64], media::memtest_ia32, MEMTEST),
    case(MEMTEST_32, "Memtest86+", HYBRID, [8, 64], media::memtest_ia32, MEMTEST).on_demand(),
    case(MEMTEST_64, "Memtest86+", CD, [8, 64], media::memtest_x64, MEMTEST),
    case(MEMTEST_64, "Memtest86+", HYBRID, [8, 64], media::memtest_x64, MEMTEST),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::Floppy, "floppy 360 KB"),
        [4, 64],
        |f| media::syslinux_floppy(f, 360),
        SYSLINUX,
    )
    .deleted(),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::Floppy, "floppy 720 KB"),
        [8, 64],
        |f| media::syslinux_floppy(f, 720),
        SYSLINUX,
    )
    .deleted(),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::Floppy, "floppy 1.2 MB"),
        [8, 64],
        |f| media::syslinux_floppy(f, 1200),
        SYSLINUX,
    )
    .deleted(),
    case(SYSLINUX_604, "SYSLINUX", FLOPPY, [8, 64], |f| media::syslinux_floppy(f, 1440), SYSLINUX).deleted(),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::Floppy, "floppy 2.88 MB"),
        [8, 64],
        |f| media::syslinux_floppy(f, 2880),
        SYSLINUX,
    )
    .deleted(),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::Disk, "disk, FAT12"),
        [16, 64],
        |f| media::syslinux_disk(f, 12, 8),
        SYSLINUX,
    )
    .deleted(),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::Disk, "disk, FAT16"),
        [32, 64],
        |f| media::syslinux_disk(f, 16, 16),
        SYSLINUX,
    )
    .deleted(),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::Disk, "disk, FAT32"),
        [64, 256],
        |f| media::syslinux_disk(f, 32, 40),
        SYSLINUX,
    )
    .deleted(),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::CdFloppy, "CD that emulates a 1.2 MB floppy"),
        [8, 64],
        |f| media::emulating_floppy(f, 1200),
        SYSLINUX,
    ),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::CdFloppy, "CD that emulates a 1.44 MB floppy"),
        [8, 64],
        |f| media::emulating_floppy(f, 1440),
        SYSLINUX,
    ),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::CdFloppy, "CD that emulates a 2.88 MB floppy"),
        [8, 64],
        |f| media::emulating_floppy(f, 2880),
        SYSLINUX,
    ),
    case(
        SYSLINUX_604,
        "SYSLINUX",
        (Form::CdDisk, "CD that emulates a disk"),
        [32, 64],
        media::emulating_disk,
        SYSLINUX,
    ),
    case(ISOLINUX_604, "SYSLINUX", CD, [8, 64], media::isolinux_prompt, SYSLINUX),
    case("HDT", "SYSLINUX' tools", (Form::Disk, "disk, FAT16"), [32, 64], media::hdt_disk, HDT).deleted(),
    case("HDT", "SYSLINUX' tools", CD, [8, 64], media::hdt_cd, HDT_CD),
    case("meminfo.c32", "SYSLINUX' tools", FLOPPY, [8, 64], media::meminfo_floppy, MEMINFO).deleted(),
    case(LINUX_6, "Linux", (Form::Disk, "disk, FAT16"), [128, 256], media::linux_disk, LINUX).on_demand(),
    case(LINUX_6, "Linux", CD, [128, 256], media::linux_cd, LINUX).on_demand(),
];
