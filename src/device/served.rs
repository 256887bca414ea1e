//! Devices and files that the kernel itself serves to other machines. Nothing claims them, and no process has them open.

use std::fs;
use std::path::{Path, PathBuf};

use crate::device::System;
use crate::device::ground::Ground;
use crate::device::kernel_files::{line_path, names};
use crate::device::question::Question;

/// Where the kernel's configuration tells what is served; `*` is any name.
const PLACES: [&str; 3] = [
    // NVMe over fabrics.
    "nvmet/subsystems/*/namespaces/*/device_path",
    // SCSI targets: iSCSI, Fibre Channel.
    "target/core/*/*/udev_path",
    // USB mass storage of a machine that is a stick itself.
    "usb_gadget/*/functions/*/*/file",
];

/// Something that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Served {
    /// What it is, by the name in the configuration: the kernel tells no number.
    pub ground: Ground,
    /// The file of the configuration.
    pub setting: PathBuf,
}

impl System {
    /// What is served. A name that leads to nothing is a question.
    pub(super) fn served(&self, questions: &mut Vec<Question>) -> Vec<Served> {
        let root = self.sys.join("kernel/config");
        let mut found = Vec::new();
        for setting in PLACES.iter().flat_map(|place| expand(&root, place)) {
            let path = line_path(&fs::read(&setting).unwrap_or_default());
            match Ground::of_source(&path) {
                Some(ground) => found.push(Served { ground, setting }),
                None if path.is_absolute() => questions.push(Question::Served { setting }),
                None => {}
            }
        }
        found
    }
}

/// Every path that a place stands for.
fn expand(root: &Path, place: &str) -> Vec<PathBuf> {
    place.split('/').fold(vec![root.to_owned()], |folders, part| match part {
        "*" => folders
            .iter()
            .flat_map(|folder| names(folder).into_iter().map(|name| folder.join(name)))
            .collect(),
        part => folders.iter().map(|folder| folder.join(part)).filter(|path| path.exists()).collect(),
    })
}
