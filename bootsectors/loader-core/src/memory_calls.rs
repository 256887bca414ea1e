//! Which of the BIOS's three memory calls is believed: E820h, else E801h, else AH=88h.
//!
//! What it does not do: make the calls. That is [`Int15`], so that tests can be a BIOS of any kind. The rules are those
//! of `docs/quirks.md#memory`.

use crate::drive::verdict;
use crate::memory::{Map, RANGES_MAX};

/// What E820 answers in EAX: "SMAP".
pub const SMAP: u32 = 0x534D_4150;
/// Bytes of an entry that every BIOS knows.
pub const ENTRY_LEN: u32 = 20;
/// Unit of AX and CX of E801h, in KiB: 15 MiB are the most.
const KIB_BELOW_16M: u16 = 0x3C00;
/// AH of a BIOS that does not know the call, and says so without the carry flag.
const UNKNOWN: [u8; 2] = [0x80, 0x86];

/// Registers after INT 15h.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer {
    /// FLAGS.
    pub flags: u16,
    /// EAX.
    pub eax: u32,
    /// EBX.
    pub ebx: u32,
    /// ECX.
    pub ecx: u32,
    /// EDX.
    pub edx: u32,
}

/// INT 15h.
pub trait Int15 {
    /// Calls with EAX, EBX and, for E820h, room for [`ENTRY_LEN`] bytes, ECX and "SMAP" in EDX; the carry flag is set before.
    fn call(&mut self, eax: u32, ebx: u32) -> Answer;
    /// What the last E820h wrote to its room, which was cleared before.
    fn entry(&self) -> [u8; ENTRY_LEN as usize];
    /// Base memory in KiB (0:413h).
    fn base_kib(&self) -> u16;
}

/// The call that the map comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// INT 15h AX=E820h.
    E820,
    /// The same, although its list ended in an answer that is none: nothing else told of memory.
    E820Broken,
    /// INT 15h AX=E801h.
    E801,
    /// INT 15h AH=88h.
    H88,
}

/// The memory of this machine, base memory in KiB, and who told it; `None` when nobody tells of any above 1 MiB.
pub fn ask(bios: &mut impl Int15) -> Option<(Map, u16, Source)> {
    let base_kib = bios.base_kib();
    let (e820, whole) = e820(bios);
    let (mut map, source) = if whole && e820.largest_fit() > 0 {
        (e820, Source::E820)
    } else {
        let older = e801(bios, base_kib)
            .map(|map| (map, Source::E801))
            .or_else(|| e88(bios, base_kib).map(|map| (map, Source::H88)));
        older.unwrap_or((e820, Source::E820Broken))
    };
    let base_kib = map.limit_base(base_kib);
    (map.largest_fit() > 0).then_some((map, base_kib, source))
}

/// The entries, and whether they ended as they should: a list that breaks off may lack what is reserved.
fn e820(bios: &mut impl Int15) -> (Map, bool) {
    let mut map = Map::new();
    let mut next = 0;
    for _ in 0..RANGES_MAX {
        let answer = bios.call(0xE820, next);
        if verdict(answer.flags, answer.eax).is_err() {
            break;
        }
        // 24 and more are longer entries, of which the first 20 bytes are the same.
        if answer.eax != SMAP || answer.ecx < ENTRY_LEN {
            return (map, false);
        }
        next = answer.ebx;
        if !map.add_e820(&bios.entry()) || next == 0 {
            break;
        }
    }
    (map, true)
}

fn e801(bios: &mut impl Int15, base_kib: u16) -> Option<Map> {
    let answer = bios.call(0xE801, 0);
    if verdict(answer.flags, answer.eax).is_err() {
        return None;
    }
    let [ax, bx, cx, dx] = [answer.eax, answer.ebx, answer.ecx, answer.edx].map(|register| register as u16);
    let untouched = bx == 0 && cx == 0 && dx == 0;
    if ax > KIB_BELOW_16M && untouched && UNKNOWN.contains(&((ax >> 8) as u8)) {
        return None;
    }
    Some(Map::from_e801(ax, bx, cx, dx, base_kib)).filter(|map| map.largest_fit() > 0)
}

fn e88(bios: &mut impl Int15, base_kib: u16) -> Option<Map> {
    let answer = bios.call(0x8800, 0);
    // The carry flag of this old call means nothing on some machines, so one of these must be there too.
    if verdict(answer.flags, answer.eax).is_err_and(|status| UNKNOWN.contains(&status)) {
        return None;
    }
    Some(Map::from_88(answer.eax as u16, base_kib)).filter(|map| map.largest_fit() > 0)
}
