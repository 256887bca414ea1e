//! The numbers that were found, on a few lines that can be photographed.
//!
//! They stand below the code of every halt, and are shown at the start if a key asks for them. Stage 2 shows the same
//! words for a boot that stops before the loader. What each number means is in `docs/errors.md#the-report`.

use ramkey_format::boot::{BootInfo, MEASURED_CHS, MEASURED_EDD, MEASURED_HEADS, MEASURED_SECTORS};

use crate::a20;
use crate::drive::{Drive, Method, Trace};
use crate::memory_calls::Source;
use crate::report_block::Symbols;
use crate::screen::{Heads, Language, Sentence, Text, say};

/// Lines of the report.
pub const LINES: usize = 7;
/// Lines around its block: an empty one and a sentence before it, and two sentences behind it.
const AROUND_BLOCK: usize = 4;

/// Whether the report is shown above its block, which says the same, on a screen that has so many rows left: not on a narrow
/// one, where each of its lines takes two, and not where it would move away what was said before.
pub fn is_shown(is_narrow: bool, rows_left: usize, block: &Symbols) -> bool {
    !is_narrow && LINES + AROUND_BLOCK + block.rows() <= rows_left
}

/// What the memory calls told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Bytes of RAM.
    pub ram: u64,
    /// Base memory in KiB.
    pub base_kib: u16,
    /// The call that told it.
    pub source: Source,
}

/// What was found so far.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What stage 2 left.
    pub info: BootInfo,
    /// The loader's reads, if it has a drive already.
    pub trace: Option<Trace>,
    /// Memory, if it is known already.
    pub memory: Option<Memory>,
    /// How A20 was switched on, when it had to be.
    pub a20: a20::Method,
}

/// The numbers of the report, as the screen shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// BIOS number of the medium.
    pub drive: u8,
    /// The number that the BIOS gave.
    pub passed: u8,
    /// The method that the next read tries first.
    pub method: Method,
    /// Whether EDD calls count the blocks of a disc; no line of the screen says it.
    pub is_disc: bool,
    /// Whether stamps proved reads by EDD.
    pub edd_works: bool,
    /// Sectors before the one that EDD numbers 0.
    pub edd_hidden: u32,
    /// The version that AH=41h told.
    pub edd_version: u8,
    /// What AH=41h claims.
    pub edd_claims: u8,
    /// Whether stamps proved reads by CHS.
    pub chs_works: bool,
    /// Sectors before the one that CHS has at 0/0/1.
    pub chs_hidden: u32,
    /// Heads that CHS counts by.
    pub heads: u16,
    /// Sectors per track that CHS counts by.
    pub sectors: u16,
    /// Whence heads and sectors are known.
    pub whence: Heads,
    /// What AH=08h told.
    pub told_cylinders: u16,
    /// What AH=08h told.
    pub told_heads: u16,
    /// What AH=08h told.
    pub told_sectors: u16,
    /// Most sectors in the next call.
    pub transfer: u16,
    /// Calls that hung.
    pub hung: u16,
    /// Where the boot code came from.
    pub boot_lba: u32,
    /// First sector of the last read.
    pub asked: Option<u32>,
    /// Last sector that was read.
    pub read: Option<u32>,
    /// BIOS status of the last call that failed.
    pub status: u8,
    /// Memory, if it is known already.
    pub memory: Option<Memory>,
    /// How A20 was switched on, when it had to be.
    pub a20: a20::Method,
}

impl Facts {
    /// Gives each line, in `language`, to `show`, in order.
    pub fn show(&self, language: Language, show: &mut dyn FnMut(&[u8])) {
        self.numbers().show(language, show);
    }

    /// The numbers: the loader's own where it has a drive already, else those of stage 2.
    pub fn numbers(&self) -> Numbers {
        let (info, trace) = (&self.info, &self.trace);
        let method = match trace {
            Some(trace) => trace.method,
            None if info.edd != 0 => Method::Edd,
            None => Method::Chs,
        };
        let status = trace.map_or(0, |trace| trace.status);
        // As the screen shows it: no BIOS that boots this has a stick with more sectors.
        let lba = |lba: Option<u64>| lba.map(|lba| lba as u32);
        Numbers {
            drive: info.drive,
            passed: info.bios_dl,
            method,
            is_disc: info.block_shift != 0,
            edd_works: self.measured(MEASURED_EDD),
            edd_hidden: info.edd_hidden.get(),
            edd_version: info.edd_version,
            edd_claims: info.edd_claims,
            chs_works: self.measured(MEASURED_CHS),
            chs_hidden: info.chs_hidden.get(),
            heads: trace.map_or(info.heads.get(), |trace| trace.heads),
            sectors: info.sectors_per_track.get(),
            whence: self.heads(),
            told_cylinders: info.told_cylinders.get(),
            told_heads: info.told_heads.get(),
            told_sectors: info.told_sectors.get(),
            transfer: trace.map_or(info.transfer.get(), |trace| trace.sectors),
            hung: info.abandoned.get().max(trace.map_or(0, |trace| trace.abandoned)),
            boot_lba: info.boot_lba.get(),
            asked: lba(trace.and_then(|trace| trace.asked)),
            read: lba(trace.and_then(|trace| trace.read)),
            status: if status != 0 { status } else { info.status },
            memory: self.memory,
            a20: self.a20,
        }
    }

    fn measured(&self, bit: u32) -> bool {
        u32::from(self.info.measured) & bit != 0
    }

    fn heads(&self) -> Heads {
        match (self.measured(MEASURED_HEADS), self.measured(MEASURED_SECTORS)) {
            (true, true) => Heads::Measured,
            (false, true) if self.trace.is_some_and(|trace| trace.heads_proven) => Heads::Proven,
            (false, true) => Heads::Told,
            _ => Heads::Unknown,
        }
    }
}

impl Numbers {
    /// Gives each line, in `language`, to `show`, in order.
    pub fn show(&self, language: Language, show: &mut dyn FnMut(&[u8])) {
        let mut line = |line: Text| show(line.as_bytes());
        line(language.line(&say::report_drive(self.drive, self.passed, self.method)));
        let (version, claims) = (self.edd_version, self.edd_claims);
        line(language.line(&say::report_edd(self.edd_works, self.edd_hidden, version, claims)));
        let (works, hidden) = (self.chs_works, self.chs_hidden);
        line(language.line(&say::report_chs(works, hidden, self.heads, self.sectors, self.whence)));
        line(language.line(&say::report_told(self.told_cylinders, self.told_heads, self.told_sectors)));
        line(language.line(&say::report_transfer(self.transfer, self.hung, self.boot_lba)));
        let (asked, read) = (self.asked.map(u64::from), self.read.map(u64::from));
        line(language.line(&say::report_reads(asked, read, self.status)));
        line(match self.memory {
            None => language.line(&say::report_no_memory(self.a20)),
            Some(Memory { ram, base_kib, source }) => {
                language.line(&say::report_memory(ram, source, base_kib, self.a20))
            }
        });
    }
}

/// Does what a key of the report asks for: changes `drive`, and returns what is said then; `None` goes on.
pub fn act(key: u8, drive: &mut Drive) -> Option<Sentence<'static, 0>> {
    match key.to_ascii_lowercase() {
        b'1' => {
            drive.limit_to_one();
            Some(say::single_sectors())
        }
        b'c' if drive.restrict(Method::Chs) => Some(say::chs_only()),
        b'c' => Some(say::no_chs()),
        b'e' => {
            drive.restrict(Method::Edd);
            Some(say::edd_only())
        }
        _ => None,
    }
}
