//! Several sticks on one screen: a line for each, and what is finished stays. Without a terminal, a line for each change of state.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::cli::account::Account;
use crate::cli::events::Teller;
use crate::cli::progress::{EJECTED, not_ejected};
use crate::cli::terminal::{is_error_screen, note};
use crate::cli::voice::say_last;
use crate::job::{Event, Observer, Part};
use crate::units::shown;

/// The lines of all sticks.
pub(super) struct Table {
    rows: Vec<Row>,
}

/// The line of one stick.
pub(super) struct Row {
    name: String,
    bar: ProgressBar,
    is_screen: bool,
    /// Tells in the place of the line.
    teller: Option<Teller>,
    /// How far all of it is.
    account: Mutex<Account>,
    /// Times that something had to be done again.
    retries: AtomicU64,
}

impl Table {
    /// A line for each of these names, which others gave.
    pub fn new(names: &[String]) -> Self {
        let names: Vec<String> = names.iter().map(|name| shown(name).into_owned()).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let lines = MultiProgress::new();
        let is_screen = is_error_screen();
        let row = |name: &String| {
            let bar = lines.add(ProgressBar::new(0));
            style(&bar, "{prefix}  {msg:<24} {bar:20} {percent:>3}%  {binary_bytes_per_sec}  {eta} left");
            bar.set_prefix(format!("{name:<width$}"));
            bar.set_message("waiting");
            Row {
                name: name.clone(),
                bar,
                is_screen,
                teller: Teller::if_wanted(Some(name)),
                account: Mutex::default(),
                retries: AtomicU64::new(0),
            }
        };
        Self { rows: names.iter().map(row).collect() }
    }

    /// The line of the stick with this number.
    pub fn row(&self, number: usize) -> &Row {
        &self.rows[number]
    }
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

impl Row {
    /// The stick has ended like this.
    pub fn end(&self, words: &str) {
        if let Some(teller) = &self.teller {
            teller.ended(words);
        } else if self.is_screen {
            style(&self.bar, "{prefix}  {msg}");
            self.bar.abandon_with_message(self.with_retries(words));
        } else {
            note(format_args!("{}: {}", self.name, self.with_retries(words)));
        }
    }

    fn with_retries(&self, words: &str) -> String {
        match self.retries.load(Ordering::Relaxed) {
            0 => words.to_owned(),
            1 => format!("{words}, 1 retry"),
            retries => format!("{words}, {retries} retries"),
        }
    }

    /// Counts, and shows how far it is then.
    fn count(&self, work: impl FnOnce(&mut Account)) {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut account);
        let (total, done) = account.bytes();
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    fn begin(&self, part: Part, bytes: u64) {
        let words = self.with_retries(part.name());
        if self.is_screen {
            self.count(|account| account.begin(part, bytes, Instant::now()));
            self.bar.set_message(words);
        } else {
            note(format_args!("{}: {words}", self.name));
        }
    }
}

impl Observer for Row {
    fn tell(&self, event: Event) {
        if let Some(teller) = &self.teller {
            return teller.tell(&event);
        }
        match event {
            Event::Begin { part, bytes } => self.begin(part, bytes),
            Event::Expect { bytes, .. } => self.count(|account| account.expect(bytes)),
            Event::Advance { bytes } => self.count(|account| account.advance(bytes)),
            Event::Repaired { lba, sectors, tries } => {
                self.retries.fetch_add(tries.into(), Ordering::Relaxed);
                if !self.is_screen {
                    let end = lba + sectors;
                    note(format_args!(
                        "{}: sectors {lba}..{end} came back changed, and are right after {tries} tries",
                        self.name
                    ));
                }
            }
            Event::PartitionsNotSeen { source } if !self.is_screen => note(format_args!(
                "{}: the system does not see the new partition yet ({source}); plug the stick in again",
                self.name
            )),
            Event::Ejected => say_last(format!("{EJECTED}: {}", self.name)),
            Event::NotEjected { source } => note(format_args!("{}: {}", self.name, not_ejected(&source))),
            _ => {}
        }
    }
}
