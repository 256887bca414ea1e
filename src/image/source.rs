//! Where an image's bytes come from.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::files::SourceFile;
use super::unpacked::Unpacked;
use super::wrapping::Wrapping;

/// An image of known length that can be read anywhere.
pub trait Source: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// Whether there is nothing to read.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buffer` from byte `offset` on.
    ///
    /// # Errors
    ///
    /// What the system says; also when the image ends before the buffer is full.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// What is around it, and not among its bytes.
    fn wrapping(&self) -> Option<&Wrapping> {
        None
    }

    /// What it was packed in, from the outside to the inside.
    fn unpacked(&self) -> &[Unpacked] {
        &[]
    }

    /// The files that it consists of, each as it was opened; none of bytes that come from no file. What
    /// [`open`](super::open) gives names them all.
    fn files(&self) -> &[SourceFile] {
        &[]
    }

    /// A descriptor of each of these files, in their order: another process can read the image by them.
    fn descriptors(&self) -> &[File] {
        &[]
    }
}

/// Makes a source of what leads to one.
macro_rules! leads_to_source {
    ($($pointer:ty),+) => {$(
        impl<S: Source + ?Sized> Source for $pointer {
            fn len(&self) -> u64 {
                (**self).len()
            }

            fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
                (**self).read_at(offset, buffer)
            }

            fn wrapping(&self) -> Option<&Wrapping> {
                (**self).wrapping()
            }

            fn unpacked(&self) -> &[Unpacked] {
                (**self).unpacked()
            }

            fn files(&self) -> &[SourceFile] {
                (**self).files()
            }

            fn descriptors(&self) -> &[File] {
                (**self).descriptors()
            }
        }
    )+};
}

leads_to_source!(Arc<S>, &S);
