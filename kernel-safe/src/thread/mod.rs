//! Threads.
//!
//! A [`Thread`] is a slot: its kernel stack, its saved context and, while a
//! thread lives in it, that thread's state. Slots are made when they are first
//! needed and kept for good, so a [`ThreadRef`] is a plain reference and the
//! schedule passes threads around without counting owners.

pub mod id;
pub mod place;
pub mod stack;
pub mod task;

use alloc::vec::Vec;

use gate::switch::Context;

use self::id::ThreadId;
use self::place::Place;
use self::stack::Stack;
use crate::errno::Errno;
use crate::priority::Priority;
use crate::sync::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Mutex, Ordering, fence};

/// A slot for a thread.
#[derive(Debug)]
pub struct Thread {
    context: Context,
    id: AtomicU32,
    state: AtomicU8,
    priority: AtomicU8,
    cpu: AtomicUsize,
    /// Whether it must stay on that CPU.
    is_pinned: AtomicBool,
    /// Set by an unblock that found the thread awake.
    permit: AtomicBool,
    /// Set by who took it out of a place where it waits beside others.
    is_called: AtomicBool,
    /// Where others wait for its end.
    end: Place,
    /// Where it waits for an unblock.
    unblock: Place,
    start: Mutex<Start>,
}

/// Where a thread begins in the application.
#[derive(Clone, Copy, Default, Debug)]
pub struct Start {
    /// Its first instruction.
    pub entry: u64,
    /// What it is given.
    pub argument: u64,
    /// Its stack there, which a slot keeps for its next thread.
    pub stack: Option<Stack>,
}

/// A slot, wherever it is needed.
#[derive(Clone, Copy, Debug)]
pub struct ThreadRef(&'static Thread);

/// How a sleep ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Somebody woke the thread.
    Woken,
    /// The deadline came.
    TimedOut,
}

/// Values of [`Thread::state`].
mod state {
    /// Runs, or is ready to.
    pub(super) const AWAKE: u8 = 0;
    /// Waits; exactly one of a waker and the timer ends that.
    pub(super) const ASLEEP: u8 = 1;
    /// A waker ended the sleep.
    pub(super) const WOKEN: u8 = 2;
    /// The timer ended the sleep.
    pub(super) const TIMED_OUT: u8 = 3;
}

impl Thread {
    fn new(context: Context) -> Thread {
        Thread {
            context,
            id: AtomicU32::new(0),
            state: AtomicU8::new(state::AWAKE),
            priority: AtomicU8::new(Priority::IDLE.level()),
            cpu: AtomicUsize::new(0),
            is_pinned: AtomicBool::new(false),
            permit: AtomicBool::new(false),
            is_called: AtomicBool::new(false),
            end: Place::new(),
            unblock: Place::new(),
            start: Mutex::new(Start::default()),
        }
    }
}

impl PartialEq for ThreadRef {
    #[inline(always)]
    fn eq(&self, other: &ThreadRef) -> bool {
        core::ptr::eq(self.0, other.0)
    }
}

impl ThreadRef {
    /// A slot that is never freed. `context` comes last: the kernel stack in it
    /// could not be given back.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn new(context: impl FnOnce() -> Result<Context, Errno>) -> Result<ThreadRef, Errno> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(1)?;
        memory.push(Thread::new(context()?));
        let slot: &'static [Thread] = memory.leak();
        slot.first().map(ThreadRef).ok_or(Errno::NoMemory)
    }

    /// Has the slot be the thread of this number, which was permitted nothing and
    /// may run on any CPU.
    pub fn renew(self, id: ThreadId) {
        self.0.id.store(id.number(), Ordering::Relaxed);
        self.0.permit.store(false, Ordering::Relaxed);
        self.0.is_pinned.store(false, Ordering::Relaxed);
    }

    /// Has it stay on its CPU.
    pub fn pin(self) {
        self.0.is_pinned.store(true, Ordering::Relaxed);
    }

    /// Where it begins in the application.
    pub fn start(self) -> &'static Mutex<Start> {
        &self.0.start
    }

    /// Its number.
    pub fn id(self) -> ThreadId {
        ThreadId::alleged(self.0.id.load(Ordering::Relaxed))
    }

    /// Announces that the thread, which runs, is about to sleep: from here on
    /// it can be woken.
    pub fn prepare_sleep(self) {
        self.0.state.store(state::ASLEEP, Ordering::Release);
    }

    /// Ends the thread's sleep; false if it does not sleep any more.
    pub fn end_sleep(self, outcome: Outcome) -> bool {
        let outcome = match outcome {
            Outcome::Woken => state::WOKEN,
            Outcome::TimedOut => state::TIMED_OUT,
        };
        let (acquire, relaxed) = (Ordering::AcqRel, Ordering::Relaxed);
        let state = &self.0.state;
        state
            .compare_exchange(state::ASLEEP, outcome, acquire, relaxed)
            .is_ok()
    }

    /// How the thread's sleep ended, when it runs again.
    pub fn finish_sleep(self) -> Outcome {
        match self.0.state.swap(state::AWAKE, Ordering::AcqRel) {
            state::TIMED_OUT => Outcome::TimedOut,
            _ => Outcome::Woken,
        }
    }

    /// Whether nobody has ended its sleep.
    #[cfg(test)]
    pub(crate) fn is_asleep(self) -> bool {
        self.0.state.load(Ordering::Acquire) == state::ASLEEP
    }

    /// Lets the thread's next block return at once; the thread.
    pub fn permit(self) -> ThreadRef {
        self.0.permit.store(true, Ordering::Release);
        self
    }

    /// Takes the permit; whether there was one.
    pub fn take_permit(self) -> bool {
        self.0.permit.swap(false, Ordering::AcqRel)
    }

    /// Calls the thread, which waits at a place beside others: it does not fall
    /// asleep any more, or [`ThreadRef::end_sleep`] finds it asleep.
    pub fn call(self) {
        self.0.is_called.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Whether the thread was called since it asked last.
    pub fn take_call(self) -> bool {
        fence(Ordering::SeqCst);
        self.0.is_called.swap(false, Ordering::Relaxed)
    }

    /// Where others wait for its end.
    pub fn end(self) -> &'static Place {
        &self.0.end
    }

    /// Where it waits for an unblock.
    pub fn unblocking(self) -> &'static Place {
        &self.0.unblock
    }

    #[inline(always)]
    pub(crate) fn context(self) -> &'static Context {
        &self.0.context
    }
}
