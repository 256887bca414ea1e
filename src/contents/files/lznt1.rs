//! The compression of NTFS. (Microsoft, MS-XCA, section 2.5: LZNT1.)

/// Bytes that a chunk holds when it is unpacked.
const CHUNK_LEN: usize = 4096;
/// Bit of a chunk's header: it is packed.
const PACKED: u16 = 0x8000;

/// Unpacks `packed` into exactly `len` bytes; zeros follow what it holds. `None` if it is damaged.
pub(super) fn unpack(packed: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    let mut rest = packed;
    while bytes.len() < len {
        let Some((&[low, high], behind)) = rest.split_first_chunk() else { break };
        let header = u16::from_le_bytes([low, high]);
        if header == 0 {
            break;
        }
        let chunk = behind.get(..usize::from(header & 0xFFF) + 1)?;
        rest = &behind[chunk.len()..];
        let start = bytes.len();
        if header & PACKED == 0 {
            bytes.extend_from_slice(chunk);
        } else {
            unpack_chunk(chunk, &mut bytes)?;
        }
        // Every chunk but the last is whole.
        if rest.len() >= 2 && rest[..2] != [0, 0] && bytes.len() < start + CHUNK_LEN {
            bytes.resize(start + CHUNK_LEN, 0);
        }
    }
    bytes.resize(len, 0);
    Some(bytes)
}

fn unpack_chunk(chunk: &[u8], bytes: &mut Vec<u8>) -> Option<()> {
    let start = bytes.len();
    let mut rest = chunk.iter();
    while let Some(&flags) = rest.next() {
        for bit in 0..8 {
            let Some(&first) = rest.next() else { return Some(()) };
            if flags >> bit & 1 == 0 {
                bytes.push(first);
            } else {
                let token = u16::from_le_bytes([first, *rest.next()?]);
                let done = bytes.len() - start;
                // The further into the chunk, the more bits of a token say how far back, and the fewer how long.
                let mut shift = 12;
                while shift > 4 && done > 1 << (16 - shift) {
                    shift -= 1;
                }
                let back = usize::from(token >> shift) + 1;
                let count = usize::from(token & ((1 << shift) - 1)) + 3;
                if back > done {
                    return None;
                }
                for _ in 0..count {
                    bytes.push(bytes[bytes.len() - back]);
                }
            }
            if bytes.len() - start > CHUNK_LEN {
                return None;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::unpack;

    /// The example of MS-XCA, section 3.3.
    const PACKED: [u8; 59] = [
        0x38, 0xB0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xA2, 0x47, 0x01, 0xA0,
        0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xC0, 0x45, 0x20, 0x05, 0x24, 0x13, 0x88,
        0x05, 0xB4, 0x02, 0x4A, 0x44, 0xEF, 0x03, 0x58, 0x02, 0x8C, 0x09, 0x16, 0x01, 0x48, 0x45, 0x00, 0xBE,
        0x00, 0x9E, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00,
    ];
    const TEXT: &str = "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E \
        F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0";

    #[test]
    fn the_example_of_the_specification_is_unpacked() {
        assert_eq!(unpack(&PACKED, TEXT.len()).unwrap(), TEXT.as_bytes());
        let longer = unpack(&PACKED, TEXT.len() + 5).unwrap();
        assert_eq!(longer[TEXT.len()..], [0; 5]);
    }

    #[test]
    fn what_is_not_packed_is_copied_and_what_is_damaged_is_refused() {
        assert_eq!(unpack(&[0x02, 0x30, 7, 8, 9], 4).unwrap(), [7, 8, 9, 0]);
        assert_eq!(unpack(&[0x03, 0x30, 7, 8, 9], 4), None, "it ends within a chunk");
        assert_eq!(unpack(&[0x02, 0xB0, 0x01, 0x00, 0x00], 4), None, "it goes back before its start");
        assert_eq!(unpack(&[], 4).unwrap(), [0; 4]);
    }

    #[test]
    fn noise_ends_and_gives_no_more_than_was_asked_for() {
        let mut noise = vec![0; 40_000];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        for start in 0..2000 {
            // A packed chunk of the right length, full of anything.
            let mut packed = noise[start..start + 700].to_vec();
            packed[..2].copy_from_slice(&(0xB000u16 + 697).to_le_bytes());
            let len = start * 3;
            assert!(unpack(&packed, len).is_none_or(|bytes| bytes.len() == len), "{start}");
        }
    }
}
