//! Two threads that hand a number back and forth.
//!
//! By channels that hold nothing, so that each message is a meeting: one
//! thread sleeps, the other wakes it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::{Check, Class};

pub(crate) fn run(class: Class) -> Vec<Check> {
    let rounds = match class {
        Class::S => 20_000,
        Class::W => 100_000,
        Class::A => 1_000_000,
    };
    let (there, arriving) = sync_channel(0);
    let (back, returned) = sync_channel(0);
    let other = thread::spawn(move || answer(&arriving, &back));
    let last = play(rounds, &there, &returned);
    drop(there);
    let answered = other.join().unwrap_or(0);
    vec![
        Check::exact("the number after all rounds", last, 2 * rounds),
        Check::exact("answers", answered, rounds),
    ]
}

/// Sends a number and goes on with the one that comes back.
fn play(rounds: i64, there: &SyncSender<i64>, returned: &Receiver<i64>) -> i64 {
    (0..rounds).fold(0, |number, _| {
        let sent = there.send(number + 1);
        sent.and_then(|()| returned.recv().map_err(|_| std::sync::mpsc::SendError(0)))
            .unwrap_or(number)
    })
}

/// Sends back each number, increased, until nobody plays; how many.
fn answer(arriving: &Receiver<i64>, back: &SyncSender<i64>) -> i64 {
    let answered = arriving.iter().map(|number| back.send(number + 1).is_ok());
    answered.filter(|is_taken| *is_taken).count() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn no_number_is_lost() {
        assert!(failures(&run(Class::S)).is_empty());
    }
}
