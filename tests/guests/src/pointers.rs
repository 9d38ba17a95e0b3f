//! Pointers that lie: every entry that follows one must refuse it.

use domains::Cell;
use domains::layout::{self, APP, CORE_OFFSET, CORE_PHYSICAL, INFO, SAFE};
use gate::{info, safe};

const EFAULT: i64 = -14;
const INPUT: i32 = 0;
const ERROR_STREAM: i32 = 2;

/// Passes addresses that are not the application's, or not mapped, or not
/// writable, to every entry that takes one.
pub fn run() -> Result<(), String> {
    for (what, address) in foreign() {
        for size in [1, 8, 4096, usize::MAX - address] {
            expect(what, "write", size, write(address, size))?;
            expect(what, "entropy", size, entropy(address, size))?;
            // At the end of the input nothing is copied, so only an address
            // outside the application is refused for certain.
            if !APP.contains(address as u64) {
                expect(what, "read", size, read(address, size))?;
            }
        }
        expect(what, "futex", 4, futex(address & !3))?;
    }
    for (what, address) in unwritable() {
        expect(what, "entropy", 8, entropy(address, 8))?;
    }
    println!("every lie was refused");
    Ok(())
}

/// Addresses at which the application owns nothing.
fn foreign() -> [(&'static str, usize); 11] {
    [
        ("null", 0),
        ("the safe kernel", SAFE.start as usize),
        ("the safe kernel's heap", SAFE.heap().start as usize),
        ("a cell", Cell::Console.region().start as usize),
        ("a window", Cell::Console.windows().start as usize),
        ("the time page", INFO.start as usize),
        ("the CPU page", layout::CPU_PAGE as usize),
        ("the gate page", layout::GATE_PAGE as usize),
        ("the core", (CORE_OFFSET + CORE_PHYSICAL) as usize),
        ("just below the application", APP.start as usize - 1),
        ("the application's end", APP.end as usize - 1),
    ]
}

/// Addresses of the application that it may not write.
fn unwritable() -> [(&'static str, usize); 2] {
    [
        ("its own text", info::boot().app_entry as usize),
        ("its own constants", c"constant".as_ptr().addr()),
    ]
}

fn expect(what: &str, entry: &str, size: usize, answer: i64) -> Result<(), String> {
    if answer == EFAULT {
        return Ok(());
    }
    Err(format!(
        "{entry} of {size} bytes at {what} answered {answer}"
    ))
}

fn write(address: usize, size: usize) -> i64 {
    // SAFETY: the kernel is to refuse the address.
    unsafe { safe::write(ERROR_STREAM, address, size) }
}

fn read(address: usize, size: usize) -> i64 {
    // SAFETY: as above.
    unsafe { safe::read(INPUT, address, size) }
}

fn entropy(address: usize, size: usize) -> i64 {
    // SAFETY: as above.
    unsafe { safe::entropy(address, size, 0) }
}

fn futex(address: usize) -> i64 {
    // SAFETY: as above. The deadline has passed, so nothing waits.
    unsafe { safe::futex_wait(address, 0, 0, 0) }
}
