//! What is found on a disc by its names: the images in the order in which they were named, and what belongs to each.

use std::path::{Path, PathBuf};
use std::process::Command;

use ramkey::emulator::{CdBus, Machine, Port, Stick};

use super::harness::{DEADLINE, Geometry, Running, disk, file, scratch};

const DISK: Geometry = Geometry::new(1, 16, 63);

/// A disc with images Z and A, both with drives whose names are none of ISO 9660's first level.
fn disc(folder: &Path) -> PathBuf {
    let image = |name: &str, letter: u8| {
        file(folder, name, &disk("idle", DISK, DISK.sectors(), &[&format!("LETTER={letter}")]))
    };
    let (zulu, alpha) = (image("zulu.img", b'Z'), image("alpha.img", b'A'));
    let data = |folder: &str| {
        let folder = folder_in(&zulu, folder);
        format!(
            "80h:{}",
            file(&folder, "my-data.img", &vec![folder.as_os_str().len() as u8; 1 << 20]).display()
        )
    };
    let disc = folder.join("disc.iso");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.arg("disc").args([&zulu, &alpha]).arg("--to").arg(&disc);
    command.args(["--kind", "hdd", "--chs", "1/16/63", "--title", "First", "--title", "Second"]);
    command.args(["--with", &data("one"), "--with", &data("other")]);
    command.args(["--menu-timeout", "0", "--timeout", "off", "--yes"]);
    let output = command.output().expect("running ramkey");
    assert!(output.status.success(), "ramkey disc: {}", String::from_utf8_lossy(&output.stderr));
    disc
}

/// A folder beside `path`.
fn folder_in(path: &Path, name: &str) -> PathBuf {
    let folder = path.with_file_name(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn the_menu_has_the_images_in_the_order_of_the_command_and_each_finds_its_drives() {
    let folder = scratch();
    let disc = disc(folder.path());
    for (key, found) in [("1", "IDLE\nZ"), ("2", "IDLE\nA")] {
        let mut running = Running::start(&Machine::new(Stick::new(&disc, Port::Cd(CdBus::Ide))));
        for row in ["1 First", "2 Second"] {
            running.wait_on_screen(row, DEADLINE, |screen| {
                let line =
                    |line: &&String| line.split_whitespace().collect::<Vec<_>>().join(" ").contains(row);
                screen.lines.iter().find(line).map(drop)
            });
        }
        running.press(&[key]);
        running.wait_text(found, DEADLINE);
        let console = running.evidence().console;
        assert!(console.contains("3 images belong together"), "{console}");
    }
}
