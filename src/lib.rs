//! Makes USB sticks that old BIOS machines boot from RAM, every byte proven on the way.
//!
//! A program starts with [`job`]: a file for each use, from a request to a report. The command line is such a program, in the
//! module `cli`, and a feature of that name that is on unless it is switched off. `docs/architecture.md` says which way data
//! flows, and who may import whom.
//!
//! A stick in a file, written and proven, without the command line (`default-features = false`); more is in `examples/`:
//!
//! ```standalone_crate
//! use std::path::PathBuf;
//! use std::process::ExitCode;
//! use std::sync::atomic::AtomicBool;
//!
//! use ramkey::device::{System, TargetPath};
//! use ramkey::job::{Destination, Images, JobError, StickRequest, prepare, verify, write};
//! use ramkey::verify::Strictness;
//!
//! fn make(image: PathBuf, to: PathBuf) -> Result<bool, JobError> {
//!     let request = StickRequest { size: Some(8 << 20), ..StickRequest::new(vec![image]) };
//!     let system = System::default();
//!     let target = TargetPath::look(&system, &to).map_err(JobError::Target)?;
//!     let destination = Destination { system: &system, target: &target };
//!     let prepared = prepare(&request, Images::open(&request)?, Some(destination), &|_| ())?;
//!     write(&prepared, destination, &AtomicBool::new(false), &|_| ())?;
//!     Ok(verify(&to, Strictness::EveryByte, &|_| ())?.sound)
//! }
//!
//! fn main() -> ExitCode {
//!     // As root a process without rights looks at images. It is this program again, which must know that.
//!     if let Some(exit) = ramkey::sandbox::serve() {
//!         return exit;
//!     }
//!     # let folder = tempfile::tempdir().unwrap();
//!     # let (image, stick) = (folder.path().join("dos.img"), folder.path().join("stick.img"));
//!     # std::fs::write(&image, ramkey::emulator::demo_image()).unwrap();
//!     # let made = make(image, stick);
//!     # #[cfg(any())]
//!     let made = make("dos.img".into(), "stick.img".into());
//!     match made {
//!         Ok(true) => ExitCode::SUCCESS,
//!         Ok(false) | Err(_) => ExitCode::FAILURE,
//!     }
//! }
//! ```

#![deny(unsafe_code)]

pub mod boot;
pub mod capsule;
pub mod change;
#[cfg(feature = "cli")]
pub mod cli;
pub mod contents;
pub mod device;
pub mod doctor;
pub mod emulator;
pub mod explain;
pub mod folder;
pub mod image;
pub mod job;
pub mod layout;
pub mod linux_phram;
pub mod map;
pub mod origin;
pub mod pipeline;
pub mod plan;
pub mod repair;
pub mod report;
pub mod sandbox;
pub mod stick;
pub mod units;
pub mod verify;
pub mod windows;
