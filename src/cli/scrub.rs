//! Takes out of a text what tells whose machine it was.

use std::env;
use std::fs;

/// Letters of a serial number that stay: enough to tell two sticks apart.
const KEPT: usize = 3;
/// The words before a serial number in what ramkey says.
const BEFORE: [&str; 2] = ["serial number ", "serial "];
/// Where users have their folders.
const HOMES: &str = concat!("/ho", "me/");

/// What is to be taken out.
#[derive(Debug, Default)]
pub(super) struct Scrub {
    /// Folders that become `~`.
    pub homes: Vec<String>,
    /// Names of users.
    pub users: Vec<String>,
    /// The name of the machine.
    pub host: String,
    /// Serial numbers and world-wide names.
    pub serials: Vec<String>,
}

impl Scrub {
    /// What is known of this machine and its users.
    pub fn of_this_machine(serials: impl Iterator<Item = String>) -> Self {
        let mut found = Self { serials: serials.collect(), ..Self::default() };
        found.host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
        for name in ["USER", "LOGNAME", "SUDO_USER", "DOAS_USER"] {
            found.users.extend(env::var(name).ok());
        }
        found.homes.extend(env::var("HOME").ok());
        let table = fs::read_to_string("/etc/passwd").unwrap_or_default();
        for line in table.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            let [name, _, id, _, _, home, ..] = fields[..] else { continue };
            // Below are the system's own, which are the same everywhere.
            if id.parse().is_ok_and(|id: u32| (1000..60000).contains(&id)) {
                found.users.push(name.to_owned());
                found.homes.push(home.to_owned());
            }
        }
        found
    }

    /// The text without it.
    pub fn scrubbed(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for serial in self.serials.iter().filter(|serial| serial.len() > KEPT) {
            text = text.replace(serial.as_str(), &short(serial));
        }
        let mut homes: Vec<&String> =
            self.homes.iter().filter(|home| home.len() > 1 && home.starts_with('/')).collect();
        homes.sort_by_key(|home| std::cmp::Reverse(home.len()));
        for home in homes {
            text = words_replaced(&text, home, "~");
        }
        for user in self.users.iter().filter(|user| *user != "root") {
            text = words_replaced(&text, user, "USER");
        }
        if self.host != "localhost" {
            text = words_replaced(&text, &self.host, "HOST");
        }
        let lines = text.lines().map(|line| format!("{}\n", unnamed(&without_serials(line))));
        lines.collect()
    }
}

/// What is left of a serial number.
fn short(serial: &str) -> String {
    let letters: Vec<char> = serial.chars().collect();
    let kept: String = letters[letters.len().saturating_sub(KEPT)..].iter().collect();
    format!("...{kept}")
}

/// The line with every serial number cut that is called one: also of a disk that is gone.
fn without_serials(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((at, word)) =
        BEFORE.iter().filter_map(|word| Some((rest.find(word)?, word))).min_by_key(|(at, _)| *at)
    {
        let (before, after) = rest.split_at(at + word.len());
        let end = after.find([',', ';', ' ', ')', '"']).unwrap_or(after.len());
        let serial = &after[..end];
        out += before;
        let is_one =
            serial.len() > KEPT && serial.chars().any(|c| c.is_ascii_digit()) && !serial.starts_with("...");
        out += &if is_one { short(serial) } else { serial.to_owned() };
        rest = &after[end..];
    }
    out + rest
}

/// The line with the folders of users that are not known here.
fn unnamed(line: &str) -> String {
    let mut parts = line.split(HOMES);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['/', ' ', '"', '\'', ',', ':']).unwrap_or(part.len());
        out += "~";
        out += &part[end..];
    }
    out
}

/// The text with a word replaced where it stands alone.
fn words_replaced(text: &str, word: &str, by: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    if word.is_empty() {
        return rest.to_owned();
    }
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let last = before.chars().next_back().or_else(|| out.chars().next_back());
        let alone = !is_letter(last) && !is_letter(after.chars().next());
        out += before;
        out += if alone { by } else { word };
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::Scrub;

    fn path(rest: &str) -> String {
        format!("{}{rest}", super::HOMES)
    }

    #[test]
    fn serial_numbers_names_and_folders_of_users_are_taken_out_and_the_rest_stays() {
        let scrub = Scrub {
            homes: vec![path("ada"), "/srv/people/ada".into(), "/".into()],
            users: vec!["ada".into(), "root".into()],
            host: "tower".into(),
            serials: vec!["4C530001230405117182".into(), String::new()],
        };
        let text = format!(
            "/dev/sdb  SanDisk Cruzer, serial 4C530001230405117182, 4 GiB (4007657472 bytes), USB\n\
             note: no stick with serial number 0A1B2C3D4E is plugged in\n\
             begin ramkey write {} --to {} --dir /srv/people/ada/dos --log /run/media/ada/USB/x\n\
             on tower, by root, for ada: adapter, towers, {} and wwn 4C530001230405117182\n",
            path("ada/dos.img"),
            path("eve/stick.img"),
            path("adam")
        );
        let found = scrub.scrubbed(&text);
        for gone in [
            "4C530001230405117182",
            "0A1B2C3D4E",
            super::HOMES,
            "ada/",
            "eve",
            "adam ",
            "/srv/people",
            "tower,",
            " ada:",
        ] {
            assert!(!found.contains(gone), "{gone}: {found}");
        }
        for stays in [
            "serial ...182, 4 GiB (4007657472 bytes), USB",
            "serial number ...D4E is plugged in",
            "write ~/dos.img --to ~/stick.img --dir ~/dos --log /run/media/USER/USB/x",
            "on HOST, by root, for USER: adapter, towers, ~ and wwn ...182",
        ] {
            assert!(found.contains(stays), "{stays}: {found}");
        }
    }
}
