//! Files of an NTFS volume, written by `ntfscp` of ntfs-3g into a copy of the partition.
//!
//! No library writes NTFS. The program gets a copy that is a file of its own, so it needs no rights and mounts nothing; what
//! it changed is taken from there, sector by sector. It reads foreign bytes, so it may do whatever they want of it: it gets two
//! files and no folder, and this process works in both by its own descriptors alone. The times that it notes become another
//! time, so that the same change gives the same bytes.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, PermissionsExt, fchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};

use super::ntfs_times::Times;
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
/// How long its last words may take.
const LAST_WORDS_MAX: Duration = Duration::from_secs(1);
/// Rights of the folder with the copies: others may enter it and not look around.
const FOLDER_MODE: u32 = 0o711;
/// Most names of such a folder that are tried.
const FOLDERS_MAX: u32 = 16;
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
    /// partition is made in `folder`, and is gone afterwards. Where another user runs the program, who may have no way to
    /// `folder`, it is made in `$TMPDIR`, or in `/var/tmp`.
    ///
    /// # Errors
    ///
    /// [`WindowsError::Tool`] if it refuses the volume or fails, [`WindowsError::Full`] if the volume has no room,
    /// [`WindowsError::Copy`] if the copy cannot be made, [`WindowsError::Stopped`] when `stop` is set.
    pub fn write(
        &self,
        source: &dyn Source,
        files: &[NtfsFile],
        folder: &Path,
        stop: &AtomicBool,
    ) -> Result<Sectors, WindowsError> {
        let mut sectors = Sectors::new();
        let mut volumes: Vec<u64> = files.iter().map(|file| file.volume).collect();
        volumes.sort_unstable();
        volumes.dedup();
        let within = if self.user.is_some() { common_folder() } else { folder.to_owned() };
        let folder = Folder::make(&within)?;
        for volume in volumes {
            let of_it: Vec<&NtfsFile> = files.iter().filter(|file| file.volume == volume).collect();
            self.write_volume(source, volume, &of_it, &folder, (&mut sectors, stop))?;
        }
        Ok(sectors)
    }

    fn write_volume(
        &self,
        source: &dyn Source,
        start: u64,
        files: &[&NtfsFile],
        folder: &Folder,
        (sectors, stop): (&mut Sectors, &AtomicBool),
    ) -> Result<(), WindowsError> {
        let (copy_path, bytes_path) = (folder.0.join("volume"), folder.0.join("file"));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| WindowsError::Copy { path, source }
        };
        let copied = self.make(&copy_path).map_err(failed(&copy_path))?;
        let len = volume_len(source, start).map_err(failed(&copy_path))?;
        copy(source, start, len, &copied, stop).map_err(failed(&copy_path))?;
        let bytes = self.make(&bytes_path).map_err(failed(&bytes_path))?;
        let mut times = Times::from_now();
        for file in files {
            let write = bytes.set_len(0).and_then(|()| bytes.write_all_at(&file.bytes, 0));
            write.map_err(failed(&bytes_path))?;
            if stop.load(Ordering::Relaxed) {
                return Err(WindowsError::Stopped);
            }
            self.run(&copy_path, &bytes_path, file, stop)?;
        }
        times.end();
        differences(source, (start, len), &copied, &times, sectors).map_err(failed(&copy_path))?;
        for path in [copy_path, bytes_path] {
            fs::remove_file(&path).map_err(failed(&path))?;
        }
        Ok(())
    }

    /// Makes an empty file that the user who runs the program may read and write, and nobody else but this one.
    fn make(&self, path: &Path) -> io::Result<File> {
        let file = File::create_new(path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        if let Some(user) = self.user {
            fchown(&file, Some(user), Some(user))?;
        }
        Ok(file)
    }

    fn run(&self, copy: &Path, bytes: &Path, file: &NtfsFile, stop: &AtomicBool) -> Result<(), WindowsError> {
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
        let words = child.stderr.take().and_then(listen);
        let status = wait(&mut child, stop);
        if stop.load(Ordering::Relaxed) {
            return Err(WindowsError::Stopped);
        }
        let status = status.ok_or_else(|| failed("it does not end".into()))?;
        // What it says is for people; without it there is its status.
        let words = words.and_then(|words| words.recv_timeout(LAST_WORDS_MAX).ok()).unwrap_or_default();
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        match status.success() {
            true => Ok(()),
            false if words.contains("No space left") => {
                let (path, len) = (file.path.clone(), file.bytes.len() as u64);
                Err(WindowsError::Full { partition: file.number, path, len })
            }
            false => Err(failed(format!("{words} ({status})"))),
        }
    }
}

/// How the child ended; `None` if it was ended, because it took too long or `stop` was set.
fn wait(child: &mut Child, stop: &AtomicBool) -> Option<ExitStatus> {
    let until = Instant::now() + TIME_MAX;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until && !stop.load(Ordering::Relaxed) => {
                sleep(Duration::from_millis(5));
            }
            _ => {
                // It is waited for all the same.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

/// Takes all that a program says, so that it never waits for that, and passes on the start of it.
fn listen(mut said: impl Read + Send + 'static) -> Option<Receiver<String>> {
    let (sender, receiver) = channel();
    let listen = move || {
        let mut words = Vec::new();
        // What cannot be read is not passed on, and nobody may be there any more.
        let _ = (&mut said).take(WORDS_MAX).read_to_end(&mut words);
        let _ = sender.send(String::from_utf8_lossy(&words).into_owned());
        let _ = io::copy(&mut said, &mut io::sink());
    };
    Builder::new().spawn(listen).ok().map(|_| receiver)
}

/// A folder that every user may enter.
fn common_folder() -> PathBuf {
    let named = std::env::var_os("TMPDIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let usual = || Some(PathBuf::from("/var/tmp")).filter(|folder| folder.is_dir());
    named.or_else(usual).unwrap_or_else(std::env::temp_dir)
}

/// Bytes of the volume, with the copy of its boot sector behind it.
fn volume_len(source: &dyn Source, start: u64) -> io::Result<u64> {
    let mut sector = [0; SECTOR_LEN as usize];
    source.read_at(start, &mut sector)?;
    let said = u64_at(&sector, VOLUME_SECTORS).saturating_add(1).saturating_mul(SECTOR_LEN);
    Ok(said.min(source.len().saturating_sub(start)))
}

/// Copies the volume into an empty file; zeros become holes. It ends early when `stop` is set.
fn copy(source: &dyn Source, start: u64, len: u64, file: &File, stop: &AtomicBool) -> io::Result<()> {
    file.set_len(len)?;
    let mut piece = vec![0; PIECE_LEN];
    for at in (0..len).step_by(PIECE_LEN) {
        let piece = &mut piece[..(len - at).min(PIECE_LEN as u64) as usize];
        source.read_at(start + at, piece)?;
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        if piece.iter().any(|&byte| byte != 0) {
            file.write_all_at(piece, at)?;
        }
    }
    Ok(())
}

/// Adds the sectors of the volume, which begins at `start` and has `len` bytes, that are others in `copied`, without the times at
/// which that was changed.
fn differences(
    source: &dyn Source,
    (start, len): (u64, u64),
    copied: &File,
    times: &Times,
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
        for (number, (old, new)) in
            ((start + at) / SECTOR_LEN..).zip(pairs).filter(|(_, (old, new))| old != new)
        {
            let mut sector = <[u8; SECTOR_LEN as usize]>::try_from(new).map_err(io::Error::other)?;
            times.forget(old, &mut sector);
            sectors.insert(number, sector);
            if sectors.len() > SECTORS_MAX {
                return Err(io::Error::other("more of it changed than one driver needs"));
            }
        }
    }
    Ok(())
}

/// A folder for the copies, which goes with what is in it. It is this process's own: others find a file in it by its name
/// and can make none.
struct Folder(PathBuf);

impl Folder {
    fn make(within: &Path) -> Result<Self, WindowsError> {
        let (pid, mut path) = (std::process::id(), PathBuf::new());
        // One that is there belongs to somebody else.
        let made = (0..FOLDERS_MAX).find_map(|number| {
            path = within.join(format!(".ramkey-ntfs-{pid}-{number}"));
            let made = DirBuilder::new().mode(FOLDER_MODE).create(&path);
            Some(made).filter(|made| {
                !made.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists)
            })
        });
        let made = made.unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()));
        made.map_err(|source| WindowsError::Copy { path: path.clone(), source })?;
        let folder = Self(path);
        folder.open().map_err(|source| WindowsError::Copy { path: folder.0.clone(), source })?;
        Ok(folder)
    }

    /// Lets others enter it, whatever the mask of new files is.
    fn open(&self) -> io::Result<()> {
        let (named, opened) = (fs::symlink_metadata(&self.0)?, File::open(&self.0)?);
        let found = opened.metadata()?;
        if !named.is_dir() || (named.dev(), named.ino()) != (found.dev(), found.ino()) {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        opened.set_permissions(Permissions::from_mode(FOLDER_MODE))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A copy that cannot be removed is no reason to fail.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Image(Vec<u8>);

    impl Source for Image {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            buffer.copy_from_slice(&self.0[offset as usize..][..buffer.len()]);
            Ok(())
        }
    }

    const LEN: usize = 16 * SECTOR_LEN as usize;

    /// Two volumes of 16 sectors, one behind the other.
    fn image() -> Image {
        let mut bytes = vec![0; 2 * LEN];
        for start in [0, LEN] {
            bytes[start + VOLUME_SECTORS] = 15;
        }
        Image(bytes)
    }

    fn file(volume: usize, path: &str) -> NtfsFile {
        NtfsFile { volume: (volume * LEN) as u64, number: 1, path: path.into(), bytes: vec![7; 512] }
    }

    /// Runs `script` in place of the program: its second and third argument are the copy and the file.
    fn write(
        script: &str,
        user: Option<u32>,
        files: &[NtfsFile],
        stop: bool,
    ) -> Result<Sectors, WindowsError> {
        let folder = tempfile::tempdir().unwrap();
        // A user who runs it must be able to get at it.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let program = folder.path().join("program");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let private = folder.path().join("private");
        DirBuilder::new().mode(0o700).create(&private).unwrap();
        let written = NtfsTool { program, user }.write(&image(), files, &private, &AtomicBool::new(stop));
        assert_eq!(fs::read_dir(&private).unwrap().count(), 0);
        written
    }

    const PUT: &str = "dd if=$3 of=$2 bs=512 seek=${4#/} conv=notrunc 2>/dev/null";

    #[test]
    fn each_volume_is_copied_once() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let script = format!("echo >> {}\n{PUT}", log.path().display());
        let files = [file(0, "1"), file(1, "2"), file(0, "3")];
        let sectors = write(&script, None, &files, false).unwrap();
        assert_eq!(sectors.into_keys().collect::<Vec<_>>(), [1, 3, 18]);
        assert_eq!(fs::read(log.path()).unwrap().len(), files.len());
    }

    #[test]
    fn many_words_and_a_wish_to_stop_end_it() {
        let error = write("yes word | head -c 300000 >&2; exit 3", None, &[file(0, "1")], false).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("word word") && text.contains("exit status: 3") && text.len() < 5000, "{text}");
        let full = write("echo 'ERROR: No space left on device' >&2; exit 1", None, &[file(0, "1")], false);
        assert!(matches!(full, Err(WindowsError::Full { partition: 1, len: 512, .. })), "{full:?}");
        let stopped = write("sleep 300", None, &[file(0, "1")], true);
        assert!(matches!(stopped, Err(WindowsError::Stopped)), "{stopped:?}");
    }

    #[test]
    fn what_the_program_does_in_the_folder_leads_nowhere() {
        // Another user can be chosen by root alone.
        let user = rustix::process::geteuid().is_root().then_some(65534);
        let victim = tempfile::NamedTempFile::new().unwrap();
        fs::write(victim.path(), b"old").unwrap();
        let script = format!("rm -f $3 && ln -s {} $3\n{PUT}", victim.path().display());
        let files = [file(0, "1"), file(0, "2")];
        let written = write(&script, user, &files, false);
        assert_eq!(fs::read(victim.path()).unwrap(), b"old");
        assert_eq!(victim.as_file().metadata().unwrap().uid(), rustix::process::geteuid().as_raw());
        if user.is_some() {
            // It can take nothing out of the folder, and it has its two files all the same.
            assert_eq!(written.unwrap().into_keys().collect::<Vec<_>>(), [1, 2]);
        }
    }
}
