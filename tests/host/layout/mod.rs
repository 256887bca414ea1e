//! Which bytes go where, and what other tools say of them.

mod copy;
mod disc;
mod iso9660;
mod iso9660_oracle;
mod oracle_disc;
mod oracle_fs;
mod oracle_probe;
mod oracle_views;
mod random;
mod stamps;
mod stick;
