//! Takes out of a text what tells whose machine it was.

use std::env;
use std::fs;

/// Letters of a serial number that stay: enough to tell two sticks apart.
const KEPT: usize = 3;
/// The words before a serial number in what ramkey says.
const BEFORE: [&str; 2] = ["serial number ", "serial "];
/// Where the names of disks have their serial numbers in them.
const BY_ID: &str = "disk/by-id/";
/// What ends such a name, and other names.
const NAME_ENDS: [char; 9] = [' ', '\t', '"', '\'', '`', ',', ';', ')', '/'];
/// Fewest characters of a serial number that is known by its looks.
const LOOKS_LIKE: usize = 12;
/// Fewest characters of a serial number that is looked for where it is not called one.
const KNOWN_AGAIN: usize = 6;
/// The end of a receipt's name, which is a serial number.
const RECEIPT: &str = ".json";
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
        let mut called = Vec::new();
        let lines = text.lines().map(|line| without_serials(&without_ids(line, &mut called), &mut called));
        let mut text: String = lines.map(|line| format!("{}\n", unnamed(&line))).collect();
        // Receipts, for one, are named by what is called a serial number elsewhere.
        called.retain(|serial| serial.len() >= KNOWN_AGAIN && serial.contains(|c: char| c.is_ascii_digit()));
        for serial in &called {
            text = words_replaced(&text, serial, &short(serial));
        }
        without_likely(&text)
    }
}

/// What is left of a serial number.
fn short(serial: &str) -> String {
    let letters: Vec<char> = serial.chars().collect();
    let kept: String = letters[letters.len().saturating_sub(KEPT)..].iter().collect();
    format!("...{kept}")
}

/// The line with every serial number cut that is called one, also of a disk that is gone; those are put to `called`.
fn without_serials(line: &str, called: &mut Vec<String>) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((at, word)) =
        BEFORE.iter().filter_map(|word| Some((rest.find(word)?, word))).min_by_key(|(at, _)| *at)
    {
        let (before, after) = rest.split_at(at + word.len());
        out += before;
        // A serial number may have spaces in it, and no digit.
        let ends = [",", ";", ")", "\"", " is "].iter().filter_map(|end| after.find(end)).min();
        let (serial, behind) = after.split_at(ends.unwrap_or(after.len()));
        // The option is called so, too, and "serial numbers" are none.
        if rest[..at].ends_with('-') || after.starts_with("number") {
            rest = after;
            continue;
        }
        out += &cut(serial, called);
        rest = behind;
    }
    out + rest
}

/// The line with the serial numbers cut in the names that the system gives to disks; those are put to `called`.
fn without_ids(line: &str, called: &mut Vec<String>) -> String {
    let mut parts = line.split(BY_ID);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, behind) = part.split_at(part.find(NAME_ENDS).unwrap_or(part.len()));
        let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        let disk =
            name.rsplit_once("-part").filter(|(_, number)| digits(number.trim_end_matches([':', '.'])));
        let disk = disk.map_or(name.trim_end_matches([':', '.']), |(disk, _)| disk);
        // The number of the unit, as in `-0:0`.
        let unit = disk
            .rsplit_once('-')
            .filter(|(_, unit)| unit.split_once(':').is_some_and(|(a, b)| digits(a) && digits(b)));
        let disk = unit.map_or(disk, |(disk, _)| disk);
        let from = disk.rfind('_').or_else(|| disk.find('-')).map_or(0, |at| at + 1);
        out +=
            &format!("{BY_ID}{}{}{}{behind}", &disk[..from], cut(&disk[from..], called), &name[disk.len()..]);
    }
    out
}

/// What is left of what is called a serial number, which is put to `called`.
fn cut(serial: &str, called: &mut Vec<String>) -> String {
    if serial.chars().count() <= KEPT || serial.starts_with("...") {
        return serial.to_owned();
    }
    called.push(serial.to_owned());
    short(serial)
}

/// The text with every word cut that looks like a serial number: capitals and digits, many of them.
fn without_likely(text: &str) -> String {
    let is_between = |c: char| !c.is_alphanumeric() && c != '_';
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, behind) = rest.split_at(rest.find(is_between).unwrap_or(rest.len()));
        let has = |is: fn(&char) -> bool| word.chars().any(|c| is(&c));
        let is_like =
            word.len() >= LOOKS_LIKE && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        // Sizes have many digits, too.
        let is_serial =
            has(char::is_ascii_digit) && (has(char::is_ascii_uppercase) || behind.starts_with(RECEIPT));
        out += &if is_like && is_serial { short(word) } else { word.to_owned() };
        let next = behind.find(|c| !is_between(c)).unwrap_or(behind.len());
        out += &behind[..next];
        rest = &behind[next..];
    }
    out
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

    #[test]
    fn serial_numbers_of_sticks_that_are_gone_are_taken_out_where_nothing_calls_them_that() {
        let text = "\
            opens /dev/disk/by-id/usb-SanDisk_Cruzer_4C5300012304-0:0-part1, then\n\
            /dev/disk/by-id/usb-Generic_Flash_AB12CD34-0:0: it is gone\n\
            /dev/disk/by-id/ata-Disk_FOO9876 /dev/disk/by-id/wwn-0x5000c50015ea71ac\n\
            Disk (serial WXYZ KLMNO), and serial QRSTUVW; serial number A B C 42\n\
            begin ramkey write a.img --serial --size 64M; put the serial numbers that it shows\n\
            writes receipts/AB12CD34.json and receipts/123456789012.json and 07AB12345678CD.json\n\
            4 TB (4000787030016 bytes), CONFIGURATION, RAMKEY_LOG_12345, E31, serial 12\n";
        let found = Scrub { host: "localhost".into(), ..Scrub::default() }.scrubbed(text);
        assert_eq!(
            found,
            "opens /dev/disk/by-id/usb-SanDisk_Cruzer_...304-0:0-part1, then\n\
             /dev/disk/by-id/usb-Generic_Flash_...D34-0:0: it is gone\n\
             /dev/disk/by-id/ata-Disk_...876 /dev/disk/by-id/wwn-...1ac\n\
             Disk (serial ...MNO), and serial ...UVW; serial number ... 42\n\
             begin ramkey write a.img --serial --size 64M; put the serial numbers that it shows\n\
             writes receipts/...D34.json and receipts/...012.json and ...8CD.json\n\
             4 TB (4000787030016 bytes), CONFIGURATION, RAMKEY_LOG_12345, E31, serial 12\n"
        );
    }
}
