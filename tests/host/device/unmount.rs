//! `--unmount` ends the mounts of the target's own file systems, those that were shown and no others, and never lazily.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ramkey::device::{Allowed, OpenError, Refusal, System, TargetPath, Use, refusal};

use crate::frames::loops::{Desk, Loop, Mount, Running, run};
use crate::frames::made_up::{Machine, stick};

/// Runs `ramkey WORDS --to NODE --unmount` without a terminal.
fn ramkey(desk: &Desk, words: &[&str], node: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(words).arg("--to").arg(node).arg("--unmount").current_dir(desk.path(""));
    command.stdin(Stdio::null()).output().unwrap()
}

fn write(desk: &Desk, node: &Path) -> (Option<i32>, String) {
    told(&ramkey(desk, &["write", "dos.img", "--yes"], node))
}

fn told(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn is_mounted(folder: &Path) -> bool {
    run("mountpoint", &["-q".as_ref(), folder.as_os_str()]).status.success()
}

/// A device with an ext2 that is mounted.
fn mounted(desk: &Desk) -> Option<(Loop, Mount)> {
    let device = Loop::of(&desk.path("disk.img"), &[])?;
    desk.format(&device.node);
    let mount = Mount::new(&device.node, desk.path("a mount"), &[])?;
    Some((device, mount))
}

#[test]
fn what_is_mounted_from_the_device_is_unmounted_wherever_and_the_device_is_written() {
    let desk = Desk::new();
    let Some((device, mount)) = mounted(&desk) else { return };
    let help = format!("run `umount '{}'` first, or add --unmount", mount.folder.display());
    desk.refuses_in_motion(&device.node, &[&help]);
    let Some(bound) = Mount::new(&mount.folder, desk.path("bound"), &["--bind"]) else { return };
    let (status, errors) = write(&desk, &device.node);
    assert_eq!(status, Some(0), "{errors}");
    for folder in [&mount.folder, &bound.folder] {
        assert!(!is_mounted(folder), "{}", folder.display());
        let note = format!("note: {} (ext", device.name());
        assert!(
            errors.contains(&note) && errors.contains(&format!("on {} is unmounted", folder.display())),
            "{errors}"
        );
    }
    assert!(errors.find("bound").unwrap() < errors.find("a mount").unwrap(), "the last first: {errors}");
    let mut verify = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    assert!(verify.args(["verify", "--strict"]).arg(&device.node).output().unwrap().status.success());
    // Nothing to unmount is no error.
    assert_eq!(write(&desk, &device.node).0, Some(0));
}

#[test]
fn a_mount_that_is_in_use_stays_and_so_does_the_device() {
    let desk = Desk::new();
    let Some((device, mount)) = mounted(&desk) else { return };
    let _inside = Running::shell("cd \"$1\" && echo ready && read end", &mount.folder);
    let (status, errors) = write(&desk, &device.node);
    assert_eq!(status, Some(3), "{errors}");
    let stays = format!("{} stays mounted on {}", device.node.display(), mount.folder.display());
    assert!(errors.contains(&stays) && errors.contains("`fuser --verbose --mount "), "{errors}");
    assert!(is_mounted(&mount.folder), "it was not unmounted lazily");
    desk.refuses_in_motion(&device.node, &["is mounted on"]);
}

#[test]
fn a_mount_below_it_keeps_it() {
    let desk = Desk::new();
    let Some((device, mount)) = mounted(&desk) else { return };
    let Some(below) = Mount::new(Path::new("none"), mount.folder.join("below"), &["-t", "tmpfs"]) else {
        return;
    };
    let (status, errors) = write(&desk, &device.node);
    assert_eq!((status, errors.contains("stays mounted on")), (Some(3), true), "{errors}");
    assert!(is_mounted(&below.folder) && is_mounted(&mount.folder));
}

#[test]
fn another_use_of_the_device_is_refused_and_nothing_is_unmounted() {
    let desk = Desk::new();
    let Some((device, mount)) = mounted(&desk) else { return };
    let inner = mount.folder.join("inner.img");
    fs::File::create(&inner).unwrap().set_len(1 << 20).unwrap();
    {
        let Some(upper) = Loop::of(&inner, &[]) else { return };
        let (status, errors) = write(&desk, &device.node);
        assert_eq!(status, Some(3), "{errors}");
        assert!(errors.contains(&format!("{} shows ", upper.name())), "{errors}");
        assert!(is_mounted(&mount.folder));
        desk.format(&upper.node);
        let Some(inside) = Mount::new(&upper.node, desk.path("inside"), &[]) else { return };
        let (status, errors) = write(&desk, &device.node);
        assert_eq!(status, Some(3), "{errors}");
        let first = format!("run `umount {}` and then `losetup", inside.folder.display());
        assert!(errors.contains(&first) && !errors.contains("or add --unmount"), "{errors}");
        assert!(is_mounted(&mount.folder) && is_mounted(&inside.folder));
    }
    let _writer = Running::shell("exec 7<>\"$1\"; echo ready; read end", &device.node);
    let (status, errors) = write(&desk, &device.node);
    assert_eq!((status, errors.contains("has it open for writing")), (Some(3), true), "{errors}");
    assert!(is_mounted(&mount.folder));
}

#[test]
fn without_an_answer_nothing_is_unmounted() {
    let desk = Desk::new();
    let Some((device, mount)) = mounted(&desk) else { return };
    fs::write(desk.path("disk of dos.img"), boot_sector()).unwrap();
    for (words, text) in [
        (&["write", "disk of dos.img"][..], "would be erased, and there is no terminal"),
        (&["reflash", "disk of dos.img"], "would be unmounted from "),
    ] {
        let (status, errors) = told(&ramkey(&desk, words, &device.node));
        assert_eq!((status, errors.contains(text)), (Some(3), true), "{words:?}: {errors}");
        assert!(is_mounted(&mount.folder), "{words:?}");
    }
    let (status, errors) = told(&ramkey(&desk, &["write", "dos.img", "--yes", "--dry-run"], &device.node));
    assert_eq!((status, is_mounted(&mount.folder)), (Some(0), true), "it was to write nothing: {errors}");
    let (status, errors) = told(&ramkey(&desk, &["write", "missing.img", "--yes"], &device.node));
    assert!(is_mounted(&mount.folder), "{status:?}: {errors}");
    // What is no stick of ramkey is told when it can be read.
    let (status, errors) = told(&ramkey(&desk, &["reflash", "disk of dos.img", "--yes"], &device.node));
    assert_eq!((status, errors.contains("is unmounted")), (Some(3), true), "{errors}");
    assert!(errors.contains("is no stick of ramkey"), "{errors}");
    assert!(!is_mounted(&mount.folder));
}

/// A disk of 100 000 bytes that says that it is one.
fn boot_sector() -> Vec<u8> {
    let mut bytes = vec![7; 100_000];
    bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
    bytes
}

#[test]
fn the_question_shows_what_is_unmounted_and_a_wrong_answer_leaves_it() {
    let desk = Desk::new();
    let Some((device, mount)) = mounted(&desk) else { return };
    fs::write(desk.path("dos.img"), boot_sector()).unwrap();
    let node = device.node.display();
    for (answer, expected) in [("yes", 3), (&*device.name(), 0)] {
        let ramkey = format!("{} write dos.img --to {node} --unmount", env!("CARGO_BIN_EXE_ramkey"));
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &ramkey, "/dev/null"]).current_dir(desk.path(""));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        writeln!(child.stdin.take().unwrap(), "{answer}").unwrap();
        let output = child.wait_with_output().unwrap();
        let screen = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(expected), "{screen}");
        assert!(screen.contains(&format!("  {} (ext", device.name())), "{screen}");
        assert!(screen.contains(&format!("Type {} to unmount and erase it: ", device.name())), "{screen}");
        assert_eq!(is_mounted(&mount.folder), expected == 3, "{screen}");
    }
}

#[test]
fn another_mount_that_took_the_place_of_one_is_not_unmounted() {
    let desk = Desk::new();
    let Some((device, mount)) = mounted(&desk) else { return };
    let system = System { allowed: Allowed { unmount: true, ..Allowed::default() }, ..System::default() };
    let target = TargetPath::look(&system, &device.node).unwrap();
    let shown = system.own_mounts(&target);
    assert_eq!(shown.iter().map(|mount| &mount.folder).collect::<Vec<_>>(), [&mount.folder]);
    let folder = mount.folder.clone();
    drop(mount);
    let Some(mount) = Mount::new(Path::new("none"), folder, &["-t", "tmpfs"]) else { return };
    assert!(matches!(system.unmount(&target, &shown), Err(OpenError::Changed { .. })));
    assert!(is_mounted(&mount.folder));
    // One that was not shown is found by the look behind it.
    let Some(_other) = Mount::new(&device.node, desk.path("other"), &[]) else { return };
    let left = system.unmount(&target, &[]);
    assert!(matches!(left, Err(OpenError::Refused(Refusal::Mounted { .. }))), "{left:?}");
}

#[test]
fn only_mounts_that_are_the_sticks_own_and_in_nobodys_way_go() {
    let allowed = Allowed { unmount: true, ..Allowed::default() };
    let machine = Machine::new();
    let part = machine.node("sdz1", "240:17");
    let with = |line: &str| {
        machine.put("proc/self/mountinfo", &format!("{line}\n"));
        let uses = machine.uses();
        let goes = uses.iter().any(|used| matches!(used, Use::Mounted { own: Some(30), .. }));
        assert_eq!(refusal(&stick(), &uses, allowed).is_none(), goes, "{line}: {uses:?}");
        goes
    };
    for folder in
        ["/media/me/STICK", "/run/media/me/STICK", "/mnt", "/mnt/a\\040b", "/mnt/x/stick", "/tmp/x", "/srvx"]
    {
        assert!(with(&format!("30 1 240:17 / {folder} rw - vfat /dev/sdz1 rw")), "{folder}");
        assert!(with(&format!("30 1 240:16 / {folder} rw - vfat /dev/sdz rw")), "{folder}");
    }
    for folder in
        ["/", "/usr/share/games", "/boot/old", "/var/lib/docker", "/opt", "/srv/www", "/nix/store", "/home"]
    {
        assert!(!with(&format!("30 1 240:17 / {folder} rw - ext4 /dev/sdz1 rw")), "{folder}");
    }
    machine.put("sys/devices/usb1/1-1/host/sdz/sdz1/holders/dm-0", "");
    assert!(!with("30 1 241:0 / /media/secret rw - ext4 /dev/mapper/crypt rw"), "a mapped one");
    fs::remove_dir_all(machine.folder.path().join("sys/devices/usb1/1-1/host/sdz/sdz1/holders")).unwrap();
    let Some(part) = part else { return };
    let btrfs = format!("30 1 0:55 / /media/two rw - btrfs {} rw", part.display());
    machine.put("sys/fs/btrfs/uuid/devices/sdz1/dev", "240:17\n");
    assert!(with(&btrfs), "a btrfs on the stick alone");
    machine.put("sys/fs/btrfs/uuid/devices/sdzz/dev", "240:32\n");
    assert!(!with(&btrfs), "a btrfs on another disk too");
    machine.put("proc/self/mountinfo", "");
    machine.put("proc/77/mountinfo", "30 1 240:17 / /media/x rw - vfat /dev/sdz1 rw\n");
    assert!(refusal(&stick(), &machine.uses(), allowed).is_some(), "another namespace's");
}
