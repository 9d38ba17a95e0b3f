//! The program as a whole: its end, its machine, its random bytes.

use gate::{client, info, safe};
use hermit_abi::{ENOSYS, pid_t};

use crate::backtrace;
use crate::errno::reply;
use crate::export::export;

export! {
    /// Ends the program with `status`.
    #[abi(kernel, [], "The status is the host tool's own, unchanged.")]
    fn sys_exit(status: i32) -> ! {
        loop {
            // SAFETY: the call takes no address and does not return.
            unsafe { safe::exit(status) };
        }
    }

    /// Ends the program abnormally.
    #[abi(kernel, [], "The host tool exits with 134, and shows a backtrace.")]
    fn sys_abort() -> ! {
        backtrace::tell(client::frame_pointer());
        loop {
            // SAFETY: the call takes no address and does not return.
            unsafe { safe::abort() };
        }
    }

    /// The calling thread's number, as the ABI documents it.
    #[abi(here, [], "Hermit always answers 0.")]
    fn sys_getpid() -> pid_t {
        let block = client::thread_block();
        // SAFETY: the block is the calling thread's own.
        unsafe { (*block).thread as pid_t }
    }

    /// The size of a page.
    #[abi(here, [])]
    fn sys_getpagesize() -> i32 {
        domains::layout::PAGE_SIZE as i32
    }

    /// How many threads can run at a time.
    #[abi(here, [])]
    fn sys_available_parallelism() -> usize {
        info::boot().cpus.max(1) as usize
    }

    /// How many virtual CPUs there are.
    #[abi(here, [])]
    fn sys_get_processor_count() -> usize {
        info::boot().cpus.max(1) as usize
    }

    /// Fills at most `size` bytes with random bytes; how many.
    ///
    /// Ends the program where the machine has no entropy. The library's first
    /// request comes while it holds the lock of the environment; told of an
    /// error it would panic, look for RUST_BACKTRACE and wait for itself.
    #[abi(kernel, [EINVAL, EFAULT], "Without a source of entropy the program is ended.")]
    fn sys_read_entropy(buffer: *mut u8, size: usize, flags: u32) -> isize {
        // SAFETY: the caller gave a buffer of that size.
        let filled = unsafe { safe::entropy(buffer.expose_provenance(), size, flags) };
        if filled == -i64::from(ENOSYS) {
            // SAFETY: the call takes no address.
            unsafe { safe::abort() };
        }
        reply(filled)
    }
}
