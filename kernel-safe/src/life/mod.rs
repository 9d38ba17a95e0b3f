//! How threads start, are waited for, and end.
//!
//! A thread that ends leaves its slot to the next one, stacks included. It
//! cannot give its own stacks back, because it still runs on one of them; a
//! later thread's end does, when more slots lie idle than are likely to be
//! needed soon. Whoever uses a slot again waits, without any lock, until the
//! CPU that its last thread ran on has left its stacks.

pub mod park;
pub mod roster;
pub mod spare;

use core::convert::Infallible;

use domains::cpu_page::CPUS_MAX;
use domains::layout::APP;
use domains::status;
use gate::memory::KernelStack;
use gate::switch::{self, Context};
use gate::{core_call, info};
use spin::Mutex;

use self::roster::{Fate, Roster};
use crate::errno::{Answer, Errno};
use crate::priority::Priority;
use crate::schedule::alarm::NEVER;
use crate::schedule::cpu::{self, FLEET};
use crate::thread::id::ThreadId;
use crate::thread::stack::Stack;
use crate::thread::task::Task;
use crate::thread::{Start, ThreadRef};
use crate::{drivers, events, network, report, schedule};

/// The first thread's stack.
const MAIN_STACK: usize = 1 << 20;
/// Idle slots that keep their stacks, unless memory is short.
const KEPT_STACKS: usize = 16;

static ROSTER: Mutex<Roster<ThreadRef>> = Mutex::new(Roster::new());

/// What a new thread is to be.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Where it begins.
    pub entry: u64,
    /// What it is given.
    pub argument: u64,
    /// How urgent it is.
    pub priority: Priority,
    /// How much stack it needs.
    pub stack_size: usize,
    /// On which CPU it stays; none if it may run on any.
    pub cpu: Option<usize>,
}

/// Makes the flow of control that started the kernel the first thread, and
/// enters the application.
///
/// # Errors
///
/// Memory is short.
pub fn run_first() -> Result<Infallible, Errno> {
    FLEET.set_count(cpu::count());
    let idle = new_idle(0)?;
    let (id, thread, slots) = claim_slot(Context::running)?;
    let entry = info::boot().app_entry;
    settle(thread, id, &Wish::first(entry))?;
    FLEET.reserve(Priority::NORMAL, slots)?;
    ROSTER.lock().announce(id);
    cpu::this().change(|schedule| schedule.start(thread, Priority::NORMAL, idle));
    start_other_cpus()?;
    core_call::started();
    enter(thread)
}

/// Has this CPU, which is not the first, wait for threads to run.
pub fn run_idle() -> ! {
    match cpu::current() {
        Some(idle) => switch::leave_for(idle.context()),
        None => report::die(format_args!("a CPU started that nobody prepared")),
    }
}

/// Starts a thread; its number.
///
/// # Errors
///
/// The entry is not the application's, the CPU does not exist, or memory or
/// numbers are used up.
pub fn spawn(wish: &Wish) -> Answer {
    if !APP.contains(wish.entry) {
        return Err(Errno::BadAddress);
    }
    let (id, thread) = spare::if_needed(|| make(wish))?;
    // From here on others find it.
    ROSTER.lock().announce(id);
    schedule::start(thread);
    schedule::give_way();
    Ok(i64::from(id.number()))
}

/// Waits until a thread has ended.
///
/// # Errors
///
/// There is no such thread, or it is the caller.
pub fn join(id: ThreadId) -> Answer {
    if schedule::current()?.id() == id {
        return Err(Errno::Deadlock);
    }
    let is_alive = || match ROSTER.lock().find(id) {
        Fate::Alive(_) => Ok(()),
        Fate::Ended => Err(Errno::Again),
        Fate::Nobody => Err(Errno::NoThread),
    };
    let thread = match ROSTER.lock().find(id) {
        Fate::Alive(thread) => thread,
        Fate::Ended => return Ok(0),
        Fate::Nobody => return Err(Errno::NoThread),
    };
    loop {
        match thread.end().wait(NEVER, is_alive) {
            Ok(_) => {}
            Err(Errno::Again) => return Ok(0),
            Err(errno) => return Err(errno),
        }
    }
}

/// Ends the calling thread; the machine, if it was the last one.
pub fn exit_thread() -> Answer {
    let thread = schedule::current()?;
    let id = thread.id();
    let (remaining, stale) = {
        let mut roster = ROSTER.lock();
        roster.end(id);
        (roster.alive(), roster.take_stale(KEPT_STACKS))
    };
    if let Some((place, slot)) = stale {
        spare::release(slot);
        ROSTER.lock().put_back(place);
    }
    thread.end().wake(usize::MAX);
    if remaining == 0 {
        exit(0);
    }
    schedule::leave();
    report::die(format_args!("a thread went on after its end"))
}

/// Does something with the living thread of a number, which cannot end
/// meanwhile.
///
/// # Errors
///
/// There is none.
pub fn with<R>(id: ThreadId, act: impl FnOnce(ThreadRef) -> R) -> Result<R, Errno> {
    let roster = ROSTER.lock();
    match roster.find(id) {
        Fate::Alive(thread) => Ok(act(thread)),
        Fate::Ended | Fate::Nobody => Err(Errno::NoThread),
    }
}

/// How many slots there are.
pub fn slots() -> usize {
    ROSTER.lock().slots()
}

/// Ends the machine with the low eight bits of `status`, when all output is
/// out, and the card has what was written to sockets.
pub fn exit(status: i32) -> ! {
    network::flush();
    drivers::flush();
    core_call::exit((status & 0xff) as u8)
}

/// Ends the machine as `abort` does.
pub fn abort() -> ! {
    exit(i32::from(status::ABORT))
}

impl Wish {
    fn first(entry: u64) -> Wish {
        Wish {
            entry,
            argument: 0,
            priority: Priority::NORMAL,
            stack_size: MAIN_STACK,
            cpu: None,
        }
    }
}

/// Makes a thread that is ready to run, and that nobody can find yet.
fn make(wish: &Wish) -> Result<(ThreadId, ThreadRef), Errno> {
    let (id, thread, slots) = claim_slot(|stack| Context::new(stack, begin, 0))?;
    // From here on nobody runs on the stacks of the slot's last thread.
    thread.context().restart(begin, 0);
    let settled = settle(thread, id, wish);
    let ready = settled.and_then(|()| FLEET.reserve(wish.priority, slots));
    match ready {
        Ok(()) => Ok((id, thread)),
        Err(errno) => {
            ROSTER.lock().cancel(id);
            Err(errno)
        }
    }
}

/// A slot for a new thread, its number, and how many slots there are.
fn claim_slot(
    context: fn(KernelStack) -> Context,
) -> Result<(ThreadId, ThreadRef, usize), Errno> {
    let mut roster = ROSTER.lock();
    if !roster.has_free() {
        roster.grow(|place| new_slot(place.saturating_add(CPUS_MAX) as u64, context))?;
    }
    let (id, thread) = roster.claim().ok_or(Errno::NoMemory)?;
    Ok((id, thread, roster.slots()))
}

/// Prepares the idle threads of the other CPUs, and lets those start.
fn start_other_cpus() -> Result<(), Errno> {
    for number in 1..FLEET.count() {
        let idle = new_idle(number)?;
        FLEET
            .cpu(number)
            .change(|schedule| schedule.start(idle, Priority::IDLE, idle));
    }
    if FLEET.count() > 1 {
        core_call::start_cpus();
    }
    Ok(())
}

/// Prepares a slot for its next thread.
fn settle(thread: ThreadRef, id: ThreadId, wish: &Wish) -> Result<(), Errno> {
    let mut start = thread.start().lock();
    if !start.stack.is_some_and(|stack| stack.fits(wish.stack_size)) {
        if let Some(stack) = start.stack.take() {
            stack.unmap();
        }
        start.stack = Some(Stack::map(wish.stack_size)?);
    }
    start.entry = wish.entry;
    start.argument = wish.argument;
    thread.renew(id);
    if wish.cpu.is_some() {
        thread.pin();
    }
    FLEET.move_to(thread, wish.cpu.unwrap_or_else(cpu::number));
    thread.set_priority(wish.priority);
    Ok(())
}

/// The first function of a thread, on its kernel stack.
extern "C" fn begin(_: u64) -> ! {
    match schedule::current() {
        Ok(thread) => enter(thread),
        Err(_) => report::die(format_args!("a thread runs that nobody started")),
    }
}

/// Enters the application where the thread is to start.
fn enter(thread: ThreadRef) -> ! {
    let start: Start = *thread.start().lock();
    let top = start.stack.map_or(0, |stack| stack.top());
    switch::enter_app(thread.context(), start.entry, top, start.argument)
}

extern "C" fn idle(_: u64) -> ! {
    events::idle()
}

/// The idle thread of a CPU: the lowest kernel stacks are theirs.
fn new_idle(cpu: usize) -> Result<ThreadRef, Errno> {
    let thread = new_slot(cpu as u64, |stack| Context::new(stack, idle, 0))?;
    thread.pin();
    thread.move_to(cpu);
    Ok(thread)
}

/// A slot with the kernel stack number `place`.
fn new_slot(place: u64, context: fn(KernelStack) -> Context) -> Result<ThreadRef, Errno> {
    ThreadRef::new(|| Ok(context(KernelStack::map(place)?)))
}
