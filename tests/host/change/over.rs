//! An image is written over the one before it, where both have no room. While the stick does not boot it is cut off anywhere.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ramkey::change::ChangeError;
use ramkey::job::{JobError, reflash_to};
use ramkey::pipeline::{Aftermath, Target};
use ramkey::plan::{FatBits, LayoutKind};
use ramkey::stick::Reader;
use ramkey::verify::Strictness;

use crate::frames::desk::{CHUNK, Desk, bytes, hash, is_whole, judge, superfloppy, with_own_file};
use crate::frames::loader::load_all;
use crate::frames::recorder::{Recorder, each_cut};
use crate::frames::sticks::{Image, MIB};
use crate::frames::verdicts::{told, volume_offset};

const HEADER_LBA: usize = 128;

/// Whether any sector is there from which the stick, whose file system begins at byte `offset`, could be booted. A copy of sector 0
/// proves the boot header first, and the loader needs the boot sector of the file system.
fn may_boot(stick: &[u8], offset: u64) -> bool {
    let is_there = |lba: usize| stick[lba * 512..][..512] != [0; 512];
    is_there(0) || (offset > 0 && is_there(HEADER_LBA))
}

#[test]
fn an_image_without_room_is_written_over_the_old_one_and_the_same_command_goes_on() {
    for layout in [LayoutKind::Superfloppy, LayoutKind::Hdd] {
        let (old, new) = (bytes(12 * CHUNK, 1), bytes(12 * CHUNK, 7));
        let len = if layout == LayoutKind::Hdd { 4 * MIB } else { 2 * MIB };
        let usual = ramkey::job::StickRequest { layout: layout.into(), ..superfloppy(FatBits::Fat12, len) };
        let mut desk = Desk::new(&[("a.img", old.clone())], usual);
        let offset = volume_offset(layout);
        let error = desk.reflash(&desk.stick, &new, None).map(drop).unwrap_err();
        assert!(matches!(&error, JobError::Change { source: ChangeError::NoRoom { .. }, .. }), "{error}");
        desk.over = true;
        let (after, log, report) = desk.reflash(&desk.stick, &new, None).unwrap();
        assert_eq!(report.was, hash(&old));
        is_whole(&after, offset, desk.folder.path());
        // Whoever goes on is asked nothing.
        desk.over = false;
        let (mut dead, mut went_on) = (0, 0);
        each_cut(&desk.stick, &log, 1, |case, stick| {
            if may_boot(stick, offset) {
                let loaded = load_all(stick, offset / 512).unwrap_or_else(|error| panic!("{case}: {error}"));
                assert!([hash(&old), hash(&new)].contains(&loaded[0].blake3), "{case}");
                return;
            }
            dead += 1;
            let verdict = judge(stick, Strictness::Boot);
            assert!(told(&verdict).contains("the stick was not finished"), "{case}: {}", told(&verdict));
            if dead % 6 == 1 {
                went_on += 1;
                let other = bytes(11 * CHUNK, 9);
                let image = if went_on % 2 == 0 { &other } else { &new };
                let (end, ..) =
                    desk.reflash(stick, image, None).unwrap_or_else(|error| panic!("{case}: {error}"));
                is_whole(&end, offset, desk.folder.path());
                assert_eq!(load_all(&end, offset / 512).unwrap()[0].blake3, hash(image), "{case}");
            }
        });
        assert!(went_on > 1, "{dead} moments");
    }
}

#[test]
fn what_was_written_over_comes_first_and_the_users_own_files_stay() {
    let (one, two, new) = (bytes(10 * CHUNK, 1), bytes(5 * CHUNK, 2), bytes(10 * CHUNK, 7));
    let images = [("one.img", one), ("two.img", two.clone())];
    let mut desk = Desk::new(&images, superfloppy(FatBits::Fat12, 2 * MIB));
    desk.stick = with_own_file(&desk, &desk.stick, "::OWN.TXT");
    desk.over = true;
    let (after, log, _) = desk.reflash(&desk.stick, &new, Some("one")).unwrap();
    let own = |stick: &[u8]| {
        let verdict = judge(stick, Strictness::Boot);
        assert!(verdict.sound && told(&verdict).contains("OWN.TXT"), "{}", told(&verdict));
    };
    own(&after);
    let mut looked = 0;
    each_cut(&desk.stick, &log, 1, |case, stick| {
        if may_boot(stick, 0) || looked == 3 {
            return;
        }
        looked += 1;
        let error = desk.reflash(stick, &new, Some("two")).map(drop).unwrap_err();
        assert!(
            matches!(&error, JobError::Change { source: ChangeError::OtherFirst { .. }, .. }),
            "{case}: {error}"
        );
        let error = desk.remove(stick, "two").map(drop).unwrap_err();
        assert!(
            matches!(&error, JobError::Change { source: ChangeError::WrittenOver, .. }),
            "{case}: {error}"
        );
        let (end, ..) = desk.reflash(stick, &new, Some("one")).unwrap();
        own(&end);
        let hashes: Vec<String> = load_all(&end, 0).unwrap().into_iter().map(|image| image.blake3).collect();
        assert_eq!(hashes, [hash(&new), hash(&two)], "{case}");
        // A fault of the other image stays one.
        let mut worse = stick.to_vec();
        let two_lba = {
            let image = Image(desk.stick.clone());
            let reader = Reader::new(&image, &|_| {});
            let state = ramkey::stick::read(&reader);
            let volume = state.file_system.unwrap().ok().unwrap();
            let entries = volume.tree.unwrap().entries;
            entries.iter().find(|entry| entry.path == "RAMKEY/TWO.RKC").unwrap().runs[0].0
        };
        worse[two_lba as usize * 512 + 20 * 512 + 7] ^= 1;
        let error = desk.reflash(&worse, &new, Some("one")).map(drop).unwrap_err();
        assert!(
            matches!(&error, JobError::Unfinished { cause } if matches!(&**cause, JobError::FaultyStick { faults, .. }
                if faults.iter().all(|fault| fault.place.file.as_deref() == Some("RAMKEY/TWO.RKC")))),
            "{case}: {error:?}"
        );
    });
    assert_eq!(looked, 3);
}

/// A stick that is gone from one of its writes on.
struct Failing {
    inner: Recorder,
    left: AtomicU64,
}

impl Target for Failing {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn alignment(&self) -> usize {
        self.inner.alignment()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.inner.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, buffer: &[u8]) -> io::Result<()> {
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map_err(|_| io::Error::from_raw_os_error(19))?;
        self.inner.write_at(offset, buffer)
    }

    fn flush(&self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[test]
fn whoever_goes_on_with_a_stick_that_does_not_boot_and_fails_is_told_that_it_does_not() {
    let (old, new) = (bytes(12 * CHUNK, 1), bytes(12 * CHUNK, 7));
    let mut desk = Desk::new(&[("a.img", old)], superfloppy(FatBits::Fat12, 2 * MIB));
    desk.over = true;
    let (_, log, _) = desk.reflash(&desk.stick, &new, None).unwrap();
    let mut dead = None;
    each_cut(&desk.stick, &log, 1, |_, stick| {
        if !may_boot(stick, 0) {
            dead = Some(stick.to_vec());
        }
    });
    let dead = dead.unwrap();
    let prepared = desk.prepared(&dead, &bytes(11 * CHUNK, 9), None).unwrap();
    let path = desk.folder.path().join("stick.img");
    let (mut told, mut ends) = (0, 0);
    for writes in 0..400 {
        let target = Failing { inner: Recorder::new(dead.clone()), left: AtomicU64::new(writes) };
        let stop = AtomicBool::new(false);
        let end = reflash_to(&prepared, &path, &target, &stop, &|_| (), &|| false);
        let (after, _) = target.inner.end();
        match end {
            Ok(_) => {
                ends += 1;
                break;
            }
            Err(error) if !may_boot(&after, 0) => {
                told += 1;
                assert!(
                    matches!(error.stick(), Aftermath::WillNotBoot | Aftermath::Unknown),
                    "{writes}: {:?}: {error}",
                    error.stick()
                );
            }
            Err(error) => assert_ne!(error.stick(), Aftermath::WillNotBoot, "{writes}: {error}"),
        }
    }
    assert!(told > 3 && ends == 1, "{told} {ends}");
}
