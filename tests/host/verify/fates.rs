//! What was done to the images of a stick is said: replaced, renamed, swapped, copied, moved, cut, removed.

use crate::frames::sticks;
use crate::frames::sticks::{Image, MIB, Stick, noise};
use crate::frames::verdicts::{IMAGE_LEN, OnDisk, judge, stick, told};
use ramkey::plan::{FatBits, FsChoice, ImageRequest, LayoutKind, Request, Slot, Writes};
use ramkey::verify::{Change, FaultKind, StickVerdict, Strictness, facts};

const LAYOUTS: [(LayoutKind, FsChoice, u64); 4] = [
    (LayoutKind::Universal { slot: Slot::First }, FsChoice::Auto, 8 * MIB),
    (LayoutKind::Hdd, FsChoice::Is(FatBits::Fat16), 24 * MIB),
    (LayoutKind::Hdd, FsChoice::Is(FatBits::Fat32), 48 * MIB),
    (LayoutKind::Superfloppy, FsChoice::Is(FatBits::Fat16), 24 * MIB),
];
const DOS: &str = "::RAMKEY/DOS.RKC";
const TINY: &str = "::RAMKEY/TINY.RKC";

/// A capsule of an image with this title, as another stick has it.
fn capsule(desk: &OnDisk, title: &str, bytes: Vec<u8>) -> String {
    let name = format!("{title}.img");
    let other = Stick::new(vec![(&name, Image(bytes))], LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    let folder = desk.path.with_file_name(title);
    std::fs::create_dir(&folder).unwrap();
    let other = other.file(&folder);
    let file = folder.join("CAPSULE.RKC").display().to_string();
    let volume = format!("{}@@{MIB}", other.display());
    let from = format!("::RAMKEY/{}.RKC", title.to_uppercase());
    let output = sticks::tool("mtools", "mcopy", &["-i", &volume, &from, &file]);
    assert!(output.status.success(), "{}", sticks::printed(&output));
    file
}

/// The capsule of DOS as a file beside the stick.
fn copy_of_dos(desk: &OnDisk) -> String {
    let copy = desk.path.with_file_name("COPY.RKC").display().to_string();
    desk.mtools("mcopy", &["-n", DOS, &copy]);
    copy
}

/// Does the same to a stick of every layout, and looks at it.
fn each(act: impl Fn(&OnDisk), look: impl Fn(&OnDisk, &StickVerdict)) {
    for (layout, fs, len) in LAYOUTS {
        let desk = OnDisk::new(layout, fs, len);
        act(&desk);
        look(&desk, &desk.judge(Strictness::Boot));
        let strict = desk.judge(Strictness::EveryByte);
        assert!(!strict.sound, "{layout:?} {fs:?}: strict did not see it");
    }
}

/// The changes but for the count of free clusters, which a FAT32 has and every system writes.
fn others(verdict: &StickVerdict) -> impl Iterator<Item = &Change> {
    verdict.changes.iter().filter(|change| !matches!(change, Change::Volume { .. }))
}

/// Sound, with just these changes.
fn changes(expected: &[&str]) -> impl Fn(&OnDisk, &StickVerdict) {
    move |desk, verdict| {
        assert!(verdict.sound, "{}: {}", desk.volume, told(verdict));
        let found: Vec<String> = others(verdict).map(ToString::to_string).collect();
        assert_eq!(found, expected, "{}", desk.volume);
    }
}

/// Just these faults, by their beginning.
fn faults(expected: &[&str]) -> impl Fn(&OnDisk, &StickVerdict) {
    move |desk, verdict| {
        let found: Vec<String> = verdict.faults.iter().map(ToString::to_string).collect();
        let is_it = found.len() == expected.len()
            && found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected));
        assert!(is_it, "{}: {expected:?} and not {found:?}", desk.volume);
    }
}

#[test]
fn an_image_that_was_replaced_under_its_name_is_named_with_what_is_gone_and_what_is_there() {
    let replaced = "RAMKEY/DOS.RKC was replaced by another image: \"other\", proven; ";
    for len in [4000, IMAGE_LEN + 5000] {
        let act = |desk: &OnDisk| {
            let other = capsule(desk, "other", noise(len));
            desk.mtools("mcopy", &["-o", &other, DOS]);
        };
        each(act, |desk, verdict| {
            let changes: Vec<&Change> = others(verdict).collect();
            let [change @ Change::Replaced { path, title, proven: true, .. }] = &changes[..] else {
                panic!("{}: {}", desk.volume, told(verdict))
            };
            assert_eq!((&path[..], &title[..], verdict.sound), ("RAMKEY/DOS.RKC", "other", true));
            let text = change.to_string();
            assert!(text.starts_with(replaced) && text.ends_with(" is gone"), "{text}");
        });
    }
    // Where the old image still lies its title is told.
    let elsewhere = |desk: &OnDisk| {
        let other = capsule(desk, "other", noise(4000));
        desk.mtools("mcopy", &[&other, "::X"]);
        desk.mtools("mdel", &[DOS]);
        desk.mtools("mmove", &["::X", DOS]);
    };
    each(elsewhere, changes(&[&format!("{replaced}\"dos\", which was there, is gone")]));
}

#[test]
fn an_image_that_replaced_another_and_is_damaged_is_not_said_to_be_proven() {
    let act = |desk: &OnDisk| {
        let other = capsule(desk, "other", noise(4000));
        let mut bytes = std::fs::read(&other).unwrap();
        bytes[2000] ^= 1;
        let damaged = desk.scratch("damaged", &bytes);
        desk.mtools("mcopy", &["-o", &damaged, DOS]);
    };
    each(act, |_, verdict| {
        assert!(!verdict.sound);
        assert!(
            told(verdict).contains("replaced by another image: \"other\", not proven"),
            "{}",
            told(verdict)
        );
    });
}

#[test]
fn an_image_with_another_name_was_renamed() {
    let rename = |to: &'static str| move |desk: &OnDisk| desk.mtools("mren", &[DOS, to]);
    each(
        rename("::RAMKEY/NEW.RKC"),
        changes(&["the image \"dos\" was renamed from RAMKEY/DOS.RKC to RAMKEY/NEW.RKC"]),
    );
    let long = "the image \"dos\" was renamed from RAMKEY/DOS.RKC to RAMKEY/My new name.rkc";
    each(rename("::RAMKEY/My new name.rkc"), changes(&[long]));
    // By copying and deleting, as file managers of some phones do it.
    let copy_and_delete = |desk: &OnDisk| {
        let copy = copy_of_dos(desk);
        desk.mtools("mcopy", &[&copy, "::RAMKEY/NEW.RKC"]);
        desk.mtools("mdel", &[DOS]);
    };
    each(copy_and_delete, changes(&["the image \"dos\" was renamed from RAMKEY/DOS.RKC to RAMKEY/NEW.RKC"]));
    let other_comes = |desk: &OnDisk| {
        let other = capsule(desk, "other", noise(4000));
        desk.mtools("mren", &[DOS, "::RAMKEY/NEW.RKC"]);
        desk.mtools("mcopy", &[&other, DOS]);
    };
    let renamed = "the image \"dos\" was renamed from RAMKEY/DOS.RKC to RAMKEY/NEW.RKC";
    each(other_comes, changes(&[renamed, "RAMKEY/DOS.RKC was added"]));
    let over = |desk: &OnDisk| {
        desk.mtools("mdel", &[DOS]);
        desk.mtools("mren", &[TINY, DOS]);
    };
    each(over, replaced("DOS", "tiny", "TINY"));
}

/// One sentence: an image of the stick was put over another, which is gone.
fn replaced(path: &str, title: &str, from: &str) -> impl Fn(&OnDisk, &StickVerdict) {
    let expected = format!(
        "RAMKEY/{path}.RKC was replaced by another image: \"{title}\", proven, which was RAMKEY/{from}.RKC; "
    );
    move |desk, verdict| {
        let found: Vec<String> = others(verdict).map(ToString::to_string).collect();
        let is_it = found.len() == 1 && found[0].starts_with(&expected) && found[0].ends_with(" is gone");
        assert!(verdict.sound && is_it, "{}: {expected} and not {found:?}", desk.volume);
    }
}

#[test]
fn an_image_that_was_copied_over_another_and_deleted_is_told_in_one_sentence() {
    for (over, title, from) in [("DOS", "tiny", "TINY"), ("TINY", "dos", "DOS")] {
        let act = |desk: &OnDisk| {
            let copy = desk.path.with_file_name("COPY.RKC").display().to_string();
            let old = format!("::RAMKEY/{from}.RKC");
            desk.mtools("mcopy", &["-n", &old, &copy]);
            desk.mtools("mcopy", &["-o", &copy, &format!("::RAMKEY/{over}.RKC")]);
            desk.mtools("mdel", &[&old]);
        };
        each(act, replaced(over, title, from));
    }
}

#[test]
fn a_beginning_of_an_image_is_called_a_part_and_no_copy() {
    let act = |desk: &OnDisk| {
        let bytes = std::fs::read(copy_of_dos(desk)).unwrap();
        let part = desk.scratch("part", &bytes[..5000]);
        desk.mtools("mcopy", &[&part, "::RAMKEY/T.RKC"]);
    };
    let beside = |desk: &OnDisk| {
        let bytes = std::fs::read(copy_of_dos(desk)).unwrap();
        desk.mtools("mcopy", &[&desk.scratch("part", &bytes[..5000]), "::PART.TXT"]);
    };
    each(beside, changes(&["PART.TXT was added: a part of RAMKEY/DOS.RKC"]));
    each(act, |desk, verdict| {
        let found: Vec<String> = others(verdict).map(ToString::to_string).collect();
        assert_eq!(found, ["RAMKEY/T.RKC was added: a part of RAMKEY/DOS.RKC"], "{}", desk.volume);
        faults(&["RAMKEY/T.RKC: it was cut: it has 5000 bytes"])(desk, verdict);
    });
}

#[test]
fn a_stick_whose_folder_was_renamed_has_nothing_to_boot() {
    let menu = "and the boot menu shows only RAMKEY/*.RKC";
    each(
        |desk| desk.mtools("mren", &["::RAMKEY", "::OLD"]),
        faults(&[
            &format!("OLD/DOS.RKC: it is the image that was RAMKEY/DOS.RKC, {menu}"),
            &format!("OLD/TINY.RKC: it is the image that was RAMKEY/TINY.RKC, {menu}"),
            "there is no image in the folder RAMKEY: nothing to boot",
        ]),
    );
}

#[test]
fn two_images_that_were_swapped_are_told_in_one_sentence() {
    let expected = "RAMKEY/DOS.RKC and RAMKEY/TINY.RKC were swapped: each holds the image of the other";
    let by_names = |desk: &OnDisk| {
        desk.mtools("mren", &[DOS, "::RAMKEY/T.RKC"]);
        desk.mtools("mren", &[TINY, DOS]);
        desk.mtools("mren", &["::RAMKEY/T.RKC", TINY]);
    };
    each(by_names, changes(&[expected]));
    let by_contents = |desk: &OnDisk| {
        let files = [DOS, TINY].map(|name| {
            let copy = desk.path.with_file_name(&name[9..]).display().to_string();
            desk.mtools("mcopy", &["-n", name, &copy]);
            copy
        });
        desk.mtools("mcopy", &["-o", &files[0], TINY]);
        desk.mtools("mcopy", &["-o", &files[1], DOS]);
    };
    each(by_contents, changes(&[expected]));
}

#[test]
fn a_copy_is_called_one_wherever_it_lies() {
    let unseen = "; the boot menu does not show it: it must be named RAMKEY/*.RKC";
    for (path, hint) in [("RAMKEY/SECOND.RKC", ""), ("BACKUP.RKC", unseen), ("RAMKEY/DOS.BAK", unseen)] {
        let act = |desk: &OnDisk| {
            let copy = copy_of_dos(desk);
            desk.mtools("mcopy", &[&copy, &format!("::{path}")]);
        };
        each(act, changes(&[&format!("{path} was added: a copy of RAMKEY/DOS.RKC{hint}")]));
    }
}

#[test]
fn a_removed_image_is_named_by_what_is_left_of_it() {
    let remove = |desk: &OnDisk| desk.mtools("mdel", &[DOS]);
    each(remove, changes(&["the image \"dos\" was removed: RAMKEY/DOS.RKC is gone"]));
    let overwrite = |desk: &OnDisk| {
        desk.mtools("mdel", &[DOS]);
        let other = desk.scratch("other", &noise(5 << 20));
        desk.mtools("mcopy", &[&other, "::OTHER"]);
    };
    each(overwrite, |desk, verdict| {
        let text = others(verdict).map(ToString::to_string).collect::<Vec<_>>().join("\n");
        let first = ["the image in RAMKEY/DOS.RKC was removed", "the image \"dos\" was removed: "];
        assert!(first.iter().any(|first| text.starts_with(first)), "{}: {text}", desk.volume);
    });
}

#[test]
fn a_file_that_was_cut_or_grew_is_told_from_damage() {
    let with = |bytes: fn(Vec<u8>) -> Vec<u8>| {
        move |desk: &OnDisk| {
            let changed = bytes(std::fs::read(copy_of_dos(desk)).unwrap());
            let changed = desk.scratch("changed", &changed);
            desk.mtools("mcopy", &["-o", &changed, DOS]);
        }
    };
    let empty = faults(&["RAMKEY/DOS.RKC: it is empty; it had 787456 bytes"]);
    each(with(|_| Vec::new()), empty);
    each(
        with(|bytes| bytes[..100].to_vec()),
        faults(&["RAMKEY/DOS.RKC: it has 100 bytes; it had 787456 bytes"]),
    );
    let cut = "RAMKEY/DOS.RKC: it was cut: it has 100000 bytes, and its header says 787456";
    each(with(|bytes| bytes[..100_000].to_vec()), faults(&[cut]));
    let grown = with(|mut bytes| {
        bytes.extend([7; 3000]);
        bytes
    });
    each(grown, |desk, verdict| {
        faults(&["RAMKEY/DOS.RKC: 3000 bytes were added behind its end, which no machine reads"])(
            desk, verdict,
        );
        assert!(verdict.capsules.iter().all(|capsule| capsule.proven), "the image itself is whole");
    });
    let middle = with(|mut bytes| {
        bytes[300_000..301_000].fill(0x55);
        bytes
    });
    each(middle, faults(&["RAMKEY/DOS.RKC: chunk 2 is damaged, bytes 0x80000..0xc0000 of the image"]));
    let head = with(|mut bytes| {
        bytes[..600].fill(0);
        bytes
    });
    each(head, faults(&["RAMKEY/DOS.RKC: it is no capsule any more: its first sector is not as written"]));
}

#[test]
fn an_image_that_the_menu_does_not_show_is_told_where_it_is_and_where_it_was() {
    for to in ["OLD/DOS.RKC", "DOS.RKC", "RAMKEY/DOS.OLD", "RAMKEY/OLD/DOS.RKC"] {
        let act = |desk: &OnDisk| {
            if let Some((folder, _)) = to.rsplit_once('/').filter(|(folder, _)| *folder != "RAMKEY") {
                desk.mtools("mmd", &[&format!("::{folder}")]);
            }
            desk.mtools("mmove", &[DOS, &format!("::{to}")]);
        };
        let expected = format!(
            "{to}: it is the image that was RAMKEY/DOS.RKC, and the boot menu shows only RAMKEY/*.RKC"
        );
        each(act, faults(&[&expected]));
    }
    // One of another stick is none of ours to miss.
    let act = |desk: &OnDisk| {
        let other = capsule(desk, "other", noise(4000));
        desk.mtools("mcopy", &[&other, "::RAMKEY/OTHER.OLD"]);
    };
    let hint = "RAMKEY/OTHER.OLD was added; the boot menu does not show it: it must be named RAMKEY/*.RKC";
    each(act, changes(&[hint]));
}

#[test]
fn an_image_that_was_copied_as_it_is_is_told_how_it_becomes_a_capsule() {
    let how = |name: &str, capsule: &str| {
        format!(
            "only capsules boot: if it is an image, copy it from the stick, write it with \
             `ramkey write {name} --to other.img`, and copy RAMKEY/{capsule}.RKC of other.img into the folder RAMKEY \
             of this stick"
        )
    };
    let copy = |path: &'static str| {
        move |desk: &OnDisk| {
            let image = desk.scratch("image", &noise(300_000));
            desk.mtools("mcopy", &[&image, &format!("::{path}")]);
        }
    };
    let added = |path: &str, name: &str, capsule: &str| {
        format!("{path} was added; it does not boot: {}", how(name, capsule))
    };
    each(copy("RAMKEY/MYDOS.IMG"), changes(&[&added("RAMKEY/MYDOS.IMG", "MYDOS.IMG", "MYDOS")]));
    each(copy("RAMKEY/Readme"), changes(&[&added("RAMKEY/Readme", "Readme", "README")]));
    each(copy("my rescue cd.iso"), changes(&[&added("my rescue cd.iso", "'my rescue cd.iso'", "MY_RESCU")]));
    each(copy("LETTER.TXT"), changes(&["LETTER.TXT was added"]));
    // Another ending makes no capsule of it.
    each(copy("RAMKEY/MYDOS.RKC"), |desk, verdict| {
        faults(&["RAMKEY/MYDOS.RKC: it is no capsule, LBA "])(desk, verdict);
        let text = verdict.faults[0].to_string();
        assert!(text.ends_with(&format!("); {}", how("MYDOS.RKC", "MYDOS"))), "{text}");
    });
    let over = |desk: &OnDisk| {
        let image = desk.scratch("image", &noise(300_000));
        desk.mtools("mcopy", &["-o", &image, DOS]);
    };
    each(over, |desk, verdict| {
        faults(&["RAMKEY/DOS.RKC: it is no capsule any more, but another file, LBA "])(desk, verdict);
        let text = verdict.faults[0].to_string();
        assert!(text.ends_with(&format!("); {}", how("DOS.RKC", "DOS"))), "{text}");
    });
    // What systems put beside files is no image.
    each(
        copy("RAMKEY/._DOS.RKC"),
        faults(&["RAMKEY/._DOS.RKC: it is no capsule, but what macOS keeps beside one"]),
    );
    each(copy("RAMKEY/.DS_Store"), changes(&["RAMKEY/.DS_Store was added"]));
    // Looking at headers only says the same.
    let desk = OnDisk::new(LayoutKind::Hdd, FsChoice::Auto, 8 * MIB);
    copy("RAMKEY/MYDOS.IMG")(&desk);
    let found = facts(&Image(std::fs::read(&desk.path).unwrap()));
    assert_eq!(told(&found), added("RAMKEY/MYDOS.IMG", "MYDOS.IMG", "MYDOS"));
}

#[test]
fn a_file_that_write_would_refuse_is_called_what_it_is() {
    let gzip = [&[0x1F, 0x8B, 8, 0][..], &noise(300_000)].concat();
    let copy = |path: &'static str| {
        let gzip = &gzip;
        move |desk: &OnDisk| {
            let file = desk.scratch("file", gzip);
            desk.mtools("mcopy", &[&file, &format!("::{path}")]);
        }
    };
    let what = |name: &str| {
        format!(
            "it is compressed (gzip) and no raw image: copy it from the stick, and `ramkey inspect {name}` says what to do"
        )
    };
    let added = format!("RAMKEY/c.img.gz was added; it does not boot: {}", what("c.img.gz"));
    each(copy("RAMKEY/c.img.gz"), changes(&[&added]));
    // In two pieces, of which the first is known.
    let in_pieces = |desk: &OnDisk| {
        for (name, len) in [("X", 40_000), ("Y", 1000)] {
            desk.mtools("mcopy", &[&desk.scratch(name, &noise(len)), &format!("::{name}")]);
        }
        desk.mtools("mdel", &["::X"]);
        copy("RAMKEY/c.img.gz")(desk);
    };
    each(in_pieces, changes(&[&added, "Y was added"]));
    each(copy("RAMKEY/C.RKC"), |desk, verdict| {
        faults(&["RAMKEY/C.RKC: it is no capsule, LBA "])(desk, verdict);
        let text = verdict.faults[0].to_string();
        assert!(text.ends_with(&format!("); {}", what("C.RKC"))), "{text}");
    });
}

#[test]
fn what_was_done_is_told_of_many_images_with_titles_of_their_own_too() {
    let names: Vec<String> = (0..9).map(|number| format!("disk {number}.img")).collect();
    let images = names.iter().map(|name| (&name[..], Image(noise(2000)))).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = Stick::new(images, LayoutKind::Hdd, FsChoice::Auto, 8 * MIB).file(folder.path());
    let desk = OnDisk::of(folder, path, MIB);
    assert!(desk.judge(Strictness::EveryByte).sound);
    desk.mtools("mdel", &["::RAMKEY/DISK_2.RKC", "::RAMKEY/DISK_5.RKC"]);
    desk.mtools("mren", &["::RAMKEY/DISK_7.RKC", "::RAMKEY/SEVEN.RKC"]);
    let expected = [
        "the image \"disk 2\" was removed: RAMKEY/DISK_2.RKC is gone",
        "the image \"disk 5\" was removed: RAMKEY/DISK_5.RKC is gone",
        "the image \"disk 7\" was renamed from RAMKEY/DISK_7.RKC to RAMKEY/SEVEN.RKC",
    ];
    changes(&expected)(&desk, &desk.judge(Strictness::Boot));
}

/// A stick with images of these names and titles.
fn titled(images: &[(&str, Option<&str>)]) -> OnDisk {
    let requests = images.iter().map(|(name, title)| ImageRequest {
        facts: sticks::facts(name, &Image(noise(2000))),
        title: title.map(str::to_owned),
        writes: Writes::Kept,
    });
    let images: Vec<ImageRequest> = requests.collect();
    let request = Request { images: images.clone(), ..sticks::request(images[0].facts.clone(), 8 * MIB) };
    let folder = tempfile::tempdir().unwrap();
    let bytes = images.iter().map(|_| Image(noise(2000))).collect();
    let path = Stick::of(&request, bytes).file(folder.path());
    OnDisk::of(folder, path, MIB)
}

#[test]
fn an_image_with_a_title_of_its_own_was_renamed_even_if_its_old_name_is_lost() {
    let rename = |desk: &OnDisk| desk.mtools("mren", &["::RAMKEY/ONE.RKC", "::RAMKEY/NEW.RKC"]);
    for (images, expected) in [
        (&[("one.img", Some("The system"))][..], "the image \"The system\" was renamed to RAMKEY/NEW.RKC"),
        (
            &[("one.img", Some("The system")), ("two.img", None)],
            "the image \"The system\" was renamed to RAMKEY/NEW.RKC",
        ),
        (
            &[("one.img", Some("The system")), ("two.img", Some("The other"))],
            "images were renamed, one or more of these: RAMKEY/NEW.RKC, RAMKEY/TWO.RKC",
        ),
    ] {
        let desk = titled(images);
        assert!(desk.judge(Strictness::EveryByte).sound);
        rename(&desk);
        changes(&[expected])(&desk, &desk.judge(Strictness::Boot));
    }
    // Where names are as they were, other dates are no reason to doubt them.
    let desk = titled(&[("one.img", Some("The system")), ("two.img", Some("The other"))]);
    let copy = desk.path.with_file_name("copy").display().to_string();
    desk.mtools("mcopy", &["-n", "::RAMKEY/ONE.RKC", &copy]);
    desk.mtools("mcopy", &["-o", &copy, "::RAMKEY/ONE.RKC"]);
    changes(&["RAMKEY/ONE.RKC has other dates"])(&desk, &desk.judge(Strictness::Boot));
}

#[test]
fn a_longer_stick_is_a_change_and_with_a_gpt_says_what_moves_its_copy() {
    for (layout, words) in [
        (LayoutKind::Gpt, "the copy of its GPT is not at the end"),
        (LayoutKind::Hdd, "what is behind is not used"),
        (LayoutKind::Superfloppy, "what is behind is not used"),
        (LayoutKind::Universal { slot: Slot::First }, "what is behind is not used"),
    ] {
        let mut bytes = stick(layout, FsChoice::Auto, 8 * MIB).bytes();
        bytes.resize(9 << 20, 0);
        let plain = judge(&Image(bytes.clone()), Strictness::Boot);
        let [change @ Change::Longer { written: 16384, found: 18432, .. }] = &plain.changes[..] else {
            panic!("{layout:?}: {}", told(&plain))
        };
        assert!(plain.sound && change.to_string().contains(words), "{layout:?}: {change}");
        let strict = judge(&Image(bytes), Strictness::EveryByte);
        let [fault] = &strict.faults[..] else { panic!("{layout:?}: {}", told(&strict)) };
        assert_eq!((fault.kind, fault.place.lba, fault.place.sectors), (FaultKind::TooLong, 16384, 2048));
    }
}
