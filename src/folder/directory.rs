//! Where each file and folder lies in the image, and the directories that say so.

use super::Form;
use super::error::FolderError;
use super::names::{FatName, fat_names};
use super::shape::{FIRST_CLUSTER, Shape, root_max};
use super::slots::{self, Entry, SLOT_LEN, Stamp};
use super::system::System;
use super::tree::Tree;

/// Most entries of a folder: what a FAT can say, 2 MiB.
const FOLDER_MAX: usize = 65_536;
/// Entries of a folder for itself and the one that it lies in, and of the topmost one for the label.
const OWN_SLOTS: usize = 2;

/// Something in a folder.
enum Item {
    File(usize),
    Folder(usize),
}

/// The names of a tree as a FAT has them.
pub(super) struct Directories {
    /// What is in each folder, in its order.
    items: Vec<Vec<(Item, FatName)>>,
    /// Entries of each folder.
    slots: Vec<usize>,
    /// How many of the topmost one are the system's, which come first.
    first: usize,
}

/// Where each file and folder begins: its first cluster, or 0 if it has none.
pub(super) struct Places {
    /// Of each file.
    pub files: Vec<u64>,
    /// Of each folder; the topmost has none.
    pub folders: Vec<u64>,
    /// The first cluster of everything that has some, and how many, in the order in which they lie.
    pub chains: Vec<(u64, u64)>,
}

impl Directories {
    /// The names of `tree` in an image of this form; those of `system` come first.
    ///
    /// # Errors
    ///
    /// [`FolderError::FullFolder`].
    pub fn of(tree: &Tree, form: Form, system: Option<&System>) -> Result<Self, FolderError> {
        let first = system.map_or(&[][..], |system| &system.files);
        let mut items: Vec<Vec<(String, Item)>> = tree.folders.iter().map(|_| Vec::new()).collect();
        for (number, folder) in tree.folders.iter().enumerate().skip(1) {
            items[folder.parent].push((folder.name.clone(), Item::Folder(number)));
        }
        for (number, file) in tree.files.iter().enumerate() {
            items[file.folder].push((file.name.clone(), Item::File(number)));
        }
        let mut directories = Self { items: Vec::new(), slots: Vec::new(), first: first.len() };
        for (number, mut items) in items.into_iter().enumerate() {
            let place = |item: &Item| match item {
                Item::File(number) => first.iter().position(|file| file == number).unwrap_or(first.len()),
                Item::Folder(_) => first.len(),
            };
            items.sort_by_cached_key(|(name, item)| (place(item), name.to_uppercase()));
            let names = fat_names(items.iter().map(|(name, _)| &**name));
            let mut named: Vec<(Item, FatName)> =
                items.into_iter().map(|(_, item)| item).zip(names).collect();
            for (_, name) in named.iter_mut().filter(|(item, _)| place(item) < first.len()) {
                // DOS looks at the first two entries, and a long name would be two of its own.
                name.long = None;
            }
            let slots = OWN_SLOTS + named.iter().map(|(_, name)| slots::slots(name)).sum::<usize>();
            let limit = if number == 0 { root_max(form) } else { FOLDER_MAX };
            if slots > limit {
                return Err(FolderError::FullFolder { path: tree.folder_path(number), needed: slots, limit });
            }
            directories.items.push(named);
            directories.slots.push(slots);
        }
        Ok(directories)
    }

    /// Entries of the topmost folder.
    pub fn root_entries(&self) -> usize {
        self.slots[0]
    }

    /// The length of everything that takes clusters, in the order in which it lies: the system, folders, the other files.
    pub fn lens(&self, tree: &Tree, system: Option<&System>) -> Vec<u64> {
        order(tree, system).map(|item| self.item_len(tree, &item)).collect()
    }

    fn item_len(&self, tree: &Tree, item: &Item) -> u64 {
        match item {
            Item::File(number) => tree.files[*number].len,
            Item::Folder(number) => (self.slots[*number] * SLOT_LEN) as u64,
        }
    }

    /// Gives each its clusters.
    pub fn places(&self, tree: &Tree, system: Option<&System>, shape: &Shape) -> Places {
        let mut places = Places {
            files: vec![0; tree.files.len()],
            folders: vec![0; tree.folders.len()],
            chains: Vec::new(),
        };
        let mut cluster = FIRST_CLUSTER;
        for item in order(tree, system) {
            let clusters = self.item_len(tree, &item).div_ceil(shape.cluster_len());
            if clusters > 0 {
                match item {
                    Item::File(number) => places.files[number] = cluster,
                    Item::Folder(number) => places.folders[number] = cluster,
                }
                places.chains.push((cluster, clusters));
                cluster += clusters;
            }
        }
        places
    }

    /// The bytes of the folder with this number; the topmost one has the label.
    pub fn bytes(&self, tree: &Tree, number: usize, places: &Places, label: &[u8; 11]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.slots[number] * SLOT_LEN);
        if number != 0 {
            let parent = tree.folders[number].parent;
            slots::push_short(&mut bytes, b".          ", 0, folder_entry(places.folders[number]));
            slots::push_short(&mut bytes, b"..         ", 0, folder_entry(places.folders[parent]));
        }
        let (first, others) = self.items[number].split_at(if number == 0 { self.first } else { 0 });
        for item in first {
            push(&mut bytes, tree, places, item, slots::READ_ONLY | slots::HIDDEN | slots::SYSTEM);
        }
        if number == 0 {
            let entry = Entry { attributes: slots::LABEL, stamp: Stamp::FIRST_DAY, cluster: 0, len: 0 };
            slots::push_short(&mut bytes, label, 0, entry);
        }
        for item in others {
            push(&mut bytes, tree, places, item, 0);
        }
        bytes
    }
}

fn push(bytes: &mut Vec<u8>, tree: &Tree, places: &Places, (item, name): &(Item, FatName), attributes: u8) {
    let entry = match *item {
        Item::Folder(number) => folder_entry(places.folders[number]),
        Item::File(number) => Entry {
            attributes: slots::ARCHIVE | attributes,
            stamp: Stamp::of(tree.files[number].written),
            cluster: places.files[number] as u16,
            len: tree.files[number].len as u32,
        },
    };
    slots::push(bytes, name, entry);
}

/// Folders have the first date of all: theirs on the host changes whenever something in them comes or goes.
fn folder_entry(cluster: u64) -> Entry {
    Entry { attributes: slots::DIRECTORY, stamp: Stamp::FIRST_DAY, cluster: cluster as u16, len: 0 }
}

/// Everything but the topmost folder, in the order in which it lies.
fn order(tree: &Tree, system: Option<&System>) -> impl Iterator<Item = Item> {
    let first: Vec<usize> = system.map_or(Vec::new(), |system| system.files.clone());
    let folders = (1..tree.folders.len()).map(Item::Folder);
    let others: Vec<usize> = (0..tree.files.len()).filter(|number| !first.contains(number)).collect();
    first.into_iter().map(Item::File).chain(folders).chain(others.into_iter().map(Item::File))
}
