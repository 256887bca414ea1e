//! Commands, their texts and their exit statuses.

mod copy;
mod explain;
mod folders;
mod foreign_text;
mod json_fields;
mod linux_phram;
mod packed;
mod pages;
mod said;
mod schema;
mod texts;
mod wrong_input;
