//! What is known of memory and locks: the models must find it, and nothing else.

use std::sync::Arc;

use models::sync::{AtomicU32, AtomicUsize, Mutex, Ordering, fence};
use models::{Model, Scenario, Stores, wait_until};

/// Two CPUs each write their word and read the other's; whether both may see nothing.
fn both_see_nothing(stores: Stores, with_fence: bool) -> bool {
    let outcome = Model::new(2).with(stores).explore(move || {
        let words = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        let seen = Arc::new(AtomicU32::new(0));
        let cpu = |own: usize| {
            let (words, seen) = (Arc::clone(&words), Arc::clone(&seen));
            move || {
                words[own].store(1, Ordering::Release);
                if with_fence {
                    fence(Ordering::SeqCst);
                }
                seen.fetch_add(words[1 - own].load(Ordering::Acquire), Ordering::SeqCst);
            }
        };
        let scenario = Scenario::new().thread(cpu(0)).thread(cpu(1));
        scenario.last(move || assert_ne!(seen.load(Ordering::SeqCst), 0))
    });
    outcome.is_err()
}

#[test]
fn a_store_waits_behind_a_load_unless_a_fence_is_between() {
    assert!(both_see_nothing(Stores::Wait, false));
    assert!(!both_see_nothing(Stores::Wait, true));
    assert!(both_see_nothing(Stores::WaitAtFences, true));
    assert!(!both_see_nothing(Stores::Go, false));
}

/// Stores of one CPU are seen in their order.
#[test]
fn a_message_is_there_when_its_flag_is() {
    let orders = Model::new(3).explore(|| {
        let words = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        let (writer, reader) = (Arc::clone(&words), words);
        let scenario = Scenario::new().thread(move || {
            writer[0].store(7, Ordering::Relaxed);
            writer[1].store(1, Ordering::Release);
        });
        scenario.thread(move || {
            wait_until(|| reader[1].load(Ordering::Acquire) == 1);
            assert_eq!(reader[0].load(Ordering::Relaxed), 7);
        })
    });
    assert!(orders.expect("it is the rule of x86") > 3);
}

#[test]
fn a_lock_keeps_others_out_and_is_given_back() {
    let orders = Model::new(2).explore(|| {
        let sum = Arc::new(Mutex::new(0));
        let inside = Arc::new(AtomicUsize::new(0));
        let cpu = || {
            let (sum, inside) = (Arc::clone(&sum), Arc::clone(&inside));
            move || {
                let mut sum = sum.lock();
                assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                *sum += 1;
                inside.fetch_sub(1, Ordering::Relaxed);
            }
        };
        let scenario = Scenario::new().thread(cpu()).thread(cpu()).thread(cpu());
        scenario.last(move || assert_eq!(*sum.lock(), 3))
    });
    let orders = orders.expect("it is a lock");
    assert!(orders > 50, "{orders}");
}

#[test]
fn an_increment_in_two_steps_loses_one() {
    let found = Model::new(1).explore(|| {
        let word = Arc::new(AtomicU32::new(0));
        let cpu = || {
            let word = Arc::clone(&word);
            move || {
                let old = word.load(Ordering::SeqCst);
                word.store(old + 1, Ordering::SeqCst);
                wait_until(|| word.load(Ordering::SeqCst) == 2);
            }
        };
        Scenario::new().thread(cpu()).thread(cpu())
    });
    let found = found.expect_err("both may read 0");
    assert!(found.why.contains("wait for ever"), "{}", found.why);
}

#[test]
fn who_takes_two_locks_in_two_orders_is_caught() {
    let found = Model::new(1).explore(|| {
        let locks = Arc::new([Mutex::new(()), Mutex::new(())]);
        let cpu = |first: usize| {
            let locks = Arc::clone(&locks);
            move || {
                let _outer = locks[first].lock();
                let _inner = locks[1 - first].lock();
            }
        };
        Scenario::new().thread(cpu(0)).thread(cpu(1))
    });
    assert!(found.is_err());
}
