//! What INT 13h returns in AH when a call fails, and what that means for a USB stick.
//!
//! Source: Ralf Brown's Interrupt List, INT 13h AH=01h, table 00234. The words on sticks are ours.

use serde::Serialize;

/// One status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(super) struct BiosStatus {
    /// The value of AH.
    pub status: u8,
    /// What it means.
    pub text: &'static str,
    /// What it comes from when the drive is a stick.
    pub on_a_stick: &'static str,
}

const DAMAGED: &str =
    "the stick reports an error of its memory: run `ramkey verify`, and replace it if that fails too";
const CONTROLLER: &str =
    "the BIOS lost the USB controller or the stick: try another port, without a hub, after power-off";
const ODD_CALL: &str =
    "the BIOS does not offer this way of reading; the boot code tries the others by itself";
const OTHER_DRIVE: &str =
    "it is about a drive that is no stick: unplug other drives, and look which one the BIOS boots";

const fn entry(status: u8, text: &'static str, on_a_stick: &'static str) -> BiosStatus {
    BiosStatus { status, text, on_a_stick }
}

/// Every status of the list, in ascending order.
pub(super) const BIOS_STATUSES: &[BiosStatus] = &[
    entry(0x00, "no error", "the BIOS says that it read, and what it gave was not the boot code"),
    entry(0x01, "the function or a parameter is not valid", ODD_CALL),
    entry(
        0x02,
        "the address mark was not found",
        "the BIOS takes the stick for a floppy: choose hard disk (USB-HDD) in its setup, or write the stick with `--layout fdd`",
    ),
    entry(0x03, "the disk is write-protected", "reading never gives this: the BIOS mixes statuses up"),
    entry(
        0x04,
        "the sector was not found, or cannot be read",
        "the BIOS uses another geometry, or its capacity ends before this sector: try another USB mode in its setup, or another `--layout`",
    ),
    entry(0x05, "the reset failed", CONTROLLER),
    entry(
        0x06,
        "the disk was changed",
        "the stick was plugged in late, or lost its contact: power off, and plug it in before power-on",
    ),
    entry(0x07, "the drive's parameters could not be set", CONTROLLER),
    entry(0x08, "DMA overrun", CONTROLLER),
    entry(0x09, "the transfer crosses 64 KiB, or is too long", ODD_CALL),
    entry(0x0A, "a bad sector", DAMAGED),
    entry(0x0B, "a bad track", DAMAGED),
    entry(
        0x0C,
        "the track or the medium is not supported",
        "the BIOS takes the stick for a floppy: choose hard disk (USB-HDD) in its setup, or write the stick with `--layout fdd`",
    ),
    entry(0x0D, "a wrong number of sectors to format", OTHER_DRIVE),
    entry(0x0E, "a control data address mark was found", OTHER_DRIVE),
    entry(0x0F, "the DMA arbitration level is out of range", OTHER_DRIVE),
    entry(0x10, "a CRC or ECC error that cannot be corrected", DAMAGED),
    entry(
        0x11,
        "data that was corrected by ECC",
        "the data was read and may be right; BIOSes that call this a failure are known",
    ),
    entry(0x20, "the controller failed", CONTROLLER),
    entry(
        0x31,
        "no medium in the drive",
        "a card reader without a card, or a stick that is not ready yet: wait, and boot again",
    ),
    entry(0x32, "the drive type in the CMOS memory is wrong", OTHER_DRIVE),
    entry(0x40, "the seek failed", "the BIOS uses another geometry, or its capacity ends before this sector"),
    entry(
        0x80,
        "timeout: the drive is not ready",
        "the stick was pulled, lost its contact, or does not answer: try another port, without a hub, after power-off",
    ),
    entry(
        0xAA,
        "the drive is not ready",
        "the stick needs longer to start than the BIOS waits: boot again without switching off",
    ),
    entry(0xB0, "the volume is not locked", OTHER_DRIVE),
    entry(0xB1, "the volume is locked", OTHER_DRIVE),
    entry(0xB2, "the volume cannot be removed", OTHER_DRIVE),
    entry(0xB3, "the volume is in use", OTHER_DRIVE),
    entry(0xB4, "too many locks", OTHER_DRIVE),
    entry(0xB5, "the medium could not be ejected", OTHER_DRIVE),
    entry(
        0xB6,
        "the volume is there and protected from reading",
        "the stick has a lock or a password: unlock it first",
    ),
    entry(0xBB, "an error without a name", CONTROLLER),
    entry(0xCC, "writing failed", "reading never gives this: the BIOS mixes statuses up"),
    entry(0xE0, "the status register shows an error", CONTROLLER),
    entry(
        0xFD,
        "the sector lies behind the last cylinder, and EDD does not work",
        "no BIOS gives this, ramkey does: use an image that ends sooner, or a USB mode of the BIOS that shows the whole stick",
    ),
    entry(
        0xFE,
        "the call hung, and was abandoned after 30 seconds",
        "no BIOS gives this, ramkey does: the BIOS cannot do transfers of that length, or lost the stick; hold Shift at the start, and press 1 at the report",
    ),
    entry(0xFF, "asking the drive for its status failed", CONTROLLER),
];

/// What the list says of `status`, if it has it.
pub(super) fn find(status: u8) -> Option<&'static BiosStatus> {
    BIOS_STATUSES.iter().find(|entry| entry.status == status)
}
