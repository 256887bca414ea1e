//! What is inside an image: discs, Windows, and whether it boots.

mod disc;
mod ends;
mod free_ext;
mod free_damage;
mod free_fat;
mod free_fat_files;
mod free_ntfs;
mod free_places;
mod geometry;
mod geometry_floppies;
mod guid_table;
mod hive;
mod iso;
mod oracle_geometry;
mod oracle_hive;
mod oracle_iso;
mod probe;
mod room;
mod says_it_boots;
mod systems;
mod unknown;
mod will_boot;
mod windows;
mod windows_start;
mod windows_volumes;
