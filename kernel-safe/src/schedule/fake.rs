//! Sleep without a machine: a thread of a model is a thread of this kernel.
//!
//! All of [`super::sleep`] and [`super::wake`] is the real code but the switch: the
//! host's thread waits until it was woken and stands in the queue of its CPU, and takes
//! itself out, as if that CPU had gone over to it.

extern crate std;

use core::cell::Cell;

use gate::memory::KernelStack;
use gate::switch::Context;

use super::cpu;
use crate::thread::{Outcome, ThreadRef};

std::thread_local! {
    static OWN: Cell<Option<ThreadRef>> = const { Cell::new(None) };
}

/// A thread that can be played, while cells are.
pub(crate) fn thread() -> ThreadRef {
    let context = || Ok(Context::running(KernelStack::map(0)?));
    ThreadRef::new(context).expect("there is memory")
}

/// Has this thread of the host play `thread`.
pub(crate) fn live_as(thread: ThreadRef) {
    OWN.with(|own| own.set(Some(thread)));
}

/// The thread that is played here.
pub(crate) fn current() -> Option<ThreadRef> {
    OWN.with(Cell::get)
}

/// Waits until `thread`, which is played here, was woken and has its turn.
pub(crate) fn await_turn(thread: ThreadRef) {
    if current() != Some(thread) {
        return;
    }
    models::wait_until(|| !thread.is_asleep());
    models::wait_until(|| cpu::FLEET.waiting(0) > 0 && take(thread));
}

/// Ends the sleep of `thread` as the timer does.
pub(crate) fn time_out(thread: ThreadRef) -> bool {
    let is_over = cpu::this().change(|_| thread.end_sleep(Outcome::TimedOut));
    if is_over {
        super::make_ready(thread);
    }
    is_over
}

/// Forgets whoever a test before has left ready.
pub(crate) fn reset() {
    cpu::this().change(|turns| while turns.give_up(|_| true).is_some() {});
}

/// How many were made ready and have not had their turn.
pub(crate) fn left() -> usize {
    cpu::this().look().waiting()
}

fn take(thread: ThreadRef) -> bool {
    let taken = cpu::this().change(|turns| turns.give_up(|other| other == thread));
    taken.is_some()
}
