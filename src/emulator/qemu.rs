//! What the emulated PC has, and QEMU's command line for it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Name of the medium's device, for pulling or ejecting it.
pub(super) const STICK_DEVICE: &str = "key";
/// Name of the stick's drive, in QEMU's statistics.
pub(super) const STICK_DRIVE: &str = "stick";

/// Whether a window can be shown: there is a display, and QEMU has the part that draws on it.
pub fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| set(name)) {
        return false;
    }
    // Debian keeps the window toolkits in a package of their own.
    let help = super::program::PROGRAMS
        .iter()
        .find_map(|program| std::process::Command::new(program).args(["-display", "help"]).output().ok());
    let text = help.map(|help| String::from_utf8_lossy(&help.stdout).into_owned()).unwrap_or_default();
    text.lines().any(|line| ["gtk", "sdl", "cocoa"].contains(&line.trim()))
}

/// A USB controller that SeaBIOS can boot from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controller {
    /// USB 1.1 of Intel and VIA chip sets.
    Uhci,
    /// USB 1.1 of everyone else.
    Ohci,
    /// USB 2.0.
    Ehci,
    /// USB 3.0.
    Xhci,
}

impl Controller {
    /// All four, oldest first.
    pub const ALL: [Self; 4] = [Self::Uhci, Self::Ohci, Self::Ehci, Self::Xhci];

    /// QEMU's name of the device.
    pub fn device(self) -> &'static str {
        match self {
            Self::Uhci => "piix3-usb-uhci",
            Self::Ohci => "pci-ohci",
            Self::Ehci => "usb-ehci",
            Self::Xhci => "qemu-xhci",
        }
    }

    /// The name that the command line uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uhci => "uhci",
            Self::Ohci => "ohci",
            Self::Ehci => "ehci",
            Self::Xhci => "xhci",
        }
    }
}

/// How the boot medium is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// As a USB stick, which can be pulled.
    Usb(Controller),
    /// As the first internal disk: the same bytes by another driver of the BIOS.
    Ide,
    /// As the first floppy drive, for images alone.
    Floppy,
    /// As a disc in a CD drive.
    Cd(CdBus),
}

/// How a CD drive is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CdBus {
    /// As the first internal drive.
    Ide,
    /// As a drive with a USB plug.
    Usb(Controller),
}

/// What the machine boots from.
#[derive(Clone, Debug)]
pub struct Stick {
    /// A file with the medium's bytes; never changed.
    pub path: PathBuf,
    /// Where it is plugged in.
    pub port: Port,
    /// Most bytes read in a second; `None` for as fast as the emulation goes.
    pub bytes_per_second: Option<u64>,
    /// A sector of 512 bytes that cannot be read; on a disc, nor can the other three of its block.
    pub bad_lba: Option<u64>,
    /// How many reads of it fail before one works; `None` for all.
    pub bad_reads: Option<u32>,
}

impl Stick {
    /// A sound stick at full speed.
    pub fn new(path: impl Into<PathBuf>, port: Port) -> Self {
        Self { path: path.into(), port, bytes_per_second: None, bad_lba: None, bad_reads: None }
    }
}

/// The emulated PC.
#[derive(Clone, Debug)]
pub struct Machine {
    /// RAM in MiB.
    pub ram_mib: u32,
    /// QEMU's CPU name; `None` for its default.
    pub cpu: Option<String>,
    /// What it boots from.
    pub stick: Stick,
    /// Internal IDE disks; never changed.
    pub disks: Vec<PathBuf>,
    /// A keyboard, and with it its controller at ports 60h and 64h.
    pub keyboard_controller: bool,
    /// An empty floppy drive.
    pub floppy_drive: bool,
    /// A ROM that runs before the boot.
    pub option_rom: Option<PathBuf>,
    /// Count instructions in place of time: the exponent of nanoseconds for each instruction.
    pub icount_shift: Option<u8>,
    /// Show a window.
    pub window: bool,
}

impl Machine {
    /// A PC with 64 MiB of RAM that boots from `stick` and has nothing else.
    pub fn new(stick: Stick) -> Self {
        Self {
            ram_mib: 64,
            cpu: None,
            stick,
            disks: Vec::new(),
            keyboard_controller: true,
            floppy_drive: false,
            option_rom: None,
            icount_shift: None,
            window: false,
        }
    }

    /// QEMU's arguments; the files of the run are in `folder`.
    ///
    /// A guest that writes `v` to port F4h ends QEMU with status `2 * v + 1`. COM1 goes to `serial`, port E9h to
    /// `console`.
    pub(super) fn arguments(&self, folder: &Path) -> Vec<OsString> {
        let mut arguments = Arguments::default();
        arguments.add("-machine", "pc,accel=tcg");
        if !self.keyboard_controller {
            arguments.append(",i8042=off");
        }
        arguments.add("-m", self.ram_mib.to_string());
        if let Some(cpu) = &self.cpu {
            arguments.add("-cpu", cpu.clone());
        }
        if let Some(shift) = self.icount_shift {
            arguments.add("-icount", format!("shift={shift},sleep=off"));
        }
        if !self.window {
            arguments.add("-display", "none");
        }
        arguments.add("-vga", "std");
        // No network, whose option ROM would only cost time; no drives but ours. A triple fault ends the run.
        arguments.flag("-nodefaults");
        arguments.flag("-no-reboot");
        arguments.file("-serial", "file:", &folder.join("serial"));
        arguments.file("-debugcon", "file:", &folder.join("console"));
        arguments.file("-qmp", "unix:", &folder.join("qmp"));
        arguments.append(",server=on,wait=off");
        arguments.add("-device", "isa-debug-exit,iobase=0xf4,iosize=4");
        if let Some(rom) = &self.option_rom {
            arguments.file("-option-rom", "", rom);
        }
        if self.floppy_drive {
            arguments.add("-device", "floppy,unit=0,drive-type=144");
        }
        self.stick_arguments(&mut arguments);
        let first = u32::from(matches!(self.stick.port, Port::Ide | Port::Cd(CdBus::Ide)));
        for (index, disk) in (first..).zip(&self.disks) {
            arguments.file("-drive", "format=raw,snapshot=on,if=ide,", Path::new(""));
            arguments.append(&format!("index={index},file="));
            arguments.append_path(disk);
        }
        arguments.list
    }

    fn stick_arguments(&self, arguments: &mut Arguments) {
        let stick = &self.stick;
        match stick.bad_lba {
            // Another node type than a drive: errors are injected below it, and it stays read-only.
            Some(lba) => {
                arguments.add("-blockdev", format!("driver=blkdebug,node-name={STICK_DRIVE},read-only=on,"));
                let once = if stick.bad_reads.is_some() { "on" } else { "off" };
                for rule in 0..stick.bad_reads.unwrap_or(1) {
                    let rule = format!("inject-error.{rule}");
                    arguments.append(&format!("{rule}.event=none,{rule}.errno=5,{rule}.once={once},"));
                    arguments.append(&format!("{rule}.sector={lba},"));
                }
                arguments.append("image.driver=file,image.read-only=on,image.filename=");
                arguments.append_path(&stick.path);
            }
            None => {
                arguments.add("-drive", format!("if=none,id={STICK_DRIVE},format=raw,snapshot=on,"));
                if let Some(bytes) = stick.bytes_per_second {
                    arguments.append(&format!("throttling.bps-read={bytes},"));
                }
                arguments.append("file=");
                arguments.append_path(&stick.path);
            }
        }
        match stick.port {
            Port::Usb(controller) => {
                arguments.add("-device", format!("{},id=hc", controller.device()));
                arguments.add(
                    "-device",
                    format!(
                        "usb-storage,bus=hc.0,drive={STICK_DRIVE},id={STICK_DEVICE},bootindex=1,removable=on"
                    ),
                );
            }
            Port::Ide => {
                let device =
                    format!("ide-hd,bus=ide.0,unit=0,drive={STICK_DRIVE},id={STICK_DEVICE},bootindex=1");
                arguments.add("-device", device);
            }
            Port::Cd(CdBus::Ide) => {
                let device =
                    format!("ide-cd,bus=ide.0,unit=0,drive={STICK_DRIVE},id={STICK_DEVICE},bootindex=1");
                arguments.add("-device", device);
            }
            Port::Cd(CdBus::Usb(controller)) => {
                arguments.add("-device", format!("{},id=hc", controller.device()));
                arguments.add("-device", "usb-bot,bus=hc.0,id=bot");
                let device =
                    format!("scsi-cd,bus=bot.0,lun=0,drive={STICK_DRIVE},id={STICK_DEVICE},bootindex=1");
                arguments.add("-device", device);
            }
            Port::Floppy => {
                arguments.add("-device", format!("floppy,drive={STICK_DRIVE},id={STICK_DEVICE}"));
                arguments.add("-boot", "a");
            }
        }
    }
}

/// QEMU's arguments for a PC with memory, COM1 and a control connection; the files of the run are in `folder`.
pub(super) fn bare_arguments(ram_mib: u32, folder: &Path) -> Vec<OsString> {
    let mut arguments = Arguments::default();
    arguments.add("-machine", "pc,accel=tcg");
    arguments.add("-m", ram_mib.to_string());
    arguments.add("-display", "none");
    arguments.flag("-nodefaults");
    arguments.flag("-no-reboot");
    arguments.file("-serial", "file:", &folder.join("serial"));
    arguments.file("-qmp", "unix:", &folder.join("qmp"));
    arguments.append(",server=on,wait=off");
    arguments.list
}

/// A command line under construction.
#[derive(Default)]
struct Arguments {
    list: Vec<OsString>,
}

impl Arguments {
    fn flag(&mut self, name: &str) {
        self.list.push(name.into());
    }

    fn add(&mut self, name: &str, value: impl Into<OsString>) {
        self.list.push(name.into());
        self.list.push(value.into());
    }

    fn file(&mut self, name: &str, prefix: &str, path: &Path) {
        self.add(name, prefix);
        self.append_path(path);
    }

    /// Adds to the last value.
    fn append(&mut self, text: &str) {
        if let Some(last) = self.list.last_mut() {
            last.push(text);
        }
    }

    /// Adds a path to the last value; QEMU wants its commas doubled.
    fn append_path(&mut self, path: &Path) {
        use std::os::unix::ffi::{OsStrExt, OsStringExt};
        let mut bytes = Vec::new();
        for &byte in path.as_os_str().as_bytes() {
            bytes.push(byte);
            if byte == b',' {
                bytes.push(byte);
            }
        }
        if let Some(last) = self.list.last_mut() {
            last.push(OsString::from_vec(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CdBus, Controller, Machine, Port, Stick};
    use std::path::Path;

    fn command_line(machine: &Machine) -> String {
        let arguments = machine.arguments(Path::new("/run"));
        arguments.iter().map(|a| a.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_stick_is_disposable_and_removable() {
        let machine = Machine::new(Stick::new("a,b.img", Port::Usb(Controller::Ohci)));
        let line = command_line(&machine);
        assert!(line.contains("if=none,id=stick,format=raw,snapshot=on,file=a,,b.img"), "{line}");
        assert!(line.contains("pci-ohci,id=hc"), "{line}");
        assert!(line.contains("removable=on"), "{line}");
    }

    #[test]
    fn a_stick_with_a_bad_sector_is_read_only() {
        let mut machine = Machine::new(Stick::new("s.img", Port::Usb(Controller::Xhci)));
        machine.stick.bad_lba = Some(9000);
        let line = command_line(&machine);
        assert!(line.contains("node-name=stick,read-only=on"), "{line}");
        assert!(line.contains("inject-error.0.sector=9000,"), "{line}");
        assert!(line.contains("inject-error.0.once=off,"), "{line}");
        assert!(line.contains("image.read-only=on,image.filename=s.img"), "{line}");
        machine.stick.bad_reads = Some(2);
        let line = command_line(&machine);
        assert!(line.contains("inject-error.1.once=on,inject-error.1.sector=9000,"), "{line}");
        assert!(!line.contains("inject-error.2"), "{line}");
    }

    #[test]
    fn a_disc_lies_in_a_drive_of_its_bus() {
        let mut machine = Machine::new(Stick::new("d.iso", Port::Cd(CdBus::Ide)));
        assert!(command_line(&machine).contains("ide-cd,bus=ide.0,unit=0,drive=stick,id=key,bootindex=1"));
        machine.stick.port = Port::Cd(CdBus::Usb(Controller::Ehci));
        machine.stick.bytes_per_second = Some(1000);
        let line = command_line(&machine);
        assert!(line.contains("usb-ehci,id=hc -device usb-bot,bus=hc.0,id=bot"), "{line}");
        assert!(line.contains("scsi-cd,bus=bot.0,lun=0,drive=stick,id=key,bootindex=1"), "{line}");
        assert!(line.contains("throttling.bps-read=1000,file=d.iso"), "{line}");
    }

    #[test]
    fn internal_disks_do_not_take_the_place_of_a_stick_on_ide() {
        let mut machine = Machine::new(Stick::new("s.img", Port::Ide));
        machine.disks.push("c.img".into());
        assert!(command_line(&machine).contains("if=ide,index=1,file=c.img"));
        machine.stick.port = Port::Cd(CdBus::Ide);
        assert!(command_line(&machine).contains("if=ide,index=1,file=c.img"));
        for port in [Port::Usb(Controller::Ehci), Port::Cd(CdBus::Usb(Controller::Ehci))] {
            machine.stick.port = port;
            assert!(command_line(&machine).contains("if=ide,index=0,file=c.img"));
        }
    }
}
