//! What the safe kernel knows of a cell, and who may call it.
//!
//! One holds a cell at a time, and whoever wants it waits. Who serves interrupts
//! does not: he only tries, and leaves to the holder what he came for. So a cell
//! that takes long keeps nobody waiting who does not use it.

use domains::Cell;
use domains::cpu_page::pending;
use gate::{cpu, info};

#[cfg(feature = "test-hooks")]
use super::injector::Injector;
use super::restarts::Restarts;
use super::storm::Storm;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering};

/// The most queues of a cell.
pub(super) const QUEUES_MAX: usize = 8;

/// A cell, which one caller holds at a time. Whether it was given up, and how often
/// it was started anew, is known without holding it.
#[derive(Debug)]
pub(super) struct Handle {
    pub(super) cell: Cell,
    has_failed: AtomicBool,
    generation: AtomicU32,
    /// Devices whose interrupts came while somebody held it, a bit for each.
    missed: AtomicU64,
    state: Mutex<State>,
}

/// A cell that the caller holds.
#[derive(Debug)]
pub(super) struct Held<'a> {
    handle: &'a Handle,
    // The order counts: what was missed is looked at when the lock is free.
    pub(super) state: MutexGuard<'a, State>,
    _missed: Missed<'a>,
}

/// What only whoever holds a cell looks at.
#[derive(Debug)]
pub(super) struct State {
    /// The queues that there are, a bit for each.
    pub(super) queues: i64,
    pub(super) restarts: Restarts,
    /// How much has come back by each queue since the cell was started.
    pub(super) taken: [u16; QUEUES_MAX],
    /// How much has come back from its devices, all in all.
    pub(super) come: u64,
    pub(super) storm: Storm,
    #[cfg(feature = "test-hooks")]
    pub(super) injector: Injector,
}

impl Handle {
    /// That of `cell`, which has not started.
    pub(super) const fn new(cell: Cell) -> Handle {
        Handle {
            cell,
            has_failed: AtomicBool::new(false),
            generation: AtomicU32::new(0),
            missed: AtomicU64::new(0),
            state: Mutex::new(State::NEW),
        }
    }

    /// Whose it is.
    pub(super) const fn cell(&self) -> Cell {
        self.cell
    }

    /// Whether it was given up, and is not called any more.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// How often it was started anew.
    pub(super) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    /// Holds the cell; waits while another does.
    pub(super) fn lock(&self) -> Held<'_> {
        self.hold(self.state.lock())
    }

    /// Holds the cell to serve the interrupts of `devices`, a bit for each. If
    /// another holds it, the CPU that lets go of it has them served.
    pub(super) fn try_lock(&self, devices: u64) -> Option<Held<'_>> {
        // Noted first: the holder may let go at any time.
        // DEFENCE: missed-noted
        self.missed.fetch_or(devices, Ordering::SeqCst);
        // DEFENCE: events-only-try
        let state = self.state.try_lock()?;
        self.missed.fetch_and(!devices, Ordering::SeqCst);
        Some(self.hold(state))
    }

    fn hold<'a>(&'a self, state: MutexGuard<'a, State>) -> Held<'a> {
        Held {
            handle: self,
            state,
            _missed: Missed(&self.missed),
        }
    }
}

#[cfg(test)]
impl Handle {
    /// Begins anew, for the next test.
    pub(super) fn reset(&self) {
        *self.state.lock() = State::NEW;
        self.has_failed.store(false, Ordering::Release);
        self.generation.store(0, Ordering::Release);
    }
}

impl Held<'_> {
    /// Whose it is.
    pub(super) const fn cell(&self) -> Cell {
        self.handle.cell
    }

    /// Whether it was given up, and is not called any more.
    pub(super) fn has_failed(&self) -> bool {
        self.handle.has_failed()
    }

    /// How often it was started anew.
    pub(super) fn generation(&self) -> u32 {
        self.handle.generation()
    }

    /// From here on nobody calls it any more.
    pub(super) fn give_up(&self) {
        self.handle.has_failed.store(true, Ordering::Release);
    }

    /// What the cell and its devices knew, they know no more.
    pub(super) fn forget(&mut self) {
        // DEFENCE: new-start-new-generation
        self.handle.generation.fetch_add(1, Ordering::AcqRel);
        // DEFENCE: new-start-new-count
        self.state.taken = [0; QUEUES_MAX];
        // DEFENCE: storm-of-one-life
        self.state.storm = Storm::new();
    }
}

impl State {
    const NEW: State = State {
        queues: 0,
        restarts: Restarts::new(),
        taken: [0; QUEUES_MAX],
        come: 0,
        storm: Storm::new(),
        #[cfg(feature = "test-hooks")]
        injector: Injector::new(),
    };
}

/// Notes, as it goes, what came while the cell was held.
#[derive(Debug)]
struct Missed<'a>(&'a AtomicU64);

impl Drop for Missed<'_> {
    fn drop(&mut self) {
        // DEFENCE: missed-looked-at
        let missed = self.0.swap(0, Ordering::SeqCst);
        if missed != 0 {
            note(missed);
        }
    }
}

/// Has this CPU serve the interrupts of `devices` before it leaves the kernel. On the
/// host, where tests run, there is no page to note them on.
#[cold]
#[inline(never)]
fn note(devices: u64) {
    if info::has_cells() {
        cpu::note_pending(pending::of_devices(devices));
    }
}

#[cfg(test)]
mod orders;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_serves_events_does_not_wait_for_a_holder() {
        let _off = gate::played::keep_off();
        let handle = Handle::new(Cell::Hostfs);
        let held = handle.lock();
        assert!(handle.try_lock(0b100).is_none());
        assert!(handle.try_lock(0b001).is_none());
        assert_eq!(handle.missed.load(Ordering::SeqCst), 0b101);
        drop(held);
        assert_eq!(handle.missed.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn what_is_served_was_not_missed() {
        let _off = gate::played::keep_off();
        let handle = Handle::new(Cell::Hostfs);
        handle.missed.store(0b11, Ordering::SeqCst);
        let held = handle.try_lock(0b101).expect("nobody holds it");
        assert_eq!(handle.missed.load(Ordering::SeqCst), 0b10);
        drop(held);
    }

    /// Its devices have other rings then, and their servers know nothing.
    #[test]
    fn a_cell_that_is_started_anew_has_brought_nothing() {
        let _off = gate::played::keep_off();
        let handle = Handle::new(Cell::Hostfs);
        let mut held = handle.lock();
        held.state.taken = [7; QUEUES_MAX];
        (0..99).for_each(|_| held.note_interrupt(1));
        held.forget();
        assert_eq!(held.state.taken, [0; QUEUES_MAX]);
        assert_eq!(held.generation(), 1);
        (0..99).for_each(|_| held.note_interrupt(1));
        assert!(!held.has_failed(), "no interrupt is its own yet");
    }
}
