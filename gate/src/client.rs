//! What an application needs besides calls: its first entry and its threads.
//!
//! Thread-local storage follows variant II of the ELF specification: the
//! thread pointer, FS base, addresses a word that holds itself; variables lie
//! below it, the words of [`ThreadBlock`] above.

use core::arch::{asm, naked_asm};

/// The words at the thread pointer.
#[repr(C)]
#[derive(Debug)]
pub struct ThreadBlock {
    /// Its own address, as the ABI asks for.
    pub this: *mut ThreadBlock,
    /// The thread's errno.
    pub errno: i32,
    /// The thread's number.
    pub thread: u32,
    /// For the ABI's two-step blocking: until when the next yield blocks, in
    /// nanoseconds since boot; zero if it only yields.
    pub blocked_until: u64,
    /// For the ABI's two-step waiting: the queue that the next wait is for.
    pub announced: Announced,
}

/// What a thread that will wait at a queue has announced.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Announced {
    /// The queue's address; zero if none is announced.
    pub queue: usize,
    /// Until when to wait, in nanoseconds since boot.
    pub deadline: u64,
    /// What the queue's count was.
    pub count: u32,
}

impl Announced {
    /// Nothing is announced.
    pub const NOTHING: Announced = Announced {
        queue: 0,
        deadline: 0,
        count: 0,
    };
}

/// Makes `block` the calling thread's.
///
/// # Safety
///
/// `block` must stay valid for the rest of the thread, hold its own address in
/// its first word, and lie above the thread's variables.
pub unsafe fn set_thread_block(block: *mut ThreadBlock) {
    // SAFETY: the caller answers for the block; CR4.FSGSBASE is set.
    unsafe { asm!("wrfsbase {}", in(reg) block, options(nostack, preserves_flags)) };
}

/// The calling thread's block.
pub fn thread_block() -> *mut ThreadBlock {
    let block;
    // SAFETY: every thread has a block from its first instructions on, and the
    // first word of a block is its address.
    unsafe {
        asm!("mov {}, fs:[0]", out(reg) block, options(nostack, readonly, preserves_flags));
    }
    block
}

/// The frame pointer, which a function that keeps none of its own finds as its
/// caller left it.
#[inline(always)]
pub fn frame_pointer() -> usize {
    let frame;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rbp", out(reg) frame, options(nomem, nostack, preserves_flags)) };
    frame
}

/// Declares `_start`, where the safe kernel enters the first thread, and the
/// address where it enters every other.
///
/// Both come with a stack that nobody called on and the argument in RDI.
#[macro_export]
macro_rules! start {
    (first: $first:path, thread: $thread:path) => {
        /// The entry of the application's image.
        #[unsafe(no_mangle)]
        pub extern "C" fn _start(argument: u64) -> ! {
            $first(argument)
        }

        /// The entry of a thread.
        pub extern "C" fn thread_start(argument: u64) -> ! {
            $thread(argument)
        }
    };
}

/// Runs `function(argument)` on a stack at `top`, which is as a caller's at a
/// call: for carving the thread's storage from its own stack first.
///
/// # Safety
///
/// The stack must be the calling thread's own, and what lies below `top` dead.
#[unsafe(naked)]
pub unsafe extern "C" fn continue_on(
    top: usize,
    function: extern "C" fn(u64) -> !,
    argument: u64,
) -> ! {
    naked_asm!(
        "mov rsp, rdi",
        "and rsp, -16",
        "xor ebp, ebp",
        "mov rdi, rdx",
        "call rsi",
        "ud2",
    )
}
