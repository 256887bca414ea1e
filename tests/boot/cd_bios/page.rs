//! The page: its text is made from the list and the results, and its table is where the results are kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::Cell;
use super::discs::{BOOTS, Writer};
use super::personalities::{PERSONALITIES, Personality};

/// What stands above the table.
const ABOVE: &str = "# BIOSes and CDs

Written by `cargo xtask matrix cd-bios`; the boot tests try a part of it again.

Each row is a BIOS with one fault or habit of those that boot CDs, played by an option ROM between QEMU's BIOS and its CD drive
(`tests/boot/personalities/cd_bios`). Unless its row says otherwise it is a sound one: it boots the first entry of the catalogue, loads
as many sectors as that says, starts them at 0000:7C00, and shows the disc as drive E0h, with EDD and blocks of 2048 bytes.

The plain loader believes what the BIOS says, reads long runs and tries once: from the drive in DL, and by AH=4Bh from the drive that
AX=4B01h tells, with DL=7Fh. Booted from what a disc emulates, it reads that by the geometry of AH=08h, and by AH=4Bh ends the
emulation first and goes on with drive E0h. It shows that a fault is one. Nothing for 30 seconds counts as hanging.

ramkey's disc (`ramkey disc`) has an entry without emulation, and further ones for a floppy of 1.44 MB and a hard disk; `--boot` makes one
of these the first. The image is a hard disk of 512 bytes, in the column *2.5 MB* one that reaches behind the end of an emulated floppy.
A `no` is followed by the code on the screen ([errors.md](errors.md)), or by
what else was seen.

";

/// What stands above the second one.
const IMPOSSIBLE: &str = "
## Where a disc of ramkey does not boot

| BIOS | disc | why, and what its owner can do |
|---|---|---|
";

/// What stands below it.
const BELOW: &str = "
## What an option ROM cannot play

- A drive that does not read a kind of disc, a worn one, or one that the BIOS finds too late: *spins up* fails reads at once, and a
  real drive may keep the caller waiting instead.
- What a BIOS does before it loads the first sector: which drives it looks into, and in which order.
";

type Key = (String, String);

/// The results, by BIOS and writer.
pub struct Page {
    results: BTreeMap<Key, String>,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cd-bios.md")
}

/// The committed page.
pub fn on_disk() -> String {
    fs::read_to_string(path()).unwrap_or_default()
}

impl Page {
    /// Reads the results that the page has.
    pub fn read() -> Self {
        let mut results = BTreeMap::new();
        for line in on_disk().lines() {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [bios, _, _, _, written @ ..] = cells.as_slice() else { continue };
            for (writer, result) in Writer::all().into_iter().zip(written) {
                if !result.is_empty() {
                    results.insert(((*bios).into(), writer.name().into()), (*result).to_owned());
                }
            }
        }
        Self { results }
    }

    /// What a cell says.
    pub fn cell(&self, cell: Cell) -> Option<&str> {
        self.results.get(&key(cell)).map(String::as_str)
    }

    /// Changes a cell.
    pub fn set(&mut self, cell: Cell, result: String) {
        self.results.insert(key(cell), result);
    }

    /// The whole page; only what the list has.
    pub fn text(&self) -> String {
        let mut text = format!("{ABOVE}| BIOS | what it does | plain | plain, AH=4Bh |");
        for writer in Writer::all() {
            let _ = write!(text, " {} |", writer.name());
        }
        let _ = writeln!(text, "\n|---|---|---|---|{}", "---|".repeat(1 + BOOTS.len()));
        for personality in PERSONALITIES {
            self.write_bios(&mut text, personality);
        }
        text.push_str(IMPOSSIBLE);
        for personality in PERSONALITIES {
            for writer in Writer::all() {
                if let Some(why) = personality.why_not(writer) {
                    let _ = writeln!(text, "| {} | {} | {why} |", personality.name, writer.name());
                }
            }
        }
        text + BELOW
    }

    fn write_bios(&self, text: &mut String, personality: &'static Personality) {
        let Personality { name, does, plain: (number, call), .. } = personality;
        let said = |boots: &bool| if *boots { "boots" } else { "no" };
        let _ = write!(text, "| {name} | {does} | {} | {} |", said(number), said(call));
        for writer in Writer::all() {
            let _ = write!(text, " {} |", self.cell(Cell { personality, writer }).unwrap_or_default());
        }
        text.push('\n');
    }

    /// Writes it.
    pub fn write(&self) {
        fs::write(path(), self.text()).expect("writing docs/cd-bios.md");
    }
}

fn key(cell: Cell) -> Key {
    (cell.personality.name.into(), cell.writer.name().into())
}
