//! `docs/cli.md`, made from the command line's own help.

use clap::Command;

use crate::cli::command::Cli;
use crate::cli::fields::FIELDS;
use crate::cli::help::{WIDTH_MAX, is_public};

const HEAD: &str = "# The command line

Made from the program's own help: `RAMKEY_BLESS=1 cargo test --test host -- cli::texts` writes it anew.

| exit status | what it says |
|---|---|
| 0 | done; for `boot`: an image was seen in memory and proven |
| 1 | failed; if a stick was being written, its state is unknown |
| 2 | the command line, or a [setting](config.md), makes no sense |
| 3 | refused, and nothing was touched; or undone, as a new file on a full disk |
| 4 | `verify` found a difference, `doctor` a contradiction, or `check` a fault |
| 5 | interrupted or failed on the way; the stick does not boot |

A path that cannot be used is 3 where a stick would be written (`write`, `plan`): the target or an image is missing, a
folder, or not what it must be. It is 1 where something is only read (`verify`, `inspect`, `doctor`, `boot`). `verify` of what is
no stick of ramkey is 1, and `boot` of it is 3. A stick of which anything is left, a boot area or the folder `RAMKEY`, is
verified: 4 says what is wrong with it.

An image is what would be on the disk, byte by byte. A VMDK, VHD, VHDX, qcow2 or VDI is opened, and the disk in it is the image, as
the floppy in an IMD is. Of a folder the image of a disk with its files is made: [folders.md](folders.md). One that is packed
(gzip, xz, zstd, bzip2, lz4, zip, 7z) is unpacked into a temporary file; `FILE#NAME` is a
file in an archive, and `-` is standard input: [inputs.md](inputs.md). What is compressed otherwise, a CD in sectors of 2352 bytes,
another floppy by track, a backup, a program or a text is refused with what it is and a command that makes an image of it; what has a
boot signature, a file system or the descriptors of a CD is an image whatever else it begins like. Of what is nothing but letters
`--kind` says that it is an image all the same. The header in front of a disk of DOSEMU is left out: geometry, length and BLAKE3 are
those of the disk behind it, and `tail -c +129 FILE | b3sum` prints the same. Before bytes are written of which nothing is known,
`write` asks.

Files and sticks are measured in KiB, MiB and GiB. RAM is told in whole MB of 1048576 bytes, rounded up, as the target
machine's own screens tell it: what an image takes there is the number in the boot menu.

The geometry of an image is what INT 13h answers with, and what old boot code counts by. `inspect` and `write` show it; `--chs`
overrules it. It comes from:

1. a file system that begins in sector 0: the heads and sectors per track in its boot sector. Of a floppy these count more than its
   size, however many they are; a floppy that was sold in another format than its boot sector says goes by its size.
2. on a hard disk with partitions, the boot sector of the active one, if it names its place on the disk, or names none, fits the
   partition and is not a formatter's that boots nothing; and if its heads and sectors reach its end. It does not count where the
   boot code in sector 0 reads by CHS alone and would not find it by that.
3. what fits most addresses of the partition table, of logical drives too: 255/63, 240/63, 128/63, 64/63, 32/63, 16/63, 15/63,
   64/32 and smaller ones, the ends of the partitions, then any. An address that stands for what CHS does not reach says nothing.
4. the boot sectors of the other partitions.
5. the size: a floppy of 40 to 43 or 80 to 86 cylinders with whole tracks, the sold ones first, as MEMDISK takes them; a hard disk
   of 16/63 up to 504 MiB, and 255/63 above. Its last cylinder is made whole with zeros, but not on a disk with a GPT, whose copy must
   stay the last sector.

Where they disagree, a warning shows the `--chs` of each and which is taken. A floppy without a file system whose size is that of no
such floppy is a guess, and a warning says so. A disk on a CD that emulates one goes by the same rules.

What is printed is text: what a terminal would obey or not show, in a file name, a label or a registry value, is printed as an
escape such as `\\x1b`, `\\n` or `\\u{202e}`, and a byte of a file name that is no UTF-8 as `\\xff`. In JSON it is `\\u001b` and the like, which
programs read as the true value. Commands in a `help:` can be pasted into a shell.

A report that could not be written, because standard output is closed or its disk is full, is exit status 1, with what was done
as it would be otherwise: a stick is complete. A reader that closes its pipe has read enough, and `>/dev/null` is a wish: both are no
failure, but of `boot` and `demo`, which print while they run and end with their reader.

Errors go to standard error as `error:`, one `  because:` for each cause, and `help:`. With `--json` the result, or the
error, is one JSON object on standard output; field names do not change between versions.
[schema/ramkey.schema.json](schema/ramkey.schema.json) is the JSON Schema of what each command prints, of receipts, events and errors.

With `--json=events` standard output has an object on each line, flushed at once: what is done while it is done, and last the result
or the error. `event` says which one it is. `stick` is the stick where several are written at once, else null.

| `event` | other fields |
|---|---|
| `begin` | `part`, what is done, such as `hashing` or `writing`; `bytes` that it handles |
| `advance` | `part`; `done` of its `bytes`. At most ten a second |
| `end` | the same; the part is over, whether it failed or not |
| `repaired` | `lba`, `sectors` that came back changed, and are right after `tries` |
| `partitions-not-seen` | `because`: the stick is finished, and the system did not read its new partition table |
| `expect` | `bytes` that all parts from here on handle, and `later` those that come behind what is prepared, if that is done: of reading a stick that is there, of writing and of reading back, as a guess. It is told as soon as it is known, and each time that more is known |
| `ejected` | nothing: the stick is finished, and may be pulled |
| `not-ejected` | `because`: the stick is finished, and could not be ejected |
| `ended` | `state` of one of several sticks, in words |
| `result` | `result`: what `--json` prints |
| `error` | `error`, `because`, `help`, `exit` and `exit_status`, as `--json` prints them |

`warnings` of an image is what speaks against a boot, and `notes` what does not; `doubts` of a stick counts all its warnings.
[will-it-boot.md](will-it-boot.md) says what is looked at.

Lengths are in bytes. `ramkey list --json` prints:

| field | what it is |
|---|---|
| `sticks` | disks that hang on USB or can be taken out |
| `others` | with `--all` the other disks, with the same fields: built-in ones, readers without a card, loop devices, devices made of others |
| `unlisted` | disks that are no sticks and were not asked for |
| `sticks[].node` | the device, for example `/dev/sdb` |
| `sticks[].kind` | `disk`, `partition`, `loop` or `virtual` |
| `sticks[].len` | its length |
| `sticks[].logical_sector` | length of its sectors |
| `sticks[].read_only` | whether the system refuses writes |
| `sticks[].removable` | whether the device says that its medium can be taken out |
| `sticks[].usb` | whether it hangs on USB |
| `sticks[].usb_path` | the port that it hangs on as Linux names it, for example `1-1.4`, or nothing |
| `sticks[].usb_id` | vendor and product number on USB, for example `0781:5567`, or nothing |
| `sticks[].wwn` | world-wide name, or nothing |
| `sticks[].vendor` | vendor, or nothing |
| `sticks[].model` | model, or nothing |
| `sticks[].serial` | serial number, or nothing |
| `sticks[].partitions` | its partitions, in the order of their numbers |
| `sticks[].partitions[].name` | name of the device |
| `sticks[].partitions[].offset` | first byte on the disk |
| `sticks[].partitions[].len` | its length |
| `sticks[].writable` | whether `ramkey write` would take it |
| `sticks[].refused` | why not; `null` if it would |
| `sticks[].help` | what to do about that, if anything helps; else `null` |
| `sticks[].contents` | its partitions, or the whole of one without any |
| `sticks[].contents[].name` | name of the device |
| `sticks[].contents[].size` | its length in words |
| `sticks[].contents[].what` | file system and label |
| `sticks[].notes` | what is to be known of it and is no reason to refuse it |

`ramkey list --watch --json` prints one object a line, with the fields of `sticks[]` and with `change`: `there` for each disk at the
start, then `plugged-in`, `changed` and `gone`. It looks twice a second, and ends with status 0 on Ctrl-C or when nobody reads any more.
";

/// The text of `docs/cli.md`.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for Help { command, long, .. } in helps(WIDTH_MAX) {
        let help: Vec<&str> = long.lines().map(str::trim_end).collect();
        text += &format!("\n## {command}\n\n```text\n{}\n```\n", help.join("\n"));
    }
    text + FIELDS
}

/// The help of a command.
pub struct Help {
    /// How it is called.
    pub command: String,
    /// What `-h` prints.
    pub short: String,
    /// What `--help` prints.
    pub long: String,
}

/// The help of the program and of each command, for so many columns.
pub fn helps(columns: usize) -> Vec<Help> {
    let mut program = Cli::program(columns);
    let help = |command: &mut Command| Help {
        command: command.get_bin_name().unwrap_or("ramkey").to_owned(),
        short: command.render_help().to_string(),
        long: command.render_long_help().to_string(),
    };
    let mut helps = vec![help(&mut program)];
    for command in program.get_subcommands_mut().filter(|command| is_public(command)) {
        helps.push(help(command));
        helps.extend(command.get_subcommands_mut().filter(|command| is_public(command)).map(help));
    }
    helps
}
