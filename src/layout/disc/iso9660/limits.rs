//! What the fields of ISO 9660 can say at most.

/// Longest file in bytes: what 32 bits can say. (ECMA-119 section 9.1.4; files of several sections are not written.)
pub const FILE_LEN_MAX: u64 = u32::MAX as u64;
/// Most folders, with the root: path tables number them with 16 bits. (ECMA-119 section 9.4.4.)
pub const FOLDERS_MAX: usize = u16::MAX as usize;
/// Levels of folders; the root is the first. (ECMA-119 section 6.8.2.1.)
pub const LEVELS_MAX: usize = 8;
