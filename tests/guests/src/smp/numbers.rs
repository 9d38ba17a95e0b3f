//! CPUs by number, and threads that stay on one.

use std::sync::atomic::{AtomicU64, Ordering};

unsafe extern "C" {
    fn sys_get_processor_count() -> usize;
    safe fn sys_join(thread: u32) -> i32;
    fn sys_spawn2(
        function: extern "C" fn(usize),
        argument: usize,
        priority: u8,
        stack_size: usize,
        cpu: isize,
    ) -> u32;
}

/// The priority that std gives its threads.
const NORMAL: u8 = 2;
const STACK: usize = 64 << 10;

/// How many CPUs there are.
pub fn cpus() -> usize {
    // SAFETY: it takes nothing and only reads.
    unsafe { sys_get_processor_count() }
}

/// The number of the CPU that this runs on, at this moment.
pub fn here() -> usize {
    gate::cpu::number()
}

/// A set of CPUs that threads share.
#[derive(Default)]
pub struct Seen(AtomicU64);

impl Seen {
    /// Adds this CPU.
    pub fn note_here(&self) {
        self.0.fetch_or(1 << here(), Ordering::AcqRel);
    }

    /// Whether every CPU has been noted.
    pub fn is_full(&self) -> bool {
        self.0.load(Ordering::Acquire) == (1 << cpus()) - 1
    }
}

/// A thread that stays on one CPU.
pub struct Pinned(u32);

impl Pinned {
    /// Starts one; none if the kernel refuses.
    pub fn spawn<F: Fn() + Sync>(cpu: isize, body: &'static F) -> Option<Pinned> {
        extern "C" fn enter<F: Fn()>(body: usize) {
            let body: *const F = std::ptr::with_exposed_provenance(body);
            // SAFETY: `spawn` was given a reference that lives for good.
            unsafe { (*body)() };
        }
        let body = std::ptr::from_ref(body).expose_provenance();
        // SAFETY: the function takes what it is given here.
        let number = unsafe { sys_spawn2(enter::<F>, body, NORMAL, STACK, cpu) };
        (number != 0).then_some(Pinned(number))
    }

    /// Waits until it has ended.
    pub fn join(self) {
        sys_join(self.0);
    }
}

/// Runs `body` on each of the `first..` CPUs at once, and waits for all.
pub fn on_each_from<F: Fn() + Sync>(first: usize, body: &'static F) -> Result<(), String> {
    let spawn = |cpu| Pinned::spawn(cpu as isize, body);
    let threads: Option<Vec<_>> = (first..cpus()).map(spawn).collect();
    let threads = threads.ok_or("a thread was refused")?;
    threads.into_iter().for_each(Pinned::join);
    Ok(())
}

/// A value that lives for good, as the threads here need it.
pub fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}
