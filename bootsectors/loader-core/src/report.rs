//! The numbers that were found, on a few lines that can be photographed.
//!
//! They stand below the code of every halt, and are shown at the start if a key asks for them. Stage 2 shows the same
//! words for a boot that stops before the loader. What each number means is in `docs/errors.md#the-report`.

use ramkey_format::boot::{BootInfo, MEASURED_CHS, MEASURED_EDD, MEASURED_HEADS, MEASURED_SECTORS};

use crate::a20;
use crate::drive::{Drive, Method, Trace};
use crate::memory_calls::Source;
use crate::screen::{Heads, Language, Sentence, say};

/// Lines of the report.
pub const LINES: usize = 7;

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

impl Facts {
    /// Gives each line, in `language`, to `show`, in order.
    pub fn show(&self, language: Language, show: &mut dyn FnMut(&[u8])) {
        let (info, trace) = (&self.info, &self.trace);
        let method = match trace {
            Some(trace) => trace.method,
            None if info.edd != 0 => Method::Edd,
            None => Method::Chs,
        };
        let mut line = |line: &[u8]| show(line);
        line(language.line(&say::report_drive(info.drive, info.bios_dl, method)).as_bytes());
        let (works, hidden) = (self.measured(MEASURED_EDD), info.edd_hidden.get());
        line(language.line(&say::report_edd(works, hidden, info.edd_version, info.edd_claims)).as_bytes());
        let (works, hidden) = (self.measured(MEASURED_CHS), info.chs_hidden.get());
        let heads = trace.map_or(info.heads.get(), |trace| trace.heads);
        let sectors = info.sectors_per_track.get();
        line(language.line(&say::report_chs(works, hidden, heads, sectors, self.heads())).as_bytes());
        let (cylinders, heads) = (info.told_cylinders.get(), info.told_heads.get());
        line(language.line(&say::report_told(cylinders, heads, info.told_sectors.get())).as_bytes());
        let (sectors, hung) =
            trace.map_or((info.transfer.get(), 0), |trace| (trace.sectors, trace.abandoned));
        let hung = info.abandoned.get().max(hung);
        line(language.line(&say::report_transfer(sectors, hung, info.boot_lba.get())).as_bytes());
        let (asked, read) = (trace.and_then(|trace| trace.asked), trace.and_then(|trace| trace.read));
        let status = trace.map_or(0, |trace| trace.status);
        let status = if status != 0 { status } else { info.status };
        line(language.line(&say::report_reads(asked, read, status)).as_bytes());
        let memory = match self.memory {
            None => language.line(&say::report_no_memory(self.a20)),
            Some(Memory { ram, base_kib, source }) => {
                language.line(&say::report_memory(ram, source, base_kib, self.a20))
            }
        };
        line(memory.as_bytes());
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
