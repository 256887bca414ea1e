//! Every way in which the bytes of a target are in use, on real loop devices, mounts and processes: each is refused with
//! the command that helps, and no byte changes.
//!
//! What this kernel lacks is skipped with a line; `safety.rs` plays it on made-up machines.

use crate::frames::loops;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use ramkey::device::{
    BlockTarget, DeviceFacts, DeviceNumber, OpenError, Refusal, System, TargetPath, Use, uses,
};
use ramkey::image::SourceFile;

use crate::frames::loops::{Desk, Loop, Mount, look, must, open, run};
use crate::frames::skip::skip;

#[test]
fn a_loop_device_is_written_proven_and_verified() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    desk.accepts(&device.node);
    let mut verify = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    assert!(verify.args(["verify", "--strict"]).arg(&device.node).output().unwrap().status.success());
}

#[test]
fn a_device_without_yes_and_without_a_terminal_is_refused() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("write").arg(desk.path("dos.img")).arg("--to").arg(&device.node).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no terminal"));
}

#[test]
fn a_mounted_device_is_refused_and_so_is_an_image_on_it() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    desk.format(&device.node);
    let Some(mount) = Mount::new(&device.node, desk.path("a folder"), &[]) else { return };
    let on_it = mount.folder.join("dos.img");
    fs::copy(desk.path("dos.img"), &on_it).unwrap();
    mount.settle();
    let help = format!("run `umount '{}'` first, or add --unmount\n", mount.folder.display());
    desk.refuses(&device.node, &["is mounted on", &help]);
    let (system, facts) = look(&device.node);
    let source = Use::Source { image: on_it.clone() };
    assert!(uses(&system, facts.number, &[SourceFile::look(&on_it).unwrap()]).contains(&source));
    let image = desk.path("dos.img");
    assert!(
        uses(&system, facts.number, &[SourceFile::look(&image).unwrap()])
            .iter()
            .all(|used| !matches!(used, Use::Source { .. }))
    );
    drop(mount);
    assert!(open(&device.node).is_ok(), "it is free again");
}

#[test]
fn swap_space_in_use_is_refused() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    must("mkswap", &[device.node.as_os_str()]);
    let output = run("swapon", &[device.node.as_os_str()]);
    if !output.status.success() {
        return skip("swap", &output.stderr);
    }
    let help = format!("run `swapoff {}` first", device.node.display());
    desk.refuses(&device.node, &["is swap space in use", &help]);
    must("swapoff", &[device.node.as_os_str()]);
}

#[test]
fn a_swap_file_is_refused_by_any_of_its_names() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let file = desk.path("a swap file");
    fs::write(&file, vec![0; loops::LEN as usize]).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let other = desk.path("other");
    fs::hard_link(&file, &other).unwrap();
    must("mkswap", &[file.as_os_str()]);
    let output = run("swapon", &[file.as_os_str()]);
    if !output.status.success() {
        return skip("swap", &output.stderr);
    }
    let refused = [&file, &other].map(|path| {
        let target = TargetPath::look(&System::default(), path).unwrap();
        (target.admit(&System::default(), &[]), desk.write(&desk.path("dos.img"), path))
    });
    must("swapoff", &[file.as_os_str()]);
    for (refusal, output) in refused {
        assert!(matches!(refusal, Err(Refusal::Swap { .. })), "{refusal:?}");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{errors}");
        assert!(errors.contains(&format!("run `swapoff '{}'` first", file.display())), "{errors}");
    }
}

#[test]
fn a_read_only_device_and_one_with_large_sectors_are_refused() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    if let Some(device) = Loop::of(&file, &["--read-only"]) {
        desk.refuses(&device.node, &["it is read-only"]);
    }
    if let Some(device) = Loop::of(&file, &["--sector-size", "4096"]) {
        desk.refuses(&device.node, &["its sectors have 4096 bytes"]);
    }
}

#[test]
fn a_device_that_another_program_has_claimed_is_busy() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let exclusive = rustix::fs::OFlags::EXCL.bits() as i32;
    let holder = File::options().read(true).custom_flags(exclusive).open(&device.node).unwrap();
    assert!(matches!(open(&device.node), Err(OpenError::Busy { .. })));
    drop(holder);
    let ours = open(&device.node).unwrap();
    assert!(matches!(open(&device.node), Err(OpenError::Busy { .. })), "we exclude others");
    drop(ours);
}

#[test]
fn a_stick_that_was_exchanged_after_the_check_is_not_opened() {
    let desk = Desk::new();
    let Some(device) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let (system, facts) = look(&device.node);
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
fn a_loop_device_over_the_target_is_refused_mounted_or_not_and_with_any_offset() {
    for options in [&[][..], &["--offset", "1048576"], &["--offset", "512", "--sizelimit", "4194304"]] {
        let desk = Desk::new();
        let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
        let Some(upper) = Loop::of(&target.node, options) else { return };
        let detach = format!("`losetup --detach {}`", upper.node.display());
        desk.refuses(&target.node, &[&format!("{} shows ", upper.name()), &format!("run {detach} first")]);
        desk.format(&upper.node);
        let Some(mount) = Mount::new(&upper.node, desk.path("mount"), &["-o", "ro"]) else { return };
        let help = format!("run `umount {}` and then {detach} first", mount.folder.display());
        desk.refuses(&target.node, &[&format!("{} is mounted on", upper.name()), &help]);
        drop(mount);
        let shown = format!("shows the device {}", target.node.display());
        desk.refuses(&upper.node, &[&shown, &format!("name the stick itself, {}", target.node.display())]);
        drop(upper);
        desk.accepts(&target.node);
    }
}

#[test]
fn a_mount_that_makes_its_own_loop_device_over_the_target_is_refused() {
    let desk = Desk::new();
    let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    must(
        "mkfs.ext2",
        &["-q", "-F", "-E", "offset=1048576"]
            .map(OsStr::new)
            .into_iter()
            .chain([target.node.as_os_str(), "4096k".as_ref()])
            .collect::<Vec<_>>(),
    );
    let Some(mount) = Mount::new(&target.node, desk.path("mount"), &["-o", "ro,loop,offset=1048576"]) else {
        return;
    };
    // It goes by itself.
    desk.refuses(
        &target.node,
        &["is mounted on", &format!("run `umount {}` first\n", mount.folder.display())],
    );
    drop(mount);
    desk.accepts(&target.node);
}

#[test]
fn a_loop_device_over_a_loop_device_over_the_target_is_refused() {
    let desk = Desk::new();
    let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let Some(middle) = Loop::of(&target.node, &[]) else { return };
    let Some(upper) = Loop::of(&middle.node, &["--offset", "4096"]) else { return };
    desk.format(&upper.node);
    let Some(mount) = Mount::new(&upper.node, desk.path("mount"), &["-o", "ro"]) else { return };
    let help = format!(
        "run `umount {}` and then `losetup --detach {}` and then `losetup --detach {}` first",
        mount.folder.display(),
        upper.node.display(),
        middle.node.display()
    );
    desk.refuses(&target.node, &[&help]);
    desk.refuses(&desk.path("disk.img"), &["is mounted on"]);
    drop(mount);
    desk.refuses(&middle.node, &[&format!("{} shows ", upper.name())]);
}

#[test]
fn a_loop_device_over_a_file_on_the_target_is_refused() {
    let desk = Desk::new();
    let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    desk.format(&target.node);
    let Some(mount) = Mount::new(&target.node, desk.path("mount"), &[]) else { return };
    let inner = mount.folder.join("inner.img");
    File::create(&inner).unwrap().set_len(4 << 20).unwrap();
    let Some(device) = Loop::of(&inner, &[]) else { return };
    desk.format(&device.node);
    let Some(inside) = Mount::new(&device.node, desk.path("inside"), &["-o", "ro"]) else { return };
    let help = format!(
        "run `umount {}` and then `losetup --detach {}` first",
        inside.folder.display(),
        device.node.display()
    );
    desk.refuses_in_motion(&target.node, &[&format!("{} is mounted on", device.name()), &help]);
    // The inner stick is one of its own: that its file lies on a mounted file system is no matter.
    drop(inside);
    desk.accepts(&device.node);
}

#[test]
fn two_loop_devices_over_one_file_exclude_each_other_by_any_of_its_names() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let (hard, soft) = (desk.path("hard"), desk.path("soft"));
    fs::hard_link(&file, &hard).unwrap();
    symlink(&file, &soft).unwrap();
    for name in [&file, &hard, &soft] {
        let Some(target) = Loop::of(&file, &[]) else { return };
        let Some(other) = Loop::of(name, &[]) else { return };
        let detach = format!("`losetup --detach {}`", other.node.display());
        desk.refuses(&target.node, &[&format!("{} shows ", other.name()), &detach]);
        desk.format(&other.node);
        let Some(mount) = Mount::new(&other.node, desk.path("mount"), &["-o", "ro"]) else { return };
        let help = format!("run `umount {}` and then {detach} first", mount.folder.display());
        desk.refuses(&target.node, &[&help]);
        drop(mount);
        drop(other);
        desk.accepts(&target.node);
    }
}

#[test]
fn a_file_that_a_loop_device_shows_is_refused_whatever_its_names() {
    let names: [&[u8]; 6] =
        [b"plain", b"b\xFF\xFEd", b"x (deleted)", b"new line\n", b" (deleted)\n (deleted)", b"it's"];
    for name in names {
        let desk = Desk::new();
        let file = desk.file(OsStr::from_bytes(name));
        let Some(device) = Loop::of(&file, &[]) else { return };
        desk.refuses(&file, &[&format!("{} shows ", device.name()), "run `losetup --detach"]);
        // Under another name, and after the name that was given is gone or another's.
        let other = desk.path("other name");
        fs::hard_link(&file, &other).unwrap();
        desk.refuses(&other, &[&device.name()]);
        fs::remove_file(&file).unwrap();
        desk.refuses(&other, &[&device.name()]);
        desk.file(OsStr::from_bytes(name));
        desk.refuses(&other, &[&device.name()]);
        desk.accepts(&file);
    }
}

#[test]
fn the_image_of_the_target_itself_is_refused_by_any_of_its_names() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    fs::write(&file, vec![7; loops::LEN as usize]).unwrap();
    let Some(target) = Loop::of(&file, &[]) else { return };
    let hard = desk.path("a hard link");
    fs::hard_link(&file, &hard).unwrap();
    for image in [&file, &hard] {
        desk.refuses_image(image, &target.node, &[&format!("it is one of the images, {}", image.display())]);
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command
        .arg("write")
        .arg(desk.path("dos.img"))
        .arg("--with")
        .arg(&hard)
        .arg("--to")
        .arg(&target.node)
        .arg("--yes");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    // A device is no image, so neither is another that shows the same file.
    let Some(other) = Loop::of(&file, &[]) else { return };
    desk.refuses_image(&other.node, &target.node, &[]);
    assert!(fs::read(&file).unwrap().iter().all(|&byte| byte == 7), "the image was changed");
}

#[test]
fn an_image_on_a_file_system_within_the_target_is_refused() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let Some(device) = Loop::of(&file, &[]) else { return };
    desk.format(&device.node);
    let Some(mount) = Mount::new(&device.node, desk.path("mount"), &[]) else { return };
    let image = mount.folder.join("dos.img");
    fs::copy(desk.path("dos.img"), &image).unwrap();
    mount.settle();
    let target = TargetPath::look(&System::default(), &file).unwrap();
    let TargetPath::File { identity, .. } = target else { panic!("no file") };
    let found = System::default().in_use(&[SourceFile::look(&file).unwrap()]).of_file(
        &file,
        identity,
        &[SourceFile::look(&image).unwrap()],
    );
    assert!(found.contains(&Use::Source { image: image.clone() }), "{found:?}");
    desk.refuses_image(&image, &file, &["is mounted on"]);
}

#[test]
fn a_mount_point_that_is_not_utf_8_hides_no_mount() {
    let desk = Desk::new();
    let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let Some(upper) = Loop::of(&target.node, &["--offset", "1048576"]) else { return };
    desk.format(&upper.node);
    let odd = desk.path(OsStr::from_bytes(b"odd \xFF\xFE\n"));
    let Some(_odd) = Mount::new(Path::new("none"), odd, &["-t", "tmpfs"]) else { return };
    let Some(mount) = Mount::new(&upper.node, desk.path("mount"), &["-o", "ro"]) else { return };
    desk.refuses(&target.node, &[&format!("{} is mounted on {}", upper.name(), mount.folder.display())]);
    drop(mount);
    let Some(_mount) = Mount::new(&upper.node, desk.path(OsStr::from_bytes(b"m\xFF")), &["-o", "ro"]) else {
        return;
    };
    desk.refuses(&target.node, &["is mounted on", r"/m\xff'` and then `losetup --detach"]);
}
