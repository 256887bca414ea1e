//! The hashes by which downloads are known.

use std::io;
use std::thread;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::image::Source;

/// Bytes in one read.
const READ_LEN: usize = 1 << 20;

/// A function whose values people publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// BLAKE3 with 32 bytes.
    Blake3,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-1 (FIPS 180-4). Two files with the same one can be made.
    Sha1,
    /// MD5 (RFC 1321). Two files with the same one are made in seconds.
    Md5,
}

impl Algorithm {
    /// All of them, the best first.
    pub const ALL: [Self; 4] = [Self::Blake3, Self::Sha256, Self::Sha1, Self::Md5];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blake3 => "BLAKE3",
            Self::Sha256 => "SHA-256",
            Self::Sha1 => "SHA-1",
            Self::Md5 => "MD5",
        }
    }

    /// Those whose values have so many hexadecimal digits.
    pub(super) fn with_digits(digits: usize) -> &'static [Self] {
        match digits {
            64 => &[Self::Sha256, Self::Blake3],
            40 => &[Self::Sha1],
            32 => &[Self::Md5],
            _ => &[],
        }
    }

    /// The one that a line calls by this name, as `SHA256` or `sha2-256`.
    pub(super) fn named(name: &str) -> Option<&'static [Self]> {
        let plain: String = name.chars().filter(|c| *c != '-').map(|c| c.to_ascii_uppercase()).collect();
        Some(match &plain[..] {
            "SHA256" | "SHA2256" => &[Self::Sha256],
            "SHA1" => &[Self::Sha1],
            "MD5" => &[Self::Md5],
            "BLAKE3" => &[Self::Blake3],
            _ => return None,
        })
    }
}

/// The hashes of the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// How many bytes they are.
    pub len: u64,
    values: Vec<(Algorithm, Vec<u8>)>,
}

impl Hashes {
    /// Those of `len` bytes, of which somebody else took them.
    pub(super) fn known(len: u64, values: Vec<(Algorithm, Vec<u8>)>) -> Self {
        Self { len, values }
    }

    /// The value of `algorithm`, if it was asked for.
    pub fn of(&self, algorithm: Algorithm) -> Option<&[u8]> {
        let mut values = self.values.iter();
        values.find_map(|(of, value)| (*of == algorithm).then_some(&value[..]))
    }
}

/// A hash that somebody published: its bytes, and the functions that it can be of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The value.
    pub value: Vec<u8>,
    /// At least one; by its length alone SHA-256 and BLAKE3 cannot be told apart.
    pub algorithms: &'static [Algorithm],
}

impl Published {
    /// The hash with these hexadecimal digits, in either case; `None` if they are none, or of no function that is known by their
    /// number.
    pub fn of_digits(digits: &[u8]) -> Option<Self> {
        Self::of_one(digits, Algorithm::with_digits(digits.len()))
    }

    /// The same of one of `algorithms`.
    pub(super) fn of_one(digits: &[u8], algorithms: &'static [Algorithm]) -> Option<Self> {
        let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
        let nibbles: Vec<u8> = digits.iter().map(digit).collect::<Option<_>>()?;
        let known = Algorithm::with_digits(nibbles.len());
        let is_sound = !algorithms.is_empty() && algorithms.iter().all(|algorithm| known.contains(algorithm));
        let value = nibbles.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        is_sound.then_some(Self { value, algorithms })
    }

    /// The function by which it is the hash of the bytes with `hashes`; `None` if there is none.
    pub fn fits(&self, hashes: &Hashes) -> Option<Algorithm> {
        let fits = |algorithm: &&Algorithm| hashes.of(**algorithm) == Some(&self.value[..]);
        self.algorithms.iter().find(fits).copied()
    }
}

/// Reads all of `source` once, and gives its hashes of these kinds. `progress` is called with the bytes that are done.
///
/// # Errors
///
/// What reading says.
pub fn hash(source: &dyn Source, algorithms: &[Algorithm], progress: &dyn Fn(u64)) -> io::Result<Hashes> {
    let mut hashers: Vec<Hasher> = algorithms.iter().map(|algorithm| Hasher::new(*algorithm)).collect();
    let (len, mut offset) = (source.len(), if algorithms.is_empty() { source.len() } else { 0 });
    let mut buffer = vec![0; READ_LEN.min(usize::try_from(len).unwrap_or(READ_LEN))];
    while offset < len {
        let data = &mut buffer[..(len - offset).min(READ_LEN as u64) as usize];
        source.read_at(offset, data)?;
        let data = &*data;
        // Each at the same time, so that all take as long as the slowest.
        thread::scope(|scope| {
            if let Some((first, others)) = hashers.split_first_mut() {
                others.iter_mut().for_each(|hasher| drop(scope.spawn(|| hasher.update(data))));
                first.update(data);
            }
        });
        offset += data.len() as u64;
        progress(data.len() as u64);
    }
    let values = algorithms.iter().copied().zip(hashers.into_iter().map(Hasher::finish)).collect();
    Ok(Hashes { len, values })
}

/// A hash of bytes that somebody else reads, and passes on in order.
pub struct RunningHash(Hasher);

impl RunningHash {
    /// That of no bytes so far.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(Hasher::new(algorithm))
    }

    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The value for all that were added.
    pub fn finish(self) -> Vec<u8> {
        self.0.finish()
    }
}

enum Hasher {
    Blake3(Box<blake3::Hasher>),
    Sha256(Sha256),
    Sha1(Sha1),
    Md5(Md5),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Blake3 => Self::Blake3(Box::default()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Md5 => Self::Md5(Md5::new()),
        }
    }

    fn update(&mut self, data: &[u8]) {
        match self {
            Self::Blake3(hasher) => drop(hasher.update(data)),
            Self::Sha256(hasher) => hasher.update(data),
            Self::Sha1(hasher) => hasher.update(data),
            Self::Md5(hasher) => hasher.update(data),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Blake3(hasher) => hasher.finalize().as_bytes().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Md5(hasher) => hasher.finalize().to_vec(),
        }
    }
}
