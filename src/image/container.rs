//! Files that hold an image, but are none: compressed ones, virtual machines' disks.

use std::path::Path;

use super::ImageError;

/// Bytes from the start of an image that [`refuse`] looks at.
pub(super) const HEAD_LEN: usize = 512;
/// Bytes from the end of an image that [`refuse`] looks at.
pub(super) const TAIL_LEN: usize = 512;

const COMPRESSED: &[(&[u8], &str, &str)] = &[
    (&[0x1F, 0x8B], "gzip", "gunzip --keep"),
    (&[0xFD, b'7', b'z', b'X', b'Z', 0], "xz", "unxz --keep"),
    (&[0x28, 0xB5, 0x2F, 0xFD], "zstd", "unzstd"),
    (b"BZh", "bzip2", "bunzip2 --keep"),
    (&[b'P', b'K', 3, 4], "zip", "unzip"),
    (&[b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C], "7z", "7z x"),
    (&[0x04, 0x22, 0x4D, 0x18], "lz4", "unlz4"),
];

const CONTAINERS: &[(usize, &[u8], &str, &str)] = &[
    (0, &[b'Q', b'F', b'I', 0xFB], "qcow2", "qcow2"),
    (0, b"KDMV", "VMDK", "vmdk"),
    (0, b"COWD", "VMDK", "vmdk"),
    (0, b"# Disk DescriptorFile", "VMDK", "vmdk"),
    (0, b"vhdxfile", "VHDX", "vhdx"),
    (0, b"conectix", "VHD", "vpc"),
    (0x40, &[0x7F, 0x10, 0xDA, 0xBE], "VDI", "vdi"),
];

/// Refuses an image that is no raw disk. `head` and `tail` are its first and last bytes, as many as there are.
///
/// # Errors
///
/// [`ImageError::Compressed`] or [`ImageError::Container`].
pub(super) fn refuse(path: &Path, head: &[u8], tail: &[u8]) -> Result<(), ImageError> {
    let path = || path.to_owned();
    if let Some(&(_, format, command)) = COMPRESSED.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Err(ImageError::Compressed { path: path(), format, command });
    }
    let at = |offset: usize| head.get(offset..).unwrap_or_default();
    let found = CONTAINERS.iter().find(|(offset, magic, ..)| at(*offset).starts_with(magic));
    if let Some(&(_, _, format, qemu_name)) = found {
        return Err(ImageError::Container { path: path(), format, qemu_name });
    }
    // A VHD of fixed size is a raw image with a footer.
    if tail.len() == TAIL_LEN && tail.starts_with(b"conectix") {
        return Err(ImageError::Container { path: path(), format: "VHD", qemu_name: "vpc" });
    }
    Ok(())
}
