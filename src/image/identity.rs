//! Whose RAM disk drivers find.

use serde::{Deserialize, Serialize};

/// The shape in which a RAM disk is announced to drivers: what a Windows on an image needs, and what a stick gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Identity {
    /// MEMDISK's: hook, mBFT table and answers to its calls.
    #[default]
    Memdisk,
    /// GRUB4DOS's: hook and drive slots.
    Grub4dos,
}
