//! Holding the network: the one who may call `net`, and change what is known.
//!
//! One holds it at a time. Whoever serves events only tries, and leaves a note to the
//! holder, who has this CPU look behind when he lets go. Whoever takes hold finds out
//! first whether a cell has been started anew.

use core::sync::atomic::{AtomicBool, Ordering};

use domains::cpu_page::pending;
use gate::{cpu, info};
use spin::{Mutex, MutexGuard};

use super::state::State;
use crate::drivers::{Net, TRIES, Trouble};
use crate::errno::Errno;

static STATE: Mutex<State> = Mutex::new(State::NEW);

/// Whether somebody came for the network in vain.
static IS_WANTED: AtomicBool = AtomicBool::new(false);

/// The network, in one caller's hands.
#[derive(Debug)]
pub struct Hold {
    // The order counts: what was wanted is looked at when both locks are free.
    pub(super) state: MutexGuard<'static, State>,
    pub(super) net: Net,
    _wanted: Wanted,
}

impl Hold {
    /// Holds the network; waits while another does.
    pub fn lock() -> Hold {
        Hold::with(Net::lock())
    }

    /// Holds the network, if nobody does. If another holds it, the CPU that lets go of it
    /// looks behind.
    pub(super) fn try_lock() -> Option<Hold> {
        // Noted first: the holder may let go at any time.
        IS_WANTED.store(true, Ordering::SeqCst);
        let net = Net::try_lock()?;
        IS_WANTED.store(false, Ordering::SeqCst);
        Some(Hold::with(net))
    }

    fn with(net: Net) -> Hold {
        let mut hold = Hold {
            state: STATE.lock(),
            net,
            _wanted: Wanted,
        };
        hold.catch_up();
        hold
    }

    /// Does what `call` does, once more if a cell was started anew meanwhile, or `net`
    /// needed memory and was given some.
    ///
    /// # Errors
    ///
    /// What it says at last.
    pub(super) fn steadily<T>(
        &mut self,
        mut call: impl FnMut(&mut Hold) -> Result<T, Trouble>,
    ) -> Result<T, Errno> {
        let mut restarts = 0;
        // Its heap grows in few steps.
        loop {
            match call(self) {
                Err(Trouble::Restarted) if restarts < TRIES => {
                    restarts = restarts.saturating_add(1);
                    self.catch_up();
                }
                Err(Trouble::Refused(Errno::NoBuffers)) if self.grow() => {}
                done => return done.map_err(Errno::from),
            }
        }
    }
}

#[cfg(test)]
impl Hold {
    /// Forgets all, for the next test.
    pub(super) fn reset() {
        *STATE.lock() = State::NEW;
        IS_WANTED.store(false, Ordering::SeqCst);
    }
}

/// Looks, as the network is let go of, whether somebody came in vain.
#[derive(Debug)]
struct Wanted;

impl Drop for Wanted {
    fn drop(&mut self) {
        // DEFENCE: network-looked-at
        if IS_WANTED.swap(false, Ordering::SeqCst) {
            note();
        }
    }
}

/// Has this CPU look before it leaves the kernel.
#[cold]
#[inline(never)]
fn note() {
    if info::has_cells() {
        cpu::note_pending(pending::NETWORK);
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use gate::played::{self, Nobody};

    use super::*;

    #[test]
    fn who_lets_go_looks_for_who_came_in_vain() {
        let _play = played::begin(Box::new(Nobody));
        crate::network::reset();
        crate::drivers::reset();
        cpu::take_pending();
        let hold = Hold::lock();
        assert!(Hold::try_lock().is_none());
        assert_eq!(cpu::pending(), 0);
        drop(hold);
        assert_eq!(cpu::take_pending(), pending::NETWORK);
        drop(Hold::try_lock().expect("nobody holds it"));
        assert_eq!(cpu::pending(), 0, "nobody came");
    }
}
