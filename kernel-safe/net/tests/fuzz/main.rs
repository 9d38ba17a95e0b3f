//! A long talk with a stranger: no run of it panics.
//!
//! With `CLOISTER_FULL` there are a million runs of 400 steps, which take some minutes
//! when they are built with `--release`; otherwise a slice of them.

#![expect(
    unsafe_code,
    reason = "windows of sockets that are gone are lent again, or a million runs would use up all memory"
)]

mod harness;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use cell_net::lent::{Control, Window};
use harness::{Lend, Reached};

/// A control block, and where both rings are.
type Memory = (&'static [AtomicU64; 16], [*mut u8; 2]);

/// Windows by the number of the socket and the sizes of their rings.
#[derive(Default)]
struct Windows(BTreeMap<(u32, usize, usize), Memory>);

impl Lend for Windows {
    fn lend(&mut self, number: u32, receive: usize, send: usize) -> Window {
        let place = self.0.entry((number, receive, send)).or_insert_with(|| {
            let control: &_ = Box::leak(Box::new([const { AtomicU64::new(0) }; 16]));
            let rings = [receive, send].map(|size| Box::leak(vec![0; size].into_boxed_slice()));
            (control, rings.map(|ring| ring.as_mut_ptr()))
        });
        let (control, [received, sent]) = *place;
        Window {
            control: Control(control),
            // SAFETY: the memory is never given back, and whoever had it was dropped: a
            // run numbers its sockets anew and uses no number twice.
            received: unsafe { std::slice::from_raw_parts_mut(received, receive) },
            // SAFETY: as above.
            sent: unsafe { std::slice::from_raw_parts_mut(sent, send) },
        }
    }
}

#[test]
fn no_run_panics() {
    let is_full = std::env::var_os("CLOISTER_FULL").is_some();
    let runs = if is_full { 1_000_000 } else { 1_500 };
    let mut windows = Windows::default();
    let mut all = Reached::default();
    for seed in 0..runs {
        let reached = harness::run(seed, &mut windows);
        all.connections += reached.connections;
        all.bytes += reached.bytes;
        all.ends += reached.ends;
    }
    println!("{runs} runs: {all:?}");
    let runs = runs as usize;
    assert!(all.connections > 2 * runs && all.ends > runs, "{all:?}");
    assert!(all.bytes > 10_000 * runs, "{all:?}");
}
