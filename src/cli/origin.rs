//! What is expected of the files that images come in: the same options wherever images are read.

use clap::Args;

use crate::cli::CliError;
use crate::job::StickRequest;
use crate::origin::{Expectations, Expected};
use crate::report::SOURCE_MAX;
use crate::units::counted;

/// What is expected of images.
#[derive(Clone, Debug, Default, Args)]
pub struct OriginArgs {
    /// Refuse an image unless its file, as it was downloaded, has this hash: SHA-256, BLAKE3, SHA-1 or MD5 in hexadecimal digits, or a
    /// file with a list of hashes that names it. With several images once for each, in the same order, or one list for all
    #[arg(long, value_name = "HASH|LIST", value_parser = Expected::parse)]
    pub expect: Vec<Expected>,

    /// Do not look for lists of hashes beside an image, such as SHA256SUMS or dos.img.sha256
    #[arg(long)]
    pub no_lists: bool,
}

/// Where images are from, as the user says: the same option wherever images come to a medium.
#[derive(Clone, Debug, Default, Args)]
pub struct SourceArgs {
    /// Where an image is from, for RAMKEY/README.TXT: an address or a few words; once for each image, in the same order
    #[arg(long = "source", value_name = "TEXT", value_parser = source)]
    pub sources: Vec<String>,
}

impl SourceArgs {
    /// Refuses more sources than there are images.
    ///
    /// # Errors
    ///
    /// [`CliError::Usage`].
    pub fn check(&self, images: usize) -> Result<(), CliError> {
        match self.sources.len() {
            times if times > images => {
                let images = counted(images as u64, "image");
                Err(CliError::Usage { what: format!("--source was given {times} times for {images}") })
            }
            _ => Ok(()),
        }
    }

    /// `request` with what is said here.
    pub fn put_into(&self, request: StickRequest) -> StickRequest {
        StickRequest { sources: self.sources.clone(), ..request }
    }
}

fn source(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..=SOURCE_MAX => Ok(text.to_owned()),
        0 => Err("it is empty".into()),
        count => Err(format!("it has {count} characters, and {SOURCE_MAX} are the most")),
    }
}

impl OriginArgs {
    /// What is asked for here.
    pub fn expectations(&self) -> Expectations {
        Expectations { given: self.expect.clone(), beside: !self.no_lists }
    }

    /// `request` with it.
    pub fn put_into(&self, request: StickRequest) -> StickRequest {
        StickRequest { expectations: self.expectations(), ..request }
    }
}
