//! The boot sector of a volume that is made of a folder: what the host program fills in for the system that it starts.
//!
//! Not a record of a stick: it lies within an image, and `bootsectors/dos/dos.asm` is its code.

use zerocopy::little_endian::U16;

use crate::bpb::Fat16Start;
use crate::record::Record;

constants! {
    /// Segment to which the boot sector moves where the system's file is loaded over its place: offsets stay as they are.
    DOS_MOVED = 0x2000;
    /// Most sectors of a system's file that is loaded whole, from DOS_LOAD on: it ends below the moved stack.
    DOS_WHOLE_MAX = (((DOS_MOVED << 4) + 0x7000) - (DOS_LOAD << 4)) >> 9;
    /// Most sectors of a file that is loaded while the boot sector stays: it ends below the stack.
    DOS_BELOW_MAX = (0x7000 - (DOS_LOAD << 4)) >> 9;
    /// Segment to which all systems but FreeDOS are loaded.
    DOS_LOAD = 0x70;
    /// Segment to which FreeDOS is loaded.
    DOS_LOAD_FREEDOS = 0x60;
    /// Segment to which the first sector of the root directory is loaded.
    DOS_ROOT = 0x50;
    /// Entries of the root directory among which the system's file is looked for: those of its first sector.
    DOS_ROOT_LOOKED = 16;
}

record! {
    /// The boot sector.
    pub struct DosSector[512] {
        /// jump, and BIOS parameter block
        pub start: Fat16Start,
        /// code
        pub code: [u8; 428] => DOS_CODE,
        /// name of the system's file, as a directory has it
        pub name: [u8; 11] => DOS_NAME,
        /// zero: the name ends a message
        pub end: u8,
        /// most sectors of it that are loaded
        pub sectors_max: U16 => DOS_SECTORS_MAX,
        /// offset that is jumped to
        pub entry_offset: U16 => DOS_ENTRY,
        /// segment that it is loaded to and jumped to
        pub entry_segment: U16 => DOS_ENTRY_SEGMENT,
        /// segment that the boot sector moves to and has its stack in; 0 if it stays
        pub own_segment: U16 => DOS_OWN_SEGMENT,
        /// 55h AAh
        pub magic: U16 => DOS_MAGIC,
    }
}

/// The records that the assembler knows.
pub const RECORDS: &[Record] = &[DosSector::RECORD];
