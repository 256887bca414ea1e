//! The page: its text is made from the list and the results, and its table is where the results are kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::Cell;
use super::cases::CASES;
use super::run::Host;

/// What stands above the table.
const ABOVE: &str = "# What boots

Written by `cargo xtask matrix`; the boot tests try a part of it again.

Each row is a guest from Debian's packages, in one form, in a machine with that much RAM. It is written to a stick with
`ramkey write IMAGE --kind hdd|floppy|cd --identity memdisk|grub4dos`, started from an emulated USB 3.0 port, and the stick is
**pulled before the guest's first instruction**. It boots when it shows what it shows from a real drive and then reads
its disk again: a file, a module, a list of drives (Memtest86+ and iPXE have nothing more to read). What starts from RAM
was read from RAM, for the stick was gone.

The sticks and discs are written with the defaults of `--compress` and of trimming: each is packed where the oldest machine loads it
sooner. What is not packed `gzip -9` would make shorter by less than a quarter, on discs by less than two fifths, which is looked at for
every cell. The floppies and disks with SYSLINUX, whose volumes hold the bytes of a deleted file, are without them. The boot tests also
start one guest of each form from a stick that is neither packed nor trimmed.

The third column is the same from a disc that `ramkey disc` makes, in an IDE CD drive, **ejected before the guest's first instruction**. Which
other drives and BIOSes get so far is in [cd-bios.md](cd-bios.md).

The other columns are for comparison. MEMDISK 6.04 is started by SYSLINUX from the same port with its option `floppy`,
`harddisk` or `iso`, and loses its stick at the same moment. A real drive is a floppy drive, an IDE disk or an IDE CD
drive with the same bytes. The smaller RAM is the least of 8, 16, 32, 64 and 128 MB that has 2 MB more than the image, and 4 MB
for the smallest image. A `no` is followed by the last line on the screen.

Guests that bring a disk driver of their own, and ask no BIOS, cannot see a RAM disk; those here ask.

";

/// What stands below it.
const BELOW: &str = "
What the table does not say:

- Under GRUB4DOS's identity there is nothing for `memdiskfind` to find: Linux starts, and needs the other identity to find its
  disk again.
- GRUB Legacy's floppy and disk are 117 KB of loader. MEMDISK's disk ends where the file does; ramkey fills it up to a whole
  floppy or cylinder. As a real floppy it spoils memory under QEMU's BIOS, which we have not explained.
- MEMDISK at 8 MB and a disc of 5 MB or more: SYSLINUX cannot load it.
- A CD that emulates a disk starts from no real drive here: its master boot record gets an error from QEMU's BIOS.
";

type Key = (String, String, u32);

/// The results.
pub struct Page {
    rows: BTreeMap<Key, BTreeMap<Host, String>>,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md")
}

/// The committed page.
pub fn on_disk() -> String {
    fs::read_to_string(path()).unwrap_or_default()
}

impl Page {
    /// Reads the results that the page has.
    pub fn read() -> Self {
        let mut rows: BTreeMap<Key, BTreeMap<Host, String>> = BTreeMap::new();
        for line in on_disk().lines() {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [guest, form, ram, results @ ..] = cells.as_slice() else { continue };
            let Some(Ok(ram)) = ram.strip_suffix(" MB").map(str::parse) else { continue };
            let row = rows.entry(((*guest).into(), (*form).into(), ram)).or_default();
            for (host, result) in Host::ALL.into_iter().zip(results).filter(|(_, result)| !result.is_empty())
            {
                row.insert(host, (*result).to_owned());
            }
        }
        Self { rows }
    }

    /// What a cell says.
    pub fn cell(&self, cell: Cell) -> Option<&str> {
        self.rows.get(&key(cell))?.get(&cell.host).map(String::as_str)
    }

    /// Changes a cell.
    pub fn set(&mut self, cell: Cell, result: String) {
        self.rows.entry(key(cell)).or_default().insert(cell.host, result);
    }

    /// The whole page; only what the list has.
    pub fn text(&self) -> String {
        let mut text = format!("{ABOVE}| guest | form | RAM |");
        for host in Host::ALL {
            let _ = write!(text, " {} |", host.name());
        }
        text.push_str("\n|---|---|---|---|---|---|---|---|\n");
        let mut cases: Vec<_> = CASES.iter().collect();
        cases.sort_by_key(|case| (case.guest, case.form as u8, case.form_text));
        for case in cases {
            for ram_mib in case.ram {
                let _ = write!(text, "| {} | {} | {ram_mib} MB |", case.guest, case.form_text);
                for host in Host::ALL {
                    let _ =
                        write!(text, " {} |", self.cell(Cell { case, ram_mib, host }).unwrap_or_default());
                }
                text.push('\n');
            }
        }
        text + BELOW
    }

    /// Writes it.
    pub fn write(&self) {
        fs::write(path(), self.text()).expect("writing docs/compatibility.md");
    }
}

fn key(cell: Cell) -> Key {
    (cell.case.guest.into(), cell.case.form_text.into(), cell.ram_mib)
}
