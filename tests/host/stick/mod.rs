//! What is read from a stick, before anybody judges it.

mod state;
