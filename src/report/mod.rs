//! What was written, for people and for programs, and the label of a disc. Nothing here prints.

mod done;
mod driver;
mod label;
mod load;
mod machine;
mod origin;
mod range;
mod readme;
mod receipt;
mod stick;
mod unpacked;

pub use done::{Report, Resumed};
pub use driver::DriverReport;
pub use label::{LABEL_HEAD, Label, LabelEntry, LabelShape};
pub use load::{LOAD_SPEEDS, LoadReport, LoadSpeed, Loading, time_words};
pub use machine::{MACHINES, MachineReport, SmallerReport, ram_wanted};
pub use origin::OriginReport;
pub use range::RangeReport;
pub use readme::{Paragraph, ReadmeImage, SOURCE_MAX, readme, tells_of};
pub use receipt::{Receipt, ReceiptError, ReceiptImage, ReceiptState, ReceiptStick, ReceiptTarget};
pub use stick::{DiscReport, HeaderReport, ImageReport, StickReport};
pub use unpacked::UnpackedReport;
