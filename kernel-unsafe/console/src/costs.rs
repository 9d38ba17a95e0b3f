//! What a call to publish takes, in ticks, for the benchmark of gates.
//!
//! Only drivers can make that call, so it is timed here. The device is the
//! console for errors, which nobody uses meanwhile. It takes what it is sent when
//! the host has time, and is waited for outside of what is timed.

use gate::clock;
use gate::view::View;
use kernel_unsafe::{Patience, Refused, Requests};

/// Which console the requests are for.
const ERRORS: usize = 1;

/// The ticks of a call that publishes `entries` requests of one descriptor each,
/// and of the next one, which has nothing but their completions to see.
pub(crate) fn of_publishing(queue: &mut Requests, entries: usize) -> Result<[i64; 2], Refused> {
    // What an earlier call has not waited for.
    while queue.poll().is_ok() {}
    for slot in 0..entries {
        queue.add(slot, View::output(ERRORS).address() + slot, 1, 0)?;
    }
    let first = ticks_of_publish(queue)?;
    for _ in 0..entries {
        wait(queue)?;
    }
    Ok([first, ticks_of_publish(queue)?])
}

/// Waits for a request to come back.
fn wait(queue: &mut Requests) -> Result<(), Refused> {
    let come = || match queue.poll() {
        Err(Refused::Busy) => None,
        come => Some(come),
    };
    let come = Patience::new().wait(come).unwrap_or(Err(Refused::Busy));
    come.map(|_| ())
}

/// The ticks of one call, less those of measuring.
fn ticks_of_publish(queue: &mut Requests) -> Result<i64, Refused> {
    let start = clock::ticks();
    let middle = clock::ticks();
    queue.publish()?;
    let end = clock::ticks();
    let measuring = middle.wrapping_sub(start);
    Ok(end.wrapping_sub(middle).wrapping_sub(measuring) as i64)
}
