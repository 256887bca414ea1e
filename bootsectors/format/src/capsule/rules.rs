//! What a capsule's header must be like, rule by rule, so that a loader can act on it.

use zerocopy::FromBytes;

use super::{
    CAPSULE_HEADER_LEN, CHUNK_SHIFT_RANGE, COMPANIONS_MAX, CapsuleError, CapsuleHeader, Companion,
    DISC_SECTOR_LEN, DISK_LEN_MAX, DRIVES_MAX, Disc, ORIGIN_LEN, ORIGIN_TEXT_MAX, emulation, flags, kind,
    numbers_of,
};

/// Largest CMOS type of a floppy drive: 2.88 MB.
const DRIVE_TYPE_MAX: u8 = 6;

/// Leaves the function with the offset of a field unless it keeps a rule.
macro_rules! rule {
    ($($field:ident).+, $is_kept:expr) => {
        if !$is_kept {
            return Err(crate::field_offset!(CapsuleHeader, $($field).+));
        }
    };
}

impl CapsuleHeader {
    /// Reads a header, refusing anything that the loader could not act on.
    ///
    /// The hashes are for the caller to check: this crate does not hash.
    ///
    /// # Errors
    ///
    /// The first check that fails, in the order of [`CapsuleError`]'s variants.
    pub fn parse(bytes: &[u8]) -> Result<&Self, CapsuleError> {
        let (header, _) = Self::ref_from_prefix(bytes).map_err(|_| CapsuleError::NotACapsule)?;
        if header.magic != Self::MAGIC {
            return Err(CapsuleError::NotACapsule);
        }
        if header.version.get() != Self::VERSION {
            return Err(CapsuleError::Version { found: header.version.get() });
        }
        let bits = header.flags.get() & !flags::KNOWN;
        if bits != 0 {
            return Err(CapsuleError::UnknownFlags { bits });
        }
        if !(kind::HARD_DISK..=kind::DISC).contains(&header.kind) {
            return Err(CapsuleError::UnknownKind { found: header.kind });
        }
        let checks = [Self::lengths, Self::table, Self::drive, Self::set, Self::emulation, Self::reserved];
        match checks.iter().try_for_each(|check| check(header)) {
            Ok(()) => Ok(header),
            Err(offset) => Err(CapsuleError::Field { offset }),
        }
    }

    /// The header, the image and the RAM disk; the first field that is wrong.
    fn lengths(&self) -> Result<(), u16> {
        let image_len = self.image_len.get();
        let disk_len = u64::from(self.disk_sectors.get()) * 512;
        let lead_len = u64::from(self.lead_sectors.get()) * 512;
        rule!(header_len, usize::from(self.header_len.get()) == CAPSULE_HEADER_LEN);
        rule!(image_len, (1..=DISK_LEN_MAX).contains(&image_len));
        rule!(disk_sectors, disk_len <= DISK_LEN_MAX && disk_len >= lead_len + image_len);
        rule!(lead_sectors, (self.kind == kind::PARTITION) == (lead_len != 0));
        Ok(())
    }

    /// The chunks, and the place of their table; the first field that is wrong.
    fn table(&self) -> Result<(), u16> {
        let (entries_len, table_len) = (self.entries_len(), u64::from(self.table_len.get()));
        let origin_len = table_len.wrapping_sub(entries_len);
        let (origin_min, origin_max) = (ORIGIN_LEN as u64, (ORIGIN_LEN + ORIGIN_TEXT_MAX) as u64);
        let table_offset = self.table_offset.get();
        let table_end = table_offset.checked_add(table_len);
        rule!(chunk_shift, CHUNK_SHIFT_RANGE.contains(&self.chunk_shift));
        rule!(
            chunk_count,
            u64::from(self.chunk_count.get()) == self.image_len.get().div_ceil(self.chunk_len())
        );
        rule!(table_len, origin_len == 0 || (origin_min..=origin_max).contains(&origin_len));
        rule!(table_offset, table_offset >= CAPSULE_HEADER_LEN as u64 && table_offset.is_multiple_of(512));
        rule!(file_len, self.file_len.get().is_multiple_of(512));
        rule!(file_len, table_end.is_some_and(|end| end <= self.file_len.get()));
        Ok(())
    }

    /// The drive, and what people read; the first field that is wrong.
    fn drive(&self) -> Result<(), u16> {
        let is_language = self.language == [0; 2] || self.language.iter().all(u8::is_ascii_lowercase);
        rule!(drive, numbers_of(self.kind).contains(&self.drive));
        rule!(cylinders, self.cylinders.get() != 0);
        rule!(heads, (1..=255).contains(&self.heads.get()));
        rule!(sectors_per_track, (1..=63).contains(&self.sectors_per_track.get()));
        rule!(language, is_language);
        rule!(title, self.title[0] != 0 && self.title().is_some());
        Ok(())
    }

    /// What belongs to a set of drives; the first field that is wrong.
    fn set(&self) -> Result<(), u16> {
        let flags = self.flags.get();
        let is_companion = flags & flags::COMPANION != 0;
        let both_copies = flags::COPY_DIRECT | flags::COPY_INT15;
        let count = self.companions().count();
        let (used, empty) = self.companions.split_at(count.min(COMPANIONS_MAX));
        let drives = 1 + usize::from(self.disc.emulates()) + count;
        rule!(flags, !is_companion || flags & !flags::OF_COMPANIONS == 0);
        rule!(flags, flags & both_copies != both_copies);
        rule!(flags, flags & flags::KIND_IS_GUESS == 0 || self.kind == kind::FLOPPY);
        rule!(companions, used.iter().all(Companion::has_name));
        rule!(companions, empty.iter().all(|place| *place == Companion::default()));
        rule!(companions, !is_companion || count == 0);
        rule!(companions, drives <= DRIVES_MAX);
        rule!(disk_signature, self.disk_signature.get() == 0 || self.kind == kind::HARD_DISK);
        Ok(())
    }

    /// How a CD boots; the first field that is wrong.
    fn emulation(&self) -> Result<(), u16> {
        let disc = &self.disc;
        if self.kind != kind::DISC {
            rule!(disc, *disc == Disc::default());
            return Ok(());
        }
        let (sectors, disc_sectors) = (u64::from(self.disk_sectors.get()), DISC_SECTOR_LEN / 512);
        let is_bootable = disc.emulation != emulation::NOT_BOOTABLE;
        let is_companion = self.flags.get() & flags::COMPANION != 0;
        rule!(disk_sectors, sectors.is_multiple_of(disc_sectors));
        rule!(disc.emulation, is_bootable != is_companion);
        if !is_bootable {
            rule!(disc, *disc == Disc { emulation: emulation::NOT_BOOTABLE, ..Disc::default() });
            return Ok(());
        }
        rule!(disc.emulation, disc.emulation <= emulation::HARD_DISK);
        rule!(disc.load_segment, disc.load_segment.get() != 0);
        rule!(disc.load_sectors, disc.load_sectors.get() != 0);
        // What is loaded or emulated lies in the disk; what a floppy lacks behind it is zeros of the disk.
        let emulated = disc.emulated_sectors.get();
        let used = if disc.emulates() { emulated } else { disc.load_sectors.get().into() };
        let load_end = u64::from(disc.load_lba.get()) * disc_sectors + u64::from(used);
        rule!(disc.load_lba, load_end <= sectors);
        rule!(disc.catalogue_lba, u64::from(disc.catalogue_lba.get()) * disc_sectors < sectors);
        rule!(disc.emulated_sectors, disc.emulates() == (emulated != 0));
        Ok(())
    }

    /// What must be zero; the first field that is not.
    fn reserved(&self) -> Result<(), u16> {
        rule!(reserved_1, self.reserved_1 == [0; 3]);
        rule!(reserved_2, self.reserved_2 == [0; 50]);
        rule!(partition_type, self.partition_type == 0 || self.kind == kind::PARTITION);
        let may_be_floppy = self.kind == kind::FLOPPY || self.disc.emulates();
        rule!(drive_type, self.drive_type <= DRIVE_TYPE_MAX && (self.drive_type == 0 || may_be_floppy));
        Ok(())
    }
}

impl Companion {
    /// Whether its name is one of a directory: behind the last character there are only spaces.
    fn has_name(&self) -> bool {
        let end = self.name.iter().position(|&byte| byte == b' ').unwrap_or(self.name.len());
        let (name, padding) = self.name.split_at(end);
        name.iter().all(|byte| (0x21..0x7F).contains(byte)) && padding.iter().all(|&byte| byte == b' ')
    }
}
