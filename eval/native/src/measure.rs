//! The way into a domain's rights and back, around a loop that measures.
//!
//! While PKRU holds the value of a domain, key 0 is closed, and with it all
//! data of the process: stack, constants, variables. Between the two WRPKRU of
//! [`cross`] runs assembly only, on a stack of the domain, and touches
//! nothing but pages with keys that the domain has rights over.
//!
//! What comes back is believed only if every single call gave the word that it
//! should, and the gate counted as many calls as there were.

#![expect(unsafe_code, reason = "it changes rights and stack, in assembly")]

use std::arch::naked_asm;
use std::mem::offset_of;

use domains::Domain;

use crate::probes::Probe;
use crate::walls::{self, SAMPLES, SAMPLES_MAX, Walls};

/// Runs `probe` so often; what each time took, the measurement included.
pub(crate) fn run(walls: &mut Walls, probe: &Probe, count: usize) -> Result<Vec<u32>, String> {
    assert!(
        (1..=SAMPLES_MAX).contains(&count),
        "there is room for the samples"
    );
    let order = order(probe, count);
    walls.set_running(probe.domain);
    // SAFETY:
    // 1. The walls stand: all that the order and the gates name is mapped, and
    //    this thread is the only one.
    // 2. The loop is made for the rights of this domain.
    let wrong = unsafe { walled(&raw const order) };
    let has_called = walls.has_called_a_cell(probe.domain)?;
    if wrong != 0 {
        return Err(format!(
            "{}: {wrong} of {count} answers were wrong, or the rights behind the last",
            probe.name
        ));
    }
    if has_called != (probe.domain == Domain::Safe) {
        return Err(format!("{}: a cell was called: {has_called}", probe.name));
    }
    Ok(walls.samples(count))
}

fn order(probe: &Probe, count: usize) -> Order {
    Order {
        code: probe.code,
        stack: walls::stack(probe.domain).end,
        rights: probe.rights,
        first: SAMPLES,
        end: SAMPLES + 4 * count as u64,
        expected: probe.expected,
        argument: probe.argument,
    }
}

/// A loop that measures. It is called only by [`cross`].
pub(crate) type Code = unsafe extern "C" fn();

/// What [`walled`] reads before it gives up the rights to read it.
#[repr(C)]
struct Order {
    code: Code,
    stack: u64,
    rights: u64,
    first: u64,
    end: u64,
    expected: u64,
    argument: u64,
}

/// Where a loop finds words on its stack, while nothing more is pushed.
pub(crate) mod frame {
    /// How many answers were wrong, counted by the loop.
    pub(crate) const WRONG: usize = 8;
    /// The address behind the last sample.
    pub(crate) const END: usize = 16;
    /// The right answer.
    pub(crate) const EXPECTED: usize = 24;
    /// What the loop is told: a number or a length.
    pub(crate) const ARGUMENT: usize = 32;
}

/// Runs a loop with the rights and on the stack of a domain.
///
/// In: RDI the order. Out: RAX how many answers were wrong, and one more if the
/// rights are others at the end. Keeps what the C ABI keeps.
///
/// # Safety
///
/// The order's stack and samples must be mapped and nobody else's, and its
/// code must be such as [`crate::loops`] has, with these rights.
#[unsafe(naked)]
unsafe extern "C" fn walled(order: *const Order) -> u64 {
    naked_asm!(
        // A gate may ruin all of these.
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "call {cross}",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
        cross = sym cross,
    )
}

/// The change of stack and rights, there and back.
///
/// In and out as [`walled`], but keeps only RSP and PKRU. Gives the loop RBP,
/// the address of the first sample, and the words of [`frame`]; takes from it
/// all registers but RSP.
///
/// # Safety
///
/// Only [`walled`] may call it.
#[unsafe(naked)]
unsafe extern "C" fn cross() {
    naked_asm!(
        // Whatever the order says is in registers or on the other stack before
        // its own page is closed.
        "mov rbp, qword ptr [rdi + {first}]",
        "mov r12, qword ptr [rdi + {code}]",
        "mov r13, qword ptr [rdi + {rights}]",
        "mov rbx, rsp",
        "mov rsp, qword ptr [rdi + {stack}]",
        // The way back: our stack, the rights of the process, and those that
        // there must be until then.
        "push rbx",
        "xor ecx, ecx",
        "rdpkru",
        "push rax",
        "push r13",
        // The words of the frame, from the last to the first.
        "push qword ptr [rdi + {argument}]",
        "push qword ptr [rdi + {expected}]",
        "push qword ptr [rdi + {end}]",
        "push 0",
        // RDPKRU has left zero in EDX, as WRPKRU wants it.
        "mov eax, r13d",
        "wrpkru",
        "call r12",
        // The count of wrong answers; the rest of the frame is done with.
        "pop rbx",
        "add rsp, 24",
        // A gate that gave back other rights was wrong, whatever it answered.
        "pop r13",
        "xor ecx, ecx",
        "rdpkru",
        "cmp eax, r13d",
        "setne cl",
        "movzx ecx, cl",
        "add rbx, rcx",
        // The rights of the process, then its stack.
        "pop rax",
        "xor ecx, ecx",
        "xor edx, edx",
        "wrpkru",
        "pop rsp",
        "mov rax, rbx",
        "ret",
        code = const offset_of!(Order, code),
        stack = const offset_of!(Order, stack),
        rights = const offset_of!(Order, rights),
        first = const offset_of!(Order, first),
        end = const offset_of!(Order, end),
        expected = const offset_of!(Order, expected),
        argument = const offset_of!(Order, argument),
    )
}
