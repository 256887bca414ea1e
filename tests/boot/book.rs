//! The pages of the book that boot what they wrote.

use super::harness::take_slot;
use crate::frames::book::files::made;
use crate::frames::book::{Page, pages};

#[test]
fn every_page_that_boots_prints_what_it_shows() {
    let _slot = take_slot();
    let pages: Vec<Page> = pages().iter().map(|name| Page::read(name)).filter(Page::boots).collect();
    assert!(!pages.is_empty(), "no page boots");
    for page in pages {
        page.run(made);
    }
}
