//! The writer of registry hives, against a model and the reader.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::frames::hive::{Key, Layout, Lists, NT4, XP, hive};
use ramkey::contents::windows::hive::{Hive, Key as Found, ValueData};
use ramkey::windows::hive::{HiveEdit, HiveEditError};

/// A key as a model has it: by names in upper case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    pub keys: BTreeMap<String, Tree>,
    pub values: BTreeMap<String, (u32, Vec<u8>)>,
}

impl Tree {
    fn at(&mut self, path: &str) -> &mut Tree {
        path.split('\\').fold(self, |key, name| key.keys.entry(name.to_uppercase()).or_default())
    }

    fn of(key: &Key) -> Self {
        let keys = key.keys.iter().map(|key| (key.name.to_uppercase(), Self::of(key))).collect();
        let values = key.values.iter();
        let values =
            values.map(|(name, kind, bytes)| (name.to_uppercase(), (*kind, bytes.clone()))).collect();
        Self { keys, values }
    }

    fn read(key: &Found<'_>) -> Self {
        let below = key.subkeys().unwrap();
        let keys: Vec<(String, Self)> =
            below.iter().map(|key| (key.name().to_uppercase(), Self::read(key))).collect();
        let names: Vec<&String> = keys.iter().map(|(name, _)| name).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "keys are in order: {names:?}");
        let value = |value: &ramkey::contents::windows::hive::Value<'_>| {
            let data = value.data().unwrap();
            (value.name().to_uppercase(), (data.kind, data.bytes))
        };
        Self { keys: keys.into_iter().collect(), values: key.values().unwrap().iter().map(value).collect() }
    }

    /// The tree in the bytes of a hive, which must be closed.
    pub fn parse(bytes: &[u8]) -> Self {
        let hive = Hive::parse(bytes.to_vec()).unwrap();
        assert!(!hive.is_dirty());
        Self::read(&hive.root().unwrap())
    }
}

pub fn layouts() -> [Layout; 6] {
    let with = |lists| Layout { lists, ..XP };
    [XP, NT4, with(Lists::Li), with(Lists::Lf), with(Lists::Ri(3)), Layout { wide_names: true, ..XP }]
}

pub fn data(kind: u32, bytes: &[u8]) -> ValueData {
    ValueData { kind, bytes: bytes.to_vec() }
}

fn first() -> Key {
    let mut root = Key::new("root");
    for number in 0..7 {
        let key = root.at(&format!("Set\\Services\\Svc{number}"));
        key.number("Start", number).text("Group", "Boot Bus Extender");
    }
    root.at("Long").bytes("Bytes", &[7; 40_000]);
    root
}

#[derive(Clone, Debug)]
enum Step {
    Make(String),
    Set(String, String, u32, Vec<u8>),
    Forget(String, String),
    Delete(String),
    Again,
}

fn step() -> impl Strategy<Value = Step> {
    let name = prop::sample::select(vec!["Services", "svc1", "Svc4", "A", "Größe", "long", "Set", "z{9}"]);
    let path = prop::collection::vec(name, 1..4).prop_map(|names| names.join("\\"));
    let value = prop::sample::select(vec!["", "Start", "bytes", "\\DosDevices\\C:", "Ä"]);
    let len = prop::sample::select(vec![0usize, 1, 4, 5, 300, 16_344, 16_345, 50_000]);
    prop_oneof![
        2 => path.clone().prop_map(Step::Make),
        5 => (path.clone(), value.clone(), 0..8u32, len, any::<u8>())
            .prop_map(|(path, name, kind, len, byte)| Step::Set(path, name.into(), kind, vec![byte; len])),
        2 => (path.clone(), value).prop_map(|(path, name)| Step::Forget(path, name.into())),
        2 => path.prop_map(Step::Delete),
        1 => Just(Step::Again),
    ]
}

fn follow(edit: &mut HiveEdit, model: &mut Tree, step: &Step) {
    match step {
        Step::Make(path) => {
            edit.create_key(path).unwrap();
            model.at(path);
        }
        Step::Set(path, name, kind, bytes) => {
            edit.set_value(path, name, &data(*kind, bytes)).unwrap();
            model.at(path).values.insert(name.to_uppercase(), (*kind, bytes.clone()));
            assert_eq!(edit.value(path, name).unwrap(), Some(data(*kind, bytes)));
        }
        Step::Forget(path, name) => {
            let is_there = edit.has_key(path).unwrap();
            let had = is_there && model.at(path).values.remove(&name.to_uppercase()).is_some();
            assert_eq!(edit.delete_value(path, name).unwrap(), had);
        }
        Step::Delete(path) => {
            let is_there = edit.has_key(path).unwrap();
            assert_eq!(edit.delete_key(path).unwrap(), is_there);
            if is_there {
                let (above, name) = path.rsplit_once('\\').unwrap_or(("", path));
                let above = if above.is_empty() { model } else { model.at(above) };
                above.keys.remove(&name.to_uppercase());
            }
        }
        Step::Again => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_changes_leave_the_tree_that_they_should(layout in 0..6usize, steps in prop::collection::vec(step(), 1..60)) {
        let mut bytes = hive(&first(), layouts()[layout]);
        let mut model = Tree::of(&first());
        let mut edit = HiveEdit::open(bytes).unwrap();
        for step in &steps {
            follow(&mut edit, &mut model, step);
            if matches!(step, Step::Again) {
                bytes = edit.finish();
                prop_assert_eq!(&Tree::parse(&bytes), &model);
                edit = HiveEdit::open(bytes).unwrap();
            }
        }
        prop_assert_eq!(&Tree::parse(&edit.finish()), &model);
    }
}

#[test]
fn free_space_is_used_before_the_hive_grows() {
    let bytes = hive(&first(), XP);
    let mut edit = HiveEdit::open(bytes.clone()).unwrap();
    edit.set_value("Long", "Bytes", &data(3, &[9; 30_000])).unwrap();
    edit.set_value("Set\\New", "Text", &data(1, &[1; 500])).unwrap();
    let changed = edit.finish();
    assert_eq!(changed.len(), bytes.len());
    let mut edit = HiveEdit::open(changed).unwrap();
    edit.delete_key("Long").unwrap();
    edit.delete_key("Set\\New").unwrap();
    edit.set_value("Long", "Bytes", &data(3, &[7; 40_000])).unwrap();
    let back = edit.finish();
    assert_eq!((back.len(), Tree::parse(&back)), (bytes.len(), Tree::of(&first())));
    // The same changes give the same bytes.
    let again = |bytes: &[u8]| {
        let mut edit = HiveEdit::open(bytes.to_vec()).unwrap();
        edit.set_value("Set\\New", "Text", &data(1, &[1; 70_000])).unwrap();
        edit.finish()
    };
    assert!(again(&bytes) == again(&bytes));
    assert!(again(&bytes).len() > bytes.len());
}

#[test]
fn hundreds_of_keys_go_into_lists_that_are_not_too_long() {
    for layout in layouts() {
        let mut edit = HiveEdit::open(hive(&first(), layout)).unwrap();
        for number in 0..600 {
            edit.create_key(&format!("Set\\Services\\N{}", number * 7 % 600)).unwrap();
        }
        let bytes = edit.finish();
        assert_eq!(Tree::parse(&bytes).at("Set\\Services").keys.len(), 607, "{layout:?}");
        let mut edit = HiveEdit::open(bytes).unwrap();
        for number in 0..600 {
            assert!(edit.delete_key(&format!("set\\services\\n{number}")).unwrap());
        }
        assert_eq!(Tree::parse(&edit.finish()), Tree::of(&first()), "{layout:?}");
    }
}

#[test]
fn a_hive_that_is_not_closed_or_not_whole_is_refused() {
    let error = |bytes: Vec<u8>| HiveEdit::open(bytes).err();
    let dirty = hive(&first(), Layout { dirty: true, ..XP });
    assert_eq!(error(dirty), Some(HiveEditError::Dirty));
    let mut checksum = hive(&first(), XP);
    checksum[100] ^= 1;
    assert_eq!(error(checksum), Some(HiveEditError::Dirty));
    assert!(matches!(error(b"regf".to_vec()), Some(HiveEditError::Hive(_))));
    let whole = hive(&first(), XP);
    assert_eq!(
        error(whole[..whole.len() - 4096].to_vec()).map(|e| e.to_string()),
        Some(format!("byte {:#x} of it should hold the end of its last bin", whole.len()))
    );
    // A list that names one key twice.
    let mut twice = whole.clone();
    let list = twice.windows(2).rposition(|window| window == b"lh").unwrap();
    let first: Vec<u8> = twice[list + 4..list + 8].to_vec();
    twice[list + 12..list + 16].copy_from_slice(&first);
    assert!(matches!(
        error(twice),
        Some(HiveEditError::Damaged { wanted: "a key that no other list has", .. })
    ));
    let mut edit = HiveEdit::open(whole).unwrap();
    let long = "x".repeat(256);
    assert!(matches!(edit.create_key(&long), Err(HiveEditError::Name { .. })));
}
