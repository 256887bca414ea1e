//! The memory calls of BIOSes of every kind.

use ramkey_loader_core::memory::RAM;
use ramkey_loader_core::memory_calls::{Answer, ENTRY_LEN, Int15, SMAP, Source, ask};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const CARRY: u16 = 1;

/// What E820 does with call number n, and EBX.
type E820 = Box<dyn Fn(usize, u32) -> (Answer, (u64, u64, u32))>;

struct Machine {
    e820: E820,
    e801: Answer,
    h88: Answer,
    base_kib: u16,
    calls: Vec<u32>,
    entry: [u8; ENTRY_LEN as usize],
}

/// The call is not there, and the carry flag says so.
const ABSENT: Answer = Answer { flags: CARRY, eax: 0x8600, ebx: 0, ecx: 0, edx: 0 };
const NOTHING: (u64, u64, u32) = (0, 0, 0);

impl Machine {
    fn new(e820: impl Fn(usize, u32) -> (Answer, (u64, u64, u32)) + 'static) -> Self {
        Self { e820: Box::new(e820), e801: ABSENT, h88: ABSENT, base_kib: 639, calls: vec![], entry: [0; 20] }
    }

    /// E820 that gives `entries`, and changes each answer; the old calls know 16 MiB.
    fn with(entries: &'static [(u64, u64, u32)], change: impl Fn(usize, &mut Answer) + 'static) -> Self {
        let mut machine = Self::new(move |_, ebx| {
            let at = ebx as usize;
            let next = if at + 1 < entries.len() { ebx + 1 } else { 0 };
            let mut answer = Answer { flags: 0, eax: SMAP, ebx: next, ecx: 20, edx: SMAP };
            change(at, &mut answer);
            (answer, entries[at])
        });
        machine.h88 = Answer { eax: 15 << 10, ..Answer::default() };
        machine
    }

    fn told(&mut self) -> Option<(u64, u16, Source)> {
        ask(self).map(|(map, base, source)| (map.largest_fit(), base, source))
    }
}

impl Int15 for Machine {
    fn call(&mut self, eax: u32, ebx: u32) -> Answer {
        self.calls.push(eax);
        assert!(self.calls.len() <= 130, "more calls than any map has entries");
        match eax {
            0xE820 => {
                let (answer, (start, len, kind)) = (self.e820)(self.calls.len() - 1, ebx);
                self.entry[..8].copy_from_slice(&start.to_le_bytes());
                self.entry[8..16].copy_from_slice(&len.to_le_bytes());
                self.entry[16..].copy_from_slice(&kind.to_le_bytes());
                answer
            }
            0xE801 => self.e801,
            0x8800 => self.h88,
            _ => panic!("INT 15h {eax:X}h may hang"),
        }
    }

    fn entry(&self) -> [u8; ENTRY_LEN as usize] {
        self.entry
    }

    fn base_kib(&self) -> u16 {
        self.base_kib
    }
}

const USUAL: &[(u64, u64, u32)] = &[(0, 639 * KIB, 1), (0xF_0000, 0x1_0000, 2), (MIB, 63 * MIB, 1)];
const UNSORTED: &[(u64, u64, u32)] =
    &[(MIB, 63 * MIB, 1), (2 * MIB, 0, 1), (0, 639 * KIB, 1), (63 * MIB, MIB, 3), (0xF_0000, 0x1_0000, 2)];

#[test]
fn a_good_map_is_taken_and_nothing_else_is_asked() {
    let mut machine = Machine::with(USUAL, |_, _| ());
    assert_eq!(machine.told(), Some((63 * MIB, 639, Source::E820)));
    assert_eq!(machine.calls, [0xE820; 3]);
    let mut machine = Machine::with(UNSORTED, |_, _| ());
    assert_eq!(machine.told(), Some((62 * MIB, 639, Source::E820)));
}

#[test]
fn entries_of_another_size_are_read_and_sizes_that_are_none_are_refused() {
    for (size, source) in [
        (20, Source::E820),
        (24, Source::E820),
        (48, Source::E820),
        (u32::MAX, Source::E820),
        (19, Source::H88),
        (1, Source::H88),
        (0, Source::H88),
    ] {
        let mut machine = Machine::with(USUAL, move |_, answer| answer.ecx = size);
        assert_eq!(machine.told().unwrap().2, source, "ECX = {size}");
        // From the second entry on: what is reserved might lie behind it.
        let mut machine = Machine::with(USUAL, move |at, answer| answer.ecx = if at > 0 { size } else { 20 });
        assert_eq!(machine.told().unwrap().2, source, "ECX = {size} in the second entry");
    }
}

#[test]
fn a_carry_flag_at_the_end_is_an_end() {
    // EBX never says which is the last; the call behind it fails.
    let mut machine = Machine::new(|call, _| match USUAL.get(call) {
        Some(entry) => (Answer { eax: SMAP, ebx: call as u32 + 1, ecx: 20, ..Answer::default() }, *entry),
        None => (ABSENT, NOTHING),
    });
    assert_eq!(machine.told(), Some((63 * MIB, 639, Source::E820)));
}

#[test]
fn a_list_without_an_end_is_cut() {
    let mut machine = Machine::new(|call, _| {
        let entry = USUAL[call % 3];
        (Answer { eax: SMAP, ebx: 7, ecx: 20, ..Answer::default() }, entry)
    });
    assert_eq!(machine.told(), Some((63 * MIB, 639, Source::E820)));
    assert_eq!(machine.calls.len(), 128);
    // The first entry again and again.
    let mut machine =
        Machine::new(|_, _| (Answer { eax: SMAP, ebx: 1, ecx: 20, ..Answer::default() }, USUAL[0]));
    machine.e801 = Answer { eax: 0x3C00, ebx: 0x100, ..Answer::default() };
    assert_eq!(machine.told(), Some((16 * MIB, 639, Source::E801)));
}

#[test]
fn a_list_that_breaks_off_counts_only_when_nobody_else_knows_memory() {
    let lost = |at: usize, answer: &mut Answer| {
        if at == 2 {
            answer.eax = 0x1234;
        }
    };
    const LIST: &[(u64, u64, u32)] =
        &[(0, 639 * KIB, 1), (MIB, 31 * MIB, 1), (0xF_0000, 0x1_0000, 2), (64 * MIB, MIB, 2)];
    let mut machine = Machine::with(LIST, lost);
    assert_eq!(machine.told(), Some((14 * MIB, 639, Source::H88)), "without the ISA hole");
    let mut machine = Machine::with(LIST, lost);
    machine.h88 = ABSENT;
    assert_eq!(machine.told(), Some((31 * MIB, 639, Source::E820Broken)));
}

#[test]
fn without_e820_the_older_calls_are_asked_in_turn() {
    let absent = [
        ABSENT,
        // The carry flag is not set, and nothing else is right either.
        Answer { eax: 0xE820, ..Answer::default() },
        Answer { eax: 0x8600, ecx: 20, edx: SMAP, ..Answer::default() },
        Answer::default(),
    ];
    for none in absent {
        let mut machine = Machine::new(move |_, _| (none, NOTHING));
        machine.e801 = Answer { eax: 0x3C00, ebx: 0x300, ecx: 0x3C00, edx: 0x300, ..Answer::default() };
        assert_eq!(machine.told(), Some((48 * MIB, 639, Source::E801)));
        assert_eq!(machine.calls, [0xE820, 0xE801]);
        for no_e801 in [ABSENT, Answer { eax: 0x8601, ..Answer::default() }, Answer::default()] {
            let mut machine = Machine::new(move |_, _| (none, NOTHING));
            machine.e801 = no_e801;
            machine.h88 = Answer { flags: CARRY, eax: 7 << 10, ..Answer::default() };
            assert_eq!(machine.told(), Some((7 * MIB, 639, Source::H88)), "its carry flag means nothing");
            assert_eq!(machine.calls, [0xE820, 0xE801, 0x8800]);
            machine.h88 = ABSENT;
            assert_eq!(machine.told(), None);
        }
    }
}

#[test]
fn base_memory_is_the_smaller_of_what_two_sources_say() {
    for (data_area, base) in [(639, 639), (640, 639), (600, 600), (700, 639), (512, 512)] {
        let mut machine = Machine::with(USUAL, |_, _| ());
        machine.base_kib = data_area;
        let (map, found, _) = ask(&mut machine).unwrap();
        assert_eq!(found, base, "0:413h says {data_area}");
        let low = map.ranges()[0];
        assert_eq!((low.start, low.end, low.kind), (0, u64::from(base) * KIB, RAM));
    }
}
