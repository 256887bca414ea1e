//! Discs: as another program makes them with our boot image, and as the BIOS shows them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ramkey::boot::{BootVolume, Patch, StartOptions, disc_image};
use ramkey::emulator::{CdBus, Controller, Machine, Port, Stick};
use ramkey_format::markers::MAY_REMOVE_DISC;

use super::harness::{DEADLINE, Evidence, Geometry, Running, disk, file, scratch, tool};
use super::sticks;

const DISK: Geometry = Geometry::new(4, 16, 63);
const AS_HDD: [&str; 4] = ["--kind", "hdd", "--chs", "4/16/63"];
/// First word of an internal disk's second sector, for `hidden_stick.asm`.
const WORD: u32 = 0x1A7E_55AA;
/// Word of the BIOS data area whose bit 0 says that there are floppies.
const EQUIPMENT: u64 = 0x410;

/// A disc that xorriso makes of the capsules of a stick and our boot image.
fn by_xorriso(folder: &Path, image: &Path) -> PathBuf {
    let stick = sticks::ramkey(folder, &[image], &AS_HDD);
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("RAMKEY")).expect("a folder for the capsules");
    let volume = format!("{}@@1M", stick.display());
    let capsules = format!("{}/", tree.join("RAMKEY").display());
    tool("mcopy", &["-i", &volume, "::RAMKEY/*.RKC", &capsules]);
    let start = StartOptions { start_timeout: 0, menu_timeout: 0, ..StartOptions::default() };
    let patch = Patch { options: *b"xorriso.", volume: BootVolume::Iso9660, is_disc: true, start };
    file(&tree, "ramkey.bin", &disc_image(&patch, 0).expect("the boot image"));
    let disc = folder.join("disc.iso");
    let (to, from) = (disc.display().to_string(), tree.display().to_string());
    let boot = ["-b", "ramkey.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"];
    tool("xorriso", &[&["-as", "mkisofs", "-quiet", "-o", &to], &boot[..], &[&from]].concat());
    disc
}

/// A disc of `ramkey disc` that waits for a key.
fn ours(folder: &Path, image: &Path, options: &[&str]) -> PathBuf {
    let disc = folder.join("disc.iso");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("disc").arg(image).arg("--to").arg(&disc).args(["--yes", "--timeout", "0"]).args(options);
    let output = command.output().expect("running ramkey");
    assert!(output.status.success(), "ramkey disc: {}", String::from_utf8_lossy(&output.stderr));
    disc
}

/// Takes the disc out when the image is in memory, and only then lets it boot; the guest's verdict.
fn eject_and_boot(mut running: Running) -> (bool, Evidence) {
    running.wait_text(MAY_REMOVE_DISC, DEADLINE);
    let ejected = running.emulator().eject();
    running.need(ejected);
    running.press(&["ret"]);
    running.verdict(DEADLINE)
}

fn machine(disc: &Path, bus: CdBus) -> Machine {
    Machine::new(Stick::new(disc, Port::Cd(bus)))
}

#[test]
fn a_disc_that_xorriso_makes_with_our_boot_image_boots_inside_and_by_usb() {
    let folder = scratch();
    let image = file(folder.path(), "guest.img", &disk("int13_hdd", DISK, DISK.sectors(), &[]));
    let disc = by_xorriso(folder.path(), &image);
    for bus in [CdBus::Ide, CdBus::Usb(Controller::Ehci)] {
        let (passed, evidence) = eject_and_boot(Running::start(&machine(&disc, bus)));
        assert!(passed, "the guest failed, {bus:?}\n{evidence}");
        assert!(evidence.console.contains("drive E0h by EDD"), "{bus:?}\n{evidence}");
    }
}

/// An internal disk that does not boot.
fn internal_disk(folder: &Path) -> PathBuf {
    let mut disk = vec![0; 8 << 20];
    disk[512..516].copy_from_slice(&WORD.to_le_bytes());
    file(folder, "internal.img", &disk)
}

#[test]
fn behind_the_drive_that_the_bios_emulates_the_disc_is_found_and_the_real_drives_come_back() {
    for (mode, first) in [("floppy", "drive 00h by CHS"), ("hard-disk", "drive 80h by CHS")] {
        let folder = scratch();
        let guest = disk("hidden_stick", DISK, DISK.sectors(), &["DISKS=2", "FIRST=0x81"]);
        let image = file(folder.path(), "guest.img", &guest);
        let disc = ours(folder.path(), &image, &[&AS_HDD[..], &["--boot", mode]].concat());
        let mut machine = machine(&disc, CdBus::Ide);
        machine.disks.push(internal_disk(folder.path()));
        let mut running = Running::start(&machine);
        running.wait_text(MAY_REMOVE_DISC, DEADLINE);
        let equipment = running.emulator().memory(EQUIPMENT, 1);
        let equipment = running.need(equipment)[0];
        let (passed, evidence) = eject_and_boot(running);
        assert!(passed, "the guest failed, {mode}\n{evidence}");
        assert_eq!(equipment & 1, 0, "a floppy that is not there is counted, {mode}\n{evidence}");
        assert!(evidence.console.contains(first), "{mode}\n{evidence}");
        let beyond = evidence.console.contains("Reading the disc, drive E0h.");
        assert_eq!(beyond, mode == "floppy", "{mode}\n{evidence}");
    }
}
