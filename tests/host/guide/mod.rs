//! The guide, as a person at a real terminal sees it.

mod again;
mod person;
mod plain;
mod screen;
mod stick;
mod stopped;
