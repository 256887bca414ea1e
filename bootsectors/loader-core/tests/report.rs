//! The report: its words, its size, and its keys.

mod common;

use common::plain;
use ramkey_format::boot::{BootInfo, MEASURED_CHS, MEASURED_EDD, MEASURED_SECTORS};
use ramkey_loader_core::a20;
use ramkey_loader_core::access::DriveAccess;
use ramkey_loader_core::drive::{Drive, Method, Trace};
use ramkey_loader_core::memory_calls::Source;
use ramkey_loader_core::report::{Facts, LINES, Memory, act};
use ramkey_loader_core::report_block::ROWS;
use ramkey_loader_core::screen::{COLUMNS, Language};
use zerocopy::{FromBytes, FromZeros};

/// Lines of a halt around the report: an empty one, the code, its details; an empty one, what the block is for, the QR code,
/// what to do; and the longest block.
const AROUND: usize = 7 + ROWS;

fn lines(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    facts.show(Language::English, &mut |line| lines.push(String::from_utf8(line.to_vec()).unwrap()));
    lines
}

#[test]
fn the_report_says_what_was_found_by_whom() {
    let mut info = BootInfo::new_zeroed();
    (info.drive, info.bios_dl, info.edd, info.status) = (0x80, 0x00, 1, 0x01);
    info.measured = (MEASURED_EDD | MEASURED_CHS | MEASURED_SECTORS) as u8;
    (info.edd_version, info.edd_claims) = (0x30, 0x05);
    info.chs_hidden.set(63);
    info.heads.set(255);
    info.sectors_per_track.set(63);
    info.told_cylinders.set(1024);
    info.told_heads.set(16);
    info.told_sectors.set(63);
    info.transfer.set(127);
    info.boot_lba.set(128);
    let early = Facts { info, trace: None, memory: None, a20: a20::Method::None };
    assert_eq!(
        lines(&early),
        [
            "drive 80h, the BIOS passed 00h, read by EDD",
            "EDD: works, hidden 0, AH=41h says 30h 05h",
            "CHS: works, hidden 63, heads 255, sectors 63, heads not measured",
            "AH=08h says 1024/16/63",
            "transfer 127, calls that hung 0, boot area at LBA 128",
            "LBA asked last none, read last none, last status 01h",
            "memory not asked for yet, A20 on already",
        ]
    );
    let trace = Trace {
        asked: Some(2048),
        read: Some(2047),
        status: 0xFE,
        abandoned: 2,
        heads: 240,
        heads_proven: false,
        method: Method::Chs,
        sectors: 1,
    };
    let memory = Some(Memory { ram: 64 << 20, base_kib: 639, source: Source::E801 });
    let late_facts = Facts { trace: Some(trace), memory, a20: a20::Method::Port92, ..early };
    let late = lines(&late_facts);
    assert_eq!(late[0], "drive 80h, the BIOS passed 00h, read by CHS");
    assert_eq!(late[2], "CHS: works, hidden 63, heads 240, sectors 63, heads not measured");
    let proven = Some(Trace { heads_proven: true, ..trace });
    let proven = lines(&Facts { trace: proven, ..late_facts });
    assert_eq!(proven[2], "CHS: works, hidden 63, heads 240, sectors 63, heads proven");
    assert_eq!(late[4], "transfer 1, calls that hung 2, boot area at LBA 128");
    assert_eq!(late[5], "LBA asked last 2048, read last 2047, last status FEh");
    assert_eq!(late[6], "memory 64.0 MB by E801, base 639 KB, A20 by port 92h");
}

#[test]
fn the_largest_numbers_fit_one_screen_of_80_by_25() {
    let mut info = BootInfo::read_from_bytes(&[0xFF; size_of::<BootInfo>()]).unwrap();
    let trace = Trace {
        asked: Some(u64::MAX),
        read: Some(u64::MAX),
        status: 0xFF,
        abandoned: u16::MAX,
        heads: u16::MAX,
        heads_proven: false,
        method: Method::Chs,
        sectors: u16::MAX,
    };
    let memory = Some(Memory { ram: u64::from(u32::MAX), base_kib: u16::MAX, source: Source::E820Broken });
    for measured in 0..=0xFF {
        info.measured = measured;
        let facts = Facts { info, trace: Some(trace), memory, a20: a20::Method::KeyboardController };
        let lines = lines(&facts);
        assert_eq!(lines.len(), LINES);
        for line in &lines {
            // One column less than there is: nothing was left out.
            assert!(line.len() < COLUMNS, "{line}");
            assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
        }
    }
    const { assert!(AROUND + LINES < 25) }
}

#[test]
fn the_words_of_stage_2_are_the_same() {
    let assembly = include_str!("../../stage2/report.asm");
    let table = include_str!("../src/screen/english.rs");
    for (stage2, loader) in [
        ("drive ", "drive {"),
        ("h, the BIOS passed ", "h, the BIOS passed {"),
        ("EDD: ", "EDD: {"),
        ("CHS: ", "CHS: {"),
        (", hidden ", ", hidden {"),
        (", AH=41h says ", ", AH=41h says {"),
        (", heads ", ", heads {"),
        (", sectors ", ", sectors {"),
        ("AH=08h says ", "AH=08h says {"),
        ("transfer ", "transfer {"),
        (", calls that hung ", ", calls that hung {"),
        (", boot area at LBA ", ", boot area at LBA {"),
    ] {
        assert!(assembly.contains(stage2), "stage 2 does not say {stage2:?}");
        assert!(table.contains(loader), "the loader does not say {loader:?}");
    }
}

/// What is said after a key.
fn words(key: u8, drive: &mut Drive) -> Option<String> {
    let line = act(key, drive).map(|done| Language::English.line(&done));
    line.map(|line| String::from_utf8(line.as_bytes().to_vec()).unwrap())
}

#[test]
fn the_keys_change_the_drive_and_every_other_key_goes_on() {
    let mut drive = Drive::new(0x80, plain(Method::Edd));
    for key in [b'\r', b' ', b'0', b'2', b'x', 0, 0xE0] {
        assert_eq!(words(key, &mut drive), None, "{key}");
    }
    assert_eq!((drive.method(), drive.transfer_sectors()), (Method::Edd, 127));
    assert_eq!(words(b'C', &mut drive).as_deref(), Some("CHS only from now on."));
    assert_eq!(drive.method(), Method::Chs);
    assert_eq!(words(b'e', &mut drive).as_deref(), Some("EDD only from now on."));
    assert_eq!(drive.method(), Method::Edd);
    assert_eq!(words(b'1', &mut drive).as_deref(), Some("One sector in each call from now on."));
    assert_eq!(drive.transfer_sectors(), 1);
    let mut blind = Drive::new(0x80, DriveAccess { geometry: None, ..plain(Method::Edd) });
    assert_eq!(words(b'c', &mut blind).as_deref(), Some("CHS cannot be used: its geometry is not known."));
}
