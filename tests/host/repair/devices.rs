//! Repair, update and restore on real loop devices: who is asked, and that nothing is touched before.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::frames::foreign::foreign;
use crate::frames::loops::Loop;
use crate::frames::sticks::{noise, printed};

fn ramkey(arguments: &[&str], status: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ramkey")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", printed(&output));
    printed(&output)
}

/// A loop device over a stick of 8 MiB, of which `change` changes the bytes before.
fn on_loop(folder: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Option<Loop> {
    let (image, stick) = (folder.join("dos.img"), folder.join("stick.img"));
    fs::write(&image, noise(300_000)).unwrap();
    let paths = [&image, &stick].map(|path| path.to_str().unwrap());
    ramkey(&["write", paths[0], "--to", paths[1], "--size", "8M"], 0);
    let mut bytes = fs::read(&stick).unwrap();
    change(&mut bytes);
    fs::write(&stick, bytes).unwrap();
    Loop::of(&stick, &[])
}

#[test]
fn a_device_is_asked_about_before_it_is_changed_and_then_it_is() {
    type Change = fn(&mut Vec<u8>);
    let damage: Change = |bytes| bytes[128 * 512 + 700] ^= 1;
    let cases: [(Change, &[&str]); 3] =
        [(damage, &["--repair"]), (|bytes| foreign(bytes), &["update"]), (|_| (), &["restore"])];
    for (change, words) in cases {
        let folder = tempfile::tempdir().unwrap();
        let Some(device) = on_loop(folder.path(), change) else { return };
        let node = device.node.to_str().unwrap();
        let arguments = match words {
            ["--repair"] => vec!["verify", node, "--repair"],
            [command] => vec![*command, node],
            _ => unreachable!("one word"),
        };
        let before = fs::read(&device.node).unwrap();
        let told = ramkey(&arguments, 3);
        assert!(told.contains("there is no terminal to confirm that"), "{told}");
        assert!(fs::read(&device.node).unwrap() == before, "{words:?}: it was touched");
        ramkey(&[&arguments[..], &["--yes"]].concat(), 0);
        assert!(fs::read(&device.node).unwrap() != before, "{words:?}: nothing was done");
        if words != ["restore"] {
            ramkey(&["verify", "--strict", node], 0);
            // Nothing is left to be asked about.
            ramkey(&arguments, 0);
        } else {
            ramkey(&["verify", node], 1);
        }
    }
}
