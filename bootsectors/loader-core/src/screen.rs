//! Every text of the loader that a person reads: whole sentences, with places for numbers and names.
//!
//! A sentence is one line of the list below, which says what its places hold, and one line in the file of each language.
//! Whoever shows it calls the function of its name, so the compiler counts the places and knows their types. It finds a
//! sentence that a language lacks, and a character that the screen has not; `tests/sentences.rs` finds a place that a
//! language forgot, and a line that is too long. What the host program waits for is said in English too, where only it looks.
//!
//! No sentence is put together from parts, because other languages order them otherwise: a plural, and each answer that
//! changes the words around it, has a sentence of its own. Only what stands beside each other in a column or a list is
//! several: the rows of the menu, and what follows a countdown.
//!
//! A language is a file beside `english.rs`, and its line in `languages!`, which also makes the file a module.

#[macro_use]
mod table;
mod code;
mod for_host;

use crate::a20::Method as A20Method;
use crate::copy_mode::CopyMode;
use crate::drive::Method;
use crate::memory_calls::Source;
use crate::text::Line;

pub use code::UnknownLanguage;

/// Columns that a line may have: the last one would scroll the screen.
pub const COLUMNS: usize = 79;

/// A line of the screen.
pub type Text = Line<COLUMNS>;

languages! {
    /// As spoken everywhere.
    English = b"en", english;
    /// As written in Germany, Austria and Switzerland: no sentence has the letter `ß`.
    German = b"de", german;
    /// As written everywhere.
    Spanish = b"es", spanish;
    /// As written everywhere.
    French = b"fr", french;
    /// As written in Brazil.
    Portuguese = b"pt", portuguese;
    /// None that anybody speaks: for the tests of what another language changes.
    MadeUp = b"qq", made_up if test;
}

sentences! {
    /// The program and its version.
    Title title(version: short);
    /// Memory, and how the stick is read.
    Machine machine(ram: mib, drive: hex2, method: method);
    /// The drive that the BIOS emulates ends before the image does.
    LookingForDisc looking_for_disc();
    /// The disc itself was found.
    DiscFound disc_found(drive: hex2);
    /// It was not.
    NoDisc no_disc();
    /// The heads of the stick are searched for.
    TryingHeads trying_heads();

    /// More images than a menu has entries.
    TooManyImages too_many_images();
    /// Above the menu.
    Choose choose();
    /// In the menu: memory that an image needs.
    EntryNeeds entry_needs(need: needed4);
    /// In the menu: memory that an image needs, and that is not there.
    EntryDoesNotFit entry_does_not_fit(need: needed4);
    /// In the menu: the file is damaged.
    EntryDamaged entry_damaged();
    /// In the menu: an image that belongs to this one is missing.
    EntryIncomplete entry_incomplete();
    /// Below the menu, while it counts down.
    MenuStartsIn menu_starts_in(seconds: number);
    /// The chosen image is damaged.
    ImageDamaged image_damaged();
    /// An image that belongs to the chosen one is missing.
    CompanionMissing companion_missing(name: name);
    /// Memory of the machine.
    MachineHas machine_has(ram: mib, free: free);
    /// Memory that an image needs.
    Needs needs(title: short, need: needed);
    /// Another image would fit.
    WouldFit would_fit(title: short, need: needed);
    /// No other image would fit.
    NoneWouldFit none_would_fit();
    /// How many images are loaded together; always two or more.
    Together together(count: number, need: needed);

    /// An image begins to load.
    Loading loading(title: text);
    /// How far it is.
    Loaded loaded(done: disk, total: disk, percent: percent);
    /// The same, when the speed is known.
    LoadedAtRate loaded_at_rate(done: disk, total: disk, percent: percent, rate: rate);
    /// The same, when the time is known too.
    LoadedTimed loaded_timed(done: disk, total: disk, percent: percent, rate: rate, left: time);
    /// Behind one of those: one piece was wrong.
    ReadAgainOnce read_again_once();
    /// Behind one of those: so many pieces were wrong.
    ReadAgain read_again(times: number);
    /// A disk signature was changed.
    SignatureChanged signature_changed(signature: hex8);
    /// The hidden sectors of a partition were changed.
    HiddenChanged hidden_changed(old: number, new: number);
    /// The drive number of a partition was changed.
    DriveChanged drive_changed(old: hex2, new: hex2);
    /// Before an image is said to be proven: it is the original without its free space.
    Trimmed trimmed(original: hash);
    /// An image is proven, and others follow.
    Proven proven(hash: hash);
    /// The last image is proven, and the stick is not needed any more.
    ProvenRemove proven_remove(hash: hash);
    /// The last image is proven, and the stick stays a drive.
    ProvenKeep proven_keep(hash: hash);
    /// The last image is proven, and the disc is not needed any more.
    ProvenRemoveDisc proven_remove_disc(hash: hash);
    /// The last image is proven, and the disc stays a drive.
    ProvenKeepDisc proven_keep_disc(hash: hash);
    /// Above the countdown of an image that is taken for a floppy.
    KindIsGuess kind_is_guess();
    /// The user said that it is a hard disk.
    IsHardDisk is_hard_disk();
    /// Waits for a key.
    PressKey press_key();
    /// Counts down.
    StartsIn starts_in(seconds: number);
    /// Behind a countdown: how INT 13h copies.
    Copies copies(how: copy);
    /// INT 15h was asked for, and does not work.
    NoInt15 no_int15();
    /// A way of copying.
    CopyAuto copy_auto();
    /// A way of copying.
    CopyDirect copy_direct();
    /// A way of copying.
    CopyInt15 copy_int15();

    /// First line of a halt.
    Stopped stopped(code: hex2, text: error);
    /// Behind the report, above the command that explains it.
    Explained explained();
    /// Below that command, where a QR code can be shown.
    QrOffered qr_offered();
    /// Last line of a halt.
    NothingBooted nothing_booted();
    /// Where a file of ours found a fault in itself.
    Internal internal(file: short, line: small);
    /// What is damaged.
    BootHeaderDamaged boot_header_damaged();
    /// What is missing.
    NoDisk no_disk();
    /// What has no room.
    MemoryTable memory_table();
    /// Base memory that there is.
    BaseMemory base_memory(kib: number);
    /// Where a CD wants its boot image.
    BootImageAt boot_image_at(start: hex6, end: hex6);
    /// Memory that the BIOS told of.
    NoMemoryAt no_memory_at(address: hex8);
    /// A capsule.
    File file(name: name);
    /// What is wrong with a capsule.
    InFile in_file(name: name, what: detail);
    /// Bytes of an image that are wrong.
    Bytes bytes(start: hex8, end: hex8);
    /// Bytes of an image, and what is wrong with them.
    InBytes in_bytes(start: hex8, end: hex8, what: detail);

    /// Report: the drive.
    ReportDrive report_drive(drive: hex2, passed: hex2, method: method);
    /// Report: EDD.
    ReportEdd report_edd(works: works, hidden: number, version: hex2, claims: hex2);
    /// Report: CHS.
    ReportChs report_chs(works: works, hidden: number, heads: small, sectors: small, whence: heads);
    /// Report: what AH=08h told.
    ReportTold report_told(cylinders: small, heads: small, sectors: small);
    /// Report: transfers.
    ReportTransfer report_transfer(sectors: small, hung: small, boot: number);
    /// Report: the last reads.
    ReportReads report_reads(asked: lba, read: lba, status: hex2);
    /// Report: memory, before it was asked for.
    ReportNoMemory report_no_memory(how: a20);
    /// Report: memory.
    ReportMemory report_memory(ram: mib, source: source, base: small, how: a20);
    /// Report: what the keys do.
    ReportKeys report_keys();
    /// Answer to a key of the report.
    SingleSectors single_sectors();
    /// Answer to a key of the report.
    ChsOnly chs_only();
    /// Answer to a key of the report.
    NoChs no_chs();
    /// Answer to a key of the report.
    EddOnly edd_only();
    /// A way of reading works.
    Works works();
    /// A way of reading does not work.
    WorksNot works_not();
    /// Heads and sectors are measured.
    Measured measured();
    /// The heads were proven by an image.
    HeadsProven heads_proven();
    /// The heads are what somebody told.
    HeadsNotMeasured heads_not_measured();
    /// Neither heads nor sectors are measured.
    NotMeasured not_measured();
    /// No sector.
    None none();
    /// A memory call.
    E820 e820();
    /// A memory call whose list breaks off.
    E820Broken e820_broken();
    /// A memory call.
    E801 e801();
    /// A memory call.
    H88 h88();
    /// How A20 was switched on.
    A20Already a20_already();
    /// How A20 was switched on.
    A20Bios a20_bios();
    /// How A20 was switched on.
    A20Keyboard a20_keyboard();
    /// How A20 was switched on.
    A20Port92 a20_port92();

    // What is wrong, for a place of kind `detail`.

    /// A read that failed.
    ReadFailed read_failed(status: hex2, lba: number);
    /// A broken chain of clusters.
    Cluster cluster(number: number);
    /// A place of a disc where a directory or a file is wrong.
    Block block(number: number);
    /// Where wrong data lies.
    Lba lba(lba: number);
    /// The header of a capsule.
    HeaderWrong header_wrong();
    /// An entry of its chunk table.
    TableWrong table_wrong();
    /// The hash of its header.
    HeaderHashWrong header_hash_wrong();
    /// The hash of its table.
    TableHashWrong table_hash_wrong();
    /// The hash of the image.
    ImageHashWrong image_hash_wrong();
    /// The file's length.
    TooShort too_short();
}

/// The sentences that may stand in a place of kind `detail`.
pub const DETAILS: [Id; 10] = [
    Id::ReadFailed,
    Id::Cluster,
    Id::Block,
    Id::Lba,
    Id::HeaderWrong,
    Id::TableWrong,
    Id::HeaderHashWrong,
    Id::TableHashWrong,
    Id::ImageHashWrong,
    Id::TooShort,
];

/// A sentence with what its places hold.
#[derive(Clone, Copy)]
pub struct Sentence<'s, const PLACES: usize> {
    id: Id,
    values: [Value<'s>; PLACES],
}

impl<const PLACES: usize> Sentence<'_, PLACES> {
    /// The same for whoever does not know how many places it has.
    #[inline]
    pub fn as_message(&self) -> Message<'_> {
        Message { id: self.id, values: &self.values }
    }
}

/// Any sentence with what its places hold.
#[derive(Clone, Copy)]
pub struct Message<'s> {
    pub(crate) id: Id,
    pub(crate) values: &'s [Value<'s>],
}

impl Language {
    /// Appends `message` to `line`, as far as there is room.
    #[inline(never)]
    pub fn say(self, line: &mut Text, message: Message<'_>) {
        let mut template = self.template(message.id).iter();
        while let Some(&byte) = template.next() {
            if byte != b'{' {
                line.byte(byte);
                continue;
            }
            // A digit and the closing brace: the tests know of no other template.
            let number = template.next().map_or(0, |digit| usize::from(digit.wrapping_sub(b'0')));
            template.next();
            if let Some(value) = message.values.get(number) {
                put(self, line, value);
            }
        }
    }

    /// What stands between a whole number and its tenths.
    pub fn decimal_mark(self) -> u8 {
        if self == Self::English { b'.' } else { b',' }
    }

    /// A line with `sentence` alone.
    pub fn line<const PLACES: usize>(self, sentence: &Sentence<'_, PLACES>) -> Text {
        let mut line = Text::new();
        self.say(&mut line, sentence.as_message());
        line
    }
}

/// Bytes of a `text` at most: a title has no more.
const TEXT_MAX: usize = 64;
/// Bytes of a `short` at most; what is longer is cut, so that the rest of the sentence has room.
const SHORT_MAX: usize = 48;

/// Bytes of memory that are shown at most.
const MIB_MAX: u64 = (10_000_000 << 20) - 1;

/// What is known about the geometry that CHS counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heads {
    /// Stamps gave heads and sectors.
    Measured,
    /// An image proved the heads.
    Proven,
    /// Stamps gave the sectors only.
    Told,
    /// Stamps gave neither.
    Unknown,
}

/// What a place holds, as bytes and numbers.
#[derive(Clone, Copy)]
pub enum Value<'s> {
    /// Bytes as they are.
    Bytes(&'s [u8]),
    /// Decimal.
    Decimal(u32),
    /// Decimal, four characters wide or more.
    Decimal4(u32),
    /// So many hex digits.
    Hex(u32, u8),
    /// Bytes, as MiB with one decimal.
    Mib(u64),
    /// Seconds.
    Time(u32),
    /// Bytes as hex, as `b3sum` prints them.
    Hash(&'s [u8; 8]),
    /// Words for an error code.
    Error(u8),
    /// Another sentence, which has no place for a sentence.
    Sentence(Message<'s>),
}

// A kind of place is a type in `kind`, a variant of `Place` and a function of `Value`, all of one name, which the list
// of sentences uses.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $kind:ident: $type:ty, $value:ident => $make:expr; )+) => {
        /// A kind of place.
        #[allow(non_camel_case_types, reason = "a kind has one name as type, function and variant")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Place {
            $( $(#[$doc])* $kind, )+
        }

        /// The types of what places hold.
        #[allow(non_camel_case_types, reason = "a kind has one name as type, function and variant")]
        pub mod kind {
            use super::{A20Method, CopyMode, Heads, Message, Method, Source};

            $( $(#[$doc])* pub type $kind<'s> = $type; )+
        }

        impl<'s> Value<'s> {
            $( #[inline] fn $kind($value: $type) -> Self { $make } )+
        }
    };
}

kinds! {
    /// A text of at most 64 bytes.
    text: &'s [u8], text => Self::Bytes(cut(text, TEXT_MAX));
    /// A text that is cut after 48 bytes.
    short: &'s [u8], text => Self::Bytes(cut(text, SHORT_MAX));
    /// The name of a capsule without its extension, padded with spaces.
    name: &'s [u8; 8], name => Self::Bytes(name);
    /// How the drive is read.
    method: Method, method => Self::Bytes(method.name().as_bytes());
    /// A number of at most ten digits.
    number: u32, number => Self::Decimal(number);
    /// A number of at most five digits.
    small: u16, number => Self::Decimal(number.into());
    /// A number of at most three digits.
    percent: u8, number => Self::Decimal(number.into());
    /// Two hex digits.
    hex2: u8, number => Self::Hex(number.into(), 2);
    /// Six hex digits.
    hex6: u32, number => Self::Hex(number, 6);
    /// Eight hex digits.
    hex8: u32, number => Self::Hex(number, 8);
    /// Bytes of memory, in MiB: at most ten million of them, whatever a BIOS says.
    mib: u64, bytes => Self::Mib(bytes.min(MIB_MAX));
    /// Bytes of a RAM disk, in MiB.
    disk: u32, bytes => Self::Mib(bytes.into());
    /// KiB per second, in MiB.
    rate: u32, kib => Self::Mib(u64::from(kib) << 10);
    /// Bytes that something needs, in whole MiB rounded up, so that it is never too little.
    needed: u64, bytes => Self::Decimal(needed_mib(bytes));
    /// The same in a column.
    needed4: u64, bytes => Self::Decimal4(needed_mib(bytes));
    /// Bytes that there are, in whole MiB rounded down, so that it is never too much.
    free: u64, bytes => Self::Decimal((bytes >> 20) as u32);
    /// Seconds, from a minute on as minutes and seconds.
    time: u32, seconds => Self::Time(seconds);
    /// The first eight bytes of a hash.
    hash: &'s [u8; 8], hash => Self::Hash(hash);
    /// What an error code means.
    error: u8, code => Self::Error(code);
    /// One of `DETAILS`.
    detail: Message<'s>, message => Self::Sentence(message);
    /// Whether a way of reading works.
    works: bool, works => Self::word(if works { Id::Works } else { Id::WorksNot });
    /// What is known about heads and sectors.
    heads: Heads, heads => Self::word(match heads {
        Heads::Measured => Id::Measured,
        Heads::Proven => Id::HeadsProven,
        Heads::Told => Id::HeadsNotMeasured,
        Heads::Unknown => Id::NotMeasured,
    });
    /// A sector, or none.
    lba: Option<u64>, lba => match lba {
        Some(lba) => Self::Decimal(lba as u32),
        None => Self::word(Id::None),
    };
    /// Who told of memory.
    source: Source, source => Self::word(match source {
        Source::E820 => Id::E820,
        Source::E820Broken => Id::E820Broken,
        Source::E801 => Id::E801,
        Source::H88 => Id::H88,
    });
    /// How A20 was switched on.
    a20: A20Method, method => Self::word(match method {
        A20Method::None => Id::A20Already,
        A20Method::Bios => Id::A20Bios,
        A20Method::KeyboardController => Id::A20Keyboard,
        A20Method::Port92 => Id::A20Port92,
    });
    /// How INT 13h copies.
    copy: CopyMode, copy => Self::word(match copy {
        CopyMode::Auto => Id::CopyAuto,
        CopyMode::Direct => Id::CopyDirect,
        CopyMode::Int15 => Id::CopyInt15,
    });
}

impl Value<'_> {
    fn word(id: Id) -> Self {
        Self::Sentence(Message { id, values: &[] })
    }
}

/// Appends what a place holds.
fn put(language: Language, line: &mut Text, value: &Value<'_>) {
    match *value {
        Value::Bytes(bytes) => line.bytes(bytes),
        Value::Decimal(number) => line.decimal(number),
        Value::Decimal4(number) => line.decimal_wide(number, 4),
        Value::Hex(number, digits) => line.hex(number.into(), digits.into()),
        Value::Mib(bytes) => line.mib(bytes, language.decimal_mark()),
        Value::Time(seconds) => line.time(seconds),
        Value::Hash(bytes) => line.hash(bytes),
        Value::Error(code) => line.bytes(language.error(code)),
        Value::Sentence(message) => {
            language.say(line, message);
            line
        }
    };
}

fn cut(text: &[u8], most: usize) -> &[u8] {
    text.get(..most).unwrap_or(text)
}

fn needed_mib(bytes: u64) -> u32 {
    ((bytes + 0xF_FFFF) >> 20) as u32
}
