//! How the help looks: options in groups, the usual ones in the short help, examples at the end, and no line wider than the
//! terminal.
//!
//! What an option means stands where it is defined. Here is only its place.

use clap::{Arg, ArgAction, Command};

use crate::cli::words::lines_of;

/// A heading of options.
struct Group {
    heading: &'static str,
    /// Options in the order in which they are shown.
    usual: &'static [&'static str],
    /// Those that only the long help shows.
    rare: &'static [&'static str],
}

/// What is written, where, how it boots, and what is told of it.
const GROUPS: [Group; 5] = [
    Group {
        heading: "Images",
        usual: &["dir", "title", "replace", "kind", "compress", "hash"],
        rare: &[
            "bus",
            "driver",
            "expect",
            "chs",
            "folder-free",
            "source",
            "no-lists",
            "no-trim",
            "trim-swap",
            "linux-phram",
            "modules",
            "attach",
            "remove-other",
            "allow-unsigned",
            "installed",
        ],
    },
    Group {
        heading: "Target",
        usual: &[
            "to",
            "from",
            "size",
            "layout",
            "label",
            "media",
            "unmount",
            "yes",
            "eject",
            "disc",
            "resume",
            "all",
            "watch",
            "strict",
            "verify",
            "against",
            "repair",
            "destructive",
        ],
        rare: &[
            "zip",
            "fs",
            "id",
            "all-matching",
            "same-size",
            "large",
            "no-probe",
            "hard-verify",
            "as-root",
            "replug",
            "volume-id",
            "label-svg",
        ],
    },
    Group {
        heading: "How it boots",
        usual: &["with", "timeout", "read-only", "boot", "cd", "ram"],
        rare: &[
            "floppy",
            "menu-timeout",
            "lang",
            "identity",
            "first-disk",
            "keep-stick",
            "fake-write",
            "copy",
            "hybrid",
            "serial",
        ],
    },
    Group {
        heading: "The machine",
        usual: &["usb", "cpu", "pull", "headless", "seconds", "until-proven", "screenshot"],
        rare: &[],
    },
    Group {
        heading: "Output",
        usual: &["plain", "dry-run", "json", "quiet", "verbose", "help", "version"],
        rare: &["color", "log", "receipt", "svg"],
    },
];

/// What a person does in which order: commands of a group stand together.
const COMMANDS: [(&str, &[&str]); 4] = [
    ("Make a stick", &["guide", "list", "write", "verify", "boot", "demo"]),
    ("Change a stick that is there", &["add", "remove", "reflash", "update", "extract", "restore"]),
    ("Look before you write", &["inspect", "map", "plan", "check", "doctor", "explain"]),
    ("More", &["disc", "shrink", "windows", "phram", "report", "man", "completions"]),
];

/// Command lines that work, for each command: what they do, and how they read.
pub(super) const EXAMPLES: [(&str, &[(&str, &str)]); 25] = [
    (
        "guide",
        &[
            ("Be asked for all that a stick needs", "ramkey"),
            ("Line by line, for a screen reader or a serial line", "ramkey guide --plain"),
        ],
    ),
    (
        "write",
        &[
            ("Write an image to a stick", "ramkey write dos.img --to /dev/sdX"),
            ("Two images in a menu, into a file", "ramkey write dos.img tools.iso --to stick.img --size 64M"),
            ("A folder with a DOS and your programs", "ramkey write --dir my-dos --to /dev/sdX"),
        ],
    ),
    (
        "disc",
        &[
            ("Make a disc image for a mini-CD", "ramkey disc dos.img --to mini.iso"),
            ("With a label to print", "ramkey disc dos.img --to mini.iso --label-svg mini.svg"),
        ],
    ),
    (
        "reflash",
        &[
            ("Put a new version of the only image onto a stick", "ramkey reflash dos.img --to /dev/sdX"),
            ("Of one among several", "ramkey reflash dos.img --to /dev/sdX --replace \"DOS 6.22\""),
        ],
    ),
    (
        "add",
        &[
            ("Add an image to the menu", "ramkey add tools.iso --to /dev/sdX"),
            ("With a title of its own", "ramkey add tools.iso --to /dev/sdX --title \"Disk tools\""),
        ],
    ),
    (
        "remove",
        &[
            ("Remove an image by its title", "ramkey remove \"Disk tools\" --from /dev/sdX"),
            ("Or by its file", "ramkey remove TOOLS.RKC --from /dev/sdX"),
        ],
    ),
    (
        "plan",
        &[
            ("Show what would be written into a new file", "ramkey plan dos.img"),
            ("And how it would fit a stick of 128 MiB", "ramkey plan dos.img tools.iso --size 128M"),
        ],
    ),
    (
        "verify",
        &[
            ("Prove that a stick is as it was written", "ramkey verify /dev/sdX"),
            ("Put right what can be", "ramkey verify /dev/sdX --repair dos.img"),
        ],
    ),
    (
        "check",
        &[
            ("Read all of a stick", "ramkey check /dev/sdX"),
            (
                "See whether it has what it claims; everything on it is lost",
                "ramkey check /dev/sdX --destructive",
            ),
        ],
    ),
    (
        "extract",
        &[
            ("Take the only image out of a stick", "ramkey extract --from /dev/sdX --to dos.img"),
            ("One among several", "ramkey extract \"DOS 6.22\" --from /dev/sdX --to dos.img"),
        ],
    ),
    (
        "update",
        &[
            ("Give an older stick the boot code of this ramkey", "ramkey update /dev/sdX"),
            ("Without a question", "ramkey update stick.img --yes"),
        ],
    ),
    (
        "restore",
        &[
            ("Make a plain stick again", "ramkey restore /dev/sdX"),
            ("With a name", "ramkey restore /dev/sdX --label PHOTOS"),
        ],
    ),
    (
        "inspect",
        &[
            ("Tell what an image is, and whether it will boot", "ramkey inspect dos.img"),
            ("With the hashes that downloads are published with", "ramkey inspect tools.iso --hash"),
        ],
    ),
    (
        "map",
        &[
            ("Show what lies where on a stick, and draw it", "ramkey map /dev/sdX --svg stick.svg"),
            ("Show which pieces a new version would change", "ramkey map /dev/sdX --against dos.img"),
        ],
    ),
    (
        "shrink",
        &[
            ("Make an image take less RAM", "ramkey shrink dos.img small.img"),
            ("For a program", "ramkey shrink dos.img small.img --json"),
        ],
    ),
    (
        "windows",
        &[
            ("Put a driver into a Windows", "ramkey windows add-driver xp.img --driver firadisk.sys"),
            ("Take it out again", "ramkey windows remove-driver xp.img"),
        ],
    ),
    (
        "list",
        &[("Show the sticks", "ramkey list"), ("And why other disks are not written", "ramkey list --all")],
    ),
    (
        "explain",
        &[
            ("What a code on the screen means", "ramkey explain E22"),
            ("With the BIOS status behind it", "ramkey explain E22 0C"),
        ],
    ),
    (
        "doctor",
        &[
            ("Find what is wrong with any stick", "ramkey doctor /dev/sdX"),
            ("For a program", "ramkey doctor stick.img --json"),
        ],
    ),
    (
        "phram",
        &[
            ("Make the addition for a Linux", "ramkey phram --to ramkey.cpio"),
            ("With the modules of a kernel", "ramkey phram --to ramkey.cpio --modules /lib/modules/6.1.0"),
        ],
    ),
    (
        "boot",
        &[
            ("Try a stick in QEMU", "ramkey boot stick.img"),
            ("With little memory, and pulled when that is allowed", "ramkey boot stick.img --ram 16M --pull"),
            ("A disc", "ramkey boot mini.iso --cd ide"),
        ],
    ),
    ("demo", &[("See all of it in a window", "ramkey demo"), ("Without a window", "ramkey demo --headless")]),
    (
        "report",
        &[
            ("Print a report", "ramkey report"),
            ("With what the last command did, into a file", "ramkey report --log ramkey.log --to report.txt"),
        ],
    ),
    (
        "man",
        &[
            ("Read the page of a command", "ramkey man write | man -l -"),
            ("Write all pages", "ramkey man --to man1"),
        ],
    ),
    (
        "completions",
        &[
            ("For this bash", "source <(ramkey completions bash)"),
            ("For fish", "ramkey completions fish > ramkey.fish"),
        ],
    ),
];

/// The commands of all groups.
#[cfg(test)]
pub(super) fn commands() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().flat_map(|(_, names)| names.iter().copied())
}

/// The options of all headings.
#[cfg(test)]
pub(super) fn options() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|group| group.usual.iter().chain(group.rare).copied())
}

/// How many headings have an option.
#[cfg(test)]
pub(super) fn groups_of(option: &str) -> usize {
    options().filter(|name| *name == option).count()
}

/// Whether people call the command: not `help`, which the parser brings, and none that the program calls itself.
pub(super) fn is_public(command: &Command) -> bool {
    command.get_name() != "help" && !command.is_hide_set()
}

/// Width of what was not asked for a width, in columns.
pub(super) const WIDTH_MAX: usize = 100;

/// Gives the program its help, for so many columns.
pub(super) fn dressed(program: Command, columns: usize) -> Command {
    let columns = columns.min(WIDTH_MAX);
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .global(true)
        .help("Print help; -h prints less of it");
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version)
        .help("Print the version; -V prints less of it");
    let program =
        program.disable_help_flag(true).disable_version_flag(true).arg(help).arg(version).term_width(columns);
    let program = program.mut_subcommands(|command| of_command(command, columns)).mut_args(in_its_place);
    let list = command_list(&program, columns);
    let template =
        format!("{{about}}\n\n{{usage-heading}} {{usage}}\n\n{list}Options:\n{{options}}{{after-help}}");
    let program = program.help_template(template);
    let mut program = program.after_long_help(usual(columns));
    // Only then commands know their whole names and the options of all.
    program.build();
    program.mut_subcommands(|command| narrow(command, columns))
}

/// Where what is usual comes from.
const USUAL: [(&str, &str); 8] = [
    ("RAMKEY_LANG", "language of sticks, as --lang"),
    ("RAMKEY_BUS", "what sticks are loaded from, as --bus"),
    ("RAMKEY_COMPRESS", "how hard images are packed, as --compress"),
    ("RAMKEY_COLOR", "when colours are used, as --color"),
    ("RAMKEY_LOG", "the log, as --log"),
    ("RAMKEY_CONFIG", "your file, in the place of ~/.config/ramkey/config.toml"),
    (
        "your file",
        "the same with keys: lang, bus, compress, color; and disks that are never written: protect",
    ),
    ("/etc/ramkey.toml", "the same for all users"),
];

/// What counts if no option is given, the first before the others.
fn usual(columns: usize) -> String {
    let head = lines_of(
        "",
        "Settings, where no option is given; what is first here counts first (docs/config.md):",
        columns,
    );
    let rows = USUAL.iter().flat_map(|(name, what)| lines_of("  ", &format!("{name}: {what}"), columns));
    head.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// Breaks the line of usage where it is too long.
fn narrow(mut command: Command, columns: usize) -> Command {
    const LABEL: &str = "Usage: ";
    let usage = command.render_usage().to_string();
    let command = command.mut_subcommands(|command| narrow(command, columns));
    if usage.lines().count() != 1 || usage.chars().count() <= columns {
        return command;
    }
    let lines = lines_of(LABEL, usage.strip_prefix(LABEL).unwrap_or(&usage), columns).join("\n");
    command.override_usage(lines.strip_prefix(LABEL).unwrap_or(&lines).to_owned())
}

fn of_command(command: Command, columns: usize) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_subcommands(|command| command.mut_args(in_its_place));
    let examples = EXAMPLES.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, examples)| examples);
    let command = command.mut_args(in_its_place);
    command.after_help(brief(examples, columns)).after_long_help(whole(examples, columns))
}

/// Puts an option below its heading, and gives the short help its first sentence.
fn in_its_place(arg: Arg) -> Arg {
    let arg = shortened(arg);
    let Some(name) = arg.get_long() else { return arg };
    for group in &GROUPS {
        let all = group.usual.iter().chain(group.rare);
        if let Some(place) = all.clone().position(|option| *option == name) {
            let is_rare = place >= group.usual.len();
            return arg.help_heading(group.heading).display_order(place).hide_short_help(is_rare);
        }
    }
    arg
}

fn shortened(arg: Arg) -> Arg {
    if arg.get_long_help().is_some() {
        return arg;
    }
    let Some(text) = arg.get_help().map(ToString::to_string) else { return arg };
    let cut = |text: &str, ends: &[&str]| {
        let end = ends.iter().filter_map(|end| text.find(end)).min();
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let mut short = cut(&text, &[". ", "; "]);
    if short.len() > SHORT {
        short = cut(&short, &[": ", ", for example", ", or ", ", which", ", from "]);
    }
    if short == text { arg } else { arg.help(short).long_help(text) }
}

/// Letters of a sentence of which the short help has less than all.
const SHORT: usize = 50;

/// Letters of what a command is for, of which the list has less than all.
const ABOUT: usize = 60;

/// The commands in their groups.
fn command_list(program: &Command, columns: usize) -> String {
    let width = COMMANDS.iter().flat_map(|(_, names)| *names).map(|name| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (heading, names) in COMMANDS {
        text += &format!("{heading}:\n");
        for command in names.iter().filter_map(|name| program.find_subcommand(name)) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let ends = [": ", ", and ", ", or "].iter().filter_map(|end| about.find(end)).min();
            let about = if about.len() > ABOUT { &about[..ends.unwrap_or(about.len())] } else { &about };
            let label = format!("  {:<width$}  ", command.get_name());
            lines_of(&label, about, columns).iter().for_each(|line| text += &format!("{line}\n"));
        }
        text.push('\n');
    }
    text
}

/// The examples for the short help.
fn brief(examples: &[(&str, &str)], columns: usize) -> String {
    let lines = examples.iter().flat_map(|(_, line)| command_lines(line, "  ", columns));
    std::iter::once("Examples:".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

/// The examples with what they do.
fn whole(examples: &[(&str, &str)], columns: usize) -> String {
    let each = |(what, line): &(&str, &str)| {
        let what = lines_of("  ", &format!("{what}:"), columns);
        what.into_iter().chain(command_lines(line, "    ", columns)).collect::<Vec<_>>()
    };
    std::iter::once("Examples:".to_owned())
        .chain(examples.iter().flat_map(each))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A command line in lines that can be pasted into a shell as they are.
pub(super) fn command_lines(line: &str, indent: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![indent.to_owned()];
    let last = |lines: &[String]| lines.last().map_or(0, |line| line.chars().count());
    for word in words(line) {
        let is_first = lines.len() == 1 && lines[0] == indent;
        if !is_first && last(&lines) + 1 + word.chars().count() + 2 > columns {
            if let Some(line) = lines.last_mut() {
                line.push_str(" \\");
            }
            lines.push(format!("{indent}  {word}"));
        } else if let Some(line) = lines.last_mut() {
            if !is_first {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// The words of a command line; what stands in quotes is one.
pub(super) fn words(line: &str) -> Vec<&str> {
    let mut is_quoted = false;
    line.split(|c| {
        is_quoted ^= c == '"';
        c == ' ' && !is_quoted
    })
    .collect()
}
