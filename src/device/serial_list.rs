//! Lists of serial numbers that people write.

use std::collections::HashSet;

/// The serial numbers of a list: one on a line, each once, in the order of the list. Lines that begin with # are comments.
pub fn serial_numbers(list: &[u8]) -> Vec<String> {
    let list = String::from_utf8_lossy(list);
    let lines = list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut known = HashSet::new();
    lines.filter(|line| known.insert(*line)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::serial_numbers;

    #[test]
    fn a_list_of_many_thousand_numbers_takes_no_time() {
        let list: String = (0..150_000).map(|number| format!("{number:x}\n")).collect();
        assert_eq!(serial_numbers(list.repeat(2).as_bytes()).len(), 150_000);
        assert_eq!(serial_numbers(b" b \r\n#c\n\na\nb\n\xFF"), ["b", "a", "\u{FFFD}"]);
    }
}
