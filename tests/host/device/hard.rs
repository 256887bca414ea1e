//! The cache of a stick is emptied before it is read back: by whom, and whether it is the same stick afterwards.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::frames::loops::{Desk, LEN, Loop, exchange};
use crate::frames::made_up::Machine;
use crate::frames::mock::{self, End};
use ramkey::device::{BlockTarget, DeviceFacts, HardVerify, Refusal, System, TargetPath};
use ramkey::image::AsItIs;
use ramkey::pipeline::{Aftermath, Input, Job, PipelineError, VerifyLevel};

/// A loop device stands for a stick that cannot be reset: it is "plugged in again" by showing another file.
fn run(before: &Path, after: Option<&Path>) -> Option<End> {
    /// What a person does when asked, as the question has no place for it.
    static PLUG: Mutex<Option<(PathBuf, Option<PathBuf>)>> = Mutex::new(None);
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    fn plug(_: &DeviceFacts) -> io::Result<()> {
        let Some((node, Some(file))) = PLUG.lock().unwrap().clone() else { return Ok(()) };
        exchange(&node, &file);
        Ok(())
    }
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let stick = Loop::of(before, &[])?;
    *PLUG.lock().unwrap() = Some((stick.node.clone(), after.map(Into::into)));
    let system = System {
        hard_verify: Some(HardVerify { ask: Some(plug), patience: Duration::from_secs(1) }),
        ..System::default()
    };
    let TargetPath::Block(facts) = TargetPath::look(&system, &stick.node).unwrap() else {
        panic!("no device")
    };
    let target = BlockTarget::open(&system, &facts, &[]).unwrap();
    let image = mock::image();
    let chunks = mock::chunks(&image.bytes);
    let stored = AsItIs { source: &image, chunk_shift: mock::CHUNK_SHIFT, chunks: &chunks };
    let inputs = [Input { name: "dos.img", stored: &stored }];
    let stop = AtomicBool::new(false);
    let job =
        Job { target: &target, buffers: 2, probe: None, inputs: &inputs, stop: &stop, observe: &|_| {} };
    Some(mock::put(mock::layout(image.bytes.len() as u64), job))
}

#[test]
fn a_stick_that_is_plugged_in_again_is_read_back_and_finished() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let Some(end) = run(&file, Some(&file)) else { return };
    let End::Committed(committed) = end else { panic!("it was not committed") };
    assert_eq!(committed.effort.level, VerifyLevel::Replugged);
    assert_ne!(fs::read(&file).unwrap()[..512], [0; 512]);
}

#[test]
fn another_stick_in_its_place_is_not_finished() {
    let desk = Desk::new();
    let (file, other) = (desk.path("disk.img"), desk.path("other.img"));
    for len in [LEN, LEN * 2] {
        File::create(&other).unwrap().set_len(len).unwrap();
        let before = fs::read(&other).unwrap();
        let Some(End::Failed(failure)) = run(&file, Some(&other)) else { return };
        // One that is as long is alike in all that a loop device has: only what it holds tells it.
        let is_expected = match failure.cause {
            PipelineError::DeviceChanged(_) => len == LEN,
            PipelineError::CacheKept(_) => len != LEN,
            _ => false,
        };
        assert!(is_expected, "{len}: {failure}");
        assert_eq!(failure.stick, Aftermath::WillNotBoot);
        assert!(fs::read(&other).unwrap() == before, "the other stick was written to");
        assert_eq!(fs::read(&file).unwrap()[..512], [0; 512], "the stick that was pulled out boots");
    }
}

#[test]
fn a_stick_that_was_not_pulled_out_is_not_finished() {
    let desk = Desk::new();
    let file = desk.path("disk.img");
    let Some(End::Failed(failure)) = run(&file, None) else { return };
    assert!(matches!(failure.cause, PipelineError::CacheKept(_)), "{failure}");
    assert_eq!(failure.stick, Aftermath::WillNotBoot);
    assert_eq!(fs::read(&file).unwrap()[..512], [0; 512]);
}

#[test]
fn where_no_cache_can_be_emptied_nothing_is_written() {
    let machine = Machine::new();
    let ask: fn(&DeviceFacts) -> io::Result<()> = |_| Ok(());
    let refuses = |machine: &Machine, ask| {
        let system = System {
            hard_verify: Some(HardVerify { ask, patience: Duration::ZERO }),
            ..machine.system.clone()
        };
        let facts = system.facts(ramkey::device::DeviceNumber { major: 240, minor: 16 }).unwrap();
        let refusal = TargetPath::Block(Box::new(facts)).admit(&system, &[]).err();
        matches!(refusal, Some(Refusal::KeepsCache { is_file: false, .. }))
    };
    assert!(refuses(&machine, None), "there is no node and no person");
    assert!(!refuses(&machine, Some(ask)), "there is a person");
    machine.put("sys/devices/usb1/1-1/busnum", "1\n");
    machine.put("sys/devices/usb1/1-1/devnum", "7\n");
    assert!(refuses(&machine, None), "there is no node");
    machine.put("dev/bus/usb/001/007", "");
    assert!(!refuses(&machine, None), "there is a node");

    let folder = tempfile::tempdir().unwrap();
    let system = System {
        hard_verify: Some(HardVerify { ask: Some(ask), patience: Duration::ZERO }),
        ..System::default()
    };
    let path = folder.path().join("new.img");
    let target = TargetPath::look(&system, &path).unwrap();
    let refusal = target.admit(&system, &[]).err();
    assert!(matches!(refusal, Some(Refusal::KeepsCache { is_file: true, .. })), "{refusal:?}");
    assert!(!path.exists());
}
