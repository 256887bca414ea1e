//! `freeldr.ini`: what ReactOS's boot loader starts when nobody chooses.

use super::boot_ini::{self, BootEntry};

/// Most lines that are looked at.
const LINES_MAX: usize = 1024;
/// Longest name of a section that is kept with each of its paths.
const NAME_LEN_MAX: usize = 256;

/// The entry that starts when nobody chooses, or the first that has a path; `None` if none has.
pub fn default_entry(bytes: &[u8]) -> Option<BootEntry> {
    let text: String = bytes.iter().copied().map(char::from).collect();
    let (mut section, mut default, mut entries) =
        (String::new(), String::new(), Vec::<(String, BootEntry)>::new());
    for line in text.lines().map(str::trim).take(LINES_MAX) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').chars().take(NAME_LEN_MAX).collect();
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
        match key.as_str() {
            "defaultos" if section.eq_ignore_ascii_case("freeloader") => value.clone_into(&mut default),
            "systempath" => {
                entries.push((section.clone(), boot_ini::entry(value, &format!("\"{section}\""))))
            }
            "options" => {
                let own = entries.iter_mut().rfind(|(name, _)| *name == section);
                if let Some((_, entry)) = own {
                    value.clone_into(&mut entry.switches);
                }
            }
            _ => {}
        }
    }
    let named = entries.iter().position(|(name, _)| name.eq_ignore_ascii_case(&default));
    entries.into_iter().nth(named.unwrap_or(0)).map(|(_, entry)| entry)
}

#[cfg(test)]
mod tests {
    use super::default_entry;

    #[test]
    fn the_default_has_its_path_and_options() {
        let text = b"[FREELOADER]\r\nDefaultOS=ReactOS\r\n[Operating Systems]\r\nSetup=\"x\"\r\nReactOS=\"ReactOS\"\r\n\
            [Setup]\r\nBootType=ReactOSSetup\r\nSystemPath=ramdisk(0)\\x\r\n\
            [ReactOS]\r\nBootType=Windows2003\r\nSystemPath=multi(0)disk(0)rdisk(0)partition(1)\\ReactOS\r\nOptions=/SOS\r\n";
        let entry = default_entry(text).unwrap();
        assert_eq!((entry.disk, entry.partition, entry.folder.as_str()), (Some(0), Some(1), "ReactOS"));
        assert_eq!((entry.title.as_str(), entry.switches.as_str()), ("ReactOS", "/SOS"));
        assert_eq!(default_entry(b"[FREELOADER]\nDefaultOS=x"), None);
    }
}
