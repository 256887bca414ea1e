//! The directories and path tables of a tree, before and after everything has its place.

use std::collections::HashSet;
use std::path::Path;

use ramkey_format::capsule::DISC_DIRECTORY_LEN_MAX;

use super::descriptor::{Descriptor, terminator};
use super::directory::{Directories, Size, sizes};
use super::el_torito::{BootCatalogue, boot_record};
use super::error::IsoError;
use super::fields::{BLOCK_LEN, blocks_of, pad_block};
use super::hierarchy::{Hierarchy, Node, contents};
use super::limits::{FILE_LEN_MAX, FOLDERS_MAX, LEVELS_MAX};
use super::names::Naming;
use super::path_table::{Order, path_table};
use super::tree::Tree;

/// Block of the first volume descriptor; the system area is before it. (ECMA-119 section 6.2.1.)
const FIRST_DESCRIPTOR: u32 = 16;

/// Where everything on the volume lies. Blocks have 2048 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'v> {
    /// The label, as the user wrote it. ISO 9660 keeps 32 letters, digits and underscores of it, Joliet 16 characters.
    pub label: &'v str,
    /// Blocks of the volume, from block 0 on.
    pub blocks: u32,
    /// Block of the boot catalogue.
    pub catalogue_block: u32,
    /// First block of the path tables and directories, which take [`Structures::blocks`].
    pub first_block: u32,
    /// First block of each file of the tree, in its order. That of an empty file does not count.
    pub file_blocks: &'v [u32],
}

/// Blocks that are written as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// First block.
    pub block: u32,
    /// Whole blocks.
    pub bytes: Vec<u8>,
}

/// The directories and path tables of a tree: under the names of ISO 9660 with those of Rock Ridge, and again under those of
/// Joliet.
#[derive(Clone, Debug)]
pub struct Structures<'t> {
    tree: &'t Tree,
    halves: [Half; 2],
}

/// One kind of names.
#[derive(Clone, Debug)]
struct Half {
    naming: Naming,
    hierarchy: Hierarchy,
    /// What the directory of each folder takes.
    sizes: Vec<Size>,
    /// Bytes of each of its two path tables.
    path_table_len: u32,
}

impl<'t> Structures<'t> {
    /// Gives everything in `tree` its names, which decide how long the structures are.
    ///
    /// # Errors
    ///
    /// [`IsoError::TooManyFolders`], [`IsoError::TooDeep`], [`IsoError::FileTooLong`], [`IsoError::Name`],
    /// [`IsoError::Twice`] and [`IsoError::DirectoryTooLong`], each if something in the tree is so.
    pub fn new(tree: &'t Tree) -> Result<Self, IsoError> {
        let contents = contents(tree);
        check(tree, &contents)?;
        let halves = [Naming::Level1, Naming::Joliet].map(|naming| Half::new(tree, &contents, naming));
        let [primary, _] = &halves;
        for folder in (0..tree.folders().len()).filter(|&folder| tree.is_searched(folder)) {
            let len = u64::from(primary.sizes[folder].records) * BLOCK_LEN;
            if len > u64::from(DISC_DIRECTORY_LEN_MAX) {
                let path = Path::new("/").join(&tree.folders()[folder].name);
                return Err(IsoError::DirectoryTooLong { path, len });
            }
        }
        Ok(Self { tree, halves })
    }

    /// Blocks that the path tables and directories take, one behind the other.
    pub fn blocks(&self) -> u32 {
        self.halves.iter().map(Half::blocks).sum()
    }

    /// Everything that makes files on blocks a volume: the descriptors (blocks 16 to 19), the boot catalogue (one block), and
    /// the path tables and directories.
    ///
    /// # Panics
    ///
    /// If there is not exactly one block for each file, or the catalogue has more than 31 further entries.
    pub fn runs(&self, volume: &Volume, catalogue: &BootCatalogue) -> Vec<Run> {
        assert_eq!(volume.file_blocks.len(), self.tree.files().len(), "a block for each file");
        let mut bytes = Vec::new();
        let mut first_block = volume.first_block;
        let [primary, joliet] = self.halves.each_ref().map(|half| {
            let descriptor = half.add(self.tree, volume, first_block, &mut bytes);
            first_block += half.blocks();
            descriptor
        });
        let descriptors = [primary, boot_record(volume.catalogue_block), joliet, terminator()].concat();
        vec![
            Run { block: FIRST_DESCRIPTOR, bytes: descriptors },
            Run { block: volume.catalogue_block, bytes: catalogue.block() },
            Run { block: volume.first_block, bytes },
        ]
    }
}

impl Half {
    fn new(tree: &Tree, contents: &[Vec<Node>], naming: Naming) -> Self {
        let hierarchy = Hierarchy::new(tree, contents, naming);
        let sizes = sizes(tree, &hierarchy, naming);
        let no_blocks = vec![0; tree.folders().len()];
        let path_table_len = path_table(tree, &hierarchy, &no_blocks, Order::Low).len() as u32;
        Self { naming, hierarchy, sizes, path_table_len }
    }

    fn path_table_blocks(&self) -> u32 {
        blocks_of(self.path_table_len as usize)
    }

    fn blocks(&self) -> u32 {
        2 * self.path_table_blocks() + self.sizes.iter().map(|size| size.blocks()).sum::<u32>()
    }

    /// Adds the structures, which lie from `first_block` on: the path tables and then the directories in their order. Gives
    /// the volume descriptor.
    fn add(&self, tree: &Tree, volume: &Volume, first_block: u32, bytes: &mut Vec<u8>) -> Vec<u8> {
        let table_blocks = self.path_table_blocks();
        let mut folder_blocks = vec![0; tree.folders().len()];
        let mut block = first_block + 2 * table_blocks;
        for &folder in &self.hierarchy.order {
            folder_blocks[folder] = block;
            block += self.sizes[folder].blocks();
        }
        for order in [Order::Low, Order::High] {
            bytes.extend(path_table(tree, &self.hierarchy, &folder_blocks, order));
            pad_block(bytes);
        }
        let directories = Directories {
            tree,
            hierarchy: &self.hierarchy,
            naming: self.naming,
            folder_blocks: &folder_blocks,
            sizes: &self.sizes,
            file_blocks: volume.file_blocks,
        };
        for &folder in &self.hierarchy.order {
            let (records, continuation) = directories.bytes(folder);
            bytes.extend(records);
            bytes.extend(continuation);
        }
        let descriptor = Descriptor {
            naming: self.naming,
            label: volume.label,
            blocks: volume.blocks,
            path_table_len: self.path_table_len,
            path_tables: [first_block, first_block + table_blocks],
            root: directories.extent(Node::Folder(Tree::ROOT)),
        };
        descriptor.block()
    }
}

/// Refuses what no disc can have.
fn check(tree: &Tree, contents: &[Vec<Node>]) -> Result<(), IsoError> {
    let found = tree.folders().len();
    if found > FOLDERS_MAX {
        return Err(IsoError::TooManyFolders { found });
    }
    let mut levels = vec![1; found];
    for (number, folder) in tree.folders().iter().enumerate().skip(1) {
        levels[number] = levels[folder.parent] + 1;
        if levels[number] > LEVELS_MAX {
            return Err(IsoError::TooDeep {
                path: tree.path(folder.parent, &folder.name),
                found: levels[number],
            });
        }
    }
    if let Some(file) = tree.files().iter().find(|file| file.len > FILE_LEN_MAX) {
        return Err(IsoError::FileTooLong { path: tree.path(file.folder, &file.name), len: file.len });
    }
    for (folder, nodes) in contents.iter().enumerate() {
        let mut seen = HashSet::new();
        for node in nodes {
            let name = match *node {
                Node::Folder(number) => &tree.folders()[number].name,
                Node::File(number) => &tree.files()[number].name,
            };
            let path = || tree.path(folder, name);
            if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
                return Err(IsoError::Name { path: path() });
            }
            if !seen.insert(name) {
                return Err(IsoError::Twice { path: path() });
            }
        }
    }
    Ok(())
}
