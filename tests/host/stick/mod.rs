//! What is read from a stick, before anybody judges it.

mod change;
mod state;
