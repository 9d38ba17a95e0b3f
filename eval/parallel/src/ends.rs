//! Threads that end together.
//!
//! Only their ends count: QEMU's plugin knows the instructions around them.

use std::arch::asm;
use std::sync::{Arc, Barrier};
use std::thread::{Builder, JoinHandle};

const THREADS: usize = 500;
/// The least stack that kernels make is larger.
const STACK: usize = 16 << 10;

/// Has all threads meet and end; whether all of them did.
pub fn run() -> bool {
    let meeting = Arc::new(Barrier::new(THREADS + 1));
    let spawn = |_| {
        let meeting = Arc::clone(&meeting);
        let body = move || _ = meeting.wait();
        let thread = Builder::new().stack_size(STACK).spawn(body);
        thread.expect("there is memory for so many")
    };
    let threads: Vec<_> = (0..THREADS).map(spawn).collect();
    let ended = counted(|| {
        meeting.wait();
        let joined = threads.into_iter().map(JoinHandle::join);
        joined.filter(Result::is_ok).count()
    });
    println!("{ended} threads ended");
    ended == THREADS
}

/// Does `work` between the bounds of what counts.
fn counted<R>(work: impl FnOnce() -> R) -> R {
    // SAFETY: a NOP has an operand, but touches no memory.
    unsafe {
        asm!(
            ".byte 0x0f, 0x1f, 0x80",
            ".ascii \"BEGN\"",
            options(nostack)
        )
    };
    let result = work();
    // SAFETY: as above.
    unsafe {
        asm!(
            ".byte 0x0f, 0x1f, 0x80",
            ".ascii \"ENDS\"",
            options(nostack)
        )
    };
    result
}
