//! Files that are no raw images: each is named with the command that helps, and nothing is written. What only begins
//! like one stays an image.

use crate::frames::discs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::frames::sticks::{Image, noise};
use ramkey::contents::{ImageFacts, Kind, KindChoice, ProbeError, probe};

const LEN: usize = 100_000;

/// Bytes without any sense but `magic` at `offset`.
fn with(offset: usize, magic: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; LEN];
    blake3::Hasher::new().update(b"nothing").finalize_xof().fill(&mut bytes);
    bytes[0] = 0x90;
    bytes[offset..offset + magic.len()].copy_from_slice(magic);
    bytes
}

fn look(bytes: Vec<u8>) -> Result<ImageFacts, ProbeError> {
    probe(Path::new("guest.img"), &Image(bytes), KindChoice::Auto, None)
}

/// Place and bytes of each kind that is told by these alone, what it is said to be, and a part of the help.
const SIGNATURES: &[(usize, &[u8], &str, &str)] = &[
    (0, &[0x1F, 0x8B, 8], "compressed (gzip)", "which is unpacked on the way"),
    (0, b"\xFD7zXZ\0", "compressed (xz)", "which is unpacked on the way"),
    (0, b"\x28\xB5\x2F\xFD", "compressed (zstd)", "which is unpacked on the way"),
    (0, b"BZh9", "compressed (bzip2)", "which is unpacked on the way"),
    (0, b"\x04\x22\x4D\x18", "compressed (lz4)", "which is unpacked on the way"),
    (0, b"LZIP\x01", "compressed (lzip)", "`lzip -d --stdout guest.img > guest.raw.img`"),
    (0, &[0x1F, 0x9D, 0x90], "compressed (compress)", "`gunzip --stdout guest.img > guest.raw.img`"),
    (0, &[0x5D, 0, 0, 0x80, 0], "compressed (lzma)", "`unlzma --stdout guest.img > guest.raw.img`"),
    (0, b"\x89LZO\0\r\n\x1A\n", "compressed (lzop)", "`lzop -d --stdout guest.img > guest.raw.img`"),
    (0, b"LRZI", "compressed (lrzip)", "`lrzip -d -o guest.raw.img guest.img`"),
    (0, b"SZDD\x88\xF0\x27\x33", "compressed (SZDD)", "`7z x guest.img`"),
    (0, b"PK\x03\x04", "compressed (zip)", "which is unpacked on the way"),
    (0, b"7z\xBC\xAF\x27\x1C", "compressed (7z)", "which is unpacked on the way"),
    (0, b"Rar!\x1A\x07\0", "compressed (rar)", "`unar guest.img`"),
    (0, b"Rar!\x1A\x07\x01\0", "compressed (rar)", "`unar guest.img`"),
    (0, b"MSCF", "compressed (cab)", "`cabextract guest.img`"),
    (0, &[0x60, 0xEA, 0x2B, 0, 0x22], "compressed (arj)", "`arj x guest.img`"),
    (2, b"-lh5-", "compressed (lha)", "`lha x guest.img`"),
    (7, b"**ACE**", "compressed (ace)", "`unace x guest.img`"),
    (257, b"ustar\x0000", "a tar archive, and is no raw image", "`tar -xf guest.img`"),
    (257, b"ustar  \0", "a tar archive, and is no raw image", "`tar -xf guest.img`"),
    (0, b"!<arch>\ndebian-binary", "a Debian package", "`ar x guest.img`"),
    (0, b"\xED\xAB\xEE\xDB", "an RPM package", "`rpm2cpio guest.img | cpio -idm`"),
    (0, b"070701", "a cpio archive", "`cpio -idm < guest.img`"),
    (0, b"MSWIM\0\0\0", "a Windows image (WIM or ESD)", "`wimlib-imagex dir guest.img`"),
    (0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "a Windows installer or document", "`7z x guest.img`"),
    (0, b"QFI\xFB\0\0\0\x01", "a qcow file", "`qemu-img convert -f qcow -O raw guest.img guest.raw.img`"),
    (0, b"QFI\xFB\0\0\0\x03", "a qcow2 file", "`qemu-img convert -f qcow2 -O raw guest.img guest.raw.img`"),
    (0, b"QED\0", "a QED file", "-f qed -O raw guest.img guest.raw.img`"),
    (0, b"KDMV", "a VMDK file", "-f vmdk -O raw guest.img guest.raw.img`"),
    (0, b"vhdxfile", "a VHDX file", "-f vhdx -O raw guest.img guest.raw.img`"),
    (0, b"conectix", "a VHD file", "-f vpc -O raw guest.img guest.raw.img`"),
    (LEN - 512, b"conectix", "a VHD file", "-f vpc -O raw guest.img guest.raw.img`"),
    (LEN - 511, b"conectix", "a VHD file", "-f vpc -O raw guest.img guest.raw.img`"),
    (0x40, &[0x7F, 0x10, 0xDA, 0xBE], "a VDI file", "-f vdi -O raw guest.img guest.raw.img`"),
    (0, b"WithoutFreeSpace", "a Parallels file", "-f parallels -O raw guest.img guest.raw.img`"),
    (0, b"WithouFreSpacExt", "a Parallels file", "-f parallels -O raw guest.img guest.raw.img`"),
    (0, b"Bochs Virtual HD Image", "a Bochs file", "-f bochs -O raw guest.img guest.raw.img`"),
    (LEN - 512, b"koly", "a DMG file", "`dmg2img guest.img guest.raw.img`"),
    (0, b"MComprHD", "a CHD file", "`chdman extracthd -i guest.img -o guest.raw.img`"),
    (0, b"AFF10\r\n\0", "an AFF file", "`affconvert -r -o guest.raw.img guest.img`"),
    (0, b"EVF\x09\x0D\x0A\xFF\0", "an EWF file (E01)", "`ewfexport -u -f raw -t guest.raw.img guest.img`"),
    (0, &[0x3A, 0xFF, 0x26, 0xED], "an Android sparse image", "`simg2img guest.img guest.raw.img`"),
    (LEN - 8, b"NERO\0\0\x10\0", "an NRG file of Nero", "`nrg2iso guest.img guest.iso`"),
    (LEN - 12, b"NER5\0\0\0\0\0\0\x10\0", "an NRG file of Nero", "`nrg2iso guest.img guest.iso`"),
    (LEN - 64, b"bbis", "a UIF file of MagicISO", "`uif2iso guest.img guest.iso`"),
    (LEN - 8, &[6, 0, 0, 0x80, 0, 1, 0, 0], "a CDI file of DiscJuggler", "`iat guest.img guest.iso`"),
    (0, b"DAA\0", "a DAA file of PowerISO", "`daa2iso guest.img guest.iso`"),
    (0, b"CISO", "a CSO file, a compressed CD", "`maxcso --decompress guest.img -o guest.iso`"),
    (0, b"ECM\0", "a CD packed by ECM", "`unecm guest.img guest.iso`"),
    (0, b"MEDIA DESCRIPTOR\x01", "an MDS file", "`mdf2iso guest.mdf guest.iso`"),
    (16 * 2336 + 8, b"\x01CD001", "a raw CD of 2336 bytes per sector", "`iat guest.img guest.iso`"),
    (0, b"IMD 1.18: ", "an ImageDisk file (IMD)", "`dsktrans -otype raw guest.img guest.raw.img`"),
    (0, b"TD\0\0", "a TeleDisk file (TD0)", "`dsktrans -otype raw guest.img guest.raw.img`"),
    (0, b"td\0\x12", "a TeleDisk file (TD0)", "`dsktrans -otype raw guest.img guest.raw.img`"),
    (0, b"CQ\x14", "a CopyQM file", "`dsktrans -otype raw guest.img guest.raw.img`"),
    (0, b"HXCPICFE", "an HFE file", "`floptool flopconvert auto pc guest.img guest.raw.img`"),
    (0, b"HXCHFEV3", "an HFE file", "`gw convert --format=ibm.1440 guest.img guest.raw.img`"),
    (0, &[0xAA, 0x58, 0xF0, 0], "a SaveDskF file of OS/2", "LOADDSKF"),
    (0, &[0xAA, 0x59, 0xF0, 0], "a SaveDskF file of OS/2", "LOADDSKF"),
    (0, &[0xAA, 0x5A, 0xF0, 0], "a SaveDskF file of OS/2", "LOADDSKF"),
    (0, b"CAPS\0\0\0\x0C", "an IPF file", "`floptool flopconvert auto pc guest.img guest.raw.img`"),
    (0, b"SCP", "an SCP file", "`gw convert --format=ibm.1440 guest.img guest.raw.img`"),
    (0, b"86BF", "an 86F file", "in 86Box"),
    (0, b"Formatted Disk Image file\r\n", "an FDI file", "`gw convert"),
    (
        0,
        b"EXTENDED CPC DSK",
        "a DSK file of CPCEMU",
        "`floptool flopconvert auto pc guest.img guest.raw.img`",
    ),
    (0, b"PaRtImAgE-VoLuMe", "a PartImage backup", "with `dd`"),
    (0, b"partclone-image", "a Partclone backup", "`partclone.restore -C -W -s guest.img -o guest.raw.img`"),
    (0, b"\0ntfsclone-image", "an ntfsclone backup", "--overwrite guest.raw.img guest.img`"),
    (0, &[0xFE, 0xEF, 1], "a Ghost backup (GHO)", "restore it with the program that made it"),
    (0, b"\xCE\x24\xB9\xA2\x20\0\0\0", "an Acronis backup (TIB)", "restore it with the program that made it"),
    (0, b"MZ\x90\0", "a program for DOS or Windows (EXE)", "`mcopy -i dos.img guest.img ::`"),
    (0, b"\x7FELF", "a program (ELF)", "a boot loader"),
    (0, b"%PDF-1.4", "a PDF file", "give the image itself"),
    (0, b"\x89PNG\r\n\x1A\n", "a picture (PNG)", "give the image itself"),
    (0, &[0xFF, 0xD8, 0xFF, 0xE0], "a picture (JPEG)", "give the image itself"),
    (0, b"GIF89a", "a picture (GIF)", "give the image itself"),
    (0, b"d8:announce", "a torrent", "aria2c guest.img"),
];

#[test]
fn each_kind_of_file_is_named_with_the_command_that_helps() {
    for &(offset, magic, what, help) in SIGNATURES {
        let error = look(with(offset, magic)).expect_err(what);
        assert!(error.to_string().starts_with(&format!("guest.img is {what}")), "{what}: {error}");
        assert!(error.help().contains(help), "{what}: {}", error.help());
        let only = look(magic.to_vec());
        assert!(offset != 0 || only.is_err(), "{what}: a file that has no more than its first bytes");
    }
    assert!(look(with(0, b"\x90")).is_ok(), "what has none of them");
}

#[test]
fn no_command_names_one_file_twice() {
    let descriptions = [
        &b"FILE x BINARY\nTRACK 01 MODE1/2352\n"[..],
        b"[CloneCD]\n",
        b"CD_ROM\n",
        b"FILE guest.bin\nTRACK 1",
    ];
    let descriptions = descriptions.iter().map(|text| text.to_vec());
    let all = SIGNATURES.iter().map(|&(offset, magic, ..)| with(offset, magic)).chain(descriptions);
    for bytes in all.chain([raw(&disc(), 2352), raw(&disc(), 2448)]) {
        for extension in ["img", "iso", "bin", "cue", "mdf", "raw", "b5i"] {
            let name = format!("guest.{extension}");
            let result = probe(Path::new(&name), &Image(bytes.clone()), KindChoice::Auto, None);
            let help = result.expect_err("it is no image").help();
            for command in help.split('`').skip(1).step_by(2) {
                let times = command.split([' ', '`']).filter(|word| *word == name).count();
                let steps = 1 + command.matches("&&").count();
                assert!(times <= steps, "{name}: {command}");
            }
        }
    }
}

#[test]
fn what_begins_like_another_kind_of_file_and_boots_is_an_image() {
    for &(offset, magic, what, _) in SIGNATURES.iter().filter(|(offset, ..)| *offset < 510) {
        let mut bytes = with(offset, magic);
        bytes[446] = 0x7F;
        bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
        let facts = look(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(facts.kind, Kind::Floppy, "{what}");
        assert!(facts.boot_signature, "{what}");
    }
    // A CD, which has no boot signature in its first sector.
    for (offset, magic) in [(0, &b"MZ"[..]), (0, b"PK\x03\x04"), (257, b"ustar"), (0, &[0x1F, 0x8B, 8])] {
        let mut disc = disc();
        disc[offset..offset + magic.len()].copy_from_slice(magic);
        assert_eq!(look(disc).unwrap().kind, Kind::Disc, "{magic:?}");
    }
    // A floppy of DOS 1 has no boot signature either, but a parameter block.
    let mut floppy = with(0, b"MZ");
    floppy[11..28].copy_from_slice(&[0, 2, 2, 1, 0, 2, 0x70, 0, 0xC8, 0, 0xF9, 1, 0, 9, 0, 2, 0]);
    assert_eq!(look(floppy).unwrap().kind, Kind::Floppy);
}

fn disc() -> Vec<u8> {
    discs::by_hand(40, 0, &[discs::entry(0x88, 0, 0, 4, 24)])
}

fn refused(bytes: Vec<u8>) -> (String, String) {
    let error = look(bytes).expect_err("it is no image");
    (error.to_string(), error.help())
}

/// `disc` in sectors of `len` bytes, with what a raw copy has around the data.
fn raw(disc: &[u8], len: usize) -> Vec<u8> {
    let sector = |(number, data): (usize, &[u8])| {
        let mut sector = vec![0xD1; len];
        sector[0] = 0;
        sector[1..11].fill(0xFF);
        sector[11..16].copy_from_slice(&[0, 0, 2, number as u8, 1]);
        sector[16..16 + 2048].copy_from_slice(data);
        sector
    };
    disc.chunks(2048).enumerate().flat_map(sector).collect()
}

#[test]
fn a_cd_in_another_form_than_sectors_of_2048_bytes_is_named() {
    assert_eq!(look(disc()).unwrap().kind, Kind::Disc);
    let (text, help) = refused(raw(&disc(), 2352));
    assert_eq!(text, "guest.img is a raw CD of 2352 bytes per sector, and is no raw image");
    assert!(help.contains("`ccd2iso guest.img guest.iso`"), "{help}");
    assert!(help.contains("`bchunk guest.img guest.cue guest`"), "{help}");
    let (text, help) = refused(raw(&disc(), 2448));
    assert_eq!(text, "guest.img is a raw CD of 2448 bytes per sector, and is no raw image");
    assert!(help.contains("`iat guest.img guest.iso`"), "{help}");
    assert!(refused(raw(&disc()[..2048], 2352)).0.contains("of 2352 bytes"), "one sector");
    // The disc of a hybrid has a boot signature, 16 bytes further on than a disk has it.
    let mut hybrid = disc();
    hybrid[510..512].copy_from_slice(&[0x55, 0xAA]);
    assert!(refused(raw(&hybrid, 2352)).0.contains("of 2352 bytes"));

    let pregap = [vec![0; 150 * 2048], disc()].concat();
    let (text, help) = refused(pregap.clone());
    assert_eq!(text, "guest.img is a CD image with 150 empty sectors in front, and is no raw image");
    assert!(help.contains("`tail -c +307201 guest.img > guest.iso`"), "{help}");
    let footer = b"CUES\0\0\0\x10NER5\0\0\0\0\0\0\x10\0";
    let (text, help) = refused([&pregap[..], footer].concat());
    assert_eq!(text, "guest.img is an NRG file of Nero, and is no raw image");
    assert!(help.contains("`nrg2iso guest.img guest.iso`"), "{help}");
    // Without a pregap it is an ISO file with something behind it.
    assert_eq!(look([&disc()[..], footer].concat()).unwrap().kind, Kind::Disc);
}

#[test]
fn a_text_is_named_and_a_description_of_a_cd_leads_to_the_cd() {
    let long = "Lorem ipsum dolor sit amet, consectetur adipiscing elit. ".repeat(3);
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain("any text".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let page = "it came instead of the image";
    let table: &[(&[u8], &str, &str)] = &[
        (
            b"FILE \"x.bin\" BINARY\r\n  TRACK 01 MODE1/2352\r\n",
            "a CUE sheet, which describes the BIN file beside it, and is no raw image",
            "`bchunk x.bin guest.img guest`",
        ),
        (
            b"REM by hand\nFILE \"D:\\\\cd\\\\my cd.bin\" BINARY\nTRACK 01 MODE1/2048\n",
            "a CUE sheet",
            "give that instead: 'my cd.bin'",
        ),
        (b"[CloneCD]\r\nVersion=3\r\n", "a CCD file", "`ccd2iso guest.raw.img guest.iso`"),
        (b"CD_ROM\n\nTRACK MODE1\n", "a TOC file", "toc2cue guest.img guest.cue"),
        (b"# Disk DescriptorFile\nversion=1\n", "a VMDK file", "-f vmdk -O raw guest.img guest.raw.img"),
        (b"<!DOCTYPE html><html>", "a web page", page),
        (b"\xEF\xBB\xBF\n  <HTML lang=de>", "a web page", page),
        ("<html>\n<title>Gr\u{fc}\u{df}e</title>".as_bytes(), "a web page", page),
        (b"<html>\n<title>Gr\xFC\xDFe</title>, and more text", "a web page", page),
        (b"<?xml version=\"1.0\"?>", "an XML file", page),
        (
            b"{\"error\": \"not found\", \"documentation\": \"https://example.org/a/long/address\"}",
            "a JSON file",
            page,
        ),
        (b"#!/bin/sh\necho hello\n", "a script", "run it where it belongs"),
        (b"{\\rtf1\\ansi", "a document (RTF)", "give the image itself"),
        (long.as_bytes(), "a text file", "give the image itself"),
        (&utf16, "a text file", "give the image itself"),
    ];
    for (text, what, help) in table {
        let (error, found) = refused(text.to_vec());
        assert!(error.starts_with(&format!("guest.img is {what}")), "{what}: {error}");
        assert!(found.contains(help), "{what}: {found}");
    }
    let mut bytes = long.clone().into_bytes();
    bytes[70] = 0;
    assert!(look(bytes).is_ok(), "no text has such a byte");
    let mut boots = long.repeat(4).into_bytes();
    boots[510..512].copy_from_slice(&[0x55, 0xAA]);
    assert!(look(boots).is_ok());
}

#[test]
fn a_kernel_is_an_image_only_while_it_starts_from_a_floppy_itself() {
    let kernel = |sector: &[u8], version: &str| {
        let mut bytes = noise(LEN);
        bytes[100..100 + sector.len()].copy_from_slice(sector);
        bytes[0x202..0x206].copy_from_slice(b"HdrS");
        bytes[0x20E..0x210].copy_from_slice(&0x300u16.to_le_bytes());
        bytes[0x500..0x500 + version.len()].copy_from_slice(version.as_bytes());
        bytes[0x500 + version.len()] = b' ';
        look(bytes)
    };
    let says = b"Direct floppy boot is not supported. Use a boot loader program instead.";
    let old = b"Direct booting from floppy is no longer supported.";
    for (sector, version) in [
        (&says[..], "3.2.0-4-686"),
        (&old[..], "2.6.8"),
        (b"Use a boot loader.", "6.1.0"),
        (b"", "6.12.9-amd64"),
        (b"", "2.6.32"),
    ] {
        let error = kernel(sector, version).expect_err(version);
        assert_eq!(error.to_string(), "guest.img is a kernel of Linux, and is no raw image");
        assert!(error.help().contains("ISOLINUX"), "{}", error.help());
    }
    assert!(kernel(b"Loading", "2.4.37").is_ok(), "2.4 loads itself from a floppy");
    assert!(kernel(b"Loading", "Memtest86+").is_ok(), "a memory test");
}

#[test]
fn what_only_a_boot_loader_or_efi_starts_is_no_image_and_what_a_bios_starts_too_is_one() {
    let signed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = noise(LEN);
        bytes[..512].fill(0);
        bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
        change(&mut bytes);
        bytes
    };
    let kernel = signed(&|bytes| bytes[0x202..0x206].copy_from_slice(b"HdrS"));
    let (text, help) = refused(kernel);
    assert!(text.contains("a program that a boot loader starts like a kernel of Linux, and is"), "{text}");
    assert!(help.contains("SYSLINUX"), "{help}");
    let program = |subsystem: u16, code: &[u8], is_signed: bool| {
        let mut bytes = signed(&|_| ());
        bytes[..2].copy_from_slice(b"MZ");
        bytes[2..2 + code.len()].copy_from_slice(code);
        bytes[0x3C] = 0x80;
        bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
        bytes[0x80 + 0x5C..0x80 + 0x5E].copy_from_slice(&subsystem.to_le_bytes());
        if !is_signed {
            bytes[510] = 0;
        }
        bytes
    };
    let prints = [0xB4, 0x0E, 0xCD, 0x10, 0xCD, 0x19];
    for subsystem in 10..=13 {
        for is_signed in [true, false] {
            let (text, help) = refused(program(subsystem, &prints, is_signed));
            assert_eq!(text, "guest.img is an EFI program, which no BIOS starts, and is no raw image");
            assert_eq!(help, "take the edition of the same program that boots with a BIOS");
        }
    }
    let reads = [0xB8, 1, 2, 0xCD, 0x13];
    assert!(look(program(10, &reads, true)).is_ok(), "it loads itself with a BIOS too");
    assert!(look(program(3, &prints, true)).is_ok(), "a program of another system with a boot signature");
    assert!(refused(program(3, &prints, false)).0.contains("DOS or Windows"));
}

#[test]
fn what_no_signature_tells_is_told_by_its_numbers_and_by_nothing_less() {
    let mut tar = vec![0; 10_240];
    tar[..8].copy_from_slice(b"boot.img");
    tar[100..107].copy_from_slice(b"0000644");
    let sum = tar[..512].iter().map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
    tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut d88 = vec![0; 0x4000];
    d88[0x1C..0x20].copy_from_slice(&0x4000u32.to_le_bytes());
    d88[0x20..0x24].copy_from_slice(&0x2B0u32.to_le_bytes());
    let mut dmk = vec![0xD1; 16 + 80 * 0x1900 * 2];
    dmk[..16].copy_from_slice(&[0, 80, 0, 0x19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let mut disk_copy = vec![0; 84 + 1_474_560];
    disk_copy[64..68].copy_from_slice(&1_474_560u32.to_be_bytes());
    disk_copy[82] = 1;
    let mut picture = with(0, b"BM");
    picture[2..6].copy_from_slice(&(LEN as u32).to_le_bytes());
    let rom = with(0, &[0x55, 0xAA, 0x40]);
    // With a byte behind it, the length of most of them is wrong.
    for (bytes, what, by_length) in [
        (tar, "a tar archive", false),
        (d88, "a D88 file", true),
        (dmk, "a DMK file", true),
        (disk_copy, "a floppy image of DiskCopy", true),
        (picture, "a picture (BMP)", true),
        (rom, "the ROM of an adapter", false),
    ] {
        assert!(refused(bytes.clone()).0.starts_with(&format!("guest.img is {what}")), "{what}");
        assert_eq!(look([&bytes[..], &[0]].concat()).is_ok(), by_length, "{what}");
        let mut boots = bytes;
        boots[510..512].copy_from_slice(&[0x55, 0xAA]);
        assert!(look(boots).is_ok(), "{what}");
    }
    assert!(look(with(0, b"BM")).is_ok());
    // PUSHA and a far jump.
    assert!(look(with(0, &[0x60, 0xEA, 5, 0, 0xC0, 7])).is_ok());
}

fn ramkey(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn nothing_is_written_of_what_is_no_image_whatever_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    for (offset, magic, what, _) in SIGNATURES.iter().step_by(7) {
        std::fs::write(folder.path().join("guest.img"), with(*offset, magic)).unwrap();
        std::fs::write(folder.path().join("dos.img"), noise(LEN)).unwrap();
        for arguments in [
            &["write", "guest.img", "--to", "stick.img", "--yes"][..],
            &["write", "guest.img", "--kind", "hdd", "--to", "stick.img", "--yes"],
            &["write", "dos.img", "--with", "guest.img", "--to", "stick.img", "--yes"],
            &["plan", "guest.img"],
        ] {
            let output = ramkey(folder.path(), arguments);
            assert_eq!(output.status.code(), Some(3), "{what}: {output:?}");
            assert!(String::from_utf8_lossy(&output.stderr).contains(what), "{output:?}");
            assert!(!folder.path().join("stick.img").exists(), "{what}");
        }
        assert_eq!(ramkey(folder.path(), &["inspect", "guest.img"]).status.code(), Some(1), "{what}");
    }
}

#[test]
fn the_command_that_is_shown_works_when_it_is_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let disk = noise(1 << 20);
    for (name, made) in [
        ("my disk (v2).qed", "my disk (v2).img"),
        ("win.img", "win.raw.img"),
        ("it's.img", "it's.raw.img"),
        ("-x.img", "-x.raw.img"),
        ("a:b.img", "a:b.raw.img"),
        ("$HOME `id`.img", "$HOME `id`.raw.img"),
        ("two\nlines.img", "two\nlines.raw.img"),
    ] {
        std::fs::write(folder.path().join("disk"), &disk).unwrap();
        let source = folder.path().join(name);
        let convert = ["convert", "-f", "raw", "-O", "qed", "disk"];
        let output = Command::new("qemu-img").args(convert).arg(&source).current_dir(folder.path()).output();
        assert!(output.expect("qemu-img must be installed: see CONTRIBUTING.md").status.success());
        let path = format!("./{name}");
        let path = if name.starts_with('-') { &path } else { name };
        let output = ramkey(folder.path(), &["plan", path]);
        assert_eq!(output.status.code(), Some(3), "{name}");
        let text = String::from_utf8(output.stderr).unwrap();
        let help = text.split_once("help: convert it first: `").unwrap_or_else(|| panic!("{text}")).1;
        let pasted = help.trim_end().strip_suffix('`').unwrap();
        // What stands for a byte is understood by bash, and by every shell since POSIX 2024.
        let output = Command::new("bash").args(["-c", pasted]).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{pasted}: {output:?}");
        let same = std::fs::read(folder.path().join(made)).unwrap() == disk;
        assert!(same, "{pasted}");
    }
}

#[test]
fn letters_throughout_are_an_image_where_the_kind_is_said() {
    let asked = |kind, bytes: Vec<u8>| probe(Path::new("z.img"), &Image(bytes), KindChoice::Is(kind), None);
    let text = b"To be or not to be, that is the question.\r\n".repeat(100);
    for bytes in [vec![b'Z'; 1 << 20], vec![b'Z'; 512], text] {
        let refused = look(bytes.clone()).unwrap_err();
        assert!(refused.to_string().contains("a text file"), "{refused}");
        for kind in [Kind::Floppy, Kind::HardDisk, Kind::Partition] {
            assert_eq!(asked(kind, bytes.clone()).unwrap().kind, kind);
        }
        assert!(asked(Kind::Disc, bytes).is_err(), "a CD has descriptors");
    }
    // What more than letters tells stays what it is.
    for bytes in [b"<!DOCTYPE html>".repeat(100), [&[0x1F, 0x8B][..], &[0xD1; 4000]].concat()] {
        assert!(asked(Kind::HardDisk, bytes).is_err());
    }
}
