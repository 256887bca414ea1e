//! Code for the boot sector of a partition, for BIOSes that start there and not at sector 0.

/// What the code prints.
const MESSAGE: &[u8] =
    b"This partition does not boot by itself: start the stick as a hard disk (USB-HDD).\r\n";
/// Where the BIOS loads a boot sector.
const LOAD: u16 = 0x7C00;
/// Offset of the message's address in the code, and its length.
const MESSAGE_ADDRESS: std::ops::Range<usize> = 6..8;

/// Prints the message through the BIOS and halts; real mode, any CS, any DL.
const CODE: [u8; 25] = [
    0x31, 0xC0, // 00  xor ax, ax
    0x8E, 0xD8, // 02  mov ds, ax
    0xFC, //       04  cld
    0xBE, 0, 0,    // 05  mov si, message
    0xAC, //       08  lodsb
    0x84, 0xC0, // 09  test al, al
    0x74, 0x09, // 0B  jz 16h
    0xB4, 0x0E, // 0D  mov ah, 0Eh
    0xBB, 0x07, 0x00, // 0F  mov bx, 7
    0xCD, 0x10, // 12  int 10h
    0xEB, 0xF2, // 14  jmp 08h
    0xF4, //       16  hlt
    0xEB, 0xFD, // 17  jmp 16h
];

/// Puts the code at the start of `area`, which begins at `offset` in the boot sector. The rest of `area` must be zeros,
/// at least one of them behind the message.
///
/// # Panics
///
/// If `area` is too short.
pub fn volume_code(area: &mut [u8], offset: u16) {
    let (code, rest) = area.split_at_mut(CODE.len());
    code.copy_from_slice(&CODE);
    let address = LOAD + offset + CODE.len() as u16;
    code[MESSAGE_ADDRESS].copy_from_slice(&address.to_le_bytes());
    rest[..MESSAGE.len()].copy_from_slice(MESSAGE);
    assert_eq!(rest[MESSAGE.len()], 0, "the message ends with a zero");
}
