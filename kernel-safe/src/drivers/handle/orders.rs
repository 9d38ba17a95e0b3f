//! Every order in which a cell is held, let go of and tried for an interrupt.
//!
//! Whoever serves an interrupt only tries to hold the cell. What he came for may be
//! left to the holder, but never to nobody.

extern crate std;

use std::boxed::Box;
use std::sync::Arc;

use gate::played::{self, Nobody};
use models::{Found, Model, Scenario};

use super::*;

const DEVICE: u64 = 0b100;

/// What whoever serves the interrupt may do wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Care {
    Full,
    /// He tries, and notes only then that he came in vain.
    NotesLast,
}

/// Serves the interrupt, or leaves it to the holder.
fn serve(handle: &Handle, served: &AtomicU64, care: Care) {
    if care == Care::Full {
        if let Some(held) = handle.try_lock(DEVICE) {
            served.fetch_or(DEVICE, Ordering::SeqCst);
            drop(held);
        }
        return;
    }
    let Some(state) = handle.state.try_lock() else {
        handle.missed.fetch_or(DEVICE, Ordering::SeqCst);
        return;
    };
    served.fetch_or(DEVICE, Ordering::SeqCst);
    drop(handle.hold(state));
}

/// Some hold the cell, and one serves an interrupt.
fn explore(model: Model, holders: usize, care: Care) -> Result<usize, Found> {
    let _play = played::begin(Box::new(Nobody));
    model.explore(|| {
        cpu::take_pending();
        let handle = Arc::new(Handle::new(Cell::Hostfs));
        let served = Arc::new(AtomicU64::new(0));
        let mut scenario = Scenario::new();
        for _ in 0..holders {
            let handle = Arc::clone(&handle);
            scenario = scenario.thread(move || drop(handle.lock()));
        }
        let seen = Arc::clone(&served);
        let scenario = scenario.thread(move || serve(&handle, &served, care));
        scenario.last(move || {
            let told = cpu::pending() & pending::of_devices(DEVICE);
            let served = seen.load(Ordering::SeqCst);
            assert!(told != 0 || served != 0, "an interrupt was forgotten");
        })
    })
}

#[test]
fn no_order_forgets_an_interrupt() {
    let orders = explore(Model::new(4).deeper_in_full(), 1, Care::Full);
    assert!(orders.expect("it is served") > 50);
}

#[test]
fn no_order_of_two_holders_forgets_an_interrupt() {
    let orders = explore(Model::new(3).deeper_in_full(), 2, Care::Full);
    assert!(orders.expect("it is served") > 500);
}

#[test]
fn who_notes_behind_his_try_is_caught() {
    let found = explore(Model::new(2), 1, Care::NotesLast);
    found
        .expect_err("nobody serves")
        .says("an interrupt was forgotten");
}
