//! What requests about files cost, in ticks of the time-stamp counter: under
//! `--icount` these are instructions.

use std::arch::x86_64::_rdtsc;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};

use hermit_abi::O_RDONLY;

use super::{close, open};
use crate::checks::done;

const PIECE: usize = 64 << 10;
const TOTAL: usize = 1 << 20;
const ROUNDS: u64 = 100;

/// Prints a table of costs.
pub fn run() -> Result<(), String> {
    let mut buffer = vec![7; PIECE];
    let mut file = done(
        "create",
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open("/tmp/c"),
    )?;
    let pieces = (TOTAL / PIECE) as u64;
    let kib = (TOTAL / 1024) as u64;
    // What the copying itself takes under emulation: one for each byte.
    let beyond = |ticks: u64| ticks.saturating_sub(TOTAL as u64) / kib;
    let first = ticks(|| (0..pieces).try_for_each(|_| file.write_all(&buffer)));
    done("rewind", file.rewind())?;
    let again = ticks(|| (0..pieces).try_for_each(|_| file.write_all(&buffer)));
    done("rewind", file.rewind())?;
    let read = ticks(|| (0..pieces).try_for_each(|_| file.read_exact(&mut buffer)));
    println!(
        "write of new pages     {first:8} for 1 MiB, {:5} a KiB beyond the copy",
        beyond(first)
    );
    println!(
        "write again            {again:8} for 1 MiB, {:5} a KiB beyond the copy",
        beyond(again)
    );
    println!(
        "read                   {read:8} for 1 MiB, {:5} a KiB beyond the copy",
        beyond(read)
    );
    // SAFETY: nothing is written.
    let nothing = each(|| unsafe { hermit_abi::write(1, std::ptr::null(), 0) });
    let byte = each(|| file.rewind().and_then(|()| file.read(&mut buffer[..1])));
    println!("write of nothing       {nothing:8}");
    println!("seek and read of 1     {byte:8}");
    println!(
        "open and close         {:8}",
        each(|| close(open("/tmp/c", O_RDONLY)))
    );
    println!(
        "stat                   {:8}",
        each(|| fs::metadata("/tmp/c"))
    );
    println!(
        "create and remove      {:8}",
        each(|| File::create("/tmp/n").and_then(|_| fs::remove_file("/tmp/n")))
    );
    done("remove", fs::remove_file("/tmp/c"))
}

/// How many ticks `what` takes.
fn ticks<T>(what: impl FnOnce() -> T) -> u64 {
    // SAFETY: every CPU here has the counter.
    let start = unsafe { _rdtsc() };
    let _ = what();
    // SAFETY: as above.
    unsafe { _rdtsc() }.saturating_sub(start)
}

/// How many ticks one of many takes, after the first.
fn each<T>(mut what: impl FnMut() -> T) -> u64 {
    let _ = what();
    ticks(|| (0..ROUNDS).for_each(|_| _ = what())) / ROUNDS
}
