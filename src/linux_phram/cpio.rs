//! Archives that the kernel unpacks as an initramfs: cpio in its form `newc`, with nothing of this machine in them.

/// Type and permission bits of a regular file that anyone may run.
const PROGRAM: u32 = 0o100_755;
/// Those of a regular file that anyone may read.
const FILE: u32 = 0o100_644;
/// Those of a folder.
const FOLDER: u32 = 0o040_755;
/// Entry that ends an archive.
const TRAILER: &str = "TRAILER!!!";
/// Archives are filled up to whole blocks, so that whatever follows is aligned.
const BLOCK_LEN: usize = 512;

/// An archive in the making. Every number in it depends on the entries and their order alone.
#[derive(Debug, Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
}

impl Archive {
    /// Adds a folder.
    pub fn folder(&mut self, path: &str) {
        self.entry(path, FOLDER, &[]);
    }

    /// Adds a file that can be run.
    pub fn program(&mut self, path: &str, contents: &[u8]) {
        self.entry(path, PROGRAM, contents);
    }

    /// Adds a file. If its folder is neither in this archive nor in one before, the kernel leaves it out.
    pub fn file(&mut self, path: &str, contents: &[u8]) {
        self.entry(path, FILE, contents);
    }

    fn entry(&mut self, path: &str, mode: u32, contents: &[u8]) {
        self.entries += 1;
        self.record(path, self.entries, mode, contents);
    }

    /// Number, mode, owner, group, links, time, length, device twice, length of the name with its zero, no sum.
    fn record(&mut self, path: &str, number: u32, mode: u32, contents: &[u8]) {
        let (len, name_len) = (contents.len() as u32, path.len() as u32 + 1);
        let fields = [number, mode, 0, 0, 1, 0, len, 0, 0, 0, 0, name_len, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08X}").bytes());
        }
        self.bytes.extend(path.bytes());
        self.bytes.push(0);
        self.align(4);
        self.bytes.extend(contents);
        self.align(4);
    }

    fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    /// The archive's bytes, a multiple of 512.
    pub fn finish(mut self) -> Vec<u8> {
        self.record(TRAILER, 0, 0, &[]);
        self.align(BLOCK_LEN);
        self.bytes
    }
}
