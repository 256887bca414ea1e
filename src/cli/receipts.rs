//! The files of receipts, one for each stick, in a folder of the user's.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::cli::CliError;
use crate::device::{OpenError, TargetPath};
use crate::job::JobError;
use crate::report::{Receipt, ReceiptState};
use crate::units::named;

/// How each receipt begins.
const HEAD: &str = "{\n  \"receipt\": ";

/// The files to which receipts are written, in the order of the sticks.
pub(super) struct Receipts {
    files: Vec<PathBuf>,
}

impl Receipts {
    /// Finds out, before a stick is written, whether its receipt can be; leaves everything as it was. A receipt has the name of the
    /// stick's serial number, or of the device or file. An older one of that name is replaced.
    ///
    /// # Errors
    ///
    /// [`CliError::NoReceipt`] if something else has that name, [`CliError::Job`] if no file can be made in the folder.
    pub fn look(folder: &Path, targets: &[TargetPath]) -> Result<Self, CliError> {
        let mut taken = BTreeSet::new();
        let mut files = Vec::new();
        for target in targets {
            let name = name(target);
            let mut names = (1..).map(|number| match number {
                1 => format!("{name}.json"),
                _ => format!("{name}-{number}.json"),
            });
            // Ends: fewer names are taken than there are targets.
            let free = names.find(|name| taken.insert(name.clone()));
            files.push(folder.join(free.unwrap_or_default()));
        }
        for file in &files {
            let failed =
                |source| CliError::from(JobError::Target(OpenError::Open { path: file.clone(), source }));
            if let Some(false) = is_receipt(file).map_err(failed)? {
                return Err(CliError::NoReceipt { path: file.clone() });
            }
            let part = part(file);
            File::create_new(&part).and_then(|_| fs::remove_file(&part)).map_err(failed)?;
        }
        Ok(Self { files })
    }

    /// Writes the receipt of the stick with this number, all of it or nothing.
    ///
    /// # Errors
    ///
    /// [`CliError::NotReceipted`], also if another file is there by now.
    pub fn write(&self, number: usize, receipt: &Receipt) -> Result<(), CliError> {
        let path = &self.files[number];
        if receipt.state == ReceiptState::Untouched {
            // What is there tells of what is on the stick.
            return Ok(());
        }
        let write = || {
            if let Some(false) = is_receipt(path)? {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let part = part(path);
            let mut file = File::create_new(&part)?;
            let text = serde_json::to_string_pretty(receipt)?;
            let written = file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n"));
            let kept = written.and_then(|()| file.sync_all()).and_then(|()| fs::rename(&part, path));
            kept.inspect_err(|_| drop(fs::remove_file(&part)))
        };
        let stick = receipt.target.path.clone().into();
        write().map_err(|source: io::Error| CliError::NotReceipted { stick, path: path.clone(), source })
    }
}

/// The file under which a receipt is written before it has its name.
fn part(path: &Path) -> PathBuf {
    path.with_extension(format!("json.part-{}", std::process::id()))
}

/// Whether what is at `path` is a receipt; `None` if nothing is.
fn is_receipt(path: &Path) -> io::Result<Option<bool>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        // Opening another kind of file may wait for ever.
        Ok(meta) if !meta.is_file() => Ok(Some(false)),
        Ok(_) => {
            let mut head = Vec::new();
            File::open(path)?.take(HEAD.len() as u64).read_to_end(&mut head)?;
            Ok(Some(head == HEAD.as_bytes()))
        }
    }
}

/// The name of a stick's receipt: letters, digits, and what does no harm in the name of a file.
fn name(target: &TargetPath) -> String {
    let serial = match target {
        TargetPath::Block(facts) => facts.serial.clone(),
        _ => String::new(),
    };
    let file = || named(target.path().file_name().unwrap_or_default()).into_owned();
    let name = if serial.is_empty() { file() } else { serial };
    let harmless = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = name.chars().map(harmless).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "stick".into() } else { name.to_owned() }
}
