//! What is expected of the files that images come in: the same options wherever images are read.

use clap::Args;

use crate::job::StickRequest;
use crate::origin::{Expectations, Expected};

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
