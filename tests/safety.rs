//! What is refused: decisions in tables, made-up machines, and how files are opened.
//!
//! Many kernels that tests run on have no device mapper and find no partitions on loop devices: there the made-up
//! machines stand in. Real devices are in `in_use.rs`.

mod skip;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use ramkey::device::{
    DeviceFacts, DeviceKind, DeviceNumber, FileTarget, OpenError, Partition, Refusal, System, TargetPath,
    Use, refusal, uses,
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

fn mounted(name: &str, folder: &str, file_system: &str) -> Use {
    Use::Mounted {
        name: name.into(),
        folder: folder.into(),
        file_system: file_system.into(),
        loops: Vec::new(),
        seen_by: None,
    }
}

fn every_use() -> Vec<Use> {
    vec![
        mounted("sdz1", "/media/usb", "vfat"),
        Use::Swap { name: "/dev/sdz2".into() },
        Use::Held { name: "sdz1".into(), holder: "dm-0 (crypt)".into() },
        Use::Loop { name: "loop3".into(), file: "/media/usb/a.img".into() },
        Use::Open { pid: 4321, command: "qemu".into() },
        Use::OpenSomewhere,
        Use::Source { image: "/media/usb/dos.img".into() },
        Use::Image { image: "/tmp/dos.img".into() },
        Use::Shows { device: "sdy".into() },
        Use::Unknown { question: "what loop9 shows cannot be told".into(), help: "run it as root".into() },
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
            Use::Swap { name } => name.display().to_string(),
            Use::Held { holder, .. } => holder.clone(),
            Use::Loop { file, .. } => file.display().to_string(),
            Use::Open { command, pid } => format!("process {pid} ({command})"),
            Use::OpenSomewhere => "open for writing".into(),
            Use::Source { image } | Use::Image { image } => image.display().to_string(),
            Use::Shows { device } => device.clone(),
            Use::Unknown { question, .. } => question.clone(),
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

    /// A node of one of its devices. `None`, with a line that says so, where only root may make one.
    fn node(&self, name: &str, number: &str) -> Option<PathBuf> {
        let path = self.folder.path().join("dev").join(name);
        let (major, minor) = number.split_once(':').unwrap();
        let output = Command::new("mknod").arg(&path).args(["b", major, minor]).output().unwrap();
        if !output.status.success() {
            skip("device node", &output.stderr);
            return None;
        }
        Some(path)
    }

    /// A loop device with the name that the kernel has for what it shows.
    fn looped(&self, name: &str, number: &str, shown: &Path) {
        self.disk(&format!("sys/devices/virtual/{name}"), number, 100);
        self.put(&format!("sys/devices/virtual/{name}/loop/backing_file"), &format!("{}\n", shown.display()));
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
    assert_eq!(machine.uses(), [mounted("sdz1", "/media/a b", "vfat")]);
    machine.put("proc/self/mountinfo", "");
    machine.put("proc/1/mountinfo", "30 1 240:17 / /media/a\\040b rw - vfat /dev/other rw\n");
    let uses = machine.uses();
    let [Use::Mounted { seen_by: Some(1), .. }] = &uses[..] else { panic!("{uses:?}") };
    let help = refusal(&stick(), &uses).unwrap().help();
    assert_eq!(help, "run `nsenter --target 1 --mount umount '/media/a b'` first");
}

#[test]
fn a_holder_and_the_mount_behind_it_are_both_seen() {
    let machine = Machine::new();
    let holders = "sys/devices/usb1/1-1/host/sdz/sdz1/holders";
    machine.put(&format!("{holders}/dm-0"), "");
    let held = Use::Held { name: "sdz1".into(), holder: "dm-0 (crypt)".into() };
    assert_eq!(machine.uses(), std::slice::from_ref(&held));
    machine.put("proc/self/mountinfo", "30 1 241:0 / /secret rw - ext4 /dev/mapper/crypt rw\n");
    assert_eq!(machine.uses(), [mounted("dm-0", "/secret", "ext4"), held]);
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
    let machine = Machine::new();
    // The file system that this test writes to stands for one on the stick.
    let number = DeviceNumber::from_raw(fs::metadata(machine.folder.path()).unwrap().dev());
    machine.disk("sys/devices/virtual/loop7", "242:7", 100);
    let file = machine.folder.path().join("disk.img");
    fs::write(&file, "x").unwrap();
    machine.put("sys/devices/virtual/loop7/loop/backing_file", &format!("{}\n", file.display()));
    let uses = uses(&machine.system, number, &[]);
    assert!(uses.contains(&Use::Loop { name: "loop7".into(), file: file.clone() }), "{uses:?}");
    let meta = fs::metadata(&file).unwrap();
    let identity = (meta.dev(), meta.ino());
    let of_file = machine.system.in_use(std::slice::from_ref(&file)).of_file(&file, identity, &[]);
    assert_eq!(of_file, [Use::Loop { name: "loop7".into(), file }]);
}

#[test]
fn a_loop_device_over_a_partition_is_a_use_of_the_disk_and_so_is_what_is_mounted_from_it() {
    let machine = Machine::new();
    let Some(part) = machine.node("sdz1", "240:17") else { return };
    machine.looped("loop7", "242:7", &part);
    let shows = |name: &str, file: &Path| Use::Loop { name: name.into(), file: file.into() };
    assert_eq!(machine.uses(), [shows("loop7", &part)]);
    let Some(upper) = machine.node("loop7", "242:7") else { return };
    machine.looped("loop8", "242:8", &upper);
    assert_eq!(machine.uses(), [shows("loop7", &part), shows("loop8", &upper)]);
    machine.put("proc/self/mountinfo", "30 1 242:8 / /deep rw - ext4 /dev/loop8 rw\n");
    let [Use::Mounted { name, loops, .. }, ..] = &machine.uses()[..] else { panic!("{:?}", machine.uses()) };
    assert_eq!(
        (&name[..], &loops[..]),
        ("loop8", &["loop8".to_owned(), "loop7".into()][..]),
        "the upper first"
    );
    machine.put("sys/devices/virtual/loop8/loop/autoclear", "1\n");
    let [Use::Mounted { loops, .. }, ..] = &machine.uses()[..] else { panic!("{:?}", machine.uses()) };
    assert_eq!(loops[..], ["loop7"], "the other goes by itself");
    // The loop device as target is the partition.
    let loop8 = uses(&machine.system, DeviceNumber { major: 242, minor: 8 }, &[]);
    assert!(loop8.contains(&Use::Shows { device: "loop7".into() }), "{loop8:?}");
    let loop7 = uses(&machine.system, DeviceNumber { major: 242, minor: 7 }, &[]);
    assert!(loop7.contains(&Use::Shows { device: "sdz1".into() }), "{loop7:?}");
}

#[test]
fn loop_devices_that_show_each_other_end_the_search() {
    let machine = Machine::new();
    let (Some(first), Some(second)) = (machine.node("loop7", "242:7"), machine.node("loop8", "242:8")) else {
        return;
    };
    machine.looped("loop7", "242:7", &second);
    machine.looped("loop8", "242:8", &first);
    assert_eq!(machine.uses(), []);
    let of_loop = uses(&machine.system, DeviceNumber { major: 242, minor: 7 }, &[]);
    assert_eq!(of_loop, [Use::Shows { device: "loop8".into() }]);
}

#[test]
fn raid_the_device_mapper_upon_it_and_a_zram_that_writes_back_hold_a_disk() {
    let machine = Machine::new();
    machine.disk("sys/devices/virtual/md0", "9:0", 100);
    machine.put("sys/devices/virtual/md0/slaves/sdz1/dev", "240:17\n");
    machine.put("sys/devices/virtual/dm-0/slaves/md0/dev", "9:0\n");
    let held = |name: &str, holder: &str| Use::Held { name: name.into(), holder: holder.into() };
    let on_md = [held("sdz1", "md0"), held("md0", "dm-0 (crypt)")];
    assert_eq!(machine.uses(), on_md);
    let help = |used: &Use| refusal(&stick(), std::slice::from_ref(used)).unwrap().help();
    assert_eq!(
        on_md.each_ref().map(help),
        ["run `mdadm --stop /dev/md0` first", "run `dmsetup remove crypt` first"]
    );
    let Some(part) = machine.node("sdz1", "240:17") else { return };
    machine.disk("sys/devices/virtual/zram0", "251:0", 100);
    machine.put("sys/devices/virtual/zram0/backing_dev", "none\n");
    assert_eq!(machine.uses(), on_md);
    machine.put("sys/devices/virtual/zram0/backing_dev", &format!("{}\n", part.display()));
    assert!(machine.uses().contains(&held("sdz1", "zram0")), "{:?}", machine.uses());
}

#[test]
fn swap_and_open_files_count_by_number() {
    let machine = Machine::new();
    let Some(part) = machine.node("any name", "240:17") else { return };
    let name = part.display().to_string().replace(' ', "\\040");
    machine.put("proc/swaps", &format!("Filename Type Size Used Priority\n{name} partition 8 0 -2\n"));
    assert_eq!(machine.uses(), [Use::Swap { name: part.clone() }]);
    fs::remove_file(machine.folder.path().join("proc/swaps")).unwrap();
    assert_eq!(machine.uses(), [], "a kernel without swap");
    fs::create_dir_all(machine.folder.path().join("proc/77/fd")).unwrap();
    symlink(&part, machine.folder.path().join("proc/77/fd/3")).unwrap();
    machine.put("proc/77/comm", "mkfs\u{1b}[2J\n");
    for (flags, is_writer) in [("0100000", false), ("012100000", false), ("0100001", true), ("0100002", true)]
    {
        machine.put("proc/77/fdinfo/3", &format!("pos:\t0\nflags:\t{flags}\nmnt_id:\t9\n"));
        let expected = is_writer.then(|| Use::Open { pid: 77, command: "mkfs[2J".into() });
        assert_eq!(machine.uses(), expected.into_iter().collect::<Vec<_>>(), "{flags}");
    }
    // A first thread that has ended leaves the files to the others.
    fs::create_dir_all(machine.folder.path().join("proc/77/task/78")).unwrap();
    for folder in ["fd", "fdinfo"] {
        let at = |name: &str| machine.folder.path().join(name).join(folder);
        fs::rename(at("proc/77"), at("proc/77/task/78")).unwrap();
    }
    assert_eq!(machine.uses(), [Use::Open { pid: 77, command: "mkfs[2J".into() }]);
}

#[test]
fn a_journal_on_another_disk_and_a_file_system_of_several_devices_use_it() {
    let machine = Machine::new();
    let Some(part) = machine.node("sdz1", "240:17") else { return };
    let part = part.display();
    for line in [
        format!("30 1 240:32 / /mnt rw - xfs /dev/sdzz rw,logdev={part},noquota"),
        format!("30 1 0:77 / /mnt rw - bcachefs /dev/sdzz:{part} rw"),
        format!("30 1 0:78 / /mnt rw - fuse.fuse2fs {part} rw"),
    ] {
        machine.put("proc/self/mountinfo", &(line.clone() + "\n"));
        assert!(matches!(machine.uses()[..], [Use::Mounted { .. }]), "{line}: {:?}", machine.uses());
    }
}

#[test]
fn what_cannot_be_told_is_a_no() {
    let machine = Machine::new();
    let unknown = |text: &str| {
        let refused = refusal(&stick(), &machine.uses()).unwrap();
        assert!(
            matches!(refused, Refusal::Unknown { .. }) && refused.to_string().contains(text),
            "{refused}"
        );
    };
    machine.put("proc/self/mountinfo", "30 1 240:17 / /mnt rw\n");
    unknown("what is mounted cannot be told");
    fs::remove_file(machine.folder.path().join("proc/self/mountinfo")).unwrap();
    unknown("what is mounted cannot be told");
    machine.put("proc/self/mountinfo", "");
    machine.looped("loop7", "242:7", Path::new("/no/such/file"));
    unknown("what loop7 shows cannot be told");
    let inside = DeviceFacts { usb: false, removable: false, ..stick() };
    assert!(
        matches!(refusal(&inside, &machine.uses()), Some(Refusal::NotRemovable { .. })),
        "what it is is sure"
    );
    fs::remove_dir_all(machine.folder.path().join("sys/devices/virtual/loop7/loop")).unwrap();
    assert_eq!(machine.uses(), []);
    fs::remove_file(machine.folder.path().join("proc/swaps")).unwrap();
    fs::create_dir(machine.folder.path().join("proc/swaps")).unwrap();
    unknown("where memory is swapped to cannot be told");
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
    let twice = FileTarget::open(&again, 4096);
    assert!(
        matches!(twice, Err(OpenError::Refused(Refusal::OpenSomewhere { .. }))),
        "it is open in this process"
    );
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
