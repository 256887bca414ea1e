//! Other people's tools read what our writer of hives makes: `hivexregedit` is not needed, `hivexget`, `hivexsh` and `reged`
//! see the same tree.

use std::fs;

use super::hive::{Tree, data, layouts};
use crate::frames::hive::{Key, hive};
use crate::frames::sticks::{printed, tool};
use ramkey::windows::hive::HiveEdit;

const SERVICE: &str = "ControlSet001\\Services\\FiraDisk";

fn text(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn changed(layout: crate::frames::hive::Layout) -> Vec<u8> {
    let mut root = Key::new("$$$PROTO.HIV");
    for number in 0..20 {
        root.at(&format!("ControlSet001\\Services\\Svc{number:02}"))
            .number("Start", 3)
            .text("Group", "SCSI miniport");
    }
    root.at("Doomed\\Below").bytes("Bytes", &[1; 3000]);
    let mut edit = HiveEdit::open(hive(&root, layout)).unwrap();
    edit.delete_key("Doomed").unwrap();
    edit.delete_value("ControlSet001\\Services\\Svc07", "Group").unwrap();
    edit.set_value(SERVICE, "Start", &data(4, &0u32.to_le_bytes())).unwrap();
    edit.set_value(SERVICE, "Group", &data(1, &text("Boot Bus Extender"))).unwrap();
    edit.set_value(SERVICE, "ImagePath", &data(2, &text("system32\\drivers\\firadisk.sys"))).unwrap();
    let long: Vec<u8> = (0..20_000u32).map(|n| (n % 251) as u8).collect();
    edit.set_value("Long", "Bytes", &data(3, &long)).unwrap();
    edit.finish()
}

#[test]
fn hivex_and_reged_read_what_the_writer_makes() {
    let folder = tempfile::tempdir().unwrap();
    for layout in layouts() {
        let path = folder.path().join("SYSTEM");
        let bytes = changed(layout);
        fs::write(&path, &bytes).unwrap();
        let path = path.to_str().unwrap();
        let get = |key: &str, value: &str| {
            let output = tool("libhivex-bin", "hivexget", &[path, &format!("\\{key}"), value]);
            assert!(output.status.success(), "{layout:?} {key} {value}: {}", printed(&output));
            output.stdout
        };
        assert_eq!(get(SERVICE, "Start").trim_ascii_end(), b"0", "{layout:?}");
        assert_eq!(get(SERVICE, "Group").trim_ascii_end(), b"Boot Bus Extender", "{layout:?}");
        assert_eq!(
            get(SERVICE, "ImagePath").trim_ascii_end(),
            b"system32\\drivers\\firadisk.sys",
            "{layout:?}"
        );
        let tree = Tree::parse(&bytes);
        if layout.minor >= 4 {
            assert!(get("Long", "Bytes") == tree.keys["LONG"].values["BYTES"].1, "{layout:?}");
        }
        let listed = tool("libhivex-bin", "hivexml", &[path]);
        assert!(listed.status.success(), "{layout:?}: {}", printed(&listed));
        let xml = String::from_utf8_lossy(&listed.stdout).into_owned();
        assert_eq!(xml.matches("<node ").count(), count(&tree), "{layout:?}");
        assert!(!xml.contains("Doomed") && xml.contains("FiraDisk"), "{layout:?}");
        if layout.wide_names {
            continue;
        }
        let out = folder.path().join("out.reg");
        let arguments = ["-x", path, "HKEY_LOCAL_MACHINE\\SYSTEM", "\\", out.to_str().unwrap()];
        let output = tool("chntpw", "reged", &arguments);
        let text = fs::read_to_string(&out).unwrap_or_else(|error| panic!("{error}: {}", printed(&output)));
        assert_eq!(text.matches("[HKEY_LOCAL_MACHINE\\SYSTEM").count(), count(&tree), "{layout:?}");
        assert!(text.contains(&format!("[HKEY_LOCAL_MACHINE\\SYSTEM\\{SERVICE}]")), "{layout:?}");
    }
}

/// The key itself and all below it.
fn count(tree: &Tree) -> usize {
    1 + tree.keys.values().map(count).sum::<usize>()
}
