//! What the guide knows, and where in its steps it is. Nothing here asks, prints, or touches a disk.

use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;

use crate::cli::args::LayoutArg;
use crate::cli::guide::order::{Goal, Order, Ready};
use crate::cli::pack_names::BusArg;
use crate::cli::{CliError, Exit};
use crate::device::TargetPath;
use crate::report::Report;
use crate::units::MIB;

/// A page of the guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Which image.
    Image,
    /// What that is.
    Facts,
    /// What the machine boots from.
    Medium,
    /// Which file, if it is one.
    File,
    /// How long that is.
    Size,
    /// Which file, if it is a disc.
    Disc,
    /// Which disc it must fit.
    DiscMedium,
    /// How much memory the machine has.
    Ram,
    /// That this is too little.
    TooLarge,
    /// How it reads the medium.
    Bus,
    /// How the stick is divided.
    Layout,
    /// All of it.
    Summary,
    /// Whether bytes are an image of which nothing is known.
    Unknown,
    /// Whether what is on the medium may be lost.
    Confirm,
    /// What became of it.
    Outcome,
}

/// Steps that are counted.
const STEPS: usize = 8;

impl Place {
    /// The title of its page.
    pub fn title(self) -> String {
        let (number, name) = match self {
            Self::Image | Self::Facts => (1, "the image"),
            Self::Medium | Self::File | Self::Size | Self::Disc | Self::DiscMedium => (2, "the medium"),
            Self::Ram | Self::TooLarge | Self::Bus => (3, "the old machine"),
            Self::Layout => (4, "the layout"),
            Self::Summary => (5, "the summary"),
            Self::Unknown | Self::Confirm => (6, "your word"),
            Self::Outcome => (8, "the result"),
        };
        format!("Step {number} of {STEPS}: {name}")
    }

    /// The title while it is written.
    pub fn title_of_writing() -> String {
        format!("Step 7 of {STEPS}: writing")
    }
}

/// A file or a folder that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub path: PathBuf,
    pub is_folder: bool,
    pub len: u64,
}

/// A folder, and what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Folder {
    pub path: PathBuf,
    pub entries: Vec<Entry>,
    /// Entries that are not listed, because there are so many.
    pub more: usize,
}

/// What an image is, as far as the guide speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub path: PathBuf,
    pub len: u64,
    /// What is said first.
    pub words: Vec<String>,
    /// What `ramkey inspect` says.
    pub lines: Vec<String>,
    /// Bytes of memory that a machine must have for it, its BIOS and its system.
    pub ram_wanted: u64,
    /// Which machines that are.
    pub machines: String,
    /// What would make it smaller.
    pub smaller: Vec<String>,
    /// Seconds that loading takes, at each of the speeds of a report.
    pub seconds: Option<[u64; 4]>,
}

/// A stick that is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stick {
    pub node: PathBuf,
    pub title: String,
    /// What is on it, and why it is refused if it is.
    pub details: Vec<String>,
    pub is_refused: bool,
    /// Whether its file systems are unmounted first.
    pub is_mounted: bool,
}

/// What comes behind an answer.
pub(super) enum Next {
    /// The page, which may be another.
    Show,
    /// Some work; what came of it is told then.
    Do(Work),
    /// The end.
    Leave,
}

/// Something that takes time.
pub(super) enum Work {
    /// What is in a folder.
    List(PathBuf),
    /// What an image is.
    Look(PathBuf),
    /// Which sticks there are.
    Sticks,
    /// Whether a file can be written.
    Target(PathBuf),
    /// Everything but the writing; the number is the length of the image in bytes.
    Prepare(Order, u64),
    /// The writing.
    Write(Arc<Ready>),
}

/// What came of it.
pub(super) enum Done {
    Listed(Result<Folder, CliError>),
    Looked(Result<Image, CliError>),
    Sticks(Result<Vec<Stick>, CliError>),
    Target(Result<TargetPath, CliError>),
    Prepared(Result<Box<Ready>, CliError>),
    Written(Box<Result<Report, CliError>>),
}

/// What the guide knows.
pub(super) struct Guide {
    /// The page that is shown.
    pub place: Place,
    /// Those before it.
    pub behind: Vec<Place>,
    /// What the next page says first.
    pub notice: Vec<String>,
    pub folder: Folder,
    pub image: Option<Image>,
    pub sticks: Vec<Stick>,
    pub goal: Option<Goal>,
    /// Memory of the machine in MB.
    pub ram_mb: Option<u64>,
    pub bus: Option<BusArg>,
    pub layout: LayoutArg,
    pub ready: Option<Arc<Ready>>,
    /// Everything that was tried, in the order of that.
    pub tries: Vec<Try>,
}

/// A try to write a medium.
pub(super) struct Try {
    pub ready: Arc<Ready>,
    /// What came of it.
    pub outcome: Result<Report, CliError>,
}

impl Try {
    /// Where it was to be written.
    fn target(&self) -> &TargetPath {
        &self.ready.single.target
    }

    /// Whether anything was written.
    pub fn has_begun(&self) -> bool {
        match &self.outcome {
            Ok(_) => true,
            Err(error) => matches!(error.exit(), Exit::WillNotBoot | Exit::Failed),
        }
    }
}

/// Whether both are one medium: another stick may have the name by which the first one was known.
fn is_same_medium(one: &TargetPath, other: &TargetPath) -> bool {
    match (one, other) {
        (TargetPath::Block(one), TargetPath::Block(other)) => {
            let has_serial = !one.serial.is_empty() && (&one.serial, one.len) == (&other.serial, other.len);
            one.is_same_device(other) || has_serial
        }
        (TargetPath::Block(_), _) | (_, TargetPath::Block(_)) => false,
        // A file is the same whether it is told as `x` or `./x`.
        _ => whole(one.path()) == whole(other.path()),
    }
}

/// The path from the root on.
fn whole(path: &Path) -> PathBuf {
    absolute(path).unwrap_or_else(|_| path.to_owned())
}

impl Guide {
    /// The media that were begun and start nothing: a later try may have finished them.
    pub fn spoilt(&self) -> Vec<PathBuf> {
        let mut spoilt: Vec<&Try> = Vec::new();
        for one in self.tries.iter().filter(|one| one.has_begun()) {
            spoilt.retain(|other| !is_same_medium(other.target(), one.target()));
            spoilt.extend(one.outcome.is_err().then_some(one));
        }
        spoilt.into_iter().map(|one| whole(one.target().path())).collect()
    }

    /// Nothing is known yet.
    pub fn new() -> Self {
        Self {
            place: Place::Image,
            behind: Vec::new(),
            notice: Vec::new(),
            folder: Folder::default(),
            image: None,
            sticks: Vec::new(),
            goal: None,
            ram_mb: None,
            bus: None,
            layout: LayoutArg::Auto,
            ready: None,
            tries: Vec::new(),
        }
    }

    /// Goes on to `place`.
    pub fn go(&mut self, place: Place) -> Next {
        self.behind.push(self.place);
        self.place = place;
        Next::Show
    }

    /// Stays on the page, which says `notice` first.
    pub fn stay(&mut self, notice: impl Into<String>) -> Next {
        self.notice = vec![notice.into()];
        Next::Show
    }

    /// Whether the machine has the memory that the image wants, if both are known.
    pub fn fits(&self, ram_mb: u64) -> bool {
        self.image.as_ref().is_none_or(|image| ram_mb.saturating_mul(MIB) >= image.ram_wanted)
    }

    /// What is to be written, as the command line says it; nothing as long as not all of it is known.
    pub fn order(&self) -> Option<Order> {
        let (image, goal) = (self.image.as_ref()?, self.goal.clone()?);
        Some(Order::new(&image.path, goal, self.layout, self.bus))
    }
}

#[cfg(test)]
mod tests {
    use super::is_same_medium;
    use crate::device::{DeviceFacts, DeviceKind, DeviceNumber, TargetPath};

    fn stick(serial: &str, sequence: u64) -> TargetPath {
        TargetPath::Block(Box::new(DeviceFacts {
            node: "/dev/sdb".into(),
            number: DeviceNumber { major: 8, minor: 16 },
            kind: DeviceKind::Disk,
            len: 1 << 27,
            logical_sector: 512,
            read_only: false,
            removable: true,
            usb: true,
            usb_path: "1-1".into(),
            usb_id: "0781:5567".into(),
            wwn: String::new(),
            vendor: String::new(),
            model: String::new(),
            serial: serial.into(),
            sequence: Some(sequence),
            partitions: Vec::new(),
        }))
    }

    #[test]
    fn another_stick_with_the_same_name_is_another_medium_and_one_that_was_plugged_in_again_is_none() {
        assert!(is_same_medium(&stick("1", 7), &stick("1", 7)));
        assert!(is_same_medium(&stick("1", 7), &stick("1", 8)), "plugged in again");
        assert!(!is_same_medium(&stick("1", 7), &stick("2", 8)));
        assert!(!is_same_medium(&stick("", 7), &stick("", 8)), "nothing tells that it is the same");
        let file = |path: &str| TargetPath::New { path: path.into() };
        assert!(is_same_medium(&file("x"), &file("./x")) && !is_same_medium(&file("x"), &file("y")));
        assert!(!is_same_medium(&file("/dev/sdb"), &stick("1", 7)));
    }
}
