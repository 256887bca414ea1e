//! The same sticks under Bochs: another BIOS, without PCI or EDD of the 1990s, and a processor that checks segment
//! limits. It cannot boot from USB, so the stick is its first ATA disk; or a disc in an ATAPI drive.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::harness::{Geometry, disk, file, scratch, take_slot};
use super::sticks;

/// Bochs interprets every instruction: a boot takes about 20 seconds.
const LIMIT: Duration = Duration::from_secs(240);
const DISK: Geometry = Geometry::new(4, 16, 63);

/// Ends Bochs, whatever it does.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the guest on `stick` said on port E9h, up to its verdict.
pub fn console(folder: &Path, stick: &Path) -> String {
    let cylinders = fs::metadata(stick).expect("the stick").len() / 512 / 63 / 16;
    let path = stick.display();
    let disk =
        format!("type=disk, path={path}, mode=volatile, cylinders={cylinders}, heads=16, spt=63\nboot: disk");
    console_of(folder, &format!("ata0-master: {disk}"))
}

/// The same of a disc in an ATAPI drive.
fn console_of_disc(folder: &Path, disc: &Path) -> String {
    let path = disc.display();
    console_of(folder, &format!("ata1-master: type=cdrom, path={path}, status=inserted\nboot: cdrom"))
}

fn console_of(folder: &Path, medium: &str) -> String {
    let _slot = take_slot();
    let config = format!(
        "megs: 32
cpu: model=p3_katmai, ips=20000000, reset_on_triple_fault=0
romimage: file=/usr/share/bochs/BIOS-bochs-legacy
vgaromimage: file=/usr/share/vgabios/vgabios.bin
{medium}
display_library: rfb, options=\"timeout=0\"
port_e9_hack: enabled=1
log: {}
panic: action=fatal
clock: sync=none
",
        folder.join("bochs.log").display()
    );
    let config = file(folder, "bochsrc", config.as_bytes());
    // Debian's Bochs has the debugger built in: it waits for a command to run.
    let commands = file(folder, "commands", b"c\n");
    let said = folder.join("said");
    let output = fs::File::create(&said).expect("a file for its output");
    let mut bochs = Command::new("bochs");
    // In other locales Debian's Bochs 2.7 ends with "buffer overflow detected" while it starts.
    bochs.env("LC_ALL", "C");
    bochs.arg("-q").arg("-f").arg(config).arg("-rc").arg(commands);
    bochs.stdin(Stdio::null()).stderr(Stdio::null()).stdout(output);
    let child =
        bochs.spawn().unwrap_or_else(|error| panic!("bochs: {error}; `cargo xtask tools` installs it"));
    let mut bochs = Ending(child);
    let until = Instant::now() + LIMIT;
    loop {
        let text = String::from_utf8_lossy(&fs::read(&said).expect("its output")).into_owned();
        if text.contains("PASS\n")
            || text.lines().any(|line| line.starts_with("FAIL: ") && line.contains(" note "))
        {
            return text;
        }
        let ended = bochs.0.try_wait().expect("asking Bochs").is_some();
        assert!(!ended && Instant::now() < until, "no verdict\n{text}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn on_bochs(guest: &str, definitions: &[&str]) -> String {
    let folder = scratch();
    let image = file(folder.path(), "guest.img", &disk(guest, DISK, DISK.sectors(), definitions));
    let options = ["--kind", "hdd", "--chs", "4/16/63", "--size", "16M", "--timeout", "off"];
    let stick = sticks::ramkey(folder.path(), &[&image], &options);
    console(folder.path(), &stick)
}

#[test]
fn four_gigabyte_limits_survive_a_call() {
    let console = on_bochs("state", &[]);
    assert!(console.contains("PASS\n"), "{console}");
}

#[test]
fn every_function_leaves_tables_limits_and_control_registers_alone() {
    let console = on_bochs("unchanged", &[]);
    assert!(console.contains("PASS\n"), "{console}");
    let console = on_bochs("unchanged", &["SPOIL"]);
    assert!(console.contains("FAIL: GDTR"), "{console}");
    let console = on_bochs("unchanged", &["NO_UNREAL"]);
    assert!(console.contains("FAIL: the segment limits are 64 KiB"), "{console}");
}

#[test]
fn a_guest_with_small_limits_is_noticed() {
    let console = on_bochs("state", &["NO_UNREAL"]);
    assert!(console.contains("FAIL: the segment limits are 64 KiB"), "{console}");
}

#[test]
fn a_hard_disk_answers_every_call_under_another_bios() {
    let console = on_bochs("int13_hdd", &[]);
    assert!(console.contains("PASS\n"), "{console}");
}

#[test]
fn every_call_about_memory_agrees_under_another_bios() {
    // This BIOS says 639 KiB at 0:413h and 636 by E820h: the smaller one counts.
    let console = on_bochs("memory", &["BASE_LEFT=633"]);
    assert!(console.contains("PASS\n"), "{console}");
}

#[test]
fn a_disc_in_an_atapi_drive_boots_under_another_bios_by_every_mode() {
    for (mode, drive) in [
        ("no-emulation", "drive E0h by EDD"),
        ("floppy", "drive 00h by CHS"),
        ("hard-disk", "drive 80h by CHS"),
    ] {
        let folder = scratch();
        let image = file(folder.path(), "guest.img", &disk("int13_hdd", DISK, DISK.sectors(), &[]));
        let options = ["--kind", "hdd", "--chs", "4/16/63", "--boot", mode, "--timeout", "off"];
        let disc = sticks::ramkey_disc(folder.path(), &[&image], &options);
        let console = console_of_disc(folder.path(), &disc);
        assert!(console.contains("PASS\n") && console.contains(drive), "{mode}\n{console}");
    }
}
