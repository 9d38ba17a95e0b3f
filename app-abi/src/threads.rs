//! Threads: starting, joining, yielding, and the ABI's two-step blocking.

use core::alloc::Layout;
use core::ptr;

use gate::{client, clock, info, safe};
use hermit_abi::{EAGAIN, EFAULT, Tid};

use crate::errno::{fail, reply32};
use crate::export::export;
use crate::{heap, own, tls};

/// The stack of a thread whose creator names no size: what std uses.
const DEFAULT_STACK: usize = 1 << 20;

/// What a new thread finds at its start.
#[derive(Debug)]
pub(crate) struct Start {
    /// The top of its stack, once it runs there.
    pub(crate) top: usize,
    function: extern "C" fn(usize),
    argument: usize,
}

impl Start {
    const LAYOUT: Layout = Layout::new::<Start>();

    /// A record on the heap; none if memory is exhausted.
    fn leak(function: extern "C" fn(usize), argument: usize) -> Option<*mut Start> {
        let start: *mut Start =
            heap::allocate(Start::LAYOUT.size(), Start::LAYOUT.align()).cast();
        if start.is_null() {
            return None;
        }
        let record = Start {
            top: 0,
            function,
            argument,
        };
        // SAFETY: the allocation is new and fits.
        unsafe { start.write(record) };
        Some(start)
    }

    /// The record whose address came through the kernel.
    pub(crate) fn from_word(word: u64) -> *mut Start {
        ptr::with_exposed_provenance_mut(word as usize)
    }

    /// The record, its memory freed.
    ///
    /// # Safety
    ///
    /// [`Start::leak`] made it, and nobody uses it any more.
    pub(crate) unsafe fn take(start: *mut Start) -> Start {
        // SAFETY: forwarded to the caller.
        let record = unsafe { start.read() };
        // SAFETY: forwarded to the caller.
        unsafe { heap::free(start.cast(), Start::LAYOUT.size(), Start::LAYOUT.align()) };
        record
    }

    /// Runs the thread's function.
    pub(crate) fn run(&self) {
        (self.function)(self.argument);
    }
}

/// Starts a thread; its number, or a negative errno.
fn spawn(
    function: extern "C" fn(usize),
    argument: usize,
    priority: u8,
    stack: usize,
    cpu: isize,
) -> i64 {
    let Some(start) = Start::leak(function, argument) else {
        return -i64::from(EAGAIN);
    };
    let stack = stack.saturating_add(tls::size(&info::boot().tls));
    // SAFETY: the trampoline takes the record.
    let reply = unsafe {
        safe::spawn(
            thread_entry(),
            start.expose_provenance(),
            priority,
            stack,
            cpu,
        )
    };
    if reply < 0 {
        // SAFETY: no thread was started that would take it.
        unsafe { Start::take(start) };
    }
    reply
}

#[cfg(target_os = "hermit")]
use crate::start::thread_entry;

/// The host starts no threads.
#[cfg(not(target_os = "hermit"))]
fn thread_entry() -> usize {
    0
}

/// Has the next yield block until `deadline`.
fn block_until(deadline: u64) {
    let block = client::thread_block();
    // SAFETY: the block is the calling thread's own.
    unsafe { (*block).blocked_until = deadline };
}

/// Until when this yield blocks, once; zero if it does not.
fn take_blocked_until() -> u64 {
    let block = client::thread_block();
    // SAFETY: the block is the calling thread's own.
    unsafe { core::mem::take(&mut (*block).blocked_until) }
}

export! {
    /// Starts a thread on a stack of the usual size.
    #[abi(kernel, [EAGAIN, EFAULT, EINVAL, ENOMEM])]
    fn sys_spawn(
        id: *mut Tid,
        function: extern "C" fn(usize),
        argument: usize,
        priority: u8,
        cpu: isize,
    ) -> i32 {
        if !id.is_null() && !own::is_own(id) {
            return fail(EFAULT);
        }
        let reply = spawn(function, argument, priority, DEFAULT_STACK, cpu);
        if reply > 0 && !id.is_null() {
            // SAFETY: the caller gave a place for the number.
            unsafe { id.write(reply as Tid) };
        }
        reply32(reply.min(0))
    }

    /// Starts a thread; its number, or zero if that failed.
    #[abi(kernel, [EAGAIN, EINVAL, ENOMEM], "Failure is thread 0, with the reason in errno.")]
    fn sys_spawn2(
        function: extern "C" fn(usize),
        argument: usize,
        priority: u8,
        stack_size: usize,
        cpu: isize,
    ) -> Tid {
        Tid::try_from(reply32(spawn(function, argument, priority, stack_size, cpu))).unwrap_or(0)
    }

    /// Waits until a thread has ended.
    #[abi(kernel, [EDEADLK, ESRCH])]
    fn sys_join(thread: Tid) -> i32 {
        // SAFETY: the call takes no address.
        reply32(unsafe { safe::join(thread) })
    }

    /// Lets another thread run, or blocks if that was announced.
    #[abi(kernel, [])]
    fn sys_yield() {
        match take_blocked_until() {
            // SAFETY: the call takes no address.
            0 => unsafe { safe::yield_now() },
            // SAFETY: the call takes no address.
            deadline => unsafe { safe::block(deadline) },
        };
    }

    /// Announces that the next yield blocks until somebody wakes this thread.
    #[abi(here, [])]
    fn sys_block_current_task() {
        block_until(safe::FOREVER);
    }

    /// As above, but for at most `timeout` milliseconds from now.
    #[abi(here, [])]
    fn sys_block_current_task_with_timeout(timeout: u64) {
        let duration = timeout.saturating_mul(1_000_000);
        block_until(clock::monotonic_ns().saturating_add(duration).max(1));
    }

    /// Wakes a thread that blocks, or is about to.
    #[abi(kernel, [], "Hermit's kernel does not define it.")]
    fn sys_wakeup_taskt(thread: Tid) {
        // SAFETY: the call takes no address.
        unsafe { safe::unblock(thread) };
    }

    /// The priority of the calling thread.
    #[abi(kernel, [])]
    fn sys_get_priority() -> u8 {
        // SAFETY: the call takes no address.
        unsafe { safe::priority() as u8 }
    }

    /// Sets the priority of a thread.
    #[abi(kernel, [], "Bad numbers change nothing.")]
    fn sys_set_priority(thread: Tid, priority: u8) {
        // SAFETY: the call takes no address.
        unsafe { safe::set_priority(thread, priority) };
    }
}
