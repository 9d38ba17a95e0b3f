//! Threads that wait for one another.

use std::sync::mpsc::sync_channel;
use std::sync::{Condvar, Mutex};
use std::thread;

use crate::count::{each, now};

pub const ROUNDS: u32 = 1000;

/// A thread that does nothing, from its making to its end.
pub fn spawn_and_join() -> f64 {
    each(|| thread::spawn(|| ()).join().expect("it does nothing"))
}

/// Two threads take turns: from one's turn to its next, two switches.
pub fn condition_variable() -> f64 {
    let (turn, changed) = (Mutex::new(0_u32), Condvar::new());
    let play = |parity| {
        for _ in 0..ROUNDS {
            let turn = turn.lock().expect("nobody panics");
            let not_mine = |turn: &mut u32| *turn % 2 != parity;
            let mut turn = changed.wait_while(turn, not_mine).expect("nobody panics");
            *turn += 1;
            changed.notify_one();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| play(1));
        per_round(|| play(0))
    })
}

/// A message through a channel that holds none: the sender meets the receiver.
pub fn rendezvous() -> f64 {
    let (sender, receiver) = sync_channel(0);
    thread::scope(|scope| {
        scope.spawn(move || receiver.iter().sum::<u32>());
        per_round(move || (0..ROUNDS).for_each(|n| sender.send(n).expect("it listens")))
    })
}

/// What a round takes, of [`ROUNDS`].
pub fn per_round(play: impl FnOnce()) -> f64 {
    let start = now();
    play();
    (now() - start) as f64 / f64::from(ROUNDS)
}
