//! Systems that sleep: what they had in memory was saved, and goes on from there.

use super::why::Why;
use crate::image::Source;

/// How the saved memory of a Windows begins that was taken up again. (Microsoft's ntldr and bootmgr write it there; before
/// it is `hibr`, and `rstr` while it is being taken up.)
const AWAKE: [&[u8; 4]; 2] = [b"wake", b"WAKE"];
/// Bytes of such a file that are looked at.
pub(in crate::contents) const START_LEN: usize = 4096;
/// Names in the root folder, as FAT has them: of Windows NT, of Windows 98 and ME, and of the BIOSes of notebooks.
pub(in crate::contents) const FILES: [&[u8; 11]; 4] =
    [b"HIBERFILSYS", b"VMMHIBERW9X", b"SAVE2DSKBIN", b"PM_HIBERBIN"];
/// Where a swap partition of Linux has its mark, for each length of a page of memory.
const LINUX_MARKS: [u64; 3] = [4096 - 10, 16_384 - 10, 65_536 - 10];
/// How such a mark begins while a Linux sleeps: that of the kernel, of its predecessors, of uswsusp, and of TuxOnIce. (libblkid
/// of util-linux knows them by these.)
const LINUX_SLEEPS: [&[u8]; 5] =
    [b"S1SUSPEND", b"S2SUSPEND", b"ULSUSPEND", b"LINHIB000", b"\xED\xC3\x02\xE9\x98\x56\xE5\x0C"];

/// Whether a file with saved memory that begins with `start` is one that nobody will go on from.
pub(in crate::contents) fn is_dead(start: &[u8]) -> bool {
    AWAKE.iter().any(|mark| start.starts_with(*mark)) || start.iter().all(|&byte| byte == 0)
}

/// The path of such a file, from the root folder.
pub(in crate::contents) fn path(name: &[u8; 11]) -> String {
    let letters = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    format!("{}.{}", letters(&name[..8]).trim_end(), letters(&name[8..])).to_lowercase()
}

/// Whether the swap space that begins at byte `start` holds the memory of a Linux that sleeps.
pub(super) fn is_linux(source: &dyn Source, start: u64) -> Result<bool, Why> {
    for offset in LINUX_MARKS {
        let mut mark = [0; 9];
        let at = start.saturating_add(offset);
        if at.saturating_add(mark.len() as u64) > source.len() {
            break;
        }
        source.read_at(at, &mut mark).map_err(|_| Why::Unreadable)?;
        if LINUX_SLEEPS.iter().any(|sleeps| mark.starts_with(sleeps)) {
            return Ok(true);
        }
    }
    Ok(false)
}
