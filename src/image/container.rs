//! Files that hold an image, but are none: compressed ones, virtual machines' disks, CDs.

use std::path::Path;

use super::ImageError;
use super::table::SIGNATURE;

/// Where the volume descriptors of a CD begin, in bytes, and what stands in the first.
const ISO_OFFSET: usize = 0x8001;
const ISO_MAGIC: &[u8] = b"CD001";
/// Bytes of boot code before the disk signature of a master boot record.
const BOOT_CODE_LEN: usize = 440;

/// Bytes from the start of an image that [`refuse`] looks at.
pub(super) const HEAD_LEN: usize = ISO_OFFSET + ISO_MAGIC.len();
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

/// Whether the image is a CD.
pub(super) fn is_disc(head: &[u8]) -> bool {
    head.get(ISO_OFFSET..).is_some_and(|rest| rest.starts_with(ISO_MAGIC))
}

/// Refuses an image that is no raw disk. `head` and `tail` are its first and last bytes, as many as there are.
///
/// # Errors
///
/// [`ImageError::Compressed`], [`ImageError::Container`] or [`ImageError::Disc`].
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
    // A hybrid CD has a master boot record with code in the area that ISO 9660 leaves to systems.
    let boots_as_disk =
        head.get(510..512) == Some(&SIGNATURE[..]) && head[..BOOT_CODE_LEN].iter().any(|&byte| byte != 0);
    if is_disc(head) && !boots_as_disk {
        return Err(ImageError::Disc { path: path() });
    }
    Ok(())
}
