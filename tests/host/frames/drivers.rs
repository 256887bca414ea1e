//! Made-up drivers and kernels: program files with a header that Windows would take, and nothing behind it.

/// What a program file has.
#[derive(Clone, Debug)]
pub struct Program<'p> {
    pub machine: u16,
    pub subsystem: u16,
    /// Oldest system that it says it runs on.
    pub system: [u16; 2],
    pub version: [u16; 4],
    /// A word that is in it, in UTF-16.
    pub word: &'p str,
    pub is_signed: bool,
    /// Files and the names that it wants of them.
    pub imports: &'p [(&'p str, &'p [&'p str])],
    pub exports: &'p [&'p str],
}

pub const X86: u16 = 0x014C;
pub const X64: u16 = 0x8664;

/// A driver for 32 bits.
pub const DRIVER: Program<'static> = Program {
    machine: X86,
    subsystem: 1,
    system: [5, 0],
    version: [0, 0, 1, 30],
    word: "",
    is_signed: false,
    imports: &[("ntoskrnl.exe", &["IoCreateDevice", "MmMapIoSpace"]), ("HAL.dll", &["KfRaiseIrql"])],
    exports: &[],
};

/// Where its one section begins, in memory and in the file.
const SECTION: u32 = 0x1000;
const SECTION_AT: usize = 0x400;

impl Program<'_> {
    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let is_wide = self.machine == X64;
        let mut section = Section(vec![0xD1; 64]);
        let imports = section.imports(self.imports, is_wide);
        let exports = section.exports(self.exports);
        section.0.extend(self.word.encode_utf16().flat_map(u16::to_le_bytes));
        section.0.extend([0xBD, 0x04, 0xEF, 0xFE, 0, 0, 1, 0]);
        let [a, b, c, d] = self.version;
        section.0.extend([b, a, d, c].into_iter().flat_map(u16::to_le_bytes));
        let len = section.0.len().next_multiple_of(0x200);
        section.0.resize(len, 0);

        let optional_len = if is_wide { 240 } else { 224 };
        let mut bytes = vec![0; SECTION_AT];
        let mut put = |at: usize, what: &[u8]| bytes[at..at + what.len()].copy_from_slice(what);
        put(0, b"MZ");
        put(0x3C, &0x80u32.to_le_bytes());
        put(0x80, b"PE\0\0");
        put(0x84, &self.machine.to_le_bytes());
        put(0x86, &1u16.to_le_bytes());
        put(0x94, &(optional_len as u16).to_le_bytes());
        let optional = 0x98;
        put(optional, &(if is_wide { 0x20Bu16 } else { 0x10B }).to_le_bytes());
        for (at, part) in [(48, self.system[0]), (50, self.system[1]), (68, self.subsystem)] {
            put(optional + at, &part.to_le_bytes());
        }
        let first = optional + if is_wide { 112 } else { 96 };
        put(first - 4, &16u32.to_le_bytes());
        let certificate = if self.is_signed { (0x400, 8) } else { (0, 0) };
        for (number, (address, len)) in [(0, exports), (1, imports), (4, certificate)] {
            put(first + number * 8, &u32::to_le_bytes(address));
            put(first + number * 8 + 4, &u32::to_le_bytes(len));
        }
        let table = optional + optional_len;
        put(table, b".text");
        for (at, value) in [(8, len as u32), (12, SECTION), (16, len as u32), (20, SECTION_AT as u32)] {
            put(table + at, &value.to_le_bytes());
        }
        bytes.extend(section.0);
        bytes
    }
}

struct Section(Vec<u8>);

impl Section {
    /// Adds bytes; gives their address in memory.
    fn add(&mut self, bytes: &[u8]) -> u32 {
        let len = self.0.len().next_multiple_of(8);
        self.0.resize(len, 0);
        self.0.extend(bytes);
        SECTION + len as u32
    }

    fn imports(&mut self, imports: &[(&str, &[&str])], is_wide: bool) -> (u32, u32) {
        if imports.is_empty() {
            return (0, 0);
        }
        let mut table = Vec::new();
        for (file, names) in imports {
            let file = self.add(&[file.as_bytes(), b"\0"].concat());
            let mut list = Vec::new();
            for name in *names {
                let at = self.add(&[b"\0\0", name.as_bytes(), b"\0"].concat());
                list.extend(at.to_le_bytes());
                list.extend(if is_wide { &[0; 4][..] } else { &[] });
            }
            // One that is wanted by its number, and the end.
            list.extend(if is_wide { &[7, 0, 0, 0, 0, 0, 0, 0x80][..] } else { &[7, 0, 0, 0x80] });
            list.extend([0; 8]);
            let list = self.add(&list);
            for field in [list, 0, 0, file, list] {
                table.extend(field.to_le_bytes());
            }
        }
        table.extend([0; 20]);
        (self.add(&table), table.len() as u32)
    }

    fn exports(&mut self, exports: &[&str]) -> (u32, u32) {
        if exports.is_empty() {
            return (0, 0);
        }
        let mut names = Vec::new();
        for name in exports {
            names.extend(self.add(&[name.as_bytes(), b"\0"].concat()).to_le_bytes());
        }
        let names = self.add(&names);
        let mut table = vec![0; 40];
        table[24..28].copy_from_slice(&(exports.len() as u32).to_le_bytes());
        table[32..36].copy_from_slice(&names.to_le_bytes());
        (self.add(&table), 40)
    }
}

/// The file of a driver.
pub fn driver(word: &str, machine: u16) -> Vec<u8> {
    Program { word, machine, is_signed: machine == X64, ..DRIVER }.bytes()
}
