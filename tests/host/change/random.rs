//! Any sequence of images that come, change and go, against a model of what the stick has; the user's own files stay.

use std::fs;

use proptest::prelude::*;
use ramkey::change::ChangeError;
use ramkey::job::JobError;
use ramkey::plan::FatBits;
use ramkey::stick::has_trace;
use ramkey::verify::{ReadmeState, Strictness};

use crate::frames::desk::{CHUNK, Desk, bytes, hash, is_clean, judge, superfloppy, with_own_file};
use crate::frames::foreign::foreign;
use crate::frames::loader::load_all;
use crate::frames::recorder::{Op, each_cut, is_long};
use crate::frames::sticks::{Image, MIB, noise, tool};
use crate::frames::verdicts::told;

/// Something that is done to a stick.
#[derive(Clone, Debug)]
enum Act {
    Add {
        seed: u8,
        len: usize,
    },
    Remove {
        which: usize,
    },
    Reflash {
        which: usize,
        seed: u8,
        len: usize,
    },
    /// One chunk of an image changes.
    Touch {
        which: usize,
        chunk: usize,
    },
    OwnFile {
        number: u8,
    },
    /// Another stick is written over this one, by this version or another.
    Write {
        seed: u8,
        lens: Vec<usize>,
        is_foreign: bool,
    },
    /// It gets the boot code of this version.
    Update,
    /// It becomes a plain one.
    Restore,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let len = || (1..5 * CHUNK).prop_map(|len| len.next_multiple_of(512));
    let act = prop_oneof![
        (any::<u8>(), len()).prop_map(|(seed, len)| Act::Add { seed, len }),
        (0..4usize).prop_map(|which| Act::Remove { which }),
        (0..4usize, any::<u8>(), len()).prop_map(|(which, seed, len)| Act::Reflash { which, seed, len }),
        (0..4usize, 0..5usize).prop_map(|(which, chunk)| Act::Touch { which, chunk }),
        (0..5u8).prop_map(|number| Act::OwnFile { number }),
        (any::<u8>(), prop::collection::vec(len(), 1..3), any::<bool>())
            .prop_map(|(seed, lens, is_foreign)| Act::Write { seed, lens, is_foreign }),
        Just(Act::Update),
        Just(Act::Restore),
    ];
    prop::collection::vec(act, 1..9)
}

/// What the stick has: titles and bytes, none if it is a plain one, and the user's own files.
#[derive(Clone)]
struct Model {
    images: Vec<(String, Vec<u8>)>,
    own: Vec<String>,
    number: usize,
    /// Whether its boot code is another version's.
    is_foreign: bool,
}

impl Model {
    fn is(&self, stick: &[u8]) -> bool {
        let Ok(loaded) = load_all(stick, 0) else { return false };
        let mut found: Vec<(String, String)> =
            loaded.into_iter().map(|image| (image.title, image.blake3)).collect();
        let mut meant: Vec<(String, String)> =
            self.images.iter().map(|(title, bytes)| (title.clone(), hash(bytes))).collect();
        found.sort();
        meant.sort();
        found == meant
    }

    fn title(&self, which: usize) -> String {
        self.images.get(which % self.images.len().max(1)).map_or("none".into(), |(title, _)| title.clone())
    }

    fn image(&self, which: usize) -> Vec<u8> {
        self.images.get(which % self.images.len().max(1)).map_or(vec![7; 512], |(_, image)| image.clone())
    }

    /// Does it to the stick; what was written, or why it cannot be.
    fn act(&mut self, desk: &Desk, stick: &[u8], act: &Act) -> Result<(Vec<u8>, Vec<Op>), JobError> {
        match act {
            Act::Add { seed, len } => {
                let (title, image) = (format!("i{}", self.number), bytes(*len, *seed));
                self.number += 1;
                let name = format!("{title}.img");
                let (after, log, _) = desk.add(stick, (&name, &image), None, &[])?;
                self.images.push((title, image));
                Ok((after, log))
            }
            Act::Remove { which } => {
                let title = self.title(*which);
                let (after, log, _) = desk.remove(stick, &title)?;
                self.images.retain(|(other, _)| *other != title);
                Ok((after, log))
            }
            Act::Reflash { .. } | Act::Touch { .. } => {
                let (which, image) = match act {
                    Act::Reflash { which, seed, len } => (*which, bytes(*len, *seed)),
                    Act::Touch { which, chunk } => {
                        let mut image = self.image(*which);
                        let at = (chunk * CHUNK).min(image.len() - 1);
                        image[at] ^= 0x55;
                        (*which, image)
                    }
                    _ => unreachable!("those two"),
                };
                let title = self.title(which);
                let (after, log, _) = desk.reflash(stick, &image, Some(&title))?;
                let place = self.images.iter_mut().find(|(other, _)| *other == title);
                place.expect("it is there").1 = image;
                Ok((after, log))
            }
            Act::OwnFile { number } => {
                let place = format!("::{}OWN{number}.TXT", if number % 2 == 0 { "" } else { "RAMKEY/" });
                if self.own.contains(&place) || self.images.is_empty() {
                    return Ok((stick.to_vec(), Vec::new()));
                }
                let after = with_own_file(desk, stick, &place);
                self.own.push(place);
                Ok((after, Vec::new()))
            }
            Act::Write { seed, lens, is_foreign } => {
                let number = self.number;
                let image = |(at, len): (usize, &usize)| {
                    (format!("i{}", number + at), bytes(*len, seed.wrapping_add(at as u8)))
                };
                let images: Vec<(String, Vec<u8>)> = lens.iter().enumerate().map(image).collect();
                let files = images.iter().map(|(title, image)| (format!("{title}.img"), image.clone()));
                let (mut after, log) = desk.write(stick, &files.collect::<Vec<_>>());
                if *is_foreign {
                    foreign(&mut after);
                }
                let number = number + images.len();
                *self = Self { images, own: Vec::new(), number, is_foreign: *is_foreign };
                Ok((after, log))
            }
            Act::Update => {
                let (after, log) = desk.update(stick)?;
                assert_eq!(!log.is_empty(), self.is_foreign);
                self.is_foreign = false;
                Ok((after, log))
            }
            Act::Restore => {
                (self.images, self.own) = (Vec::new(), Vec::new());
                Ok(desk.restore(stick))
            }
        }
    }

    fn check(&self, desk: &Desk, stick: &[u8]) {
        if self.images.is_empty() {
            assert!(!has_trace(&Image(stick.to_vec())), "it is a plain one");
            return is_clean(&stick[1 << 20..], desk.folder.path());
        }
        let verdict = judge(stick, Strictness::Boot);
        assert!(verdict.sound, "{}", told(&verdict));
        assert!(!told(&verdict).contains("renamed"), "{}", told(&verdict));
        assert!(self.is(stick), "{:?}", load_all(stick, 0));
        // Where there is room the text tells of these.
        let is_told = verdict.readme == Some(ReadmeState::AsWritten) || verdict.free < 4096;
        assert!(is_told, "{:?}: {}", verdict.readme, told(&verdict));
        is_clean(stick, desk.folder.path());
        let path = desk.folder.path().join("own.img");
        fs::write(&path, stick).unwrap();
        for place in &self.own {
            let found = tool("mtools", "mtype", &["-i", path.to_str().unwrap(), place]);
            assert_eq!(found.stdout, noise(3000), "{place}");
        }
    }
}

/// What `old`, a stick that holds `stick`, may be where making it a plain one is cut: itself; one that starts from no sector and is sound
/// to nobody; or the plain one. Doing it again makes it that.
fn survives_restore(desk: &Desk, (old, stick): (&Model, &[u8]), cut: &[u8], case: &str) {
    let is_clear = |lba: usize| cut[lba * 512..][..512] == [0; 512];
    let verdict = judge(cut, Strictness::Boot);
    if is_clear(0) {
        assert!(!verdict.sound, "{case}: {}", told(&verdict));
        // Sector 0 goes first, and what it starts is clear before anything else changes.
        let but_for = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            [0, 128, 2176].into_iter().for_each(|lba| bytes[lba * 512..][..512].fill(0));
            bytes
        };
        assert!((is_clear(128) && is_clear(2176)) || but_for(cut) == but_for(stick), "{case}");
    } else if has_trace(&Image(cut.to_vec())) {
        assert!(cut == stick && verdict.sound && old.is(cut), "{case}: {}", told(&verdict));
    } else {
        assert!(cut == stick || cut[446] == 0, "{case}: a partition is active");
    }
    let (plain, _) = desk.restore(cut);
    assert!(!has_trace(&Image(plain.clone())), "{case}: it is a plain one");
    is_clean(&plain[1 << 20..], desk.folder.path());
}

fn run(bits: FatBits, len: u64, acts: &[Act]) {
    let first = bytes(2 * CHUNK, 1);
    let desk = Desk::new(&[("i0.img", first.clone())], superfloppy(bits, len));
    let images = vec![("i0".into(), first)];
    let mut model = Model { images, own: Vec::new(), number: 1, is_foreign: false };
    let mut stick = desk.stick.clone();
    for act in acts {
        let old = model.clone();
        // What clears sector 0 first.
        let may_die = matches!(act, Act::Write { .. } | Act::Update);
        match model.act(&desk, &stick, act) {
            Ok((after, log)) => {
                let mut number = 0;
                let step = if is_long() { 1 } else { 7 };
                each_cut(&stick, &log, 1, |case, cut| {
                    number += 1;
                    if number % step == 0 && matches!(act, Act::Restore) {
                        return survives_restore(&desk, (&old, &stick), cut, case);
                    }
                    // A few of them; `survives` looks at all.
                    if number % 7 == 0 && !matches!(act, Act::Restore) {
                        let is_dead = cut[..512] == [0; 512] || (old.images.is_empty() && !model.is(cut));
                        if may_die && is_dead {
                            return;
                        }
                        let verdict = judge(cut, Strictness::Boot);
                        assert!(verdict.sound, "{act:?} {case}: {}", told(&verdict));
                        assert!(old.is(cut) || model.is(cut), "{act:?} {case}");
                    }
                });
                stick = after;
            }
            Err(JobError::ForeignStick { .. }) => assert!(model.images.is_empty(), "{act:?}"),
            Err(JobError::LastImage { .. }) => assert_eq!(model.images.len(), 1),
            Err(JobError::Change { has_written: false, source: ChangeError::NoRoom { .. }, .. }) => {}
            Err(error) => panic!("{act:?}: {error}"),
        }
        model.check(&desk, &stick);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_small_stick_has_what_the_model_has_after_any_sequence(acts in acts()) {
        run(FatBits::Fat12, 3 * MIB, &acts);
    }

    #[test]
    fn so_has_one_with_a_fat16(acts in acts()) {
        run(FatBits::Fat16, 5 * MIB, &acts);
    }
}

proptest! {
    // A stick with a FAT32 has 33 MiB at least.
    #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn and_one_with_a_fat32_whose_free_clusters_are_counted(acts in acts()) {
        run(FatBits::Fat32, 36 * MIB, &acts);
    }
}

#[test]
fn wherever_a_restore_is_cut_the_stick_is_the_old_one_or_boots_nothing_and_the_same_again_finishes_it() {
    let write = Act::Write { seed: 3, lens: vec![CHUNK, 2 * CHUNK], is_foreign: false };
    run(
        FatBits::Fat12,
        3 * MIB,
        &[Act::OwnFile { number: 1 }, Act::Restore, Act::Restore, write, Act::Restore],
    );
}
