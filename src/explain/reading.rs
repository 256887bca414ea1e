//! What the numbers of a block mean together: what is odd about them, and which causes and steps they speak for.

use ramkey_format::memory::{BOOT_LBA, TRANSFER_SECTORS_MAX};
use ramkey_loader_core::drive::Method;
use ramkey_loader_core::memory_calls::Source;
use ramkey_loader_core::report::{Memory, Numbers};
use ramkey_loader_core::report_block::{Block, What};
use ramkey_loader_core::screen::{Heads, Language};

use super::codes::{
    BAD_DISC, DISC, FEWER_SECTORS, HANGS, LOST, OTHER_LAYOUT, OTHER_PORT, OTHER_SECTORS, REPLACE,
    SHOWN_AS_FLOPPY, SINGLE_SECTORS, START_COLD, TAKES_BASE, TELLS_LESS, USB_MODE, VERIFY, WORN_OUT,
};
use super::{Explanation, REPORT};

/// A block in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What the screen says below the code, if it does.
    pub details: Option<String>,
    /// The lines of the report as an English screen shows them, and what each means.
    pub report: Vec<(String, &'static str)>,
    /// What is odd about the numbers, and whether it matters.
    pub odd: Vec<String>,
    /// Why the boot stopped: what the numbers speak for first, then the other causes of the code.
    pub causes: Vec<&'static str>,
    /// What to try, in this order.
    pub steps: Vec<&'static str>,
}

/// Reads `block`, whose code is explained by `explanation`; one that was asked for has none.
pub fn read(block: &Block, explanation: Option<&Explanation>) -> Reading {
    let mut reading = Reading::default();
    let details = block.details.line(Language::English);
    reading.details =
        Some(String::from_utf8_lossy(details.as_bytes()).into_owned()).filter(|line| !line.is_empty());
    let mut means = REPORT.iter().map(|line| line.means);
    block.numbers.show(Language::English, &mut |line| {
        reading.report.push((String::from_utf8_lossy(line).into_owned(), means.next().unwrap_or("")));
    });
    reading.look_at_read(block);
    reading.look_at_ways(&block.numbers);
    reading.look_at_geometry(&block.numbers);
    reading.look_at_transfers(&block.numbers);
    reading.look_at_memory(&block.numbers);
    if let Some(explanation) = explanation {
        // Numbers can be odd without being the reason: a code has the causes that it has.
        reading.causes.retain(|cause| explanation.causes.contains(cause));
        reading.steps.retain(|step| explanation.steps.contains(step));
        explanation.causes.iter().for_each(|cause| reading.suspect(cause, &[]));
        reading.suspect_steps(explanation.steps);
    } else {
        reading.causes.clear();
        reading.steps.clear();
    }
    reading
}

/// The last status and the sector of it: of the read that stopped the boot, else of the report.
fn failed(block: &Block) -> Option<(u8, u32)> {
    match block.details.what {
        What::ReadFailed { status, lba } => Some((status, lba)),
        What::Lba(lba) => Some((0, lba)),
        _ => None,
    }
}

/// Where a way of counting sectors ends, and what ends there.
fn ends(numbers: &Numbers) -> Vec<(u64, String)> {
    let mut ends = Vec::new();
    let Numbers { heads, sectors, told_cylinders, told_heads, told_sectors, .. } = *numbers;
    let told = u64::from(told_cylinders) * u64::from(told_heads) * u64::from(told_sectors);
    ends.push((told, "where the drive ends by AH=08h".to_owned()));
    let track = u64::from(heads) * u64::from(sectors);
    ends.push((
        1024 * track + u64::from(numbers.chs_hidden),
        "at cylinder 1024, behind which CHS does not reach".to_owned(),
    ));
    ends.push((1 << 28, "at 137 GB, where 28 bits end".to_owned()));
    let powers = (15..32).filter(|&power| power != 28);
    ends.extend(powers.map(|power| (1 << power, format!("at 2^{power}, a power of two"))));
    ends.retain(|(end, _)| *end > 0);
    ends
}

impl Reading {
    /// Notes a cause that the numbers speak for, and what to try then; what was noted before stays before.
    fn suspect(&mut self, cause: &'static str, steps: &[&'static str]) {
        if !self.causes.contains(&cause) {
            self.causes.push(cause);
        }
        self.suspect_steps(steps);
    }

    fn suspect_steps(&mut self, steps: &[&'static str]) {
        for step in steps {
            if !self.steps.contains(step) {
                self.steps.push(step);
            }
        }
    }

    fn note(&mut self, odd: impl Into<String>) {
        self.odd.push(odd.into());
    }

    /// The read that failed: its status, and where it was.
    fn look_at_read(&mut self, block: &Block) {
        let numbers = &block.numbers;
        if numbers.is_disc {
            self.suspect(BAD_DISC, &[DISC, START_COLD, VERIFY]);
        }
        let Some((status, lba)) = failed(block) else { return };
        let is_near = |end: u64| end.abs_diff(lba.into()) <= TRANSFER_SECTORS_MAX.into();
        let near = ends(numbers).into_iter().find(|&(end, _)| is_near(end));
        if let Some((end, what)) = near {
            self.note(format!(
                "The read at LBA {lba} lies {what} (LBA {end}): the BIOS may read nothing, or something else, from there on."
            ));
            self.suspect(FEWER_SECTORS, &[USB_MODE, OTHER_LAYOUT]);
            self.suspect(OTHER_SECTORS, &[]);
        }
        match status {
            HUNG => self.suspect(HANGS, &[SINGLE_SECTORS, USB_MODE]),
            0x05 | 0x06 | 0x07 | 0x08 | 0x20 | 0x80 | 0xAA | 0xBB | 0xE0 | 0xFF => {
                self.suspect(LOST, &[OTHER_PORT, START_COLD, SINGLE_SECTORS]);
            }
            0x0A | 0x0B | 0x10 | 0x11 => self.suspect(WORN_OUT, &[VERIFY, REPLACE]),
            0xFD => self.suspect(SHOWN_AS_FLOPPY, &[USB_MODE]),
            0x01 | 0x02 | 0x04 | 0x09 | 0x0C | 0x40 => {
                self.suspect(FEWER_SECTORS, &[USB_MODE, OTHER_LAYOUT]);
                self.suspect(WORN_OUT, &[VERIFY, REPLACE]);
            }
            _ => {}
        }
    }

    /// EDD, CHS, and the numbers of the drive.
    fn look_at_ways(&mut self, numbers: &Numbers) {
        let Numbers { drive, passed, edd_version, edd_claims, edd_works, chs_works, method, .. } = *numbers;
        if drive != passed {
            self.note(format!(
                "The BIOS passed drive {passed:02X}h, and the stick is drive {drive:02X}h: a fault of the BIOS that does no harm."
            ));
        }
        if drive < 0x80 && !numbers.is_disc {
            self.note("The BIOS shows the stick as a floppy: it may show only a part of it.");
            self.suspect(SHOWN_AS_FLOPPY, &[USB_MODE, OTHER_LAYOUT]);
        }
        if numbers.is_disc {
            return;
        }
        let claims = edd_version != 0 && edd_claims & 1 != 0;
        match (claims, edd_works) {
            (true, false) => {
                self.note("The BIOS claims EDD, and no sector of this stick came by it.");
                self.suspect_steps(&[USB_MODE, OTHER_LAYOUT]);
            }
            (false, true) => self.note("EDD works, although the BIOS does not claim it: that does no harm."),
            _ => {}
        }
        match (edd_works, chs_works) {
            (false, false) => {
                self.note(
                    "No stamp of this stick came by EDD or by CHS: nothing that the BIOS says is proven.",
                );
                self.suspect_steps(&[SINGLE_SECTORS, USB_MODE, OTHER_LAYOUT]);
            }
            (false, true) => self.reach(numbers),
            _ => {}
        }
        if edd_works && method == Method::Chs {
            self.note("EDD worked at the start, and reads go by CHS now: a read by EDD failed, or somebody pressed C.");
        }
        for (name, hidden) in [("EDD", numbers.edd_hidden), ("CHS", numbers.chs_hidden)] {
            if hidden != 0 {
                self.note(format!(
                    "The BIOS hides the first {hidden} sectors from {name}; they are counted in, and do no harm."
                ));
            }
        }
    }

    /// How far CHS reaches, where there is nothing else.
    fn reach(&mut self, numbers: &Numbers) {
        let sectors = 1024 * u64::from(numbers.heads) * u64::from(numbers.sectors);
        self.note(format!(
            "Reads go by CHS alone, with {} heads and {} sectors: that reaches {} MiB of the stick.",
            numbers.heads,
            numbers.sectors,
            sectors >> 11
        ));
        self.suspect(SHOWN_AS_FLOPPY, &[USB_MODE]);
    }

    /// Heads and sectors, as measured and as told.
    fn look_at_geometry(&mut self, numbers: &Numbers) {
        if numbers.is_disc {
            return;
        }
        let Numbers { heads, sectors, told_heads, told_sectors, whence, method, .. } = *numbers;
        let is_known = matches!(whence, Heads::Measured | Heads::Proven);
        if is_known && told_sectors != 0 && (heads, sectors) != (told_heads, told_sectors) {
            self.note(format!(
                "AH=08h says {told_heads} heads and {told_sectors} sectors, and reads count by {heads} and {sectors}: that \
                 does no harm here, but to systems that believe it."
            ));
        }
        if !is_known && method == Method::Chs {
            self.note("Reads go by CHS, and its heads are not measured: another sector than the one asked for may come.");
            self.suspect(FEWER_SECTORS, &[SINGLE_SECTORS, USB_MODE]);
            self.suspect(OTHER_SECTORS, &[]);
        }
    }

    /// Transfers, calls that hung, and how far reads came.
    fn look_at_transfers(&mut self, numbers: &Numbers) {
        let Numbers { transfer, hung, boot_lba, asked, read, is_disc, status, .. } = *numbers;
        if hung != 0 {
            let calls = if hung == 1 { "1 call" } else { &format!("{hung} calls") };
            self.note(format!(
                "{calls} of the BIOS hung for 30 seconds: a read, or one that asks for memory or switches A20."
            ));
            // The number counts all calls: that reads were among them, other numbers must say.
            if status == HUNG || (1..TRANSFER_SECTORS_MAX).contains(&transfer.into()) && !is_disc {
                self.suspect(HANGS, &[SINGLE_SECTORS, OTHER_PORT, USB_MODE]);
            }
            if numbers.memory.is_some_and(|memory| memory.source != Source::E820) {
                self.suspect(TELLS_LESS, &[]);
            }
        }
        match transfer {
            0 | 127 => {}
            1 => self.note("Only single sectors are read: somebody asked for it by a key, or longer transfers failed. It is slow."),
            _ if is_disc => {}
            _ => self.note(format!("Transfers have {transfer} sectors at most: longer ones failed.")),
        }
        if boot_lba != BOOT_LBA && !is_disc {
            self.note(format!(
                "The boot code came from its copy at LBA {boot_lba}: the BIOS does not show the start of the stick, or it was damaged."
            ));
            self.suspect_steps(&[VERIFY, OTHER_LAYOUT]);
        }
        if asked.is_some() && read.is_none() {
            self.note("The loader could read nothing at all, though the loader itself was read.");
            self.suspect(LOST, &[OTHER_PORT, START_COLD]);
        }
    }

    /// What the BIOS tells of memory.
    fn look_at_memory(&mut self, numbers: &Numbers) {
        let Some(Memory { ram, base_kib, source }) = numbers.memory else { return };
        match source {
            Source::H88 if ram >= 63 << 20 => {
                self.note("Memory was told by AH=88h, which never tells more than 64 MB: the machine may have more.");
                self.suspect(TELLS_LESS, &[]);
            }
            Source::E820Broken => {
                self.note("The list of E820 breaks off: memory that it does not tell of is not used.");
                self.suspect(TELLS_LESS, &[]);
            }
            _ => {}
        }
        if base_kib < BASE_USUAL_KIB {
            self.note(format!(
                "Base memory has {base_kib} KB, where about 630 is usual: something keeps {} KB of it.",
                640_u16.saturating_sub(base_kib)
            ));
            self.suspect(TAKES_BASE, &[]);
        }
    }
}

/// Status of a call that hung.
const HUNG: u8 = 0xFE;
/// Base memory below this is odd.
const BASE_USUAL_KIB: u16 = 600;

#[cfg(test)]
mod tests {
    use ramkey_loader_core::drive::Method;
    use ramkey_loader_core::memory_calls::Source;
    use ramkey_loader_core::report::{Memory, Numbers};
    use ramkey_loader_core::report_block::{Block, Details, What};
    use ramkey_loader_core::screen::Heads;

    use super::super::{EXPLANATIONS, Explanation};
    use super::{
        BAD_DISC, DISC, FEWER_SECTORS, HANGS, LOST, Reading, TAKES_BASE, TELLS_LESS, WORN_OUT, read,
    };

    fn failed() -> Block {
        // A read by EDD failed at LBA 1234567 with status 04h; nothing else is odd.
        Block::decode("ACA8W02N801M9DD1S0JHH8008G30G4SZ1").unwrap()
    }

    fn explanation(name: &str) -> &'static Explanation {
        EXPLANATIONS.iter().find(|explanation| explanation.name == name).unwrap()
    }

    fn of(change: impl FnOnce(&mut Block)) -> Reading {
        let mut block = failed();
        change(&mut block);
        read(&block, Some(explanation("READ_FAILED")))
    }

    fn is_odd(reading: &Reading, words: &str) {
        assert!(reading.odd.iter().any(|odd| odd.contains(words)), "{words}: {:?}", reading.odd);
    }

    fn status(block: &mut Block, status: u8) {
        block.numbers.status = status;
        block.details.what = What::ReadFailed { status, lba: 1_234_567 };
    }

    #[test]
    fn a_machine_with_nothing_odd_has_the_causes_and_steps_of_its_code() {
        let explanation = explanation("NO_FOLDER");
        let mut block = failed();
        (block.code, block.details) = (0x41, Details::default());
        let reading = read(&block, Some(explanation));
        assert_eq!((reading.odd.len(), reading.details), (0, None), "{:?}", reading.odd);
        assert_eq!(
            (reading.causes, reading.steps),
            (explanation.causes.to_vec(), explanation.steps.to_vec())
        );
    }

    #[test]
    fn every_cause_and_step_of_a_code_is_there_once_whatever_comes_first() {
        for (number, first) in [(0x80, LOST), (0xFE, HANGS), (0x10, WORN_OUT)] {
            let reading = of(|block| status(block, number));
            assert_eq!(reading.causes[0], first);
            let sorted = |list: &[&'static str]| {
                let mut list = list.to_vec();
                list.sort_unstable();
                list
            };
            let explanation = explanation("READ_FAILED");
            assert_eq!(sorted(&reading.causes), sorted(explanation.causes));
            assert_eq!(sorted(&reading.steps), sorted(explanation.steps));
        }
        let disc = of(|block| block.numbers.is_disc = true);
        assert_eq!((disc.causes[0], disc.steps[0]), (BAD_DISC, DISC));
    }

    #[test]
    fn a_read_that_fails_where_a_way_of_counting_ends_says_where() {
        for (lba, words) in [
            ((1 << 20) - 5, "2^20"),
            ((1 << 20) + 127, "2^20"),
            (1024 * 255 * 63, "cylinder 1024"),
            ((1 << 28) - 1, "137 GB"),
            (100 * 16 * 63 - 1, "AH=08h"),
        ] {
            let reading = of(|block| {
                (block.numbers.told_cylinders, block.numbers.told_heads) = (100, 16);
                block.details.what = What::ReadFailed { status: 0x10, lba };
            });
            is_odd(&reading, words);
            assert_eq!(reading.causes[0], FEWER_SECTORS, "{lba}");
        }
        let reading = of(|block| block.details.what = What::ReadFailed { status: 4, lba: (1 << 20) + 128 });
        assert!(reading.odd.is_empty(), "{:?}", reading.odd);
    }

    #[test]
    fn each_odd_number_is_told() {
        is_odd(&of(|block| block.numbers.passed = 0), "passed drive 00h");
        is_odd(&of(|block| block.numbers.drive = 0), "as a floppy");
        is_odd(&of(|block| block.numbers.edd_works = false), "claims EDD");
        is_odd(&of(|block| block.numbers.edd_version = 0), "does not claim it");
        is_odd(&of(|block| block.numbers.method = Method::Chs), "reads go by CHS now");
        is_odd(&of(|block| block.numbers.chs_hidden = 63), "hides the first 63 sectors from CHS");
        is_odd(&of(|block| block.numbers.told_heads = 16), "AH=08h says 16 heads and 63 sectors");
        is_odd(&of(|block| block.numbers.hung = 1), "1 call of the BIOS hung");
        is_odd(&of(|block| block.numbers.hung = 3), "3 calls of the BIOS hung");
        is_odd(&of(|block| block.numbers.transfer = 1), "single sectors");
        is_odd(&of(|block| block.numbers.transfer = 31), "31 sectors");
        is_odd(&of(|block| block.numbers.boot_lba = 2176), "copy at LBA 2176");
        is_odd(&of(|block| block.numbers.read = None), "nothing at all");
        let reading = of(|block| {
            let numbers = &mut block.numbers;
            (numbers.edd_works, numbers.method, numbers.heads, numbers.sectors) =
                (false, Method::Chs, 64, 32);
            numbers.whence = Heads::Told;
        });
        is_odd(&reading, "reaches 1024 MiB");
        is_odd(&reading, "heads are not measured");
        let neither = of(|block| (block.numbers.edd_works, block.numbers.chs_works) = (false, false));
        is_odd(&neither, "No stamp");
    }

    #[test]
    fn memory_is_odd_where_the_bios_hides_some() {
        let of = |memory, name| {
            let mut block = failed();
            block.numbers.memory = Some(memory);
            read(&block, Some(explanation(name)))
        };
        let usual = Memory { ram: 64 << 20, base_kib: 630, source: Source::E820 };
        let few = of(Memory { base_kib: 589, ..usual }, "NO_LOW_MEMORY");
        is_odd(&few, "589 KB");
        assert_eq!(few.causes[0], TAKES_BASE);
        let old = of(Memory { source: Source::H88, ..usual }, "TOO_LITTLE_MEMORY");
        is_odd(&old, "AH=88h");
        assert_eq!(old.causes[0], TELLS_LESS);
        is_odd(&of(Memory { source: Source::E820Broken, ..usual }, "READ_FAILED"), "breaks off");
        let small = of(Memory { ram: 16 << 20, source: Source::H88, ..usual }, "READ_FAILED");
        assert!(small.odd.is_empty(), "{:?}", small.odd);
    }

    #[test]
    fn a_call_that_hung_speaks_for_long_transfers_only_if_reads_failed_and_else_for_memory() {
        let hung = |name, change: fn(&mut Numbers)| {
            let mut block = failed();
            (block.details, block.numbers.status, block.numbers.hung) = (Details::default(), 0, 1);
            change(&mut block.numbers);
            let reading = read(&block, Some(explanation(name)));
            is_odd(&reading, "a read, or one that asks for memory");
            reading.causes[0]
        };
        assert_eq!(hung("READ_FAILED", |numbers| numbers.status = 0xFE), HANGS);
        assert_eq!(hung("READ_FAILED", |numbers| numbers.transfer = 31), HANGS);
        assert_eq!(hung("READ_FAILED", |_| ()), explanation("READ_FAILED").causes[0]);
        let by_e801 = |numbers: &mut Numbers| {
            numbers.memory = Some(Memory { ram: 16 << 20, base_kib: 638, source: Source::E801 });
        };
        assert_eq!(hung("TOO_LITTLE_MEMORY", by_e801), TELLS_LESS);
    }

    #[test]
    fn a_report_that_was_asked_for_has_no_causes() {
        let mut block = failed();
        (block.code, block.details, block.numbers.hung) = (0, Details::default(), 1);
        let reading = read(&block, None);
        assert_eq!((reading.odd.len(), reading.causes.len(), reading.steps.len()), (1, 0, 0));
        assert_eq!(reading.report[0].0, "drive 80h, the BIOS passed 80h, read by EDD");
        assert_eq!(reading.report.len(), 7);
    }
}
