//! Writing and reading back, on a stick that insists on alignment and misbehaves in every way we know.

use crate::frames::{mock, sticks};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::frames::mock::{CLEARED_FIRST, End, Fault, Stick, image, is_complete, run, run_observed};
use ramkey::image::{AsItIs, StoredBytes, Unproven};
use ramkey::layout::{Content, Extent, Layout, Role};
use ramkey::pipeline::{
    Aftermath, Event, Found, Input, Job, Phase, PipelineError, Verdict, commit, verify, write,
};

#[test]
fn a_good_stick_is_written_whole_then_its_boot_headers_and_sector_0_last() {
    let (stick, image) = (Stick::new(Fault::None), image());
    let End::Committed(committed) = run(&stick, &image) else { panic!("it was not committed") };
    assert!(is_complete(&stick, &image));
    assert!(committed.effort.repairs.is_empty());
    let sectors: u64 = committed.layout.extents.iter().map(|extent| extent.sectors).sum();
    assert_eq!(committed.bytes, sectors * 512);
    let log = stick.state().log.clone();
    assert_eq!(log[..3], [(0, 512), (128 * 512, 512), (2176 * 512, 512)], "cleared before anything else");
    let commit = &log[log.len() - 3..];
    assert_eq!(commit, [(2176 * 512, 512), (128 * 512, 512), (0, 512)], "written behind everything else");
    for (offset, len) in &log[3..log.len() - 3] {
        let holds = |lba: &&u64| (*offset..offset + len).contains(&(**lba * 512));
        assert_eq!(CLEARED_FIRST.iter().find(holds), None, "it is held back");
    }
}

#[test]
fn each_boot_header_is_proven_before_the_next_boot_sector_is_written() {
    // What is dropped is noticed at once, so the sectors behind it are cleared again and never written.
    let (good, image) = (Stick::new(Fault::None), image());
    let End::Committed(_) = run(&good, &image) else { panic!("it was not committed") };
    let writes = good.state().writes;
    for (write, lba) in [(writes - 3, 2176), (writes - 2, 128), (writes - 1, 0)] {
        let stick = Stick::new(Fault::DropWrite(write));
        let End::Failed(failure) = run(&stick, &image) else { panic!("sector {lba} was not missed") };
        let expected = format!("sector {lba} reads back changed after it was written");
        assert_eq!((failure.stick, failure.to_string()), (Aftermath::WillNotBoot, expected));
        assert!(stick.boot_sectors_are(0), "sector {lba}");
        let log = &stick.state().log;
        assert_eq!(
            log[write as usize + 1..],
            log[..3],
            "sector {lba}: what follows are the same three zeros"
        );
    }
}

#[test]
fn a_stick_that_ends_before_the_second_boot_header_is_written_too() {
    use ramkey::device::{FileTarget, System, TargetPath};
    for sectors in [64, 200, 2176, 2177] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stick.img");
        std::fs::write(&path, vec![sticks::POISON; sectors * 512]).unwrap();
        let target = TargetPath::look(&System::default(), &path).unwrap();
        let target = FileTarget::open(&target, sectors as u64 * 512).unwrap();
        let content = Content::Bytes(vec![7; 512]);
        let extents = vec![Extent { lba: 0, sectors: 1, role: Role::Sector0, content }];
        let cleared_first = CLEARED_FIRST.to_vec();
        let layout = Layout { stick_sectors: sectors as u64, cleared_first, held_back: vec![0], extents };
        let stop = AtomicBool::new(false);
        let job = Job {
            target: &target,
            buffers: Job::BUFFERS,
            probe: None,
            inputs: &[],
            stop: &stop,
            observe: &|_| {},
        };
        let mock::End::Committed(_) = mock::put(layout, job) else { panic!("{sectors} sectors") };
        for (lba, sector) in std::fs::read(&path).unwrap().chunks(512).enumerate() {
            let expected = match lba {
                0 => 7,
                128 | 2176 => 0,
                _ => sticks::POISON,
            };
            assert_eq!(sector, [expected; 512], "sector {lba} of {sectors}");
        }
    }
}

#[test]
fn the_pipeline_writes_what_the_layout_describes_on_every_kind_of_stick() {
    use ramkey::device::{FileTarget, System, TargetPath};
    for (kind, fs, len) in sticks::every_layout().into_iter().filter(|(_, _, len)| *len < 60 << 20) {
        let images = vec![("dos.img", sticks::Image(sticks::noise((3 << 20) + 77)))];
        let stick = sticks::Stick::new(images, kind, fs, len);
        let expected = stick.bytes();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stick.img");
        std::fs::write(&path, vec![sticks::POISON; len as usize]).unwrap();
        let target = TargetPath::look(&System::default(), &path).unwrap();
        let target = FileTarget::open(&target, len).unwrap();
        let image = &stick.images[0];
        let chunks = mock::chunks(&image.0);
        let stored = AsItIs { source: image, chunk_shift: mock::CHUNK_SHIFT, chunks: &chunks };
        let inputs = [Input { name: "dos.img", stored: &stored }];
        let stop = AtomicBool::new(false);
        let job = Job {
            target: &target,
            buffers: Job::BUFFERS,
            probe: None,
            inputs: &inputs,
            stop: &stop,
            observe: &|_| {},
        };
        let Ok(Verdict::Identical(proven)) = write(stick.layout, job).and_then(verify) else {
            panic!("{kind:?} {fs:?} was not proven")
        };
        assert!(commit(*proven).is_ok());
        assert!(std::fs::read(&path).unwrap() == expected, "{kind:?} {fs:?} {len}");
    }
}

#[test]
fn bytes_outside_the_layout_are_not_touched() {
    let stick = Stick::new(Fault::None);
    let End::Committed(_) = run(&stick, &image()) else { panic!("it was not committed") };
    let state = stick.state();
    for lba in [34, 127, 228, 2175, 2276, 2399, 2700, 2999, mock::STICK_SECTORS - 3001] {
        let sector = &state.bytes[(lba * 512) as usize..][..512];
        assert!(sector.iter().all(|&byte| byte == 0xD1), "sector {lba} was written");
    }
}

#[test]
fn a_fresh_file_keeps_its_holes_and_is_still_read_back() {
    let mut stick = Stick::new(Fault::None);
    stick.fresh = true;
    stick.state().bytes.fill(0);
    let End::Committed(_) = run(&stick, &image()) else { panic!("it was not committed") };
    assert!(is_complete(&stick, &image()));
    let first_cleared = (mock::STICK_SECTORS - 3000) * 512;
    assert!(stick.state().log.iter().all(|(offset, _)| *offset < first_cleared), "zeros were written");

    // A stick that only claims to be fresh is found out and repaired.
    let mut stick = Stick::new(Fault::None);
    stick.fresh = true;
    let End::Committed(committed) = run(&stick, &image()) else { panic!("it was not committed") };
    assert!(!committed.effort.repairs.is_empty());
    assert!(is_complete(&stick, &image()));
}

#[test]
fn one_lie_is_repaired_and_reported() {
    let image = image();
    let good = Stick::new(Fault::None);
    let End::Committed(_) = run(&good, &image) else { panic!("it was not committed") };
    let writes = good.state().writes;
    assert!(writes > 12, "{writes}");
    // The first three clear, the last three commit.
    for n in 3..writes - 3 {
        let stick = Stick::new(Fault::DropWrite(n));
        let End::Committed(committed) = run(&stick, &image) else { panic!("write {n}: not committed") };
        assert_eq!(committed.effort.repairs.len(), 1, "write {n}");
        assert_eq!(committed.effort.repairs[0].tries, 1, "write {n}");
        assert!(is_complete(&stick, &image), "write {n}");
    }
}

#[test]
fn a_boot_sector_that_did_not_stay_clear_is_cleared_again() {
    let image = image();
    for lba in CLEARED_FIRST {
        let stick = Stick::new(Fault::None);
        let spoil = |event| {
            if matches!(event, Event::Begin { phase: Phase::Flush, .. }) {
                stick.state().bytes[(lba * 512) as usize] = 1;
            }
        };
        let end = run_observed(&stick, &image, &AtomicBool::new(false), &spoil);
        let End::Committed(committed) = end else { panic!("sector {lba}: it was not committed") };
        let repairs: Vec<u64> = committed.effort.repairs.iter().map(|repair| repair.lba).collect();
        assert_eq!(repairs, [lba]);
        assert!(is_complete(&stick, &image), "sector {lba}");
    }
}

#[test]
fn a_sector_that_needs_several_tries_gets_three() {
    let image = image();
    // The first read is the pass that finds it; each try reads once more.
    for (times, tries) in [(1, 1), (2, 2), (3, 3)] {
        let stick = Stick::new(Fault::BadReads { lba: 2500, times });
        let End::Committed(committed) = run(&stick, &image) else { panic!("{times} bad reads") };
        assert_eq!(committed.effort.repairs[0].tries, tries);
        assert_eq!(committed.effort.repairs[0].lba, 2400, "the piece that holds sector 2500");
    }
    let stick = Stick::new(Fault::BadReads { lba: 2500, times: 4 });
    assert!(matches!(run(&stick, &image), End::Differs { .. }));
}

#[test]
fn a_sector_that_loses_data_for_ever_is_named_with_both_hashes() {
    let image = image();
    let stick = Stick::new(Fault::DropSector(2500));
    let End::Differs { stick: state, differences } = run(&stick, &image) else { panic!("it was missed") };
    assert_eq!(state, Aftermath::WillNotBoot);
    let [difference] = &differences[..] else { panic!("{differences:?}") };
    assert_eq!((difference.offset, difference.end, difference.tries), (2500 * 512, 2501 * 512, 4));
    let written = blake3::hash(&mock::noise(300 * 512, 4)[100 * 512..101 * 512]);
    let read = blake3::hash(&[0xD1; 512]);
    assert_eq!((difference.written, &difference.read), (written, &Found::Bytes(read)));
    let expected = format!("bytes 0x138800..0x138a00 changed: wrote {written}, read back {read}");
    assert_eq!(difference.to_string(), expected);
    assert!(stick.boot_sectors_are(0));
}

#[test]
fn a_stick_that_claims_more_room_than_it_has_is_never_committed() {
    // Each repair destroys what lies at the same place: only a whole pass without one may count.
    for sectors in [64, 1000, 3000, 4096, 8192, mock::STICK_SECTORS - 3000] {
        let stick = Stick::new(Fault::Wraps(sectors));
        let end = run(&stick, &image());
        assert!(!matches!(end, End::Committed(_)), "{sectors} sectors");
        let state = stick.state();
        for lba in CLEARED_FIRST {
            let real = (lba % sectors * 512) as usize;
            assert_eq!(state.bytes[real..][..512], [0; 512], "sector {lba} of {sectors}");
        }
    }
}

#[test]
fn an_image_that_changes_is_noticed_and_the_stick_does_not_boot() {
    for read in 0..3 {
        let mut image = image();
        image.changes_at = Some(read);
        let stick = Stick::new(Fault::None);
        let End::Failed(failure) = run(&stick, &image) else { panic!("read {read}: it was missed") };
        assert_eq!(failure.stick, Aftermath::WillNotBoot);
        let offset = read << 20;
        assert_eq!(
            failure.to_string(),
            format!(
                "bytes {offset:#x}..{:#x} of dos.img changed while it was being written",
                offset + 0x40000
            )
        );
        assert!(stick.boot_sectors_are(0));
    }
}

#[test]
fn an_image_that_cannot_be_read_leaves_a_stick_that_does_not_boot() {
    let mut image = image();
    image.fails_at = Some(1);
    let stick = Stick::new(Fault::None);
    let End::Failed(failure) = run(&stick, &image) else { panic!("it was missed") };
    assert_eq!(failure.to_string(), "reading dos.img at byte 0x100000");
    assert_eq!(failure.stick, Aftermath::WillNotBoot);
}

#[test]
fn an_exchanged_stick_is_not_committed() {
    let stick = Stick::new(Fault::Exchanged);
    let End::Failed(failure) = run(&stick, &image()) else { panic!("it was missed") };
    assert!(matches!(failure.cause, PipelineError::DeviceChanged(_)));
    assert!(stick.boot_sectors_are(0));
}

#[test]
fn a_wrong_layout_is_refused_before_the_first_write() {
    let extent = |lba, sectors, role| Extent { lba, sectors, role, content: Content::Zeros };
    let first = extent(0, 1, Role::Sector0);
    let cases = [
        vec![],
        vec![extent(1, 1, Role::Table)],
        vec![first.clone(), extent(0, 1, Role::Table)],
        vec![first.clone(), extent(5, 2, Role::Table), extent(6, 1, Role::Table)],
        vec![first.clone(), extent(5, 0, Role::Table)],
        vec![first.clone(), extent(mock::STICK_SECTORS, 1, Role::Table)],
        vec![first.clone(), extent(u64::MAX, 1, Role::Table)],
        vec![first.clone(), Extent { content: Content::Bytes(vec![0; 511]), ..extent(1, 1, Role::Table) }],
    ];
    let ordered = |(extents, held_back): (Vec<Extent>, Vec<u64>)| Layout {
        stick_sectors: mock::STICK_SECTORS,
        cleared_first: CLEARED_FIRST.to_vec(),
        held_back,
        extents,
    };
    let code = vec![first.clone(), extent(128, 2, Role::BootCode)];
    // Nothing is held back; not cleared first; not in a range; twice.
    let orders = [vec![], vec![129, 0], vec![2176, 0], vec![128, 0, 128]];
    let cases = cases.map(|extents| (extents, vec![0])).into_iter();
    for layout in cases.chain(orders.map(|held_back| (code.clone(), held_back))).map(ordered) {
        let stick = Stick::new(Fault::None);
        let described = format!("{layout:?}");
        let stop = AtomicBool::new(false);
        let job = Job {
            target: &stick,
            buffers: Job::BUFFERS,
            probe: None,
            inputs: &[],
            stop: &stop,
            observe: &|_| {},
        };
        let Err(failure) = write(layout, job) else { panic!("accepted: {described}") };
        assert_eq!(failure.stick, Aftermath::Untouched, "{described}");
        assert_eq!(stick.state().writes, 0, "{described}");
    }
}

#[test]
fn a_medium_that_does_not_begin_with_sector_0_is_held_back_where_its_layout_says_in_that_order() {
    let extent = |lba, sectors| {
        let content = Content::Bytes((lba..lba + sectors).flat_map(|lba| [lba as u8; 512]).collect());
        Extent { lba, sectors, role: Role::Table, content }
    };
    // In the middle of a range, at its end, and one behind the other.
    let layout = Layout {
        stick_sectors: mock::STICK_SECTORS,
        cleared_first: vec![72, 68, 66, 67, mock::STICK_SECTORS],
        held_back: vec![67, 72, 66],
        extents: vec![extent(64, 9), extent(100, 20)],
    };
    let stick = Stick { in_flight: 1, ..Stick::new(Fault::None) };
    let stop = AtomicBool::new(false);
    let job = Job {
        target: &stick,
        buffers: Job::BUFFERS,
        probe: None,
        inputs: &[],
        stop: &stop,
        observe: &|_| {},
    };
    let End::Committed(_) = mock::put(layout, job) else { panic!("it was not committed") };
    let state = stick.state();
    let log: Vec<(u64, u64)> = state.log.iter().map(|&(offset, len)| (offset / 512, len / 512)).collect();
    let cleared = [(72, 1), (68, 1), (66, 1), (67, 1)];
    let written = [(64, 2), (68, 4), (100, 20)];
    let committed = [(67, 1), (72, 1), (66, 1)];
    assert_eq!(log, [&cleared[..], &written, &committed].concat());
    let at = |lba: u64| state.bytes[lba as usize * 512];
    assert!((64..73).chain(100..120).all(|lba| at(lba) == lba as u8));
    assert_eq!((at(0), at(63), at(73), at(128)), (0xD1, 0xD1, 0xD1, 0xD1));
}

#[test]
fn a_single_chunk_is_proven_by_its_root_hash() {
    let bytes = mock::noise(1000, 9);
    let image = mock::Image { bytes: bytes.clone(), ..image() };
    let chunks = [*blake3::hash(&bytes).as_bytes()];
    let stored = AsItIs { source: &image, chunk_shift: 18, chunks: &chunks };
    let inputs = [Input { name: "a", stored: &stored }];
    let stick = Stick::new(Fault::None);
    let stop = AtomicBool::new(false);
    let job = Job {
        target: &stick,
        buffers: Job::BUFFERS,
        probe: None,
        inputs: &inputs,
        stop: &stop,
        observe: &|_| {},
    };
    assert!(write(mock::layout(1000), job).is_ok());
}

#[test]
fn the_events_account_for_every_byte() {
    let (stick, image) = (Stick::new(Fault::DropSector(u64::MAX)), image());
    let events = Mutex::new(Vec::new());
    let End::Committed(committed) =
        run_observed(&stick, &image, &AtomicBool::new(false), &|event| events.lock().unwrap().push(event))
    else {
        panic!("it was not committed")
    };
    let events = events.into_inner().unwrap();
    for phase in [Phase::Clear, Phase::Write, Phase::ReadBack, Phase::Commit] {
        let promised = events.iter().find_map(|event| match event {
            Event::Begin { phase: found, bytes } if *found == phase => Some(*bytes),
            _ => None,
        });
        let done: u64 = events
            .iter()
            .map(|event| match event {
                Event::Advance { phase: found, bytes } if *found == phase => *bytes,
                _ => 0,
            })
            .sum();
        assert_eq!(promised, Some(done), "{phase:?}");
        if phase == Phase::ReadBack {
            assert_eq!(done, committed.bytes);
        }
    }
}

/// Stored bytes that are not those of an image: each sector has a hash of its own.
struct Sectors {
    bytes: Vec<u8>,
    hashes: Vec<blake3::Hash>,
}

impl StoredBytes for Sectors {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        buffer.copy_from_slice(&self.bytes[offset as usize..][..buffer.len()]);
        Ok(())
    }

    fn prove(&self, offset: u64, bytes: &[u8]) -> Result<(), Unproven> {
        for (at, sector) in (offset..).step_by(512).zip(bytes.chunks(512)) {
            if self.hashes[at as usize / 512] != blake3::hash(sector) {
                return Err(Unproven::Changed(at..at + sector.len() as u64));
            }
        }
        Ok(())
    }
}

#[test]
fn stored_bytes_begin_in_any_sector_and_prove_themselves() {
    let bytes = mock::noise(1_300_100, 11);
    let hashes = bytes.chunks(512).map(blake3::hash).collect();
    let mut layout = mock::layout(bytes.len() as u64 - 3 * 512);
    for extent in &mut layout.extents {
        if let Content::Image { offset, .. } = &mut extent.content {
            *offset = 3 * 512;
        }
    }
    let mut stored = Sectors { bytes, hashes };
    let put = |stored: &Sectors, stick: &Stick| {
        let inputs = [Input { name: "a", stored }];
        let stop = AtomicBool::new(false);
        mock::put(
            layout.clone(),
            Job {
                target: stick,
                buffers: Job::BUFFERS,
                probe: None,
                inputs: &inputs,
                stop: &stop,
                observe: &|_| {},
            },
        )
    };
    let stick = Stick::new(Fault::None);
    assert!(matches!(put(&stored, &stick), End::Committed(_)));
    let expected = &stored.bytes[3 * 512..];
    assert!(&stick.state().bytes[3000 * 512..][..expected.len()] == expected);

    stored.bytes[1_000_000] ^= 1;
    let End::Failed(failure) = put(&stored, &Stick::new(Fault::None)) else { panic!("it was not noticed") };
    let at = 1_000_000 / 512 * 512;
    let changed = |offset, end| (offset, end) == (at, at + 512);
    assert!(
        matches!(failure.cause, PipelineError::ImageChanged { offset, end, .. } if changed(offset, end)),
        "{failure}"
    );
}
