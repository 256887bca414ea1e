//! The numbers of a report.

use ramkey_loader_core::a20;
use ramkey_loader_core::drive::Method;
use ramkey_loader_core::memory_calls::Source;
use ramkey_loader_core::report::{Memory, Numbers};
use ramkey_loader_core::screen::Heads;

/// A machine as most are: EDD works, and CHS by the usual geometry.
pub const USUAL: Numbers = Numbers {
    drive: 0x80,
    passed: 0x80,
    method: Method::Edd,
    is_disc: false,
    edd_works: true,
    edd_hidden: 0,
    edd_version: 0x30,
    edd_claims: 5,
    chs_works: true,
    chs_hidden: 0,
    heads: 255,
    sectors: 63,
    whence: Heads::Measured,
    told_cylinders: 1024,
    told_heads: 255,
    told_sectors: 63,
    transfer: 127,
    hung: 0,
    boot_lba: 128,
    asked: Some(1_234_567),
    read: Some(1_234_566),
    status: 4,
    memory: Some(Memory { ram: 64 << 20, base_kib: 638, source: Source::E820 }),
    a20: a20::Method::None,
};

/// A machine of which nothing is as it should be.
pub const ODD: Numbers = Numbers {
    drive: 0x81,
    passed: 0x00,
    method: Method::Chs,
    edd_works: false,
    edd_version: 1,
    edd_claims: 0xFF,
    chs_hidden: 63,
    heads: 64,
    sectors: 32,
    whence: Heads::Told,
    told_cylinders: 98,
    told_heads: 16,
    told_sectors: 17,
    transfer: 1,
    hung: 3,
    boot_lba: 2176,
    asked: Some(40_000),
    read: None,
    status: 0xFE,
    memory: Some(Memory { ram: 63 << 20, base_kib: 589, source: Source::H88 }),
    a20: a20::Method::KeyboardController,
    ..USUAL
};
