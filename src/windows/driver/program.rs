//! What a program file says in its header: for which processor it is, what it wants from others and what it offers them.
//! (Microsoft, PE Format.)

use std::collections::BTreeSet;

use crate::contents::bytes::{get_u16, get_u32};

/// Where a file has the offset of its header.
const HEADER: usize = 0x3C;
/// Length of the header before the part that depends on the processor.
const FILE_HEADER_LEN: usize = 24;
const PE32: u16 = 0x10B;
const PE32_PLUS: u16 = 0x20B;
/// Offsets in the second part of the header.
const SUBSYSTEM: usize = 68;
const SUBSYSTEM_VERSION: usize = 48;
/// The subsystem of the kernel and its drivers.
const NATIVE: u16 = 1;
/// Numbers of directories.
const EXPORTS: usize = 0;
const IMPORTS: usize = 1;
const CERTIFICATES: usize = 4;
const DIRECTORIES_MAX: usize = 16;
const SECTION_LEN: usize = 40;
const SECTIONS_MAX: usize = 96;
/// Most files that a driver imports from, most names from each, most names that a file exports, and the longest name.
const FILES_MAX: usize = 64;
const NAMES_MAX: usize = 4096;
const EXPORTS_MAX: usize = 1 << 16;
const NAME_LEN_MAX: usize = 256;

/// The header of a program file.
pub(super) struct Program<'b> {
    bytes: &'b [u8],
    /// Bits of an address of its processor; `None` for one that is in no PC.
    pub bits: Option<u8>,
    is_wide: bool,
    subsystem: u16,
    /// Oldest system that it says it runs on.
    pub system: [u16; 2],
    directories: Vec<(u32, u32)>,
    sections: Vec<Section>,
}

/// Where a part of the file is in memory, and where in the file.
struct Section {
    address: u32,
    len: u32,
    at: u32,
}

/// What a file wants from another.
pub(super) struct Import {
    /// Name of the other file.
    pub file: String,
    /// The names that it wants.
    pub names: Vec<String>,
}

impl<'b> Program<'b> {
    /// Reads the header; `None` if it is none.
    pub fn parse(bytes: &'b [u8]) -> Option<Self> {
        if !bytes.starts_with(b"MZ") {
            return None;
        }
        let header = get_u32(bytes, HEADER)? as usize;
        let file = bytes.get(header..)?.strip_prefix(b"PE\0\0").map(|_| &bytes[header..])?;
        let (machine, sections) = (get_u16(file, 4)?, usize::from(get_u16(file, 6)?));
        let optional_len = usize::from(get_u16(file, 20)?);
        let optional = file.get(FILE_HEADER_LEN..FILE_HEADER_LEN + optional_len)?;
        let is_wide = match get_u16(optional, 0)? {
            PE32 => false,
            PE32_PLUS => true,
            _ => return None,
        };
        let bits = match machine {
            0x014C => Some(32),
            0x8664 => Some(64),
            _ => None,
        };
        let first = if is_wide { 112 } else { 96 };
        let count = get_u32(optional, first - 4)? as usize;
        let entry = |number: usize| {
            let at = first + number * 8;
            get_u32(optional, at).zip(get_u32(optional, at + 4))
        };
        let directories = (0..count.min(DIRECTORIES_MAX)).map_while(entry).collect();
        let table = file.get(FILE_HEADER_LEN + optional_len..)?;
        let section = |section: &[u8]| Section {
            address: get_u32(section, 12).unwrap_or_default(),
            len: get_u32(section, 16).unwrap_or_default(),
            at: get_u32(section, 20).unwrap_or_default(),
        };
        let sections =
            table.chunks_exact(SECTION_LEN).take(sections.min(SECTIONS_MAX)).map(section).collect();
        let version = |at| get_u16(optional, at);
        Some(Self {
            bytes,
            bits,
            is_wide,
            subsystem: get_u16(optional, SUBSYSTEM)?,
            system: [version(SUBSYSTEM_VERSION)?, version(SUBSYSTEM_VERSION + 2)?],
            directories,
            sections,
        })
    }

    /// Whether it runs in the kernel.
    pub fn is_native(&self) -> bool {
        self.subsystem == NATIVE
    }

    /// Whether it has a certificate in it.
    pub fn is_signed(&self) -> bool {
        self.directory(CERTIFICATES).is_some()
    }

    fn directory(&self, number: usize) -> Option<(u32, u32)> {
        self.directories.get(number).copied().filter(|&(address, len)| address != 0 && len != 0)
    }

    /// The bytes of the file from `address` in memory on, to the end of their section.
    fn at(&self, address: u32) -> Option<&'b [u8]> {
        let inside = |section: &&Section| {
            address.checked_sub(section.address).is_some_and(|within| within < section.len)
        };
        let section = self.sections.iter().find(inside)?;
        let from = section.at.checked_add(address - section.address)? as usize;
        let to = section.at.checked_add(section.len)? as usize;
        self.bytes.get(from..to.min(self.bytes.len()))
    }

    fn name(&self, address: u32) -> Option<String> {
        let bytes = self.at(address)?;
        let len = bytes.iter().take(NAME_LEN_MAX).position(|&byte| byte == 0)?;
        std::str::from_utf8(&bytes[..len]).ok().map(str::to_owned)
    }

    /// What it wants from other files; `None` if that cannot be read.
    pub fn imports(&self) -> Option<Vec<Import>> {
        let Some((table, _)) = self.directory(IMPORTS) else { return Some(Vec::new()) };
        let mut imports = Vec::new();
        for entry in self.at(table)?.chunks_exact(20).take(FILES_MAX) {
            let field = |at| get_u32(entry, at).unwrap_or_default();
            let (names, file, addresses) = (field(0), field(12), field(16));
            if file == 0 {
                return Some(imports);
            }
            let names = if names == 0 { addresses } else { names };
            imports.push(Import { file: self.name(file)?, names: self.imported(names)? });
        }
        None
    }

    /// The names in a list of them; those that are wanted by number are left out.
    fn imported(&self, list: u32) -> Option<Vec<String>> {
        let len = if self.is_wide { 8 } else { 4 };
        let mut names = Vec::new();
        for entry in self.at(list)?.chunks_exact(len).take(NAMES_MAX) {
            let by_number = entry[len - 1] & 0x80 != 0;
            let address = get_u32(entry, 0)?;
            if address == 0 && !by_number {
                return Some(names);
            }
            if !by_number {
                names.push(self.name(address.checked_add(2)?)?);
            }
        }
        None
    }

    /// The names that it offers; `None` if that cannot be read or it offers none.
    pub fn exports(&self) -> Option<BTreeSet<String>> {
        let (table, _) = self.directory(EXPORTS)?;
        let table = self.at(table)?;
        let (count, names) = (get_u32(table, 24)? as usize, get_u32(table, 32)?);
        let names = self.at(names)?.chunks_exact(4).take(count.min(EXPORTS_MAX));
        names.map(|name| self.name(get_u32(name, 0)?)).collect()
    }
}
