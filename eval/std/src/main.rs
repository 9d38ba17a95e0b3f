//! What std costs on this platform, in instructions.
//!
//! Run it by `cargo cloister bench std`, which boots it under `-icount
//! shift=0`, where the time-stamp counter advances by one an instruction: the
//! figures are exact and the same in every run. It uses nothing of the
//! project's own, so that any kernel with Hermit's ABI can run it.
//!
//! Each line is `name value unit budget`; a budget of `-` only shows the value.

mod count;
mod files;
mod futex;
mod heap;
mod streams;
mod threads;

use std::hint::black_box;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use count::{Figure, each};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => table(),
        ["transfer", how, place, pieces] => transfer(how, place, pieces),
        _ => panic!("no arguments, or transfer read|write FOLDER|- PIECES"),
    }
}

/// Does nothing but transfer, for who counts from outside.
fn transfer(how: &str, place: &str, pieces: &str) {
    let pieces = pieces.parse().expect("a number of pieces");
    match place {
        "-" => streams::transfer(how, pieces).expect("streams that somebody holds"),
        folder => files::transfer(how, Path::new(folder), pieces).expect("a folder with room"),
    }
}

fn table() {
    Figure::limited("spawn-and-join", 50_000).is(threads::spawn_and_join());
    Figure::limited("mutex-uncontended", 10).is(mutex());
    Figure::limited("condvar-round-trip", 4_036).is(threads::condition_variable());
    Figure::limited("sync-channel-0-message", 2_391).is(threads::rendezvous());
    Figure::limited("instant-now", 74).is(each(|| _ = black_box(Instant::now())));
    Figure::limited("box-64-bytes", 150).is(heap::pairs_of_one_thread());
    Figure::shown("futex-wake-nobody").is(futex::wake_nobody());
    Figure::shown("futex-hand-over-and-back").is(futex::hand_over_and_back());
    Figure::shown("yield-alone").is(each(thread::yield_now));
    for threads in [1, 4, 16, 128] {
        let name = format!("box-64-bytes-by-{threads}-threads");
        Figure::shown(&name).is(heap::pairs_of(threads));
    }
    files::measure(Path::new("/")).expect("the root is writable");
}

/// Locks and unlocks what nobody else wants.
fn mutex() -> f64 {
    let mutex = Mutex::new(0_u32);
    each(|| drop(black_box(&mutex).lock()))
}
