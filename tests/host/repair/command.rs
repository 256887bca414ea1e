//! `ramkey verify --repair`, with sticks that are packed and trimmed, and its exit statuses.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::frames::sticks::{noise, printed, tool};

struct Desk(tempfile::TempDir);

impl Desk {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ramkey(&self, arguments: &[&str], status: i32) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        let output: Output = command.args(arguments).current_dir(self.0.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", printed(&output));
        printed(&output)
    }

    /// A FAT image with files and free space that holds something.
    fn new(write: &[&str]) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let letters = b"packed to a part of what it was; ".iter().cycle();
        let image = noise(3 << 20).into_iter().zip(letters);
        let image: Vec<u8> = image.enumerate().map(|(at, (a, b))| if at % 3 == 0 { a } else { *b }).collect();
        fs::write(desk.path("dos.img"), &image).unwrap();
        let path = desk.path("dos.img");
        let text = path.to_str().unwrap();
        assert!(tool("dosfstools", "mkfs.fat", &["-I", text]).status.success());
        fs::write(desk.path("own.bin"), &image[..1_500_000]).unwrap();
        let own = desk.path("own.bin");
        assert!(tool("mtools", "mcopy", &["-i", text, own.to_str().unwrap(), "::"]).status.success());
        desk.ramkey(&[&["write", "dos.img", "--to", "stick.img", "--size", "16M"], write].concat(), 0);
        desk
    }

    /// Flips a bit at so many sectors behind the start of the image's file.
    fn damage(&self, sectors: usize) {
        let mut stick = fs::read(self.path("stick.img")).unwrap();
        let start = stick.chunks(512).position(|sector| sector.starts_with(b"RAMKEYRC")).unwrap();
        stick[(start + sectors) * 512 + 77] ^= 4;
        fs::write(self.path("stick.img"), stick).unwrap();
    }
}

#[test]
fn a_packed_and_trimmed_image_is_put_right_from_the_original_as_it_was() {
    for write in [&["--compress", "fast"][..], &["--compress", "none"], &["--compress", "none", "--no-trim"]]
    {
        let desk = Desk::new(write);
        let before = fs::read(desk.path("stick.img")).unwrap();
        assert!(
            desk.ramkey(&["verify", "stick.img", "--repair"], 0)
                .contains("it was sound; nothing was written")
        );
        for sectors in [300, 700, 900] {
            desk.damage(sectors);
        }
        let broken = fs::read(desk.path("stick.img")).unwrap();
        let told = desk.ramkey(&["verify", "stick.img", "--repair"], 4);
        assert!(told.contains("`--repair IMAGE`") && told.contains("nothing was done about them"), "{told}");
        assert!(fs::read(desk.path("stick.img")).unwrap() == broken, "{write:?}: it was changed");
        let told = desk.ramkey(&["verify", "stick.img", "--repair", "dos.img"], 0);
        assert!(told.contains("repaired  bytes 0x"), "{told}");
        assert!(fs::read(desk.path("stick.img")).unwrap() == before, "{write:?}: {told}");
    }
}

#[test]
fn what_needs_no_image_is_put_right_without_one_and_the_rest_is_said() {
    let desk = Desk::new(&[]);
    let before = fs::read(desk.path("stick.img")).unwrap();
    let mut stick = before.clone();
    stick[128 * 512 + 600] ^= 1;
    stick[700 * 512..900 * 512].fill(0);
    fs::write(desk.path("stick.img"), &stick).unwrap();
    desk.damage(300);
    let told = desk.ramkey(&["verify", "stick.img", "--repair", "--json"], 4);
    assert!(told.contains("\"what\": \"the boot code\"") && told.contains("\"sound\": false"), "{told}");
    let told = desk.ramkey(&["verify", "stick.img", "--repair", "own.bin", "dos.img"], 0);
    assert!(told.contains("sound     all that a boot needs is right"), "{told}");
    assert!(fs::read(desk.path("stick.img")).unwrap() == before);
    desk.ramkey(&["verify", "dos.img", "--repair"], 1);
    desk.ramkey(&["verify", "none.img", "--repair"], 3);
    desk.ramkey(&["verify", "stick.img", "--repair", "none.img"], 3);
    desk.ramkey(&["verify", "stick.img", "--strict", "--repair"], 2);
}
