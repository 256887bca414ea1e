//! Loop devices, and what each of them shows.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::io::Errno;

use crate::device::ground::Ground;
use crate::device::kernel_files::{line_path, names};
use crate::device::question::Question;
use crate::device::{DeviceNumber, System, ioctl};

/// What the kernel writes behind the name of a file that has none any more, and what a name may end in by itself.
const DELETED: &[u8] = b" (deleted)";

/// A loop device that shows something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LoopDevice {
    /// Its device number.
    pub number: DeviceNumber,
    /// Its name, as in `loop3`.
    pub name: String,
    /// The name that the kernel has for what it shows. No identity.
    pub file: PathBuf,
    /// What it shows; `None` if it does not tell.
    pub shows: Option<Ground>,
    /// Whether it is detached by itself when nobody uses it any more.
    pub goes_by_itself: bool,
}

impl System {
    /// The loop devices in use. One that does not tell what it shows is a question.
    pub(super) fn loops(&self, questions: &mut Vec<Question>) -> Vec<LoopDevice> {
        let block = self.sys.join("block");
        let found = names(&block).into_iter().filter_map(|name| self.loop_device(&block.join(&name), name));
        found
            .inspect(|device| {
                if device.shows.is_none() {
                    let is_read_only = self.text(&block.join(&device.name).join("ro")) == "1";
                    questions.push(Question::Loop { name: device.name.clone(), is_read_only });
                }
            })
            .collect()
    }

    /// The loop device of a folder of sysfs, or `None` if it is none or shows nothing.
    fn loop_device(&self, folder: &Path, name: String) -> Option<LoopDevice> {
        let text = fs::read(folder.join("loop/backing_file")).ok()?;
        let number = DeviceNumber::parse(&self.text(&folder.join("dev")))?;
        let file = line_path(&text);
        let shows = match self.ask(&name, number) {
            Answer::Shows(ground) => Some(ground),
            Answer::Nothing => return None,
            Answer::None => by_name(&file),
        };
        let goes_by_itself = self.text(&folder.join("loop/autoclear")) == "1";
        Some(LoopDevice { number, name, file, shows, goes_by_itself })
    }

    /// Asks the loop device itself.
    fn ask(&self, name: &str, number: DeviceNumber) -> Answer {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(device) = rustix::fs::open(self.dev.join(name), flags, Mode::empty()) else {
            return Answer::None;
        };
        let is_it = fstat(&device).is_ok_and(|stat| {
            FileType::from_raw_mode(stat.st_mode) == FileType::BlockDevice
                && DeviceNumber::from_raw(stat.st_rdev) == number
        });
        match ioctl::loop_status(&device) {
            _ if !is_it => Answer::None,
            Ok(status) if status.rdevice != 0 => {
                Answer::Shows(Ground::Device(DeviceNumber::from_raw(status.rdevice)))
            }
            Ok(status) => Answer::Shows(Ground::File((status.device, status.inode))),
            // It was detached while we looked.
            Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => Answer::Nothing,
            Err(_) => Answer::None,
        }
    }
}

/// What a loop device says of itself.
enum Answer {
    /// It shows this.
    Shows(Ground),
    /// It shows nothing any more.
    Nothing,
    /// It may not be asked.
    None,
}

/// What a name stands for, if it can stand for one thing only: not if it ends like the name of a file that is gone.
fn by_name(file: &Path) -> Option<Ground> {
    Ground::at(file).filter(|_| file.is_absolute() && !file.as_os_str().as_bytes().ends_with(DELETED))
}
