//! What is asked, refused and warned of before anything is written.

mod direct;
mod exchanged;
mod hard;
mod fake;
mod image_in_use;
mod in_use;
mod in_use_layers;
mod in_use_made_up;
mod in_use_processes;
mod in_use_started;
mod lend;
mod listed;
mod outputs;
mod overwrite;
mod protect;
mod safety;
mod stopped;
mod unmount;
