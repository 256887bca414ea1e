//! The blocks of one directory. (ECMA-119 section 6.8.)

use super::fields::{BLOCK, BLOCK_LEN, blocks_of, pad_block};
use super::hierarchy::{Hierarchy, Node};
use super::names::Naming;
use super::record::{Extent, PARENT, SELF, record, room};
use super::rock_ridge::{self, Attributes, SystemUse};
use super::tree::Tree;

/// Blocks that a directory takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Of its records.
    pub records: u32,
    /// Of what continues their system use, behind them.
    pub continuation: u32,
}

impl Size {
    pub fn blocks(self) -> u32 {
        self.records + self.continuation
    }
}

/// All directories under one kind of names.
#[derive(Clone, Copy)]
pub(super) struct Directories<'a> {
    pub tree: &'a Tree,
    pub hierarchy: &'a Hierarchy,
    pub naming: Naming,
    /// First block of each folder's directory.
    pub folder_blocks: &'a [u32],
    /// What each folder's directory takes.
    pub sizes: &'a [Size],
    /// First block of each file.
    pub file_blocks: &'a [u32],
}

impl Directories<'_> {
    /// The directory of folder number `folder`, and what of it continues system use.
    pub fn bytes(&self, folder: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut records, mut continuation) = (Vec::new(), Vec::new());
        let continuation_block = self.folder_blocks[folder] + self.sizes[folder].records;
        let mut add = |node: Node, identifier: &[u8], name: Option<&str>, extra: [Option<Vec<u8>>; 2]| {
            let [first, last] = extra;
            let system_use = if self.naming == Naming::Joliet {
                Vec::new()
            } else {
                let mut entries: Vec<Vec<u8>> = first.into_iter().collect();
                entries.push(rock_ridge::attributes(self.attributes(node)));
                entries.extend(name.map(rock_ridge::name).unwrap_or_default());
                entries.extend(last);
                let room = room(identifier);
                SystemUse { room, entries, continuation: &mut continuation, continuation_block }.place()
            };
            let is_directory = matches!(node, Node::Folder(_));
            let record = record(identifier, self.extent(node), is_directory, &system_use);
            // No record crosses a block.
            if records.len() % BLOCK + record.len() > BLOCK {
                pad_block(&mut records);
            }
            records.extend(record);
        };
        let root = folder == Tree::ROOT;
        let extra =
            if root { [Some(rock_ridge::sharing()), Some(rock_ridge::protocol())] } else { [None, None] };
        add(Node::Folder(folder), SELF, None, extra);
        add(Node::Folder(self.tree.folders()[folder].parent), PARENT, None, [None, None]);
        for child in &self.hierarchy.children[folder] {
            let name = match child.node {
                Node::Folder(number) => &self.tree.folders()[number].name,
                Node::File(number) => &self.tree.files()[number].name,
            };
            add(child.node, &child.identifier, Some(name), [None, None]);
        }
        pad_block(&mut records);
        pad_block(&mut continuation);
        (records, continuation)
    }

    /// Where a file or the directory of a folder lies.
    pub fn extent(&self, node: Node) -> Extent {
        match node {
            Node::Folder(number) => Extent {
                block: self.folder_blocks[number],
                len: self.sizes[number].records * BLOCK_LEN as u32,
            },
            Node::File(number) => match self.tree.files()[number].len {
                0 => Extent::default(),
                len => Extent { block: self.file_blocks[number], len: len as u32 },
            },
        }
    }

    fn attributes(&self, node: Node) -> Attributes {
        match node {
            Node::Folder(number) => {
                // Its name in its parent, its own first record, and the second one of each folder in it.
                let links = 2 + self.hierarchy.folders_in[number];
                Attributes { is_folder: true, links, serial: 1 + number as u32 }
            }
            Node::File(number) => {
                let serial = 1 + self.tree.folders().len() + number;
                Attributes { is_folder: false, links: 1, serial: serial as u32 }
            }
        }
    }
}

/// What each folder's directory takes: as much wherever it lies.
pub(super) fn sizes(tree: &Tree, hierarchy: &Hierarchy, naming: Naming) -> Vec<Size> {
    let folder_blocks = vec![0; tree.folders().len()];
    let sizes = vec![Size::default(); tree.folders().len()];
    let file_blocks = vec![0; tree.files().len()];
    let directories = Directories {
        tree,
        hierarchy,
        naming,
        folder_blocks: &folder_blocks,
        sizes: &sizes,
        file_blocks: &file_blocks,
    };
    let size = |folder| {
        let (records, continuation) = directories.bytes(folder);
        Size { records: blocks_of(records.len()), continuation: blocks_of(continuation.len()) }
    };
    (0..tree.folders().len()).map(size).collect()
}
