//! What the loader finds on a stick and loads: its own code, on a stick in memory.

use ramkey_format::capsule::{COMPANIONS_MAX, Codec};
use ramkey_format::cp437;
use ramkey_loader_core::capsule::{load_chunk, load_table, open};
use ramkey_loader_core::drive::{ReadError, Sectors};
use ramkey_loader_core::fat::FatVolume;
use ramkey_loader_core::file::FileReader;
use ramkey_loader_core::volume::{FileEntry, Volume};

/// An image that is loaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loaded {
    pub file: String,
    pub title: String,
    /// BLAKE3 of what is in memory.
    pub blake3: String,
    pub is_companion: bool,
}

struct Stick<'s>(&'s [u8]);

impl Sectors for Stick<'_> {
    fn read(&mut self, lba: u64, max: u16) -> Result<&[u8], ReadError> {
        let start = lba as usize * 512;
        let end = (start + usize::from(max) * 512).min(self.0.len());
        Ok(&self.0[start..end])
    }
}

/// Every image in the folder of the volume at `lba`, in the order of the menu, loaded and proven with all that it needs beside it; or
/// why one of them is not.
pub fn load_all(stick: &[u8], lba: u64) -> Result<Vec<Loaded>, String> {
    let (mut sectors, mut window) = (Stick(stick), [0; 4096]);
    let why = |error: &dyn std::fmt::Debug| format!("{error:?}");
    let mut volume = FatVolume::open(&mut sectors, lba, &mut window).map_err(|error| why(&error))?;
    let mut folder = volume.find_folder(&mut sectors, b"RAMKEY     ").map_err(|error| why(&error))?;
    let mut files: Vec<FileEntry> = Vec::new();
    while let Some(file) = volume.next_file(&mut sectors, &mut folder, b"RKC").map_err(|error| why(&error))? {
        files.push(file);
    }
    let mut loaded = Vec::new();
    let mut needed = Vec::new();
    let mut halves = Vec::new();
    for file in files {
        let mut reader = FileReader::new(&mut sectors, &mut volume, file);
        let header = open(&mut reader).map_err(|error| why(&error))?;
        let mut block = vec![0; header.table_len.get() as usize];
        let table = load_table(&mut reader, &header, &mut block).map_err(|error| why(&error))?.to_vec();
        let mut memory = vec![0xD1; header.image_len.get() as usize];
        let mut scratch = vec![0; Codec::SCRATCH_LEN];
        for (index, entry) in (0..).zip(&table) {
            let form = header.form(index, entry).map_err(|error| why(&error))?;
            let start = u64::from(index) << header.chunk_shift;
            let place = (start - form.before_len(header.chunk_len())) as usize
                ..(start + header.raw_len(index)) as usize;
            load_chunk(&mut reader, &header, entry, index, &mut memory[place], &mut scratch, &mut |_| ())
                .map_err(|error| why(&error))?;
        }
        needed.extend(
            header.companions().take(COMPANIONS_MAX).map(|beside| (beside.name, beside.image_blake3)),
        );
        let mut half = [0; 16];
        half.copy_from_slice(&header.image_blake3[..16]);
        halves.push((file.stem(), half));
        loaded.push(Loaded {
            file: String::from_utf8_lossy(&file.stem()).trim_end().to_owned(),
            title: header
                .title()
                .unwrap_or_default()
                .iter()
                .filter_map(|&byte| cp437::decode(byte))
                .collect(),
            blake3: blake3::hash(&memory).to_hex().to_string(),
            is_companion: header.flags.get() & ramkey_format::capsule::flags::COMPANION != 0,
        });
    }
    match needed.iter().find(|beside| !halves.contains(beside)) {
        Some((name, _)) => Err(format!("{} is needed", String::from_utf8_lossy(name))),
        None => Ok(loaded),
    }
}
