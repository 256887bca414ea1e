//! Names of classes of devices. (Microsoft, System-Defined Device Setup Classes.)

/// Adapters of disks, which these drivers are.
pub(super) const SCSI_ADAPTER: &str = "{4D36E97B-E325-11CE-BFC1-08002BE10318}";
/// Disks.
pub(super) const DISK_DRIVE: &str = "{4D36E967-E325-11CE-BFC1-08002BE10318}";
