//! An image that somebody may write to while it is copied: the stick is written, and a warning says so.

use std::path::Path;
use std::process::Command;

use ramkey::device::{System, Use};
use ramkey::image::SourceFile;

use crate::frames::loops::{Desk, Loop, Mount, Running};

/// The warnings about images in the report of a new stick; `arguments` name the images.
fn warnings(desk: &Desk, arguments: &[&Path]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("--json").arg("write").args(arguments).arg("--to").arg(desk.path("stick.img")).arg("--yes");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let images = ["images", "companions"].into_iter().flat_map(|key| report[key].as_array().unwrap().clone());
    let warnings = images.flat_map(|image| image["warnings"].as_array().unwrap().clone());
    let warnings = warnings.map(|warning| warning.as_str().unwrap().to_owned());
    warnings.filter(|warning| warning.contains("half of a change")).collect()
}

#[test]
fn an_image_that_is_mounted_for_writing_is_warned_of() {
    let desk = Desk::new();
    let image = desk.path("disk.img");
    desk.format(&image);
    assert_eq!(warnings(&desk, &[&image]), [""; 0], "nobody uses it");
    let Some(device) = Loop::of(&image, &[]) else { return };
    assert_eq!(warnings(&desk, &[&image]), [""; 0], "a device alone writes nothing");
    let Some(mount) = Mount::new(&device.node, desk.path("a folder"), &[]) else { return };
    let expected = format!(
        "it is mounted for writing: {} on {folder}; what is copied may be half of a change: run `umount '{folder}'` and \
         then `losetup --detach {}`, and repeat the command",
        device.name(),
        device.node.display(),
        folder = mount.folder.display(),
    );
    assert_eq!(warnings(&desk, &[&image]), [&expected[..]]);
    let link = desk.path("link");
    std::fs::hard_link(&image, &link).unwrap();
    assert_eq!(warnings(&desk, &[&link]), [&expected[..]], "by another name");
    let other = desk.path("dos.img");
    assert_eq!(warnings(&desk, &[&other, Path::new("--with"), &image]), [&expected[..]], "beside another");
    mount.settle();
    assert_eq!(warnings(&desk, &[&image]), [""; 0], "read-only");
}

#[test]
fn a_part_of_an_image_that_is_mounted_for_writing_is_warned_of() {
    let desk = Desk::new();
    let image = desk.path("disk.img");
    let Some(part) = Loop::of(&image, &["--offset", "1048576", "--sizelimit", "4194304"]) else { return };
    let Some(upper) = Loop::of(&part.node, &[]) else { return };
    desk.format(&upper.node);
    for options in [&["-o", "ro"][..], &[]] {
        let Some(mount) = Mount::new(&upper.node, desk.path("mount"), options) else { return };
        let found = warnings(&desk, &[&image]);
        assert_eq!(found.len(), usize::from(options.is_empty()), "{found:?}");
        assert!(
            found.iter().all(|text| text.contains(&format!("on {}", mount.folder.display()))),
            "{found:?}"
        );
    }
}

#[test]
fn an_image_that_a_process_has_open_for_writing_is_warned_of() {
    let desk = Desk::new();
    let image = desk.path("dos.img");
    let reader = Running::shell("exec 7<\"$1\"; echo ready; read end", &image);
    assert_eq!(warnings(&desk, &[&image]), [""; 0], "reading is no matter");
    drop(reader);
    let writer = Running::shell("exec 7>>\"$1\"; echo ready; read end", &image);
    let found = warnings(&desk, &[&image]);
    let unseen = System { proc: desk.path("no processes"), ..System::default() };
    assert_eq!(unseen.in_use(&[]).changes_to(&SourceFile::look(&image).unwrap()), [Use::OpenSomewhere]);
    let expected = format!("process {} (sh) has it open for writing; ", writer.pid());
    assert!(found.len() == 1 && found[0].starts_with(&expected), "{found:?}");
}
