//! What uses a stick, on made-up machines: what this kernel lacks, and what no test may do to a real one.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use ramkey::device::{DeviceFacts, DeviceKind, DeviceNumber, Partition, Refusal, Use, uses};
use ramkey::image::SourceFile;

use crate::frames::made_up::{Machine, mounted, refused, stick};

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
    let help = refused(&stick(), &uses).unwrap().help();
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
    let of_file = machine.system.in_use(&[SourceFile::look(&file).unwrap()]).of_file(&file, identity, &[]);
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
    let help = |used: &Use| refused(&stick(), std::slice::from_ref(used)).unwrap().help();
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
    let Some(generic) = machine.char_node("sg3", "21:3") else { return };
    fs::remove_file(machine.folder.path().join("proc/77/fd/3")).unwrap();
    symlink(&generic, machine.folder.path().join("proc/77/fd/3")).unwrap();
    assert_eq!(machine.uses(), [], "the commands of another disk");
    machine.put("sys/devices/usb1/1-1/host/sdz/device/scsi_generic/sg3/dev", "21:3\n");
    assert_eq!(machine.uses(), [Use::Open { pid: 77, command: "mkfs[2J".into() }], "its SCSI commands");
    // A first thread that has ended leaves the files to the others.
    for thread in ["proc/77/task/77", "proc/77/task/78"] {
        fs::create_dir_all(machine.folder.path().join(thread)).unwrap();
    }
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
fn a_journal_whose_file_system_cannot_be_told_is_held_by_a_mount() {
    let machine = Machine::new();
    for internal in ["sdz1-8", "sdzz-8", "sd", "sdz10"] {
        machine.put(&format!("proc/fs/jbd2/{internal}/info"), "");
    }
    assert_eq!(machine.uses(), [], "journals within file systems, and of others");
    machine.put("proc/fs/jbd2/sdz1/info", "");
    let uses = machine.uses();
    let text = refused(&stick(), &uses).unwrap();
    assert_eq!(
        text.to_string(),
        "/dev/sdz is refused: sdz1 is held by a mounted file system, whose journal it is"
    );
    assert_eq!(text.help(), "find it with `findmnt --types ext3,ext4` and unmount it first");
}

#[test]
fn what_the_kernel_serves_to_other_machines_is_in_use() {
    for place in [
        "nvmet/subsystems/a/namespaces/1/device_path",
        "target/core/iblock_0/disk/udev_path",
        "usb_gadget/g/functions/mass_storage.0/lun.0/file",
    ] {
        let machine = Machine::new();
        let Some(part) = machine.node("sdz1", "240:17") else { return };
        let place = format!("sys/kernel/config/{place}");
        machine.put(&place, "\n");
        assert_eq!(machine.uses(), []);
        machine.put(&place, &format!("{}\n", part.display()));
        assert_eq!(machine.uses(), [Use::Served { setting: machine.folder.path().join(&place) }]);
        machine.put(&place, "/no/such/file\n");
        assert!(matches!(machine.uses()[..], [Use::Unknown { .. }]));
    }
}

#[test]
fn what_cannot_be_told_is_a_no() {
    let machine = Machine::new();
    let unknown = |text: &str| {
        let refusal = refused(&stick(), &machine.uses()).unwrap();
        assert!(
            matches!(refusal, Refusal::Unknown { .. }) && refusal.to_string().contains(text),
            "{refusal}"
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
        matches!(refused(&inside, &machine.uses()), Some(Refusal::NotRemovable { .. })),
        "what it is is sure"
    );
    fs::remove_dir_all(machine.folder.path().join("sys/devices/virtual/loop7/loop")).unwrap();
    assert_eq!(machine.uses(), []);
    fs::remove_file(machine.folder.path().join("proc/swaps")).unwrap();
    fs::create_dir(machine.folder.path().join("proc/swaps")).unwrap();
    unknown("where memory is swapped to cannot be told");
}
