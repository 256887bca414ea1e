//! Text that others wrote reaches no terminal as it is.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use ramkey::units::shell_word;

mod skip;

#[test]
fn a_shell_reads_every_byte_of_the_word() {
    let mut all: Vec<u8> = (1..=255).collect();
    all.extend("é\u{202E}9\u{9B}'\u{2028}a\"".as_bytes());
    let names = [&all[..], b"it's $HOME", "日本 \u{3000}x".as_bytes(), b"*?[a]", b"a=b", b"\x01\x32"];
    for name in names {
        let script = format!("printf %s {}", shell_word(OsStr::from_bytes(name)));
        match Command::new("bash").args(["-c", &script]).output() {
            Ok(output) => assert!(output.stdout == name, "{script}: {output:?}"),
            Err(error) => skip::skip("bash", error.to_string().as_bytes()),
        }
    }
}
