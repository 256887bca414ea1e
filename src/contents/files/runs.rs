//! Where the clusters of an NTFS stream lie.

/// Clusters that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// First cluster of the stream.
    pub vcn: u64,
    /// First cluster of the volume; `None` where nothing is stored.
    pub lcn: Option<u64>,
    /// How many.
    pub clusters: u64,
}

/// Most runs of one stream.
pub(super) const RUNS_MAX: usize = 1 << 16;

/// Reads a list of runs that begins with cluster `vcn` of the stream; `None` if it is damaged.
pub(super) fn decode(mut list: &[u8], mut vcn: u64) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    let mut last_lcn = 0u64;
    loop {
        let (&header, rest) = list.split_first()?;
        if header == 0 {
            return Some(runs);
        }
        let (count_len, offset_len) = (usize::from(header & 0xF), usize::from(header >> 4));
        if count_len == 0 || count_len > 8 || offset_len > 8 || runs.len() == RUNS_MAX {
            return None;
        }
        let clusters = u64::try_from(signed(rest.get(..count_len)?)).ok()?;
        let offset = rest.get(count_len..count_len + offset_len)?;
        let lcn = if offset.is_empty() {
            None
        } else {
            last_lcn = last_lcn.checked_add_signed(signed(offset))?;
            Some(last_lcn)
        };
        runs.push(Run { vcn, lcn, clusters });
        vcn = vcn.checked_add(clusters)?;
        list = &rest[count_len + offset_len..];
    }
}

/// A number of one to eight bytes.
fn signed(bytes: &[u8]) -> i64 {
    let fill = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xFF } else { 0 };
    let mut word = [fill; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::{Run, decode};

    #[test]
    fn runs_go_forth_and_back_and_have_holes() {
        let list = [0x21, 0x18, 0x34, 0x56, 0x01, 0x08, 0x11, 0x04, 0xF0, 0x00];
        let run = |vcn, lcn, clusters| Run { vcn, lcn, clusters };
        let expected = vec![run(7, Some(0x5634), 0x18), run(31, None, 8), run(39, Some(0x5624), 4)];
        assert_eq!(decode(&list, 7), Some(expected));
    }

    #[test]
    fn a_list_without_an_end_or_with_a_negative_count_is_damaged() {
        for list in
            [&[0x21, 0x18][..], &[0x11, 0x80, 0x01, 0], &[0x11, 1, 0x80, 0], &[0x10, 1, 0], &[0x91; 30]]
        {
            assert_eq!(decode(list, 0), None, "{list:X?}");
        }
    }
}
