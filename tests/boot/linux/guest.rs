//! The machine: started with Linux, told what to do, and its sticks plugged in and pulled.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use ramkey::emulator::{Controller, Emulator};
use serde_json::{Value, json};

use super::initramfs;
use super::stick::Key;
use super::talk::{Answer, Talk};
use crate::harness::{Running, scratch};

/// Memory of the machine in MiB.
const RAM_MIB: u32 = 256;
/// How long Linux may take to begin.
const START: Duration = Duration::from_secs(300);
/// How long anything may take that the machine is told to do; each takes less than a minute on a quiet machine.
const LIMIT: Duration = Duration::from_secs(400);
/// How long Linux may take to know a stick, and QEMU to take one away.
const PLUG: Duration = Duration::from_secs(60);

/// Linux in a machine with one USB controller.
pub struct Guest {
    machine: Running,
    shell: Talk,
    terminal: Talk,
    _folder: tempfile::TempDir,
    known: Vec<&'static str>,
}

impl Guest {
    /// Starts it, with `files` by their paths.
    pub fn start(controller: Controller, files: &[(&str, &[u8])]) -> Self {
        let folder = scratch();
        let (kernel, initrd) = initramfs::make(folder.path(), controller, files);
        let socket = |name: &str| format!("unix:{},server=on,wait=off", folder.path().join(name).display());
        let (shell, terminal) = (socket("shell"), socket("terminal"));
        let hub = format!("{},id=hc", controller.device());
        let mut arguments: Vec<OsString> =
            vec!["-kernel".into(), kernel.into(), "-initrd".into(), initrd.into()];
        let append = "console=ttyS0 quiet panic=-1";
        for word in ["-append", append, "-serial", &shell, "-serial", &terminal, "-device", &hub] {
            arguments.push(word.into());
        }
        let machine = Running::begin(|| Emulator::start_bare(RAM_MIB, &arguments));
        let open = |name: &str| Talk::open(&folder.path().join(name));
        let (shell, terminal) = (open("shell"), open("terminal"));
        let mut guest = Self { machine, shell, terminal, _folder: folder, known: Vec::new() };
        let ready = guest.shell.hear_text("READY\n", START);
        guest.need(ready);
        guest
    }

    /// The value, or a panic with all that the machine said.
    fn need<T, E: std::fmt::Display>(&mut self, result: Result<T, E>) -> T {
        match result {
            Ok(value) => value,
            Err(error) => {
                let kernel = self.shell.run("dmesg | tail -40", Duration::from_secs(20));
                let kernel = kernel.map_or_else(|error| error, |answer| answer.output);
                panic!("{error}\n--- the kernel\n{kernel}\n{}", self.machine.evidence());
            }
        }
    }

    /// Has the shell do a line, to its end.
    pub fn run(&mut self, line: &str) -> Answer {
        let answer = self.shell.run(line, LIMIT);
        self.need(answer)
    }

    /// The same with a `ramkey` command that has `--json`: what it printed.
    pub fn json(&mut self, line: &str, status: u32) -> Value {
        self.run(&format!("ramkey {line} --json")).expect(status).json()
    }

    /// Begins a line and does not wait for its end. Its input is what is typed at the machine's terminal.
    pub fn begin(&mut self, line: &str) {
        let line = format!(
            "{{ rm -f /tmp/done; ({line}) </dev/ttyS2 >/tmp/job 2>/tmp/said; echo $? >/tmp/done; }} &"
        );
        self.run(&line).expect(0);
    }

    /// Waits for the end of what was begun.
    pub fn ended(&mut self) -> Answer {
        let until = Instant::now() + LIMIT;
        while self.run("[ -s /tmp/done ]").status != 0 {
            let heard = self.terminal.listen();
            self.need(heard);
            let late = if Instant::now() > until { Err("what was begun does not end") } else { Ok(()) };
            self.need(late);
        }
        self.run("cat /tmp/job; cat /tmp/said >&2; ( exit $(cat /tmp/done) )")
    }

    /// The machine's terminal.
    pub fn terminal_shows(&mut self, text: &str) {
        let heard = self.terminal.hear_text(text, LIMIT);
        self.need(heard);
    }

    /// Types a line at the terminal.
    pub fn types(&mut self, line: &str) {
        let sent = self.terminal.send(&format!("{line}\n"));
        self.need(sent);
    }

    fn qmp(&mut self, command: &str, arguments: Value) -> Value {
        let answer = self.machine.emulator().qmp().execute(command, arguments);
        self.need(answer)
    }

    /// Plugs a stick in, and returns its node once Linux has one.
    pub fn plug(&mut self, key: &Key) -> String {
        if !self.known.contains(&key.serial) {
            let limits = json!({ "qom-type": "throttle-group", "id": key.limits(), "limits": {} });
            self.qmp("object-add", limits);
            self.qmp("blockdev-add", key.node());
            self.known.push(key.serial);
        }
        let device = json!({
            "driver": "usb-storage", "bus": "hc.0", "port": key.port.to_string(), "id": key.serial,
            "drive": key.serial, "serial": key.serial, "removable": true,
        });
        self.qmp("device_add", device);
        let until = Instant::now() + PLUG;
        loop {
            let answer = self.run(&format!("node {}", key.serial));
            if answer.status == 0 {
                return answer.output.trim().to_owned();
            }
            let late =
                if Instant::now() > until { Err(format!("Linux has no {}", key.serial)) } else { Ok(()) };
            self.need(late);
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Pulls a stick out, whatever Linux does with it.
    pub fn pull(&mut self, key: &Key) {
        self.qmp("device_del", json!({ "id": key.serial }));
        let gone =
            |event: &Value| event["event"] == "DEVICE_DELETED" && event["data"]["device"] == key.serial;
        let event = self.machine.emulator().qmp().wait_event("the stick to be gone", PLUG, gone);
        self.need(event);
    }

    /// Limits the speed of a stick, in bytes a second; 0 is no limit.
    pub fn limit(&mut self, key: &Key, read: u64, write: u64) {
        let path = format!("/objects/{}", key.limits());
        let limits = json!({ "bps-read": read, "bps-write": write });
        self.qmp("qom-set", json!({ "path": path, "property": "limits", "value": limits }));
    }

    /// Waits until so many bytes were read from a stick and written to it since it was plugged in.
    pub fn moved(&mut self, key: &Key, read: u64, write: u64) {
        let device = format!("/{}/", key.serial);
        let until = Instant::now() + LIMIT;
        loop {
            let all = self.qmp("query-blockstats", json!({}));
            let ours = |drive: &&Value| drive["qdev"].as_str().is_some_and(|name| name.contains(&device));
            let stats = all.as_array().into_iter().flatten().find(ours).map(|drive| drive["stats"].clone());
            let stats = self.need(stats.ok_or(format!("QEMU has no {device}")));
            let bytes = |name: &str| stats[name].as_u64().unwrap_or(0);
            if bytes("rd_bytes") >= read && bytes("wr_bytes") >= write {
                return;
            }
            let late =
                if Instant::now() > until { Err(format!("it moves too little: {stats}")) } else { Ok(()) };
            self.need(late);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
