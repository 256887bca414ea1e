//! Whether a command printed what a page shows.

/// Stands for any lines.
const ANY_LINES: &str = "...";
/// Stands for any characters of a line.
const ANY: &str = "[..]";

/// Whether `printed` is what `expected` says.
pub fn agrees(expected: &[String], printed: &[String]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first.trim() == ANY_LINES => {
            (0..=printed.len()).any(|skipped| agrees(rest, &printed[skipped..]))
        }
        Some((first, rest)) => {
            printed.split_first().is_some_and(|(line, others)| is_like(first, line) && agrees(rest, others))
        }
    }
}

/// Whether a line is as a pattern says.
fn is_like(pattern: &str, line: &str) -> bool {
    let Some((begin, rest)) = pattern.trim_end().split_once(ANY) else { return pattern.trim_end() == line };
    let Some(line) = line.strip_prefix(begin) else { return false };
    (0..=line.len()).filter(|&at| line.is_char_boundary(at)).any(|at| is_like(rest, &line[at..]))
}

/// What a page shows from now on: what was printed, with the lines that stood for it already.
pub fn blessed(expected: &[String], printed: &[String]) -> Vec<String> {
    let patterns: Vec<&String> = expected.iter().filter(|line| line.contains(ANY)).collect();
    let mut lines = Vec::new();
    for line in printed {
        lines.push(
            patterns.iter().find(|pattern| is_like(pattern, line)).map_or(line, |pattern| pattern).clone(),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{agrees, blessed};

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn dots_stand_for_lines_and_for_characters_and_for_nothing_else() {
        let printed = lines("image  dos.img\nsize   8 MiB\ndone   in 3 s");
        for pattern in [
            "image  dos.img\n...\ndone   in [..] s",
            "...",
            "image  [..]\nsize   8 MiB\n...",
            "...\ndone[..]",
        ] {
            assert!(agrees(&lines(pattern), &printed), "{pattern}");
        }
        for pattern in
            ["image  dos.img\n...\ndone   in [..] h", "image  dos.img\nsize   8 MiB", "...\nsize   8 MiB", ""]
        {
            assert!(!agrees(&lines(pattern), &printed), "{pattern}");
        }
    }

    #[test]
    fn what_is_blessed_keeps_the_lines_that_stand_for_others() {
        let new = blessed(&lines("image  a.img\ndone   in [..] s"), &lines("image  b.img\ndone   in 3 s"));
        assert_eq!(new, lines("image  b.img\ndone   in [..] s"));
    }
}
