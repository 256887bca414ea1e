//! What the machine was started from, sleeps to, or would take up again by itself, on made-up machines: live systems, whose
//! root lies on the stick through several steps or was copied into memory; the partition of the firmware; pools and volumes
//! that are not in use now; and disks whose names begin alike.

use std::fs;
use std::os::unix::fs::symlink;

use ramkey::device::{DeviceNumber, FileSystem, Refusal, Use, uses};

use crate::frames::made_up::{Machine, mounted, refused, stick};

const STICK: DeviceNumber = DeviceNumber { major: 240, minor: 16 };

#[test]
fn a_live_system_whose_root_is_a_compressed_file_on_the_stick_is_the_running_system() {
    let machine = Machine::new();
    let Some(part) = machine.node("sdz1", "240:17") else { return };
    machine.looped("loop7", "242:7", &part);
    // The folder was moved after the overlay was made, and the name in its options leads nowhere any more.
    let squashed = "31 30 242:7 / /run/live/rootfs ro - squashfs /dev/loop7 ro\n";
    for lower in ["/run/live/rootfs", "/run/live/rootfs/deep", "/gone:/run/live/rootfs"] {
        let root =
            format!("30 1 0:99 / / rw - overlay overlay rw,lowerdir={lower},upperdir=/cow,workdir=/w\n");
        machine.put("proc/self/mountinfo", &format!("{root}{squashed}"));
        let refusal = refused(&stick(), &machine.uses()).unwrap();
        assert_eq!(refusal, Refusal::System { node: "/dev/sdz".into(), folder: "/".into() }, "{lower}");
    }
    // Where not even that can be seen, the loop device holds the stick.
    let root = "30 1 0:99 / / rw - overlay overlay rw,lowerdir=/gone,upperdir=/cow,workdir=/w\n";
    machine.put("proc/self/mountinfo", root);
    assert!(matches!(machine.uses()[..], [Use::Loop { .. }]), "{:?}", machine.uses());
}

#[test]
fn a_root_that_is_the_stick_itself_or_a_mapped_part_of_it_is_the_running_system() {
    let machine = Machine::new();
    machine.put("sys/devices/usb1/1-1/host/sdz/sdz1/holders/dm-0", "");
    for (number, folder) in
        [("240:17", "/"), ("241:0", "/"), ("240:17", "/usr"), ("241:0", "/home"), ("240:17", "/var")]
    {
        machine.put("proc/self/mountinfo", &format!("30 1 {number} / {folder} rw - ext4 /dev/root rw\n"));
        let refusal = refused(&stick(), &machine.uses()).unwrap();
        assert_eq!(refusal, Refusal::System { node: "/dev/sdz".into(), folder: folder.into() }, "{number}");
    }
    // That of the first process is the system's, that of a container is a mount like others.
    machine.put("proc/self/mountinfo", "");
    for (pid, is_system) in [(1, true), (99, false)] {
        let path = format!("proc/{pid}/mountinfo");
        machine.put(&path, "30 1 240:17 / / rw - ext4 /dev/root rw\n");
        let refusal = refused(&stick(), &machine.uses()).unwrap();
        assert_eq!(matches!(refusal, Refusal::System { .. }), is_system, "{refusal}");
        assert_eq!(matches!(refusal, Refusal::Mounted { .. }), !is_system, "{refusal}");
        fs::remove_file(machine.folder.path().join(path)).unwrap();
    }
}

#[test]
fn the_partition_that_the_firmware_starts_from_is_the_running_system_wherever_it_is_mounted() {
    let machine = Machine::new();
    for folder in ["/boot/efi", "/efi", "/boot", "/boot/firmware"] {
        machine.put("proc/self/mountinfo", &format!("30 1 240:17 / {folder} rw - vfat /dev/sdz1 rw\n"));
        let refusal = refused(&stick(), &machine.uses()).unwrap();
        assert_eq!(refusal.to_string(), format!("/dev/sdz is refused: it holds {folder}"));
    }
    machine.put("proc/self/mountinfo", "30 1 240:17 / /media/efi rw - vfat /dev/sdz1 rw\n");
    assert_eq!(machine.uses(), [mounted("sdz1", "/media/efi", "vfat")], "that of a stick is none");
}

#[test]
fn a_stick_that_a_system_in_memory_was_started_from_is_named_and_may_be_written() {
    let machine = Machine::new();
    if machine.node("sdz1", "240:17").is_none() || machine.node("sdzz", "240:32").is_none() {
        return;
    }
    for (folder, name) in [("by-label", "LIVE\\x2fUSB"), ("by-uuid", "2026-11-29"), ("by-partuuid", "ab-01")]
    {
        let links = machine.folder.path().join("dev/disk").join(folder);
        fs::create_dir_all(&links).unwrap();
        symlink("../../sdz1", links.join(name)).unwrap();
    }
    for parameter in [
        "live-media=/dev/sdz1",
        "bootfrom=/dev/sdz1",
        "root=live:/dev/sdz1",
        "root=PARTUUID=ab-01",
        "root=UUID=2026-11-29",
        "archisouuid=2026-11-29",
        "root=live:CDLABEL=LIVE/USB",
        "archisolabel=LIVE/USB",
        "root=live:UUID=2026-11-29",
    ] {
        machine.put("proc/cmdline", &format!("BOOT_IMAGE=/live/vmlinuz quiet toram {parameter} splash\n"));
        assert_eq!(machine.uses(), [], "{parameter}");
        let notes = machine.system.in_use(&[]).notes_of(STICK);
        assert_eq!(
            notes,
            [format!("this machine was started with `{parameter}`, which is sdz1: it may run from here")]
        );
        let other = machine.system.in_use(&[]).notes_of(DeviceNumber { major: 240, minor: 32 });
        assert_eq!(other, [""; 0], "{parameter}");
    }
    for nothing in
        ["root=/dev/sdzz", "root=LABEL=OTHER", "root=/dev/null", "live-media", "archisolabel=", "a=b"]
    {
        machine.put("proc/cmdline", &format!("{nothing}\n"));
        assert_eq!(machine.system.in_use(&[]).notes_of(STICK), [""; 0], "{nothing}");
    }
}

#[test]
fn a_stick_that_the_machine_sleeps_to_is_refused() {
    let machine = Machine::new();
    let Some(_part) = machine.node("sdz1", "240:17") else { return };
    let asleep = [Use::Sleep { name: "sdz1".into() }];
    machine.put("sys/power/resume", "240:17\n");
    assert_eq!(machine.uses(), asleep);
    let refusal = refused(&stick(), &asleep).unwrap();
    assert_eq!(
        refusal.to_string(),
        "/dev/sdz is refused: this machine keeps its memory on sdz1 while it sleeps"
    );
    assert!(refusal.help().contains("resume="), "{}", refusal.help());
    for (resume, line, expected) in [
        ("0:0\n", "root=/dev/sdzz resume=/dev/sdz1 quiet\n", &asleep[..]),
        ("0:0\n", "resume=/dev/sdz1 noresume\n", &[]),
        ("240:32\n", "resume=/dev/sdzz\n", &[]),
        ("0:0\n", "resume=\n", &[]),
    ] {
        machine.put("sys/power/resume", resume);
        machine.put("proc/cmdline", line);
        assert_eq!(machine.uses(), expected, "{line}");
    }
}

#[test]
fn a_part_of_a_zfs_pool_is_refused_where_zfs_runs_because_no_table_says_whether_the_pool_is_in_use() {
    let machine = Machine::new();
    machine.put("udev/b240:17", "E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank\n");
    assert_eq!(machine.uses(), [], "nobody could use it");
    machine.put("sys/module/zfs/version", "2.2\n");
    let refusal = refused(&stick(), &machine.uses()).unwrap();
    assert_eq!(refusal.to_string(), "/dev/sdz is refused: sdz1 is held by a ZFS pool, or could be");
    assert_eq!(refusal.help(), "run `zpool export` with its pool, which `zpool status` names first");
    // Without a database of udev the label on the disk tells, in either byte order.
    fs::remove_file(machine.folder.path().join("udev/b240:17")).unwrap();
    assert_eq!(machine.uses(), []);
    for start in [[0x0C, 0xB1, 0xBA, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0xBA, 0xB1, 0x0C]] {
        let mut disk = vec![0; 1 << 20];
        disk[(128 + 37) << 10..][..8].copy_from_slice(&start);
        fs::write(machine.folder.path().join("dev/sdz"), disk).unwrap();
        assert!(matches!(&machine.uses()[..], [Use::Held { name, .. }] if name == "sdz"), "{start:?}");
    }
}

#[test]
fn what_a_disk_was_a_part_of_is_named_in_the_question_although_nothing_holds_it() {
    let kinds: [(&str, usize, &[u8]); 8] = [
        ("LVM", 512, b"LABELONE"),
        ("LVM", 1536, b"LABELONE"),
        ("RAID", 0, &[0xFC, 0x4E, 0x2B, 0xA9]),
        ("RAID", 4096, &[0xFC, 0x4E, 0x2B, 0xA9]),
        ("btrfs", 65536 + 64, b"_BHRfS_M"),
        ("ZFS", 128 << 10, &[0x0C, 0xB1, 0xBA, 0, 0, 0, 0, 0]),
        ("LUKS", 0, b"LUKS\xBA\xBE"),
        ("swap", 4086, b"SWAPSPACE2"),
    ];
    for (kind, at, magic) in kinds {
        for offset in [0, 1 << 20] {
            let mut disk = vec![0; 2 << 20];
            disk[offset + at..][..magic.len()].copy_from_slice(magic);
            let read = |at: u64, buffer: &mut [u8]| {
                let at = at as usize;
                let part = disk.get(at..at + buffer.len()).ok_or(std::io::ErrorKind::UnexpectedEof)?;
                buffer.copy_from_slice(part);
                Ok(())
            };
            let found = FileSystem::probe(offset as u64, &read).map(|found| found.kind);
            assert_eq!(found.as_deref(), Some(kind), "at {at}");
            assert_eq!(
                FileSystem::probe(offset as u64 + 512, &read).filter(|_| kind != "LVM"),
                None,
                "{kind}"
            );
        }
    }
}

#[test]
fn a_disk_whose_name_begins_like_another_is_another() {
    let machine = Machine::new();
    let names = ["nvme0n1", "nvme0n10", "sda", "sdaa", "mmcblk1", "mmcblk10"];
    for (minor, name) in names.iter().enumerate() {
        let folder = format!("sys/devices/usb2/2-{minor}/{name}");
        machine.disk(&folder, &format!("243:{}", 16 * minor), 4096);
        machine.put(&format!("{folder}/device/model"), "Stick\n");
    }
    for (minor, name) in names.iter().enumerate() {
        let number = 16 * minor;
        machine.put("proc/self/mountinfo", &format!("30 1 243:{number} / /mnt rw - ext4 /dev/{name} rw\n"));
        machine.put(&format!("sys/devices/usb2/2-{minor}/{name}/holders/dm-0"), "");
        for (other, other_name) in names.iter().enumerate() {
            let found = uses(&machine.system, DeviceNumber { major: 243, minor: 16 * other as u32 }, &[]);
            let expected = [
                mounted(name, "/mnt", "ext4"),
                Use::Held { name: (*name).into(), holder: "dm-0 (crypt)".into() },
            ];
            assert_eq!(found, if name == other_name { &expected[..] } else { &[] }, "{name}, {other_name}");
        }
        fs::remove_dir_all(machine.folder.path().join(format!("sys/devices/usb2/2-{minor}/{name}/holders")))
            .unwrap();
    }
}

#[test]
fn two_sticks_of_one_make_with_one_serial_number_are_told_apart_by_their_ports() {
    let machine = Machine::new();
    for (port, name, number) in [("3-1", "sdx", "244:0"), ("3-2", "sdy", "244:16")] {
        let folder = format!("sys/devices/usb3/{port}/host/{name}");
        machine.disk(&folder, number, 4096);
        for (file, text) in [("idVendor", "abcd"), ("idProduct", "1234"), ("serial", "0000000000000001")] {
            machine.put(&format!("sys/devices/usb3/{port}/{file}"), text);
        }
        machine.put(&format!("{folder}/device/model"), "Same\n");
    }
    let facts = |minor| machine.system.facts(DeviceNumber { major: 244, minor }).unwrap();
    let (first, second) = (facts(0), facts(16));
    assert_eq!((&*first.usb_path, &*first.usb_id, &*second.usb_path), ("3-1", "abcd:1234", "3-2"));
    // They are unplugged and plugged in the other way round: each has the name and number of the other.
    let exchanged =
        ramkey::device::DeviceFacts { node: first.node.clone(), number: first.number, ..second.clone() };
    assert_eq!(
        (&first.serial, first.len, first.sequence),
        (&exchanged.serial, exchanged.len, exchanged.sequence)
    );
    assert!(!first.is_same_device(&exchanged), "only the port differs");
    assert!(first.is_same_device(&first.clone()));
}
