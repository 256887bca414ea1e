//! What is said of virtual machines' disks, and every command that takes an image takes them.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::frames::sticks::noise;
use crate::frames::virtual_disks::Workshop;

/// A folder with `plain.img` and the disks that are made of it.
struct Desk {
    workshop: Workshop,
    plain: Vec<u8>,
}

impl Desk {
    fn new(disks: &[(&str, &str, &str)]) -> Self {
        // No MiB but the first and the last, of which each KiB is something.
        let mut plain = vec![0; 8 << 20];
        plain[..1 << 20].fill(0x5A);
        plain[7 << 20..].fill(0xA5);
        plain[..512].copy_from_slice(&noise(512));
        let workshop = Workshop::new(&plain);
        for (driver, options, name) in disks {
            let options = if options.is_empty() { vec![] } else { vec!["-o", options] };
            let convert = ["convert", "-f", "raw", "-O", driver];
            workshop.qemu_img(&[&convert[..], &options, &["@plain.img", &format!("@{name}")]].concat());
        }
        Self { workshop, plain }
    }

    fn ramkey(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
        command
            .args(arguments)
            .current_dir(self.workshop.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.ramkey(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    fn text(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.ramkey(arguments).stdout).unwrap()
    }
}

#[test]
fn inspect_says_what_the_disk_was_in_and_the_command_for_its_bytes_is_right() {
    let disks = [
        ("vmdk", "", "my disk.vmdk"),
        ("vmdk", "subformat=twoGbMaxExtentSparse", "split.vmdk"),
        ("vpc", "subformat=dynamic,force_size=on", "a,b.vhd"),
        ("vdi", "", "c.vdi"),
        ("qcow2", "", "d.qcow2"),
        ("vhdx", "block_size=1M", "e.vhdx"),
    ];
    let desk = Desk::new(&disks);
    let hash = blake3::hash(&desk.plain).to_hex().to_string();
    for (_, _, name) in disks {
        let found = desk.json(&["inspect", "--hash", name]);
        assert_eq!(
            (&found["blake3"], &found["len"]),
            (&hash.as_str().into(), &(8 << 20).into()),
            "{name}: {found}"
        );
        let header = &found["header"];
        assert!(header["len"].is_null(), "{header}");
        assert!(header["words"].as_str().unwrap().ends_with("MiB of 8 MiB present"), "{header}");
        let disk = header["disk"].as_str().unwrap();
        let command = format!("{disk} | b3sum --no-names");
        let output =
            Command::new("bash").args(["-c", &command]).current_dir(desk.workshop.folder.path()).output();
        let output = output.unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), hash, "{command}: {output:?}");
    }
    let text = desk.text(&["inspect", "my disk.vmdk"]);
    let line = "\nfile      VMDK, monolithic sparse, 2 MiB of 8 MiB present; BLAKE3 is that of `qemu-img convert -f vmdk \
                -O raw 'my disk.vmdk' 'my disk.vmdk.raw' && cat 'my disk.vmdk.raw' | b3sum`\n";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("\nkind      hard disk: it is the hard disk of a virtual machine\n"), "{text}");
    let text = desk.text(&["inspect", "split.vmdk"]);
    assert!(text.contains("\nfile      VMDK, split sparse, 2 MiB of 8 MiB present; "), "{text}");
    assert_eq!(desk.json(&["inspect", "e.vhdx"])["header"]["program"], "Hyper-V");

    let output =
        Command::new("gzip").args(["-9", "--keep"]).arg(desk.workshop.path("c.vdi")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let found = desk.json(&["inspect", "--hash", "c.vdi.gz"]);
    assert_eq!(
        (&found["blake3"], &found["unpacked"][0]["container"]),
        (&hash.into(), &"gzip".into()),
        "{found}"
    );
    assert_eq!(found["header"]["words"], "VDI, dynamic, 2 MiB of 8 MiB present", "{found}");
    assert!(found["header"]["disk"].is_null(), "{found}");
}

#[test]
fn every_command_that_takes_an_image_takes_a_disk_of_several_files() {
    let flat = ("vmdk", "subformat=twoGbMaxExtentFlat", "split.vmdk");
    let desk = Desk::new(&[flat, ("qcow2", "", "d.qcow2")]);
    let hash = Value::from(blake3::hash(&desk.plain).to_hex().to_string());
    let plan = desk.text(&["plan", "split.vmdk"]);
    assert!(plan.contains("          VMDK, split flat, 8 MiB; BLAKE3 is that of `qemu-img"), "{plan}");
    let kind = ["--kind", "hdd", "--with", "81h:split.vmdk"];
    let written = desk.json(&[&["write", "d.qcow2", "--to", "s.img"][..], &kind].concat());
    assert_eq!(
        (&written["images"][0]["blake3"], &written["companions"][0]["blake3"]),
        (&hash, &hash),
        "{written}"
    );
    let verdict = desk.json(&["verify", "--strict", "s.img"]);
    assert_eq!((&verdict["sound"], &verdict["capsules"][0]["blake3"]), (&true.into(), &hash));
    let disc = desk.json(&["disc", "split.vmdk", "--to", "d.iso"]);
    assert_eq!(disc["images"][0]["blake3"], hash, "{disc}");

    // Nothing is written of one that cannot be read, nor onto one of its own files.
    let part = desk.workshop.path("split-f001.vmdk");
    let output = desk.ramkey(&["write", "split.vmdk", "--to", part.to_str().unwrap(), "--yes", "--force"]);
    assert_ne!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(std::fs::read(&part).unwrap().len(), 8 << 20);
    std::fs::remove_file(&part).unwrap();
    let output = desk.ramkey(&["write", "split.vmdk", "--to", "new.img", "--yes"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("its part split-f001.vmdk is not beside it"), "{text}");
    assert!(!desk.workshop.path("new.img").exists());
}
