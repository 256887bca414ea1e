//! What a program does that uses the library without its command line.

mod errors;
mod stick;
