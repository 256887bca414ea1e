//! The receipt of a stick.

use std::error::Error;

use crate::device::TargetPath;
use crate::job::{JobError, Prepared, plan};
use crate::report::{Receipt, ReceiptError, ReceiptTarget, Report};
use crate::units::{SECTOR_LEN, named};

/// What became of the stick at `target`, for which `prepared` was made.
pub fn receipt(prepared: &Prepared, target: &TargetPath, result: &Result<Report, JobError>) -> Receipt {
    match result {
        Ok(report) => Receipt::done(known(prepared, target), report),
        Err(error) => {
            let mut because = Vec::new();
            let mut next = error.source();
            while let Some(cause) = next {
                because.push(cause.to_string());
                next = cause.source();
            }
            let why = ReceiptError { error: error.to_string(), because, help: error.help() };
            Receipt::failed(known(prepared, target), &plan(prepared), error.stick(), why)
        }
    }
}

/// The target as the system knows it.
fn known(prepared: &Prepared, target: &TargetPath) -> ReceiptTarget {
    let path = named(target.path()).into_owned();
    let file = ReceiptTarget {
        path,
        kind: "file",
        vendor: String::new(),
        model: String::new(),
        serial: String::new(),
        usb_path: String::new(),
        len: prepared.plan.division.sectors * SECTOR_LEN,
    };
    match target {
        TargetPath::Block(facts) => ReceiptTarget {
            kind: "device",
            vendor: facts.vendor.clone(),
            model: facts.model.clone(),
            serial: facts.serial.clone(),
            usb_path: facts.usb_path.clone(),
            len: facts.len,
            ..file
        },
        TargetPath::File { len: len @ 1.., .. } => ReceiptTarget { len: *len, ..file },
        TargetPath::File { .. } | TargetPath::New { .. } => file,
    }
}
