//! The sentences of every language: complete, short enough, and with every place filled.

use std::collections::BTreeSet;

use ramkey_format::boot::BootHeader;
use ramkey_format::cp437;
use ramkey_format::errors::BOOT_ERRORS;
use ramkey_format::markers;
use ramkey_loader_core::a20;
use ramkey_loader_core::copy_mode::CopyMode;
use ramkey_loader_core::drive::Method;
use ramkey_loader_core::memory_calls::Source;
use ramkey_loader_core::screen::{
    COLUMNS, DETAILS, Heads, Id, Language, Message, Place, Sentence, Text, say,
};

/// Every language with every sentence, as Unicode, and what its places hold.
fn all() -> impl Iterator<Item = (Language, Id, String, &'static [Place])> {
    Language::ALL.iter().flat_map(|&(language, _)| {
        Id::ALL.iter().map(move |&(id, places)| (language, id, text(language.template(id)), places))
    })
}

fn text(page: &[u8]) -> String {
    page.iter().map(|&byte| cp437::decode(byte).unwrap_or_else(|| panic!("{byte:02x} is no text"))).collect()
}

fn english<const PLACES: usize>(sentence: &Sentence<'_, PLACES>) -> String {
    text(Language::English.line(sentence).as_bytes())
}

/// The numbers of the places in a template.
fn places_of(template: &str) -> Vec<usize> {
    let marks = template.split('{').skip(1);
    marks
        .map(|rest| {
            let (number, _) =
                rest.split_once('}').unwrap_or_else(|| panic!("a place without an end: {template}"));
            assert_eq!(number.len(), 1, "one digit names a place: {template}");
            number.parse().unwrap_or_else(|_| panic!("no number: {template}"))
        })
        .collect()
}

/// The most characters that a place takes.
fn longest_of(place: Place, language: Language) -> usize {
    let words = |ids: &[Id]| ids.iter().map(|&id| language.template(id).len()).max().unwrap_or(0);
    match place {
        Place::text => 64,
        Place::short => 48,
        Place::name => 8,
        Place::method | Place::percent => 3,
        Place::number | Place::needed | Place::needed4 | Place::free => 10,
        Place::small => 5,
        Place::hex2 => 2,
        Place::hex6 => 6,
        Place::hex8 => 8,
        Place::mib => 9,
        Place::disk => 6,
        Place::rate => 9,
        Place::time => 11,
        Place::hash => 16,
        Place::error => (0..=u8::MAX).map(|code| language.error(code).len()).max().unwrap_or(0),
        Place::detail => DETAILS.iter().map(|&id| longest(language, id)).max().unwrap_or(0),
        Place::works => words(&[Id::Works, Id::WorksNot]),
        Place::heads => words(&[Id::Measured, Id::HeadsProven, Id::HeadsNotMeasured, Id::NotMeasured]),
        Place::lba => words(&[Id::None]).max(10),
        Place::source => words(&[Id::E820, Id::E820Broken, Id::E801, Id::H88]),
        Place::a20 => words(&[Id::A20Already, Id::A20Bios, Id::A20Keyboard, Id::A20Port92]),
        Place::copy => words(&[Id::CopyAuto, Id::CopyDirect, Id::CopyInt15]),
    }
}

/// The most characters that a sentence takes.
fn longest(language: Language, id: Id) -> usize {
    let template = text(language.template(id));
    let (_, places) = Id::ALL.iter().find(|(other, _)| *other == id).expect("every sentence is listed");
    let values: usize =
        places_of(&template).into_iter().map(|place| longest_of(places[place], language)).sum();
    template.chars().count() - 3 * template.matches('{').count() + values
}

#[test]
fn every_place_is_filled_and_every_value_is_shown_once() {
    for (language, id, template, places) in all() {
        assert_eq!(template.matches('{').count(), template.matches('}').count(), "{language:?} {id:?}");
        let named = places_of(&template);
        let distinct: BTreeSet<usize> = named.iter().copied().collect();
        assert_eq!(distinct, (0..places.len()).collect(), "{language:?} {id:?}: {template}");
        assert_eq!(named.len(), places.len(), "{language:?} {id:?} shows a value twice: {template}");
    }
}

#[test]
fn the_largest_numbers_fit_a_line() {
    for (language, id, template, _) in all() {
        let longest = longest(language, id);
        assert!(longest <= COLUMNS, "{language:?} {id:?}: {longest} columns: {template}");
    }
}

#[test]
fn no_place_takes_more_than_it_says() {
    let long = [b'x'; 200];
    let detail = say::read_failed(0xFF, u32::MAX);
    let (most, most64) = (u32::MAX, u64::from(u32::MAX) << 20);
    // Each kind of place at least once, with the most that it can hold.
    let lines = [
        (Id::Loading, english(&say::loading(&long))),
        (Id::Needs, english(&say::needs(&long, most64))),
        (Id::InFile, english(&say::in_file(b"XXXXXXXX", detail.as_message()))),
        (Id::Machine, english(&say::machine(most64 + 0xF_FFFF, 0xFF, Method::Edd))),
        (Id::MachineHas, english(&say::machine_has(most64 + 0xF_FFFF, most64))),
        (Id::LoadedTimed, english(&say::loaded_timed(most, most, 100, most, most))),
        (Id::EntryNeeds, english(&say::entry_needs(most64))),
        (Id::BootImageAt, english(&say::boot_image_at(0xFF_FFFF, most))),
        (Id::NoMemoryAt, english(&say::no_memory_at(most))),
        (Id::Proven, english(&say::proven(&[0xFF; 8]))),
        (Id::Stopped, english(&say::stopped(0xFF, longest_error()))),
        (Id::ReportChs, english(&say::report_chs(true, most, u16::MAX, u16::MAX, Heads::Told))),
        (Id::ReportReads, english(&say::report_reads(Some(u64::MAX), Some(u64::MAX), 0xFF))),
        (
            Id::ReportMemory,
            english(&say::report_memory(
                most64 + 0xF_FFFF,
                Source::E820Broken,
                u16::MAX,
                a20::Method::KeyboardController,
            )),
        ),
        (Id::Copies, english(&say::copies(CopyMode::Int15))),
    ];
    let mut seen = Vec::new();
    for (id, line) in lines {
        assert_eq!(line.len(), longest(Language::English, id), "{id:?}: {line}");
        seen.extend(Id::ALL.iter().find(|(other, _)| *other == id).expect("every sentence is listed").1);
    }
    let all: Vec<Place> = Id::ALL.iter().flat_map(|(_, places)| places.iter().copied()).collect();
    let missing: Vec<&Place> = all.iter().filter(|place| !seen.contains(place)).collect();
    assert!(missing.is_empty(), "{missing:?} are not tried");
}

fn longest_error() -> u8 {
    BOOT_ERRORS.iter().max_by_key(|error| error.text.len()).expect("there are errors").code
}

#[test]
fn every_code_is_named_in_every_language_and_fits_a_line() {
    for &(language, _) in Language::ALL {
        for error in BOOT_ERRORS {
            assert!(!language.error(error.code).is_empty(), "{language:?} does not know {:02X}", error.code);
        }
        assert!(language.error(0xFF).is_empty());
    }
    for error in BOOT_ERRORS {
        assert_eq!(
            english(&say::stopped(error.code, error.code)),
            format!("ramkey E{:02X}: {}", error.code, error.text),
            "`ramkey explain` knows these words"
        );
    }
}

/// The words of a template without its places: what somebody has to translate.
fn words_of(template: &str) -> String {
    let mut words: String =
        template.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
    words.retain(|character| character.is_alphabetic());
    words
}

/// Sentences that are names, numbers or words of the trade, and so may be the same in another language.
const SAME_EVERYWHERE: [Id; 19] = [
    Id::Title,
    Id::EntryNeeds,
    Id::Loaded,
    Id::LoadedAtRate,
    Id::CopyDirect,
    Id::CopyInt15,
    Id::Stopped,
    Id::BootHeaderDamaged,
    Id::File,
    Id::InFile,
    Id::WorksNot,
    Id::E820,
    Id::E801,
    Id::H88,
    Id::ReadFailed,
    Id::Cluster,
    Id::Block,
    Id::Lba,
    Id::HeaderWrong,
];

#[test]
fn no_language_says_anything_in_the_words_of_another() {
    let all_but_same = || all().filter(|(_, id, ..)| !SAME_EVERYWHERE.contains(id));
    for (language, id, template, _) in all_but_same() {
        let words = words_of(&template);
        let same = all_but_same().find(|(other, other_id, other_words, _)| {
            *other != language && *other_id == id && words_of(other_words) == words
        });
        assert!(same.is_none_or(|(other, ..)| is_kin(language, other)), "{language:?} {id:?}: {template}");
    }
    for (place, &(language, _)) in Language::ALL.iter().enumerate() {
        for error in BOOT_ERRORS {
            let words = language.error(error.code);
            for &(other, _) in &Language::ALL[..place] {
                assert_ne!(words, other.error(error.code), "{language:?} as {other:?}: {:02X}", error.code);
            }
        }
    }
}

/// Whether two languages may have the same word for the same thing.
fn is_kin(one: Language, other: Language) -> bool {
    let romance = [Language::Spanish, Language::French, Language::Portuguese];
    romance.contains(&one) && romance.contains(&other)
}

#[test]
fn what_the_host_waits_for_is_said_once_on_the_screen_or_beside_it() {
    for &(language, _) in Language::ALL {
        for &(id, _) in Id::ALL {
            let words = text(language.template(id));
            let foreign = markers::MARKERS.iter().filter(|(_, marker)| !id.markers().contains(marker));
            for (name, marker) in foreign {
                assert!(!words.contains(marker), "{language:?} {id:?} says {name} too early");
            }
        }
        let hash = [0; 8];
        for (sentence, marker) in [
            (say::proven(&hash), markers::PROVEN),
            (say::proven_keep(&hash), markers::PROVEN),
            (say::proven_remove(&hash), markers::PROVEN),
            (say::proven_remove(&hash), markers::MAY_REMOVE),
        ] {
            told(language, sentence.as_message(), marker);
        }
        told(language, say::nothing_booted().as_message(), markers::STOPPED);
    }
    assert!([Id::Proven, Id::ProvenKeep].iter().all(|id| !id.markers().contains(&markers::MAY_REMOVE)));
}

/// Asserts that `message` in `language` has `marker`, or the line beside it.
fn told(language: Language, message: Message<'_>, marker: &str) {
    let mut screen = Text::new();
    language.say(&mut screen, message);
    let line = language.for_host(message).unwrap_or(screen);
    assert!(text(line.as_bytes()).contains(marker), "{language:?}: {marker}");
}

#[test]
fn a_language_has_a_code_of_two_letters_of_its_own() {
    let codes: BTreeSet<[u8; 2]> = Language::ALL.iter().map(|&(_, code)| code).collect();
    assert_eq!(codes.len(), Language::ALL.len());
    assert!(codes.iter().flatten().all(u8::is_ascii_lowercase));
    for &(language, code) in Language::ALL {
        assert_eq!(Language::of(code), Some(language));
        assert_eq!(language.code(), code);
    }
    assert_eq!(Language::of(BootHeader::ENGLISH), Some(Language::English));
    assert_eq!(Language::of(*b"??"), None);
}

#[test]
fn only_a_detail_stands_within_another_sentence() {
    for id in DETAILS {
        let (_, places) = Id::ALL.iter().find(|(other, _)| *other == id).expect("every sentence is listed");
        assert!(!places.contains(&Place::detail), "{id:?} would hold itself");
    }
}

#[test]
fn the_words_are_these() {
    assert_eq!(english(&say::machine(64 << 20, 0x80, Method::Edd)), "memory 64.0 MB, drive 80h by EDD");
    assert_eq!(english(&say::together(3, (100 << 20) + 1)), "3 images belong together and need 101 MB.");
    assert_eq!(
        english(&say::machine_has((63 << 20) + 943_719, (61 << 20) + 5)),
        "This machine has 63.9 MB, of which 61 MB can hold an image."
    );
    assert_eq!(
        english(&say::loaded_timed(1_474_560, 104_857_600, 1, 1536, 185)),
        "1.4 of 100.0 MB, 1 %, 1.5 MB/s, 3:05 left"
    );
    assert_eq!(english(&say::read_again_once()), ", wrong data read again 1 time");
    assert_eq!(english(&say::read_again(2)), ", wrong data read again 2 times");
    let hash = [0x45, 0x7C, 0xD2, 0xC3, 0x37, 0x7B, 0xF6, 0xC5];
    assert_eq!(
        english(&say::proven_remove(&hash)),
        "In memory and proven: BLAKE3 457cd2c3377bf6c5. You may remove the stick."
    );
    let what = say::header_hash_wrong();
    assert_eq!(english(&say::in_file(b"DOS     ", what.as_message())), "DOS     .RKC: header hash");
    let what = say::read_failed(4, 200);
    assert_eq!(
        english(&say::in_bytes(0x10_0000, 0x20_0000, what.as_message())),
        "image bytes 0x00100000..0x00200000, status 04h, LBA 200"
    );
    assert_eq!(
        english(&say::report_reads(None, Some(5), 0)),
        "LBA asked last none, read last 5, last status 00h"
    );
}

#[test]
fn what_is_needed_is_rounded_up_and_what_there_is_down() {
    for (bytes, up, down) in
        [(0, 0, 0), (1, 1, 0), (1 << 20, 1, 1), ((3 << 20) + 1, 4, 3), (0xFFF0_0000, 4095, 4095)]
    {
        assert_eq!(english(&say::needs(b"DOS", bytes)), format!("DOS needs {up} MB."));
        assert_eq!(english(&say::entry_needs(bytes)), format!("{up:4} MB"));
        let room = format!("This machine has 0.0 MB, of which {down} MB can hold an image.");
        assert_eq!(english(&say::machine_has(0, bytes)), room);
    }
}
