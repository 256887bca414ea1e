//! As root, what reads the bytes of others has no rights: it can open nothing, and says the same as for any user.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::Value;

use crate::frames::limits::copy_program;
use crate::frames::packers::pack;
use crate::frames::skip::skip;
use crate::frames::sticks::noise;
use crate::frames::virtual_disks::Workshop;
use crate::frames::windows_image::{System, Xp};
use ramkey::sandbox::{Limits, NOBODY, confine};

/// What `ramkey` is called when it looks at something.
pub(super) const NAME: &str = "ramkey: looks without rights";
/// Says to a test that it runs in a process of its own.
const INNER: &str = "RAMKEY_TEST_CONFINED";

/// A request as it goes through the socket.
pub(super) fn framed(request: &[u8]) -> Vec<u8> {
    [&(request.len() as u32).to_le_bytes(), request].concat()
}

pub(super) fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root has rights that can be given away");
    }
    is_root
}

/// The value of `field` in a file of `/proc/PID`.
pub(super) fn field(pid: u32, file: &str, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Waits until `field` of the process has `value`.
pub(super) fn await_field(pid: u32, file: &str, name: &str, value: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    while field(pid, file, name) != value {
        assert!(Instant::now() < end, "{name} of {file} is {:?}, and not {value}", field(pid, file, name));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_process_that_looks_is_nobody_before_it_gets_the_image_and_can_open_nothing_while_it_looks() {
    if !is_root() {
        return;
    }
    let image = tempfile::tempfile().unwrap();
    (&image).write_all(&[0xD1; 4096]).unwrap();
    let beside = File::open("Cargo.toml").unwrap();
    rustix::io::fcntl_setfd(&beside, rustix::io::FdFlags::empty()).unwrap();
    // Its answer does not fit into a pipe that is full, so it waits with it.
    let (mut out, into) = io::pipe().unwrap();
    rustix::pipe::fcntl_setpipe_size(&into, 4096).unwrap();
    (&into).write_all(&[b' '; 4096]).unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg0(NAME).stdin(OwnedFd::from(theirs)).stdout(into).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop((command, beside));
    let pid = child.id();
    let nobody = [NOBODY.to_string(), NOBODY.to_string(), NOBODY.to_string(), NOBODY.to_string()].join(" ");
    for (name, value) in [
        ("NoNewPrivs:", "1"),
        ("Uid:", &nobody),
        ("Gid:", &nobody),
        ("Groups:", ""),
        ("CapPrm:", "0000000000000000"),
    ] {
        await_field(pid, "status", name, value);
    }

    let request = br#"{"path":[120],"task":{"Look":{"kind":"Auto","geometry":null,"system":"RamFirst","room":false,"cut":false,"areas":false}}}"#;
    let mut space = [const { std::mem::MaybeUninit::uninit() }; rustix::cmsg_space!(ScmRights(1))];
    let mut descriptors = SendAncillaryBuffer::new(&mut space);
    let files = [std::os::fd::AsFd::as_fd(&image)];
    assert!(descriptors.push(SendAncillaryMessage::ScmRights(&files)));
    sendmsg(&ours, &[io::IoSlice::new(&framed(request))], &mut descriptors, SendFlags::empty()).unwrap();
    for (name, value) in
        [("Max open files", "0 0 files"), ("Max file size", "0 0 bytes"), ("Max processes", "0 0 processes")]
    {
        await_field(pid, "limits", name, value);
    }
    assert_eq!(field(pid, "status", "Uid:"), nobody);
    let open: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .map(|entry| fs::read_link(entry.unwrap().path()).unwrap().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with("pipe:") && !name.starts_with("socket:") && name != "/dev/null")
        .collect();
    // The image is closed once it was looked at.
    assert!(open.iter().all(|name| name.contains("(deleted)")), "the image alone: {open:?}");

    let mut answer = String::new();
    out.read_to_string(&mut answer).unwrap();
    assert!(child.wait().unwrap().success());
    let answer: Value = serde_json::from_str(answer.trim()).unwrap();
    assert_eq!(answer["Looked"]["facts"]["len"], 4096, "{answer}");
}

#[test]
fn the_process_that_unpacks_is_nobody_too_and_puts_what_comes_out_where_it_is_told() {
    if !is_root() {
        return;
    }
    let (packed, room) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    let image = noise(300_000);
    (&packed).write_all(&pack(&["gzip"], &image)).unwrap();
    let (mut out, into) = io::pipe().unwrap();
    rustix::pipe::fcntl_setpipe_size(&into, 4096).unwrap();
    (&into).write_all(&[b' '; 4096]).unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg0(NAME).arg("and unpacks").stdin(OwnedFd::from(theirs)).stdout(into).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(command);
    let request = br#"{"path":[120],"task":{"Unpack":{"member":null,"folder":[120]}}}"#;
    let mut space = [const { std::mem::MaybeUninit::uninit() }; rustix::cmsg_space!(ScmRights(2))];
    let mut descriptors = SendAncillaryBuffer::new(&mut space);
    let files = [std::os::fd::AsFd::as_fd(&packed), std::os::fd::AsFd::as_fd(&room)];
    assert!(descriptors.push(SendAncillaryMessage::ScmRights(&files)));
    sendmsg(&ours, &[io::IoSlice::new(&framed(request))], &mut descriptors, SendFlags::empty()).unwrap();
    let largest = ramkey::image::DISK_LEN_MAX;
    await_field(child.id(), "limits", "Max file size", &format!("{largest} {largest} bytes"));
    await_field(child.id(), "limits", "Max open files", "0 0 files");
    let nobody = vec![NOBODY.to_string(); 4].join(" ");
    assert_eq!(field(child.id(), "status", "Uid:"), nobody);
    assert_eq!(field(child.id(), "status", "CapPrm:"), "0000000000000000");
    let mut answer = String::new();
    out.read_to_string(&mut answer).unwrap();
    assert!(child.wait().unwrap().success());
    let answer: Value = serde_json::from_str(answer.trim()).unwrap();
    assert_eq!(answer["Unpacked"]["len"], 300_000, "{answer}");
    let mut found = vec![0; 300_000];
    std::os::unix::fs::FileExt::read_exact_at(&room, &mut found, 0).unwrap();
    assert!(found == image && room.metadata().unwrap().len() == 300_000);
}

#[test]
fn nothing_can_be_opened_made_or_started_without_rights() {
    if std::env::var_os(INNER).is_none() {
        if !is_root() {
            return;
        }
        let name = "sandbox::rights::nothing_can_be_opened_made_or_started_without_rights";
        let mut inner = Command::new(std::env::current_exe().unwrap());
        let output = inner.args([name, "--exact", "--test-threads=1"]).env(INNER, "1").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let path = folder.path().join("image");
    fs::write(&path, [7; 512]).unwrap();
    let image = File::open(&path).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let attempts = || {
        [
            File::open("/proc/self/status").is_ok(),
            File::open(&path).is_ok(),
            File::options().write(true).open(&path).is_ok(),
            File::create(folder.path().join("new")).is_ok(),
            fs::read_dir("/").is_ok(),
            UnixStream::pair().is_ok(),
            TcpListener::bind(("127.0.0.1", port.port())).is_ok(),
            Command::new("/bin/true").status().is_ok(),
        ]
    };
    assert_eq!(attempts(), [true; 8], "with rights all of it can be done");
    let _confined = confine().unwrap().limit(Limits::Looking).unwrap();
    assert_eq!(attempts(), [false; 8]);
    let mut bytes = [0; 512];
    std::os::unix::fs::FileExt::read_exact_at(&image, &mut bytes, 0).unwrap();
    assert_eq!(bytes, [7; 512], "what is open can be read");
}

/// What `ramkey` says of `image`, as root or as nobody.
pub(super) fn told(arguments: &[&str], image: &Path, as_nobody: bool) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(arguments).arg(image).arg("--json");
    if as_nobody {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    let text = if output.stdout.is_empty() { &output.stderr } else { &output.stdout };
    (output.status.code(), serde_json::from_slice(text).unwrap_or_else(|error| panic!("{error}: {output:?}")))
}

#[test]
fn root_is_told_the_same_as_anybody() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let xp = Xp::new(System::Ntfs).disk();
    let mut dosemu = b"DOSEMU\0\x04\0\0\0\x11\0\0\0\x67\x02\0\0\x80\0\0\0".to_vec();
    dosemu.resize(128, 0);
    dosemu.extend_from_slice(&xp[..1 << 20]);
    let images: [(&str, Vec<u8>); 6] = [
        ("xp.img", xp.clone()),
        ("cut.img", xp[..xp.len() / 2 + 100].to_vec()),
        ("dosemu.img", dosemu),
        ("letters.img", vec![b'Z'; 4096]),
        ("packed.gz", [&[0x1F, 0x8B][..], &[0xD1; 100]].concat()),
        ("empty.img", Vec::new()),
    ];
    let made = Workshop::new(&xp);
    let split = "subformat=twoGbMaxExtentSparse";
    made.qemu_img(&["convert", "-f", "raw", "-O", "vmdk", "-o", split, "@plain.img", "@split.vmdk"]);
    made.qemu_img(&["convert", "-f", "raw", "-O", "qcow2", "-c", "@plain.img", "@disk.qcow2"]);
    let parts = ["split-s001.vmdk", "split.vmdk", "disk.qcow2"];
    let parts = parts.map(|name| (name, fs::read(made.path(name)).unwrap()));
    for (name, bytes) in images.into_iter().chain(parts) {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        for arguments in [&["inspect"][..], &["inspect", "--kind", "hdd"], &["doctor"]] {
            let (root, anybody) = (told(arguments, &path, false), told(arguments, &path, true));
            assert_eq!(root, anybody, "{arguments:?} {name}");
        }
    }
    for name in ["xp.img", "split.vmdk", "disk.qcow2"] {
        let (status, found) = told(&["inspect"], &folder.path().join(name), false);
        assert_eq!((status, &found["windows"]["family"]), (Some(0), &"ntldr".into()), "{name}: {found}");
    }
}

/// What `inspect` says of an image in `folder`, started by `script`, in which `$0` is the program and `$1` the image.
fn inspected(folder: &Path, script: &str) -> std::process::Output {
    let image = folder.join("dos.img");
    fs::write(&image, [&[0xEB; 510][..], &[0x55, 0xAA]].concat()).unwrap();
    fs::set_permissions(&image, fs::Permissions::from_mode(0o644)).unwrap();
    Command::new("bash").args(["-c", script, env!("CARGO_BIN_EXE_ramkey")]).arg(&image).output().unwrap()
}

#[test]
fn limits_that_are_lower_already_are_no_obstacle() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = inspected(folder.path(), "ulimit -v 900000; ulimit -t 200; exec \"$0\" inspect \"$1\"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn root_that_may_not_become_nobody_looks_at_nothing() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let without = "exec setpriv --bounding-set -setuid,-setgid \"$0\" inspect \"$1\"";
    let output = inspected(folder.path(), without);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("was not looked at: the process without rights"), "{text}");
}

#[test]
fn a_root_that_is_nobody_outside_looks_as_it_is() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new("unshare").args(["-r", "true"]).status();
    if !made.is_ok_and(|status| status.success()) {
        return skip("user namespace", b"unshare failed");
    }
    let output = inspected(folder.path(), "exec unshare -r \"$0\" inspect \"$1\"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn who_has_rights_by_the_programs_file_gives_them_away_too() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("ramkey");
    copy_program(&program);
    std::os::unix::fs::chown(&program, Some(1), Some(1)).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o6755)).unwrap();
    let (_ours, theirs) = UnixStream::pair().unwrap();
    let mut command = Command::new(&program);
    command.arg0(NAME).uid(NOBODY).gid(NOBODY).stdin(OwnedFd::from(theirs)).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let nobody = vec![NOBODY.to_string(); 4].join(" ");
    await_field(child.id(), "status", "NoNewPrivs:", "1");
    assert_eq!(field(child.id(), "status", "Uid:"), nobody);
    assert_eq!(field(child.id(), "status", "Gid:"), nobody);
    child.kill().unwrap();
    child.wait().unwrap();
}
