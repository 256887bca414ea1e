//! Images as users have them: in pieces, copied by hand, several on a stick, of odd sizes, one partition.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use ramkey::contents::{Kind, KindChoice, MadeOf};
use ramkey::device::{System, TargetPath};
use ramkey::emulator::{Controller, Machine, Port, Stick};
use ramkey::image::Compression;
use ramkey::job::{Destination, Images, StickRequest, prepare, write};
use ramkey::plan::StartOptions;
use ramkey_format::markers::PROVEN;
use serde_json::json;

use super::harness::{DEADLINE, Geometry, Running, assemble, disk, file, scratch, tool};
use super::int13::passes;
use super::sticks;

const DISK: Geometry = Geometry::new(4, 16, 63);
const AS_HDD: [&str; 4] = ["--kind", "hdd", "--chs", "4/16/63"];

/// Seconds that a menu waits where a test presses its keys: more than a busy machine needs for that.
const LONG: &str = "60";

/// mtools' name of the file system on a stick with a partition at 1 MiB.
fn volume(stick: &Path) -> String {
    format!("{}@@1M", stick.display())
}

/// The capsules on a stick, as mtools names them.
fn capsules(stick: &Path) -> Vec<String> {
    let listing = tool("mdir", &["-b", "-i", &volume(stick), "::RAMKEY"]);
    listing.lines().map(str::trim).filter(|line| line.ends_with(".RKC")).map(str::to_owned).collect()
}

/// Takes the only capsule off a stick, into a file of its own.
fn take_capsule(stick: &Path, folder: &Path) -> (String, String) {
    let name = capsules(stick).pop().expect("a capsule");
    let local = folder.join("taken.rkc").display().to_string();
    tool("mcopy", &["-n", "-i", &volume(stick), &name, &local]);
    tool("mdel", &["-i", &volume(stick), &name]);
    (name, local)
}

fn boots(stick: &Path) {
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.pull_and_boot();
    running.must_pass();
}

#[test]
fn a_capsule_in_many_pieces_boots() {
    let folder = scratch();
    let image = file(folder.path(), "guest.img", &disk("int13_hdd", DISK, DISK.sectors(), &[]));
    let mut options = AS_HDD.to_vec();
    options.extend(["--size", "8M"]);
    let stick = sticks::ramkey(folder.path(), &[&image], &options);
    let (name, local) = take_capsule(&stick, folder.path());
    // Fill the stick with small files, take every second one away, and put the capsule into the holes.
    let filler = folder.path().join("filler");
    fs::create_dir(&filler).expect("a folder");
    let names: Vec<String> = (0..110).map(|number| format!("F{number:03}")).collect();
    for name in &names {
        fs::write(filler.join(name), vec![0xD1; 60 << 10]).expect("a filler");
    }
    let mut copied = Vec::new();
    for name in &names {
        let from = filler.join(name).display().to_string();
        let full = std::process::Command::new("mcopy").args(["-i", &volume(&stick), &from, "::"]).output();
        if !full.expect("running mcopy").status.success() {
            break;
        }
        copied.push(format!("::{name}"));
    }
    assert!(copied.len() < names.len(), "the stick is not full");
    let volume = volume(&stick);
    let mut delete = vec!["-i", volume.as_str()];
    delete.extend(copied.iter().step_by(2).map(String::as_str));
    tool("mdel", &delete);
    tool("mcopy", &["-i", &volume, &local, &name]);
    let report = tool(env!("CARGO_BIN_EXE_ramkey"), &["verify".as_ref(), stick.as_os_str()]);
    assert!(report.contains(" pieces"), "it is not fragmented\n{report}");
    boots(&stick);
}

#[test]
fn a_capsule_that_was_copied_from_another_stick_boots() {
    let from = scratch();
    let image = file(from.path(), "guest.img", &disk("int13_hdd", DISK, DISK.sectors(), &[]));
    let source = sticks::ramkey(from.path(), &[&image], &AS_HDD);
    let (_, local) = take_capsule(&source, from.path());
    let to = scratch();
    let other = file(to.path(), "other.img", &disk("must_fail", DISK, DISK.sectors(), &[]));
    let target = sticks::ramkey(to.path(), &[&other], &[&AS_HDD[..], &["--layout", "superfloppy"]].concat());
    let whole = target.display().to_string();
    let listing = tool("mdir", &["-b", "-i", &whole, "::RAMKEY"]);
    let old = listing.lines().map(str::trim).find(|line| line.ends_with(".RKC")).expect("a capsule");
    tool("mdel", &["-i", &whole, old]);
    tool("mcopy", &["-i", &whole, &local, "::RAMKEY/COPIED.RKC"]);
    boots(&target);
}

#[test]
fn every_layout_and_file_system_boots() {
    for options in [
        &["--layout", "gpt"][..],
        &["--layout", "superfloppy"],
        &["--fs", "fat12", "--size", "8M"],
        &["--fs", "fat16"],
        &["--fs", "fat32", "--size", "128M"],
        &["--layout", "superfloppy", "--fs", "fat32", "--size", "128M"],
    ] {
        println!("{options:?}");
        let image = disk("int13_hdd", DISK, DISK.sectors(), &[]);
        passes(&image, &[&AS_HDD[..], options].concat(), |_| ());
    }
}

/// A stick with images A, B and C, whose menu waits for a key.
fn menu_stick(folder: &Path, options: &[&str]) -> Running {
    let image = |letter: u8| {
        let image = disk("idle", DISK, DISK.sectors(), &[&format!("LETTER={letter}")]);
        file(folder, &format!("{}.img", char::from(letter)), &image)
    };
    let images = [image(b'A'), image(b'B'), image(b'C')];
    let images: Vec<&Path> = images.iter().map(|image| image.as_path()).collect();
    let titles = ["--title", "First", "--title", "Second", "--title", "Third"];
    let stick =
        sticks::ramkey(folder, &images, &[&AS_HDD[..], &titles, &["--timeout", "off"], options].concat());
    let mut running = Running::start(&Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci))));
    running.wait_screen("Starting the marked one in", DEADLINE);
    running
}

#[test]
fn a_digit_chooses_from_the_menu() {
    let folder = scratch();
    let mut running = menu_stick(folder.path(), &["--menu-timeout", LONG]);
    for title in ["First", "Second", "Third"] {
        running.wait_screen(title, DEADLINE);
    }
    running.press(&["2"]);
    running.wait_text("IDLE\nB", DEADLINE);
}

#[test]
fn arrow_keys_choose_from_the_menu() {
    let folder = scratch();
    let mut running = menu_stick(folder.path(), &["--menu-timeout", LONG]);
    for chosen in ["> 2 Second", "> 3 Third"] {
        running.press(&["down"]);
        running.wait_on_screen(chosen, DEADLINE, |screen| {
            let row =
                |line: &&String| line.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(chosen);
            screen.lines.iter().find(row).map(drop)
        });
    }
    running.press(&["ret"]);
    running.wait_text("IDLE\nC", DEADLINE);
}

#[test]
fn a_terminal_at_com1_chooses_from_the_menu() {
    let folder = scratch();
    let mut running = menu_stick(folder.path(), &["--menu-timeout", LONG, "--serial"]);
    // What a mouse may say is no key. Two lines down, one up, and Enter.
    let typed = file(folder.path(), "typed", b"M\0jjk\r");
    let backend = json!({ "type": "file", "data": { "in": typed, "out": folder.path().join("said") } });
    let said = json!({ "id": "serial0", "backend": backend });
    let changed = running.emulator().qmp().execute("chardev-change", said);
    running.need(changed);
    running.wait_text("IDLE\nB", DEADLINE);
    let said = fs::read_to_string(folder.path().join("said")).expect("what it said");
    assert!(said.contains(">  3  Third") && said.contains("Loading Second"), "{said}");
}

#[test]
fn the_menu_starts_the_first_image_by_itself() {
    let folder = scratch();
    let mut running = menu_stick(folder.path(), &["--menu-timeout", "6"]);
    running.wait_text("IDLE\nA", DEADLINE);
}

#[test]
fn the_smallest_image_is_one_sector() {
    let folder = scratch();
    for kind in ["floppy", "hdd"] {
        let sector = assemble("one_sector", &[format!("DRIVE={}", if kind == "hdd" { "0x80" } else { "0" })]);
        assert_eq!(sector.len(), 512);
        let image = file(folder.path(), "one.img", &sector);
        let stick = sticks::ramkey(folder.path(), &[&image], &["--kind", kind]);
        boots(&stick);
    }
}

#[test]
fn a_partition_image_boots_behind_a_track_of_its_own() {
    let folder = scratch();
    let image = folder.path().join("partition.img");
    let name = image.display().to_string();
    fs::File::create(&image).and_then(|file| file.set_len(8 << 20)).expect("a file");
    tool("mkfs.fat", &["-F", "16", "-s", "1", &name]);
    // The guest is the code of the boot sector: it lies behind the BPB.
    let mut bytes = fs::read(&image).expect("the file system");
    let code = assemble("boot_record", &[]);
    bytes[..3].copy_from_slice(&code[..3]);
    bytes[0x3E..512].copy_from_slice(&code[0x3E..512]);
    fs::write(&image, bytes).expect("writing the image");
    let stick = sticks::ramkey(folder.path(), &[&image], &["--kind", "partition"]);
    boots(&stick);
}

#[test]
fn a_title_is_on_the_screen_with_its_letters_and_nothing_of_it_is_sent_to_a_terminal_as_a_control() {
    let folder = scratch();
    let bytes = disk("int13_hdd", DISK, DISK.sectors(), &[]);
    let image = file(folder.path(), "Café Zürich ¢½.img", &bytes);
    let stick = sticks::ramkey(folder.path(), &[&image], &[&AS_HDD[..], &["--serial"]].concat());
    let mut running = Running::start(&Machine::new(Stick::new(&stick, Port::Usb(Controller::Xhci))));
    running.wait_screen("Loading Café Zürich ¢½", DEADLINE);
    running.pull_and_boot();
    let serial = running.evidence().serial;
    assert!(serial.contains("Loading Caf? Z?rich ??"), "{serial}");
    running.must_pass();
}

#[test]
fn a_disk_of_dosemu_boots_with_the_geometry_of_its_header() {
    let folder = scratch();
    let mut bytes = b"DOSEMU\0".to_vec();
    for number in [16u32, 63, 4, 128] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.resize(128, 0);
    bytes.extend(disk("int13_hdd", DISK, DISK.sectors(), &[]));
    let image = file(folder.path(), "dosemu.img", &bytes);
    boots(&sticks::ramkey(folder.path(), &[&image], &[]));
}

#[test]
fn a_vmdk_boots_as_the_disk_that_it_holds() {
    let folder = scratch();
    let image = file(folder.path(), "guest.img", &disk("int13_hdd", DISK, DISK.sectors(), &[]));
    let packed = folder.path().join("guest.vmdk");
    let (image, vmdk) = (image.display().to_string(), packed.display().to_string());
    let options = "subformat=streamOptimized";
    tool("qemu-img", &["convert", "-f", "raw", "-O", "vmdk", "-o", options, &image, &vmdk]);
    boots(&sticks::ramkey(folder.path(), &[&packed], &[]));
}

ctor::declarative::ctor! {
    // SAFETY: it runs before `main` and its threads. It sets a flag; only in a process that it started itself does it do
    // more, and that process never comes to `main`.
    #[ctor(unsafe)]
    fn look_without_rights() {
        // What a program says first that looks at images as root.
        if let Some(exit) = ramkey::sandbox::serve() {
            std::process::exit(i32::from(exit != std::process::ExitCode::SUCCESS));
        }
    }
}

/// A stick of 8 MiB whose capsule says of what its image was made.
fn made(folder: &Path, image: &Path, compression: Compression) -> PathBuf {
    let request = StickRequest {
        kind: KindChoice::Is(Kind::HardDisk),
        geometry: Some(ramkey::units::Geometry { cylinders: 4, heads: 16, sectors_per_track: 63 }),
        size: Some(8 << 20),
        start: StartOptions { start_timeout: 0, ..StartOptions::default() },
        compression,
        ..StickRequest::new(vec![image.to_owned()])
    };
    let mut images = Images::open(&request).expect("the image");
    let text = "with the driver FiraDisk 0.0.1.30 (root)".into();
    images.facts[0].made_of = Some(MadeOf { len: 512, blake3: [7; 32], text });
    let prepared = prepare(&request, images, None, &|_| ()).expect("a plan");
    let (system, stick) = (System::default(), folder.join("stick.img"));
    let target = TargetPath::look(&system, &stick).expect("a new file");
    let destination = Destination { system: &system, target: &target };
    write(&prepared, destination, &AtomicBool::new(false), &|_| ()).expect("a stick");
    stick
}

#[test]
fn a_capsule_that_says_of_what_its_image_was_made_boots_plain_and_packed() {
    let bytes = disk("int13_hdd", DISK, DISK.sectors(), &[]);
    for compression in [Compression::None, Compression::Small] {
        let folder = scratch();
        let image = file(folder.path(), "guest.img", &bytes);
        let stick = made(folder.path(), &image, compression);
        let report = tool(env!("CARGO_BIN_EXE_ramkey"), &["verify".as_ref(), stick.as_os_str()]);
        assert!(report.contains("with the driver FiraDisk 0.0.1.30 (root)"), "{report}");
        let mut running = Running::start(&Machine::new(Stick::new(&stick, Port::Usb(Controller::Ehci))));
        running.wait_text(&format!("{PROVEN}: BLAKE3 {}", &blake3::hash(&bytes).to_hex()[..16]), DEADLINE);
        running.wait_screen("In memory and proven", DEADLINE);
        running.pull_and_boot();
        running.must_pass();
    }
}
