//! The first MiB of a machine, as a driver maps it.

/// Length of what every driver can see.
pub const MIB: usize = 0x10_0000;

/// A copy of the first MiB. Reading behind it gives FFh, as reading where there is no memory does.
#[derive(Clone)]
pub struct Memory(Vec<u8>);

impl Memory {
    /// Takes a dump of exactly one MiB.
    pub fn new(bytes: Vec<u8>) -> Self {
        assert_eq!(bytes.len(), MIB);
        Self(bytes)
    }

    /// `len` bytes, or nothing if they do not all lie in it.
    pub fn bytes(&self, at: usize, len: usize) -> &[u8] {
        self.0.get(at..at.saturating_add(len)).unwrap_or(&[])
    }

    pub fn byte(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0xFF)
    }

    pub fn word(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.byte(at), self.byte(at + 1)])
    }

    pub fn dword(&self, at: usize) -> u32 {
        u32::from(self.word(at)) | u32::from(self.word(at + 2)) << 16
    }

    pub fn qword(&self, at: usize) -> u64 {
        u64::from(self.dword(at)) | u64::from(self.dword(at + 4)) << 32
    }

    /// A far pointer.
    pub fn far(&self, at: usize) -> Far {
        Far { segment: self.word(at + 2), offset: self.word(at) }
    }

    /// The sum of `len` bytes; wrong if they do not all lie in it.
    pub fn sum(&self, at: usize, len: usize) -> Option<u8> {
        let bytes = self.0.get(at..at.checked_add(len)?)?;
        Some(bytes.iter().fold(0, |sum: u8, &byte| sum.wrapping_add(byte)))
    }

    /// Writes, as a driver that claims a disk does.
    pub fn set(&mut self, at: usize, bytes: &[u8]) {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

/// Segment and offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Far {
    pub segment: u16,
    pub offset: u16,
}

impl Far {
    /// Where it points to.
    pub fn linear(self) -> usize {
        self.base() + usize::from(self.offset)
    }

    /// Where its segment begins.
    pub fn base(self) -> usize {
        usize::from(self.segment) * 16
    }
}
