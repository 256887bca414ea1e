//! 7z: one file of it.

use std::io::{self, Read};

use sevenz_rust2::{Archive, ArchiveEntry, BlockDecoder, Error, Password};

use super::bundle::Bundle;
use super::fault::{BY_HAND, Fault};
use super::member::Choice;
use super::packing::{Bytes, Input, Packing, Sink};

/// Most KiB of its list of files, and of what unpacks that: each entry takes memory.
const LIST_MAX: usize = 2048;

pub(super) struct Seven;

impl Packing for Seven {
    fn name(&self) -> &'static str {
        "7z"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    fn detect(&self, head: &[u8]) -> bool {
        head.starts_with(b"7z\xBC\xAF\x27\x1C\0")
    }

    fn unpack(&self, input: &Input<'_>, choice: &mut Choice<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        let mut reader = input.reader();
        let password = Password::empty();
        let archive = list(input, &mut reader, &password)?;
        let files = || (0..).zip(&archive.files).filter(|(_, file)| !file.is_directory && !file.is_anti_item);
        files().for_each(|(number, file)| choice.offer(number, &file.name));
        let wanted = choice.decide()? as usize;
        if archive.is_file_encrypted(wanted) {
            return Err(encrypted());
        }
        let Some(Some(block)) = archive.stream_map.file_block_index.get(wanted).copied() else {
            // It has no bytes.
            return Ok(());
        };
        let file: *const ArchiveEntry = &archive.files[wanted];
        let limit = (input.memory() >> 10) as usize + LIST_MAX;
        let block = BlockDecoder::new_with_memory_limit(1, limit, block, &archive, &password, &mut reader);
        let mut done = Err(Fault::Damaged("the file is not where the list says".into()));
        let result = block.for_each_entries(&mut |entry, from| {
            let is_wanted = std::ptr::eq(entry, file);
            let taken = if is_wanted { sink.take(from) } else { sink.skip(from) };
            match taken {
                Ok(()) if is_wanted => {
                    done = Ok(());
                    Ok(false)
                }
                Ok(()) => Ok(true),
                Err(fault) => {
                    done = Err(fault);
                    Err(io::Error::from(io::ErrorKind::Other).into())
                }
            }
        });
        match (result, done) {
            (Ok(_), Ok(())) if sink.len() != archive.files[wanted].size => Err(Fault::Short),
            (Ok(_), done) => done,
            (Err(error), Err(Fault::Damaged(_)) | Ok(())) => Err(fault(error, limit)),
            (Err(_), done) => done,
        }
    }

    fn unpack_all(&self, input: &Input<'_>, bundle: &mut Bundle<'_>) -> Result<(), Fault> {
        let mut reader = input.reader();
        let password = Password::empty();
        let archive = list(input, &mut reader, &password)?;
        if (0..archive.files.len()).any(|number| archive.is_file_encrypted(number)) {
            return Err(encrypted());
        }
        let limit = (input.memory() >> 10) as usize + LIST_MAX;
        for block in 0..archive.blocks.len() {
            let decoder =
                BlockDecoder::new_with_memory_limit(1, limit, block, &archive, &password, &mut reader);
            let mut done = Ok(());
            let result = decoder.for_each_entries(&mut |entry, from| {
                let is_wanted = !entry.is_directory && bundle.wants(&entry.name, entry.size);
                done = match is_wanted {
                    true => bundle.add(&entry.name, entry.size, |sink| sink.take(from)),
                    false if entry.is_directory => bundle.skip(from),
                    false => bundle.name(&entry.name, entry.size).and_then(|()| bundle.skip(from)),
                };
                match done {
                    Ok(()) => Ok(true),
                    Err(_) => Err(io::Error::from(io::ErrorKind::Other).into()),
                }
            });
            done?;
            result.map_err(|error| fault(error, limit))?;
        }
        // Files without bytes lie nowhere.
        let places = archive.files.iter().zip(&archive.stream_map.file_block_index);
        let empty =
            places.filter(|(file, place)| place.is_none() && !file.is_directory && !file.is_anti_item);
        empty.map(|(file, _)| &file.name).try_for_each(|name| bundle.add(name, 0, |_| Ok(())))
    }
}

/// Its list of files.
fn list(input: &Input<'_>, reader: &mut Bytes<'_>, password: &Password) -> Result<Archive, Fault> {
    let mut start = [0; 24];
    input.range(8, 24).read_exact(&mut start)?;
    if start == [0; 24] {
        return Err(Fault::Damaged("it was not finished: it does not say where its list of files is".into()));
    }
    // The list is at the end: its place behind the first 32 bytes, and its length.
    let number = |at: usize| start[at..at + 8].iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    let list_end = number(4).saturating_add(number(12)).saturating_add(32);
    if list_end > input.len() {
        return Err(Fault::Short);
    }
    Archive::read_with_memory_limit(reader, password, LIST_MAX).map_err(|error| fault(error, LIST_MAX))
}

fn encrypted() -> Fault {
    Fault::Other(
        "it is encrypted".into(),
        "unpack it by hand with its password, and give the image that is in it",
    )
}

fn fault(error: Error, limit: usize) -> Fault {
    match error {
        Error::Io(error, _) | Error::MaybeBadPassword(error) => error.into(),
        Error::PasswordRequired => encrypted(),
        Error::MaxMemLimited { actaul_kb, .. } if limit == LIST_MAX => Fault::Other(
            format!("its list of files takes {actaul_kb} KiB, and at most {LIST_MAX} KiB are read"),
            BY_HAND,
        ),
        Error::MaxMemLimited { actaul_kb, .. } => Fault::Memory(Some(actaul_kb as u64 * 1024)),
        Error::UnsupportedCompressionMethod(method) if method.starts_with("AES") => encrypted(),
        Error::UnsupportedCompressionMethod(method) => {
            Fault::Other(format!("it is packed by {method}, which is not read"), BY_HAND)
        }
        Error::UnsupportedVersion { major, minor } => {
            Fault::Other(format!("it is of version {major}.{minor}, which is not read"), BY_HAND)
        }
        Error::Unsupported(what) => Fault::Other(format!("it has what is not read: {what}"), BY_HAND),
        Error::ChecksumVerificationFailed | Error::NextHeaderCrcMismatch => {
            Fault::Damaged("a checksum is wrong".into())
        }
        Error::Other(what) => Fault::Damaged(what.into_owned()),
        _ => Fault::Damaged("its list of files makes no sense".into()),
    }
}
