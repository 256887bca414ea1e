//! Files of an NTFS volume, written by `ntfscp` of ntfs-3g into a copy of the partition.
//!
//! No library writes NTFS. The program gets a copy that is a file of its own, so it needs no rights and mounts nothing; what
//! it changed is taken from there, sector by sector.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::overlay::Sectors;
use crate::contents::bytes::u64_at;
use crate::image::Source;
use crate::units::SECTOR_LEN;
use crate::windows::error::WindowsError;

/// The program, and the package that has it.
const PROGRAM: &str = "ntfscp";
/// Where programs for administrators are, though the user's path may not lead there.
const FOLDERS: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];
/// How long it may take for one file.
const TIME_MAX: Duration = Duration::from_secs(600);
/// Bytes that are copied together.
const PIECE_LEN: usize = 1 << 20;
/// Most of what the program says that is passed on.
const WORDS_MAX: u64 = 4096;
/// Most sectors that may differ: the hive, the driver, a menu, and what the file system notes of them.
const SECTORS_MAX: usize = (64 << 20) / SECTOR_LEN as usize;
/// Where a boot sector has the number of its volume's sectors.
const VOLUME_SECTORS: usize = 40;

/// A file that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NtfsFile {
    /// First byte of its volume in the image.
    pub volume: u64,
    /// Number of the partition.
    pub number: u32,
    /// Its path, as it is stored.
    pub path: String,
    /// What it will hold.
    pub bytes: Vec<u8>,
}

impl NtfsFile {
    pub(super) fn is_at(&self, volume: u64, path: &str) -> bool {
        self.volume == volume && self.path.to_uppercase() == path.to_uppercase()
    }
}

/// The program that writes.
#[derive(Clone, Debug)]
pub struct NtfsTool {
    program: PathBuf,
    /// Who runs it, where this program has more rights than it needs.
    user: Option<u32>,
}

impl NtfsTool {
    /// Looks for it where programs are; it will be run as `user`, if that is said.
    ///
    /// # Errors
    ///
    /// [`WindowsError::NoTool`] if it is not there.
    pub fn find(user: Option<u32>) -> Result<Self, WindowsError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let named = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
        let folders = named.chain(FOLDERS.map(PathBuf::from));
        let mut programs = folders.map(|folder| folder.join(PROGRAM));
        let program = programs.find(|program| program.is_file()).ok_or(WindowsError::NoTool)?;
        Ok(Self { program, user })
    }

    /// Writes `files`, all of one image, which is in `source`; gives the sectors of it that become others. A copy of each
    /// partition is made in `folder`, and is gone afterwards.
    ///
    /// # Errors
    ///
    /// [`WindowsError::Tool`] if it refuses the volume or fails, [`WindowsError::Copy`] if the copy cannot be made.
    pub fn write(
        &self,
        source: &dyn Source,
        files: &[NtfsFile],
        folder: &Path,
    ) -> Result<Sectors, WindowsError> {
        let mut sectors = Sectors::new();
        let mut volumes: Vec<u64> = files.iter().map(|file| file.volume).collect();
        volumes.dedup();
        let folder = Folder::make(folder, self.user)?;
        for volume in volumes {
            let of_it: Vec<&NtfsFile> = files.iter().filter(|file| file.volume == volume).collect();
            self.write_volume(source, volume, &of_it, &folder, &mut sectors)?;
        }
        Ok(sectors)
    }

    fn write_volume(
        &self,
        source: &dyn Source,
        start: u64,
        files: &[&NtfsFile],
        folder: &Folder,
        sectors: &mut Sectors,
    ) -> Result<(), WindowsError> {
        let (copy_path, bytes_path) = (folder.0.join("volume"), folder.0.join("file"));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| WindowsError::Copy { path, source }
        };
        let len = volume_len(source, start).map_err(failed(&copy_path))?;
        copy(source, start, len, &copy_path).map_err(failed(&copy_path))?;
        self.give(&copy_path).map_err(failed(&copy_path))?;
        for file in files {
            fs::write(&bytes_path, &file.bytes).map_err(failed(&bytes_path))?;
            self.give(&bytes_path).map_err(failed(&bytes_path))?;
            self.run(&copy_path, &bytes_path, file)?;
        }
        let copied = File::open(&copy_path).map_err(failed(&copy_path))?;
        differences(source, start, len, &copied, sectors).map_err(failed(&copy_path))?;
        for path in [copy_path, bytes_path] {
            fs::remove_file(&path).map_err(failed(&path))?;
        }
        Ok(())
    }

    /// Lets the user who runs the program have the file.
    fn give(&self, path: &Path) -> io::Result<()> {
        self.user.map_or(Ok(()), |user| chown(path, Some(user), Some(user)))
    }

    fn run(&self, copy: &Path, bytes: &Path, file: &NtfsFile) -> Result<(), WindowsError> {
        let failed = |why: String| WindowsError::Tool { partition: file.number, why };
        let mut command = Command::new(&self.program);
        // A name that begins with `-` is no option behind the topmost folder.
        let path = format!("/{}", file.path.replace('\\', "/"));
        command.arg("-q").args([copy, bytes]).arg(path).env_clear().env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let until = Instant::now() + TIME_MAX;
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < until => sleep(Duration::from_millis(5)),
                _ => {
                    // It is waited for all the same.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(failed("it does not end".into()));
                }
            }
        };
        let mut words = String::new();
        if let Some(said) = child.stderr.take() {
            // What it says is for people; without it there is its status.
            let _ = said.take(WORDS_MAX).read_to_string(&mut words);
        }
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if status.success() { Ok(()) } else { Err(failed(format!("{words} ({status})"))) }
    }
}

/// Bytes of the volume, with the copy of its boot sector behind it.
fn volume_len(source: &dyn Source, start: u64) -> io::Result<u64> {
    let mut sector = [0; SECTOR_LEN as usize];
    source.read_at(start, &mut sector)?;
    let said = u64_at(&sector, VOLUME_SECTORS).saturating_add(1).saturating_mul(SECTOR_LEN);
    Ok(said.min(source.len().saturating_sub(start)))
}

/// Copies the volume into a file that is not there yet; zeros become holes.
fn copy(source: &dyn Source, start: u64, len: u64, path: &Path) -> io::Result<()> {
    let file = File::create_new(path)?;
    file.set_len(len)?;
    let mut piece = vec![0; PIECE_LEN];
    for at in (0..len).step_by(PIECE_LEN) {
        let piece = &mut piece[..(len - at).min(PIECE_LEN as u64) as usize];
        source.read_at(start + at, piece)?;
        if piece.iter().any(|&byte| byte != 0) {
            file.write_all_at(piece, at)?;
        }
    }
    Ok(())
}

/// Adds the sectors of the volume that are others in `copied`.
fn differences(
    source: &dyn Source,
    start: u64,
    len: u64,
    copied: &File,
    sectors: &mut Sectors,
) -> io::Result<()> {
    let sector_len = SECTOR_LEN as usize;
    let (mut old, mut new) = (vec![0; PIECE_LEN], vec![0; PIECE_LEN]);
    for at in (0..len / SECTOR_LEN * SECTOR_LEN).step_by(PIECE_LEN) {
        let part = (len / SECTOR_LEN * SECTOR_LEN - at).min(PIECE_LEN as u64) as usize;
        let (old, new) = (&mut old[..part], &mut new[..part]);
        source.read_at(start + at, old)?;
        copied.read_exact_at(new, at)?;
        let pairs = old.chunks_exact(sector_len).zip(new.chunks_exact(sector_len));
        for (number, (_, new)) in
            ((start + at) / SECTOR_LEN..).zip(pairs).filter(|(_, (old, new))| old != new)
        {
            let sector = <[u8; SECTOR_LEN as usize]>::try_from(new).map_err(io::Error::other)?;
            sectors.insert(number, sector);
            if sectors.len() > SECTORS_MAX {
                return Err(io::Error::other("more of it changed than one driver needs"));
            }
        }
    }
    Ok(())
}

/// A folder for the copies, which goes with what is in it.
struct Folder(PathBuf);

impl Folder {
    fn make(within: &Path, user: Option<u32>) -> Result<Self, WindowsError> {
        let path = within.join(format!(".ramkey-ntfs-{}", std::process::id()));
        let failed = |source| WindowsError::Copy { path: path.clone(), source };
        fs::create_dir(&path).map_err(failed)?;
        let folder = Self(path.clone());
        if let Some(user) = user {
            chown(&path, Some(user), Some(user)).map_err(failed)?;
        }
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A copy that cannot be removed is no reason to fail.
        let _ = fs::remove_dir_all(&self.0);
    }
}
