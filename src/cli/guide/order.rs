//! What is to be written, as the command line says it: the guide makes arguments, and what reads those of everybody reads
//! them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueEnum};

use crate::cli::CliError;
use crate::cli::args::LayoutArg;
use crate::cli::confirm::Question;
use crate::cli::disc::DiscArgs;
use crate::cli::pack_names::BusArg;
use crate::cli::single::Single;
use crate::cli::write::WriteArgs;
use crate::device::OwnMount;
use crate::job::Prepared;
use crate::plan::DiscMedium;
use crate::report::StickReport;
use crate::units::shell_word;

/// A command line of `ramkey write` or `ramkey disc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    is_disc: bool,
    options: Vec<(&'static str, Option<OsString>)>,
    image: PathBuf,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// To a device, perhaps after its file systems were unmounted.
    Stick { node: PathBuf, unmounts: bool },
    /// To a file, perhaps of this size.
    File { path: PathBuf, size: Option<String> },
    /// To a disc image, for this medium.
    Disc { path: PathBuf, medium: String },
}

impl Order {
    /// Everything that is usual is left out.
    pub fn new(image: &Path, goal: Goal, layout: LayoutArg, bus: Option<BusArg>) -> Self {
        let mut options = Vec::new();
        let is_disc = matches!(goal, Goal::Disc { .. });
        match goal {
            Goal::Stick { node, unmounts } => {
                options.push(("--to", Some(node.into_os_string())));
                options.extend(unmounts.then_some(("--unmount", None)));
            }
            Goal::File { path, size } => {
                options.push(("--to", Some(plain(path).into_os_string())));
                options.extend(size.map(|size| ("--size", Some(size.into()))));
            }
            Goal::Disc { path, medium } => {
                options.push(("--to", Some(plain(path).into_os_string())));
                let usual = DiscMedium::default().name == Some(&medium);
                options.extend((!usual).then(|| ("--media", Some(medium.into()))));
            }
        }
        if layout != LayoutArg::Auto && !is_disc {
            options.push(("--layout", name(layout)));
        }
        if let Some(bus) = bus.filter(|_| !is_disc) {
            options.push(("--bus", name(bus)));
        }
        Self { is_disc, options, image: plain(image.to_owned()) }
    }

    /// The command that does the same, which can be pasted into a shell.
    pub fn command_line(&self) -> String {
        let mut words = vec![format!("ramkey {}", if self.is_disc { "disc" } else { "write" })];
        for (option, value) in &self.options {
            words.push((*option).to_owned());
            words.extend(value.iter().map(shell_word));
        }
        words.push(shell_word(&self.image));
        words.join(" ")
    }

    fn arguments(&self) -> Vec<OsString> {
        let options = self.options.iter();
        let mut all: Vec<OsString> = options
            .flat_map(|(option, value)| [Some(OsString::from(option)), value.clone()])
            .flatten()
            .collect();
        all.push(self.image.clone().into());
        all
    }

    /// What these arguments ask for.
    ///
    /// # Errors
    ///
    /// As those of the command.
    pub fn single(&self) -> Result<Single, CliError> {
        match self.is_disc {
            true => parse::<DiscArgs>(self.arguments())?.single(),
            false => parse::<WriteArgs>(self.arguments())?.single(),
        }
    }

    /// Whether a disc image is written.
    pub fn is_disc(&self) -> bool {
        self.is_disc
    }
}

/// A path that is taken for nothing else.
fn plain(path: PathBuf) -> PathBuf {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") { Path::new(".").join(path) } else { path }
}

fn name(value: impl ValueEnum) -> Option<OsString> {
    value.to_possible_value().map(|value| value.get_name().into())
}

fn parse<T: Args>(arguments: Vec<OsString>) -> Result<T, CliError> {
    let command = T::augment_args(Command::new("ramkey").no_binary_name(true));
    let matches = command.try_get_matches_from(arguments);
    matches.and_then(|matches| T::from_arg_matches(&matches)).map_err(|error| {
        let text = error.to_string();
        let what = text.lines().next().unwrap_or_default();
        CliError::Usage { what: what.strip_prefix("error: ").unwrap_or(what).to_owned() }
    })
}

/// Everything but the writing is done.
pub(super) struct Ready {
    pub order: Order,
    pub single: Single,
    pub prepared: Prepared,
    /// What it will be.
    pub plan: StickReport,
    /// What is unmounted first.
    pub mounts: Vec<OwnMount>,
    /// Whether nothing is known of the image.
    pub is_unknown: bool,
    /// What is asked before something is lost, if something is.
    pub question: Option<Question>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_can_be_pasted_and_asks_for_the_same() {
        let file =
            |path: &str, size: Option<&str>| Goal::File { path: path.into(), size: size.map(Into::into) };
        let disc = |medium: &str| Goal::Disc { path: "a b.iso".into(), medium: medium.into() };
        let stick = Goal::Stick { node: "/dev/sdz".into(), unmounts: true };
        for (image, goal, layout, bus, expected) in [
            (
                "dos.img",
                file("stick.img", None),
                LayoutArg::Auto,
                None,
                "ramkey write --to stick.img dos.img",
            ),
            (
                "it's.img",
                file("-x.img", Some("64M")),
                LayoutArg::TwoPartitions,
                Some(BusArg::Usb2),
                r"ramkey write --to ./-x.img --size 64M --layout two-partitions --bus usb2 'it'\''s.img'",
            ),
            ("-", stick, LayoutArg::Auto, None, "ramkey write --to /dev/sdz --unmount ./-"),
            (
                "dos.img",
                disc("8cm"),
                LayoutArg::Hdd,
                Some(BusArg::Usb1),
                "ramkey disc --to 'a b.iso' dos.img",
            ),
            (
                "dos.img",
                disc("12cm"),
                LayoutArg::Auto,
                None,
                "ramkey disc --to 'a b.iso' --media 12cm dos.img",
            ),
        ] {
            let order = Order::new(Path::new(image), goal, layout, bus);
            assert_eq!(order.command_line(), expected);
            let parsed = match order.is_disc() {
                true => parse::<DiscArgs>(order.arguments()).map(drop),
                false => parse::<WriteArgs>(order.arguments()).map(drop),
            };
            parsed.expect(expected);
        }
    }
}
