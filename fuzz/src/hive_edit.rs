//! A damaged registry hive is changed: it is refused, or what was changed reads back.

use ramkey::contents::windows::hive::{Hive, ValueData};
use ramkey::windows::hive::HiveEdit;

/// Where a header has its sequence numbers and its checksum.
const SEQUENCES: [usize; 2] = [4, 8];
const CHECKSUM: usize = 508;

/// A few changes of the hive in `input`, whose header is made to match first.
pub fn edit(input: &[u8]) {
    let mut bytes = input.to_vec();
    if bytes.len() < 4096 {
        return;
    }
    let first: [u8; 4] = bytes[4..8].try_into().expect("four bytes");
    bytes[SEQUENCES[1]..SEQUENCES[1] + 4].copy_from_slice(&first);
    let words = bytes[..CHECKSUM].chunks_exact(4);
    let sum = words.fold(0, |sum, word| sum ^ u32::from_le_bytes(word.try_into().expect("four bytes")));
    let sum = match sum {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    };
    bytes[CHECKSUM..CHECKSUM + 4].copy_from_slice(&sum.to_le_bytes());
    let Ok(mut edit) = HiveEdit::open(bytes) else { return };
    let long = ValueData { kind: 3, bytes: vec![0xA5; 20_000] };
    let short = ValueData { kind: 4, bytes: vec![1, 0, 0, 0] };
    let service = "ControlSet001\\Services\\FiraDisk";
    let mut change = || {
        edit.set_value(service, "Start", &short)?;
        edit.set_value(service, "Long", &long)?;
        edit.delete_key("ControlSet001\\Control")?;
        edit.delete_value("MountedDevices", "\\DosDevices\\C:")?;
        edit.set_value("ControlSet001\\Enum\\Root\\Größe\\0000", "", &short)?;
        edit.delete_value(service, "Start")
    };
    if change().is_err() {
        return;
    }
    let bytes = edit.finish();
    let Ok(again) = HiveEdit::open(bytes.clone()) else { panic!("what was changed is whole") };
    let is = |path, name, data: Option<&ValueData>| again.value(path, name).ok().flatten().as_ref() == data;
    assert!(is(service, "Long", Some(&long)), "a value is as it was set");
    assert!(is("ControlSet001\\Enum\\Root\\Größe\\0000", "", Some(&short)), "a key is where it was made");
    let Ok(hive) = Hive::parse(bytes) else { panic!("the reader takes it too") };
    assert!(!hive.is_dirty(), "it is closed");
}
