//! The guide on a screen that it draws. Whatever ends it, the terminal is left as it was found.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event, KeyCode};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::SIGINT;
use signal_hook::low_level::emulate_default_handler;

use crate::cli::guide::draw;
use crate::cli::guide::pace::Pace;
use crate::cli::guide::page::Answer;
use crate::cli::guide::state::{Done, Guide, Next, Place, Work};
use crate::cli::guide::steps;
use crate::cli::guide::view::{Pressed, View, is_control};
use crate::cli::guide::work::RIGHTS;
use crate::cli::terminal::{canvas, note, read_no_more, restore_before_panics, shows_only_ascii};
use crate::cli::{CliError, stop};
use crate::device::System;

/// How often the screen is drawn again where nothing happens.
const TICK: Duration = Duration::from_millis(200);
/// How often it is looked whether work is done.
const LOOK: Duration = Duration::from_millis(20);
/// Work that is done sooner is not shown.
const SHOWN_AFTER: Duration = Duration::from_millis(200);

/// Whether the terminal is ours.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// A terminal that is drawn on.
struct Screen {
    terminal: Terminal<CrosstermBackend<Box<dyn Write>>>,
    is_ascii: bool,
}

impl Screen {
    fn enter() -> io::Result<Self> {
        restore_before_panics(leave);
        take()?;
        Ok(Self { terminal: drawn()?, is_ascii: shows_only_ascii() })
    }
}

/// Has the terminal for the guide alone.
fn take() -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    execute!(canvas(), EnterAlternateScreen, Clear(ClearType::All))
}

/// A screen of which nothing is drawn yet. To clear one that was drawn, the terminal would be asked where its cursor is, and not all
/// of them answer.
fn drawn() -> io::Result<Terminal<CrosstermBackend<Box<dyn Write>>>> {
    Terminal::new(CrosstermBackend::new(canvas()))
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Gives the terminal back as it was. May be called by any thread, and again.
fn leave() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        // There is no better place to say that it failed.
        let _ = execute!(canvas(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// Shows pages until there is nothing more to ask.
///
/// # Errors
///
/// If the terminal is gone, or the system refuses the handlers of signals.
pub(super) fn run(guide: &mut Guide, system: &System, first: Work) -> Result<(), CliError> {
    let stop = stop::wish_or(leave, read_no_more)?;
    let mut screen = Screen::enter()?;
    let mut seen: Option<(Place, View)> = None;
    let mut next = Next::Do(first);
    loop {
        next = match next {
            Next::Leave => return Ok(()),
            Next::Do(work) => do_work(&mut screen, guide, system, work, &stop)?,
            Next::Show => {
                // What was typed stays where a page is shown again because of it.
                let again =
                    seen.take().filter(|(place, _)| *place == guide.place && !guide.notice.is_empty());
                let (view, pressed) = ask(&mut screen, guide, again.map(|(_, view)| view), &stop)?;
                seen = Some((guide.place, view));
                match pressed {
                    Some(answer) => steps::answer(guide, answer),
                    None => Next::Leave,
                }
            }
        };
    }
}

/// Shows the page until it is answered; no answer if the person leaves.
fn ask(
    screen: &mut Screen,
    guide: &Guide,
    view: Option<View>,
    stop: &AtomicBool,
) -> Result<(View, Option<Answer>), CliError> {
    let page = steps::page(guide);
    let mut view = view.unwrap_or_else(|| View::of(&page));
    // A notice is above everything else.
    view.scrolled = 0;
    loop {
        let mut rows = 1;
        screen.terminal.draw(|frame| rows = draw::page(frame, &page, &mut view))?;
        if stop.load(Ordering::Relaxed) {
            return Ok((view, None));
        }
        match came(TICK)? {
            Came::Nothing => continue,
            Came::End => return Ok((view, None)),
            Came::Event => {}
        }
        if let Event::Key(key) = event::read()? {
            match view.press(&key, &page, rows) {
                Pressed::Nothing => {}
                Pressed::Answer(answer) => return Ok((view, Some(answer))),
                Pressed::Leave => return Ok((view, None)),
            }
        }
    }
}

/// What the terminal has for us.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Nothing,
    /// A key or another size.
    Event,
    /// The terminal is gone.
    End,
}

/// Waits so long for something to come. A terminal that is gone is told apart, because whoever reads events would look for them there
/// for ever.
fn came(within: Duration) -> io::Result<Came> {
    let keyboard = io::stdin();
    // What was read already, and is an event, comes at once.
    for wait in [Duration::ZERO, within] {
        let mut descriptors = [PollFd::new(&keyboard, PollFlags::IN)];
        let wait = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
        match poll(&mut descriptors, Some(&wait)) {
            // A signal: perhaps that of another size.
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if descriptors[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) {
            return Ok(Came::End);
        }
        if event::poll(Duration::ZERO)? {
            return Ok(Came::Event);
        }
    }
    Ok(Came::Nothing)
}

/// Takes the terminal back once the work has begun, or has ended without rights.
fn wait_for_rights(screen: &mut Screen, work: &JoinHandle<Done>, pace: &Pace) -> Result<(), CliError> {
    while !work.is_finished() && !pace.has_begun() {
        sleep(LOOK);
    }
    take()?;
    screen.terminal = drawn()?;
    Ok(())
}

/// Begins work; without the screen, as long as somebody is asked for rights.
fn begin(
    screen: &mut Screen,
    system: &System,
    work: Work,
    (stop, pace): (&Arc<AtomicBool>, &Arc<Pace>),
) -> Result<JoinHandle<Done>, CliError> {
    let asks_for_rights = work.asks_for_rights();
    if asks_for_rights {
        // Whoever gives them talks to the person at this terminal.
        leave();
        note(format_args!("{RIGHTS}"));
    }
    let (system, stop, told) = (system.clone(), Arc::clone(stop), Arc::clone(pace));
    let thread = Builder::new().spawn(move || work.run(&system, &stop, &*told))?;
    if asks_for_rights {
        wait_for_rights(screen, &thread, pace)?;
    }
    Ok(thread)
}

/// Does work beside the screen, which shows how far it is.
fn do_work(
    screen: &mut Screen,
    guide: &mut Guide,
    system: &System,
    work: Work,
    stop: &Arc<AtomicBool>,
) -> Result<Next, CliError> {
    let is_writing = matches!(work, Work::Write(_));
    let name = work.name();
    let pace = Arc::new(Pace::new(work.bytes()));
    let thread = begin(screen, system, work, (stop, &pace))?;
    let begun = Instant::now();
    let mut is_stopped = false;
    while !thread.is_finished() {
        let title = if is_writing { Place::title_of_writing() } else { guide.place.title() };
        let keys = match (is_writing, is_stopped) {
            (true, true) => "Stopping after the piece in work...",
            (true, false) => "Ctrl-C stops it: then the medium starts nothing",
            (false, _) => "Esc back  q leave",
        };
        let came = came(if begun.elapsed() < SHOWN_AFTER { LOOK } else { TICK / 2 })?;
        if came == Came::End {
            // Nobody is there any more: what is written is stopped in order, and the thread is waited for below.
            stop.store(true, Ordering::Relaxed);
            break;
        }
        if begun.elapsed() >= SHOWN_AFTER && ENTERED.load(Ordering::SeqCst) {
            let seen = pace.look();
            screen.terminal.draw(|frame| draw::work(frame, (&title, name, keys), &seen, screen.is_ascii))?;
        }
        if came == Came::Nothing {
            continue;
        }
        let Event::Key(key) = event::read()? else { continue };
        match is_writing {
            true if is_control(&key, 'c') && is_stopped => {
                leave();
                emulate_default_handler(SIGINT)?;
            }
            true if is_control(&key, 'c') => {
                is_stopped = true;
                stop.store(true, Ordering::Relaxed);
            }
            true => {}
            false if is_control(&key, 'c') || key.code == KeyCode::Char('q') => return Ok(Next::Leave),
            false if key.code == KeyCode::Esc => {
                // It only reads.
                pace.end_work();
                return Ok(Next::Show);
            }
            false => {}
        }
    }
    if is_stopped {
        // The person is there, and reads what became of it.
        stop.store(false, Ordering::Relaxed);
    }
    let done: Done = thread.join().map_err(|_| CliError::Defect)?;
    Ok(steps::done(guide, done))
}
