//! The volume descriptors of a disc. (ECMA-119 section 8; ECMA-167 part 2 for UDF.)

use super::blocks::{BLOCK_LEN, Block, Blocks, text};
use super::directory::Extent;
use super::error::IsoError;
use crate::contents::bytes::{u16_at, u32_at};

/// Block of the first descriptor.
const FIRST: u64 = 16;
/// Block of the boot record. (El Torito 1.0, section 2.0: no other block will do.)
const BOOT_RECORD: u64 = 17;
/// Most descriptors that are looked at; discs have three or four.
const LIMIT: u64 = 64;
/// What a boot record is called that leads to a boot catalogue.
const EL_TORITO: &[u8] = b"EL TORITO SPECIFICATION";
/// Escape sequences of Joliet's three levels.
const JOLIET: [&[u8]; 3] = [b"%/@", b"%/C", b"%/E"];

/// What the descriptors say together.
#[derive(Clone, Debug, Default)]
pub(super) struct Descriptors {
    pub volume: Option<PrimaryVolume>,
    /// Root directory of the Joliet names.
    pub joliet: Option<Extent>,
    /// Whether the disc says that it has a UDF volume too.
    pub udf: bool,
    /// First block of the boot catalogue.
    pub catalogue: Option<u32>,
}

/// The primary volume descriptor.
#[derive(Clone, Debug)]
pub(super) struct PrimaryVolume {
    pub id: String,
    pub blocks: u32,
    pub root: Extent,
}

/// Reads the descriptors; `None` if the image is no disc.
pub(super) fn read(blocks: Blocks) -> Result<Option<Descriptors>, IsoError> {
    let mut found = Descriptors::default();
    let (mut iso, mut ended) = (false, false);
    for lba in FIRST..FIRST + LIMIT {
        let Some(block) = blocks.get(lba)? else { break };
        match &block[1..6] {
            b"CD001" if !ended => {
                iso = true;
                match block[0] {
                    1 if found.volume.is_none() => found.volume = Some(volume(&block)?),
                    2 if JOLIET.iter().any(|escape| block[88..].starts_with(escape)) => {
                        found.joliet = Some(Extent::of_record(&block[156..190]));
                    }
                    255 => ended = true,
                    _ => {}
                }
            }
            b"NSR02" | b"NSR03" => found.udf = true,
            b"BEA01" | b"TEA01" | b"BOOT2" | b"CD001" => {}
            _ => break,
        }
    }
    if !iso && !found.udf {
        return Ok(None);
    }
    if iso && found.volume.is_none() {
        return Err(IsoError::NoVolume { searched: LIMIT });
    }
    found.catalogue = blocks.get(BOOT_RECORD)?.and_then(|block| catalogue(&block));
    Ok(Some(found))
}

fn volume(block: &Block) -> Result<PrimaryVolume, IsoError> {
    let found = u16_at(block, 128);
    if u64::from(found) != BLOCK_LEN {
        return Err(IsoError::BlockLen { found });
    }
    Ok(PrimaryVolume {
        id: text(&block[40..72]),
        blocks: u32_at(block, 80),
        root: Extent::of_record(&block[156..190]),
    })
}

/// Block of the boot catalogue that a boot record leads to.
fn catalogue(block: &Block) -> Option<u32> {
    let is_record = block[0] == 0 && &block[1..7] == b"CD001\x01" && block[7..].starts_with(EL_TORITO);
    is_record.then(|| u32_at(block, 0x47))
}
