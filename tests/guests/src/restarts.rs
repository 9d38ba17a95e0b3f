//! Cells that fail again and again while the program goes on.

use std::io::{self, BufRead};
use std::sync::mpsc::TryRecvError;
use std::thread;
use std::time::Duration;

use domains::core_call::{CoreCall, error};
use domains::{Cell, Domain};
use gate::hooks::{CORE_CALL_WITH, LOAD, SPIN, TEASE, in_cell};

use crate::cpus::pinned;
use crate::hooks::{CONSOLE, HOSTFS, hook};

/// Nothing is mapped there.
const NOWHERE: usize = 8;

/// Has the cell of a name fail so often, beside what `what` says.
pub fn run(what: &str, count: &str) -> Result<(), String> {
    let count = count.parse().map_err(|error| format!("{count}: {error}"))?;
    match what {
        "output" => output(count),
        "input" => input(count),
        "stop" => return stop(),
        "tease" => return tease(count),
        cell => match Domain::from_name(cell).and_then(Domain::cell) {
            Some(cell) => fail(in_cell(cell), count),
            None => return Err(format!("no such test: {cell}")),
        },
    }
    Ok(())
}

/// Prints a line before each failure, of more and more bytes.
fn output(count: usize) {
    for number in 0..count {
        println!("{number} {}", "x".repeat(number % 100 * 50));
        fail(CONSOLE, 1);
    }
}

/// Says back what it reads, with a failure behind each line.
fn input(count: usize) {
    let mut lines = io::stdin().lock().lines().map_while(Result::ok);
    let mut read = 0;
    for line in lines.by_ref() {
        println!("{line}");
        read += 1;
        if read % count == 0 {
            fail(CONSOLE, 1);
        }
    }
}

/// Has the safe kernel stop a cell that runs on the other CPU, and one that does
/// not run.
fn stop() -> Result<(), String> {
    let running = pinned(1, || hook(SPIN | HOSTFS, 0, 0))?;
    let mut answers = Vec::new();
    while running.try_recv() == Err(TryRecvError::Empty) {
        answers.push(core_stop(Cell::Hostfs));
    }
    if !answers.contains(&error::DENIED) {
        return Err(format!("{answers:?}"));
    }
    println!("refused while it ran");
    match core_stop(Cell::Hostfs) {
        0 => Ok(()),
        answer => Err(format!("{answer}, when it does not run")),
    }
}

/// Has a reader kept busy for nothing; sleeps so often beside it.
fn tease(count: usize) -> Result<(), String> {
    let pause = || thread::sleep(Duration::from_millis(10));
    thread::spawn(|| io::stdin().lock().lines().count());
    pause();
    hook(TEASE | CONSOLE, 0, 0);
    // Whoever waits for any cell is woken.
    fail(HOSTFS, 1);
    (0..count).for_each(|_| pause());
    std::process::exit(0)
}

fn core_stop(cell: Cell) -> i64 {
    let words = [cell.number() as u64, 0, 0, 0];
    let place = words.as_ptr().expose_provenance();
    hook(CORE_CALL_WITH, CoreCall::Stop as usize, place)
}

fn fail(cell: u32, count: usize) {
    (0..count).for_each(|_| _ = hook(LOAD | cell, NOWHERE, 0));
}
