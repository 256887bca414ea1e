//! Replaces the image on a stick, or in a file that is one: only what differs is written, and at every moment it boots one of the two.
//!
//! ```sh
//! cargo run --no-default-features --example reflash -- new.img stick.img
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use ramkey::device::{System, TargetPath};
use ramkey::job::{
    Destination, JobError, ReflashReport, ReflashRequest, StickRequest, prepare_reflash, reflash,
};

fn main() -> ExitCode {
    // As root a process without rights looks at the image. It is this program again, which must know that.
    if let Some(exit) = ramkey::sandbox::serve() {
        return exit;
    }
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(image), Some(stick)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: reflash IMAGE STICK");
        return ExitCode::from(2);
    };
    match replace_image(image, &stick) {
        Ok(report) => {
            println!("{} of {} pieces stayed where they are", report.kept, report.chunks);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Puts `image` in the place of the only image on `stick`.
///
/// # Errors
///
/// What keeps it from being replaced; the stick boots what it did, unless the error says otherwise.
pub fn replace_image(image: PathBuf, stick: &Path) -> Result<ReflashReport, JobError> {
    let system = System::default();
    let target = TargetPath::look(&system, stick).map_err(JobError::Target)?;
    let destination = Destination { system: &system, target: &target };
    let request = ReflashRequest { image: StickRequest::new(vec![image]), replaces: None };
    let prepared = prepare_reflash(request, destination, &|_| ())?;
    let stop = AtomicBool::new(false);
    // Where there is no room for both, the stick would not boot for a while: this says no to that.
    reflash(&prepared, destination, &stop, &|_| (), &|| false)
}
