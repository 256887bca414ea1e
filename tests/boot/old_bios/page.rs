//! The page: its text is made from the list and the results, and its tables are where the results are kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::Cell;
use super::personalities::{PERSONALITIES, Personality};
use super::sticks::{LAYOUTS, Size, Writer};

/// What stands above the first table.
const ABOVE: &str = "# Old BIOSes

Written by `cargo xtask matrix old-bios`; the boot tests try a part of it again.

Each row is a BIOS with one fault or habit of the machines of 1995 to 2010, played by an option ROM between QEMU's BIOS
and the stick (`tests/boot/personalities/old_bios`). Unless its row says otherwise it is a sound one: drive 80h, EDD, 255 heads, 63
sectors, nothing hidden. A head, sector or cylinder outside of its geometry is refused. *CHS only* means that AH=41h, 42h and 48h fail.

The plain readers are boot sectors that believe what the BIOS says, read long runs and try once: by EDD, and by CHS with
the geometry of AH=08h. They show that a fault is one. SYSLINUX with its own master boot record starts MEMDISK with
the same image, filled up to a cylinder, because its disks end where their files do; nothing for 25 seconds counts as
hanging. Each stick has 64 MiB and is in an emulated USB 3.0 port.

";

/// What stands above the second one.
const BETWEEN: &str = "
## ramkey

By layout (`ramkey write --layout`) and length of the image. The guest of 10 MB is longer than any cylinder and reads its last
sector from RAM; at one sector a call its stick is an internal disk, because each call of an emulated USB stick takes milliseconds.
A `no` is followed by the code on the screen ([errors.md](errors.md)), or by what else was seen.

";

/// What stands above the third one, which is about universal sticks.
const IMPOSSIBLE: &str = "
## Where a universal stick does not boot by itself

| BIOS | image | why, and what its owner can do |
|---|---|---|
";

/// What stands below it.
const BELOW: &str = "
## What the tables do not say

- A GUID partition table needs sectors 1 to 33 for itself, so nothing of the boot code can lie there: a BIOS that hides a track finds
  none of it, and one with 2 heads and short tracks too little in its first cylinder. `hdd` has the same partition without that limit.
- `R` and `S` with two digits are sector 0's. *nothing boots* is a BIOS whose first sector is no boot sector.

## What an option ROM cannot play

- Ports cannot be trapped: an A20 line that only the keyboard controller switches, and one that takes its time, are tested
  on the host, with the loader's own code.
- A stick that is slow, pulled, or plugged in late.
- What a BIOS does before it loads the first sector: which sticks it lists, and under which name. `ramkey doctor` tells what is
  known about that.
";

type Key = (String, String, String);

/// The results, by BIOS, size and writer.
pub struct Page {
    results: BTreeMap<Key, String>,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/old-bios.md")
}

/// The committed page.
pub fn on_disk() -> String {
    fs::read_to_string(path()).unwrap_or_default()
}

impl Page {
    /// Reads the results that the page has.
    pub fn read() -> Self {
        let mut results = BTreeMap::new();
        let mut keep = |bios: &str, size: &str, writer: Writer, result: &str| {
            if !result.is_empty() {
                results.insert((bios.into(), size.into(), writer.name().into()), result.to_owned());
            }
        };
        for line in on_disk().lines() {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            match cells.as_slice() {
                [bios, _, _, _, result] => keep(bios, Size::Small.name(), Writer::Syslinux, result),
                [bios, size, rest @ ..] if rest.len() == LAYOUTS.len() => {
                    for (layout, result) in rest.iter().enumerate() {
                        keep(bios, size, Writer::Ramkey(layout), result);
                    }
                }
                _ => {}
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
        let mut text =
            format!("{ABOVE}| BIOS | what it does | plain, EDD | plain, CHS | SYSLINUX + MEMDISK |\n");
        text.push_str("|---|---|---|---|---|\n");
        for personality in PERSONALITIES {
            self.write_bios(&mut text, personality);
        }
        text.push_str(BETWEEN);
        text.push_str("| BIOS | image |");
        for (name, _) in LAYOUTS {
            let _ = write!(text, " {name} |");
        }
        text.push_str("\n|---|---|---|---|---|---|---|---|---|---|\n");
        for personality in PERSONALITIES {
            for size in Size::ALL {
                self.write_sizes(&mut text, personality, size);
            }
        }
        text.push_str(IMPOSSIBLE);
        for personality in PERSONALITIES {
            for (size, why) in personality.impossible_sizes() {
                let _ = writeln!(text, "| {} | {} | {why} |", personality.name, size.name());
            }
        }
        text + BELOW
    }

    fn write_bios(&self, text: &mut String, personality: &'static Personality) {
        let Personality { name, does, edd, chs, .. } = personality;
        let said = |boots: &bool| if *boots { "boots" } else { "no" };
        let cell = Cell { personality, writer: Writer::Syslinux, size: Size::Small };
        let syslinux = self.cell(cell).unwrap_or_default();
        let _ = writeln!(text, "| {name} | {does} | {} | {} | {syslinux} |", said(edd), said(chs));
    }

    fn write_sizes(&self, text: &mut String, personality: &'static Personality, size: Size) {
        let _ = write!(text, "| {} | {} |", personality.name, size.name());
        for layout in 0..LAYOUTS.len() {
            let cell = Cell { personality, writer: Writer::Ramkey(layout), size };
            let result = if cell.is_tried() { self.cell(cell).unwrap_or_default() } else { "" };
            let _ = write!(text, " {result} |");
        }
        text.push('\n');
    }

    /// Writes it.
    pub fn write(&self) {
        fs::write(path(), self.text()).expect("writing docs/old-bios.md");
    }
}

fn key(cell: Cell) -> Key {
    (cell.personality.name.into(), cell.size.name().into(), cell.writer.name().into())
}
