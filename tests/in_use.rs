//! Every way in which the bytes of a target are in use, on real loop devices, mounts and processes: each is refused with
//! the command that helps, and no byte changes.
//!
//! What this kernel lacks is skipped with a line; `safety.rs` plays it on made-up machines.

mod loops;
mod skip;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use ramkey::device::{
    BlockTarget, DeviceFacts, DeviceNumber, FileTarget, OpenError, Refusal, System, TargetPath, Use, uses,
};

use loops::{Desk, Loop, Mount, Running, must, run};
use skip::skip;

fn look(node: &Path) -> (System, DeviceFacts) {
    let system = System::default();
    let TargetPath::Block(facts) = TargetPath::look(&system, node).unwrap() else { panic!("no device") };
    (system, *facts)
}

fn open(node: &Path) -> Result<BlockTarget, OpenError> {
    let (system, facts) = look(node);
    BlockTarget::open(&system, &facts, &[])
}

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
    let help = format!("run `umount '{}'` first\n", mount.folder.display());
    desk.refuses(&device.node, &["is mounted on", &help]);
    let (system, facts) = look(&device.node);
    let source = Use::Source { image: on_it.clone() };
    assert!(uses(&system, facts.number, &[on_it]).contains(&source));
    let image = desk.path("dos.img");
    assert!(uses(&system, facts.number, &[image]).iter().all(|used| !matches!(used, Use::Source { .. })));
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
    desk.refuses(&target.node, &[&format!("{} is mounted on", device.name()), &help]);
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
        desk.refuses_image(image, &target.node, &[&format!("it is the image {} itself", image.display())]);
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
    let found = System::default().in_use(std::slice::from_ref(&file)).of_file(
        &file,
        identity,
        std::slice::from_ref(&image),
    );
    assert!(found.contains(&Use::Source { image: image.clone() }), "{found:?}");
    desk.refuses_image(&image, &file, &["is mounted on"]);
}

#[test]
fn a_target_that_a_process_has_open_for_writing_is_refused() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let holds = "exec 7<>\"$1\"; echo ready; read end";
    let writer = Running::shell(holds, &file);
    let named = format!("process {} (sh) has it open for writing", writer.pid());
    desk.refuses(&file, &[&named, &format!("close its program (`ps -fp {}` shows it) first", writer.pid())]);
    drop(writer);
    let reader = Running::shell("exec 7<\"$1\"; echo ready; read end", &file);
    desk.accepts(&file);
    drop(reader);
    let Some(target) = Loop::of(&file, &[]) else { return };
    let writer = Running::shell(holds, &target.node);
    desk.refuses(&target.node, &[&format!("process {} (sh)", writer.pid())]);
    desk.refuses(&file, &[&format!("{} shows ", target.name())]);
    drop(writer);
    // The file behind the device.
    let writer = Running::shell(holds, &file);
    desk.refuses(&target.node, &[&format!("process {} (sh)", writer.pid())]);
    drop(writer);
    desk.accepts(&target.node);
}

#[test]
fn a_target_that_a_process_maps_for_writing_is_refused() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let script = "import mmap, os, sys\n\
                  fd = os.open(sys.argv[1], os.O_RDWR)\n\
                  mapped = mmap.mmap(fd, 4096)\n\
                  os.close(fd)\n\
                  for number in range(3, 100):\n    \
                      try: os.close(number)\n    \
                      except OSError: pass\n\
                  print('ready', flush=True)\n\
                  sys.stdin.read()";
    let mapping = |path: &Path| {
        let mut command = Command::new("python3");
        command.arg("-c").arg(script).arg(path);
        Running::wait(command)
    };
    let process = mapping(&file);
    desk.refuses(&file, &[&format!("process {} (python3)", process.pid())]);
    drop(process);
    let Some(target) = Loop::of(&file, &[]) else { return };
    let process = mapping(&target.node);
    desk.refuses(&target.node, &[&format!("process {} (python3)", process.pid())]);
    drop(process);
    desk.accepts(&target.node);
}

#[test]
fn an_open_file_is_noticed_though_its_process_cannot_be_seen() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let _writer = Running::shell("exec 7>>\"$1\"; echo ready; read end", &file);
    let TargetPath::File { identity, .. } = TargetPath::look(&System::default(), &file).unwrap() else {
        panic!("no file")
    };
    // A machine whose processes are all hidden.
    let proc = desk.path("proc");
    fs::create_dir_all(proc.join("self")).unwrap();
    fs::write(proc.join("self/mountinfo"), "").unwrap();
    let system = System { proc, ..System::default() };
    let found = system.in_use(std::slice::from_ref(&file)).of_file(&file, identity, &[]);
    assert_eq!(found, [Use::OpenSomewhere]);
}

#[test]
fn a_file_that_something_uses_is_not_opened() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let target = TargetPath::look(&System::default(), &file).unwrap();
    let writer = Running::shell("exec 7<>\"$1\"; echo ready; read end", &file);
    let opened = FileTarget::open(&target, loops::LEN);
    assert!(matches!(opened, Err(OpenError::Refused(Refusal::Open { .. }))));
    drop(writer);
    let locker = Running::shell("exec 7<\"$1\"; flock 7; echo ready; read end", &file);
    assert!(matches!(FileTarget::open(&target, loops::LEN), Err(OpenError::Busy { .. })));
    drop(locker);
    assert!(FileTarget::open(&target, loops::LEN).is_ok());
}

#[test]
fn a_device_that_a_process_may_write_to_is_not_opened() {
    let desk = Desk::new();
    let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let writer = Running::shell("exec 7<>\"$1\"; echo ready; read end", &target.node);
    let opened = open(&target.node).map(|_| ());
    assert!(matches!(opened, Err(OpenError::Refused(Refusal::Open { .. }))), "{opened:?}");
    drop(writer);
    assert!(open(&target.node).is_ok());
}

#[test]
fn a_mount_in_another_namespace_is_refused() {
    let desk = Desk::new();
    let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let Some(upper) = Loop::of(&target.node, &["--offset", "1048576"]) else { return };
    desk.format(&upper.node);
    let folder = desk.path("mount");
    fs::create_dir(&folder).unwrap();
    let script = format!("mount -o ro \"$1\" '{}' && echo ready && read end", folder.display());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script, "sh"]).arg(&upper.node);
    let other = Running::wait(command);
    let help = format!("run `nsenter --target {} --mount umount {}`", other.pid(), folder.display());
    desk.refuses(&target.node, &[&format!("{} is mounted on", upper.name()), &help]);
    drop(other);
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

#[test]
fn a_file_below_or_within_an_overlay_is_the_same_file() {
    let desk = Desk::new();
    for folder in ["lower", "upper", "work", "merged"] {
        fs::create_dir(desk.path(folder)).unwrap();
    }
    desk.file("lower/low.img");
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        desk.path("lower").display(),
        desk.path("upper").display(),
        desk.path("work").display()
    );
    let Some(mount) =
        Mount::new(Path::new("overlay"), desk.path("merged"), &["-t", "overlay", "-o", &options])
    else {
        return;
    };
    desk.file("merged/up.img");
    fs::write(desk.path("merged/dos.img"), [7; 100_000]).unwrap();
    let (above, below) = (desk.path("merged/up.img"), desk.path("upper/up.img"));
    for (target, shown) in [(&above, &below), (&below, &above)] {
        let Some(device) = Loop::of(shown, &[]) else { return };
        desk.refuses(target, &[&format!("{} shows ", device.name())]);
    }
    for (target, held) in [(&above, &below), (&below, &above)] {
        let _writer = Running::shell("exec 7<>\"$1\"; echo ready; read end", held);
        desk.refuses(target, &["has it open for writing"]);
    }
    desk.refuses_image(&desk.path("merged/dos.img"), &desk.path("upper/dos.img"), &["it is the image"]);
    desk.refuses_image(&desk.path("lower/low.img"), &desk.path("merged/low.img"), &["it is the image"]);
    drop(mount);
}

#[test]
fn an_overlay_whose_layers_lie_on_the_target_is_refused() {
    let desk = Desk::new();
    let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    desk.format(&target.node);
    let Some(base) = Mount::new(&target.node, desk.path("base"), &[]) else { return };
    for folder in ["lower", "upper", "work"] {
        fs::create_dir(base.folder.join(folder)).unwrap();
    }
    let layer = |name: &str| base.folder.join(name).display().to_string();
    let options =
        format!("lowerdir={},upperdir={},workdir={}", layer("lower"), layer("upper"), layer("work"));
    let Some(mount) =
        Mount::new(Path::new("overlay"), desk.path("merged"), &["-t", "overlay", "-o", &options])
    else {
        return;
    };
    desk.refuses(&target.node, &[&format!("overlay is mounted on {}", mount.folder.display())]);
    fs::write(mount.folder.join("dos.img"), [7; 100_000]).unwrap();
    let (system, facts) = look(&target.node);
    let image = mount.folder.join("dos.img");
    assert!(uses(&system, facts.number, std::slice::from_ref(&image)).contains(&Use::Source { image }));
}

#[test]
fn a_bind_mount_is_another_name_and_no_other_file() {
    let desk = Desk::new();
    fs::create_dir(desk.path("real")).unwrap();
    let file = desk.file("real/disk.img");
    let Some(bind) = Mount::new(&desk.path("real"), desk.path("bound"), &["--bind"]) else { return };
    let bound = bind.folder.join("disk.img");
    desk.refuses_image(&file, &bound, &[&format!("it is the image {} itself", file.display())]);
    let Some(device) = Loop::of(&file, &[]) else { return };
    desk.refuses(&bound, &[&format!("{} shows ", device.name())]);
}

#[test]
fn every_disk_of_a_btrfs_is_refused_while_it_is_mounted() {
    let desk = Desk::new();
    for name in ["a.img", "b.img"] {
        File::create(desk.path(name)).unwrap().set_len(128 << 20).unwrap();
    }
    let (Some(first), Some(second)) =
        (Loop::of(&desk.path("a.img"), &[]), Loop::of(&desk.path("b.img"), &[]))
    else {
        return;
    };
    must("mkfs.btrfs", &["-q".as_ref(), "-f".as_ref(), first.node.as_os_str(), second.node.as_os_str()]);
    let Some(mount) = Mount::new(&first.node, desk.path("mount"), &[]) else { return };
    let help = format!("run `umount {}` first", mount.folder.display());
    desk.refuses(&first.node, &["is mounted on", &help]);
    desk.refuses(&second.node, &["is mounted on", &help]);
    let image = mount.folder.join("dos.img");
    fs::write(&image, [7; 100_000]).unwrap();
    must("btrfs", &["subvolume".as_ref(), "create".as_ref(), mount.folder.join("sub").as_os_str()]);
    let deep = mount.folder.join("sub/dos.img");
    fs::write(&deep, [7; 100_000]).unwrap();
    for image in [image, deep] {
        for device in [&first, &second] {
            let (system, facts) = look(&device.node);
            let source = Use::Source { image: image.clone() };
            assert!(uses(&system, facts.number, std::slice::from_ref(&image)).contains(&source), "{image:?}");
        }
    }
}

#[test]
fn the_device_mapper_holds_what_it_is_made_of() {
    let desk = Desk::new();
    let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    let name = format!("ramkey-test-{}", std::process::id());
    let table = format!("0 8192 linear {} 2048", target.node.display());
    let output = run("dmsetup", &["create", &name, "--table", &table].map(OsStr::new));
    if !output.status.success() {
        // A made-up machine has one.
        return eprintln!("skipped: no device mapper ({})", String::from_utf8_lossy(&output.stderr).trim());
    }
    desk.refuses(&target.node, &["is held by dm-", &name]);
    desk.refuses(&desk.path("disk.img"), &["is held by dm-"]);
    must("dmsetup", &["remove", &name].map(OsStr::new));
    desk.accepts(&target.node);
}
