//! WRPKRU that another CPU writes while the page is searched for it.
//!
//! The other CPU writes by a system call, which fails where a store would end
//! the program: it reads a file to the page.

use std::fs::{self, File};
use std::hint;
use std::io::{Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use hermit_abi::{EACCES, read};

use super::{BOTH, CODE, PAGE, WRPKRU};
use crate::mapping::Mapping;

/// How many rounds there are at least, and at most: a busy host lets the CPUs run
/// by turns, and then there is no race for a while.
const ROUNDS: usize = 200;
const ROUNDS_MAX: usize = 100 * ROUNDS;
const OFFSET: usize = PAGE / 2;
const FILE: &str = "/wrpkru";

static IS_OVER: AtomicBool = AtomicBool::new(false);
static WRITTEN: AtomicUsize = AtomicUsize::new(0);
static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// Makes a page executable over and over, while another CPU writes to it.
pub(super) fn run() -> Result<(), String> {
    fs::write(FILE, WRPKRU).map_err(|error| error.to_string())?;
    let page = Mapping::new(PAGE, BOTH).map_err(|error| format!("mmap: {error}"))?;
    let target = page.byte(OFFSET).expose_provenance();
    let writer = thread::spawn(move || write(target));
    while WRITTEN.load(Ordering::Relaxed) == 0 && !writer.is_finished() {
        thread::yield_now();
    }
    let (mut through, mut executable, mut denied) = (0, 0, 0);
    for round in 0..ROUNDS_MAX {
        let has_raced = executable > 0 && denied > 0 && REFUSED.load(Ordering::Relaxed) > 0;
        if round >= ROUNDS && has_raced {
            break;
        }
        page.write(OFFSET, &[0x90; 3]);
        (0..round % 100 * 20).for_each(|_| hint::spin_loop());
        match page.protect(CODE) {
            0 => {
                executable += 1;
                (0..2000).for_each(|_| hint::spin_loop());
                // SAFETY: the page can be read.
                let there = unsafe { page.byte(OFFSET).cast::<[u8; 3]>().read_volatile() };
                through += usize::from(there == WRPKRU);
            }
            error if error == -EACCES => denied += 1,
            error => return Err(format!("mprotect: {error}")),
        }
        if page.protect(BOTH) != 0 {
            return Err("the page cannot be written again".into());
        }
    }
    IS_OVER.store(true, Ordering::Relaxed);
    writer.join().map_err(|_| "the writer panicked")??;
    let [written, refused] = [&WRITTEN, &REFUSED].map(|count| count.load(Ordering::Relaxed));
    println!("executable {executable}, denied {denied}; written {written}, refused {refused}");
    if through > 0 {
        return Err(format!("{through} got through"));
    }
    if executable == 0 || denied == 0 || refused == 0 {
        return Err("there was no race".into());
    }
    println!("none got through");
    Ok(())
}

/// Has the kernel write to `target` until it is over.
fn write(target: usize) -> Result<(), String> {
    let mut file = File::open(FILE).map_err(|error| error.to_string())?;
    while !IS_OVER.load(Ordering::Relaxed) {
        let start = file.seek(SeekFrom::Start(0));
        start.map_err(|error| error.to_string())?;
        // SAFETY: the page is there for this; nobody holds a reference to it.
        let count = unsafe { read(file.as_raw_fd(), target as *mut u8, WRPKRU.len()) };
        let counter = if count == 3 { &WRITTEN } else { &REFUSED };
        counter.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
