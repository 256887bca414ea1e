//! `ramkey man`: pages for `man`, made of the help.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;
use serde::Serialize;

use crate::cli::help::EXAMPLES;
use crate::cli::{CliError, Exit, Output};
use crate::units::named;

/// Print a page for `man`, or write all of them into a folder
///
/// `ramkey man | man -l -` shows the page of the program, and `ramkey man write | man -l -` that of a command. With --to the folder
/// gets ramkey.1 and a page for each command, such as ramkey-write.1; man finds them in the folder man1 of a folder in MANPATH.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command whose page is printed; that of the program if not given
    #[arg(value_name = "COMMAND", conflicts_with = "to")]
    command: Option<String>,

    /// Write all pages into this folder
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// What was made.
#[derive(Serialize)]
struct Made {
    files: Vec<String>,
}

impl ManArgs {
    /// Prints a page of `program`, or writes all.
    ///
    /// # Errors
    ///
    /// [`CliError::Usage`] if there is no such command, [`CliError::Create`] if a page cannot be written.
    pub fn run(self, output: &mut Output, program: Command) -> Result<Exit, CliError> {
        let pages = pages(program)?;
        if let Some(folder) = self.to {
            let files = write(&folder, &pages)?;
            output.show(&Made { files: files.clone() }, |out| {
                files.iter().try_for_each(|file| writeln!(out, "written   {file}"))
            })?;
            return Ok(Exit::Done);
        }
        let name = self.command.as_ref().map_or("ramkey.1".to_owned(), |name| format!("ramkey-{name}.1"));
        let Some(page) = pages.into_iter().find(|page| page.file == name) else {
            let command = self.command.unwrap_or_default();
            return Err(CliError::Usage {
                what: format!("there is no command {command}: `ramkey --help` lists them"),
            });
        };
        output.own(&page.text)?;
        Ok(Exit::Done)
    }
}

/// A page, and the name of its file.
struct Page {
    file: String,
    text: String,
}

/// The page of the program, and one of each command.
fn pages(mut program: Command) -> io::Result<Vec<Page>> {
    program.build();
    let commands: Vec<Command> = program
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
        // A page has the name by which man finds it.
        .map(|command| command.clone().display_name(format!("ramkey-{}", command.get_name())))
        .collect();
    std::iter::once(program.display_name("ramkey")).chain(commands).map(page).collect()
}

/// The page of one command.
fn page(command: Command) -> io::Result<Page> {
    let name = command.get_name().to_owned();
    let examples = EXAMPLES.iter().find(|(of, _)| *of == name).map_or(&[][..], |(_, examples)| examples);
    let title = command.get_display_name().unwrap_or(&name).to_owned();
    let has_commands = command.has_subcommands();
    let version = concat!("ramkey ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).title(&title).source(version).manual("ramkey");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    let mut text = String::from_utf8(text).map_err(io::Error::other)?;
    if !examples.is_empty() {
        text += ".SH EXAMPLES\n";
    }
    for (what, line) in examples {
        let line = line.replace('-', "\\-");
        text += &format!(".TP\n{what}\n\\fB{line}\\fR\n");
    }
    Ok(Page { file: format!("{title}.1"), text })
}

fn write(folder: &Path, pages: &[Page]) -> Result<Vec<String>, CliError> {
    let failed = |path: &Path, source| CliError::Create { path: path.to_owned(), source };
    fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    pages
        .iter()
        .map(|page| {
            let path = folder.join(&page.file);
            let written = File::create(&path).and_then(|mut file| file.write_all(page.text.as_bytes()));
            written.map_err(|source| failed(&path, source))?;
            Ok(named(&path).into_owned())
        })
        .collect()
}
