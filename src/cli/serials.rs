//! Sticks by a list of serial numbers.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::cli::CliError;
use crate::device::{DeviceFacts, System, TargetPath, serial_numbers};

/// Most bytes that a list may have.
const LIST_LEN_MAX: u64 = 1 << 20;

/// The sticks of a list.
#[derive(Debug)]
pub(super) struct Matching {
    /// Those that are plugged in, by name.
    pub targets: Vec<TargetPath>,
    /// The serial numbers of those that are not, in the order of the list.
    pub absent: Vec<String>,
}

/// Finds every disk that is plugged in and whose serial number is in the list at `path`: one on a line; a line that begins with #
/// is a comment. Others are not looked at.
///
/// # Errors
///
/// [`CliError::Serials`] if there is no serial number in it or it cannot be read, [`CliError::SameSerial`] if one is that of two disks.
pub(super) fn find(system: &System, path: &Path) -> Result<Matching, CliError> {
    let unread = |source| CliError::Serials { path: path.to_owned(), source: Some(source) };
    let mut list = Vec::new();
    File::open(path).and_then(|file| file.take(LIST_LEN_MAX).read_to_end(&mut list)).map_err(unread)?;
    let serials = serial_numbers(&list);
    if serials.is_empty() {
        return Err(CliError::Serials { path: path.to_owned(), source: None });
    }
    let disks = system.disks()?;
    let (mut targets, mut absent) = (Vec::new(), Vec::new());
    for serial in serials {
        let found: Vec<&DeviceFacts> = disks.iter().filter(|disk| disk.serial.trim() == serial).collect();
        match found[..] {
            [] => absent.push(serial),
            [disk] => targets.push(TargetPath::Block(Box::new(disk.clone()))),
            [one, other, ..] => {
                let nodes = [one, other].map(|disk| disk.node.clone());
                return Err(CliError::SameSerial { serial, nodes });
            }
        }
    }
    targets.sort_by(|a, b| a.path().cmp(b.path()));
    Ok(Matching { targets, absent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    /// A made-up machine with disks of these names and serial numbers.
    fn machine(folder: &Path, disks: &[(&str, &str)]) -> System {
        for (number, (name, serial)) in disks.iter().enumerate() {
            let sys = folder.join("sys");
            let usb = sys.join(format!("devices/usb1/1-{number}"));
            let disk = usb.join("block").join(name);
            fs::create_dir_all(disk.join("device")).unwrap();
            fs::create_dir_all(sys.join("dev/block")).unwrap();
            fs::create_dir_all(sys.join("block")).unwrap();
            for (file, text) in [("idVendor", "1234"), ("idProduct", "5678"), ("serial", serial)] {
                fs::write(usb.join(file), text).unwrap();
            }
            fs::write(disk.join("dev"), format!("8:{}\n", number * 16)).unwrap();
            fs::write(disk.join("size"), "65536\n").unwrap();
            std::os::unix::fs::symlink(&disk, sys.join("block").join(name)).unwrap();
            std::os::unix::fs::symlink(&disk, sys.join(format!("dev/block/8:{}", number * 16))).unwrap();
        }
        let place = |name: &str| folder.join(name);
        System {
            sys: place("sys"),
            proc: place("proc"),
            udev: place("udev"),
            dev: place("dev"),
            ..System::default()
        }
    }

    fn list(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("SERIALS.txt");
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn the_sticks_of_a_list_are_found_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let system = machine(folder.path(), &[("sda", "AA1"), ("sdb", "AA11"), ("sdc", ""), ("sdd", "BB 2")]);
        let text = "# of the club\n\n  BB 2  \r\nAA1\nGONE\n#AA11\nAA1\n";
        let found = find(&system, &list(folder.path(), text)).unwrap();
        let nodes: Vec<_> = found.targets.iter().map(|target| target.path().to_owned()).collect();
        assert_eq!(nodes, [folder.path().join("dev/sda"), folder.path().join("dev/sdd")]);
        assert_eq!(found.absent, ["GONE"]);
    }

    #[test]
    fn a_list_without_a_serial_number_and_one_that_cannot_be_read_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let system = machine(folder.path(), &[("sda", "")]);
        for text in ["", "\n\n", "# AA1\n", " \r\n"] {
            let error = find(&system, &list(folder.path(), text)).unwrap_err();
            assert!(matches!(error, CliError::Serials { source: None, .. }), "{text:?}: {error}");
        }
        for path in [folder.path().join("none.txt"), folder.path().to_owned()] {
            let error = find(&system, &path).unwrap_err();
            assert!(matches!(error, CliError::Serials { source: Some(_), .. }), "{error}");
        }
    }

    #[test]
    fn a_serial_number_of_two_sticks_names_none() {
        let folder = tempfile::tempdir().unwrap();
        let system = machine(folder.path(), &[("sda", "000"), ("sdb", "000"), ("sdc", "1")]);
        let error = find(&system, &list(folder.path(), "1\n000\n")).unwrap_err();
        assert!(matches!(&error, CliError::SameSerial { serial, .. } if serial == "000"), "{error}");
    }
}
