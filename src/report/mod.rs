//! What was written, for people and for programs, and the label of a disc. Nothing here prints.

mod done;
mod label;
mod load;
mod receipt;
mod stick;
mod unpacked;

pub use done::{Report, Resumed};
pub use label::{LABEL_HEAD, Label, LabelEntry, LabelShape};
pub use load::{LOAD_SPEEDS, LoadReport};
pub use receipt::{Receipt, ReceiptError, ReceiptImage, ReceiptState, ReceiptStick, ReceiptTarget};
pub use stick::{DiscReport, HeaderReport, ImageReport, RangeReport, StickReport};
pub use unpacked::UnpackedReport;
