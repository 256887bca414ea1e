//! A block device that is slow, fails at chosen sectors, or is pulled out: a loop device over a file that a storage daemon of
//! QEMU serves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::frames::loops::{Loop, run};
use crate::frames::skip::skip;

/// How the device misbehaves.
#[derive(Default)]
pub struct Faults {
    /// Sectors that refuse writes.
    pub writes: Vec<u64>,
    /// Sectors that refuse reads.
    pub reads: Vec<u64>,
    /// Whether each of them does so only once.
    pub once: bool,
    /// Bytes that are written in a second.
    pub rate: Option<u64>,
}

/// The device; taken away when this is dropped, the upper part first.
pub struct BadStick {
    device: Option<Loop>,
    served: Served,
}

/// The file that the daemon serves.
struct Served {
    daemon: Child,
    export: PathBuf,
}

impl BadStick {
    /// Shows `file`, in whose folder more files are made. `None`, with a line that says so, where that cannot be.
    pub fn new(file: &Path, faults: &Faults) -> Option<Self> {
        let export = file.with_extension("export");
        let rules = file.with_extension("faults");
        fs::write(&export, []).unwrap();
        fs::write(&rules, text(faults)).unwrap();
        let rate = faults.rate.unwrap_or(0);
        let blocks = [
            format!("driver=file,node-name=raw,filename={},cache.direct=off", file.display()),
            format!("driver=blkdebug,node-name=faulty,image=raw,config={}", rules.display()),
            "driver=raw,node-name=stick,file=faulty".into(),
            "driver=throttle,node-name=slow,throttle-group=speed,file=stick".into(),
        ];
        let mut command = Command::new("qemu-storage-daemon");
        command.arg("--object").arg(format!("throttle-group,id=speed,x-bps-write={rate}"));
        blocks.iter().for_each(|block| {
            command.arg("--blockdev").arg(block);
        });
        command.arg("--export");
        command
            .arg(format!("type=fuse,id=export,node-name=slow,mountpoint={},writable=on", export.display()));
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let daemon = match daemon {
            Ok(daemon) => daemon,
            Err(error) => {
                skip("storage daemon of QEMU", error.to_string().as_bytes());
                return None;
            }
        };
        let mut served = Served { daemon, export };
        if !served.is_there() {
            skip("file system in user space", b"the storage daemon of QEMU serves no file");
            return None;
        }
        let device = Loop::of(&served.export, &[])?;
        Some(Self { device: Some(device), served })
    }

    pub fn node(&self) -> &Path {
        &self.device.as_ref().unwrap().node
    }

    /// Pulls it out: each request fails from now on.
    pub fn pull(&mut self) {
        let _ = self.served.daemon.kill();
        let _ = self.served.daemon.wait();
    }
}

impl Served {
    /// Whether the file has the length of what is served, or gets it within ten seconds.
    fn is_there(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(10) {
            if fs::metadata(&self.export).is_ok_and(|meta| meta.len() > 0) {
                return true;
            }
            if self.daemon.try_wait().is_ok_and(|status| status.is_some()) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for BadStick {
    fn drop(&mut self) {
        self.device.take();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The daemon takes its mount away; where it was pulled, nobody did.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
        run("umount", &["--lazy".as_ref(), self.export.as_os_str()]);
    }
}

/// The rules as QEMU's `blkdebug` reads them.
fn text(faults: &Faults) -> String {
    let rule = |event: &str, sector: &u64| {
        let once = if faults.once { "once = \"on\"\n" } else { "" };
        format!("[inject-error]\nevent = \"{event}\"\nerrno = \"5\"\nsector = \"{sector}\"\n{once}\n")
    };
    let writes = faults.writes.iter().map(|sector| rule("write_aio", sector));
    writes.chain(faults.reads.iter().map(|sector| rule("read_aio", sector))).collect()
}
