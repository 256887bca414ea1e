//! All files and folders of a FAT.

use std::collections::BTreeSet;

use ramkey_loader_core::fat::FatVolume as Clusters;
use ramkey_loader_core::trail::Chain;

use super::error::FilesError;
use super::fat::{FatVolume, Folder, FolderEntry, ImageSectors, WINDOW_LEN};
use super::largest::Largest;
use super::long_name::LongName;
use super::spare::SpareFolders;

/// Most folders that are looked at, and most that one path leads through.
const FOLDERS_MAX: usize = 1 << 13;
const DEPTH_MAX: usize = 64;
/// Longest path of a folder that is looked into, in bytes.
const PATH_LEN_MAX: usize = 1024;
/// Sectors of a run; nothing of it is read.
const RUN_MAX: u16 = 1 << 15;
/// Most files of one folder.
const FOLDER_FILES_MAX: usize = 1 << 16;

/// A file or folder that a walk came to.
struct Found<'f> {
    path: &'f str,
    entry: &'f FolderEntry,
}

impl FatVolume<'_> {
    /// Puts the longest files into `largest`, and the bytes of those that nobody needs into `spare`.
    pub fn largest(&self, largest: &mut Largest, spare: &mut SpareFolders) -> Result<(), FilesError> {
        self.walk(&mut |_, _, found| {
            let len = u64::from(found.entry.len);
            if found.entry.is_folder {
                return Ok(());
            }
            if largest.takes(len) {
                largest.add(len, found.path.to_owned());
            }
            let folder = found.path.rsplit_once('\\').map_or("", |(folder, _)| folder);
            spare.add(folder, len);
            Ok(())
        })
    }

    /// The path of the file or folder that has `cluster`. All are followed, so that damage shows.
    pub fn owner(&self, cluster: u32) -> Result<Option<String>, FilesError> {
        let mut owner: Option<String> = None;
        let (mut sectors, mut window) = (self.sectors(), vec![0; WINDOW_LEN]);
        let mut volume = self.clusters(&mut sectors, &mut window)?;
        if let Folder::Chain { first_cluster } = self.root
            && self.follow(&mut volume, &mut sectors, first_cluster, cluster)?
        {
            owner = Some("the root folder".to_owned());
        }
        self.walk(&mut |volume, sectors, Found { path, entry }| {
            // An empty file has no cluster.
            let is_there = entry.first_cluster != 0 || entry.is_folder || entry.len != 0;
            if is_there && self.follow(volume, sectors, entry.first_cluster, cluster)? {
                owner.get_or_insert_with(|| (*path).to_owned());
            }
            Ok(())
        })?;
        Ok(owner)
    }

    /// Whether the chain that begins with `first` has `cluster`. It is followed to its end.
    fn follow(
        &self,
        volume: &mut Clusters<'_>,
        sectors: &mut ImageSectors<'_>,
        first: u32,
        cluster: u32,
    ) -> Result<bool, FilesError> {
        let wanted = u64::from(cluster.saturating_sub(2)) * u64::from(volume.cluster_sectors()) + self.data;
        let (mut chain, mut done, mut has) = (Chain::new(first), 0u32, false);
        loop {
            let run = volume.run_from(sectors, &mut chain, done, RUN_MAX);
            let Some((lba, count)) = run.map_err(|error| self.error(&error))? else { return Ok(has) };
            has |= (lba..lba + u64::from(count)).contains(&wanted);
            done = done.checked_add(count.into()).ok_or_else(|| self.damaged())?;
        }
    }

    /// Calls `visit` with each file and folder.
    fn walk(
        &self,
        visit: &mut dyn FnMut(&mut Clusters<'_>, &mut ImageSectors<'_>, &Found<'_>) -> Result<(), FilesError>,
    ) -> Result<(), FilesError> {
        let (mut sectors, mut window) = (self.sectors(), vec![0; WINDOW_LEN]);
        let mut volume = self.clusters(&mut sectors, &mut window)?;
        let mut seen = BTreeSet::new();
        let mut open = vec![(String::new(), 0, self.root)];
        while let Some((path, depth, folder)) = open.pop() {
            let mut entries = Vec::new();
            self.first_entry(&mut volume, &mut sectors, folder, &mut |long, slot| {
                // A folder's own entry, and that of the one above it.
                if slot[0] != b'.' {
                    entries.push((name(long, slot), self.read_entry(slot)));
                }
                (entries.len() == FOLDER_FILES_MAX).then_some(())
            })?;
            for (name, entry) in entries {
                let path = format!("{path}\\{name}");
                visit(&mut volume, &mut sectors, &Found { path: &path, entry: &entry })?;
                let is_in_reach = depth < DEPTH_MAX && seen.len() < FOLDERS_MAX && path.len() <= PATH_LEN_MAX;
                if entry.is_folder && is_in_reach && seen.insert(entry.first_cluster) {
                    open.push((path, depth + 1, Folder::Chain { first_cluster: entry.first_cluster }));
                }
            }
        }
        Ok(())
    }
}

/// The long name of an entry, or else its short one. Letters beyond ASCII are those of a code page that is not known.
fn name(long: LongName, slot: &[u8]) -> String {
    if let Some(name) = long.of(slot) {
        return name.collect();
    }
    let part = |bytes: &[u8]| {
        let letter =
            |&byte: &u8| if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER };
        bytes.iter().map(letter).collect::<String>().trim_end().to_owned()
    };
    match part(&slot[8..11]) {
        extension if extension.is_empty() => part(&slot[..8]),
        extension => format!("{}.{extension}", part(&slot[..8])),
    }
}
