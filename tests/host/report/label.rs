//! The label of a disc: everything is on it, nothing leaves the ring that can be printed on, and no other file is overwritten.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ramkey::report::{LABEL_HEAD, Label, LabelEntry, LabelShape};
use ramkey_format::markers::{MAY_REMOVE_DISC, PROVEN};

/// A shape with the radius and half the height of what can be printed on, in millimetres.
const SHAPES: [(LabelShape, f64, f64); 3] =
    [(LabelShape::MINI, 39.0, 39.0), (LabelShape::CARD, 39.0, 29.0), (LabelShape::LARGE, 59.0, 59.0)];
/// Radius of the ring's inner edge, in millimetres.
const INNER: f64 = 11.5;
/// A title as long as the boot menu takes, of letters that are wide everywhere else.
const LONG: &str = "WWWW MMMM Windows XP Professional with Service Pack 3 and all of";

/// One text of a drawing.
struct Text {
    y: f64,
    size: f64,
    letters: String,
}

impl Text {
    fn top(&self) -> f64 {
        self.y - 0.95 * self.size
    }

    fn bottom(&self) -> f64 {
        self.y + 0.25 * self.size
    }

    fn half_width(&self) -> f64 {
        0.31 * self.size * self.letters.chars().count() as f64
    }
}

fn plain(text: &str) -> String {
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    named.iter().fold(text.to_owned(), |text, (name, letter)| text.replace(name, letter))
}

/// Reads the drawing as the part of XML that it is written in: every element is closed by its own name, every value stands in
/// quotes and none twice, and a text has no sign of its own.
fn texts(svg: &str) -> Vec<Text> {
    let mut rest = svg.strip_prefix(LABEL_HEAD).expect("the head of a label");
    let mut open: Vec<String> = Vec::new();
    let mut texts: Vec<Text> = Vec::new();
    while let Some((between, tag)) = rest.split_once('<') {
        is_text(between);
        if open.iter().any(|name| name == "text") {
            texts.last_mut().unwrap().letters += &plain(between);
        } else {
            assert_eq!(between.trim(), "", "a text outside of its element");
        }
        let (inside, behind) = tag.split_once('>').expect("an element ends");
        assert!(!inside.contains('<'), "{inside}");
        rest = behind;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let (name, values) = inside.split_once(' ').unwrap_or((inside.trim_end_matches('/'), ""));
        let values = attributes(values.trim_end_matches('/'));
        let number = |key: &str| {
            let value = values.iter().find(|(name, _)| name == key).map(|(_, value)| value.parse().unwrap());
            value.unwrap_or_else(|| panic!("{name} without {key}"))
        };
        if name == "text" {
            texts.push(Text { y: number("y"), size: number("font-size"), letters: String::new() });
        }
        if !inside.ends_with('/') {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "open: {open:?}, behind: {rest}");
    texts
}

fn is_text(text: &str) {
    assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");
    for behind in text.split('&').skip(1) {
        let (name, _) = behind.split_once(';').unwrap_or_else(|| panic!("a lone & in {text:?}"));
        assert!(["lt", "gt", "amp", "quot", "#39"].contains(&name), "{text:?}");
    }
}

fn attributes(mut text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    while let Some((name, behind)) = text.trim_start().split_once("=\"") {
        let (value, next) = behind.split_once('"').expect("a value ends");
        assert!(!found.iter().any(|(other, _)| other == name), "{name} twice");
        found.push((name.to_owned(), value.to_owned()));
        text = next;
    }
    assert_eq!(text.trim(), "");
    found
}

fn entry(number: usize, title: &str) -> LabelEntry {
    let blake3 = blake3::hash(&number.to_le_bytes()).to_hex().to_string();
    LabelEntry { title: title.to_owned(), blake3, ram_needed: Some(66 << 20) }
}

fn label(shape: LabelShape, titles: &[&str]) -> Label {
    let entries = titles.iter().enumerate().map(|(number, title)| entry(number, title)).collect();
    Label { shape, entries, keeps_disc: false }
}

/// Draws it, proves that every text has its place, and gives the texts from top to bottom.
fn drawn(label: &Label, radius: f64, half_height: f64) -> Vec<Text> {
    let svg = label.svg();
    assert_eq!(svg, label.clone().svg());
    let mut texts = texts(&svg);
    texts.sort_by(|a, b| a.y.total_cmp(&b.y));
    for text in &texts {
        let (top, bottom, half) = (text.top(), text.bottom(), text.half_width());
        let farthest = top.abs().max(bottom.abs());
        let nearest = if top < 0.0 && bottom > 0.0 { 0.0 } else { top.abs().min(bottom.abs()) };
        assert!(
            farthest <= half_height && farthest.hypot(half) <= radius,
            "{} leaves the ring",
            text.letters
        );
        assert!(nearest >= INNER, "{} is at the hole", text.letters);
        assert!(text.size >= 1.6, "{} is {} mm high", text.letters, text.size);
    }
    for pair in texts.windows(2) {
        let [above, below] = pair else { unreachable!() };
        assert!(above.bottom() <= below.top() + 0.02, "{} covers {}", above.letters, below.letters);
    }
    texts
}

fn letters(texts: &[Text]) -> String {
    texts.iter().map(|text| text.letters.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn one_image_has_its_title_its_hash_its_memory_and_three_steps() {
    for (shape, radius, half_height) in SHAPES {
        let label = label(shape, &["Windows XP"]);
        let text = letters(&drawn(&label, radius, half_height));
        let hash = &label.entries[0].blake3;
        let version = env!("CARGO_PKG_VERSION");
        let wait = format!("2. Wait for \"{MAY_REMOVE_DISC}\"");
        let parts = ["Windows XP", "needs a machine with 66 MB", &format!("BLAKE3 {}", &hash[..16])];
        let steps = ["1. Boot with the disc in the drive.", &wait, "3. Take it out and press a key."];
        for part in parts.iter().chain(&steps).chain(&[&*format!("ramkey {version}")]) {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(text.contains(&format!("{}\n{}", &hash[..32], &hash[32..])), "{text}");
    }
}

#[test]
fn a_disc_that_stays_in_the_drive_says_so_and_one_with_a_menu_has_a_choice() {
    let stays = Label { keeps_disc: true, ..label(LabelShape::MINI, &["DOS", "XP"]) };
    let text = letters(&drawn(&stays, 39.0, 39.0));
    assert!(text.contains(&format!("2. Wait for \"{PROVEN}\"\n3. Leave it in and press a key.")), "{text}");
    assert!(text.contains("1. Boot with the disc in; choose an image.") && !text.contains(MAY_REMOVE_DISC));
}

#[test]
fn three_images_have_whole_hashes_and_of_many_the_last_row_counts_the_rest() {
    let titles = ["FreeDOS 1.3", "Memtest86+", "Windows 98"];
    let three = label(LabelShape::MINI, &titles);
    let text = letters(&drawn(&three, 39.0, 39.0));
    for entry in &three.entries {
        let hash = format!("{}\n{}", &entry.blake3[..32], &entry.blake3[32..]);
        assert!(text.contains(&format!("{}, needs 66 MB\n{hash}", entry.title)), "{text}");
    }
    for (shape, radius, half_height) in SHAPES {
        let titles: Vec<String> = (1..=24).map(|number| format!("Image number {number}")).collect();
        let many = label(shape, &titles.iter().map(String::as_str).collect::<Vec<_>>());
        let text = letters(&drawn(&many, radius, half_height));
        let shown = many.entries.iter().filter(|entry| text.contains(&entry.blake3[..16])).count();
        assert!(shown >= 3, "{shown} of 24 are shown");
        let more = format!("and {} more", 24 - shown);
        assert_eq!(text.contains(&more), shown < 24, "{more}: {text}");
    }
}

#[test]
fn any_number_of_images_with_long_titles_stays_in_the_ring() {
    for (shape, radius, half_height) in SHAPES {
        for count in 0..=24 {
            let text = letters(&drawn(&label(shape, &vec![LONG; count]), radius, half_height));
            assert_eq!(text.matches("WWWW").count() > 0, count > 0, "{count}: {text}");
            assert!(count == 0 || text.contains('\u{2026}') || text.contains(LONG), "{text}");
        }
    }
}

#[test]
fn a_long_title_ends_behind_a_word_and_text_of_others_is_only_text() {
    let text = letters(&drawn(&label(LabelShape::MINI, &[LONG]), 39.0, 39.0));
    assert!(
        text.lines()
            .any(|line| LONG.starts_with(&line.replace('\u{2026}', " ")) && line.contains('\u{2026}'))
    );
    for (title, shown) in [
        ("<a b='x'>\"&amp;\"\u{7}", "<a b='x'>\"&amp;\"\\x07"),
        ("\u{202e}Zürich   ½ \n", "\\u{202e}Zürich ½"),
    ] {
        let texts = drawn(&label(LabelShape::LARGE, &[title]), 59.0, 59.0);
        assert!(texts.iter().any(|text| text.letters == shown), "{}", letters(&texts));
    }
}

fn ramkey(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ramkey"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

fn image(folder: &Path, name: &str) {
    let mut image = vec![0x90; 4096];
    image[0] = 0xFA;
    image[510..512].copy_from_slice(&[0x55, 0xAA]);
    fs::write(folder.join(name), &image).unwrap();
}

#[test]
fn the_command_draws_the_disc_that_it_wrote_and_replaces_only_labels() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    image(folder, "one.img");
    image(folder, "beside.img");
    let disc = ["disc", "one.img", "--to", "mini.iso"];
    let draw = |more: &[&str]| ramkey(folder, &[&disc, more].concat());
    let output = draw(&["--title", "A & B", "--with", "beside.img", "--label-svg", "label.svg"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("\nlabel     label.svg\n"), "{output:?}");
    let first = fs::read_to_string(folder.join("label.svg")).unwrap();
    let shown = letters(&texts(&first));
    let hash = blake3::hash(&fs::read(folder.join("one.img")).unwrap()).to_hex().to_string();
    assert!(shown.contains(&format!("A & B, needs 4 MB\n{}", &hash[..32])), "{shown}");
    assert!(shown.contains(&format!("beside, beside it\n{}", &hash[..32])), "{shown}");
    assert!(shown.contains("1. Boot with the disc in the drive."), "a drive beside is no choice: {shown}");

    let output = draw(&["--media", "card", "--label-svg", "label.svg"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let second = fs::read_to_string(folder.join("label.svg")).unwrap();
    assert!(second.contains("width=\"80mm\" height=\"60mm\"") && second.ends_with("</svg>\n"), "{second}");
    let output = draw(&["--media", "12cm", "--label-svg", "label.svg", "--dry-run"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(fs::read_to_string(folder.join("label.svg")).unwrap(), second, "a dry run drew");
}

#[test]
fn what_is_no_label_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    image(folder, "one.img");
    fs::create_dir(folder.join("folder")).unwrap();
    fs::write(folder.join("other.svg"), "<svg/>").unwrap();
    fs::write(folder.join("empty.svg"), "").unwrap();
    std::os::unix::fs::symlink("nothing", folder.join("link.svg")).unwrap();
    std::os::unix::fs::symlink(".", folder.join("here")).unwrap();
    let cases = [
        ("other.svg", "exists and is no label of ramkey"),
        ("empty.svg", "exists and is no label of ramkey"),
        ("one.img", "exists and is no label of ramkey"),
        ("mini.iso", "cannot be the disc and its label"),
        ("./mini.iso", "cannot be the disc and its label"),
        ("here/mini.iso", "cannot be the disc and its label"),
        ("link.svg", ""),
        ("folder", ""),
        ("missing/label.svg", ""),
        ("/dev/label.svg", ""),
    ];
    for (path, words) in cases {
        let output = ramkey(folder, &["disc", "one.img", "--to", "mini.iso", "--label-svg", path]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!([Some(1), Some(3)].contains(&output.status.code()), "{path}: {output:?}");
        assert!(text.contains(words) && text.contains("help"), "{path}: {text}");
        assert!(!folder.join("mini.iso").exists(), "{path}: a disc was written");
    }
    assert_eq!(fs::read_to_string(folder.join("other.svg")).unwrap(), "<svg/>");
    assert!(!folder.join("nothing").exists() && !Path::new("/dev/label.svg").exists());
}
