//! A stick is made, verified and looked at by requests, an observer and a flag that stops it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use ramkey::device::{System, TargetPath};
use ramkey::job::{
    Companion, Destination, Event, Images, InspectRequest, Inspected, JobError, Observer, Part, Prepared,
    StickRequest, diagnose, inspect, plan, prepare, verify, write, write_to,
};
use ramkey::pipeline::{Aftermath, Phase, PipelineError};
use ramkey::verify::Strictness;

use crate::frames::mock::{Fault, Stick};
use crate::frames::sticks::noise;

/// Counts what it is told.
#[derive(Default)]
struct Counter {
    /// Each part with the bytes that it was to handle and those that it handled.
    parts: Mutex<Vec<(Part, u64, u64)>>,
    ends: Mutex<u32>,
}

impl Observer for Counter {
    fn tell(&self, event: Event) {
        match event {
            Event::Begin { part, bytes } => self.parts.lock().unwrap().push((part, bytes, 0)),
            Event::Advance { bytes } => self.parts.lock().unwrap().last_mut().unwrap().2 += bytes,
            Event::End => *self.ends.lock().unwrap() += 1,
            _ => {}
        }
    }
}

impl Counter {
    fn parts(&self) -> Vec<Part> {
        self.parts.lock().unwrap().iter().map(|(part, ..)| *part).collect()
    }
}

fn image(folder: &Path, name: &str, len: usize) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, noise(len)).unwrap();
    path
}

fn prepared(request: &StickRequest) -> Prepared {
    prepare(request, Images::open(request).unwrap(), None, &|_| ()).unwrap()
}

#[test]
fn a_stick_is_made_in_a_file_and_verified_without_a_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let request = StickRequest {
        titles: vec!["One".into()],
        companions: vec![Companion {
            path: image(folder.path(), "beside.img", 70_000),
            number: Some(0x81),
            is_floppy: false,
        }],
        ..StickRequest::new(vec![image(folder.path(), "one.img", 900_000)])
    };
    let stick = folder.path().join("stick.img");
    let system = System::default();
    let target = TargetPath::look(&system, &stick).unwrap();
    let destination = Destination { system: &system, target: &target };
    let counter = Counter::default();
    let images = Images::open(&request).unwrap();
    let prepared = prepare(&request, images, Some(destination), &counter).unwrap();
    assert!(!stick.exists(), "preparing made the stick");
    assert_eq!(counter.parts(), [Part::Hash, Part::Pack, Part::Hash, Part::Pack]);

    let planned = plan(&prepared);
    assert!(planned.size_chosen);
    let report = write(&prepared, destination, &AtomicBool::new(false), &counter).unwrap();
    assert_eq!((&report.stick.ranges, &report.stick.stick_id), (&planned.ranges, &planned.stick_id));
    let phases = [Phase::Clear, Phase::Write, Phase::Flush, Phase::ReadBack, Phase::Commit].map(Part::Write);
    assert_eq!(counter.parts()[4..], phases);
    assert_eq!(*counter.ends.lock().unwrap(), 5, "two images, each hashed and packed, and one stick");
    for (part, wanted, done) in counter.parts.lock().unwrap().iter() {
        assert_eq!(wanted, done, "{part:?}");
    }

    let verdict = verify(&stick, Strictness::EveryByte, &counter).unwrap();
    assert!(verdict.sound, "{:?}", verdict.faults);
    assert_eq!(verdict.stick_id, report.stick.stick_id);
    assert_eq!(verdict.capsules[0].title, "One");
    assert_eq!(counter.parts().last(), Some(&Part::Read));
    assert_eq!(diagnose(&stick).unwrap().contradictions, 0);
    let look = InspectRequest {
        path: stick,
        hash: false,
        kind: Default::default(),
        geometry: None,
        folder_free: None,
        expectations: Default::default(),
    };
    assert!(matches!(inspect(&look, &|_| ()), Ok(Inspected::Stick(view)) if view.verdict.sound));
}

#[test]
fn a_stick_is_made_in_memory_as_it_would_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let stick = Stick::new(Fault::None);
    let len = stick.state().bytes.len() as u64;
    let request =
        StickRequest { size: Some(len), ..StickRequest::new(vec![image(folder.path(), "one.img", 700_000)]) };
    let prepared = prepared(&request);
    let report = write_to(&prepared, &stick, &AtomicBool::new(false), &|_| ()).unwrap();
    assert_eq!(report.repairs, []);

    let path = folder.path().join("stick.img");
    let system = System::default();
    let target = TargetPath::look(&system, &path).unwrap();
    let destination = Destination { system: &system, target: &target };
    write(&prepared, destination, &AtomicBool::new(false), &|_| ()).unwrap();
    let (memory, file) = (&stick.state().bytes, fs::read(path).unwrap());
    for range in &report.stick.ranges {
        let bytes = (range.lba * 512) as usize..((range.lba + range.sectors) * 512) as usize;
        assert!(memory[bytes.clone()] == file[bytes], "{} at {}", range.role, range.lba);
    }
}

#[test]
fn a_flag_stops_it_and_the_error_says_what_became_of_the_stick() {
    let folder = tempfile::tempdir().unwrap();
    let request = StickRequest {
        size: Some(8 << 20),
        ..StickRequest::new(vec![image(folder.path(), "one.img", 3_000_000)])
    };
    let prepared = prepared(&request);
    for (phase, state) in [
        (None, Aftermath::Untouched),
        (Some(Phase::Write), Aftermath::WillNotBoot),
        (Some(Phase::ReadBack), Aftermath::WillNotBoot),
    ] {
        let stick = Stick::new(Fault::None);
        let stop = AtomicBool::new(phase.is_none());
        let observer = |event| {
            if let Event::Begin { part: Part::Write(begun), .. } = event {
                stop.fetch_or(Some(begun) == phase, Ordering::Relaxed);
            }
        };
        let error = write_to(&prepared, &stick, &stop, &observer).expect_err("it was stopped");
        assert_eq!(error.stick(), state, "{phase:?}");
        let JobError::Pipeline(failure) = &error else { panic!("{error}") };
        assert!(matches!(failure.cause, PipelineError::Stopped { .. }), "{error}");
        assert!(stick.boot_sectors_are(if phase.is_none() { 0xD1 } else { 0 }), "{phase:?}");
        assert_eq!(error.help().as_deref(), Some("repeat the command to make the stick bootable"));
    }
}

#[test]
fn a_new_file_that_was_not_written_to_is_gone_again() {
    let folder = tempfile::tempdir().unwrap();
    let request = StickRequest::new(vec![image(folder.path(), "one.img", 20_000)]);
    let path = folder.path().join("stick.img");
    let system = System::default();
    let target = TargetPath::look(&system, &path).unwrap();
    let destination = Destination { system: &system, target: &target };
    let prepared = prepare(&request, Images::open(&request).unwrap(), Some(destination), &|_| ()).unwrap();
    let error = write(&prepared, destination, &AtomicBool::new(true), &|_| ()).expect_err("stopped");
    assert_eq!(error.stick(), Aftermath::Untouched);
    assert!(!path.exists());
}
