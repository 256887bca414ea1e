//! Other people's tools judge our hives: `hivexget`, `hivexsh` and `reged` read what our tests write, and our reader
//! reads what they changed. So neither the reader nor the tests' writer is right by itself.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::frames::hive::{Key, Layout, Lists, NT4, XP, hive};
use crate::frames::sticks::{printed, tool};
use ramkey::contents::windows::hive::Hive;

fn tree() -> Key {
    let mut root = Key::new("$$$PROTO.HIV");
    root.at("Select").number("Current", 1).number("Default", 2);
    let service = root.at("ControlSet002\\Services\\FiraDisk");
    service.number("Start", 0).number("Type", 1).text("Group", "Boot Bus Extender");
    service.variable_text("ImagePath", "system32\\drivers\\firadisk.sys");
    root.at("ControlSet002\\Control\\ServiceGroupOrder")
        .texts("List", &["System Bus Extender", "SCSI miniport"]);
    root.at("MountedDevices").bytes("\\DosDevices\\C:", &[1, 2, 3, 4, 0, 0x7E, 0, 0, 0, 0, 0, 0]);
    let long: Vec<u8> = (0..20_000u32).map(|n| (n % 251) as u8).collect();
    root.at("Long").bytes("Bytes", &long);
    for number in 0..40 {
        root.at(&format!("ControlSet002\\Services\\Service{number:02}")).number("Start", 3);
    }
    root
}

fn layouts() -> [Layout; 5] {
    let with = |lists| Layout { lists, ..XP };
    [XP, NT4, with(Lists::Li), with(Lists::Ri(8)), Layout { wide_names: true, ..XP }]
}

/// Runs `program` with `input`, which it is told line by line.
fn told(package: &str, program: &str, arguments: &[&str], input: &str) -> Output {
    let path = ["/usr/sbin", "/usr/bin"].map(|folder| Path::new(folder).join(program));
    let path = path.into_iter().find(|path| path.exists()).unwrap_or_else(|| program.into());
    let child = Command::new(&path)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{} of {package}: {error}", path.display()));
    // A tool that stops early is judged by what it printed.
    let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn hivexget_reads_what_the_tests_write() {
    let folder = tempfile::tempdir().unwrap();
    for layout in layouts() {
        let path = folder.path().join("SYSTEM");
        fs::write(&path, hive(&tree(), layout)).unwrap();
        let path = path.to_str().unwrap();
        let get = |key: &str, value: &str| {
            let output = tool("libhivex-bin", "hivexget", &[path, key, value]);
            assert!(output.status.success(), "{layout:?} {key} {value}: {}", printed(&output));
            output.stdout
        };
        let text = |key: &str, value: &str| String::from_utf8(get(key, value)).unwrap().trim_end().to_owned();
        let service = "\\ControlSet002\\Services\\FiraDisk";
        assert_eq!(text("\\Select", "Default"), "2", "{layout:?}");
        assert_eq!(text(service, "Group"), "Boot Bus Extender", "{layout:?}");
        assert_eq!(text(service, "ImagePath"), "system32\\drivers\\firadisk.sys", "{layout:?}");
        assert_eq!(text("\\ControlSet002\\Services\\Service39", "Start"), "3", "{layout:?}");
        assert!(get("\\Long", "Bytes") == tree().at("Long").values[0].2, "{layout:?}");
    }
}

#[test]
fn reged_finds_the_keys_that_the_tests_write() {
    let folder = tempfile::tempdir().unwrap();
    for layout in layouts().into_iter().filter(|layout| !layout.wide_names) {
        let path = folder.path().join("SYSTEM");
        fs::write(&path, hive(&tree(), layout)).unwrap();
        let out = folder.path().join("out.reg");
        let arguments =
            ["-x", path.to_str().unwrap(), "HKEY_LOCAL_MACHINE\\SYSTEM", "\\", out.to_str().unwrap()];
        let output = told("chntpw", "reged", &arguments, "");
        let text = fs::read_to_string(&out).unwrap_or_else(|error| panic!("{error}: {}", printed(&output)));
        for expected in [
            "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002\\Services\\FiraDisk]",
            "\"Group\"=\"Boot Bus Extender\"",
            "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002\\Services\\Service39]",
            "\"Default\"=dword:00000002",
        ] {
            assert!(text.contains(expected), "{layout:?}: {expected} in {text}");
        }
    }
}

#[test]
fn what_hivexsh_changed_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let many: String = (0..700).map(|number| format!("add Added{number:03}\n")).collect();
    let script = format!(
        "cd \\ControlSet002\\Services\n{many}cd FiraDisk\nsetval 4\nStart\ndword:3\nGroup\nstring:SCSI miniport\n\
         ImagePath\nexpandstring:\\SystemRoot\\x.sys\nList\nhex:7:41,00,00,00,42,00,00,00,00,00\n\
         cd \\Select\nadd Größe\ndel\ncommit\n"
    );
    for layout in [XP, NT4] {
        let path = folder.path().join("SYSTEM");
        fs::write(&path, hive(&tree(), layout)).unwrap();
        let output = told("libhivex-bin", "hivexsh", &["-w", path.to_str().unwrap()], &script);
        assert!(output.status.success(), "{layout:?}: {}", printed(&output));

        let found = Hive::parse(fs::read(&path).unwrap()).unwrap();
        let services = found.key("ControlSet002\\Services").unwrap().unwrap();
        assert_eq!(services.subkeys().unwrap().len(), 741, "{layout:?}");
        // What one reader looks at has a limit, so each name is looked for by a reader of its own.
        for number in (0..700).step_by(7) {
            let found = Hive::parse(fs::read(&path).unwrap()).unwrap();
            let key = found.key(&format!("ControlSet002\\Services\\Added{number:03}"));
            assert!(key.unwrap().is_some(), "{layout:?} {number}");
        }
        let names: Vec<String> = services.subkeys().unwrap().iter().map(|key| key.name()).collect();
        for number in 0..700 {
            assert!(names.contains(&format!("Added{number:03}")), "{layout:?} {number}");
        }
        let service = services.subkey("firadisk").unwrap().unwrap();
        let value = |name: &str| service.value(name).unwrap().unwrap();
        assert_eq!(value("Start").number(), Some(3), "{layout:?}");
        assert_eq!(value("Group").text().as_deref(), Some("SCSI miniport"), "{layout:?}");
        assert_eq!(value("ImagePath").text().as_deref(), Some("\\SystemRoot\\x.sys"), "{layout:?}");
        assert_eq!(value("List").texts().unwrap(), ["A", "B"], "{layout:?}");
        assert!(service.value("Type").unwrap().is_none(), "setval takes the others away");
        assert!(found.key("Select").unwrap().is_none(), "del took it away");
    }
}

#[test]
fn what_reged_changed_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("SYSTEM");
    fs::write(&path, hive(&tree(), NT4)).unwrap();
    let change = folder.path().join("change.reg");
    let text = "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002\\Services\\FiraDisk]\r\n\
        \"Start\"=dword:00000004\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002\\Services\\New]\r\n\"Start\"=dword:00000001\r\n\r\n";
    fs::write(&change, text).unwrap();
    let arguments =
        ["-C", "-I", path.to_str().unwrap(), "HKEY_LOCAL_MACHINE\\SYSTEM", change.to_str().unwrap()];
    let output = told("chntpw", "reged", &arguments, "y\n");
    let found = Hive::parse(fs::read(&path).unwrap()).unwrap();
    let start = |name: &str| {
        let key = found.key(&format!("ControlSet002\\Services\\{name}")).unwrap();
        key.unwrap_or_else(|| panic!("{name}: {}", printed(&output)))
            .value("Start")
            .unwrap()
            .unwrap()
            .number()
    };
    assert_eq!((start("FiraDisk"), start("New")), (Some(4), Some(1)), "{}", printed(&output));
}
