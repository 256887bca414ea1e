//! Writes an image to a file that is a stick, and proves it.
//!
//! ```sh
//! cargo run --no-default-features --example write_stick_file -- dos.img stick.img
//! ```

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use ramkey::device::{System, TargetPath};
use ramkey::job::{Destination, Images, JobError, StickRequest, prepare, write};
use ramkey::report::Report;

fn main() -> ExitCode {
    // As root a process without rights looks at the image. It is this program again, which must know that.
    if let Some(exit) = ramkey::sandbox::serve() {
        return exit;
    }
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(image), Some(to)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: write_stick_file IMAGE FILE");
        return ExitCode::from(2);
    };
    match write_stick_file(image, to, 64 << 20) {
        Ok(report) => {
            println!("{} is on a stick with the id {}", report.stick.images[0].blake3, report.stick.stick_id);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes `image` to `to`, a file of `size` bytes that is made if there is none.
///
/// # Errors
///
/// What keeps the stick from being written: nothing was changed, or the file does not boot.
pub fn write_stick_file(image: PathBuf, to: PathBuf, size: u64) -> Result<Report, JobError> {
    let request = StickRequest { size: Some(size), ..StickRequest::new(vec![image]) };
    let system = System::default();
    let target = TargetPath::look(&system, &to).map_err(JobError::Target)?;
    let destination = Destination { system: &system, target: &target };
    let images = Images::open(&request)?;
    let prepared = prepare(&request, images, Some(destination), &|_| ())?;
    // Another thread may set this, to stop.
    let stop = AtomicBool::new(false);
    write(&prepared, destination, &stop, &|_| ())
}
