//! Tests of who has to forget what.

extern crate std;

use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;

const PAGES: Pages = Pages {
    start: 0x7000,
    count: 3,
};

fn running(cpus: u64) -> Shootdown {
    let shootdown = Shootdown::new();
    shootdown.running.store(cpus, SeqCst);
    shootdown
}

#[test]
fn whoever_runs_is_asked_and_answers_once() {
    let shootdown = running(0b1011);
    assert_eq!(shootdown.ask(0, PAGES), 0b1010);
    let mut forgotten = std::vec![];
    for cpu in [1, 2, 1] {
        shootdown.serve(cpu, |pages| forgotten.push((cpu, pages)));
    }
    assert!(!shootdown.is_answered());
    shootdown.serve(3, |pages| forgotten.push((3, pages)));
    assert!(shootdown.is_answered());
    assert_eq!(forgotten, [(1, PAGES), (3, PAGES)]);
}

#[test]
fn who_asks_waits_for_every_answer() {
    let shootdown = running(0b111);
    shootdown.ask(0, PAGES);
    let next = AtomicU64::new(1);
    shootdown.wait(|| shootdown.serve(next.fetch_add(1, Relaxed), |_| ()));
    assert!(shootdown.is_answered());
    assert_eq!(next.load(Relaxed), 3, "two were asked");
}

#[test]
fn who_sleeps_is_not_waited_for_and_forgets_when_it_wakes() {
    let shootdown = running(0b111);
    shootdown.asleep.store(0b010, SeqCst);
    assert_eq!(shootdown.ask(0, PAGES), 0b100);
    assert!(shootdown.wake(1));
    shootdown.asleep.store(0b010, SeqCst);
    assert!(!shootdown.wake(1), "it has missed nothing since");
}

/// Each round changes a value that the other CPU keeps a copy of; after the
/// change is known everywhere, the copy must not be used.
#[test]
fn nobody_uses_what_it_should_have_forgotten() {
    const ROUNDS: u64 = 20_000;
    let shootdown = running(0b11);
    let (value, copy) = (AtomicU64::new(0), AtomicU64::new(0));
    let least = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);
    let (shootdown, value, copy, least, is_over) =
        (&shootdown, &value, &copy, &least, &is_over);
    thread::scope(|scope| {
        scope.spawn(move || {
            let forget = |_: Pages| copy.store(value.load(SeqCst), SeqCst);
            while !is_over.load(SeqCst) {
                let needed = least.load(SeqCst);
                shootdown.serve(1, forget);
                // In ring 3: `needed` was known to all before.
                assert!(copy.load(SeqCst) >= needed);
                shootdown.asleep.fetch_or(0b10, SeqCst);
                shootdown.serve(1, forget);
                if shootdown.wake(1) {
                    forget(PAGES);
                }
            }
        });
        for round in 1..ROUNDS {
            value.store(round, SeqCst);
            shootdown.ask(0, PAGES);
            shootdown.wait(|| ());
            least.store(round, SeqCst);
        }
        is_over.store(true, SeqCst);
    });
}

#[test]
fn who_is_asked_forgets_before_it_answers() {
    let shootdown = running(0b11);
    shootdown.ask(0, PAGES);
    shootdown.serve(1, |_| assert!(!shootdown.is_answered()));
    assert!(shootdown.is_answered());
}

#[test]
fn who_has_woken_is_asked_again() {
    let shootdown = running(0b11);
    shootdown.begin_sleep(1);
    assert_eq!(shootdown.ask(0, PAGES), 0);
    assert!(shootdown.wake(1));
    assert_eq!(shootdown.ask(0, PAGES), 0b10);
}

#[test]
fn who_wakes_while_sleepers_are_marked_is_asked_all_the_same() {
    let shootdown = running(0b11);
    shootdown.begin_sleep(1);
    let sleepers = shootdown.sleepers(0);
    assert!(!shootdown.wake(1), "nobody has marked it yet");
    shootdown.mark(sleepers);
    assert_eq!(shootdown.awake(0, sleepers), 0b10);
}
