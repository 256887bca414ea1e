//! The block of a halt: what it says comes back, and no mistake of a person who types it goes unnoticed.

mod common;

use common::numbers::{self, USUAL};
use proptest::prelude::*;
use ramkey_loader_core::a20;
use ramkey_loader_core::drive::Method;
use ramkey_loader_core::memory_calls::Source;
use ramkey_loader_core::report::{Memory, Numbers};
use ramkey_loader_core::report_block::{
    ALPHABET, Block, BlockError, Details, ROW, ROWS, SymbolsError, What, Within,
};
use ramkey_loader_core::screen::{Heads, Language, Message, say};

/// The read of an image failed there.
const FAILED: Block = Block {
    code: 0x31,
    build: 0x123,
    details: Details {
        within: Within::Bytes { start: 3 << 18, end: 4 << 18 },
        what: What::ReadFailed { status: 4, lba: 1_234_567 },
    },
    numbers: USUAL,
};

/// What QEMU shows of an image with a wrong bit.
const WRONG: Block = Block {
    code: 0x46,
    build: 0x123,
    details: Details { within: Within::Bytes { start: 2 << 18, end: 3 << 18 }, what: What::Lba(3723) },
    numbers: Numbers {
        edd_claims: 7,
        chs_works: true,
        heads: 0,
        sectors: 0,
        whence: Heads::Unknown,
        told_cylinders: 23,
        told_heads: 16,
        told_sectors: 0,
        transfer: 1,
        asked: Some(4234),
        read: Some(4234),
        status: 0,
        memory: Some(Memory { ram: (634_u64 << 20).div_ceil(10), base_kib: 639, source: Source::E820 }),
        ..USUAL
    },
};

/// Nothing is as it should be.
const ODD: Block = Block {
    code: 0x44,
    build: 0x3FF,
    details: Details { within: Within::File(*b"MYIMA~1 "), what: What::TableHashWrong },
    numbers: numbers::ODD,
};

/// Before the loader knows anything.
const EARLY: Block = Block {
    code: 0x50,
    build: 0,
    details: Details { within: Within::Nothing, what: What::Internal { file: *b"load    ", line: 80 } },
    numbers: Numbers { asked: None, read: None, memory: None, status: 0, ..USUAL },
};

fn text(block: &Block) -> String {
    block.encode().characters().map(char::from).collect()
}

#[test]
fn what_was_once_shown_is_read_for_ever() {
    for (block, shown) in VECTORS {
        assert_eq!(text(&block), shown);
        assert_eq!(Block::decode(shown), Ok(block));
    }
}

#[test]
fn a_usual_halt_takes_two_rows_of_40_columns() {
    assert!(text(&WRONG).len() <= 2 * ROW, "{}", text(&WRONG));
    assert!(text(&FAILED).len() <= 2 * ROW - 5, "{}", text(&FAILED).len());
    assert!(text(&EARLY).len() <= 2 * ROW, "{}", text(&EARLY).len());
    assert!(text(&ODD).len() <= 4 * ROW, "{}", text(&ODD).len());
}

#[test]
fn the_screen_shows_a_command_with_groups_below_each_other() {
    let mut lines = Vec::new();
    FAILED.encode().show(&mut |line| lines.push(String::from_utf8(line.to_vec()).unwrap()));
    assert_eq!(
        lines,
        ["  ramkey explain ACA8W 02N80 1M9DD 1S0JH", "                 H8008 G30G4 SZ1"],
        "40 columns have room for it"
    );
}

#[test]
fn it_is_read_however_a_person_types_it() {
    let shown = text(&FAILED);
    let groups: Vec<String> =
        shown.as_bytes().chunks(5).map(|group| String::from_utf8(group.to_vec()).unwrap()).collect();
    for typed in [
        shown.to_lowercase(),
        groups.join("-"),
        groups.join(" - "),
        groups.join("\u{2014}"),
        groups.join("\n"),
        shown.replace('0', "O").replace('1', "l"),
        shown.replace('0', "o").replace('1', "I"),
    ] {
        assert_eq!(Block::decode(&typed), Ok(FAILED), "{typed}");
    }
}

#[test]
fn every_wrong_character_is_found_in_its_row() {
    for block in [FAILED, ODD, EARLY] {
        let right = text(&block).into_bytes();
        for place in 0..right.len() {
            for &other in ALPHABET.iter().filter(|&&other| other != right[place]) {
                let mut typed = right.clone();
                typed[place] = other;
                let typed = String::from_utf8(typed).unwrap();
                let found = Block::decode(&typed);
                assert_eq!(found, Err(SymbolsError::Row { row: place / ROW }.into()), "{typed}");
            }
        }
    }
}

#[test]
fn two_characters_that_were_exchanged_are_found_in_their_row() {
    for block in [FAILED, ODD, EARLY] {
        let right = text(&block).into_bytes();
        for first in 0..right.len() {
            for second in first + 1..right.len() {
                if right[first] == right[second] {
                    continue;
                }
                let mut typed = right.clone();
                typed.swap(first, second);
                let found = Block::decode(&String::from_utf8(typed).unwrap());
                assert_eq!(found, Err(SymbolsError::Row { row: first / ROW }.into()), "{first} {second}");
            }
        }
    }
}

#[test]
fn rows_groups_and_characters_that_lack_or_came_twice_are_found() {
    let right = text(&ODD).into_bytes();
    let refused = |typed: &[u8]| Block::decode(str::from_utf8(typed).unwrap()).is_err();
    for start in 0..right.len() {
        for end in start + 1..=right.len() {
            assert!(refused(&[&right[..start], &right[end..]].concat()), "without {start}..{end}");
            assert!(refused(&[&right[..end], &right[start..]].concat()), "{start}..{end} twice");
        }
    }
    let mut rows: Vec<&[u8]> = right.chunks(ROW).collect();
    rows.swap(0, 1);
    assert_eq!(
        Block::decode(str::from_utf8(&rows.concat()).unwrap()),
        Err(SymbolsError::Row { row: 0 }.into())
    );
}

#[test]
fn a_character_that_no_block_has_and_too_many_are_named() {
    let row = |found| Err(BlockError::Typed(SymbolsError::Character { found }));
    assert_eq!(Block::decode("A7U"), row('U'));
    assert_eq!(Block::decode("A7\u{e9}"), row('\u{e9}'));
    for found in [0, 1, 4, ROW + 1, ROW * ROWS + 1] {
        let expected = if found == 4 || found == ROW + 1 {
            // Checks come before lengths.
            SymbolsError::Row { row: 0 }
        } else {
            SymbolsError::Length { found }
        };
        assert_eq!(Block::decode(&"A".repeat(found)), Err(expected.into()), "{found}");
    }
}

#[test]
fn the_numbers_of_a_block_are_the_lines_of_the_screen() {
    let lines = |numbers: &Numbers| {
        let mut lines = Vec::new();
        numbers.show(Language::English, &mut |line| lines.push(String::from_utf8(line.to_vec()).unwrap()));
        lines
    };
    for (_, shown) in VECTORS {
        let block = Block::decode(shown).unwrap();
        assert_eq!(lines(&block.numbers).len(), 7);
    }
    // Any number of bytes is shown as it was, though a block has tenths of a MiB.
    for ram in [0, 1, 0x3FF_FC00, (64 << 20) + 104_857, (64 << 20) + 104_858, u64::MAX] {
        let memory = Some(Memory { ram, base_kib: 0xFFFF, source: Source::E820Broken });
        let block = Block { numbers: Numbers { memory, ..USUAL }, ..FAILED };
        let read = Block::decode(&text(&block)).unwrap();
        assert_eq!(lines(&read.numbers), lines(&block.numbers), "{ram}");
    }
}

#[test]
fn what_the_screen_says_below_a_code_is_in_the_block() {
    let read = say::read_failed(0x80, 2048);
    let name = b"DOS622  ";
    let comes_back = |message: Message<'_>, line: &str| {
        let details = Details::of(message);
        let block = Block { details, ..FAILED };
        assert_eq!(Block::decode(&text(&block)), Ok(block));
        assert_eq!(details.line(Language::English).as_bytes(), line.as_bytes());
    };
    comes_back(read.as_message(), "status 80h, LBA 2048");
    comes_back(say::boot_header_damaged().as_message(), "boot header");
    comes_back(say::file(name).as_message(), "DOS622  .RKC");
    comes_back(say::base_memory(12).as_message(), "base memory 12 KB");
    let line = "the BIOS told of memory at 0x01000000, and there is none";
    comes_back(say::no_memory_at(0x0100_0000).as_message(), line);
    let line = "the CD wants its boot image at 0x007C00..0x0B0000";
    comes_back(say::boot_image_at(0x7C00, 0xB_0000).as_message(), line);
    let in_file = Details::of(say::in_file(name, say::too_short().as_message()).as_message());
    assert_eq!(in_file, Details { within: Within::File(*name), what: What::TooShort });
    let in_bytes = Details::of(say::in_bytes(5, 9, read.as_message()).as_message());
    assert_eq!(
        in_bytes.line(Language::English).as_bytes(),
        b"image bytes 0x00000005..0x00000009, status 80h, LBA 2048"
    );
    let internal = Details::of(say::internal(b"loader-core/src/blake3.rs", 17).as_message());
    assert_eq!(internal.what, What::Internal { file: *b"blake?  ", line: 17 });
    let other = Details::of(say::file(b"\x9A`*~A1_-").as_message());
    assert_eq!(other.within, Within::File(*b"???~A1_-"));
}

#[test]
fn each_sentence_of_a_halt_has_a_number_of_its_own() {
    let mut whats: Vec<What> = vec![What::Nothing, What::ReadFailed { status: 1, lba: 2 }];
    whats.extend([What::Cluster(3), What::Block(4), What::Lba(5), What::HeaderWrong, What::TableWrong]);
    whats.extend([What::HeaderHashWrong, What::TableHashWrong, What::ImageHashWrong, What::TooShort]);
    whats.extend([What::BootHeaderDamaged, What::NoDisk, What::MemoryTable, What::BaseMemory(6)]);
    whats.extend([What::BootImageAt { start: 7, end: 8 }, What::NoMemoryAt(9)]);
    for what in whats {
        for within in [Within::Nothing, Within::File(*b"A       "), Within::Bytes { start: 1, end: 2 }] {
            let block = Block { details: Details { within, what }, ..FAILED };
            assert_eq!(Block::decode(&text(&block)), Ok(block));
        }
    }
}

/// Any numbers whatever a BIOS says.
fn numbers() -> impl Strategy<Value = Numbers> {
    let heads = [Heads::Measured, Heads::Proven, Heads::Told, Heads::Unknown];
    let sources = [Source::E820, Source::E820Broken, Source::E801, Source::H88];
    let ways = [a20::Method::None, a20::Method::Bios, a20::Method::KeyboardController, a20::Method::Port92];
    let memory = (0..99_999_999_u64, any::<u16>(), prop::sample::select(sources.to_vec())).prop_map(
        |(tenths, base_kib, source)| Memory { ram: ((tenths << 20).div_ceil(10)), base_kib, source },
    );
    let ways = (
        prop::sample::select(vec![Method::Edd, Method::Chs]),
        prop::sample::select(heads.to_vec()),
        prop::sample::select(ways.to_vec()),
    );
    let bytes = any::<[u8; 5]>();
    let flags = any::<[bool; 3]>();
    let words = any::<[u16; 7]>();
    let longs = any::<[u32; 3]>();
    let reads = any::<(Option<u32>, Option<u32>)>();
    (ways, bytes, flags, words, longs, reads, prop::option::of(memory)).prop_map(
        |((method, whence, a20), bytes, flags, words, longs, (asked, read), memory)| Numbers {
            drive: bytes[0],
            passed: bytes[1],
            method,
            is_disc: flags[0],
            edd_works: flags[1],
            edd_hidden: longs[0],
            edd_version: bytes[2],
            edd_claims: bytes[3],
            chs_works: flags[2],
            chs_hidden: longs[1],
            heads: words[0],
            sectors: words[1],
            whence,
            told_cylinders: words[2],
            told_heads: words[3],
            told_sectors: words[4],
            transfer: words[5],
            hung: words[6],
            boot_lba: longs[2],
            asked,
            read,
            status: bytes[4],
            memory,
            a20,
        },
    )
}

fn details() -> impl Strategy<Value = Details> {
    let name = proptest::collection::vec(prop::sample::select(b"AZ09 _-~!".to_vec()), 8);
    let within = prop_oneof![
        Just(Within::Nothing),
        name.prop_map(|name| Within::File(name.try_into().unwrap())),
        any::<(u32, u32)>().prop_map(|(start, end)| Within::Bytes { start, end }),
        (0..1_u32 << 14).prop_map(|chunk| Within::Bytes { start: chunk << 18, end: (chunk << 18) + 512 }),
    ];
    let what = prop_oneof![
        Just(What::Nothing),
        any::<(u8, u32)>().prop_map(|(status, lba)| What::ReadFailed { status, lba }),
        any::<u32>().prop_map(What::Lba),
        any::<(u32, u32)>().prop_map(|(start, end)| What::BootImageAt { start, end }),
        ("[a-z_]{8}", any::<u16>())
            .prop_map(|(file, line)| What::Internal { file: file.into_bytes().try_into().unwrap(), line }),
    ];
    (within, what).prop_map(|(within, what)| Details { within, what })
}

proptest! {
    #[test]
    fn whatever_a_halt_says_comes_back(
        code in 0..0x80_u8,
        build in 0..0x400_u16,
        details in details(),
        numbers in numbers(),
        small in any::<bool>(),
    ) {
        let numbers = if small { Numbers { hung: 0, asked: USUAL.asked, read: USUAL.read, ..numbers } } else { numbers };
        let block = Block { code, build, details, numbers };
        let text = text(&block);
        prop_assert!(text.len() <= ROW * ROWS);
        prop_assert_eq!(Block::decode(&text), Ok(block));
    }

    #[test]
    fn no_text_is_too_odd_to_be_looked_at(text in "[0-9A-HJKMNP-TV-Z -]{0,200}|.{0,200}") {
        // A block has one way of being written.
        if let Ok(block) = Block::decode(&text) {
            let typed: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
            prop_assert_eq!(self::text(&block), typed.to_uppercase().replace('O', "0").replace(['I', 'L'], "1"));
        }
    }
}

/// Frozen: sticks show these.
const VECTORS: [(Block, &str); 3] = [
    (FAILED, "ACA8W02N801M9DD1S0JHH8008G30G4SZ1"),
    (ODD, "AH7ZW1G130FHZJFYA044GAB2J44H2R7A40Q720FMZA4XP9KJYVSMVC4MH8VR2E8"),
    (EARLY, "AM00402N8008252VG0SFA0T910"),
];
