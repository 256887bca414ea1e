//! The macro that types a record once for Rust, the assembler and the documentation.
//!
//! `record!` gives the struct, the names that the assembler has for its offsets, and [`Record`], from which
//! `cargo xtask layout` makes the equates and `tests/host/format/generated.rs` the tables of the pages. No offset is
//! typed anywhere: it is the sum of the lengths before it, because every field has alignment 1.

/// One field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// First byte, from the start of the record.
    pub offset: usize,
    /// Bytes.
    pub len: usize,
    /// Its name in Rust and in the documentation.
    pub name: &'static str,
    /// The name that the assembler has for its offset; most have none.
    pub equate: Option<&'static str>,
    /// What it means, as the documentation says it: Markdown, with a leading space.
    pub doc: &'static str,
}

/// A record: what the generators know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name in Rust.
    pub name: &'static str,
    /// Bytes.
    pub len: usize,
    /// The name that the assembler has for its length; most have none.
    pub len_equate: Option<&'static str>,
    /// The fields in order. They leave no gap and end where the record does.
    pub fields: &'static [Field],
}

impl Record {
    /// The names that the assembler has for its offsets and its length, with their values.
    pub fn equates(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let fields = self.fields.iter().map(|field| (field.equate, field.offset));
        let all = fields.chain([(self.len_equate, self.len)]);
        all.filter_map(|(name, value)| Some((name?, value as u32)))
    }

    /// The same record, if its fields follow each other without a gap and fill `len` bytes.
    ///
    /// # Panics
    ///
    /// If they do not: called in constants only, so that it stops the compiler.
    #[must_use]
    pub const fn checked(self, len: usize) -> Self {
        let mut end = 0;
        let mut i = 0;
        while i < self.fields.len() {
            assert!(self.fields[i].offset == end, "a gap before a field");
            end += self.fields[i].len;
            i += 1;
        }
        assert!(end == self.len, "a gap behind the last field");
        assert!(self.len == len, "the fields have more or fewer bytes than the record is said to have");
        self
    }
}

/// Offset of a field, also of one of a nested record, for an error that names a field:
/// `field_offset!(CapsuleHeader, disc.load_lba)` is a constant.
#[macro_export]
macro_rules! field_offset {
    ($record:ty, $($field:tt)+) => {
        const { ::core::mem::offset_of!($record, $($field)+) as u16 }
    };
}

/// Declares a record of fixed length.
///
/// ```text
/// record! {
///     /// What it is.
///     #[derive(Copy, Default)]                     // beside Clone, Debug, PartialEq, Eq and those of zerocopy
///     pub struct Entry[32 => ENTRY_LEN] {          // bytes, compared; the equate for them is optional
///         /// `RAMKEYXX`
///         pub magic: [u8; 8],
///         /// first sector
///         pub lba: U32 => ENTRY_LBA,               // the equate for the offset is optional
///         /// see below
///         pub parts: [Part; 2],                    // a record may lie in another
///         /// zero
///         pub reserved: [u8; 4],
///     }
/// }
/// ```
///
/// The doc lines of a field are its line in the documentation, so they are written for a reader of that page: a phrase
/// without a final period. A name in brackets and backticks is a link here and plain code there. An equate is a `u32`
/// constant of the module. `Entry::LEN` and `Entry::FIELDS` say the rest; `Entry::RECORD` has all, for the generators: a
/// module lists its records for the assembler in `RECORDS`.
macro_rules! record {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident[$len:literal $(=> $len_equate:ident)?] {
            $( $(#[doc = $doc:literal])+ pub $field:ident: $type:ty $(=> $equate:ident)? ),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(
            Clone, Debug, PartialEq, Eq,
            zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::Immutable, zerocopy::KnownLayout, zerocopy::Unaligned,
        )]
        #[repr(C)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )+
        }

        $( $(
            #[doc = concat!("Offset of [`", stringify!($name), "::", stringify!($field), "`].")]
            pub const $equate: u32 = core::mem::offset_of!($name, $field) as u32;
        )? )+
        $(
            #[doc = concat!("Bytes of [`", stringify!($name), "`].")]
            pub const $len_equate: u32 = $name::LEN as u32;
        )?

        impl $name {
            /// Bytes of this record.
            pub const LEN: usize = size_of::<Self>();
            /// Its fields, in order.
            pub const FIELDS: &'static [crate::record::Field] = &[$(
                crate::record::Field {
                    offset: core::mem::offset_of!(Self, $field),
                    len: size_of::<$type>(),
                    name: stringify!($field),
                    equate: record!(@equate $($equate)?),
                    doc: concat!($($doc),+),
                }
            ),+];
            /// All of it, for the generators.
            pub const RECORD: crate::record::Record = crate::record::Record {
                name: stringify!($name),
                len: Self::LEN,
                len_equate: record!(@equate $($len_equate)?),
                fields: Self::FIELDS,
            }
            .checked($len);
        }

        // A record that nobody lists is checked too.
        const _: crate::record::Record = $name::RECORD;
    };
    (@equate) => { None };
    (@equate $equate:ident) => { Some(stringify!($equate)) };
}

#[cfg(test)]
mod tests {
    use zerocopy::little_endian::{U16, U32};

    record! {
        /// Two bytes.
        #[derive(Copy, Default)]
        pub struct Part[2] {
            /// one
            pub one: u8,
            /// two
            pub two: u8,
        }
    }

    record! {
        /// Every kind of field.
        pub struct Whole[16 => WHOLE_LEN] {
            /// text
            pub magic: [u8; 4],
            /// a number,
            /// on two lines
            pub number: U32 => WHOLE_NUMBER,
            /// parts
            pub parts: [Part; 3],
            /// last
            pub last: U16 => WHOLE_LAST,
        }
    }

    #[test]
    fn offsets_lengths_and_equates_come_from_the_fields_alone() {
        let expected = [(0, 4, "magic"), (4, 4, "number"), (8, 6, "parts"), (14, 2, "last")];
        let fields = Whole::FIELDS.iter().map(|field| (field.offset, field.len, field.name));
        assert!(fields.eq(expected));
        assert_eq!((WHOLE_NUMBER, WHOLE_LAST, WHOLE_LEN), (4, 14, 16));
        assert_eq!((Whole::FIELDS[0].equate, Whole::FIELDS[1].equate), (None, Some("WHOLE_NUMBER")));
        assert_eq!((Whole::RECORD.len_equate, Part::RECORD.len_equate), (Some("WHOLE_LEN"), None));
        assert_eq!(Whole::FIELDS[1].doc, " a number, on two lines");
        assert_eq!(field_offset!(Whole, last), 14);
    }

    #[test]
    #[should_panic(expected = "more or fewer bytes")]
    fn a_record_of_another_length_is_refused() {
        let _ = Part::RECORD.checked(3);
    }

    #[test]
    #[should_panic(expected = "a gap before a field")]
    fn a_gap_is_refused() {
        const SECOND: &[super::Field] = &[Part::FIELDS[1]];
        let _ = super::Record { fields: SECOND, ..Part::RECORD }.checked(2);
    }
}
