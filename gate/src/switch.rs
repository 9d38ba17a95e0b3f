//! Switching between threads of the safe kernel, without the core.
//!
//! A thread in the safe kernel runs on its own kernel stack. Switching saves
//! what the C ABI lets nobody change (callee-saved registers, the rounding
//! modes of both floating-point units, the thread pointers) on that stack, and
//! the stack pointer in the thread's [`Context`]. Vector registers are dead at
//! a call, so they are not saved; ring 0 is not involved.
//!
//! A context is resumed at most once for each time it was saved: its stack
//! pointer is taken out when it is used. So the functions are safe.
//!
//! Who switches saves itself *before* it waits for the other context. Two CPUs
//! that switch to each other's threads would otherwise wait for one another.

use core::arch::naked_asm;
use core::sync::atomic::{AtomicU64, Ordering};

use domains::Isolation;
use domains::entry_names;
use domains::layout::{GATE_PAGE, gate};

use crate::memory::KernelStack;
use crate::{cpu, info};

/// Where a thread that does not run goes on.
#[derive(Debug)]
pub struct Context {
    /// The saved stack pointer; zero while the thread runs.
    stack_pointer: AtomicU64,
    stack: KernelStack,
}

/// The saved registers, from the stack pointer up.
#[repr(C)]
struct Saved {
    gs_base: u64,
    fs_base: u64,
    mxcsr: u32,
    x87_control: u32,
    r15: u64,
    r14: u64,
    r13: u64,
    r12: u64,
    rbx: u64,
    rbp: u64,
    return_address: u64,
}

/// All exceptions masked, round to nearest: what the ABI starts a thread with.
const MXCSR: u32 = 0x1f80;
const X87_CONTROL: u32 = 0x37f;

impl Context {
    /// A context that starts with `start(argument)` on `stack`.
    pub fn new(stack: KernelStack, start: extern "C" fn(u64) -> !, argument: u64) -> Context {
        let stack_pointer = AtomicU64::new(prepare(&stack, start, argument));
        Context {
            stack_pointer,
            stack,
        }
    }

    /// Has the context start again, with `start(argument)`: for a thread that
    /// has ended, whose stack holds nothing that anybody waits for.
    ///
    /// Where another CPU has not left that stack yet, this waits for it.
    pub fn restart(&self, start: extern "C" fn(u64) -> !, argument: u64) {
        take(self);
        let stack_pointer = prepare(&self.stack, start, argument);
        self.stack_pointer.store(stack_pointer, Ordering::Release);
    }

    /// Whether nobody runs on the stack.
    pub fn is_left(&self) -> bool {
        self.stack_pointer.load(Ordering::Acquire) != 0
    }

    /// The context of a thread that runs already, on a stack of the core's.
    pub const fn running(stack: KernelStack) -> Context {
        Context {
            stack_pointer: AtomicU64::new(0),
            stack,
        }
    }
}

/// Puts what starts `start(argument)` on a stack that nobody runs on; the
/// stack pointer to load.
fn prepare(stack: &KernelStack, start: extern "C" fn(u64) -> !, argument: u64) -> u64 {
    let saved = Saved {
        gs_base: 0,
        fs_base: 0,
        mxcsr: MXCSR,
        x87_control: X87_CONTROL,
        r15: 0,
        r14: 0,
        r13: 0,
        r12: start as usize as u64,
        rbx: argument,
        rbp: 0,
        return_address: begin as *const () as u64,
    };
    // Two words below the top: `begin` calls, so the stack is aligned there.
    let place = stack.top() - 8 - size_of::<Saved>() as u64;
    let pointer: *mut Saved = core::ptr::without_provenance_mut(place as usize);
    // SAFETY: the stack is mapped and writable; the caller has made sure that
    // nobody runs on it or will.
    unsafe { pointer.write(saved) };
    let served: *mut u64 = core::ptr::without_provenance_mut(stack.top() as usize);
    // SAFETY: as above; nothing else uses the word at the top.
    unsafe { served.write(entry_names::START.into()) };
    place
}

/// Saves the running thread in `from` and goes on with `to`.
///
/// Returns when somebody switches back, on whatever CPU. Where another CPU has
/// not finished saving `to`, this waits for it.
pub fn switch(from: &Context, to: &Context) {
    announce(to);
    // SAFETY: `from` is saved into its own word; a stack pointer is taken out
    // of `to` by whoever uses it, once.
    unsafe { exchange(from.stack_pointer.as_ptr(), to.stack_pointer.as_ptr()) };
}

/// Goes on with `to` and never comes back: for a CPU that has just started,
/// whose first stack nobody needs any more.
pub fn leave_for(to: &Context) -> ! {
    announce(to);
    let mut nobody = 0;
    // SAFETY: as for `switch`; what is saved here is never resumed.
    unsafe { exchange(&raw mut nobody, to.stack_pointer.as_ptr()) };
    unreachable!("nobody knows where this was saved")
}

/// Says whose kernel stack an upcall enters on, where no gate does it.
fn announce(to: &Context) {
    if info::isolation() == Isolation::None {
        cpu::set_entry_stack(to.stack.top());
    }
}

/// Takes the saved stack pointer of a context that nobody resumes; waits for
/// the CPU that is about to save it.
fn take(context: &Context) -> u64 {
    loop {
        match context.stack_pointer.swap(0, Ordering::AcqRel) {
            0 => core::hint::spin_loop(),
            stack_pointer => return stack_pointer,
        }
    }
}

/// Enters the application at `entry` with `argument`, on `app_stack`.
///
/// `context` is the calling thread's; what its kernel stack holds is dead.
pub fn enter_app(context: &Context, entry: u64, app_stack: u64, argument: u64) -> ! {
    // SAFETY: the gate lowers the rights before it touches the application's
    // stack, and leaves the thread's kernel stack empty for the next entry.
    unsafe { enter(entry, app_stack, argument, context.stack.top()) }
}

/// The first instruction of a new thread.
///
/// In: R12 function, RBX argument.
///
/// # Safety
///
/// Only [`exchange`] may come here, on a stack that [`Context::new`] made.
#[unsafe(naked)]
unsafe extern "C" fn begin() -> ! {
    naked_asm!("mov rdi, rbx", "xor ebp, ebp", "call r12", "ud2")
}

/// Saves the registers on this stack and restores them from the other.
///
/// In: RDI where to save the stack pointer, RSI where the one to load is, or
/// will be. Clobbers RAX. The layout on the stack is `Saved`.
///
/// # Safety
///
/// What is stored at `load` was saved by this function or made by
/// [`Context::new`]; both are valid for an atomic access, `load` for good.
#[unsafe(naked)]
unsafe extern "C" fn exchange(save: *mut u64, load: *mut u64) {
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "stmxcsr dword ptr [rsp]",
        "fnstcw word ptr [rsp + 4]",
        "rdfsbase rax",
        "push rax",
        "rdgsbase rax",
        "push rax",
        // From the store on, another CPU may resume this thread: nothing below
        // touches the old stack.
        "mov qword ptr [rdi], rsp",
        // Interrupts do not touch this stack either: ring 0 has its own.
        "2:",
        "xor eax, eax",
        "xchg qword ptr [rsi], rax",
        "test rax, rax",
        "jnz 3f",
        "pause",
        "jmp 2b",
        "3:",
        "mov rsp, rax",
        "pop rax",
        "wrgsbase rax",
        "pop rax",
        "wrfsbase rax",
        "ldmxcsr dword ptr [rsp]",
        // FLDCW would raise an exception that the application left pending, and
        // the next thread would find its flag.
        // DEFENCE: switch-clears-x87
        "fnclex",
        "fldcw word ptr [rsp + 4]",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// Jumps to the gate that enters the application for the first time.
///
/// In: RDI entry, RSI stack, RDX argument, RCX the thread's kernel stack.
///
/// # Safety
///
/// The kernel stack is the calling thread's own; what it holds is dead.
#[unsafe(naked)]
unsafe extern "C" fn enter(entry: u64, app_stack: u64, argument: u64, kernel_stack: u64) -> ! {
    naked_asm!(
        fill!(),
        "mov eax, {gate}",
        "jmp rax",
        gate = const GATE_PAGE + gate::ENTER_APP,
    )
}

/// What stands in the registers that carry nothing to the gate: with the hooks
/// something that the application would know again.
#[cfg(feature = "test-hooks")]
macro_rules! fill {
    () => {
        "mov rbx, -1
        mov rbp, rbx
        mov r8, rbx
        mov r9, rbx
        mov r10, rbx
        mov r12, rbx
        mov r13, rbx
        mov r14, rbx
        mov r15, rbx"
    };
}

/// Whatever is there.
#[cfg(not(feature = "test-hooks"))]
macro_rules! fill {
    () => {
        ""
    };
}

use fill;
