//! Names and rights as POSIX has them, in the system use of directory records.
//!
//! (System Use Sharing Protocol 1.12, section 5; Rock Ridge Interchange Protocol 1.12, section 4.) There are no dates beside
//! those of the records. What has no room in a record lies in a continuation area, which never crosses a block: Linux refuses
//! one that does.

use super::fields::{BLOCK, both_32};

/// Version of every entry.
const VERSION: u8 = 1;
const CONTINUATION_LEN: usize = 28;
/// Most bytes of a name in one entry, whose length is a byte.
const NAME_MAX: usize = 250;
/// Flag of a name that the next entry continues.
const CONTINUES: u8 = 0x01;
/// Files and folders that everybody can read.
const FILE_MODE: u32 = 0o100_444;
const FOLDER_MODE: u32 = 0o040_555;
/// Identifier, description and source of the protocol, as it prescribes them. (RRIP 1.12 section 4.3.)
const PROTOCOL: [&[u8]; 3] = [
    b"IEEE_P1282",
    b"THE IEEE P1282 PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS.",
    b"PLEASE CONTACT THE IEEE STANDARDS DEPARTMENT, PISCATAWAY, NJ, USA FOR THE P1282 SPECIFICATION.",
];

/// What POSIX knows of a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attributes {
    pub is_folder: bool,
    pub links: u32,
    /// A number that no other file or folder has.
    pub serial: u32,
}

/// The entry `signature` with these data.
fn entry(signature: &[u8; 2], data: &[u8]) -> Vec<u8> {
    let mut entry = signature.to_vec();
    entry.extend_from_slice(&[(4 + data.len()) as u8, VERSION]);
    entry.extend_from_slice(data);
    entry
}

/// That system use sharing is in use, at the start of each record's: in the first record of the root. (SUSP section 5.3.)
pub(super) fn sharing() -> Vec<u8> {
    entry(b"SP", &[0xBE, 0xEF, 0])
}

/// Which protocol shares it, in the same record. (SUSP section 5.5.)
pub(super) fn protocol() -> Vec<u8> {
    let mut data = PROTOCOL.map(|text| text.len() as u8).to_vec();
    // Version of the protocol.
    data.push(1);
    data.extend(PROTOCOL.concat());
    entry(b"ER", &data)
}

/// Rights, links, owner and number. (RRIP section 4.1.1.)
pub(super) fn attributes(attributes: Attributes) -> Vec<u8> {
    let mode = if attributes.is_folder { FOLDER_MODE } else { FILE_MODE };
    let (user, group) = (0, 0);
    let numbers = [mode, attributes.links, user, group, attributes.serial];
    entry(b"PX", &numbers.map(both_32).concat())
}

/// The name, in as many entries as it takes. (RRIP section 4.1.4.)
pub(super) fn name(name: &str) -> Vec<Vec<u8>> {
    let parts = name.as_bytes().chunks(NAME_MAX);
    let count = parts.len();
    let part = |(index, part): (usize, &[u8])| {
        let flags = if index + 1 < count { CONTINUES } else { 0 };
        entry(b"NM", &[&[flags], part].concat())
    };
    parts.enumerate().map(part).collect()
}

/// The system use of one record.
pub(super) struct SystemUse<'a> {
    /// Bytes that the record has for it.
    pub room: usize,
    pub entries: Vec<Vec<u8>>,
    /// The continuation area of the directory, and its first block.
    pub continuation: &'a mut Vec<u8>,
    pub continuation_block: u32,
}

impl SystemUse<'_> {
    /// What is in the record; the rest is added to the continuation area.
    pub fn place(self) -> Vec<u8> {
        let len: usize = self.entries.iter().map(Vec::len).sum();
        if len <= self.room {
            return self.entries.concat();
        }
        let mut inline = Vec::new();
        let mut entries = self.entries.into_iter().peekable();
        let room = self.room - CONTINUATION_LEN;
        while let Some(entry) = entries.next_if(|entry| inline.len() + entry.len() <= room) {
            inline.extend(entry);
        }
        let rest = entries.collect::<Vec<_>>().concat();
        let area = self.continuation;
        if area.len() % BLOCK + rest.len() > BLOCK {
            area.resize(area.len().next_multiple_of(BLOCK), 0);
        }
        let block = self.continuation_block + (area.len() / BLOCK) as u32;
        let numbers = [block, (area.len() % BLOCK) as u32, rest.len() as u32];
        inline.extend(entry(b"CE", &numbers.map(both_32).concat()));
        area.extend(rest);
        inline
    }
}
