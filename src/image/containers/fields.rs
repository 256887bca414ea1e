//! Numbers in the headers of containers.

/// The bytes of a header. A field that lies behind their end is 0: so is what an older writer has not written.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    /// The bytes at `at`, as many as there are of `len`.
    pub fn bytes(&self, at: usize, len: usize) -> &'a [u8] {
        let rest = self.0.get(at..).unwrap_or_default();
        &rest[..rest.len().min(len)]
    }

    /// One byte.
    pub fn byte(&self, at: usize) -> u8 {
        self.array::<1>(at)[0]
    }

    /// Little-endian numbers.
    pub fn le16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    pub fn le32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    pub fn le64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }

    /// Big-endian numbers.
    pub fn be16(&self, at: usize) -> u16 {
        u16::from_be_bytes(self.array(at))
    }

    pub fn be32(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.array(at))
    }

    pub fn be64(&self, at: usize) -> u64 {
        u64::from_be_bytes(self.array(at))
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let found = self.0.get(at..).and_then(|rest| rest.first_chunk());
        found.copied().unwrap_or([0; N])
    }
}

/// Text in UTF-16 up to its end or its first zero, read by `number`.
pub(super) fn wide(bytes: &[u8], number: fn([u8; 2]) -> u16) -> String {
    let words = bytes.as_chunks().0.iter().map(|&word| number(word));
    char::decode_utf16(words.take_while(|&word| word != 0))
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
