//! What can be left out of an image, and what is left then.

use std::fs;
use std::path::{Path, PathBuf};

use crate::frames::sticks::{Image, printed, tool};
use ramkey::contents::{FreeQuestion, FreeSpace, KeptPlace, KindChoice, Why, free_space, probe};
use tempfile::TempDir;

/// Numbers that look random and are the same for the same seed.
pub struct Dice(blake3::OutputReader);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof())
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        (u64::from_le_bytes(bytes) % limit as u64) as usize
    }

    /// So many bytes, none of them zero.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.fill(&mut bytes);
        bytes.iter_mut().for_each(|byte| *byte |= 1);
        bytes
    }
}

/// What is free in the image with these bytes.
pub fn space(bytes: &[u8], swap: bool) -> FreeSpace {
    let image = Image(bytes.to_vec());
    let facts = probe(Path::new("disk.img"), &image, KindChoice::Auto, None).unwrap();
    let space = free_space(&image, &facts, FreeQuestion { swap });
    assert!(space.is_possible(bytes.len() as u64));
    let told: FreeSpace = serde_json::from_str(&serde_json::to_string(&space).unwrap()).unwrap();
    assert_eq!(told, space, "another process is told the same");
    assert!(space.kept.iter().all(|kept| !kept.to_string().is_empty()));
    space
}

/// The only reason why nothing is free in the image.
pub fn why(bytes: &[u8]) -> Why {
    let space = space(bytes, false);
    assert_eq!(space.ranges, [], "{:?}", space.kept);
    let [kept] = &space.kept[..] else { panic!("{:?}", space.kept) };
    assert_eq!(kept.place, KeptPlace::Image);
    kept.why.clone()
}

/// The image without what is free.
pub fn trimmed(bytes: &[u8], space: &FreeSpace) -> Vec<u8> {
    let mut trimmed = bytes.to_vec();
    for range in &space.ranges {
        trimmed[range.start as usize..range.end as usize].fill(0);
    }
    trimmed
}

/// Whether the byte at `offset` is left out.
pub fn is_free(space: &FreeSpace, offset: u64) -> bool {
    space.ranges.iter().any(|range| range.contains(&offset))
}

/// Whether a sector of `bytes` begins with `start`, as that of a file does.
pub fn holds(bytes: &[u8], start: &[u8]) -> bool {
    bytes.chunks(512).any(|sector| sector.starts_with(start))
}

/// A folder with an image that tools of others work on.
pub struct Workshop {
    pub folder: TempDir,
    pub image: PathBuf,
}

impl Workshop {
    /// One with an image of `len` bytes that was used for something else before.
    pub fn new(len: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("volume.img");
        fs::write(&image, vec![0xD1; len]).unwrap();
        Self { folder, image }
    }

    /// One with these bytes.
    pub fn with(bytes: &[u8]) -> Self {
        let workshop = Self::new(0);
        fs::write(&workshop.image, bytes).unwrap();
        workshop
    }

    pub fn bytes(&self) -> Vec<u8> {
        fs::read(&self.image).unwrap()
    }

    /// Path of the image, as text.
    pub fn path(&self) -> &str {
        self.image.to_str().unwrap()
    }

    /// Path of another file beside it, as text.
    pub fn beside(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Runs a tool that must do well, and returns what it says.
    pub fn run(&self, package: &str, program: &str, arguments: &[&str]) -> String {
        let output = tool(package, program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {}", printed(&output));
        printed(&output)
    }
}

/// All files below `folder`: their paths and bytes.
pub fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
