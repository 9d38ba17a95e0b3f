//! What the safe kernel knows of a cell, and how it calls it.

use domains::Cell;
use gate::cell::Faulted;
use gate::{clock, core_call, info};
use spin::{Mutex, MutexGuard};

#[cfg(feature = "test-hooks")]
use super::injector::Injector;
use super::restarts::Restarts;
use super::storm::Storm;
use super::{console, entropy, input, interrupts};
use crate::report;

/// Why a device did not do what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DriverError {
    /// The machine has no such device.
    Absent,
    /// Its cell was given up, or refused.
    Failed,
    /// Its cell faulted, and was started anew: to be tried once more.
    Restarted,
}

/// The most queues of a cell.
const QUEUES_MAX: usize = 8;

/// How often a cell is started, whatever its limit, that does not come up.
const STARTS_MAX: u32 = 3;

/// How often something is tried, whatever the limit, that has a cell started anew
/// each time: it may take as long as a hang lasts.
const TRIES: u32 = 4;

/// Nothing has come back yet.
pub(super) const AGAIN: i64 = -11;

/// A cell, which one caller holds at a time.
#[derive(Debug)]
pub(super) struct Handle {
    cell: Cell,
    held: Mutex<Held>,
}

/// A cell that the caller holds.
#[derive(Debug)]
pub(super) struct Held {
    cell: Cell,
    /// The queues that there are, a bit for each.
    queues: i64,
    /// Whether it was given up.
    has_failed: bool,
    /// How often it was started anew.
    generation: u32,
    restarts: Restarts,
    /// How much has come back by each queue since it was started.
    taken: [u16; QUEUES_MAX],
    /// How much has come back from its devices, all in all.
    come: u64,
    storm: Storm,
    #[cfg(feature = "test-hooks")]
    injector: Injector,
}

/// Makes a call once more if it has its cell started anew.
///
/// # Errors
///
/// The call's own. If that has happened often, the cell has failed.
pub(super) fn steadily<T>(
    mut call: impl FnMut() -> Result<T, DriverError>,
) -> Result<T, DriverError> {
    // DEFENCE: tries-have-an-end
    for _ in 0..TRIES {
        match call() {
            Err(DriverError::Restarted) => {}
            done => return done,
        }
    }
    Err(DriverError::Failed)
}

impl Handle {
    /// That of `cell`, which has not started.
    pub(super) const fn new(cell: Cell) -> Handle {
        Handle {
            cell,
            held: Mutex::new(Held::new(cell)),
        }
    }

    /// Whose it is.
    pub(super) const fn cell(&self) -> Cell {
        self.cell
    }

    /// Holds the cell.
    pub(super) fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock()
    }
}

impl Held {
    /// One that has not started.
    pub(super) const fn new(cell: Cell) -> Held {
        Held {
            cell,
            queues: 0,
            has_failed: false,
            generation: 0,
            restarts: Restarts::new(),
            taken: [0; QUEUES_MAX],
            come: 0,
            storm: Storm::new(),
            #[cfg(feature = "test-hooks")]
            injector: Injector::new(),
        }
    }

    /// Has it start its devices.
    pub(super) fn start(&mut self) {
        match gate::cell::start(self.cell) {
            Ok(queues) => self.queues = queues.max(0),
            // Started anew, it has its queues, or it was given up.
            Err(Faulted) => _ = self.fail(),
        }
    }

    /// Whether it was given up, and is not called any more.
    pub(super) const fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Whether it has started a queue.
    pub(super) const fn check(&self, queue: u32) -> Result<(), DriverError> {
        if self.queues >> (queue & 31) & 1 == 0 {
            Err(DriverError::Absent)
        } else {
            Ok(())
        }
    }

    /// How often it was started anew.
    pub(super) const fn generation(&self) -> u32 {
        self.generation
    }

    /// How much has come back by a queue since it was started.
    pub(super) fn taken(&self, queue: u32) -> u16 {
        self.taken.get(queue as usize).copied().unwrap_or(0)
    }

    /// Makes a call, unless it was given up before.
    pub(super) fn call(
        &mut self,
        call: impl FnOnce() -> Result<i64, Faulted>,
    ) -> Result<i64, DriverError> {
        if self.has_failed {
            return Err(DriverError::Failed);
        }
        #[cfg(feature = "test-hooks")]
        self.injector
            .misbehave(self.cell)
            .map_err(|Faulted| self.fail())?;
        call().map_err(|Faulted| self.fail())
    }

    /// Makes a call that gives a device something.
    pub(super) fn give(
        &mut self,
        call: impl FnOnce() -> Result<i64, Faulted>,
    ) -> Result<(), DriverError> {
        match self.call(call)? {
            0 => Ok(()),
            _ => Err(DriverError::Failed),
        }
    }

    /// Makes a call that looks for what has come back, as the cell alleges it: a
    /// slot and a size; none if nothing has.
    pub(super) fn look(
        &mut self,
        queue: u32,
        call: impl FnOnce() -> Result<i64, Faulted>,
    ) -> Result<Option<(usize, usize)>, DriverError> {
        match self.call(call)? {
            AGAIN => Ok(None),
            word @ 0.. => {
                self.note_come(queue);
                let part = |word: i64| usize::try_from(word).unwrap_or(usize::MAX);
                Ok(Some((part(word >> 32), part(word & 0xffff_ffff))))
            }
            _ => Err(DriverError::Failed),
        }
    }

    fn note_come(&mut self, queue: u32) {
        self.come = self.come.wrapping_add(1);
        if let Some(taken) = self.taken.get_mut(queue as usize) {
            *taken = taken.wrapping_add(1);
        }
    }

    /// Takes note that an interrupt of its devices was served in `ns`. Too many
    /// that have brought nothing are a failure.
    pub(super) fn note_interrupt(&mut self, ns: u64) {
        if self.storm.note(self.come, ns) && !self.has_failed {
            report::say(format_args!(
                "the devices of {} interrupt for nothing",
                self.cell
            ));
            self.fail();
        }
    }

    /// Starts the cell anew, or gives it up if it fails too often. Whoever waits
    /// is told.
    fn fail(&mut self) -> DriverError {
        // DEFENCE: failure-told
        interrupts::note_failure();
        for _ in 0..STARTS_MAX {
            if !self.can_restart() {
                break;
            }
            self.storm = Storm::new();
            if self.restart().is_ok() {
                return DriverError::Restarted;
            }
        }
        self.has_failed = true;
        report::say(format_args!(
            "{} failed too often and is given up",
            self.cell
        ));
        DriverError::Failed
    }

    /// On the host, where tests run, there is no cell.
    fn can_restart(&mut self) -> bool {
        if !cfg!(target_os = "none") {
            return false;
        }
        let usual = self.cell.restart_limit();
        let limit = info::options().map_or(usual, |it| it.restart_limit(self.cell));
        self.restarts.allow(limit, clock::monotonic_ns())
    }

    /// Stops the cell, takes what its devices have done, starts it, and gives its
    /// devices what they had not done.
    fn restart(&mut self) -> Result<(), Faulted> {
        if !core_call::stop(self.cell) {
            return Err(Faulted);
        }
        if self.cell == Cell::Console {
            console::salvage(self);
            input::salvage(self);
            entropy::forget();
        }
        core_call::start(self.cell);
        self.generation = self.generation.wrapping_add(1);
        self.taken = [0; QUEUES_MAX];
        self.queues = gate::cell::start(self.cell)?.max(0);
        if self.cell == Cell::Console {
            console::resume()?;
            input::resume()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(queues: i64) -> Held {
        Held {
            queues,
            ..Held::new(Cell::Hostfs)
        }
    }

    #[test]
    fn a_word_is_a_slot_and_a_size_or_says_why_not() {
        let look = |word| held(1).look(0, || Ok(word));
        assert_eq!(look(3 << 32 | 7), Ok(Some((3, 7))));
        assert_eq!(look(AGAIN), Ok(None));
        assert_eq!(look(-5), Err(DriverError::Failed));
    }

    /// Whoever brings something may interrupt as often as he likes.
    #[test]
    fn what_has_come_back_is_counted() {
        let mut held = held(1);
        for _ in 0..1000 {
            assert_eq!(held.look(0, || Ok(0)), Ok(Some((0, 0))));
            held.note_interrupt(1);
        }
        assert!(!held.has_failed());
    }

    #[test]
    fn who_brings_nothing_is_given_up() {
        let mut held = held(1);
        for _ in 0..1000 {
            held.note_interrupt(1);
        }
        assert!(held.has_failed());
    }

    #[test]
    fn a_queue_is_there_if_the_cell_has_started_it() {
        let held = held(0b101);
        assert_eq!([0, 2].map(|queue| held.check(queue)), [Ok(()); 2]);
        for absent in [1, 3, 31] {
            assert_eq!(held.check(absent), Err(DriverError::Absent));
        }
    }

    #[test]
    fn a_cell_that_does_not_take_something_has_failed() {
        let mut held = held(1);
        assert_eq!(held.give(|| Ok(0)), Ok(()));
        for refusal in [1, AGAIN, -5, i64::MAX, i64::MIN] {
            assert_eq!(held.give(|| Ok(refusal)), Err(DriverError::Failed));
        }
    }

    #[test]
    fn what_fails_again_and_again_ends() {
        let mut calls = 0;
        let mut fail = || {
            calls += 1;
            Err::<(), _>(DriverError::Restarted)
        };
        assert_eq!(steadily(&mut fail), Err(DriverError::Failed));
        assert_eq!(calls, TRIES);
        let mut answers = [Err(DriverError::Restarted), Ok(7)].into_iter();
        assert_eq!(steadily(|| answers.next().expect("one is enough")), Ok(7));
    }

    #[test]
    fn after_a_fault_nobody_is_called() {
        let mut held = held(1);
        assert_eq!(held.call(|| Ok(1)), Ok(1));
        assert_eq!(held.call(|| Err(Faulted)), Err(DriverError::Failed));
        let mut calls = 0;
        let reply = held.call(|| {
            calls += 1;
            Ok(1)
        });
        assert_eq!((reply, calls), (Err(DriverError::Failed), 0));
    }
}
