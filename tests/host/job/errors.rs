//! An error of a job says what is wrong, what helps, and what became of the stick.

use std::fs;
use std::sync::atomic::AtomicBool;

use ramkey::device::{System, TargetPath};
use ramkey::job::{Destination, Images, JobError, StickRequest, plan, prepare, verify, write_to};
use ramkey::pipeline::Aftermath;
use ramkey::verify::Strictness;

use crate::frames::mock::{Fault, Stick};
use crate::frames::sticks::noise;

#[test]
fn what_fails_before_the_first_write_leaves_the_stick_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("one.img"), noise(2_000_000)).unwrap();
    fs::write(at("small.img"), vec![0; 1 << 20]).unwrap();
    fs::write(at("part.img"), vec![0; 1000]).unwrap();

    let missing = Images::open(&StickRequest::new(vec![at("missing.img")])).err().expect("no image");
    assert!(matches!(missing, JobError::Image(_)), "{missing}");

    let request = StickRequest::new(vec![at("one.img")]);
    let system = System::default();
    let to = |name: &str, request: &StickRequest| {
        let target = TargetPath::look(&system, &at(name)).unwrap();
        let destination = Destination { system: &system, target: &target };
        prepare(request, Images::open(request).unwrap(), Some(destination), &|_| ()).err().expect("a refusal")
    };
    let small = to("small.img", &request);
    assert!(matches!(&small, JobError::SmallFile { len: 1_048_576, .. }), "{small}");
    let part = to("part.img", &request);
    assert!(matches!(part, JobError::Target(_)), "{part}");
    let source = to("one.img", &request);
    assert!(matches!(source, JobError::Target(_)), "the image is the target: {source}");
    let tiny = StickRequest { size: Some(512), ..request };
    let tiny = prepare(&tiny, Images::open(&tiny).unwrap(), None, &|_| ()).err().expect("too small");
    assert!(matches!(tiny, JobError::Plan(_)), "{tiny}");

    let none = verify(&at("one.img"), Strictness::Boot, &|_| ()).expect_err("no stick");
    assert!(matches!(none, JobError::NoStick { .. }), "{none}");
    for error in [missing, small, part, source, tiny, none] {
        assert_eq!(error.stick(), Aftermath::Untouched, "{error}");
        assert!(error.help().is_some(), "{error}");
    }
    assert_eq!(fs::read(at("one.img")).unwrap(), noise(2_000_000));
    assert_eq!(fs::read(at("small.img")).unwrap(), vec![0; 1 << 20]);
}

#[test]
fn what_the_stick_does_wrong_is_told_with_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.img");
    fs::write(&path, noise(2_000_000)).unwrap();
    let request = StickRequest { size: Some(8 << 20), ..StickRequest::new(vec![path]) };
    let prepared = prepare(&request, Images::open(&request).unwrap(), None, &|_| ()).unwrap();
    let ranges = plan(&prepared).ranges;
    let capsule = ranges.iter().find(|range| range.role == "capsule").unwrap();
    let boot = ranges.iter().find(|range| range.role == "boot-code").unwrap();
    for (fault, state) in [
        (Fault::FailWrite(0), Aftermath::Unknown),
        (Fault::PulledAtWrite(20), Aftermath::WillNotBoot),
        (Fault::DropSector(boot.lba + 1), Aftermath::WillNotBoot),
        (Fault::Wraps(capsule.lba + 1), Aftermath::WillNotBoot),
    ] {
        let stick = Stick::new(fault);
        let error = write_to(&prepared, &stick, &AtomicBool::new(false), &|_| ()).err();
        let error = error.unwrap_or_else(|| panic!("{fault:?} was not seen"));
        assert_eq!(error.stick(), state, "{fault:?}: {error}");
        match &error {
            JobError::Pipeline(_) => {}
            JobError::Differs { differences, .. } => assert!(!differences.is_empty()),
            other => panic!("{fault:?}: {other}"),
        }
    }
}
