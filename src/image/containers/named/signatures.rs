//! Kinds of files that are no raw images, by bytes that stand at a fixed place.
//!
//! (The places are those that the formats' own papers and the `file` program's table give.)

use super::remedy::FLOPTOOL;
use super::remedy::Remedy::{self, Advice, Archive, Disc, Disk, Qemu, Stream};

/// A kind of file.
pub(super) struct Signature {
    /// Where its bytes stand.
    pub offset: usize,
    /// The bytes.
    pub magic: &'static [u8],
    /// What the file is.
    pub what: &'static str,
    /// What helps.
    pub remedy: Remedy,
}

const fn at(offset: usize, magic: &'static [u8], what: &'static str, remedy: Remedy) -> Signature {
    Signature { offset, magic, what, remedy }
}

const fn stream(beside: &'static str, to_output: &'static str, extension: &'static str) -> Remedy {
    Stream { beside, to_output, extension }
}

const NO_DISK: &str = "give the image itself, a raw copy of a disk, a floppy or a CD";
const LIBDSK: Remedy = Disk("dsktrans -otype raw {file} {out}");
const FLUX: Remedy = Disk("gw convert --format=ibm.1440 {file} {out}");
const BACKUP: Remedy = Advice(
    "restore it with the program that made it, and copy the whole disk into a file, for example with `dd`",
);
const PROGRAM: Remedy = Advice(
    "put it into the image of a DOS disk and run it there: `mcopy -i dos.img {file} ::`; `7z x {file}` may find \
     an image in it",
);
const WIM: Remedy = Advice(
    "it holds files and no disk (`wimlib-imagex dir {file}` lists them): give the image of the CD that it is from",
);
const CHD: Remedy =
    Disk("chdman extracthd -i {file} -o {out}`, or a CD with `chdman extractcd -i {file} -o {.cue}");
/// Whole files of these kinds are unpacked.
const UNPACKED: Remedy = Advice(
    "it is cut or damaged, or lies on a device: name the whole packed file, which is unpacked on the way",
);
const NO_IMAGE: Remedy = Advice(NO_DISK);

/// Every kind; the first that fits counts.
pub(super) const SIGNATURES: &[Signature] = &[
    // Compressed files.
    at(0, &[0x1F, 0x8B], "compressed (gzip)", UNPACKED),
    at(0, b"\xFD7zXZ\0", "compressed (xz)", UNPACKED),
    at(0, b"\x28\xB5\x2F\xFD", "compressed (zstd)", UNPACKED),
    at(0, b"BZh", "compressed (bzip2)", UNPACKED),
    at(0, b"\x04\x22\x4D\x18", "compressed (lz4)", UNPACKED),
    at(0, b"\x02\x21\x4C\x18", "compressed (lz4)", UNPACKED),
    at(0, b"LZIP", "compressed (lzip)", stream("lzip -d --keep", "lzip -d --stdout", "lz")),
    at(0, &[0x1F, 0x9D], "compressed (compress)", stream("gunzip --keep", "gunzip --stdout", "Z")),
    at(0, &[0x5D, 0, 0], "compressed (lzma)", stream("unlzma --keep", "unlzma --stdout", "lzma")),
    at(0, b"\x89LZO\0\r\n\x1A\n", "compressed (lzop)", stream("lzop -d", "lzop -d --stdout", "lzo")),
    at(0, b"LRZI", "compressed (lrzip)", Disk("lrzip -d -o {out} {file}")),
    at(0, b"SZDD\x88\xF0\x27\x33", "compressed (SZDD)", Archive("7z x {file}")),
    // Archives.
    at(0, b"PK\x03\x04", "compressed (zip)", UNPACKED),
    at(0, b"PK\x05\x06", "compressed (zip)", UNPACKED),
    at(0, b"PK\x07\x08", "compressed (zip)", UNPACKED),
    at(0, b"7z\xBC\xAF\x27\x1C", "compressed (7z)", UNPACKED),
    at(0, b"Rar!\x1A\x07", "compressed (rar)", Archive("unar {file}")),
    at(0, b"RE~^", "compressed (rar)", Archive("unar {file}")),
    at(0, b"Rar!", "compressed (rar)", Archive("unar {file}")),
    at(0, b"MSCF", "compressed (cab)", Archive("cabextract {file}")),
    at(0, b"ISc(", "compressed (InstallShield cab)", Archive("unshield x {file}")),
    at(2, b"-lh", "compressed (lha)", Archive("lha x {file}")),
    at(2, b"-lz", "compressed (lha)", Archive("lha x {file}")),
    at(7, b"**ACE**", "compressed (ace)", Archive("unace x {file}")),
    at(20, b"\xDC\xA7\xC4\xFD", "compressed (zoo)", Archive("unar {file}")),
    at(0, b"StuffIt", "compressed (StuffIt)", Archive("unar {file}")),
    at(0, b"xar!", "a xar archive", Archive("7z x {file}")),
    at(257, b"ustar", "a tar archive", Archive("tar -xf {file}")),
    at(0, b"!<arch>\ndebian", "a Debian package", Archive("ar x {file}")),
    at(0, b"!<arch>\n", "an ar archive", Archive("ar x {file}")),
    at(0, b"\xED\xAB\xEE\xDB", "an RPM package", Archive("rpm2cpio {file} | cpio -idm")),
    at(0, b"070701", "a cpio archive", Archive("cpio -idm < {file}")),
    at(0, b"070702", "a cpio archive", Archive("cpio -idm < {file}")),
    at(0, b"070707", "a cpio archive", Archive("cpio -idm < {file}")),
    at(0, b"MSWIM\0\0\0", "a Windows image (WIM or ESD)", WIM),
    at(0, b"MSWIM", "a Windows image (WIM or ESD)", WIM),
    at(0, b"WLPWM\0\0\0", "a Windows image (WIM or ESD)", WIM),
    at(0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "a Windows installer or document", Archive("7z x {file}")),
    at(0, b"ITSF", "a help file of Windows", NO_IMAGE),
    // Disks of virtual machines.
    at(0, b"QFI\xFB\0\0\0\x01", "a qcow file", Qemu("qcow")),
    at(0, b"QFI\xFB", "a qcow2 file", Qemu("qcow2")),
    at(0, b"QED\0", "a QED file", Qemu("qed")),
    at(0, b"KDMV", "a VMDK file", Qemu("vmdk")),
    at(0, b"COWD", "a VMDK file", Qemu("vmdk")),
    at(0, b"vhdxfile", "a VHDX file", Qemu("vhdx")),
    at(0, b"conectix", "a VHD file", Qemu("vpc")),
    at(0x40, &[0x7F, 0x10, 0xDA, 0xBE], "a VDI file", Qemu("vdi")),
    at(0, b"WithoutFreeSpace", "a Parallels file", Qemu("parallels")),
    at(0, b"WithouFreSpacExt", "a Parallels file", Qemu("parallels")),
    at(0, b"Bochs Virtual HD Image", "a Bochs file", Qemu("bochs")),
    at(0, b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop", "a cloop file", Qemu("cloop")),
    at(0, b"MComprHD", "a CHD file", CHD),
    at(0, b"AFF10\r\n\0", "an AFF file", Disk("affconvert -r -o {out} {file}")),
    at(0, b"EVF\x09\x0D\x0A\xFF\0", "an EWF file (E01)", Disk("ewfexport -u -f raw -t {out} {file}")),
    at(0, b"EVF2\r\n\x81\0", "an EWF file (Ex01)", Disk("ewfexport -u -f raw -t {out} {file}")),
    at(0, &[0x3A, 0xFF, 0x26, 0xED], "an Android sparse image", Disk("simg2img {file} {out}")),
    at(0, b"encrcdsa", "an encrypted DMG file", Advice("make an image that is not encrypted")),
    // CDs.
    at(0, b"DAA\0", "a DAA file of PowerISO", Disc("daa2iso {file} {out}")),
    at(0, b"GBI\0", "a GBI file of gBurner", Disc("daa2iso {file} {out}")),
    at(0, b"CISO", "a CSO file, a compressed CD", Disc("maxcso --decompress {file} -o {out}")),
    at(0, b"ZISO", "a ZSO file, a compressed CD", Disc("maxcso --decompress {file} -o {out}")),
    at(0, b"ECM\0", "a CD packed by ECM", Disc("unecm {file} {out}")),
    at(0, b"IsZ!", "an ISZ file of UltraISO", Advice("save it as an ISO file in UltraISO")),
    at(
        0,
        b"MEDIA DESCRIPTOR",
        "an MDS file, which describes the MDF file beside it",
        Disc("mdf2iso {.mdf} {out}"),
    ),
    at(0, b"BWT5 STREAM SIGN", "a BlindWrite file", Disc("iat {.b5i} {out}")),
    at(0, b"BWT6 STREAM SIGN", "a BlindWrite file", Disc("iat {.b6i} {out}")),
    at(0, b"\x37\xE4\x53\x96\xC9\xDB\xD6\x07", "compressed (zisofs)", Disc("mkzftree -u {file} {out}")),
    at(
        0,
        b"Adaptec CeQuadrat VirtualCD File",
        "a file of VirtualCD",
        Advice("copy the CD that it holds to an ISO file"),
    ),
    // Floppies by track.
    at(0, b"IMD ", "an ImageDisk file (IMD)", LIBDSK),
    at(0, b"TD\0", "a TeleDisk file (TD0)", LIBDSK),
    at(0, b"td\0", "a TeleDisk file (TD0)", LIBDSK),
    at(0, b"CQ\x14", "a CopyQM file", LIBDSK),
    at(0, b"ACT Apricot disk image\x1A\x04", "an ApriDisk file", LIBDSK),
    at(0, b"QRST\0", "a QRST file", LIBDSK),
    at(0, b"LBS\x01", "a file of LibDsk (LDBS)", LIBDSK),
    at(0, b"HXCPICFE", "an HFE file", FLOPTOOL),
    at(0, b"HXCHFEV3", "an HFE file (version 3)", FLUX),
    at(0, b"HXCMFM\0", "an MFM file of HxC", FLOPTOOL),
    at(0, b"CAPS\0\0\0\x0C", "an IPF file", FLOPTOOL),
    at(0, b"MAMEFLOPPYIMAGE", "an MFI file", FLOPTOOL),
    at(0, b"MESSFLOPPYIMAGE", "an MFI file", FLOPTOOL),
    at(0, b"MV - CPC", "a DSK file of CPCEMU", FLOPTOOL),
    at(0, b"EXTENDED CPC DSK", "a DSK file of CPCEMU", FLOPTOOL),
    at(0, b"SCP", "an SCP file, the flux of a floppy", FLUX),
    at(0, b"DFE2", "a DFI file, the flux of a floppy", FLOPTOOL),
    at(0, b"DFER", "a DFI file, the flux of a floppy", FLOPTOOL),
    at(0, b"86BF", "an 86F file", Advice("export the floppy as a raw image (.img) in 86Box")),
    at(0, b"Formatted Disk Image file\r\n", "an FDI file", FLUX),
    at(0, b"FDI", "an FDI file", FLUX),
    at(0, b"PSI \0", "a PSI file", Disk("psi {file} {out}")),
    at(0, b"PRI \0", "a PRI file", Disk("psi {file} {out}")),
    at(0, b"RSY\0", "a Pasti file (STX)", FLUX),
    at(0, b"WOZ1", "a WOZ file", NO_IMAGE),
    at(0, b"WOZ2", "a WOZ file", NO_IMAGE),
    at(0, b"2IMG", "an image of an Apple disk (2IMG)", NO_IMAGE),
    // Backups.
    at(0, b"PaRtImAgE-VoLuMe", "a PartImage backup", BACKUP),
    at(0, b"partclone-image", "a Partclone backup", Disk("partclone.restore -C -W -s {file} -o {out}")),
    at(
        0,
        b"\0ntfsclone-image",
        "an ntfsclone backup",
        Disk("ntfsclone --restore-image --overwrite {out} {file}"),
    ),
    at(0, b"FsArCh_", "an FSArchiver backup", BACKUP),
    at(0, &[0xFE, 0xEF], "a Ghost backup (GHO)", BACKUP),
    at(0, b"\xB4\x6E\x68\x44", "an Acronis backup (TIB)", BACKUP),
    at(0, b"\xCE\x24\xB9\xA2\x20\0\0\0", "an Acronis backup (TIB)", BACKUP),
    // What holds no disk at all.
    at(0, b"\x7FELF", "a program (ELF)", Advice("put it on a disk with a boot loader that can start it")),
    at(0, b"MZ", "a program for DOS or Windows (EXE)", PROGRAM),
    at(0, b"ZM", "a program for DOS or Windows (EXE)", PROGRAM),
    at(0, &[0x27, 0x05, 0x19, 0x56], "a kernel for U-Boot", NO_IMAGE),
    at(0, &[0xD0, 0x0D, 0xFE, 0xED], "a device tree", NO_IMAGE),
    at(0x28, b"_FVH", "the firmware of a machine", NO_IMAGE),
    at(0, b"%PDF-", "a PDF file", NO_IMAGE),
    at(0, b"\x89PNG\r\n\x1A\n", "a picture (PNG)", NO_IMAGE),
    at(0, &[0xFF, 0xD8, 0xFF], "a picture (JPEG)", NO_IMAGE),
    at(0, b"GIF8", "a picture (GIF)", NO_IMAGE),
    at(0, b"RIFF", "a sound or a film (RIFF)", NO_IMAGE),
    at(0, b"OggS", "a sound or a film (Ogg)", NO_IMAGE),
    at(0, b"ID3", "a sound (MP3)", NO_IMAGE),
    at(0, b"fLaC", "a sound (FLAC)", NO_IMAGE),
    at(0, &[0x1A, 0x45, 0xDF, 0xA3], "a film (Matroska)", NO_IMAGE),
    at(4, b"ftyp", "a film (MP4)", NO_IMAGE),
    at(0, b"L\0\0\0\x01\x14\x02\0", "a shortcut of Windows", Advice("give the file that it points to")),
    at(0, b"SQLite format 3\0", "a database (SQLite)", NO_IMAGE),
    at(
        0,
        b"d8:announce",
        "a torrent",
        Advice("give the image that it brings, once it is there: `aria2c {file}`"),
    ),
];
