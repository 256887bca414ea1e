//! Everything that can be found, in words. `docs/doctor.md` is made from this table.

use serde::{Deserialize, Serialize};

use crate::doctor::severity::Severity;

/// What is known of one kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The kind.
    pub kind: Kind,
    /// Its name, in text and JSON. Names do not change.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// Which machines and systems stumble over it.
    pub hurts: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where that is known from.
    pub source: &'static str,
}

macro_rules! kinds {
    ($( $kind:ident $name:literal $severity:ident $title:literal
        why $why:literal hurts $hurts:literal remedy $remedy:literal source $source:literal; )+) => {
        /// What contradicts what. The names in JSON do not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[non_exhaustive]
        pub enum Kind { $( #[doc = $title] #[serde(rename = $name)] $kind, )+ }

        /// Every kind, in the order of `docs/doctor.md`.
        pub const KINDS: &[Explanation] = &[$( Explanation {
            kind: Kind::$kind, name: $name, severity: Severity::$severity, title: $title,
            why: $why, hurts: $hurts, remedy: $remedy, source: $source,
        }, )+];
    };
}

kinds! {
    NoSignature "no-signature" Fault "a boot sector without 55 AA at its end"
        why "55 AA is how everybody tells a boot sector from data."
        hurts "Every BIOS passes over such a stick; boot code refuses such a partition; systems ask to format it."
        remedy "If it was bootable once, restore the sector; else write the stick anew."
        source "SYSLINUX mbr.S; FAT32 File System Specification 1.03";
    Jump "jump" Fault "a file system's boot sector that does not begin with EB xx 90 or E9"
        why "The first three bytes must jump over the BPB. Systems look at them to tell whether there is a BPB at all."
        hurts "Windows and DOS do not mount the volume; a BIOS that starts it as a floppy runs the BPB as code."
        remedy "Let the program that installs the boot code write the sector again, or format the volume."
        source "FAT32 File System Specification 1.03; SYSLINUX diskstart.inc";
    JumpThird "jump-third-byte" Warning "a short jump that 90 does not follow"
        why "The short jump has two bytes, and the third must be a NOP."
        hurts "Windows 9x, which looks at byte 2; BIOSes that look for EB xx 90."
        remedy "Write 90 into byte 2 of the sector, if the code at the target of the jump allows it."
        source "GRUB4DOS, its changelog";
    CodeInBpb "code-in-bpb" Warning "boot code where the BPB belongs"
        why "Some BIOSes write media byte, hidden sectors, drive number or geometry into the sector that they loaded, into bytes 15h to 24h, and change the code."
        hurts "IBM ThinkPads and other BIOSes that start a stick as USB-FDD or USB-ZIP: the boot code crashes."
        remedy "Use boot code that begins with EB xx 90 and leaves bytes 03h to 59h free, such as ramkey's."
        source "FreeBSD boot1.S; SYSLINUX mailing list";
    MbrJump "mbr-jump" Note "a master boot record that does not begin with EB xx 90"
        why "A master boot record needs no BPB. Some BIOSes take the stick for a floppy all the same, and then look for this jump."
        hurts "BIOSes that offer a stick as USB-FDD or USB-ZIP only."
        remedy "Nothing, if it boots. Else use boot code that begins with EB xx 90."
        source "GRUB4DOS; FreeBSD boot1.S";
    NoBootCode "no-boot-code" Note "no boot code in sector 0"
        why "Partition tools write the table and no code: the stick holds data and does not boot."
        hurts "Every BIOS that boots it: the machine hangs or goes on to the next drive."
        remedy "Nothing, if it is for data. `ramkey write` makes a stick that boots."
        source "util-linux sfdisk";
    BootsNothing "boots-nothing" Note "a boot sector that boots nothing"
        why "Formatters write a boot sector that only prints a message, or none. Boot code is installed by another program."
        hurts "Every BIOS that boots it: a message, a hang, or the next drive."
        remedy "Nothing, if it only holds data. To boot it, install boot code there (`syslinux`, `sys`, `fixboot`), or write it with `ramkey write`."
        source "dosfstools, mkfs.fat; mtools, mformat; ntfs-3g, mkntfs";
    Hybrid "hybrid" Note "sector 0 is a master boot record and a file system's boot sector at once, and both agree"
        why "Such a stick boots as hard disk, as USB-ZIP and as USB-FDD. A system can see the same volume twice."
        hurts "A BIOS was suspected of being confused by a BPB in a master boot record. Mounting both views at once destroys files."
        remedy "Nothing: `ramkey write --layout universal` makes it so. Never mount the whole stick and its partition at the same time."
        source "makebootfat; chimera-live issue 21";
    HybridDisagrees "hybrid-disagrees" Fault "sector 0 is a master boot record and a file system's boot sector, and they disagree"
        why "One system mounts the whole stick and another its partition. What one writes the other overwrites."
        hurts "Windows shows another volume than Linux; a BIOS picks USB-FDD or USB-HDD by what it sees first."
        remedy "Decide which one is right. Clear the other: `wipefs`, or bytes 0Bh to 59h, or the partition table."
        source "makebootfat; fbinst";
    NoTable "no-table" Note "no partition table"
        why "A file system from sector 0 on is sound. A BIOS that looks for a partition to boot as hard disk finds none."
        hurts "BIOSes that want one active partition; others boot it as USB-FDD with drive number 00h."
        remedy "Nothing, if it boots. Else use a stick with a partition table."
        source "SYSLINUX mailing list; RMPrepUSB tutorials";
    NoContents "no-contents" Note "nothing on it that this program knows"
        why "There is neither a partition table nor a file system that could be checked."
        hurts "Nobody, if it was never meant to boot."
        remedy "`ramkey inspect` tells what an image is."
        source "FAT32 File System Specification 1.03";
    Unfinished "unfinished" Fault "a stick of ramkey that was not finished"
        why "`ramkey write` clears sector 0 and the boot headers first and writes them last. While they are clear nothing on the stick boots, so that a half-written stick never does."
        hurts "Every BIOS: it passes over the stick, or the boot code stops with a code."
        remedy "Write it again with `ramkey write`; `ramkey verify` tells what is on it."
        source "docs/safety.md";
    StatusByte "status-byte" Fault "a partition whose status is neither 00 nor 80"
        why "The status byte is 80 for the active partition and 00 for all others. Anything else says that this is no partition table."
        hurts "Master boot records of DOS and Windows stop with \"Invalid partition table\"; BIOSes do not list the stick."
        remedy "Set the byte with `sfdisk --activate` or by hand; look whether the table is one at all."
        source "MS-DOS master boot record; Limine issue 17";
    NoActive "no-active" Warning "no active partition"
        why "A BIOS that looks into the table, and every usual master boot record, boots the active partition."
        hurts "BIOSes that do not list a stick without one (reported with WoeUSB and Limine); MBR code says \"Missing operating system\"."
        remedy "`sfdisk --activate STICK 1`, for the partition that boots."
        source "Limine issue 17; WoeUSB issue 97; SYSLINUX mbr.S";
    ActiveUnused "active-unused" Warning "an active entry that is no partition"
        why "The entry is marked as the one to boot, and its type says that it is not used. Some ISO images do it to please BIOSes that look for the mark only."
        hurts "Boot code that follows the table: it starts sector 0 again and hangs, or says \"Missing operating system\"."
        remedy "Nothing, if it is an ISO image that boots. Else `sfdisk --activate STICK N` for a partition that boots."
        source "xorriso; SYSLINUX mbr.S";
    ManyActive "many-active" Fault "more than one active partition"
        why "Only one partition can be booted, and boot code refuses to guess."
        hurts "Master boot records stop (\"Multiple active partitions\", \"Invalid partition table\"); BIOSes do not list the stick."
        remedy "`sfdisk --activate STICK N`: it clears the others."
        source "SYSLINUX mbr.S; makebootfat";
    EmptyEntry "empty-entry" Fault "a partition of no sectors"
        why "An entry with a type and without sectors is half of one."
        hurts "Partition tools refuse the table; boot code may take it."
        remedy "Delete the entry: `sfdisk --delete STICK N`."
        source "util-linux sfdisk";
    StartsAtZero "starts-at-zero" Warning "a partition that begins at sector 0"
        why "It contains its own table. Hybrid ISO images do it on purpose, so that a system finds the ISO in the partition."
        hurts "Partition tools refuse the table; systems show the same files twice; BIOSes that check the table."
        remedy "Nothing, if it is an ISO image that boots. Else write the table anew with `sfdisk`."
        source "SYSLINUX isohybrid; util-linux sfdisk";
    PartitionEnd "partition-end" Fault "a partition that ends behind the end of the stick"
        why "The last sectors of the volume do not exist."
        hurts "Every system: files there cannot be read, and what is written is lost. Or the copy was cut off, or the stick is smaller than it said."
        remedy "Copy the whole image again, to a stick that has room; then `ramkey verify`, or check the files."
        source "util-linux sfdisk";
    Overlap "overlap" Fault "two partitions that overlap"
        why "What one system writes to one of them destroys the other."
        hurts "Every system that writes; partition tools refuse the table. Hybrid ISO images do it on purpose and are only read."
        remedy "Nothing, if the stick is only read. Else delete one of the two."
        source "util-linux sfdisk; xorriso";
    ChsLba "chs-lba" Warning "CHS and LBA of a partition that name different sectors"
        why "Old BIOSes and boot code take the CHS address, others the LBA, and read different sectors."
        hurts "BIOSes without EDD, MS-DOS and Windows 9x, and boot code that uses CHS for types 01, 04, 06 and 0B."
        remedy "Write the table anew with the right geometry: `sfdisk` for 255/63, or `ramkey write`."
        source "SYSLINUX mbr.S; SYSLINUX mailing list 2014-01";
    ChsLimit "chs-limit" Warning "a partition type that says CHS, and sectors behind cylinder 1023"
        why "A CHS address has ten bits for the cylinder. Boot code of DOS trusts the type and does not ask for EDD."
        hurts "MS-DOS and Windows 9x: they read the wrong sectors behind cylinder 1023."
        remedy "Use type 0E instead of 06, or 0C instead of 0B: `sfdisk --part-type STICK N c`."
        source "MS-DOS 7 boot sectors; EDD 1.1";
    EndOffCylinder "end-off-cylinder" Warning "an active partition whose end does not give the geometry"
        why "Many BIOSes take heads and sectors per track from the CHS address of the last sector of the active partition. It must be the last of a cylinder."
        hurts "BIOSes that work with an odd geometry then, such as 22/21 or 151/42 on the GA-M55Plus-S3G; USB-ZIP modes."
        remedy "End the partition on a cylinder of 64/32 or 255/63, as `ramkey write` does."
        source "SYSLINUX mailing list 2014-01, 021427 and 021526; syslinux doc/usbkey.txt";
    StartOffTrack "start-off-track" Note "a partition that does not begin on a track"
        why "Old tools begin partitions at the first sector of a track. New ones begin at 1 MiB, which is no track of 63 sectors."
        hurts "DOS partition tools that complain; BIOSes in USB-ZIP mode that hide the first track."
        remedy "Nothing, if it boots. Else make the table with 64/32, where 1 MiB is a cylinder."
        source "makebootfat; syslinux doc/usbkey.txt";
    BiosReach "bios-reach" Note "a partition that reaches behind what old BIOSes can read"
        why "BIOSes end at 8.4 GB without EDD, and at 137 GB with 28-bit addresses."
        hurts "Boot files that lie behind the limit cannot be read; BIOSes of before 1998 and 2003."
        remedy "Keep what is booted at the beginning. A smaller first partition makes sure of it."
        source "EDD 1.1; Ventoy, legacy limit";
    TypeFs "type-fs" Warning "a partition type that names another file system"
        why "DOS and Windows choose the driver, and CHS or EDD, by the type byte and not by the contents."
        hurts "MS-DOS, Windows 9x and NT: the volume is not seen, or is asked to be formatted. BIOSes that look for a FAT type."
        remedy "`sfdisk --part-type STICK N TYPE`, with the type that is named here."
        source "MS-DOS 7 boot sectors; 911cd thread 13784";
    NoFileSystem "no-file-system" Warning "a partition for a FAT or NTFS without one"
        why "The table says that there is a file system, and the first sector is none."
        hurts "Boot code reads it and hangs or stops; systems ask to format it."
        remedy "Format the partition, or correct where it begins."
        source "FAT32 File System Specification 1.03";
    NoDiskSignature "no-disk-signature" Note "no NT disk signature"
        why "Windows NT and later tell disks apart by the four bytes at 1B8h, and drive letters hang on them."
        hurts "Windows NT to XP: two disks without one are mixed up; Windows writes one when it sees the disk."
        remedy "`sfdisk --disk-id STICK 0x12345678`, with a number of your own."
        source "GRUB4DOS";
    SectorSize "sector-size" Fault "a volume whose sectors do not have 512 bytes"
        why "Sticks have sectors of 512 bytes, and the volume was made for another disk."
        hurts "Every BIOS boot code and DOS, which count in 512 bytes; the volume is not found or is read wrongly."
        remedy "Format it with `mkfs.fat -S 512`."
        source "FreeBSD boot1.S; FAT32 File System Specification 1.03";
    BpbValue "bpb-value" Fault "a field of the BPB that no system accepts"
        why "Each number of the BPB is needed to find the files."
        hurts "Every system: the volume is not mounted, or boot code divides by zero and hangs."
        remedy "Format the volume, or restore its boot sector from the copy (`fsck.fat`)."
        source "FAT32 File System Specification 1.03";
    LargeCluster "large-cluster" Warning "clusters of 64 KiB"
        why "A cluster of 128 sectors does not fit the arithmetic of old systems."
        hurts "MS-DOS, Windows 9x and boot code with 16-bit numbers; Windows NT alone reads it."
        remedy "Format it with clusters of at most 32 KiB: `mkfs.fat -s 64`."
        source "FAT32 File System Specification 1.03";
    HiddenSectors "hidden-sectors" Fault "hidden sectors that are not where the partition begins"
        why "Boot code adds the hidden sectors to each address. With another number it reads other sectors. It is a note in a partition that no BIOS starts: one of type EF, or one beside the active partition."
        hurts "Boot sectors of MS-DOS, Windows and SYSLINUX (\"Boot error\", \"NTLDR is missing\"); Intel D945GCFL and DP35DP in Auto emulation refuse the stick."
        remedy "Format the partition itself and not a file: `mkfs.fat -h START`, or correct bytes 1Ch to 1Fh in the boot sector and its copy."
        source "SYSLINUX diskstart.inc; Launchpad 458482";
    TotalSectors "total-sectors" Fault "a volume that is larger than its partition or the stick"
        why "The file system uses sectors that belong to somebody else or do not exist."
        hurts "Every system that writes: it destroys the next partition or the copy of a GPT; Linux does not mount it."
        remedy "Make the partition as large as the volume, or save the files and format it."
        source "FAT32 File System Specification 1.03";
    TotalFields "total-fields" Warning "the two fields for the number of sectors do not fit each other"
        why "One of the fields must be zero. Readers differ in which one they take; on a FAT32 the short one must be zero."
        hurts "DOS before 3.31, which knows the short field only, beside every system that takes the other one."
        remedy "Format the volume, or clear the field that is not needed."
        source "FAT32 File System Specification 1.03";
    VolumeSmaller "volume-smaller" Note "a volume that is smaller than its partition"
        why "The sectors behind it are not used. That is sound."
        hurts "Nobody; the space is lost. BIOSes that compare both may choose another mode."
        remedy "Nothing, or `fatresize`."
        source "FAT32 File System Specification 1.03";
    Geometry "geometry" Warning "another geometry in the BPB than in the partition table"
        why "A BIOS takes the geometry from the table or from the BPB; boot code takes it from the BPB. CHS addresses then differ."
        hurts "Intel D945GCFL, DP35DP, DQ33HS and D965GF in Auto emulation; USB-ZIP and USB-FDD modes; MS-DOS boot sectors."
        remedy "Format with the table's geometry: `mkfs.fat -g HEADS/SECTORS`, `mformat -h HEADS -s SECTORS`."
        source "Launchpad 458482; SYSLINUX mailing list 2014-01, 021444";
    DriveNumber "drive-number" Warning "a drive number in the BPB that does not fit"
        why "Boot code of DOS and Windows reads from the drive in the BPB: 80h for a hard disk, 00h for a floppy."
        hurts "MS-DOS and Windows boot sectors: they read drive A:. Intel D945GCFL in Auto emulation refuses the stick."
        remedy "Write 80h into byte 24h (FAT32: 40h) of the boot sector and its copy."
        source "Launchpad 458482; FreeDOS";
    AskDrive "drive-number-ff" Note "drive number FFh in the BPB"
        why "FreeDOS's boot sector takes FFh for \"ask the BIOS\". Others take it for a drive."
        hurts "Boot sectors other than FreeDOS's."
        remedy "Nothing, with FreeDOS."
        source "FreeDOS boot sector";
    Media "media" Warning "a media byte that does not fit"
        why "F8 is a hard disk, F0 a floppy. With drive number and partition table it says how the volume is treated."
        hurts "BIOSes that choose between USB-HDD and USB-FDD by the boot sector; programs that tell a floppy by it."
        remedy "Format it as what it is: `mkfs.fat -M 0xF8` in a partition."
        source "FAT32 File System Specification 1.03; Launchpad 458482";
    MediaFat "media-fat" Fault "another media byte in the file allocation table than in the BPB"
        why "The first entry of each table repeats the media byte."
        hurts "MS-DOS and Windows NT: the volume counts as not formatted; fsck complains."
        remedy "`fsck.fat -a` on the partition."
        source "FAT32 File System Specification 1.03";
    FatType "fat-type" Fault "a number of clusters that does not fit the kind of FAT"
        why "The number of clusters alone decides: fewer than 4085 is FAT12, fewer than 65525 FAT16. The BPB is arranged as another kind."
        hurts "Windows, MS-DOS and old boot code: they read the table with entries of the wrong width and find wrong sectors."
        remedy "Format it with another size of cluster, or as the kind that fits: `mkfs.fat -F`."
        source "FAT32 File System Specification 1.03";
    FatText "fat-text" Warning "the name of the FAT in the boot sector is another than the clusters say"
        why "The text \"FAT16\" is only a name, but some programs believe it."
        hurts "Boot managers and BIOSes that look at the text; systems that count clusters read it otherwise."
        remedy "Correct the text at 36h (FAT32: 52h), or format the volume."
        source "FAT32 File System Specification 1.03; dosfstools";
    FatBorder "fat-border" Note "a number of clusters next to a border"
        why "Programs differ by a few clusters in where FAT12 ends and FAT32 begins."
        hurts "Old formatters, boot code and drivers that count with another border."
        remedy "Format it with another size of cluster."
        source "FAT32 File System Specification 1.03; dosfstools";
    FatLength "fat-length" Fault "a file allocation table that is too short for its clusters"
        why "The last clusters have no entry: what is written there is chained through other data."
        hurts "Every system: files are lost when the volume fills up."
        remedy "Save the files and format the volume."
        source "FAT32 File System Specification 1.03";
    ExtendedSignature "extended-signature" Warning "no extended boot signature 29"
        why "29 at 26h (FAT32: 42h) says that serial number, label and drive number are there."
        hurts "DOS 4 and later do not see a label or serial; BIOSes that look for a whole BPB; boot code before DOS 4 ends there."
        remedy "Format the volume with a program of today."
        source "FAT32 File System Specification 1.03; RMPrepUSB tutorials";
    BootCopy "boot-copy" Warning "a copy of the boot sector that says something else"
        why "A FAT32 keeps a copy, mostly in sector 6. Repair programs put it back when the first is damaged."
        hurts "Windows and fsck: after a repair the old numbers are there again."
        remedy "`fsck.fat` on the partition copies the first over the second."
        source "FAT32 File System Specification 1.03";
    FsInfo "fs-info" Warning "no summary of free clusters on a FAT32"
        why "The sector that FSInfo names does not hold RRaA and rrAa."
        hurts "Systems that have to count the free clusters at each mount; fsck complains."
        remedy "`fsck.fat -a` on the partition."
        source "FAT32 File System Specification 1.03";
    CdNoBootCode "cd-no-boot-code" Fault "a CD image without boot code in sector 0"
        why "A BIOS starts a CD by its boot record, and a stick by sector 0. Where the image was copied to a stick as it is, with dd or Etcher, sector 0 has nothing to start."
        hurts "Every BIOS: it passes over the stick, or says that it is no bootable disk. Only UEFI may find its files."
        remedy "`ramkey write IMAGE.iso --to STICK` makes a stick that boots the CD from RAM. IMAGE.iso is the file that was copied."
        source "El Torito 1.0; SYSLINUX isohybrid; balena-io/etcher issue 553";
    CdInPartition "cd-in-partition" Fault "a CD image in a partition"
        why "It was copied to the partition, such as /dev/sdX1, and not to the stick. There is neither a file system that systems read there nor a boot sector."
        hurts "Every BIOS: what it starts finds nothing. Windows asks to format the partition."
        remedy "`ramkey write IMAGE.iso --to STICK` makes a stick that boots the CD from RAM. A hybrid image can be copied to the whole stick instead, /dev/sdX."
        source "El Torito 1.0; SYSLINUX isohybrid";
    IsoHybrid "iso-hybrid" Note "a CD image with a partition table"
        why "It boots as a CD and as a hard disk. Its table is made for that and breaks rules of tables, so what such images do on purpose is a note too."
        hurts "BIOSes that boot it as USB-FDD or USB-ZIP; partition tools that want to repair it."
        remedy "Nothing, if it boots. Do not let a tool repair the table. `ramkey write IMAGE.iso` boots it from RAM."
        source "SYSLINUX isohdpfx.S; xorriso";
    RamkeyDisc "ramkey-disc" Note "a disc of ramkey"
        why "`ramkey disc` made it, or it is a copy of what that made: a CD drive boots it as a disc, and any BIOS boots it from a stick. Both name the same images."
        hurts "Nothing that is known: table and file system keep the rules, so a contradiction here is one."
        remedy "Nothing. `ramkey verify` proves it; `ramkey write DISC.iso --to STICK` copies the image to a stick."
        source "ECMA-119; El Torito 1.0; docs/layouts.md";
    GptMissing "gpt-missing" Fault "a protective entry without a GPT"
        why "Type EE says that a GUID partition table follows in sector 1, and there is none."
        hurts "Every system: it sees an empty or unreadable disk."
        remedy "`sgdisk -e` if the copy at the end is sound; else write the table anew."
        source "UEFI Specification 2.10, 5.2.3";
    GptStale "gpt-stale" Warning "a GPT that the master boot record does not know"
        why "A GUID partition table is left from before. Some tools believe it, others the master boot record."
        hurts "Linux, Windows and UEFI show other partitions than the BIOS boots; gdisk warns."
        remedy "`sgdisk --zap` and write the table anew, or `wipefs` for the old one."
        source "UEFI Specification 2.10, 5.2.3; gdisk";
    GptProtective "gpt-protective" Warning "a protective entry that does not protect the whole stick"
        why "It must begin at sector 1, cover the rest of the stick, and not be active."
        hurts "Windows, which then does not take the stick for a GPT; old tools, which use the rest."
        remedy "`sgdisk -e STICK` writes it anew."
        source "UEFI Specification 2.10, 5.2.3";
    GptHybrid "gpt-hybrid" Warning "a GPT and other partitions in the master boot record"
        why "Both tables must be changed together. One tool changes one."
        hurts "Windows ignores the GPT, Linux the master boot record; a BIOS boots what the table says."
        remedy "Keep one: `sgdisk --zap`, or delete the other entries."
        source "gdisk, hybrid MBRs; UEFI Specification 2.10, 5.2.3";
    GptHeader "gpt-header" Fault "a GPT header with a wrong checksum or place"
        why "A header that does not prove itself is not used."
        hurts "Every system takes the copy at the end, or sees no partitions."
        remedy "`sgdisk -v` tells more, and `gdisk` restores it from the copy."
        source "UEFI Specification 2.10, 5.3.2";
    GptBackup "gpt-backup" Warning "no sound copy of the GPT in the last sector"
        why "The copy must be the last sector. An image on a larger stick has it in the middle, one that was cut has none."
        hurts "Windows and UEFI call the table damaged; partition tools want to repair it."
        remedy "`sgdisk -e STICK` moves it to the end."
        source "UEFI Specification 2.10, 5.3.2; gdisk";
    GptNoActive "gpt-no-active" Note "a GPT, so no partition is active"
        why "The protective entry is not active, as the specification wants it. Some BIOSes do not boot such a stick."
        hurts "BIOSes that do not list a stick without an active partition."
        remedy "Nothing, if it boots. Else use a master boot record: `ramkey write --layout hdd`."
        source "UEFI Specification 2.10, 5.2.3; Limine issue 17";
}

impl Kind {
    /// What is known of it.
    pub fn explanation(self) -> &'static Explanation {
        KINDS.iter().find(|explanation| explanation.kind == self).expect("every kind is in the table")
    }
}
