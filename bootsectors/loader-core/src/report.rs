//! The numbers that were found, on a few lines that can be photographed.
//!
//! They stand below the code of every halt, and are shown at the start if a key asks for them. Stage 2 shows the same
//! words for a boot that stops before the loader. What each number means is in `docs/errors.md#the-report`.

use ramkey_format::boot::{BootInfo, MEASURED_CHS, MEASURED_EDD, MEASURED_HEADS, MEASURED_SECTORS};

use crate::a20;
use crate::drive::{Drive, Method, Trace};
use crate::memory_calls::Source;
use crate::text::Line;

/// Columns that a line may have: the last one would scroll the screen.
pub const COLUMNS: usize = 79;
/// Lines of the report.
pub const LINES: usize = 7;
/// What the keys do, below the report that was asked for.
pub const KEYS: &str = "1: single sectors  C: CHS only  E: EDD only  any other key goes on";

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
    /// Gives each line to `show`, in order.
    pub fn show(&self, show: &mut dyn FnMut(&[u8])) {
        let lines: [fn(&Self, &mut Line<COLUMNS>); LINES] =
            [Self::drive, Self::edd, Self::chs, Self::told, Self::transfer, Self::reads, Self::memory];
        for fill in lines {
            let mut line = Line::new();
            fill(self, &mut line);
            show(line.as_bytes());
        }
    }

    fn measured(&self, bit: u32) -> bool {
        u32::from(self.info.measured) & bit != 0
    }

    fn works(&self, bit: u32) -> &'static str {
        if self.measured(bit) { "works" } else { "no" }
    }

    fn drive(&self, line: &mut Line<COLUMNS>) {
        let method =
            self.trace.map_or(if self.info.edd != 0 { Method::Edd } else { Method::Chs }, |t| t.method);
        line.text("drive ").hex(self.info.drive.into(), 2).text("h, the BIOS passed ");
        line.hex(self.info.bios_dl.into(), 2).text("h, read by ").text(method.name());
    }

    fn edd(&self, line: &mut Line<COLUMNS>) {
        line.text("EDD: ")
            .text(self.works(MEASURED_EDD))
            .text(", hidden ")
            .decimal(self.info.edd_hidden.get());
        line.text(", AH=41h says ").hex(self.info.edd_version.into(), 2).text("h ");
        line.hex(self.info.edd_claims.into(), 2).text("h");
    }

    fn chs(&self, line: &mut Line<COLUMNS>) {
        let whence = match (self.measured(MEASURED_HEADS), self.measured(MEASURED_SECTORS)) {
            (true, true) => "measured",
            (false, true) if self.trace.is_some_and(|trace| trace.heads_proven) => "heads proven",
            (false, true) => "heads not measured",
            _ => "not measured",
        };
        line.text("CHS: ")
            .text(self.works(MEASURED_CHS))
            .text(", hidden ")
            .decimal(self.info.chs_hidden.get());
        line.text(", heads ").decimal(self.trace.map_or(self.info.heads.get(), |t| t.heads).into());
        line.text(", sectors ").decimal(self.info.sectors_per_track.get().into());
        line.text(", ").text(whence);
    }

    fn told(&self, line: &mut Line<COLUMNS>) {
        line.text("AH=08h says ").decimal(self.info.told_cylinders.get().into());
        line.byte(b'/').decimal(self.info.told_heads.get().into());
        line.byte(b'/').decimal(self.info.told_sectors.get().into());
    }

    fn transfer(&self, line: &mut Line<COLUMNS>) {
        let (sectors, hung) = self.trace.map_or((self.info.transfer.get(), 0), |t| (t.sectors, t.abandoned));
        line.text("transfer ").decimal(sectors.into()).text(", calls that hung ");
        line.decimal(u32::from(self.info.abandoned.get().max(hung)));
        line.text(", boot area at LBA ").decimal(self.info.boot_lba.get());
    }

    fn reads(&self, line: &mut Line<COLUMNS>) {
        let mut lba = |what, lba: Option<u64>| {
            line.text(what);
            match lba {
                Some(lba) => line.decimal(lba as u32),
                None => line.text("none"),
            };
        };
        lba("LBA asked last ", self.trace.and_then(|t| t.asked));
        lba(", read last ", self.trace.and_then(|t| t.read));
        let status = self.trace.map_or(0, |t| t.status);
        line.text(", last status ")
            .hex(if status != 0 { status } else { self.info.status }.into(), 2)
            .text("h");
    }

    fn memory(&self, line: &mut Line<COLUMNS>) {
        match self.memory {
            None => line.text("memory not asked for yet"),
            Some(Memory { ram, base_kib, source }) => line
                .text("memory ")
                .mib(ram)
                .text(" MB by ")
                .text(source.name())
                .text(", base ")
                .decimal(base_kib.into())
                .text(" KB"),
        };
        line.text(", A20 ").text(self.a20.name());
    }
}

/// A key of the report: changes `drive`, and says what it did; `None` goes on.
pub fn act(key: u8, drive: &mut Drive) -> Option<&'static str> {
    match key.to_ascii_lowercase() {
        b'1' => {
            drive.limit_to_one();
            Some("One sector in each call from now on.")
        }
        b'c' if drive.restrict(Method::Chs) => Some("CHS only from now on."),
        b'c' => Some("CHS cannot be used: its geometry is not known."),
        b'e' => {
            drive.restrict(Method::Edd);
            Some("EDD only from now on.")
        }
        _ => None,
    }
}
