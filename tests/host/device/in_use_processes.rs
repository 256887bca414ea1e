//! Who holds a target open for writing, in this namespace and in others, seen or not: each is refused.

use crate::frames::limits::copy_program;
use crate::frames::loops;
use std::fs;
use std::path::Path;
use std::process::Command;

use ramkey::device::{FileTarget, OpenError, Refusal, System, TargetPath, Use};
use ramkey::image::SourceFile;

use crate::frames::loops::{Desk, Loop, Running, open};
use crate::frames::skip::skip;

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
    let found = system.in_use(&[SourceFile::look(&file).unwrap()]).of_file(&file, identity, &[]);
    assert_eq!(found, [Use::OpenSomewhere]);
}

#[test]
fn a_target_that_the_command_itself_was_started_with_is_refused_by_the_number_of_the_descriptor() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let write = |words: &str| {
        let script = format!("{words} exec \"$@\"");
        let mut command = Command::new("bash");
        command.args(["-c", &script, "bash", env!("CARGO_BIN_EXE_ramkey"), "write"]);
        command.args(["dos.img", "--to", "disk.img", "--yes"]).current_dir(desk.path(""));
        command.output().unwrap()
    };
    for (opens, closes, number, help) in [
        ("exec 9<>disk.img;", "exec 9>&-;", 9, "close it in the shell (`exec 9>&-`) first"),
        ("exec 5>>disk.img;", "exec 5>&-;", 5, "close it in the shell (`exec 5>&-`) first"),
        ("exec 0<>disk.img;", "exec </dev/null;", 0, "give this command another input (`</dev/null`) first"),
    ] {
        let output = write(opens);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{errors}");
        let expected = format!(
            "error: disk.img is refused: this command was started with it open for writing, as descriptor {number}\n\
             help: {help}\n"
        );
        assert_eq!(errors, expected);
        assert!(fs::read(&file).unwrap().iter().all(|&byte| byte == 0), "it was changed");
        let output = write(&format!("{opens} {closes}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        desk.file("disk.img");
    }
    assert!(write("exec 9<disk.img;").status.success(), "it is only read");
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

/// Runs `ramkey write` as a user who is nobody, on a file that is his.
fn write_as_nobody(desk: &Desk, target: &Path) -> std::process::Output {
    use std::os::unix::fs::PermissionsExt;
    const NOBODY: u32 = 65534;
    let program = desk.path("ramkey");
    if !program.exists() {
        copy_program(&program);
        fs::set_permissions(desk.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::os::unix::fs::chown(target, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut command = Command::new("setpriv");
    let id = NOBODY.to_string();
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).arg(program);
    command.arg("write").arg(desk.path("dos.img")).arg("--to").arg(target).arg("--yes");
    command.output().unwrap()
}

#[test]
fn a_user_who_sees_no_other_process_writes_a_file_that_nobody_has_open_and_no_other() {
    if !rustix::process::geteuid().is_root() {
        return skip("second user", b"only root can become another");
    }
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let Some(other) = Loop::of(&desk.file("other.img"), &[]) else { return };
    let refused = |text: &str| {
        let output = write_as_nobody(&desk, &file);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{errors}");
        assert!(errors.contains(text), "{errors}");
        assert!(fs::read(&file).unwrap().iter().all(|&byte| byte == 0), "it was changed");
    };
    let writer = Running::shell("exec 7<>\"$1\"; echo ready; read end", &file);
    refused("something that ramkey may not look at has it open for writing");
    drop(writer);
    let shown = Loop::of(&file, &[]).unwrap();
    refused(&format!("{} shows ", shown.name()));
    drop(shown);
    let output = write_as_nobody(&desk, &file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    drop(other);
}

#[test]
fn a_loop_device_that_may_not_be_asked_is_known_by_its_name_or_refused() {
    let system = |desk: &Desk| System { dev: desk.path("no devices"), ..System::default() };
    for (name, is_known) in [("plain.img", true), ("odd (deleted)", false)] {
        let desk = Desk::new();
        let file = desk.file(name);
        let Some(device) = Loop::of(&file, &["--read-only"]) else { return };
        let target = TargetPath::look(&System::default(), &file).unwrap();
        let refusal = target.admit(&system(&desk), &[]).unwrap_err();
        let text = refusal.to_string();
        let expected = if is_known {
            format!("{} shows {}", device.name(), file.display())
        } else {
            // Of this one, or of one that another test has just left.
            "shows cannot be told".into()
        };
        assert!(text.ends_with(&expected), "{text}");
        // Of a file that nobody else has open it is no matter.
        let free = TargetPath::look(&System::default(), &desk.path("disk.img")).unwrap();
        assert_eq!(free.admit(&system(&desk), &[]), Ok(()), "{name}");
    }
}
