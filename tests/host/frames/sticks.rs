//! Sticks and images for tests, without devices.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::fs::File;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ramkey::contents::{ImageFacts, KindChoice, probe};
use ramkey::image::{AsItIs, CHUNK_SHIFT, Chunk, Scan, Source, StoredBytes, scan};
use ramkey::layout::{Layout, layout, materialise};
use ramkey::plan::{
    FatBits, FsChoice, ImageRequest, LayoutKind, Plan, Request, SetOptions, StartOptions, Writes, plan,
};

pub const MIB: u64 = 1 << 20;
/// What a stick holds before it is written.
pub const POISON: u8 = 0xD1;

/// What stands beside the images of a stick.
pub const TEXT: &[u8] = b"A text about the images.\r\n";

/// An image in memory.
#[derive(Clone)]
pub struct Image(pub Vec<u8>);

impl Source for Image {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let rest = self.0.get(offset as usize..).unwrap_or_default();
        let bytes = rest.get(..buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

/// `len` bytes that look random and are the same each time; every third 256 KiB is zeros.
pub fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(b"noise").finalize_xof().fill(&mut bytes);
    for chunk in bytes.chunks_mut(1 << 18).skip(1).step_by(3) {
        chunk.fill(0);
    }
    if len >= 512 {
        bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
        // No entry of a partition table has such a status.
        bytes[446] = 0x7F;
    }
    bytes
}

/// What `name` is, when it holds `image`.
pub fn facts(name: &str, image: &Image) -> ImageFacts {
    probe(Path::new(name), image, KindChoice::Auto, None).unwrap()
}

/// A request with one image in it.
pub fn request(facts: ImageFacts, stick_len: u64) -> Request {
    Request {
        images: vec![ImageRequest { facts, title: None, writes: Writes::Kept }],
        companions: Vec::new(),
        set: SetOptions::default(),
        stick_sectors: stick_len / 512,
        layout: LayoutKind::Hdd.into(),
        fs: FsChoice::Auto,
        label: None,
        id: None,
        readme: TEXT.to_vec(),
        disc: None,
        start: StartOptions { menu_timeout: 10, ..StartOptions::default() },
    }
}

/// Hashes of an image that does not exist: `len` bytes, no chunk of them zeros.
pub fn imagined(len: u64) -> Scan {
    let count = len.div_ceil(1 << 18);
    let chunks = (0..count).map(|n| Chunk { zero: false, chaining_value: [n as u8; 32] });
    Scan { len, root: [7; 32], ram_root: [7; 32], free: [].into(), chunks: chunks.collect(), packed: None }
}

/// Every layout with every file system, and a stick that has room for it.
pub fn every_layout() -> Vec<(LayoutKind, FsChoice, u64)> {
    let systems = [
        (FsChoice::Auto, 8 * MIB),
        (FsChoice::Is(FatBits::Fat12), 40 * MIB),
        (FsChoice::Is(FatBits::Fat16), 12 * MIB),
        (FsChoice::Auto, 128 * MIB),
        (FsChoice::Is(FatBits::Fat32), 48 * MIB),
        (FsChoice::Auto, 1300 * MIB),
    ];
    LayoutKind::ALL.into_iter().flat_map(|layout| systems.map(|(fs, len)| (layout, fs, len))).collect()
}

/// A plan, its layout, and the images it was made from.
pub struct Stick {
    pub plan: Plan,
    pub layout: Layout,
    pub images: Vec<Image>,
}

impl Stick {
    /// Lays out a stick of `stick_len` bytes with `images`, by file name.
    pub fn new(images: Vec<(&str, Image)>, layout_kind: LayoutKind, fs: FsChoice, stick_len: u64) -> Self {
        let requests = images.iter().map(|(name, image)| ImageRequest {
            facts: facts(name, image),
            title: None,
            writes: Writes::Kept,
        });
        let images_of_request: Vec<ImageRequest> = requests.collect();
        let first = images_of_request[0].facts.clone();
        let request = Request {
            images: images_of_request,
            layout: layout_kind.into(),
            fs,
            ..request(first, stick_len)
        };
        Self::of(&request, images.into_iter().map(|(_, image)| image).collect())
    }

    /// Lays out the stick of `request`, with the bytes of its images and of those beside them.
    pub fn of(request: &Request, images: Vec<Image>) -> Self {
        let plan = plan(request).unwrap();
        let scans: Vec<Scan> = images.iter().map(|image| scan(image, &mut |_| ()).unwrap()).collect();
        let layout = layout(&plan, &scans).unwrap();
        Self { plan, layout, images }
    }

    fn stored(&self) -> Vec<Box<dyn StoredBytes + '_>> {
        let as_it_is = |source| Box::new(AsItIs { source, chunk_shift: CHUNK_SHIFT, chunks: &[] });
        self.images.iter().map(|image| as_it_is(image as &dyn Source) as Box<dyn StoredBytes>).collect()
    }

    /// The stick's bytes, on a poisoned background.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Cursor::new(vec![POISON; self.layout.stick_sectors as usize * 512]);
        materialise(&self.layout, &self.stored(), &mut bytes).unwrap();
        bytes.into_inner()
    }

    /// The stick as a file in `folder`, whose other sectors were never written.
    pub fn file(&self, folder: &Path) -> PathBuf {
        let path = folder.join("stick.img");
        let mut file = File::create(&path).unwrap();
        file.set_len(self.layout.stick_sectors * 512).unwrap();
        materialise(&self.layout, &self.stored(), &mut file).unwrap();
        path
    }
}

/// Runs a tool of the Debian package `package`.
pub fn tool(package: &str, program: &str, arguments: &[&str]) -> Output {
    let found = ["/usr/sbin", "/sbin"].map(|folder| Path::new(folder).join(program));
    let program = found.into_iter().find(|path| path.exists()).unwrap_or_else(|| program.into());
    let output =
        Command::new(&program).args(arguments).env("MTOOLS_SKIP_CHECK", "0").env("LC_ALL", "C").output();
    output.unwrap_or_else(|error| panic!("{} of the package {package}: {error}", program.display()))
}

/// What a tool printed, on both outputs.
pub fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
