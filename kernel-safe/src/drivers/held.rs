//! How a cell is called by whoever holds it.

use domains::Cell;
use domains::device::{Kind, Roles};
use gate::cell::Faulted;
use gate::info;

use super::console;
use super::handle::Held;
use crate::report;

/// Why a device did not do what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DriverError {
    /// The machine has no such device.
    Absent,
    /// Its cell was given up.
    Failed,
    /// Its cell faulted or lied, and was started anew: to be tried once more.
    Restarted,
}

/// How often something is tried, whatever the limit, that has a cell started anew
/// each time: it may take as long as a hang lasts.
pub const TRIES: u32 = 4;

/// Nothing has come back yet.
pub(super) const AGAIN: i64 = -11;

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

/// The queues that a cell may have started, a bit for each: those of its devices. On the
/// host, where tests run, there are none.
fn possible_queues(cell: Cell) -> i64 {
    if !info::has_cells() {
        return i64::MAX;
    }
    let roles = Roles::new(&info::boot().devices);
    match cell.drives() {
        [] => 0,
        [Kind::Network, ..] => i64::from(roles.network.is_some()),
        [Kind::Console | Kind::Entropy, ..] => console::possible_queues(&roles),
        [Kind::Ninep | Kind::FileSystem, ..] => {
            let volumes = roles.volumes.iter().flatten();
            volumes.enumerate().map(|(number, _)| 1 << number).sum()
        }
    }
}

impl Held<'_> {
    /// Has it start its devices.
    pub(super) fn start(&mut self) {
        if self.begin() == Err(Faulted) {
            // Started anew, it has its queues, or it was given up.
            self.fail();
        }
    }

    /// Makes the call that starts its devices, and notes which queues there are.
    pub(super) fn begin(&mut self) -> Result<(), Faulted> {
        let queues = self.call_start()?;
        // DEFENCE: queues-that-can-be
        if queues & !possible_queues(self.cell()) != 0 {
            let title = self.cell().title();
            report::say(format_args!(
                "{title}: it says that it has what it cannot have"
            ));
            return Err(Faulted);
        }
        self.state.queues = queues;
        Ok(())
    }

    fn call_start(&mut self) -> Result<i64, Faulted> {
        let cell = self.cell();
        #[cfg(feature = "test-hooks")]
        if let Some(forged) = self.state.injector.misbehave_at_start(cell)? {
            return Ok(forged);
        }
        gate::cell::start(cell)
    }

    /// Whether it has started a queue.
    pub(super) fn check(&self, queue: u32) -> Result<(), DriverError> {
        match self.state.queues >> (queue & 31) & 1 {
            _ if self.has_failed() => Err(DriverError::Failed),
            0 => Err(DriverError::Absent),
            _ => Ok(()),
        }
    }

    /// How much has come back by a queue since it was started.
    pub(super) fn come_by(&self, queue: u32) -> u16 {
        let taken = self.state.taken.get(queue as usize);
        taken.copied().unwrap_or(0)
    }

    /// Makes a call, unless it was given up before.
    pub(super) fn call(
        &mut self,
        call: impl FnOnce() -> Result<i64, Faulted>,
    ) -> Result<i64, DriverError> {
        if self.has_failed() {
            return Err(DriverError::Failed);
        }
        #[cfg(feature = "test-hooks")]
        if let Some(forged) = self.misbehave()? {
            return Ok(forged);
        }
        call().map_err(|Faulted| self.fail())
    }

    /// Judges the answer to a call that gave a device something.
    pub(super) fn taken(&mut self, answer: i64) -> Result<(), DriverError> {
        match answer {
            0 => Ok(()),
            _ => Err(self.convict("it did not take what it was given")),
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
            _ => Err(self.convict("it answered a look with an error")),
        }
    }

    /// Takes note of so much that has come back.
    pub(super) fn note_brought(&mut self, count: usize) {
        self.state.come = self.state.come.wrapping_add(count as u64);
    }

    fn note_come(&mut self, queue: u32) {
        self.state.come = self.state.come.wrapping_add(1);
        if let Some(taken) = self.state.taken.get_mut(queue as usize) {
            *taken = taken.wrapping_add(1);
        }
    }

    /// What it has just brought by a queue cannot be: that does not count, or what the
    /// device has really done would be overlooked.
    #[cold]
    #[inline(never)]
    pub(super) fn convict_of(&mut self, queue: u32, why: &str) -> DriverError {
        if let Some(taken) = self.state.taken.get_mut(queue as usize) {
            // DEFENCE: lies-not-counted
            *taken = taken.wrapping_sub(1);
        }
        self.convict(why)
    }

    /// Takes note that an interrupt of its devices was served in `ns`. Too many
    /// that have brought nothing are a failure.
    pub(super) fn note_interrupt(&mut self, ns: u64) {
        let come = self.state.come;
        if self.state.storm.note(come, ns) {
            self.convict("its devices interrupt for nothing");
        }
    }

    /// It has said what cannot be: starts it anew, like one that has faulted.
    #[cold]
    #[inline(never)]
    pub(super) fn convict(&mut self, why: &str) -> DriverError {
        if self.has_failed() {
            return DriverError::Failed;
        }
        report::say(format_args!("{}: {why}", self.cell().title()));
        self.fail()
    }

    /// Has the cell do what the options of this run say; the answer that it gives in
    /// place of a true one, if that is what it does.
    #[cfg(feature = "test-hooks")]
    fn misbehave(&mut self) -> Result<Option<i64>, DriverError> {
        let cell = self.cell();
        let done = self.state.injector.misbehave(cell);
        done.map_err(|Faulted| self.fail())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::handle::Handle;

    /// Runs `test` with a cell that has started these queues.
    fn with<T>(queues: i64, test: impl FnOnce(&mut Held<'_>) -> T) -> T {
        let _off = gate::played::keep_off();
        let handle = Handle::new(Cell::Hostfs);
        let mut held = handle.lock();
        held.state.queues = queues;
        test(&mut held)
    }

    #[test]
    fn a_word_is_a_slot_and_a_size_or_says_why_not() {
        let look = |word| with(1, |held| held.look(0, || Ok(word)));
        assert_eq!(look(3 << 32 | 7), Ok(Some((3, 7))));
        assert_eq!(look(AGAIN), Ok(None));
        assert_eq!(look(-5), Err(DriverError::Failed));
    }

    /// Whoever brings something may interrupt as often as he likes.
    #[test]
    fn what_has_come_back_is_counted() {
        with(1, |held| {
            for _ in 0..1000 {
                assert_eq!(held.look(0, || Ok(0)), Ok(Some((0, 0))));
                held.note_interrupt(1);
            }
            assert!(!held.has_failed());
        });
    }

    #[test]
    fn who_brings_nothing_is_given_up() {
        with(1, |held| {
            (0..1000).for_each(|_| held.note_interrupt(1));
            assert!(held.has_failed());
        });
    }

    #[test]
    fn a_queue_is_there_if_the_cell_has_started_it() {
        with(0b101, |held| {
            assert_eq!([0, 2].map(|queue| held.check(queue)), [Ok(()); 2]);
            for absent in [1, 3, 31] {
                assert_eq!(held.check(absent), Err(DriverError::Absent));
            }
        });
    }

    #[test]
    fn a_cell_that_does_not_take_something_has_failed() {
        assert_eq!(with(1, |held| held.taken(0)), Ok(()));
        for refusal in [1, AGAIN, -5, i64::MAX, i64::MIN] {
            let taken = with(1, |held| held.taken(refusal));
            assert_eq!(taken, Err(DriverError::Failed));
        }
    }

    #[test]
    fn what_cannot_be_is_not_counted() {
        with(1, |held| {
            assert_eq!(held.look(0, || Ok(0)), Ok(Some((0, 0))));
            assert_eq!(held.look(0, || Ok(5 << 32)), Ok(Some((5, 0))));
            assert_eq!(held.come_by(0), 2);
            held.convict_of(0, "a lie");
            assert_eq!(held.come_by(0), 1);
        });
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
        let next = || answers.next().expect("one is enough");
        assert_eq!(steadily(next), Ok(7));
    }

    #[test]
    fn after_a_fault_nobody_is_called() {
        with(1, |held| {
            assert_eq!(held.call(|| Ok(1)), Ok(1));
            assert_eq!(held.call(|| Err(Faulted)), Err(DriverError::Failed));
            let mut calls = 0;
            let reply = held.call(|| {
                calls += 1;
                Ok(1)
            });
            assert_eq!((reply, calls), (Err(DriverError::Failed), 0));
        });
    }
}
