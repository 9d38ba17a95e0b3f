//! Every order in which threads fall asleep, are woken and run out of time.
//!
//! The threads of the model are threads of this kernel: what they call is all real, down
//! to the queue in which a woken thread waits for its turn. Who is never woken is
//! reported, and so is who is woken twice: then one stands in the queue who runs.

extern crate std;

use std::sync::Arc;

use gate::played::{self, Nobody, Play};
use models::{Found, Model, Scenario};

use super::turn::Turn;
use super::*;
use crate::schedule::fake as kernel;
use crate::sync::{AtomicBool, AtomicUsize, Ordering};

/// What a waker may do wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Care {
    Full,
    /// Wakes, and changes what is waited for afterwards.
    WakesFirst,
}

/// Something that is waited for.
struct Thing {
    place: Place,
    has_come: AtomicBool,
}

impl Thing {
    fn new() -> Arc<Thing> {
        Arc::new(Thing {
            place: Place::new(),
            has_come: AtomicBool::new(false),
        })
    }

    /// Waits as whoever blocks does: looks, sleeps, looks again.
    fn await_it(&self, own: ThreadRef) {
        kernel::live_as(own);
        loop {
            match self.place.wait(NEVER, || self.check()) {
                Err(Errno::Again) => break,
                other => assert_eq!(other, Ok(Outcome::Woken)),
            }
        }
    }

    fn check(&self) -> Result<(), Errno> {
        match self.has_come.load(Ordering::Relaxed) {
            true => Err(Errno::Again),
            false => Ok(()),
        }
    }

    fn come(&self, care: Care) {
        if care == Care::WakesFirst {
            self.place.wake(usize::MAX);
        }
        self.has_come.store(true, Ordering::Relaxed);
        if care == Care::Full {
            self.place.wake(usize::MAX);
        }
    }
}

fn begin() -> Play {
    let play = played::begin(std::boxed::Box::new(Nobody));
    kernel::reset();
    play
}

fn look_behind() {
    assert_eq!(kernel::left(), 0, "somebody was made ready twice");
}

/// One thread waits for what another, or an interrupt, brings.
fn one_waits(model: Model, care: Care) -> Result<usize, Found> {
    let _play = begin();
    let own = kernel::thread();
    model.explore(|| {
        let thing = Thing::new();
        let waker = Arc::clone(&thing);
        let scenario = Scenario::new().thread(move || thing.await_it(own));
        scenario.thread(move || waker.come(care)).last(look_behind)
    })
}

#[test]
fn no_order_loses_a_wake_up() {
    let orders = one_waits(Model::new(2).deeper_in_full(), Care::Full);
    assert!(orders.expect("it is woken") > 300);
}

#[test]
fn who_wakes_before_it_changes_is_caught() {
    let found = one_waits(Model::new(2), Care::WakesFirst);
    found.expect_err("it sleeps").says("wait for ever");
}

/// Of a wake-up and a deadline exactly one ends a sleep.
#[test]
fn no_order_ends_a_sleep_twice() {
    let _play = begin();
    let own = kernel::thread();
    let orders = Model::new(1).deeper_in_full().explore(|| {
        let place = Arc::new(Place::new());
        let (sleeper, waker) = (Arc::clone(&place), place);
        let ends = Arc::new(AtomicUsize::new(0));
        let (woken, timed_out) = (Arc::clone(&ends), Arc::clone(&ends));
        let is_time = move |ends: &AtomicUsize| {
            models::wait_until(|| own.is_asleep() || ends.load(Ordering::SeqCst) > 0);
        };
        let scenario = Scenario::new().thread(move || {
            kernel::live_as(own);
            let outcome = sleeper.wait(NEVER, || Ok(()));
            assert!(outcome.is_ok());
        });
        let scenario = scenario.thread(move || {
            is_time(&woken);
            woken.fetch_add(waker.wake(1), Ordering::SeqCst);
        });
        let scenario = scenario.thread(move || {
            is_time(&timed_out);
            timed_out.fetch_add(kernel::time_out(own).into(), Ordering::SeqCst);
        });
        scenario.last(move || {
            assert_eq!(ends.load(Ordering::SeqCst), 1);
            look_behind();
        })
    });
    assert!(orders.expect("one of both") > 300);
}

/// Two threads take the turn, one after the other, and none sleeps for ever.
#[test]
fn no_order_gives_a_turn_to_two_or_to_nobody() {
    let _play = begin();
    let threads = [kernel::thread(), kernel::thread()];
    let orders = Model::new(2).deeper_in_full().explore(|| {
        let turn = Arc::new((Turn::new(), AtomicUsize::new(0)));
        let take = |own: ThreadRef| {
            let turn = Arc::clone(&turn);
            move || {
                kernel::live_as(own);
                let taken = turn.0.take().expect("there is memory");
                assert_eq!(turn.1.fetch_add(1, Ordering::SeqCst), 0);
                turn.1.fetch_sub(1, Ordering::SeqCst);
                drop(taken);
            }
        };
        let [first, second] = threads.map(take);
        let scenario = Scenario::new().thread(first).thread(second);
        scenario.last(look_behind)
    });
    assert!(orders.expect("a turn is given back") > 100);
}
