//! The part of `docs/cli.md` that says which fields the JSON of `verify`, `inspect` and `doctor` has.
//!
//! `tests/host/cli/json_fields.rs` compares it with what the commands print.

/// The text.
pub(super) const FIELDS: &str = "
## JSON of verify, inspect, doctor, shrink, extract, check, update, restore, and of a copy

`a[].b` is the field `b` of each element of the list `a`. A field that does not apply is null, an empty list, or an empty text. Sectors
have 512 bytes; offsets are bytes, and their ends one past the last.

### Of a stick

`verify` and `inspect` print the same fields; those of `inspect` begin with `what` and `path`. `verify` reads every byte. `inspect`
reads all but the bytes of the images, so nothing in it is `proven`, and `sound` says no more than that the rest shows no fault. Faults
do not change the exit status of `inspect`.

| field | what |
|---|---|
| `what` | `stick`; only `inspect` |
| `path` | the path that was given; only `inspect` |
| `origin` | hashes of its file that somebody said and that are true, see [below](#of-the-origin-of-an-image); only `inspect` |
| `sound` | whether there is no fault |
| `strictness` | what counted as one: `boot`, or `every-byte` with `--strict` |
| `proof` | whether every byte was read; true of `verify`, false of `inspect` |
| `disc` | whether the medium is a disc as well: a disc image of `ramkey disc`, or a copy of one |
| `stick_id` | identity of the stick, 32 hexadecimal digits |
| `layout` | `universal`, `universal-zip`, `hdd`, `zip`, `fdd`, `two-partitions`, `gpt`, `superfloppy` |
| `file_system` | `FAT12`, `FAT16`, `FAT32` |
| `label` | label of the file system |
| `volume_lba` | first sector of the file system |
| `volume_sectors` | its sectors |
| `free` | its free bytes |
| `capsules` | the images in the folder RAMKEY, those of the menu first |
| `capsules[].file` | path of its file |
| `capsules[].title` | title in the boot menu |
| `capsules[].kind` | `hard disk`, `floppy`, `partition`, `CD` |
| `capsules[].geometry` | cylinders/heads/sectors per track |
| `capsules[].len` | length of the image in bytes |
| `capsules[].blake3` | BLAKE3 of the image, as `b3sum` prints it |
| `capsules[].ram_blake3` | BLAKE3 of what is in memory, and is what is proven, where something of the image was left out; else null |
| `capsules[].made_of` | what the image was made of, if it got a driver on the way, see [below](#of-a-driver-on-the-way); else null |
| `capsules[].disk_sectors` | sectors of its RAM disk |
| `capsules[].words` | kind and geometry in words |
| `capsules[].ram_needed` | memory that a machine needs for it and the drives beside it, in bytes; of a companion, its own part |
| `capsules[].drive` | BIOS drive number; 0, 128 and 224 are the next one of a floppy, hard disk or CD |
| `capsules[].disk_signature` | NT disk signature that the RAM disk gets, or null |
| `capsules[].companion` | whether it stands beside another image and is in no menu |
| `capsules[].companions` | the images that it needs beside it |
| `capsules[].companions[].file` | path of its file |
| `capsules[].companions[].blake3` | the first half of the BLAKE3 of its image |
| `capsules[].companions[].present` | whether it is there |
| `capsules[].options` | how systems see its drives |
| `capsules[].options.identity` | `memdisk`, `grub4dos` |
| `capsules[].options.first_disk` | `ram`, `internal` |
| `capsules[].options.writes` | `kept`, `refused`, `dropped` |
| `capsules[].options.copy` | `auto`, `direct`, `int15` |
| `capsules[].options.keep_stick` | whether the stick keeps a drive number |
| `capsules[].read_only` | whether the machine may not write to it |
| `capsules[].fragments` | pieces that its file lies in |
| `capsules[].as_written` | whether the stick was written with it; false where there is no manifest to tell |
| `capsules[].proven` | whether its bytes were read and match its hashes |
| `readme` | what became of RAMKEY/README.TXT: `as-written`; `other-images`, it tells of others; `changed`; `gone`; null if the stick was written without one |
| `faults` | what is wrong |
| `faults[].kind` | one of the kinds below |
| `faults[].lba`, `faults[].sectors` | first sector and sectors; 0 and 0 if it has no place |
| `faults[].offset`, `faults[].end` | the same in bytes |
| `faults[].file` | the file, or null |
| `faults[].image_offset`, `faults[].image_end` | bytes of the image, or null |
| `faults[].message` | in words |
| `faults[].hint` | why it does not boot and what makes it, if it may be an image; else null |
| `faults[].expected`, `faults[].found` | BLAKE3 of the bytes as written and as found, or null; of a chunk its chaining value |
| `changes` | what changed and is no fault; the other fields depend on `change`, see below |
| `changes[].change` | one of the changes below |
| `bytes_read` | bytes that were read |

| `faults[].kind` | what is wrong |
|---|---|
| `no-stick` | there is no boot area |
| `unreadable` | a sector cannot be read |
| `too-short`, `too-long` | the stick has fewer or more sectors than it was written with; more is a fault with `--strict` only, and none of a disc |
| `sector0`, `table`, `boot-code`, `boot-copy`, `stamps`, `manifest`, `cleared` | a part of the stick that no system changes |
| `fat-reserved`, `fat-table`, `directory`, `file` | the file system |
| `capsule` | an image |
| `no-image` | there is no image to boot |
| `readme` | README.TXT is not as written, with `--strict` only |

| `changes[].change` | its other fields |
|---|---|
| `added` | `path`, `len`, and `hint`: why an image does not boot and what makes it, or null |
| `removed` | `title` and `path` as far as they are known, and `lba`, the first sector that it had |
| `replaced` | `path`; `title` of the image that is there and whether it is `proven`; `was`, the title of the one that is gone, or null; `from`, the path that the image that is there had on this stick, or null |
| `renamed` | `path`; `from`, the path that it had, or null; `title` |
| `names` | `paths` of images of which one or more were renamed |
| `swapped` | `path`, `other` |
| `copied` | `path` of the copy; `of`, the path that the image was written to; `whole`, or a part of it; `hint` as above |
| `alone` | `path` of an image that stands beside none |
| `dates` | `path` |
| `label` | `written`, `found` |
| `unfinished` | `path` of an image of which a change in its place was cut off; `is_new`, whether it holds the new image, or the one from before |
| `manifest` | `lba`, `sectors` of the slot of the manifest that does not count, where one was not written to its end or was damaged |
| `volume` | `what` |
| `longer` | `written` and `found` sectors; `what` that means |
| `details` | `what`, `lba`, `sectors` |
| `readme` | `path`, `what` |
| `more` | `files`: how many more files and folders there are |

### Of a written stick

`write` prints of a stick what `plan` does, and:

| field | what |
|---|---|
| `repairs` | ranges that came back changed and were written again: `lba`, `sectors`, `tries` |
| `effort` | what it took |
| `effort.written`, `effort.skipped` | bytes that were sent to the stick, and bytes that it held already |
| `effort.retries` | requests that failed and were made again: `access`, `lba`, `sectors`, `failed`, `error` |
| `effort.repairs` | the same as `repairs` |
| `effort.level` | where the bytes came from that were read back: `cached`, `direct`, `reset`, `replugged` |
| `effort.buffered` | whether the device refused direct I/O, so that everything went through this system's cache |
| `resumed` | what `--resume` found; null without it |
| `resumed.complete` | whether all of it was there, and nothing was written |
| `resumed.skipped`, `resumed.written` | bytes that were there already, and bytes that were written |

### Of a receipt

`write --receipt FOLDER` puts one of these for each stick into the folder, and `write` to several sticks prints an array of them.

| field | what |
|---|---|
| `receipt` | version of the fields: 1 |
| `tool`, `version` | `ramkey`, and its version |
| `target` | the stick as the system knows it |
| `target.path`, `target.kind` | the device or file, and which of them: `device`, `file` |
| `target.vendor`, `target.model`, `target.serial` | what the device says of itself, or nothing |
| `target.usb_path` | where on USB it is plugged in, or nothing |
| `target.len` | its length |
| `state` | `done`; `complete`: it was so already; `untouched`, `will-not-boot`, `boots-as-before`, `unknown` |
| `error` | why it is not done; else null |
| `error.error`, `error.because`, `error.help` | what happened, what that comes from, and what to do, or null |
| `verified` | where the bytes came from that were read back: `cached`, `direct`, `reset`, `replugged`; null if it is not done |
| `stick` | what the stick is, or was to become |
| `stick.id` | its identity |
| `stick.layout`, `stick.file_system`, `stick.label` | how it is divided, its file system and the label of that |
| `stick.sectors` | its sectors |
| `stick.volume_lba`, `stick.volume_sectors` | first sector of the file system, and its sectors |
| `stick.ranges`, `stick.bytes` | ranges that are written, and bytes in all of them |
| `map` | what lies where on it, or was to, as [of a map](#of-a-map): the ranges that are written, and those that stay |
| `map[].lba`, `map[].sectors`, `map[].use`, `map[].name`, `map[].image` | as there |
| `images` | its images, those that stand beside others last |
| `images[].path`, `images[].title`, `images[].file` | the file that it came from, its title, its file in the folder `RAMKEY` |
| `images[].len` | its length |
| `images[].blake3` | its BLAKE3, as `b3sum` prints it |
| `images[].ram_blake3` | BLAKE3 of what will be in memory, if that is another; else null |
| `images[].driver` | the driver that its Windows got on the way, see [below](#of-a-driver-on-the-way); else null |
| `effort` | what it took; null if it is not done |
| `effort.written`, `effort.skipped` | bytes that were sent to the stick, and bytes that it held already |
| `effort.retries` | requests that failed and were made again |
| `effort.retries[].access` | `read` or `write` |
| `effort.retries[].lba`, `effort.retries[].sectors` | first sector and sectors |
| `effort.retries[].failed`, `effort.retries[].error` | requests that failed, and what the system said of the last of them |
| `effort.repairs` | ranges that came back changed and were written again |
| `effort.repairs[].lba`, `effort.repairs[].sectors` | first sector and sectors |
| `effort.repairs[].tries` | times that they were written again |
| `effort.level` | the same as `verified` |
| `effort.buffered` | whether the device refused direct I/O |
| `warnings` | what speaks against a boot |

### Of a map

`map` prints this.

| field | what |
|---|---|
| `path` | what the map is of |
| `against` | the image with which one on the stick was compared, or null |
| `medium` | `stick`, `disc`: a disc image of ramkey or a copy of one, `image`, `cd` |
| `sectors` | its sectors |
| `ranges` | all of them, ascending: each range begins where the one before it ends |
| `ranges[].lba`, `ranges[].sectors` | first sector and sectors |
| `ranges[].use` | what it is there for, see [map.md](map.md) |
| `ranges[].name` | the same for people, or the path of a file |
| `ranges[].image` | number of the image, from 1 on, or null |
| `free_from` | free runs of fewer sectors are shown with the files around them; 0 if each is a range of its own |
| `capsules` | the images of a stick |
| `capsules[].image` | the number that stands in `ranges[].image` |
| `capsules[].file`, `capsules[].title` | path of its file, and its title |
| `capsules[].chunk_len`, `capsules[].chunks` | bytes of a piece, and pieces |
| `capsules[].forms` | how they are stored |
| `capsules[].forms.zero`, `capsules[].forms.packed`, `capsules[].forms.raw` | pieces of zeros, of which nothing is stored; pieces that are packed; pieces as they are |
| `capsules[].forms.packed_len`, `capsules[].forms.raw_len` | bytes in which these are stored |
| `capsules[].states` | what became of them; null if they were not compared |
| `capsules[].states.same`, `capsules[].states.changed`, `capsules[].states.zero`, `capsules[].states.bad` | pieces that are right or as in the other image, are another there, are zeros, do not have their hash |
| `capsules[].against` | whether it is the one that was compared with another image |
| `capsules[].runs` | pieces one behind the other with the same form and state |
| `capsules[].runs[].first`, `capsules[].runs[].count` | the first of them, and how many |
| `capsules[].runs[].form` | `zero`, `packed`, `raw` |
| `capsules[].runs[].state` | `same`, `changed`, `zero`, `bad`, or null |
| `partial` | whether not all of it can be told: it cannot be read, or has too many parts |

### Of a copy

`write` prints this of a disc image that it copies as it is, and `plan` and `write --dry-run` of one that would be copied.

| field | what |
|---|---|
| `what` | `copy of the disc image` |
| `path` | the disc image |
| `len` | its length in bytes |
| `blake3` | its BLAKE3, as `b3sum` prints it |
| `origin` | hashes of its file that somebody said and that are true, see [below](#of-the-origin-of-an-image) |
| `disc` | what verifying it found, with the fields of a stick |
| `sectors` | sectors of the stick |
| `warnings` | what is wrong with the disc image |
| `ranges` | every range that is written, ascending |
| `ranges[].lba`, `ranges[].sectors` | first sector and sectors |
| `ranges[].role` | `sector-0`, `boot-code`, `boot-copy`, `copy`, `cleared` |
| `ranges[].why` | why it is written |
| `bytes` | bytes in all ranges |
| `repairs` | as [of a written stick](#of-a-written-stick) |
| `effort` | as there; null in a plan |
| `effort.written`, `effort.skipped`, `effort.retries`, `effort.repairs`, `effort.level`, `effort.buffered` | as there |
| `resumed` | with `--resume`: see [of a written stick](#of-a-written-stick); else null |

### Of a smaller image

`shrink` prints these.

| field | what |
|---|---|
| `path`, `to` | the image, and the smaller one |
| `file_system` | the file system that was cut: `FAT12`, `FAT16`, `FAT32` |
| `partition` | number of its partition, or null without a partition table |
| `before`, `after` | the image, and the smaller one |
| `before.len`, `after.len` | length in bytes |
| `before.geometry`, `after.geometry` | cylinders/heads/sectors per track |
| `before.disk_sectors`, `after.disk_sectors` | sectors of the RAM disk |
| `before.ram_needed`, `after.ram_needed` | memory that a machine needs for it, in bytes |
| `before.volume_sectors`, `after.volume_sectors` | sectors of the file system |
| `ram_saved` | memory that is saved, in bytes |
| `used`, `free` | bytes of the clusters that are used, and free bytes that are left |
| `gaps` | how many of the free bytes lie before the last cluster that is used |
| `limit` | why it does not end earlier: `used` clusters, the fewest `clusters` of such a FAT, or the `kind` of the disk |
| `last` | the file or folder that ends last, where that is the limit and its name is known; else null |
| `clusters` | the fewest clusters, where they are the limit; else null |
| `blake3` | BLAKE3 of the smaller image, as `b3sum` prints it |
| `warnings` | who may be writing to the image |

### Of an image that was taken out

`extract` prints these.

| field | what |
|---|---|
| `path`, `file` | the stick, and the capsule's file on it |
| `title` | title in the boot menu |
| `words` | kind and geometry in words |
| `to` | the file that was made |
| `len` | its length in bytes |
| `blake3` | BLAKE3 of the original image, as `b3sum` prints it |
| `ram_blake3` | BLAKE3 of the file that was made, where something of the original was left out; else null |

### Of a repaired stick

`verify --repair` prints these.

| field | what |
|---|---|
| `repaired` | what was put right |
| `repaired[].what` | in words |
| `repaired[].lba`, `repaired[].sectors` | its first sector, and sectors up to the last that was exchanged |
| `written` | bytes that were written |
| `before`, `after` | what verifying found before, and finds now, with the fields of a stick |

### Of an updated stick

`update` prints these.

| field | what |
|---|---|
| `path` | the stick |
| `same` | whether it had this boot code already, and nothing was written |
| `written` | bytes that were written |
| `start_timeout`, `menu_timeout` | seconds before the boot and of the menu, which stay; 0 waits for a key, 255 does not wait |
| `language` | language of the screen, two letters, which stays |
| `serial` | whether what the screen says is sent to COM1 too, which stays |

### Of a plain stick

`restore` prints these.

| field | what |
|---|---|
| `path` | the stick |
| `file_system` | `FAT12`, `FAT16`, `FAT32` |
| `label` | its label |
| `volume_id` | its serial number, as in `1234-ABCD` |
| `volume_lba`, `volume_sectors` | first sector of the partition, and its sectors |
| `cluster_len` | bytes of a cluster |
| `written` | bytes that were written |

### Of what an image was packed in

An image that is inspected has these, and each of `images` and `companions` that `plan`, `write` and `disc` print. The list has the
outermost form first, and none of an image that was not packed. Other lengths and hashes of an image are of what came out last.

| field | what |
|---|---|
| `unpacked[].container` | `gzip`, `xz`, `zstd`, `bzip2`, `lz4`, `zip` or `7z` |
| `unpacked[].packed_len` | bytes of the packed file |
| `unpacked[].member` | the name of the file in an archive, or null |
| `unpacked[].len` | bytes that came out |

### Of what an image takes

`plan`, `write` and `disc` print these of each of `images` and `companions`. `room` is also a field of an image that is inspected; `write`
and `disc` do not look for it, and print null. An image that is inspected has `left_out` and `swap_left_out`, too: bytes that `write` leaves out
because no file system needs them, and those of swap files that it leaves out beside them with `--trim-swap`; and its `load` is an estimate:
`sampled` of all `chunks` were packed, which gives about `stored` bytes and `seconds`.

| field | what |
|---|---|
| `load.stored` | bytes that its chunks are stored in |
| `load.plain` | bytes of those chunks before they are packed; those of zeros are not stored |
| `load.left_out` | bytes of it that are left out because no file system on it needs them |
| `load.swap_left_out` | how many of these are the contents of swap files |
| `load.read` | bytes that the loader reads for it and all drives beside it, with their tables |
| `load.seconds` | seconds that this takes at 0.6, 1, 5 and 30 MB a second of 1000000 bytes, with hashing and unpacking, a list of four: see [shrink.md](shrink.md#what-takes-the-room) |
| `load.machine` | the smallest of 16, 32, 64, 96, 128, 192, 256, 384 and 512 MB that has the memory for it and 1 MB for its BIOS, or null |
| `machine` | which machines it is for, also of an image that is inspected; null of `companions` |
| `machine.system`, `machine.system_mb` | the Windows on it, and the memory in MB that it wants for itself; null where that is not known |
| `machine.machines` | those of 16, 32, 64, 96, 128, 192, 256, 384 and 512 MB that have the memory for all of that |
| `machine.smaller` | what makes the image smaller, the first things first; `write` and `disc` do not look for it |
| `machine.smaller[].what`, `machine.smaller[].len` | a file or the free space, and its bytes |
| `room.volumes` | the FAT, NTFS and ext on it |
| `room.volumes[].partition` | number of its partition; 0 without a partition table |
| `room.volumes[].system` | as in `FAT16` |
| `room.volumes[].len`, `room.volumes[].free` | its bytes, and those of them that are free, or null if that cannot be told |
| `room.files` | files that take room: those of swapped memory and of sleeping systems, up to eight folders that nobody needs to run a Windows, then the five largest others |
| `room.files[].partition` | number of its partition |
| `room.files[].path` | its path |
| `room.files[].len` | its bytes; on an NTFS those of its clusters |
| `room.files[].used_for` | `file`, `swap`, `hibernation`, `spare` (a folder, whose bytes are those of all files below it) |
| `room.partial` | whether not all was looked at: it is damaged, or too large |

### Of the origin of an image

`write`, `disc` and `plan` print `origin` of each of `images` and `companions`, `add` of each of `images`, and `inspect`, `reflash` and a copy by
itself. The others are of `inspect` alone.

| field | what |
|---|---|
| `origin` | hashes of its file that somebody said and that are true |
| `origin[].algorithm` | `BLAKE3`, `SHA-256`, `SHA-1`, `MD5` |
| `origin[].list` | the list that says so, or null of `--expect HASH` |
| `hashes`, `file_hashes` | of an image that is inspected with `--hash`: the hashes of the image, and those of its file if there is more in that; else null |
| `hashes.blake3`, `hashes.sha256`, `hashes.sha1`, `hashes.md5` | hexadecimal digits; `file_hashes` has the same fields |

### Of a driver on the way

`write --driver` prints this of the first of `images`, and a receipt has it; `path` is the user's own image, and length and BLAKE3 are those of
the copy with the driver. The capsule has it, too: `verify` prints it as `capsules[].made_of`, with
`text` (the driver, its version, how it gets its device, the BLAKE3 of its file), and with `len` and `blake3` of the user's own image.

| field | what |
|---|---|
| `driver` | the driver that its Windows got; null without `--driver` |
| `driver.name`, `driver.version` | what it is called, and its version, or null if it says none |
| `driver.attach` | how it gets its device: `root` (one in the registry), `own` (it makes it) |
| `driver.blake3` | BLAKE3 of its file, as `b3sum` prints it |

### Of what an image lies in

`plan`, `write`, `disc` and `inspect` print these of each image; `header` is null if the file is the image.

| field | what |
|---|---|
| `header.program` | the program that makes such files |
| `header.len` | bytes in front of the disk, or null if more is around it |
| `header.disk` | command that prints the bytes of the image, or null of a file that was unpacked first |
| `header.words` | what is around it, for people |

### Of a check

`check` prints these.

| field | what |
|---|---|
| `path` | the stick |
| `len` | bytes that it claims |
| `destructive` | whether it was written |
| `good` | whether no fault was found and all was looked at |
| `ended` | why not all was looked at, or null |
| `written`, `read` | bytes from the start on that were written, and read |
| `write_rate`, `read_rate` | bytes a second, or null |
| `real_len` | bytes that it really has, if it was written and all was read; else null |
| `counts` | sectors by what became of them |
| `counts.good` | they can be read, and hold what was written |
| `counts.overwritten`, `counts.changed`, `counts.lost`, `counts.unreadable`, `counts.unwritable` | see `ranges[].kind` |
| `ranges` | ranges of sectors with a fault, ascending, at most a thousand that were read |
| `ranges[].lba`, `ranges[].sectors` | first sector and sectors |
| `ranges[].kind` | `overwritten` by what was written to other sectors; `changed` in some bits; `lost`: other bytes are there; `unreadable`; `unwritable` |
| `ranges[].stamp_of` | the sector whose stamp the first one holds, or null |
| `ranges[].bits` | how many bits changed in all of them, or null |
| `ranges[].found` | what the first one holds, or what the system said of it |
| `more` | ranges that are not listed |
| `slow` | places that are read at less than a quarter of the usual rate, twice |
| `slow[].lba`, `slow[].sectors` | first sector and sectors |
| `slow[].rate`, `slow[].usual` | bytes a second there, and what is usual |
| `level` | where the bytes came from that were compared: the cache of this system, the device, the device after a reset over USB or after it had no power; null if none were |
| `replugged` | whether it was plugged out and in again before it was read last |
| `forgotten` | sectors that were right before that, and are not any more |
| `stick` | what verifying it found, with the fields of a stick, if it is one of ramkey and was not written; else null |

### Of any stick, by doctor

| field | what |
|---|---|
| `path` | the path that was given |
| `contradictions` | findings that are more than a note; more than 0 is exit status 4 |
| `sectors` | sectors of the stick |
| `layout` | `mbr`, `gpt`, `superfloppy`, `none` |
| `geometry` | heads and sectors per track of the partition table, a list of two, or null |
| `parts` | the partitions, or the whole stick |
| `parts[].number` | its number in its table; null for the whole stick |
| `parts[].lba`, `parts[].sectors` | first sector and sectors |
| `parts[].type_byte` | type in a master boot record, or null |
| `parts[].active` | whether it is active |
| `parts[].system` | what is in it, or null |
| `findings` | what was found, the worst first |
| `findings[].kind` | its name in [doctor.md](doctor.md#findings) |
| `findings[].severity` | `fault`, `warning`, `note` |
| `findings[].lba` | the sector that says so |
| `findings[].what` | what was found, with its numbers |
| `findings[].why`, `findings[].hurts`, `findings[].remedy`, `findings[].source` | the texts of [doctor.md](doctor.md#findings) |
";
