//! What is refused, and that it stays untouched: decisions in tables, made-up machines, and real loop devices.
//!
//! Many kernels that tests run on have no device mapper and find no partitions on loop devices: there the made-up
//! machines stand in.

mod skip;

use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ramkey::device::{
    BlockTarget, DeviceFacts, DeviceKind, DeviceNumber, FileTarget, OpenError, Partition, Refusal, System,
    TargetPath, Use, refusal, uses,
};
use ramkey::pipeline::Target;
use skip::skip;

fn stick() -> DeviceFacts {
    DeviceFacts {
        node: "/dev/sdz".into(),
        number: DeviceNumber { major: 240, minor: 16 },
        kind: DeviceKind::Disk,
        len: 1 << 30,
        logical_sector: 512,
        read_only: false,
        removable: true,
        usb: true,
        vendor: "ACME".into(),
        model: "Stick".into(),
        serial: "1234".into(),
        sequence: Some(7),
        partitions: Vec::new(),
    }
}

fn every_use() -> Vec<Use> {
    vec![
        Use::Mounted { name: "sdz1".into(), folder: "/media/usb".into(), file_system: "vfat".into() },
        Use::Swap { name: "/dev/sdz2".into() },
        Use::Held { name: "sdz1".into(), holder: "dm-0 (crypt)".into() },
        Use::Loop { name: "loop3".into(), file: "/media/usb/a.img".into() },
        Use::Source { image: "/media/usb/dos.img".into() },
        Use::System { folder: "/home".into() },
    ]
}

#[test]
fn a_plain_stick_is_accepted_and_so_is_a_loop_device() {
    assert_eq!(refusal(&stick(), &[]), None);
    let no_flag = DeviceFacts { removable: false, ..stick() };
    assert_eq!(refusal(&no_flag, &[]), None, "USB bridges do not say that they are removable");
    let no_usb = DeviceFacts { usb: false, ..stick() };
    assert_eq!(refusal(&no_usb, &[]), None, "card readers need not hang on USB");
    let looped = DeviceFacts { kind: DeviceKind::Loop, usb: false, removable: false, ..stick() };
    assert_eq!(refusal(&looped, &[]), None);
}

#[test]
fn what_it_is_can_refuse_it() {
    let node = || PathBuf::from("/dev/sdz");
    let table = [
        (DeviceFacts { usb: false, removable: false, ..stick() }, Refusal::NotRemovable { node: node() }),
        (DeviceFacts { kind: DeviceKind::Virtual, ..stick() }, Refusal::Virtual { node: node() }),
        (DeviceFacts { len: 0, ..stick() }, Refusal::Empty { node: node() }),
        (DeviceFacts { read_only: true, ..stick() }, Refusal::ReadOnly { node: node() }),
        (DeviceFacts { logical_sector: 4096, ..stick() }, Refusal::SectorSize { node: node(), found: 4096 }),
    ];
    for (facts, expected) in table {
        assert_eq!(refusal(&facts, &[]), Some(expected));
    }
}

#[test]
fn a_partition_is_refused_and_the_help_names_its_disk() {
    for (partition, disk) in [
        ("/dev/sdz1", "/dev/sdz"),
        ("/dev/sdz12", "/dev/sdz"),
        ("/dev/mmcblk0p2", "/dev/mmcblk0"),
        ("/dev/nvme0n1p3", "/dev/nvme0n1"),
    ] {
        let facts = DeviceFacts { node: partition.into(), kind: DeviceKind::Partition, ..stick() };
        let refusal = refusal(&facts, &[]).unwrap();
        assert_eq!(refusal.help(), format!("name the whole stick: {disk}"));
    }
}

#[test]
fn every_use_refuses_it_by_name() {
    for used in every_use() {
        let text = refusal(&stick(), std::slice::from_ref(&used)).unwrap().to_string();
        let named = match &used {
            Use::Mounted { folder, .. } | Use::System { folder } => folder.display().to_string(),
            Use::Swap { name } => name.clone(),
            Use::Held { holder, .. } => holder.clone(),
            Use::Loop { file, .. } => file.display().to_string(),
            Use::Source { image } => image.display().to_string(),
        };
        assert!(text.starts_with("/dev/sdz is refused: ") && text.contains(&named), "{text}");
    }
}

#[test]
fn the_running_system_is_the_first_reason() {
    let facts =
        DeviceFacts { kind: DeviceKind::Partition, read_only: true, usb: false, removable: false, ..stick() };
    let expected = Refusal::System { node: "/dev/sdz".into(), folder: "/home".into() };
    assert_eq!(refusal(&facts, &every_use()), Some(expected));
    let facts = DeviceFacts { len: 0, read_only: true, ..stick() };
    assert!(matches!(refusal(&facts, &every_use()[..1]), Some(Refusal::Mounted { .. })), "use before kind");
}

/// A machine that is made up of files.
struct Machine {
    folder: tempfile::TempDir,
    system: System,
}

impl Machine {
    /// A stick sdz with one partition, its name's cousin sdzz, and a device-mapper disk.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let system = System { sys: at("sys"), proc: at("proc"), udev: at("udev"), dev: at("dev") };
        let machine = Self { system, folder };
        machine.disk("sys/devices/usb1/1-1/host/sdz", "240:16", 2048);
        machine.put("sys/devices/usb1/1-1/idVendor", "1234\n");
        machine.put("sys/devices/usb1/1-1/idProduct", "5678\n");
        machine.put("sys/devices/usb1/1-1/serial", "SER\u{1b}[2J\u{202e}IAL\n");
        machine.put("sys/devices/usb1/1-1/host/sdz/device/model", "Cruzer  \n");
        machine.put("sys/devices/usb1/1-1/host/sdz/sdz1/partition", "1\n");
        machine.put("sys/devices/usb1/1-1/host/sdz/sdz1/start", "8\n");
        machine.disk("sys/devices/usb1/1-1/host/sdz/sdz1", "240:17", 1000);
        machine.disk("sys/devices/ata/sdzz", "240:32", 4096);
        machine.put("sys/devices/ata/sdzz/device/model", "Inside\n");
        machine.disk("sys/devices/virtual/dm-0", "241:0", 100);
        machine.put("sys/devices/virtual/dm-0/dm/name", "crypt\n");
        machine.put("proc/self/mountinfo", "");
        machine.put("proc/swaps", "Filename Type Size Used Priority\n");
        fs::create_dir_all(machine.folder.path().join("dev")).unwrap();
        machine
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn disk(&self, folder: &str, number: &str, sectors: u64) {
        self.put(&format!("{folder}/dev"), &format!("{number}\n"));
        self.put(&format!("{folder}/size"), &format!("{sectors}\n"));
        self.put(&format!("{folder}/ro"), "0\n");
        self.put(&format!("{folder}/diskseq"), "9\n");
        let real = self.folder.path().join(folder);
        let numbers = self.folder.path().join("sys/dev/block");
        fs::create_dir_all(&numbers).unwrap();
        symlink(&real, numbers.join(number)).unwrap();
        let block = self.folder.path().join("sys/block");
        fs::create_dir_all(&block).unwrap();
        if !folder.ends_with("sdz1") {
            symlink(&real, block.join(real.file_name().unwrap())).unwrap();
        }
    }

    fn uses(&self) -> Vec<Use> {
        uses(&self.system, DeviceNumber { major: 240, minor: 16 }, &[])
    }
}

#[test]
fn a_stick_is_described_from_sysfs_without_tricks_for_the_terminal() {
    let machine = Machine::new();
    let disks = machine.system.disks().unwrap();
    let names: Vec<_> = disks.iter().map(|facts| facts.node.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["dm-0", "sdz", "sdzz"]);
    let stick = &disks[1];
    assert_eq!((stick.kind, stick.len, stick.usb, stick.removable), (DeviceKind::Disk, 1 << 20, true, false));
    assert_eq!((&*stick.model, &*stick.serial, stick.sequence), ("Cruzer", "SER[2JIAL", Some(9)));
    let number = DeviceNumber { major: 240, minor: 17 };
    assert_eq!(stick.partitions, [Partition { name: "sdz1".into(), number, offset: 4096, len: 512_000 }]);
    assert!(stick.is_stick() && !disks[0].is_stick() && !disks[2].is_stick());
    assert_eq!(machine.system.facts(number).unwrap().kind, DeviceKind::Partition);
}

#[test]
fn a_mount_counts_by_number_and_not_by_name() {
    let machine = Machine::new();
    assert_eq!(machine.uses(), []);
    machine.put("proc/self/mountinfo", "30 1 240:32 / /mnt rw - ext4 /dev/sdzz rw\n");
    assert_eq!(machine.uses(), [], "sdzz is another disk");
    machine.put("proc/self/mountinfo", "30 1 240:17 / /media/a\\040b rw - vfat /dev/other rw\n");
    let mounted =
        Use::Mounted { name: "sdz1".into(), folder: "/media/a b".into(), file_system: "vfat".into() };
    assert_eq!(machine.uses(), std::slice::from_ref(&mounted));
    machine.put("proc/self/mountinfo", "");
    machine.put("proc/1/mountinfo", "30 1 240:17 / /media/a\\040b rw - vfat /dev/other rw\n");
    assert_eq!(machine.uses(), [mounted], "a mount that only the first process sees");
}

#[test]
fn a_holder_and_the_mount_behind_it_are_both_seen() {
    let machine = Machine::new();
    let holders = "sys/devices/usb1/1-1/host/sdz/sdz1/holders";
    machine.put(&format!("{holders}/dm-0"), "");
    let held = Use::Held { name: "sdz1".into(), holder: "dm-0 (crypt)".into() };
    assert_eq!(machine.uses(), std::slice::from_ref(&held));
    machine.put("proc/self/mountinfo", "30 1 241:0 / /secret rw - ext4 /dev/mapper/crypt rw\n");
    let mounted = Use::Mounted { name: "dm-0".into(), folder: "/secret".into(), file_system: "ext4".into() };
    assert_eq!(machine.uses(), [mounted, held]);
}

#[test]
fn a_btrfs_on_several_disks_uses_each_of_them() {
    let machine = Machine::new();
    machine.put("sys/fs/btrfs/uuid/devices/sdzz/dev", "240:32\n");
    assert_eq!(machine.uses(), []);
    machine.put("sys/fs/btrfs/uuid/devices/sdz1/dev", "240:17\n");
    assert!(matches!(&machine.uses()[..], [Use::Held { name, .. }] if name == "sdz1"));
}

#[test]
fn a_loop_device_whose_file_lies_on_the_stick_is_a_use_of_it() {
    use std::os::unix::fs::MetadataExt;
    let machine = Machine::new();
    // The file system that this test writes to stands for one on the stick.
    let number = DeviceNumber::from_raw(fs::metadata(machine.folder.path()).unwrap().dev());
    machine.disk("sys/devices/virtual/loop7", "242:7", 100);
    let file = machine.folder.path().join("disk.img");
    fs::write(&file, "x").unwrap();
    machine.put("sys/devices/virtual/loop7/loop/backing_file", &format!("{}\n", file.display()));
    let uses = uses(&machine.system, number, &[]);
    assert!(uses.contains(&Use::Loop { name: "loop7".into(), file: file.clone() }), "{uses:?}");
    let of_file = machine.system.uses_of_file(&file);
    assert_eq!(of_file, [Use::Loop { name: "loop7".into(), file }]);
}

#[test]
fn nothing_is_made_under_dev_and_odd_things_are_no_targets() {
    let system = System::default();
    let look = |path: &str| TargetPath::look(&system, Path::new(path));
    for path in ["/dev/sdqq", "/dev/no/such", "/dev/disk/by-id/usb-nothing"] {
        assert!(matches!(look(path), Err(OpenError::NoDevice { .. })), "{path}");
        assert!(!Path::new(path).exists());
    }
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    symlink("/dev/sdqq", &link).unwrap();
    assert!(matches!(TargetPath::look(&system, &link), Err(OpenError::Missing { .. })));
    for (path, expected) in [("/dev/null", "a character device"), ("/tmp", "a directory")] {
        assert!(matches!(look(path), Err(OpenError::Kind { kind, .. }) if kind == expected), "{path}");
    }
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    assert!(matches!(TargetPath::look(&system, &pipe), Err(OpenError::Kind { kind: "a pipe", .. })));
    let missing = folder.path().join("no/such/stick.img");
    assert!(matches!(TargetPath::look(&system, &missing), Err(OpenError::Open { .. })));
}

#[test]
fn a_file_that_is_one_of_the_images_is_refused_by_any_of_its_names() {
    let system = System::default();
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("dos.img");
    fs::write(&image, [0; 1024]).unwrap();
    for (name, make) in [("hard", "link"), ("soft", "symlink"), ("dos.img", "")] {
        let path = folder.path().join(name);
        match make {
            "link" => fs::hard_link(&image, &path).unwrap(),
            "symlink" => symlink(&image, &path).unwrap(),
            _ => {}
        }
        let target = TargetPath::look(&system, &path).unwrap();
        let refused = target.admit(&system, std::slice::from_ref(&image));
        assert!(matches!(refused, Err(Refusal::Image { .. })), "{name}");
    }
}

#[test]
fn a_file_that_was_exchanged_or_is_being_written_is_not_opened() {
    let system = System::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stick.img");
    let target = TargetPath::look(&system, &path).unwrap();
    let first = FileTarget::open(&target, 4096).unwrap();
    assert!(first.is_fresh() && Target::len(&first) == 4096);
    assert!(matches!(FileTarget::open(&target, 4096), Err(OpenError::Open { .. })), "it is not new any more");
    let again = TargetPath::look(&system, &path).unwrap();
    assert!(matches!(FileTarget::open(&again, 4096), Err(OpenError::Busy { .. })));
    drop(first);
    assert!(FileTarget::open(&again, 4096).is_ok());
    fs::remove_file(&path).unwrap();
    fs::write(folder.path().join("keeps the number"), "").unwrap();
    fs::write(&path, [0; 4096]).unwrap();
    assert!(matches!(FileTarget::open(&again, 4096), Err(OpenError::Changed { .. })));
}

#[test]
fn an_empty_file_gets_the_size_that_is_asked_for() {
    let system = System::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stick.img");
    fs::write(&path, "").unwrap();
    let target = TargetPath::look(&system, &path).unwrap();
    assert_eq!(target.stick_len(None).unwrap(), None);
    assert_eq!(target.stick_len(Some(8192)).unwrap(), Some(8192));
    let file = FileTarget::open(&target, 8192).unwrap();
    assert!(file.is_fresh());
    assert_eq!(fs::metadata(&path).unwrap().len(), 8192);
    let longer = TargetPath::look(&system, &path).unwrap();
    assert!(matches!(longer.stick_len(Some(4096)), Err(OpenError::Size { found: 8192, wanted: 4096, .. })));
}

fn run(program: &str, arguments: &[&str]) -> Output {
    let found = ["/usr/sbin", "/sbin"].map(|folder| Path::new(folder).join(program));
    let program = found.into_iter().find(|path| path.exists()).unwrap_or_else(|| program.into());
    Command::new(&program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

/// A file of 8 MiB that a loop device shows; both are gone when this is dropped.
struct Loop {
    folder: tempfile::TempDir,
    node: PathBuf,
}

impl Loop {
    /// `None`, with a line that says so, where the kernel gives us no loop device.
    fn new(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk.img");
        File::create(&path).unwrap().set_len(8 << 20).unwrap();
        let path = path.display().to_string();
        let output = run("losetup", &[&["--find", "--show"], options, &[&path]].concat());
        if !output.status.success() {
            skip("loop device", &output.stderr);
            return None;
        }
        let node = String::from_utf8(output.stdout).unwrap().trim().into();
        Some(Self { folder, node })
    }

    fn node(&self) -> &str {
        self.node.to_str().unwrap()
    }

    fn look(&self) -> (System, DeviceFacts) {
        let system = System::default();
        let TargetPath::Block(facts) = TargetPath::look(&system, &self.node).unwrap() else {
            panic!("no device")
        };
        (system, *facts)
    }

    fn open(&self) -> Result<BlockTarget, OpenError> {
        let (system, facts) = self.look();
        BlockTarget::open(&system, &facts, &[])
    }

    fn write(&self, image: &Path) -> Output {
        let (image, ramkey) = (image.to_str().unwrap(), env!("CARGO_BIN_EXE_ramkey"));
        Command::new(ramkey).args(["write", image, "--to", self.node(), "--yes"]).output().unwrap()
    }

    /// The write is refused with this text, and no byte of the device changes.
    fn refuses(&self, image: &Path, expected: &str) {
        let file = self.folder.path().join("disk.img");
        run("sync", &[]);
        let before = blake3::hash(&fs::read(&file).unwrap());
        let output = self.write(image);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains(expected), "{text}");
        run("sync", &[]);
        assert_eq!(blake3::hash(&fs::read(&file).unwrap()), before, "the device was changed");
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        run("losetup", &["--detach", self.node()]);
    }
}

/// An image beside the devices.
fn image() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dos.img");
    fs::write(&path, [7; 100_000]).unwrap();
    (folder, path)
}

#[test]
fn a_loop_device_is_written_proven_and_verified() {
    let Some(device) = Loop::new(&[]) else { return };
    let (_folder, image) = image();
    let output = device.write(&image);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let verified =
        Command::new(env!("CARGO_BIN_EXE_ramkey")).args(["verify", "--strict", device.node()]).output();
    assert!(verified.unwrap().status.success());
}

#[test]
fn a_device_without_yes_and_without_a_terminal_is_refused() {
    let Some(device) = Loop::new(&[]) else { return };
    let (_folder, image) = image();
    let ramkey = env!("CARGO_BIN_EXE_ramkey");
    let arguments = ["write", image.to_str().unwrap(), "--to", device.node()];
    let output = Command::new(ramkey).args(arguments).stdin(std::process::Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no terminal"));
}

#[test]
fn a_mounted_device_is_refused_and_so_is_an_image_on_it() {
    let Some(device) = Loop::new(&[]) else { return };
    let (_folder, image) = image();
    assert!(run("mkfs.ext2", &["-q", device.node()]).status.success());
    let mount = device.folder.path().join("mount");
    fs::create_dir(&mount).unwrap();
    assert!(run("mount", &[device.node(), mount.to_str().unwrap()]).status.success());
    let on_it = mount.join("dos.img");
    fs::copy(&image, &on_it).unwrap();
    device.refuses(&image, "is mounted on");
    let (system, facts) = device.look();
    let source = Use::Source { image: on_it.clone() };
    assert!(uses(&system, facts.number, &[on_it]).contains(&source));
    assert!(uses(&system, facts.number, &[image]).iter().all(|used| !matches!(used, Use::Source { .. })));
    assert!(run("umount", &[mount.to_str().unwrap()]).status.success());
    assert!(device.open().is_ok(), "it is free again");
}

#[test]
fn swap_space_in_use_is_refused() {
    let Some(device) = Loop::new(&[]) else { return };
    let (_folder, image) = image();
    assert!(run("mkswap", &[device.node()]).status.success());
    let output = run("swapon", &[device.node()]);
    if !output.status.success() {
        return skip("swap", &output.stderr);
    }
    device.refuses(&image, "is swap space in use");
    assert!(run("swapoff", &[device.node()]).status.success());
}

#[test]
fn a_read_only_device_and_one_with_large_sectors_are_refused() {
    let (_folder, image) = image();
    if let Some(device) = Loop::new(&["--read-only"]) {
        device.refuses(&image, "it is read-only");
    }
    if let Some(device) = Loop::new(&["--sector-size", "4096"]) {
        device.refuses(&image, "its sectors have 4096 bytes");
    }
}

#[test]
fn a_device_that_another_program_has_claimed_is_busy() {
    let Some(device) = Loop::new(&[]) else { return };
    let exclusive = rustix::fs::OFlags::EXCL.bits() as i32;
    let holder = File::options().read(true).custom_flags(exclusive).open(&device.node).unwrap();
    assert!(matches!(device.open(), Err(OpenError::Busy { .. })));
    drop(holder);
    let ours = device.open().unwrap();
    assert!(matches!(device.open(), Err(OpenError::Busy { .. })), "we exclude others");
    drop(ours);
}

#[test]
fn a_stick_that_was_exchanged_after_the_check_is_not_opened() {
    let Some(device) = Loop::new(&[]) else { return };
    let (system, facts) = device.look();
    for other in [
        DeviceFacts { sequence: facts.sequence.map(|sequence| sequence + 1), ..facts.clone() },
        DeviceFacts { len: facts.len + 512, ..facts.clone() },
        DeviceFacts { serial: "another".into(), ..facts.clone() },
        DeviceFacts { number: DeviceNumber { major: 7, minor: 250 }, ..facts.clone() },
    ] {
        let opened = BlockTarget::open(&system, &other, &[]);
        assert!(matches!(opened, Err(OpenError::Changed { .. })), "{other:?}");
    }
}

#[test]
fn a_file_that_a_loop_device_shows_is_refused() {
    let Some(device) = Loop::new(&[]) else { return };
    let (_folder, image) = image();
    let file = device.folder.path().join("disk.img");
    let target = TargetPath::look(&System::default(), &file).unwrap();
    assert!(matches!(target.admit(&System::default(), &[image]), Err(Refusal::Loop { .. })));
}
