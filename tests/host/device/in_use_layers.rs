//! File systems and devices that are made of others: overlays, bind mounts, btrfs, FUSE and the device mapper.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;

use ramkey::device::{Use, uses};
use ramkey::image::SourceFile;

use crate::frames::loops::{Desk, Loop, Mount, Running, look, must, run};

#[test]
fn a_file_below_or_within_an_overlay_is_the_same_file() {
    let desk = Desk::new();
    fs::create_dir(desk.path("lower")).unwrap();
    desk.file("lower/low.img");
    let Some(mount) = overlay(&desk, ["lower", "upper", "work", "merged"]) else { return };
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
    desk.refuses_image(
        &desk.path("merged/dos.img"),
        &desk.path("upper/dos.img"),
        &["it is one of the images"],
    );
    desk.refuses_image(
        &desk.path("lower/low.img"),
        &desk.path("merged/low.img"),
        &["it is one of the images"],
    );
    drop(mount);
}

/// Mounts an overlay of two folders with a third for the kernel's own use, all made in `desk`.
fn overlay(desk: &Desk, [lower, upper, work, merged]: [&str; 4]) -> Option<Mount> {
    let path = |name: &str| {
        fs::create_dir_all(desk.path(name)).unwrap();
        desk.path(name).display().to_string()
    };
    let options = format!("lowerdir={},upperdir={},workdir={}", path(lower), path(upper), path(work));
    Mount::new(Path::new("overlay"), desk.path(merged), &["-t", "overlay", "-o", &options])
}

#[test]
fn an_overlay_upon_an_overlay_and_a_layer_by_another_name_are_followed() {
    let desk = Desk::new();
    fs::create_dir_all(desk.path("upper/deep")).unwrap();
    let Some(_first) = overlay(&desk, ["lower", "upper", "work", "first"]) else { return };
    let Some(_second) = overlay(&desk, ["first/deep", "upper 2", "work 2", "second"]) else { return };
    let Some(_bound) = Mount::new(&desk.path("upper/deep"), desk.path("bound"), &["--bind"]) else { return };
    desk.file("upper/deep/disk.img");
    let names = ["upper/deep/disk.img", "first/deep/disk.img", "second/disk.img", "bound/disk.img"];
    let Some(device) = Loop::of(&desk.path(names[0]), &["--read-only"]) else { return };
    for name in names {
        desk.refuses(&desk.path(name), &[&format!("{} shows ", device.name())]);
    }
    drop(device);
    for (image, target) in [(names[3], names[2]), (names[2], names[3]), (names[1], names[3])] {
        desk.refuses_image(&desk.path(image), &desk.path(target), &["it is one of the images"]);
    }
}

#[test]
fn an_overlay_whose_layers_lie_on_the_target_is_refused() {
    let desk = Desk::new();
    let Some(target) = Loop::of(&desk.path("disk.img"), &[]) else { return };
    desk.format(&target.node);
    let Some(_base) = Mount::new(&target.node, desk.path("base"), &[]) else { return };
    let Some(mount) = overlay(&desk, ["base/lower", "base/upper", "base/work", "merged"]) else { return };
    desk.refuses_in_motion(&target.node, &[&format!("overlay is mounted on {}", mount.folder.display())]);
    fs::write(mount.folder.join("dos.img"), [7; 100_000]).unwrap();
    let (system, facts) = look(&target.node);
    let image = mount.folder.join("dos.img");
    assert!(
        uses(&system, facts.number, &[SourceFile::look(&image).unwrap()]).contains(&Use::Source { image })
    );
}

#[test]
fn a_bind_mount_is_another_name_and_no_other_file() {
    let desk = Desk::new();
    fs::create_dir(desk.path("real")).unwrap();
    let file = desk.file("real/disk.img");
    let Some(bind) = Mount::new(&desk.path("real"), desk.path("bound"), &["--bind"]) else { return };
    let bound = bind.folder.join("disk.img");
    desk.refuses_image(&file, &bound, &[&format!("it is one of the images, {}", file.display())]);
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
    desk.mark(&first.node);
    desk.mark(&second.node);
    let Some(mount) = Mount::new(&first.node, desk.path("mount"), &[]) else { return };
    let help = format!("run `umount {}` first", mount.folder.display());
    desk.refuses_in_motion(&first.node, &["is mounted on", &help]);
    desk.refuses_in_motion(&second.node, &["is mounted on", &help]);
    let image = mount.folder.join("dos.img");
    fs::write(&image, [7; 100_000]).unwrap();
    must("btrfs", &["subvolume".as_ref(), "create".as_ref(), mount.folder.join("sub").as_os_str()]);
    let deep = mount.folder.join("sub/dos.img");
    fs::write(&deep, [7; 100_000]).unwrap();
    for image in [image, deep] {
        for device in [&first, &second] {
            let (system, facts) = look(&device.node);
            let source = Use::Source { image: image.clone() };
            assert!(
                uses(&system, facts.number, &[SourceFile::look(&image).unwrap()]).contains(&source),
                "{image:?}"
            );
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

#[test]
fn a_file_that_a_fuse_file_system_shows_is_refused() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    must("mkntfs", &["-q", "-F"].map(OsStr::new).into_iter().chain([file.as_os_str()]).collect::<Vec<_>>());
    let Some(mount) = Mount::new(&file, desk.path("mount"), &["-t", "ntfs-3g"]) else { return };
    let help = format!("run `umount {}` first", mount.folder.display());
    desk.refuses(&file, &["is mounted on", &help]);
    let hard = desk.path("hard");
    fs::hard_link(&file, &hard).unwrap();
    desk.refuses(&hard, &["is mounted on"]);
}

#[test]
fn a_device_that_is_the_journal_of_a_mounted_file_system_is_refused_and_the_mount_is_named() {
    let desk = Desk::new();
    for name in ["journal.img", "data.img"] {
        File::create(desk.path(name)).unwrap().set_len(64 << 20).unwrap();
    }
    let file = desk.path("journal.img");
    let (Some(journal), Some(data)) = (Loop::of(&file, &[]), Loop::of(&desk.path("data.img"), &[])) else {
        return;
    };
    let quiet = ["-q", "-F", "-b", "4096"].map(OsStr::new);
    let make = |more: &[&OsStr]| must("mkfs.ext4", &[&quiet, more].concat());
    make(&["-O".as_ref(), "journal_dev".as_ref(), journal.node.as_os_str()]);
    let device = format!("device={}", journal.node.display());
    make(&["-J".as_ref(), device.as_ref(), data.node.as_os_str()]);
    desk.mark(&journal.node);
    let Some(mount) = Mount::new(&data.node, desk.path("mount"), &[]) else { return };
    let named = format!("{} is mounted on {}", data.name(), mount.folder.display());
    let unmount = format!("run `umount {}`", mount.folder.display());
    desk.refuses_in_motion(&journal.node, &[&named, &format!("{unmount} first")]);
    let detach = format!("{unmount} and then `losetup --detach {}` first", journal.node.display());
    desk.refuses_in_motion(&file, &[&named, &detach]);
    drop(mount);
    desk.accepts(&journal.node);
}
