//! BIOSes that misbehave, played by an option ROM between the real BIOS and the stick.

use std::path::{Path, PathBuf};

use ramkey::emulator::{Controller, Machine, Port, Stick};

use super::harness::{DEADLINE, Geometry, Running, disk, file, scratch, tool};
use super::sticks;

const HARD_DISK: Geometry = Geometry::new(4, 16, 63);

/// Assembles a ROM of `tests/boot/personalities`; its bytes must add up to zero.
pub fn rom(folder: &Path, name: &str, definitions: &[&str]) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot/personalities").join(name);
    let target = folder.join("personality.rom");
    let mut arguments: Vec<String> = ["-w+all", "-w+error", "-f", "bin"].map(str::to_owned).to_vec();
    arguments.extend(["-I".into(), format!("{}/", source.parent().expect("a folder").display())]);
    arguments.extend(definitions.iter().map(|definition| format!("-D{definition}")));
    arguments.extend(["-o".into(), target.display().to_string(), source.display().to_string()]);
    tool("nasm", &arguments);
    let mut bytes = std::fs::read(&target).expect("the ROM");
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let last = bytes.last_mut().expect("a ROM is not empty");
    *last = last.wrapping_sub(sum);
    file(folder, "personality.rom", &bytes)
}

#[test]
fn a_bios_that_leaves_a_mess_after_each_call_boots_all_the_same() {
    let folder = scratch();
    let image = disk("int13_hdd", HARD_DISK, HARD_DISK.sectors(), &[]);
    let image = file(folder.path(), "guest.img", &image);
    let options = ["--kind", "hdd", "--chs", "4/16/63", "--timeout", "off"];
    let stick = sticks::ramkey(folder.path(), &[&image], &options);
    let mut machine = Machine::new(Stick::new(stick, Port::Usb(Controller::Xhci)));
    machine.option_rom = Some(rom(folder.path(), "rough.asm", &[]));
    let (passed, evidence) = Running::start(&machine).verdict(DEADLINE);
    assert!(passed, "the guest failed\n{evidence}");
    assert!(evidence.console.contains("rrrrrrrrrrrrrrrr"), "the ROM was not in the way\n{evidence}");
}
