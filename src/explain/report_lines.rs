//! What each line of the report means.

use super::ReportLine;

/// The report, line by line, and last the keys that it knows.
pub const REPORT: &[ReportLine] = &[
    ReportLine {
        shows: "drive NNh, the BIOS passed NNh, read by EDD or CHS",
        means: "The stick's BIOS number as it was found by its stamps, the number that the BIOS gave, and the way of reading that is \
            tried first. 80h and above are hard disks, 00h and 01h floppies. Two different numbers are no fault: the first counts.",
    },
    ReportLine {
        shows: "EDD: works or no, hidden N, AH=41h says NNh NNh",
        means: "Whether reads by LBA brought a stamp of this stick, and how many sectors of it lie before the one that the BIOS \
            numbers 0. Then what the BIOS claims: the version of EDD (01h, 20h, 21h, 30h; 00h for none), and functions, bit 0 for \
            reads. If it claims and does not work, or works unclaimed, the BIOS errs and the stamps count.",
    },
    ReportLine {
        shows: "CHS: works or no, hidden N, heads N, sectors N, measured",
        means: "The same for reads by cylinder, head and sector, and the geometry that they count by. Hidden 18, 32 or 63 is a track \
            that the BIOS keeps for itself. `heads proven`: cylinders have more than 2048 sectors, which stamps do not measure, and \
            the loader found the heads by the image's hashes. `heads not measured`: it did not look yet, or no heads prove an image; \
            the number is what AH=08h says, or 255. `not measured`: no second track with a stamp was found.",
    },
    ReportLine {
        shows: "AH=08h says N/N/N",
        means: "Cylinders, heads and sectors per track as the BIOS tells them; 0/0/0 if it tells nothing. Other numbers than the \
            measured ones are a fault of the BIOS that does no harm here, but to systems that believe it.",
    },
    ReportLine {
        shows: "transfer N, calls that hung N, boot area at LBA N",
        means: "Most sectors in one call now: 127 at best, 1 after a key was pressed or where the BIOS can do no more. Calls that did \
            not come back within 30 seconds; each is made only once. Where the boot code came from: 128, or the partition's copy.",
    },
    ReportLine {
        shows: "LBA asked last N, read last N, last status NNh",
        means: "The first sector of the last read, the last sector that was read, and the BIOS status of the last call that failed, \
            00h for none. `ramkey explain R NN` explains the status. If both LBAs are low, the BIOS reads nothing; if they are \
            always the same, the stick or the BIOS ends there.",
    },
    ReportLine {
        shows: "memory N MB by E820, E801, 88h or broken E820, base N KB, A20 how",
        means: "The memory that the BIOS tells of and the call that told it; 88h never tells more than 64 MB. Base memory below \
            640 KB, where about 630 is usual. And how memory above 1 MB was made reachable.",
    },
    ReportLine {
        shows: "1: single sectors  C: CHS only  E: EDD only  any other key goes on",
        means: "Only if the report was asked for, with Shift or F8 at the start. It also starts with single sectors; 1 keeps them. Try \
            1 first, then C, then E.",
    },
];
