//! What is said of any stick.

mod findings;
mod notes;
mod oracle;
