//! Pieces that pass from those who fill buffers to those who empty them, each in threads of its own.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder};

use crate::pipeline::piece::Piece;
use crate::pipeline::{Buffer, PIECE_LEN, PipelineError};

/// What is done with a piece and the bytes of its buffer.
type Work<'w> = dyn Fn(&Piece, &mut [u8]) -> Result<(), PipelineError> + Sync + 'w;

/// How many threads do each half of the work.
#[derive(Clone, Copy)]
pub(super) struct Crew {
    pub fill: usize,
    pub empty: usize,
}

/// The buffers of a job, and the pieces on their way.
struct Belt<'p> {
    pieces: &'p [Piece],
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    spare: Vec<Buffer>,
    /// Pieces that somebody began to fill.
    begun: usize,
    /// Pieces that are being filled.
    filling: usize,
    full: VecDeque<(usize, Buffer)>,
    /// Nothing more is begun.
    over: bool,
    /// The first of the pieces that failed, and why.
    failure: Option<(usize, PipelineError)>,
}

/// Passes `pieces` through `buffers` in order: at most so many are on the way. Each buffer shows as many bytes as its piece has.
///
/// After the first error nothing more is begun. The buffers are there for the next time.
pub(super) fn run(
    pieces: &[Piece],
    buffers: &mut Vec<Buffer>,
    crew: Crew,
    fill: &Work,
    empty: &Work,
) -> Result<(), PipelineError> {
    let spare = std::mem::take(buffers);
    let state = State { spare, begun: 0, filling: 0, full: VecDeque::new(), over: false, failure: None };
    let belt = Belt { pieces, state: Mutex::new(state), changed: Condvar::new() };
    thread::scope(|scope| {
        let belt = &belt;
        for number in 0..crew.fill.max(1) {
            let started = Builder::new().spawn_scoped(scope, move || {
                let _end = End(belt);
                belt.fill(fill);
            });
            // Fewer do the same, only slower.
            if let (Err(error), 0) = (started, number) {
                let mut state = belt.lock();
                state.over = true;
                state.failure = Some((0, PipelineError::Thread(error)));
            }
        }
        for _ in 1..crew.empty {
            let started = Builder::new().spawn_scoped(scope, move || {
                let _end = End(belt);
                belt.empty(empty);
            });
            drop(started);
        }
        let _end = End(belt);
        belt.empty(empty);
    });
    let state = belt.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    *buffers = state.spare;
    buffers.extend(state.full.into_iter().map(|(_, buffer)| buffer));
    state.failure.map_or(Ok(()), |(_, error)| Err(error))
}

/// Buffers for a job.
pub(super) fn buffers(count: usize, alignment: usize) -> Vec<Buffer> {
    (0..count.max(1)).map(|_| Buffer::new(PIECE_LEN as usize, alignment)).collect()
}

/// Lets nobody wait for a thread that panicked.
struct End<'b, 'p>(&'b Belt<'p>);

impl Drop for End<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let mut state = self.0.lock();
            state.over = true;
            state.filling = 0;
            drop(state);
            self.0.changed.notify_all();
        }
    }
}

impl Belt<'_> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'g>(&self, state: MutexGuard<'g, State>) -> MutexGuard<'g, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, work: &Work) {
        loop {
            let mut state = self.lock();
            // Buffer and piece are taken together, so the first piece that is not done always has a buffer.
            let (index, mut buffer) = loop {
                if state.over || state.begun == self.pieces.len() {
                    return;
                }
                match state.spare.pop() {
                    Some(buffer) => break (state.begun, buffer),
                    None => state = self.wait(state),
                }
            };
            state.begun += 1;
            state.filling += 1;
            drop(state);
            let piece = &self.pieces[index];
            let result = work(piece, &mut buffer.bytes_mut()[..piece.len() as usize]);
            let mut state = self.lock();
            state.filling = state.filling.saturating_sub(1);
            match result {
                Ok(()) => state.full.push_back((index, buffer)),
                Err(error) => state.fail(index, error, buffer),
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    fn empty(&self, work: &Work) {
        loop {
            let mut state = self.lock();
            let (index, mut buffer) = loop {
                if state.failure.is_some() {
                    return;
                }
                if let Some(found) = state.full.pop_front() {
                    break found;
                }
                if state.filling == 0 && (state.over || state.begun == self.pieces.len()) {
                    return;
                }
                state = self.wait(state);
            };
            drop(state);
            let piece = &self.pieces[index];
            let result = work(piece, &mut buffer.bytes_mut()[..piece.len() as usize]);
            let mut state = self.lock();
            match result {
                Ok(()) => state.spare.push(buffer),
                Err(error) => state.fail(index, error, buffer),
            }
            drop(state);
            self.changed.notify_all();
        }
    }
}

impl State {
    fn fail(&mut self, index: usize, error: PipelineError, buffer: Buffer) {
        self.over = true;
        self.spare.push(buffer);
        if self.failure.as_ref().is_none_or(|(first, _)| index < *first) {
            self.failure = Some((index, error));
        }
    }
}
