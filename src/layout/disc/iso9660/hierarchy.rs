//! Folders and what lies in them, in the orders that the standard wants.

use super::names::{Name, Naming, Wanted};
use super::tree::Tree;

/// A file or folder by its number in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Folder(usize),
    File(usize),
}

/// Something that lies in a folder.
#[derive(Clone, Debug)]
pub(super) struct Child {
    pub node: Node,
    /// Its name as a directory record has it.
    pub identifier: Vec<u8>,
}

/// All folders under one kind of names.
#[derive(Clone, Debug)]
pub(super) struct Hierarchy {
    /// The numbers of the folders in the order of a path table: by level, then by the place of their parent, then by their
    /// identifier. (ECMA-119 section 6.9.1.) The root is the first.
    pub order: Vec<usize>,
    /// What lies in each folder of the tree, in the order of a directory.
    pub children: Vec<Vec<Child>>,
    /// How many folders lie in each folder of the tree.
    pub folders_in: Vec<u32>,
    /// Identifier of each folder of the tree; the root's is one byte of zero. (ECMA-119 section 7.6.2.)
    pub identifiers: Vec<Vec<u8>>,
}

/// What lies in each folder, in the order of the tree.
pub(super) fn contents(tree: &Tree) -> Vec<Vec<Node>> {
    let mut contents = vec![Vec::new(); tree.folders().len()];
    for (number, folder) in tree.folders().iter().enumerate().skip(1) {
        contents[folder.parent].push(Node::Folder(number));
    }
    for (number, file) in tree.files().iter().enumerate() {
        contents[file.folder].push(Node::File(number));
    }
    contents
}

impl Hierarchy {
    /// The folders of `tree`, in which `contents` lie, under these names.
    pub fn new(tree: &Tree, contents: &[Vec<Node>], naming: Naming) -> Self {
        let children: Vec<Vec<Child>> = contents.iter().map(|nodes| children(tree, nodes, naming)).collect();
        let mut identifiers = vec![vec![0]; tree.folders().len()];
        let mut order = vec![Tree::ROOT];
        let mut done = 0;
        // Each folder is in one other, so this ends when all are in the list.
        while let Some(&folder) = order.get(done) {
            for child in &children[folder] {
                if let Node::Folder(number) = child.node {
                    identifiers[number] = child.identifier.clone();
                    order.push(number);
                }
            }
            done += 1;
        }
        let folders = |nodes: &Vec<Node>| nodes.iter().filter(|node| matches!(node, Node::Folder(_))).count();
        let folders_in = contents.iter().map(|nodes| folders(nodes) as u32).collect();
        Self { order, children, folders_in, identifiers }
    }
}

/// What lies in one folder, in the order of its directory.
fn children(tree: &Tree, nodes: &[Node], naming: Naming) -> Vec<Child> {
    let wanted = nodes.iter().map(|node| match *node {
        Node::Folder(number) => {
            Wanted { name: &tree.folders()[number].name, is_folder: true, is_capsule: false }
        }
        Node::File(number) => {
            Wanted { name: &tree.files()[number].name, is_folder: false, is_capsule: tree.is_capsule(number) }
        }
    });
    let names = naming.names(&wanted.collect::<Vec<_>>());
    let mut sorted: Vec<(Name, Node)> = names.into_iter().zip(nodes.iter().copied()).collect();
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    let child = |(name, node): (Name, Node)| {
        let identifier = name.identifier(naming, matches!(node, Node::Folder(_)));
        Child { node, identifier }
    };
    sorted.into_iter().map(child).collect()
}
