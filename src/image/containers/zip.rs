//! zip: one file of it, by the directory at its end. (APPNOTE.TXT, 6.3.10.)

use std::io::BufRead;

use flate2::bufread::DeflateDecoder;
use lzma_rust2::LzmaReader;

use super::bundle::Bundle;
use super::fault::{BY_HAND, Fault};
use super::member::Choice;
use super::packing::{Input, Packing, Sink};
use super::zip_entry::{Entry, entries, start};
use super::{bzip2, xz, zstd};

pub(super) struct Zip;

impl Packing for Zip {
    fn name(&self) -> &'static str {
        "zip"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    fn detect(&self, head: &[u8]) -> bool {
        match head {
            // Behind the letters of a file: the version that is needed, flags, and how it is packed.
            [b'P', b'K', 3, 4, version, system, _, _, method, high, ..] => {
                *version <= 99 && *system <= 20 && *method <= 99 && *high == 0
            }
            // Nothing is in it; or it was meant for several floppies.
            [b'P', b'K', 5, 6, ..]
            | [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..]
            | [b'P', b'K', b'0', b'0', b'P', b'K', 3, 4, ..] => true,
            _ => false,
        }
    }

    fn unpack(&self, input: &Input<'_>, choice: &mut Choice<'_>, sink: &mut Sink<'_>) -> Result<(), Fault> {
        // Twice, so that no list of them is kept.
        entries(input, &mut |number, entry| {
            if !entry.is_folder() {
                choice.offer(number, &entry.name);
            }
            true
        })?;
        let wanted = choice.decide()?;
        let mut found = None;
        entries(input, &mut |number, entry| {
            let is_wanted = number == wanted;
            if is_wanted {
                found = Some(entry);
            }
            !is_wanted
        })?;
        unpack(input, &found.ok_or(Fault::Short)?, sink)
    }

    fn unpack_all(&self, input: &Input<'_>, bundle: &mut Bundle<'_>) -> Result<(), Fault> {
        let mut result = Ok(());
        entries(input, &mut |_, entry| {
            result = match &entry {
                entry if entry.is_folder() => Ok(()),
                entry if bundle.wants(&entry.name, entry.len) => {
                    bundle.add(&entry.name, entry.len, |sink| unpack(input, entry, sink))
                }
                entry => bundle.name(&entry.name, entry.len),
            };
            result.is_ok()
        })?;
        result
    }
}

fn unpack(input: &Input<'_>, entry: &Entry, sink: &mut Sink<'_>) -> Result<(), Fault> {
    if entry.is_encrypted() {
        let why = "the file in it is encrypted";
        return Err(Fault::Other(
            why.into(),
            "unpack it by hand with its password, and give the image that is in it",
        ));
    }
    let start = start(input, entry)?;
    if start.checked_add(entry.packed_len).is_none_or(|end| end > input.len()) {
        return Err(Fault::Short);
    }
    let mut reader = input.range(start, entry.packed_len);
    sink.count_sum();
    match entry.method {
        0 => sink.take(&mut reader)?,
        8 => sink.take(&mut DeflateDecoder::new(&mut reader))?,
        12 => bzip2::unpack(&mut reader, sink)?,
        14 => sink.take(&mut lzma(&mut reader, input.memory(), entry)?)?,
        93 => zstd::unpack(&mut reader, input.memory(), sink)?,
        95 => xz::unpack(&mut reader, input.memory(), sink)?,
        method => {
            let why = format!("the file in it is packed by method {method} of zip, which is not read");
            return Err(Fault::Other(why, BY_HAND));
        }
    }
    if sink.len() != entry.len {
        return Err(Fault::Damaged("the file in it has another length than the directory says".into()));
    }
    if sink.sum() != entry.sum {
        return Err(Fault::Damaged("the checksum of the file in it is wrong".into()));
    }
    Ok(())
}

/// A decoder of LZMA behind the version and the properties, which zip puts in front of it.
fn lzma<'r>(
    reader: &'r mut dyn BufRead,
    memory: u64,
    entry: &Entry,
) -> Result<LzmaReader<&'r mut dyn BufRead>, Fault> {
    let mut head = [0; 9];
    reader.read_exact(&mut head)?;
    let [_, _, len, high, properties, dictionary @ ..] = head;
    if [len, high] != [5, 0] {
        return Err(Fault::Damaged("its properties of LZMA have another length".into()));
    }
    let dictionary = u32::from_le_bytes(dictionary);
    if u64::from(dictionary) > memory {
        return Err(Fault::Memory(Some(dictionary.into())));
    }
    Ok(LzmaReader::new_with_props(reader, entry.len, properties, dictionary, None)?)
}
