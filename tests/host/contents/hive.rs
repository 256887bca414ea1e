//! Registry hives are read whatever layout they have, and whatever is broken in them.

use crate::frames::hive::{Key, Layout, Lists, NT4, XP, hive, utf16};
use proptest::prelude::*;
use ramkey::contents::windows::hive::{Hive, HiveError, Key as Found};

/// A tree with everything in it: deep keys, many keys, names of both kinds, values of each length.
fn tree() -> Key {
    let mut root = Key::new("$$$PROTO.HIV");
    root.at("Select").number("Current", 1).number("Default", 2).number("LastKnownGood", 2);
    let service = root.at("ControlSet002\\Services\\FiraDisk");
    service
        .number("Start", 0)
        .text("Group", "Boot Bus Extender")
        .variable_text("ImagePath", "system32\\a.sys");
    root.at("ControlSet002\\Control\\ServiceGroupOrder")
        .texts("List", &["System Bus Extender", "SCSI miniport"]);
    for number in 0..300 {
        root.at(&format!("Many\\Key{number:03}")).number("Number", number);
    }
    root.at("Größe Ω").text("Straße", "ß");
    let values = root.at("Values");
    values
        .bytes("Nothing", &[])
        .bytes("One", &[7])
        .bytes("Three", &[1, 2, 3])
        .bytes("Five", &[1, 2, 3, 4, 5]);
    for len in [16343, 16344, 16345, 40000] {
        let bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        values.bytes(&format!("Long{len}"), &bytes);
    }
    values.text("", "the default");
    values.set("BigEndian", 5, vec![0, 0, 1, 2]);
    root
}

fn layouts() -> Vec<Layout> {
    let lists = [Lists::Li, Lists::Lf, Lists::Lh, Lists::Ri(7), Lists::Ri(512)];
    let layouts = lists.into_iter().flat_map(|lists| {
        [3, 4, 5].into_iter().flat_map(move |minor| {
            [false, true].map(|wide_names| Layout { minor, lists, wide_names, dirty: false })
        })
    });
    layouts.collect()
}

/// Compares every key and every value below `found` with what was written.
fn compare(written: &Key, found: &Found<'_>, count: &mut usize) {
    *count += 1;
    assert_eq!(found.name(), written.name);
    let below = found.subkeys().unwrap();
    assert_eq!(below.len(), written.keys.len(), "keys of {}", written.name);
    for key in &written.keys {
        compare(key, &found.subkey(&key.name).unwrap().expect(&key.name), count);
        assert!(found.subkey(&key.name.to_lowercase()).unwrap().is_some(), "{}", key.name);
    }
    assert_eq!(found.values().unwrap().len(), written.values.len());
    for (name, kind, bytes) in &written.values {
        let value = found.value(name).unwrap().expect(name);
        assert_eq!((value.kind, &value.bytes), (*kind, bytes), "{name}");
    }
}

#[test]
fn every_layout_is_read_as_it_was_written() {
    for layout in layouts() {
        let found = Hive::parse(hive(&tree(), layout)).unwrap();
        let mut count = 0;
        compare(&tree(), &found.root().unwrap(), &mut count);
        assert!(count > 300, "{layout:?}: only {count} keys");
        assert_eq!((found.is_dirty(), found.minor_version()), (false, layout.minor));
    }
}

#[test]
fn paths_and_kinds_of_values_are_understood() {
    let hive = Hive::parse(hive(&tree(), XP)).unwrap();
    let value = |path: &str, name: &str| hive.key(path).unwrap().unwrap().value(name).unwrap().unwrap();
    let service = "controlset002\\SERVICES\\firadisk";
    assert_eq!(value(service, "start").number(), Some(0));
    assert_eq!(value(service, "Group").text().as_deref(), Some("Boot Bus Extender"));
    assert_eq!(value(service, "ImagePath").text().as_deref(), Some("system32\\a.sys"));
    assert_eq!(value(service, "Start").text(), None);
    let order = value("ControlSet002\\Control\\ServiceGroupOrder", "List");
    assert_eq!(order.texts().unwrap(), ["System Bus Extender", "SCSI miniport"]);
    assert_eq!(value("GRÖßE ω", "STRAßE").text().as_deref(), Some("ß"));
    assert_eq!(value("Values", "").text().as_deref(), Some("the default"));
    assert_eq!(value("Values", "BigEndian").number(), Some(258));
    assert!(hive.key("ControlSet001").unwrap().is_none());
    assert!(hive.key("Select").unwrap().unwrap().value("Failed").unwrap().is_none());
}

#[test]
fn what_is_no_hive_says_so() {
    let error = |bytes: &[u8]| Hive::parse(bytes.to_vec()).err();
    let bytes = hive(&tree(), NT4);
    assert_eq!(error(b""), Some(HiveError::NotAHive));
    assert_eq!(error(&bytes[..4095]), Some(HiveError::Short { len: 4095 }));
    for (major, minor) in [(0, 5), (2, 5), (1, 1), (1, 7)] {
        let mut other = bytes.clone();
        (other[20], other[24]) = (major, minor);
        let expected = HiveError::Version { major: major.into(), minor: minor.into() };
        assert_eq!(error(&other), Some(expected));
    }
    let headless = Hive::parse(bytes[..4096].to_vec()).unwrap();
    assert!(matches!(headless.root().err(), Some(HiveError::Damaged { .. })));
}

#[test]
fn a_hive_that_was_being_written_is_read_and_says_so() {
    let dirty = Hive::parse(hive(&tree(), Layout { dirty: true, ..XP })).unwrap();
    assert!(dirty.is_dirty());
    assert!(dirty.key("Select").unwrap().is_some());
    let mut bytes = hive(&tree(), XP);
    bytes[12] ^= 1;
    assert!(Hive::parse(bytes).unwrap().is_dirty(), "its checksum does not match");
}

/// Looks at all that there is; gives how many keys could be read.
fn walk(hive: &Hive) -> usize {
    let mut open: Vec<Found<'_>> = hive.root().ok().into_iter().collect();
    let mut count = 0;
    // A circle is met at every level again; the reader promises an end of each look, not of such a walk.
    while let Some(key) = open.pop() {
        count += 1;
        let _ = (key.name(), key.offset());
        for value in key.values().unwrap_or_default() {
            if let Ok(data) = value.data() {
                let _ = (value.name(), data.number(), data.text(), data.texts());
            }
        }
        if count < 2000 {
            open.extend(key.subkeys().unwrap_or_default());
        }
        open.truncate(2000);
    }
    for path in ["Select", "ControlSet002\\Services\\FiraDisk", "Many\\Key299", "Größe Ω"] {
        if let Ok(Some(key)) = hive.key(path) {
            let _ = key.value("Start");
        }
    }
    count
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize
    }
}

#[test]
fn no_changed_byte_makes_the_reader_fail_otherwise_than_with_an_error() {
    for (seed, layout) in [(1, XP), (2, NT4), (3, Layout { lists: Lists::Ri(7), ..XP })] {
        let whole = hive(&tree(), layout);
        // The long values are most of the bytes and say nothing about the structure.
        let used: Vec<usize> =
            (0..whole.len()).filter(|&at| at < 512 || (4096..60_000).contains(&at)).collect();
        let mut noise = Noise(0x9E37_79B9_7F4A_7C15 + seed);
        let (mut damaged, mut spared) = (0, 0);
        for _ in 0..700 {
            let mut bytes = whole.clone();
            for _ in 0..1 + noise.next() % 6 {
                let at = used[noise.next() % used.len()];
                bytes[at] = match noise.next() % 4 {
                    0 => 0xFF,
                    1 => 0,
                    2 => bytes[at] ^ 1 << (noise.next() % 8),
                    _ => noise.next() as u8,
                };
            }
            match Hive::parse(bytes) {
                Ok(hive) if walk(&hive) > 300 => spared += 1,
                _ => damaged += 1,
            }
        }
        assert!(damaged > 20 && spared > 20, "{layout:?}: {damaged} damaged, {spared} spared");
    }
}

#[test]
fn a_hive_that_ends_anywhere_is_read_as_far_as_it_goes() {
    let whole = hive(&tree(), XP);
    for len in (0..whole.len()).step_by(251).chain(4090..4300) {
        if let Ok(hive) = Hive::parse(whole[..len].to_vec()) {
            walk(&hive);
        }
    }
}

#[test]
fn lists_that_point_at_themselves_end() {
    let mut root = Key::new("root");
    for number in 0..600 {
        root.at(&format!("Key{number:03}"));
    }
    let mut bytes = hive(&root, Layout { lists: Lists::Ri(100), ..XP });
    let list = bytes.windows(4).position(|window| window == b"ri\x06\0").unwrap();
    let own = (list - 4096 - 4) as u32;
    // A list of lists that names itself is damaged.
    bytes[list + 4..list + 8].copy_from_slice(&own.to_le_bytes());
    assert!(Hive::parse(bytes.clone()).unwrap().root().unwrap().subkeys().is_err());
    // One that names the same leaf again and again has more keys than its key says.
    let leaf = bytes[list + 8..list + 12].to_vec();
    for entry in bytes[list + 4..list + 4 + 6 * 4].chunks_exact_mut(4) {
        entry.copy_from_slice(&leaf);
    }
    assert_eq!(Hive::parse(bytes.clone()).unwrap().root().unwrap().subkeys().unwrap().len(), 600);
    let cell_len = (-(65000 * 4 + 8i32)).to_le_bytes();
    let mut long = bytes.clone();
    let offset = (long.len() - 4096) as u32;
    long.extend(cell_len);
    long.extend(b"ri");
    long.extend(65000u16.to_le_bytes());
    long.extend(leaf.repeat(65000));
    let root_at = 4096 + u32::from_le_bytes(long[36..40].try_into().unwrap()) as usize + 4;
    long[root_at + 20..root_at + 24].copy_from_slice(&u32::MAX.to_le_bytes());
    long[root_at + 28..root_at + 32].copy_from_slice(&offset.to_le_bytes());
    assert!(Hive::parse(long).unwrap().root().unwrap().subkeys().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_comes_back(
        names in prop::collection::vec("[A-Za-z0-9 äß_-]{1,20}", 1..40),
        lengths in prop::collection::vec(0usize..40_000, 1..6),
        ri in 1usize..20,
        wide_names: bool,
    ) {
        let mut root = Key::new("root");
        for (number, name) in names.iter().enumerate() {
            let unique = format!("{name}{number}");
            let len = lengths[number % lengths.len()];
            root.at(&unique).bytes(&unique, &vec![number as u8; len]).text("Text", name);
        }
        let bytes = hive(&root, Layout { lists: Lists::Ri(ri), wide_names, ..XP });
        compare(&root, &Hive::parse(bytes).unwrap().root().unwrap(), &mut 0);
    }

    #[test]
    fn noise_behind_a_header_is_no_trouble(noise in prop::collection::vec(any::<u8>(), 0..3000), root in 0u32..3000) {
        let mut bytes = hive(&Key::new("root"), XP)[..4096].to_vec();
        bytes[36..40].copy_from_slice(&root.to_le_bytes());
        bytes.extend(noise);
        walk(&Hive::parse(bytes).unwrap());
    }
}

#[test]
fn a_text_that_is_no_utf16_is_read_as_far_as_it_is() {
    let mut root = Key::new("root");
    root.set("Half", 1, [utf16("ab"), vec![0, 0xD8, 0x41]].concat());
    let hive = Hive::parse(hive(&root, XP)).unwrap();
    let value = hive.root().unwrap().value("Half").unwrap().unwrap();
    assert_eq!(value.text().as_deref(), Some("ab\u{FFFD}"));
}
