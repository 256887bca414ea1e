//! What is inside an image: discs, Windows, and whether it boots.

mod hive;
mod iso;
mod oracle_hive;
mod oracle_iso;
mod says_it_boots;
mod systems;
mod will_boot;
mod windows;
mod windows_start;
mod windows_volumes;
