//! What is refused: decisions in tables, and how files are opened. What is in use: `in_use.rs` and its neighbours.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::frames::made_up::{mounted, refused, stick};
use ramkey::device::{
    Allowed, DeviceFacts, DeviceKind, FileTarget, OpenError, Refusal, System, TargetPath, Use, refusal,
};
use ramkey::image::SourceFile;
use ramkey::pipeline::Target;

fn every_use() -> Vec<Use> {
    vec![
        mounted("sdz1", "/media/usb", "vfat"),
        Use::Swap { name: "/dev/sdz2".into() },
        Use::Held { name: "sdz1".into(), holder: "dm-0 (crypt)".into() },
        Use::Loop { name: "loop3".into(), file: "/media/usb/a.img".into() },
        Use::Open { pid: 4321, command: "qemu".into() },
        Use::OpenHere { descriptor: 9 },
        Use::OpenSomewhere,
        Use::Served { setting: "/sys/kernel/config/nvmet".into() },
        Use::Source { image: "/media/usb/dos.img".into() },
        Use::Image { image: "/tmp/dos.img".into() },
        Use::Sleep { name: "sdz2".into() },
        Use::Protected { list: "/etc/ramkey.toml".into(), what: "serial 1234".into(), why: None },
        Use::Shows { device: "sdy".into() },
        Use::Unknown {
            question: "what loop9 shows cannot be told".into(),
            help: "run it as root".into(),
            rights_tell: true,
        },
        Use::System { folder: "/home".into() },
    ]
}

#[test]
fn a_plain_stick_is_accepted_and_so_is_a_loop_device() {
    assert_eq!(refused(&stick(), &[]), None);
    let no_flag = DeviceFacts { removable: false, ..stick() };
    assert_eq!(refused(&no_flag, &[]), None, "USB bridges do not say that they are removable");
    let no_usb = DeviceFacts { usb: false, ..stick() };
    assert_eq!(refused(&no_usb, &[]), None, "card readers need not hang on USB");
    let looped = DeviceFacts { kind: DeviceKind::Loop, usb: false, removable: false, ..stick() };
    assert_eq!(refused(&looped, &[]), None);
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
        assert_eq!(refused(&facts, &[]), Some(expected));
    }
}

#[test]
fn a_disk_that_is_larger_than_sticks_are_is_taken_only_if_that_is_said() {
    let large = Allowed { large: true, ..Allowed::default() };
    let of = |len| DeviceFacts { len, ..stick() };
    for len in [64_000_000_000, DeviceFacts::LARGEST_STICK] {
        assert_eq!(refused(&of(len), &[]), None);
    }
    for len in [DeviceFacts::LARGEST_STICK + 512, 128_000_000_000] {
        let refusal_of_it = refused(&of(len), &[]).unwrap();
        assert_eq!(refusal_of_it, Refusal::Large { node: "/dev/sdz".into(), len });
        assert_eq!(refusal_of_it.help(), "add --large if it is the stick that you mean");
        assert_eq!(refusal(&of(len), &[], large), None);
        let file = DeviceFacts { kind: DeviceKind::Loop, usb: false, removable: false, ..of(len) };
        assert_eq!(refused(&file, &[]), None, "whoever made a file of that length has meant it");
    }
    let built_in = DeviceFacts { usb: false, removable: false, ..of(1 << 40) };
    assert!(
        matches!(refusal(&built_in, &[], large), Some(Refusal::NotRemovable { .. })),
        "it allows nothing else"
    );
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
        let refusal = refused(&facts, &[]).unwrap();
        assert_eq!(refusal.help(), format!("name the whole stick: {disk}"));
    }
}

#[test]
fn every_use_refuses_it_by_name() {
    for used in every_use() {
        let text = refused(&stick(), std::slice::from_ref(&used)).unwrap().to_string();
        let named = match &used {
            Use::Mounted { folder, .. } | Use::System { folder } => folder.display().to_string(),
            Use::Swap { name } => name.display().to_string(),
            Use::Sleep { name } => name.clone(),
            Use::Protected { what, .. } => what.clone(),
            Use::Held { holder, .. } => holder.clone(),
            Use::Loop { file, .. } => file.display().to_string(),
            Use::Open { command, pid } => format!("process {pid} ({command})"),
            Use::OpenHere { descriptor } => format!("open for writing, as descriptor {descriptor}"),
            Use::OpenSomewhere => "open for writing".into(),
            Use::Served { .. } => "serves it to others".into(),
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
    assert_eq!(refused(&facts, &every_use()), Some(expected));
    let facts = DeviceFacts { len: 0, read_only: true, ..stick() };
    assert!(matches!(refused(&facts, &every_use()[..1]), Some(Refusal::Mounted { .. })), "use before kind");
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
        let refused = target.admit(&system, &[SourceFile::look(&image).unwrap()]);
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
    assert!(matches!(twice, Err(OpenError::Refused(Refusal::OpenHere { .. }))), "it is open in this process");
    drop(first);
    assert!(FileTarget::open(&again, 4096).is_ok());
    fs::hard_link(&path, folder.path().join("keeps the number")).unwrap();
    fs::remove_file(&path).unwrap();
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
