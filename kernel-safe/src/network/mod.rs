//! The network, between the cells `nic` and `net`.
//!
//! Neither cell calls the other, and each alleges what it does; this module calls both
//! and knows who has what.
//!
//! | module | holds |
//! |---|---|
//! | [`hold`], `state` | who may call `net`, and what he knows |
//! | [`pump`], `batch` | the way of frames, and who works |
//! | `awaited` | who will write something soon, so that it goes with that of others |
//! | [`ledger`] | who has which buffer |
//! | [`slot`], [`side`] | a socket's number, and its window without a call |
//! | `dirty` | of which windows `net` has to hear |
//! | [`sockets`], [`streams`], `numbers`, [`record`] | what sockets ask, and what is told again |
//! | [`windows`], [`sizes`], `spares` | windows: numbers, pages, a stock for whoever comes |
//! | `resume` | cells that are started anew, or given up |
//! | `alarm`, [`setting`] | when to work, and which address there is |
//!
//! Locks are taken in this order: the cell `net`, its state, the cell `nic`; then one of
//! a record, a side of a window, the list of dirty ones, the alarm, a place to wait. None
//! but the first three is held over a call.

mod alarm;
pub(crate) mod awaited;
mod batch;
mod dirty;
pub mod hold;
pub mod ledger;
mod numbers;
pub mod pump;
pub mod record;
mod resume;
pub mod setting;
pub mod side;
pub mod sizes;
pub mod slot;
pub mod sockets;
mod spares;
mod state;
pub mod streams;
pub mod windows;

use gate::clock;

use self::awaited::LEFT_NS;
use self::hold::Hold;
use self::pump::{Begin, wants_work};
use crate::drivers::Nic;
use crate::schedule::alarm::NEVER;

/// The least time until the timer fires again for work that is due, and was not done.
const AGAIN_NS: u64 = 1_000_000;
/// How often whoever is about to sleep works before he does.
const ATTEND_MAX: u32 = 4;

/// Begins to take part in a network, if there is a card.
pub fn start() {
    if Nic::is_there() {
        let mut hold = Hold::lock();
        hold.begin_card();
        hold.work(Begin::Stack);
    }
}

/// Serves the interrupts of network cards among `devices`, a bit for each.
pub fn on_devices(devices: u64) {
    if devices & Nic::devices() == 0 {
        return;
    }
    let Some(mut hold) = Hold::try_lock() else {
        return;
    };
    if pump::has_card() {
        hold.work(Begin::Card);
        let ns = clock::monotonic_ns().saturating_sub(hold.state.now);
        hold.note_interrupt(ns);
    }
}

/// Whoever held the network let go of it while others came.
pub fn on_note() {
    if let Some(mut hold) = Hold::try_lock() {
        hold.work(begin());
    }
}

/// A cell has failed: whoever waits is told.
pub fn on_failure() {
    on_note();
}

/// The timer of this CPU has fired: works, if it is time. When it has to fire again.
pub fn on_timer() -> u64 {
    let Some(deadline) = alarm::look() else {
        return NEVER;
    };
    let now = clock::monotonic_ns();
    // DEFENCE: an-early-look-puts-nothing-off
    if deadline > now {
        return alarm::keep(now);
    }
    // DEFENCE: awaited-for-a-while
    awaited::forget();
    on_note();
    alarm::keep(now.saturating_add(AGAIN_NS))
}

/// Does what is left to be done before this CPU halts. Whether there is still something.
pub fn settle() -> bool {
    // DEFENCE: an-idle-cpu-awaits-nobody
    awaited::forget();
    if !wants_work() {
        return false;
    }
    let Some(mut hold) = Hold::try_lock() else {
        return false;
    };
    hold.work(begin());
    wants_work()
}

/// Sees to it that the network goes on while the caller sleeps; whether there was
/// something to do. He looks again then. The last does so of those who were woken together.
#[inline]
pub fn attend() -> bool {
    let wants = wants_work() && !awaited::are_there();
    if wants {
        Hold::lock().work(begin());
    }
    wants
}

/// The same for whoever finds no room to write: when what he left was heard of there may be
/// some, at the front of the ring.
#[inline]
pub fn attend_to_room() -> bool {
    // DEFENCE: room-is-at-the-front
    if pump::is_left() {
        awaited::forget();
    }
    attend()
}

/// Whoever was woken is back, and may write.
#[inline]
pub fn arrive() {
    awaited::arrive();
}

/// Has what was left leave, before the machine ends.
pub fn flush() {
    // DEFENCE: nothing-is-left-at-the-end
    if pump::is_left() {
        Hold::lock().work(Begin::Stack);
    }
}

/// Leaves what was written to those who were woken with the caller; false if there are none.
#[inline]
pub fn leave() -> bool {
    let is_left = awaited::are_there();
    if is_left && pump::leave() {
        // DEFENCE: left-has-an-end
        alarm::advance(clock::monotonic_ns().saturating_add(LEFT_NS));
    }
    is_left
}

/// A window of `net` tells what cannot be: it is started anew.
#[cold]
#[inline(never)]
pub fn convict() {
    let mut hold = Hold::lock();
    hold.net.convict("it told of bytes outside of a window");
    hold.catch_up();
}

/// The same for whoever looks at many things: `times` counts how often he did so in a row.
/// A network that is never done, as under a flood or by a cell that lies, keeps nobody from
/// sleeping, nor from his deadline.
#[inline]
pub fn attend_a_few(times: &mut u32) -> bool {
    // DEFENCE: attended-a-few-times
    let is_enough = *times >= ATTEND_MAX;
    *times = if is_enough {
        0
    } else {
        times.saturating_add(1)
    };
    !is_enough && attend()
}

/// Gives memory back that is kept for sockets; whether there was some.
pub fn trim() -> bool {
    Hold::lock().trim()
}

/// Begins anew, for the next test that plays cells.
#[cfg(test)]
pub(crate) fn reset() {
    Hold::reset();
    dirty::forget();
    pump::set_card(false);
    pump::forget();
    awaited::forget();
    setting::unsettle();
    alarm::set(NEVER);
}

fn begin() -> Begin {
    match pump::has_card() {
        true => Begin::Card,
        false => Begin::Stack,
    }
}

impl Hold {
    fn trim(&mut self) -> bool {
        self.state.windows.trim(u64::MAX) > 0
    }

    fn note_interrupt(&mut self, ns: u64) {
        Nic::lock().note_interrupt(ns);
    }
}
