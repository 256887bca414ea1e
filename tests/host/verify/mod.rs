//! What is said of a stick that was written.

mod changes;
mod fat;
mod fates;
mod flips;
mod moments;
mod rewritten;
mod verdicts;
