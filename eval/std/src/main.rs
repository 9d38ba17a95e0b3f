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

use count::{Table, each};

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
    let mut table = Table::default();
    table.limited("spawn-and-join", threads::spawn_and_join(), 50_000);
    table.limited("mutex-uncontended", mutex(), 10);
    table.limited("condvar-round-trip", threads::condition_variable(), 4_036);
    table.limited("sync-channel-0-message", threads::rendezvous(), 2_391);
    table.limited("instant-now", each(|| _ = black_box(Instant::now())), 74);
    table.limited("box-64-bytes", heap::pairs_of_one_thread(), 150);
    table.shown("futex-wake-nobody", futex::wake_nobody());
    table.shown("futex-hand-over-and-back", futex::hand_over_and_back());
    table.shown("yield-alone", each(thread::yield_now));
    for threads in [1, 4, 16, 128] {
        let name = format!("box-64-bytes-by-{threads}-threads");
        table.shown(&name, heap::pairs_of(threads));
    }
    files::measure(Path::new("/"), &mut table).expect("the root is writable");
    table.print();
}

/// Locks and unlocks what nobody else wants.
fn mutex() -> f64 {
    let mutex = Mutex::new(0_u32);
    each(|| drop(black_box(&mutex).lock()))
}
