//! Why the addition cannot be made.

use std::io;
use std::path::PathBuf;

use crate::units::named;

/// Why the kernel modules cannot be added. Nothing has been written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhramError {
    /// A folder or file cannot be read.
    #[error("reading {}", named(path))]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder is not one of a kernel's modules.
    #[error("{} is no folder of kernel modules", named(path))]
    NoModules {
        /// The folder.
        path: PathBuf,
    },
    /// A module is neither there nor part of the kernel itself.
    #[error("{} has no module {module}", named(path))]
    Missing {
        /// The folder.
        path: PathBuf,
        /// Name of the module.
        module: &'static str,
    },
}

impl PhramError {
    /// What the person at the terminal can do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Read { .. } => "check the name and who may read it",
            Self::NoModules { .. } => {
                "give the folder named after the kernel's release, such as lib/modules/6.1.0-13-amd64 of the system"
            }
            Self::Missing { .. } => {
                "take the modules of the same kernel from its distribution's package; some kernels are built without"
            }
        }
    }
}
