//! INT 13h's answers beside those of real MEMDISK on the same image. `docs/boot-protocol.md` argues each difference.

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::harness::{DEADLINE, Geometry, Running, disk, file, scratch};
use super::sticks;

/// The lines that the guest printed under ramkey, and under MEMDISK, in pairs.
fn answers(geometry: Geometry, kind: &str, memdisk_options: &str) -> Vec<(String, String)> {
    let folder = scratch();
    let image = disk("answers", geometry, geometry.sectors(), &[]);
    let image = file(folder.path(), "guest.img", &image);
    let Geometry { cylinders, heads, track_sectors } = geometry;
    let chs = format!("{cylinders}/{heads}/{track_sectors}");
    let ours = sticks::ramkey(folder.path(), &[&image], &["--kind", kind, "--chs", &chs, "--timeout", "off"]);
    let theirs = sticks::memdisk(folder.path(), &image, memdisk_options);
    let lines = |stick| {
        let machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
        let (passed, evidence) = Running::start(&machine).verdict(DEADLINE);
        assert!(passed, "{evidence}");
        let lines = evidence.console.lines().skip_while(|line| !line.starts_with("call "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let (ours, theirs) = (lines(ours), lines(theirs));
    assert_eq!(ours.len(), theirs.len(), "\n{ours:#?}\n{theirs:#?}");
    assert!(ours.len() > 13, "{ours:#?}");
    ours.into_iter().zip(theirs).collect()
}

/// Asserts that exactly these lines differ: each is the call, what ramkey answers, what MEMDISK answers.
fn assert_differences(pairs: &[(String, String)], expected: &[(&str, &str, &str)]) {
    let differ: Vec<_> = pairs.iter().filter(|(ours, theirs)| ours != theirs).cloned().collect();
    let line = |call: &str, answer: &str| format!("call {call} {answer}");
    let expected: Vec<_> =
        expected.iter().map(|(call, ours, theirs)| (line(call, ours), line(call, theirs))).collect();
    assert_eq!(differ, expected);
}

#[test]
fn a_hard_disk_answers_as_memdisk_does() {
    let pairs = answers(Geometry::new(4, 16, 63), "hdd", "harddisk c=4 h=16 s=63");
    assert_differences(
        &pairs,
        &[
            // DL: the stick is not counted.
            (
                "00000800",
                "bx:ax 00000000 dx:cx 0f01033f cf 00000000",
                "bx:ax 00000000 dx:cx 0f02033f cf 00000000",
            ),
            // AL: left alone where it is no result.
            (
                "00000401",
                "bx:ax 00000001 dx:cx 00800001 cf 00000000",
                "bx:ax 00000000 dx:cx 00800001 cf 00000000",
            ),
            (
                "00000501",
                "bx:ax 00000101 dx:cx 00800001 cf 00000001",
                "bx:ax 00000100 dx:cx 00800001 cf 00000001",
            ),
            (
                "00000c01",
                "bx:ax 00000001 dx:cx 00800001 cf 00000000",
                "bx:ax 00000000 dx:cx 00800001 cf 00000000",
            ),
        ],
    );
}

#[test]
fn a_floppy_answers_as_memdisk_does() {
    let pairs = answers(Geometry::new(80, 2, 18), "floppy", "floppy c=80 h=2 s=18");
    assert_differences(
        &pairs,
        &[
            // BL: the CMOS type of a 1.44M drive, and not 10h, "other removable".
            (
                "00000800",
                "bx:ax 00040000 dx:cx 01014f12 cf 00000000",
                "bx:ax 00100000 dx:cx 01014f12 cf 00000000",
            ),
            (
                "00000401",
                "bx:ax 00000001 dx:cx 00000001 cf 00000000",
                "bx:ax 00000000 dx:cx 00000001 cf 00000000",
            ),
            (
                "00000501",
                "bx:ax 00000101 dx:cx 00000001 cf 00000001",
                "bx:ax 00000100 dx:cx 00000001 cf 00000001",
            ),
            (
                "00000c01",
                "bx:ax 00000001 dx:cx 00000001 cf 00000000",
                "bx:ax 00000000 dx:cx 00000001 cf 00000000",
            ),
        ],
    );
}
