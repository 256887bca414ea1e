//! Tests of what this machine may not have.

/// Says on a line why a test was not made. Where `CI` is set it fails instead, because there everything must be had.
pub fn skip(what: &str, why: &[u8]) {
    let why = String::from_utf8_lossy(why);
    let text = format!("skipped: no {what} ({})", why.trim());
    assert!(std::env::var_os("CI").is_none(), "{text}");
    eprintln!("{text}");
}
