//! A device that refuses direct I/O: it is written through the system's cache, and that is said.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ramkey::job::verify;
use ramkey::verify::Strictness;

use crate::frames::loops::Loop;
use crate::frames::skip::skip;
use crate::frames::sticks::{noise, printed};

/// `ramkey write` to the device, of whose requests the first of this kind is refused; nothing where there is no strace.
fn write(image: &Path, node: &Path, call: &str, more: &[&str]) -> Option<Output> {
    let ramkey = env!("CARGO_BIN_EXE_ramkey");
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error=EINVAL:when=1"));
    let mut command = Command::new("strace");
    // Of the first thread only, which clears what boots: each thread would have a first request of its own.
    command.args(["-qq", "-o", "/dev/null", "-P"]).arg(node).args(["-e", &trace, "-e", &inject]);
    command
        .arg(ramkey)
        .arg("write")
        .arg(image)
        .arg("--to")
        .arg(node)
        .args(["--yes", "--no-probe"])
        .args(more);
    match command.stdin(Stdio::null()).output() {
        Ok(output) => Some(output),
        Err(error) => {
            skip("strace", error.to_string().as_bytes());
            None
        }
    }
}

#[test]
fn it_is_written_through_the_cache_and_the_report_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (image, stick) = (folder.path().join("dos.img"), folder.path().join("stick"));
    fs::write(&image, noise(1_500_000)).unwrap();
    fs::write(&stick, vec![0xD1; 16 << 20]).unwrap();
    let Some(disk) = Loop::of(&stick, &[]) else { return };
    for (call, more) in [("pwrite64", &[][..]), ("pwrite64", &["--json"]), ("pread64", &[])] {
        let Some(output) = write(&image, &disk.node, call, more) else { return };
        let words = printed(&output);
        assert!(output.status.success(), "{call}: {words}");
        if more.is_empty() {
            assert!(words.contains("the device refuses direct I/O"), "{call}: {words}");
            assert!(words.contains("may come from this system's cache"), "{call}: {words}");
        } else {
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(report["effort"]["buffered"], true, "{report}");
            assert_eq!(report["effort"]["level"], "cached", "{report}");
        }
        let verdict = verify(&disk.node, Strictness::EveryByte, &|_| ()).unwrap();
        assert!(verdict.sound, "{call}: {:?}", verdict.faults);
    }
}
