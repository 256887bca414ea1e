//! The list of disks that are never written: what fits, and that a list that is not understood protects every device.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use ramkey::device::lend::{Channel, Lender, NotLent};
use ramkey::device::{DeviceFacts, DeviceNumber, Refusal, System, TargetPath, uses};

use crate::frames::loops::{Desk, Loop};
use crate::frames::made_up::{Machine, refused};
use crate::frames::skip::skip;

const STICK: DeviceNumber = DeviceNumber { major: 240, minor: 16 };

/// A machine whose stick has a serial number, a world-wide name and 1 GiB, and a list.
fn machine(list: &str) -> Machine {
    let machine = Machine::new();
    machine.put("sys/devices/usb1/1-1/serial", "4C53\u{202e}0001\n");
    machine.put("sys/devices/usb1/1-1/host/sdz/size", "2097152\n");
    machine.put("sys/devices/usb1/1-1/host/sdz/device/wwid", "naa.5002538E40A1B2C3\n");
    machine.put("ramkey.toml", list);
    machine
}

fn refusal_of(machine: &Machine) -> Option<Refusal> {
    let facts = machine.system.facts(STICK).unwrap();
    refused(&facts, &uses(&machine.system, STICK, &[]))
}

#[test]
fn a_disk_that_everything_fits_which_an_entry_says_is_refused_and_no_other() {
    for (entry, what) in [
        ("serial = \"4C530001\"", "serial 4C530001"),
        ("serial = \" 4c530001 \"", "serial 4c530001"),
        ("usb = \"1234:5678\"", "usb 1234:5678"),
        ("wwn = \"0x5002538e40a1b2c3\"", "wwn 0x5002538e40a1b2c3"),
        ("wwn = \"naa.5002538e40a1b2c3\"", "wwn naa.5002538e40a1b2c3"),
        ("min-size = \"1G\"", "1 GiB and more"),
        ("max-size = \"1G\"", "1 GiB and less"),
        ("min-size = \"512M\"\nmax-size = \"1.5G\"", "512 MiB and more, 1.5 GiB and less"),
        ("usb = \"1234:5678\"\nserial = \"4C530001\"", "serial 4C530001, usb 1234:5678"),
    ] {
        let machine = machine(&format!("# mine\n[[protect]]\nserial = \"other\"\n[[protect]]\n{entry}\n"));
        let list = machine.system.protect.clone();
        let refusal = refusal_of(&machine).unwrap();
        let node = machine.system.dev.join("sdz");
        let expected = format!("{} is refused: {} protects it, by {what}", node.display(), list.display());
        assert_eq!(refusal.to_string(), expected, "{entry}");
        assert_eq!(refusal.help(), format!("take it out of {} if it may be written", list.display()));
        let other = uses(&machine.system, DeviceNumber { major: 240, minor: 32 }, &[]);
        assert_eq!(other.len(), usize::from(entry.starts_with("max-size")), "{entry}: {other:?}");
    }
    for entry in [
        "serial = \"4C53000\"",
        "serial = \"4C5300011\"",
        "usb = \"1234:5679\"",
        "wwn = \"5002538e40a1b2c4\"",
        "min-size = \"1025M\"",
        "max-size = \"1023M\"",
        "usb = \"1234:5678\"\nserial = \"another\"",
        "serial = \"4C530001\"\nmin-size = \"2G\"",
    ] {
        assert_eq!(refusal_of(&machine(&format!("[[protect]]\n{entry}\n"))), None, "{entry}");
    }
    assert_eq!(refusal_of(&machine("")), None);
    assert_eq!(refusal_of(&machine("# nothing yet\n")), None);
    let none = machine("");
    fs::remove_file(&none.system.protect).unwrap();
    assert_eq!(refusal_of(&none), None, "no list");
}

#[test]
fn the_reason_is_told_and_the_running_system_is_told_first() {
    let machine = machine("[[protect]]\nusb = \"1234:5678\"\nwhy = \"backups of \\u001b[2Jthe office\"\n");
    let refusal = refusal_of(&machine).unwrap();
    assert!(refusal.to_string().ends_with("by usb 1234:5678 (backups of [2Jthe office)"), "{refusal}");
    machine.put("proc/self/mountinfo", "30 1 240:17 / /media/x rw - vfat /dev/sdz1 rw\n");
    assert!(
        matches!(refusal_of(&machine), Some(Refusal::Protected { .. })),
        "before what would have to be ended"
    );
    machine.put("proc/self/mountinfo", "30 1 240:17 / /home rw - ext4 /dev/sdz1 rw\n");
    assert!(matches!(refusal_of(&machine), Some(Refusal::System { .. })));
}

#[test]
fn a_name_of_dev_disk_by_id_means_the_disk_or_a_part_of_it() {
    let machine = machine(
        "[[protect]]\nby-id = \"usb-ACME_Stick-0:0-part1\"\n[[protect]]\nby-id = \"usb-ACME_Stick-0:0\"\n",
    );
    if machine.node("sdz", "240:16").is_none() || machine.node("sdz1", "240:17").is_none() {
        return;
    }
    assert_eq!(refusal_of(&machine), None, "no such name");
    let links = machine.folder.path().join("dev/disk/by-id");
    fs::create_dir_all(&links).unwrap();
    for (link, node) in [("usb-ACME_Stick-0:0", "sdz"), ("usb-ACME_Stick-0:0-part1", "sdz1")] {
        symlink(format!("../../{node}"), links.join(link)).unwrap();
        let text = refusal_of(&machine).unwrap().to_string();
        assert!(text.ends_with(&format!("protects it, by by-id {link}")), "{text}");
        fs::remove_file(links.join(link)).unwrap();
    }
}

#[test]
fn a_list_that_cannot_be_read_or_understood_protects_every_device() {
    for (list, text) in [
        ("[[protect]\n", "line 1: "),
        ("[[protect]]\nserail = \"1\"\n", "line 2: unknown field `serail`"),
        ("[[protected]]\nserial = \"1\"\n", "line 1: unknown field `protected`"),
        ("[[protect]]\nserial = 1\n", "line 2: "),
        ("[[protect]]\n", "its entry 1 names no disk"),
        ("[[protect]]\nserial = \"1\"\n[[protect]]\nwhy = \"x\"\n", "its entry 2 names no disk"),
        ("[[protect]]\nserial = \" \"\n", "its entry 1 names no disk"),
        ("[[protect]]\nby-id = \"../sdz\"\n", "its entry 1 names no disk"),
        ("[[protect]]\nmin-size = \"many\"\n", "line 2: "),
        ("[[protect]]\nmin-size = \"2G\"\nmax-size = \"1G\"\n", "its entry 1 names no disk"),
        ("protect = \"all\"\n", "line 1: "),
    ] {
        let machine = machine(list);
        let refusal = refusal_of(&machine).unwrap();
        let path = machine.system.protect.display();
        let starts = format!("the list of protected disks, {path}, cannot be understood: {text}");
        let message = refusal.to_string();
        assert!(
            matches!(refusal, Refusal::Unknown { .. }) && message.contains(&starts),
            "{list:?}: {message}"
        );
        assert!(!message.contains('\n'), "one line: {message}");
        assert_eq!(refusal.help(), format!("mend {path}; until then no device is written"));
        let other =
            DeviceFacts { number: DeviceNumber { major: 240, minor: 32 }, ..crate::frames::made_up::stick() };
        assert!(refused(&other, &uses(&machine.system, other.number, &[])).is_some(), "{list:?}");
        // Whoever lends devices reads another list.
        let nobody = |_: &Path| -> Result<Channel, NotLent> { panic!("nobody is asked for it") };
        let system = System { lender: Some(Lender::new(nobody)), ..machine.system.clone() };
        let refusal = TargetPath::Block(Box::new(other)).admit(&system, &[]).unwrap_err();
        assert!(refusal.to_string().contains(&starts), "{list:?}: {refusal}");
    }
    let machine = machine("");
    let list = &machine.system.protect;
    let is_closed =
        |case: &str| assert!(matches!(refusal_of(&machine), Some(Refusal::Unknown { .. })), "{case}");
    fs::write(list, b"[[protect]]\nserial = \"\xFF\"\n").unwrap();
    is_closed("no UTF-8");
    fs::write(list, vec![b'#'; (1 << 20) + 1]).unwrap();
    is_closed("too long");
    fs::remove_file(list).unwrap();
    symlink("/no/such/file", list).unwrap();
    is_closed("a link to nothing");
    fs::remove_file(list).unwrap();
    fs::create_dir(list).unwrap();
    is_closed("a folder");
}

#[test]
fn the_program_reads_the_list_of_the_machine() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let command =
        "mount -t overlay -o lowerdir=\"$1\":/etc overlay /etc && exec \"$2\" write \"$3\" --to \"$4\" --yes";
    for (list, status, text) in [
        (
            "[[protect]]\nmin-size = \"1M\"\nmax-size = \"100M\"\nwhy = \"mine\"\n",
            3,
            "1 MiB and more, 100 MiB and less (mine)",
        ),
        ("[[protect]]\nnothing = 1\n", 3, "cannot be understood: line 2: "),
        ("[[protect]]\nserial = \"another\"\n", 0, ""),
    ] {
        let folder = desk.path("etc");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("ramkey.toml"), list).unwrap();
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "sh", "-c", command, "sh"]).arg(&folder).arg(env!("CARGO_BIN_EXE_ramkey"));
        let output = unshare.arg(desk.path("dos.img")).arg(&device.node).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        if errors.contains("mount:") || errors.contains("unshare:") {
            return skip("mount namespace with an overlay", &output.stderr);
        }
        assert_eq!(output.status.code(), Some(status), "{list}: {errors}");
        assert!(errors.contains(text), "{list}: {errors}");
    }
}

#[test]
fn the_users_own_list_adds_to_the_machines_and_takes_nothing_from_it() {
    let mut machine = machine("lang = \"de\"\nbus = \"cd\"\n[[protect]]\nserial = \"other\"\n");
    assert_eq!(refusal_of(&machine), None, "settings in the same file are no entries");
    let own = machine.folder.path().join("own.toml");
    machine.system.protect_too = Some(own.clone());
    assert_eq!(refusal_of(&machine), None, "there is no such file");
    fs::write(&own, "color = \"never\"\n[[protect]]\nserial = \"4C530001\"\n").unwrap();
    let refusal = refusal_of(&machine).unwrap().to_string();
    assert!(refusal.contains(&format!("{} protects it, by serial 4C530001", own.display())), "{refusal}");
    machine.put("ramkey.toml", "[[protect]]\nserial = \"4C530001\"\n");
    fs::write(&own, "[[protect]]\nserial = \"another\"\n").unwrap();
    let list = machine.system.protect.display().to_string();
    assert!(refusal_of(&machine).unwrap().to_string().contains(&list));
    fs::write(&own, "protekt = 1\n").unwrap();
    machine.put("ramkey.toml", "");
    let refusal = refusal_of(&machine).unwrap();
    assert!(
        matches!(&refusal, Refusal::Unknown { .. }) || refusal.to_string().contains("own.toml"),
        "{refusal}"
    );
}
