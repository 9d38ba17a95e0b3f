//! Errors as the ABI reports them: a negative result, and errno.

use gate::client;

use crate::export::export;

/// Sets errno to `error` and returns it negative.
pub(crate) fn fail(error: i32) -> i32 {
    let block = client::thread_block();
    // SAFETY: the block is the calling thread's own and nobody holds a
    // reference to it.
    unsafe { (*block).errno = error };
    -error
}

/// The safe kernel's reply, errno set if it is an error.
pub(crate) fn reply(reply: i64) -> isize {
    let reply = reply as isize;
    if reply < 0 {
        fail(reply.wrapping_neg() as i32) as isize
    } else {
        reply
    }
}

/// As [`reply`], for functions that return 32 bits.
pub(crate) fn reply32(result: i64) -> i32 {
    reply(result) as i32
}

/// The calling thread's errno.
fn current() -> i32 {
    let block = client::thread_block();
    // SAFETY: the block is the calling thread's own.
    unsafe { (*block).errno }
}

export! {
    /// The calling thread's errno.
    #[abi(here, [])]
    fn sys_get_errno() -> i32 {
        current()
    }

    /// The calling thread's errno.
    #[abi(here, [])]
    fn sys_errno() -> i32 {
        current()
    }
}
