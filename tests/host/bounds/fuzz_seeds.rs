//! The inputs that the fuzzer starts from, in `fuzz/corpus`: each is met with an answer, in little time, and those that
//! are whole lead to where they should. Inputs that once did harm stay among them.
//!
//! With `RAMKEY_SEEDS=write` the first test makes the whole ones again.

#[path = "../../../fuzz/src/alter.rs"]
mod alter;
#[path = "../../../fuzz/src/change.rs"]
mod change;
#[path = "../../../fuzz/src/disks.rs"]
mod disks;
#[path = "../../../fuzz/src/hive_edit.rs"]
mod hive_edit;
#[path = "../../../fuzz/src/lent.rs"]
mod lent;
#[path = "../../../fuzz/src/lists.rs"]
mod lists;
#[path = "../../../fuzz/src/restore.rs"]
mod restore;
#[path = "../../../fuzz/src/sparse.rs"]
mod sparse;
#[path = "../../../fuzz/src/targets.rs"]
mod targets;
#[path = "../../../fuzz/src/volume.rs"]
mod volume;

use crate::frames::{discs, hive};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::frames::free_space::Workshop;
use crate::frames::recorder::is_long;
use crate::frames::sticks::{Image, MIB, Stick, noise};
use crate::frames::virtual_disks;
use crate::frames::windows_image::{LEAD, System, Xp};
use ramkey::contents::windows::hive::Hive;
use ramkey::contents::windows::{Family, look};
use ramkey::contents::{FreeQuestion, KindChoice, free_space, iso, probe};
use ramkey::doctor::diagnose;
use ramkey::image::{Bounds, FileSource, Source, Wrapped, unwrapped};
use ramkey::plan::{FatBits, FsChoice, LayoutKind};
use ramkey::verify::facts;
use ramkey_format::memory::{BOOT_LBA, MANIFEST_2_LBA, MANIFEST_LBA, MANIFEST_SECTORS_MAX};
use sparse::{SECTOR, Sparse};
use targets::TARGETS;

/// Most bytes of all inputs together.
const CORPUS_LEN_MAX: u64 = 700_000;

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

/// The whole seeds: target, name, and bytes.
fn seeds() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut seeds = Vec::new();
    seeds.push(("hash-list", "lines", hash_list()));
    seeds.extend(of_lists());
    seeds.extend(of_borrowers());
    let registry = || Xp::new(System::Fat16).registry;
    seeds.push(("hive", "xp", hive::hive(&registry(), hive::XP)));
    seeds.push(("hive", "nt4", hive::hive(&registry(), hive::NT4)));
    let lists = hive::Layout { lists: hive::Lists::Ri(1), wide_names: true, ..hive::XP };
    seeds.push(("hive", "lists-of-lists", hive::hive(&registry(), lists)));
    for (target, name, system) in
        [("ntfs", "xp", System::Ntfs), ("fat", "xp-fat16", System::Fat16), ("fat", "xp-fat32", System::Fat32)]
    {
        let mut xp = Xp::new(system);
        xp.file("WINDOWS/system32/A long name.txt", b"x");
        seeds.push((target, name, encode(&structure(&xp.disk(), system))));
    }
    seeds.extend([of_discs(), of_packed_chunks(), of_free_space(), of_virtual_disks()].into_iter().flatten());
    for (name, layout, fs) in [
        ("universal", LayoutKind::ALL[0], FsChoice::Is(FatBits::Fat16)),
        ("gpt", LayoutKind::Gpt, FsChoice::Is(FatBits::Fat12)),
        ("superfloppy", LayoutKind::Superfloppy, FsChoice::Auto),
    ] {
        let stick = Stick::new(vec![("one.img", Image(vec![0xF4; 3000]))], layout, fs, 12 * MIB);
        let folder = tempfile::tempdir().unwrap();
        let bytes = fs::read(stick.file(folder.path())).unwrap();
        // The code of all stages and the numbers of sectors are long and say nothing here.
        let volume = facts(&Image(bytes.clone())).volume_lba;
        let boot_sector = &bytes[volume as usize * SECTOR..][..SECTOR];
        let table = volume + u64::from(u16::from_le_bytes([boot_sector[14], boot_sector[15]]));
        let area = u64::from(MANIFEST_LBA)..u64::from(MANIFEST_2_LBA + MANIFEST_SECTORS_MAX);
        let is_kept = |lba: u64| {
            lba < 3 || lba == u64::from(BOOT_LBA) || area.contains(&lba) || lba == volume || lba >= table
        };
        let whole = sparse(&bytes, |lba| !is_kept(lba));
        seeds.push(("stick", name, encode(&whole)));
        let head = [&[0x10 | 3][..], b"USB        ", &[1, 2, 3, 4]].concat();
        seeds.push(("restore", name, [head, encode(&tables_of(&bytes))].concat()));
        seeds.push(("tables", name, encode(&tables_of(&bytes))));
        if name == "superfloppy" {
            let capsule = facts(&Image(bytes.clone())).capsules.remove(0);
            let at = bytes.windows(8).position(|window| window == b"RAMKEYRC").unwrap();
            assert_eq!(capsule.len, 3000);
            seeds.push(("capsule", "one-chunk", bytes[at..at + 512 + 512 + 3072].to_vec()));
            let manifest = &bytes[MANIFEST_LBA as usize * SECTOR..][..MANIFEST_SECTORS_MAX as usize * SECTOR];
            let end = manifest.iter().rposition(|&byte| byte != 0).unwrap() + 1;
            seeds.push(("manifest", "superfloppy", manifest[..end].to_vec()));
        }
    }
    seeds.extend(of_changes());
    seeds.push(("inspect", "disc", discs::by_hand(24, 0, &[discs::entry(0x88, 0, 0, 4, 20)])));
    seeds.push(("inspect", "table", discs::partitioned()[..512].to_vec()));
    seeds.push(("inspect", "boot-sector", Xp::new(System::Fat16).partition()[..4096].to_vec()));
    seeds
}

/// Sticks in the middle of a change, and what else is done to a stick in its place: the first byte says what.
fn of_changes() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut seeds = Vec::new();
    seeds.push(("change", "whole", encode(&change::cut(0))));
    for (name, steps) in [("announced", 1), ("grown", 3), ("decided", 5)] {
        // The new bytes are long and say nothing.
        let mut stick = change::cut(steps);
        stick.present.retain(|_, sector| {
            sector.starts_with(b"RAMKEY") || sector.iter().filter(|&&byte| byte == 0).count() > 100
        });
        seeds.push(("change", name, encode(&stick)));
    }
    let whole = change::base();
    let torn = Sparse {
        sectors: whole.sectors,
        present: whole.present.range(..1).map(|(lba, _)| (*lba, [7; SECTOR])).collect(),
    };
    for (what, name) in (0_u8..).zip(["repaired", "updated", "added", "left"]) {
        let over = if what < 2 { &torn } else { &change::cut(0) };
        seeds.push(("alter", name, [&[what][..], &encode(over)].concat()));
    }
    let mut grown = change::cut(3);
    grown.present.retain(|_, sector| sector.starts_with(b"RAMKEY"));
    seeds.push(("alter", "cut-off", [&[3][..], &encode(&grown)].concat()));
    seeds
}

/// Disks of virtual machines: a name, the driver of `qemu-img`, and its options.
const VIRTUAL_DISKS: [(&str, &str, &str); 9] = [
    ("vdi", "vdi", ""),
    ("vhd", "vpc", "subformat=dynamic,force_size=on"),
    ("vhd-fixed", "vpc", "subformat=fixed,force_size=on"),
    ("vhdx", "vhdx", "block_size=1M"),
    ("vmdk", "vmdk", ""),
    ("vmdk-stream", "vmdk", "subformat=streamOptimized"),
    ("qcow2", "qcow2", "cluster_size=4k"),
    ("qcow2-parts", "qcow2", "cluster_size=16k,extended_l2=on"),
    ("qcow2-zstd", "qcow2", "cluster_size=4k,compression_type=zstd"),
];

/// A small disk of each format, of which the first sectors are something; and the text of one in several files.
fn of_virtual_disks() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut plain = vec![0; 200 << 10];
    plain[..3000].fill(0x5A);
    let mut seeds = Vec::new();
    for (name, driver, options) in VIRTUAL_DISKS {
        let more: &[&str] = if name.ends_with("zstd") { &["-c"] } else { &[] };
        let form = virtual_disks::Form { driver, options, more, words: "", is_alone: true };
        let bytes = fs::read(virtual_disks::Workshop::new(&plain).make(&form)).unwrap();
        let is_long =
            |lba: u64| (1..6).contains(&lba) && bytes[lba as usize * SECTOR..].starts_with(&[0x5A; 100]);
        seeds.push(("disks", name, encode(&sparse(&bytes, is_long))));
    }
    let text = "version=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"custom\"\nRW 8 ZERO\nRW 63 FLAT \"a.vmdk\" 2\n\
                RW 64 SPARSE \"b.vmdk\"\nparentFileNameHint=\"c.vmdk\"\n";
    seeds.push(("descriptor", "parts", text.into()));
    // A track of two sectors, one of them a run, and one with maps.
    let (data, run) = ([&[1][..], &[0x5A; 512]].concat(), [2, 0xE5]);
    let tracks =
        [&[5, 0, 0, 2, 2, 2, 1][..], &data, &run, &[5, 0, 0xC1, 2, 2, 1, 2, 0, 0, 1, 1], &run, &data];
    seeds.push(("imd", "two-tracks", tracks.concat()));
    seeds
}

/// A list of hashes in each of its forms.
/// Lists of protected disks, and of serial numbers; a block as the screen shows it, and mistyped.
fn of_lists() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let rules = "# of the office\n[[protect]]\nserial = \"4C530001230921116350\"\nwhy = \"backups\"\n\n[[protect]]\nusb = \
                 \"0781:5567\"\nmin-size = \"100GB\"\nmax-size = \"2T\"\n\n[[protect]]\nwwn = \"0x5000c500\"\nby-id = \"ata-X\"\n";
    let serials = "# of the club\n\n  BB 2  \r\nAA1\nGONE\n#AA11\nAA1\n";
    let block = "ramkey explain ACA8W 02N80 1M9DD 1S0JH\n               H8008 G30G4 SZ1\n";
    let blocks =
        [("block", "screen", block.into()), ("block", "typed", "aca8w-o2n8-lm9dd-1s0jhh8008".into())];
    let mut seeds = vec![("config", "rules", rules.into()), ("serials", "lines", serials.into())];
    seeds.extend(blocks);
    seeds
}

fn hash_list() -> Vec<u8> {
    let digits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let list =
        format!("{digits} *dos.img\r\n\\{digits}  a\\nb\nSHA1 (x) = {}\n{}\n", &digits[..40], &digits[..32]);
    list.into_bytes()
}

/// Volumes of each file system whose free space is known, without what is in their files.
fn of_free_space() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let floppy = Workshop::new(1_474_560);
    floppy.run("dosfstools", "mkfs.fat", &["-F", "12", floppy.path()]);
    fs::write(floppy.beside("pagefile.sys"), [7; 3000]).unwrap();
    floppy.run("mtools", "mcopy", &["-i", floppy.path(), &floppy.beside("pagefile.sys"), "::"]);
    let ntfs = Workshop::new(2 << 20);
    ntfs.run("ntfs-3g", "mkntfs", &["-q", "-F", "-f", "-p", "63", "-H", "16", "-S", "63", ntfs.path()]);
    fs::write(ntfs.beside("file"), [7; 3000]).unwrap();
    ntfs.run("ntfs-3g", "ntfscp", &["-q", ntfs.path(), &ntfs.beside("file"), "/pagefile.sys"]);
    let ext = Workshop::new(2 << 20);
    ext.run(
        "e2fsprogs",
        "mke2fs",
        &["-q", "-F", "-t", "ext4", "-b", "1024", "-g", "512", "-O", "^resize_inode", ext.path()],
    );
    let workshops = [("fat12", floppy, 64), ("ntfs", ntfs, 600), ("ext4", ext, 4096)];
    let seed = |(name, workshop, sectors): (&'static str, Workshop, u64)| {
        let bytes = workshop.bytes();
        let is_filled = |lba: u64| {
            let sector = &bytes[lba as usize * SECTOR..][..SECTOR];
            // What the image was before, the contents of files, an empty log and a table of letters.
            let words = sector.as_chunks::<2>().0;
            let is_letters = words.windows(2).all(|pair| {
                let [one, two] = [pair[0], pair[1]].map(u16::from_le_bytes);
                two.wrapping_sub(one) <= 1 && one > 0
            });
            [0xD1, 7].contains(&sector[5]) && sector[5..].windows(2).all(|pair| pair[0] == pair[1])
                || is_letters
        };
        let log = log_of(&bytes);
        let is_dropped = |lba| (lba >= sectors || is_filled(lba)) && !log.contains(&lba);
        ("free", name, encode(&sparse(&bytes, is_dropped)))
    };
    workshops.map(seed).to_vec()
}

/// The sectors at the start of an empty log of NTFS.
fn log_of(bytes: &[u8]) -> std::ops::Range<u64> {
    let empty = |sector: &[u8]| sector.iter().all(|&byte| byte == 0xFF);
    let first = bytes.chunks(SECTOR).position(empty).unwrap_or(0) as u64;
    first..first + 16
}

/// Those of discs.
fn of_discs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let mut seeds = Vec::new();
    let tree = discs::Tree::new(&["isolinux/isolinux.bin", "live/filesystem.squashfs", "A longer name.txt"]);
    for (target, name, options) in [
        ("iso9660", "joliet", &["-J", "-R"][..]),
        ("iso9660", "boots", &["-b", "isolinux/isolinux.bin", "-no-emul-boot"]),
    ] {
        let disc = fs::read(tree.xorriso(options)).unwrap();
        seeds.push((target, name, encode(&sparse(&disc, |_| false))));
    }
    let capsules = discs::Tree::new(&["RAMKEY/ONE.RKC", "RAMKEY/TWO.RKC", "readme.txt"]);
    let disc = fs::read(capsules.xorriso(&["-J", "-R"])).unwrap();
    seeds.push(("loader-disc", "two", encode(&sparse(&disc, |_| false))));
    let disc = fs::read(tree.genisoimage(&["-udf", "-J"])).unwrap();
    seeds.push(("udf", "bridge", encode(&sparse(&disc, |_| false))));
    let entries = [
        discs::entry(0x88, 4, 0, 1, 20),
        discs::section(0x91, 0, 2),
        discs::entry(0x88, 0, 0x7C0, 4, 21),
        discs::entry(0x88, 2, 0, 1, 22),
    ];
    let mut catalogue = discs::by_hand(40, 0, &entries)[19 * 2048..19 * 2048 + 256].to_vec();
    catalogue.resize(2048, 0);
    catalogue.extend(&discs::partitioned()[..512]);
    seeds.push(("el-torito", "disk-and-section", catalogue));
    seeds
}

/// The image with these bytes, without the sectors that `is_dropped`.
fn sparse(bytes: &[u8], is_dropped: impl Fn(u64) -> bool) -> Sparse {
    let mut image = Sparse { sectors: (bytes.len() / SECTOR) as u64, ..Sparse::default() };
    for (lba, sector) in (0..).zip(bytes.as_chunks().0) {
        if sector != &[0; SECTOR] && !is_dropped(lba) {
            image.present.insert(lba, *sector);
        }
    }
    image
}

/// The input that is decoded to `image`.
fn encode(image: &Sparse) -> Vec<u8> {
    let mut input = (image.sectors as u32).to_le_bytes().to_vec();
    for (lba, sector) in &image.present {
        input.extend((*lba as u32).to_le_bytes());
        input.extend(sector);
    }
    input
}

/// The sectors of a disk that say where files are, and the registry.
fn structure(disk: &[u8], system: System) -> Sparse {
    // Records of NTFS that no file of ours needs.
    let is_idle = |record: &[u8]| {
        let number = u32::from_le_bytes(record[44..48].try_into().unwrap());
        (1..24).contains(&number) && number != 5
    };
    let sector = |lba: u64| &disk[lba as usize * SECTOR..][..SECTOR];
    let kept = |lba: u64| {
        let near = |magic: &[u8], sectors: u64| {
            (lba.saturating_sub(sectors - 1)..=lba).find(|&lba| sector(lba).starts_with(magic))
        };
        let record = near(b"FILE", 2).is_some_and(|lba| !is_idle(sector(lba)));
        let registry = near(b"regf", 40).is_some();
        let of_ntfs = record || near(b"INDX", 8).is_some_and(|lba| sector(lba)[24] != 0x2A);
        let of_fat =
            lba < LEAD as u64 + 34 && sector(lba)[4..] != [0xD1; 508] || near(b".          ", 4).is_some();
        let of_root = sector(lba).windows(11).any(|window| window == b"NTLDR      ");
        lba <= LEAD as u64
            || registry
            || (system == System::Ntfs && of_ntfs)
            || (system != System::Ntfs && (of_fat || of_root))
    };
    sparse(disk, |lba| !kept(lba))
}

/// The tables of a stick, and the boot sectors that they lead to.
fn tables_of(stick: &[u8]) -> Sparse {
    let last = (stick.len() / SECTOR) as u64 - 1;
    let mut kept = vec![0, 1, 2, last - 32, last];
    kept.extend(diagnose(&Image(stick.to_vec())).unwrap().parts.iter().map(|part| part.lba));
    sparse(stick, |lba| !kept.contains(&lba))
}

/// What a borrower says: which device it wants, and what it asks of one that is open.
fn of_borrowers() -> [(&'static str, &'static str, Vec<u8>); 2] {
    let wanted = br#"{"protocol":1,"number":[8,16],"len":8388608,"serial":"1","usb_path":"1-1","sequence":7,"large":false,"hard_verify":true,"mounts":[]}"#;
    let wish = [&[0][..], &(wanted.len() as u32).to_le_bytes(), wanted].concat();
    let mut requests = vec![1];
    for (verb, offset, bytes) in [(2, 512, 512), (1, 512, 1024), (1, 1, 16), (3, 0, 0), (4, 0, 0), (6, 0, 0)]
    {
        requests.push(verb);
        requests.extend([offset, bytes].map(u64::to_le_bytes).as_flattened());
        requests.extend(vec![0x77; if verb == 2 { bytes as usize } else { 0 }]);
    }
    [("lent", "wish", wish), ("lent", "requests", requests)]
}

/// Packed chunks, long and short, behind nothing and behind something.
fn of_packed_chunks() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let words = b"push ebp; mov ebp, esp; sub esp, 16; leave; ret; ".repeat(90);
    let mut changed = words.clone();
    changed.iter_mut().step_by(41).zip(0_u8..).for_each(|(byte, number)| *byte = number);
    let before: Vec<u8> = (0..3000_u16).map(|at| (at >> 3) as u8 ^ at as u8).collect();
    let cases = [
        ("words", changed, 0, 19),
        ("repeated", words, 0, 1),
        ("skewed", noise(9000).iter().map(|byte| byte.leading_zeros() as u8).collect(), 0, 5),
        ("behind", before[500..].to_vec(), 3000, 3),
    ];
    let seed = |(name, data, before_len, level): (&'static str, Vec<u8>, usize, i32)| {
        let mut context = zstd_safe::CCtx::create();
        context.set_parameter(zstd_safe::CParameter::CompressionLevel(level)).unwrap();
        if before_len > 0 {
            context.ref_prefix(&before[..before_len]).unwrap();
        }
        let mut frame = Vec::with_capacity(zstd_safe::compress_bound(data.len()));
        context.compress2(&mut frame, &data).unwrap();
        let (len, before) = ((data.len() as u32).to_le_bytes(), (before_len as u16).to_le_bytes());
        ("zstd", name, [&len[..3], &before, &frame].concat())
    };
    cases.map(seed).to_vec()
}

#[test]
fn whole_seeds_lead_to_what_they_are_for() {
    if std::env::var("RAMKEY_SEEDS").is_ok_and(|wish| wish == "write") {
        for (target, name, bytes) in seeds() {
            fs::create_dir_all(corpus(target)).unwrap();
            fs::write(corpus(target).join(name), bytes).unwrap();
        }
    }
    let read = |target: &str, name: &str| fs::read(corpus(target).join(name)).unwrap();
    for (target, name) in [("ntfs", "xp"), ("fat", "xp-fat16"), ("fat", "xp-fat32")] {
        let disk = Sparse::decode(&read(target, name));
        let facts = probe(Path::new("xp.img"), &disk, KindChoice::Auto, None).unwrap();
        let windows = look(&disk, &facts).unwrap();
        assert_eq!(windows.family, Family::Ntldr, "{name}");
        let system = windows.system.unwrap_or_else(|| panic!("{name}: {:?}", windows.problems));
        assert_eq!(system.drivers.len(), 1, "{name}");
    }
    for name in ["xp", "nt4", "lists-of-lists"] {
        let hive = Hive::parse(read("hive", name)).unwrap();
        assert!(hive.key("ControlSet001\\Services\\FiraDisk").unwrap().is_some(), "{name}");
    }
    let system = |disc: &dyn Source| iso::recognise(&iso::read(disc).unwrap().unwrap(), disc).unwrap();
    for (target, name) in [("iso9660", "joliet"), ("iso9660", "boots"), ("udf", "bridge")] {
        let found = system(&Sparse::decode(&read(target, name)));
        assert!(matches!(found, iso::System::LinuxLive { .. }), "{name}: {found:?}");
    }
    for seed in fs::read_dir(corpus("unpack")).unwrap().map(|seed| seed.unwrap().path()) {
        let outer = FileSource::open(&seed).unwrap();
        let (member, folder) = (Some("a"), Path::new(""));
        let wrapped = Wrapped { path: &seed, outer: &outer, member, folder, bounds: Bounds::default() };
        let unpacked = wrapped.unpack(&mut |_, _| Ok(()), &|_| ()).unwrap_or_else(|error| panic!("{error}"));
        assert!((1000..100_000).contains(&unpacked.len), "{}", seed.display());
    }
    assert_eq!(targets::loader_disc(&read("loader-disc", "two")), 2);
    for (name, ..) in VIRTUAL_DISKS {
        let file = Sparse::decode(&read("disks", name));
        let disk = unwrapped(Path::new(name), Box::new(&file)).unwrap();
        assert_eq!((disk.len(), disk.wrapping().is_some()), (200 << 10, true), "{name}");
    }
    for name in ["fat12", "ntfs", "ext4"] {
        let disk = Sparse::decode(&read("free", name));
        let facts = probe(Path::new("disk.img"), &disk, KindChoice::Auto, None).unwrap();
        let free = free_space(&disk, &facts, FreeQuestion { swap: true });
        assert!(!free.is_empty() && free.kept.is_empty(), "{name}: {:?}", free.kept);
        assert_eq!(free.swap > 0, name != "ext4", "{name}");
    }
    for name in ["universal", "gpt", "superfloppy"] {
        let stick = facts(&Sparse::decode(&read("stick", name)));
        assert_eq!(stick.capsules.len(), 1, "{name}: {:?}", stick.faults);
        let tables = diagnose(&Sparse::decode(&read("tables", name))).unwrap();
        assert_eq!(tables.parts.len(), 1, "{name}");
    }
}

#[test]
fn every_seed_is_met_with_an_answer_in_little_time() {
    let mut len = 0;
    for (name, target) in TARGETS {
        let inputs =
            fs::read_dir(corpus(name)).unwrap_or_else(|error| panic!("the corpus of {name}: {error}"));
        for input in inputs {
            let path = input.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            len += bytes.len() as u64;
            let started = Instant::now();
            target(&bytes);
            // Unoptimised, and beside other tests.
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "{}: {:?}",
                path.display(),
                started.elapsed()
            );
        }
    }
    assert!(len < CORPUS_LEN_MAX, "the corpus has {len} bytes");
}

/// Sound and cut-off sticks of which a few bytes are others, the same ones each time: so many, with a number for each.
fn few_bytes_changed(count: u64, mut look: impl FnMut(u8, &[u8])) {
    let is_record = |sector: &[u8; SECTOR]| sector.iter().filter(|&&byte| byte == 0).count() > 100;
    let base = change::base();
    let mut lbas: Vec<u64> =
        base.present.iter().filter(|(_, sector)| is_record(sector)).map(|(lba, _)| *lba).collect();
    // Tables and folders have more sectors than are in use.
    lbas.extend(0..3);
    let cuts = [0, 1, 3, 5, 8].map(change::cut);
    for number in 0..count {
        let mut random = [0; 16];
        blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut random);
        let mut over = cuts[usize::from(random[0]) % cuts.len()].clone();
        for change in random[1..].chunks_exact(5).take(usize::from(random[0]) % 3 + 1) {
            let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
            let lba = lbas[place % lbas.len()];
            let now = over.present.get(&lba).or(base.present.get(&lba)).copied().unwrap_or([0; SECTOR]);
            let mut now = now;
            now[usize::from(u16::from_le_bytes([change[2], change[3]])) % SECTOR] = change[4];
            over.present.insert(lba, now);
        }
        look(number as u8, &encode(&over));
    }
}

#[test]
fn a_stick_with_a_few_bytes_changed_is_changed_within_its_bounds() {
    few_bytes_changed(300, |_, input| change::change(input));
}

#[test]
fn a_stick_with_a_few_bytes_changed_loses_no_image_when_it_is_repaired_updated_or_gets_another() {
    let count = if is_long() { 2000 } else { 60 };
    few_bytes_changed(count, |number, input| alter::alter(&[&[number], input].concat()));
}
