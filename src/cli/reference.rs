//! `docs/cli.md`, made from the command line's own help.

use clap::CommandFactory;

use crate::cli::Cli;

const HEAD: &str = "# The command line

Made from the program's own help: `RAMKEY_BLESS=1 cargo test --test cli` writes it anew.

| exit status | what it says |
|---|---|
| 0 | done; for `boot`: an image was seen in memory and proven |
| 1 | failed; if a stick was being written, its state is unknown |
| 2 | the command line makes no sense |
| 3 | refused, and nothing was touched |
| 4 | `verify` found a difference, or `doctor` a contradiction |
| 5 | interrupted or failed on the way; the stick does not boot |

A path that cannot be used is 3 where a stick would be written (`write`, `plan`): the target or an image is missing, a
folder, or not what it must be. It is 1 where something is only read (`verify`, `inspect`, `doctor`, `boot`). `verify` of what is
no stick of ramkey is 1, and `boot` of it is 3. A stick of which anything is left, a boot area or the folder `RAMKEY`, is
verified: 4 says what is wrong with it.

Files and sticks are measured in KiB, MiB and GiB. RAM is told in whole MB of 1048576 bytes, rounded up, as the target
machine's own screens tell it: what an image takes there is the number in the boot menu.

Errors go to standard error as `error:`, one `  because:` for each cause, and `help:`. With `--json` the result, or the
error, is one JSON object on standard output; field names do not change between versions.

`warnings` of an image is what speaks against a boot, and `notes` what does not; `doubts` of a stick counts all its warnings.
[will-it-boot.md](will-it-boot.md) says what is looked at.
";

/// The text of `docs/cli.md`.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    let mut command = Cli::command().term_width(100);
    command.build();
    for subcommand in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
        let help = subcommand.render_long_help().to_string();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        text += &format!("\n## ramkey {}\n\n```text\n{}\n```\n", subcommand.get_name(), help.join("\n"));
    }
    text
}
