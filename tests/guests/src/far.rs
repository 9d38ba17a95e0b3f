//! Far transfers within ring 3, with RSP where only the core may go.
//!
//! The stack accesses of these instructions need the rights of whoever executes
//! them. Emulators were seen that make them with those of ring 0: then a far
//! call writes to the core's memory, and a far return or IRET reads it.

use std::arch::{asm, naked_asm};

use domains::core_call::test_hook::{CANARY_GET, CANARY_PUT};
use domains::layout::{CORE_PHYSICAL, PHYSICAL_MAP};
use gate::hooks::CORE_HOOK;

use crate::hooks;

/// What the canary holds before a call writes to it.
const UNTOUCHED: u64 = 0x5a5a_5a5a_5a5a_5a5a;
/// Flags of ring 3: interrupts on.
const FLAGS: u64 = 0x202;

/// Attacks as the words say; comes back only if it was not stopped.
pub fn run(how: &str) -> Result<(), String> {
    let (code, data) = selectors();
    match how {
        "selectors" => only_ours(code, data),
        "call" => call(code),
        "call-text" => call_into_text(code),
        "return" => {
            let stack = canary(&[address_of_landing(), code]);
            // SAFETY: the words lead to the landing, if anywhere.
            unsafe { far_return(stack) };
            went_through("return")
        }
        "iret" => {
            let here = 0_u64;
            let stack = (&raw const here).addr() as u64 & !0xf;
            let stack = canary(&[address_of_landing(), code, FLAGS, stack, data]);
            // SAFETY: as above; the landing takes the stack from a register.
            unsafe { iret(stack) };
            went_through("iret")
        }
        other => Err(format!("no such attack: {other}")),
    }
}

/// Bits of what LAR tells: 64-bit code, 32-bit code or data.
const LONG: u32 = 1 << 21;
const BIG: u32 = 1 << 22;

/// Looks at every selector that there can be: ring 3 may load those of its code and its
/// data, by whatever privilege it asks, and nothing else. Its code is 64-bit code.
fn only_ours(code: u64, data: u64) -> Result<(), String> {
    let found: Vec<(u16, u32)> = (0..=u16::MAX)
        .filter_map(|selector| Some((selector, rights(selector)?)))
        .collect();
    let is_of = |selector: u16, ours: u64| u64::from(selector) | 3 == ours;
    for (selector, rights) in &found {
        let is_code = is_of(*selector, code) && rights & (LONG | BIG) == LONG;
        if !is_code && !is_of(*selector, data) {
            return Err(format!("selector {selector:#x} is there: {rights:#x}"));
        }
    }
    match found.len() {
        8 => Ok(()),
        count => Err(format!("{count} selectors are there, and not eight")),
    }
}

/// What a segment is, if ring 3 may load it.
fn rights(selector: u16) -> Option<u32> {
    let (rights, is_there): (u32, u8);
    // SAFETY: the instruction only looks at descriptors.
    unsafe {
        asm!(
            "lar {rights:e}, {selector:e}",
            "setz {is_there}",
            rights = out(reg) rights,
            selector = in(reg) u32::from(selector),
            is_there = out(reg_byte) is_there,
            options(nomem, nostack),
        );
    }
    (is_there != 0).then_some(rights)
}

fn went_through(what: &str) -> Result<(), String> {
    println!("the {what} went through");
    Ok(())
}

/// Calls with the canary as the stack, and looks what was written.
fn call(code: u64) -> Result<(), String> {
    let stack = canary(&[UNTOUCHED, UNTOUCHED]) + 16;
    // SAFETY: the call leads to the landing.
    let behind = unsafe { far_call(stack, code) };
    let found = [0, 1].map(|index| core_hook(CANARY_GET, index));
    if found != [behind, code] {
        return Err(format!("the call wrote {found:#x?}"));
    }
    went_through("call")
}

/// Calls with the core's code as the stack.
fn call_into_text(code: u64) -> Result<(), String> {
    println!("attacking");
    // SAFETY: the call leads to the landing.
    unsafe { far_call(PHYSICAL_MAP + CORE_PHYSICAL + 16, code) };
    went_through("call")
}

/// Fills the core's canary; where the core has it in its map of all memory.
fn canary(words: &[u64]) -> u64 {
    println!("attacking");
    let places: Vec<u64> = words
        .iter()
        .map(|word| core_hook(CANARY_PUT, *word))
        .collect();
    PHYSICAL_MAP + places[0]
}

fn core_hook(hook: u64, argument: u64) -> u64 {
    hooks::hook(CORE_HOOK, hook as usize, argument as usize) as u64
}

/// The segments of this ring, code and data.
fn selectors() -> (u64, u64) {
    let (code, data): (u64, u64);
    // SAFETY: only reads them.
    unsafe {
        asm!("mov {}, cs", "mov {}, ss", out(reg) code, out(reg) data, options(nomem, nostack));
    }
    (code & 0xffff, data & 0xffff)
}

fn address_of_landing() -> u64 {
    (landing as *const ()).addr() as u64
}

/// Where the transfers lead: takes the stack back from R12, and goes on at R13.
#[unsafe(naked)]
extern "C" fn landing() {
    naked_asm!("mov rsp, r12", "jmp r13")
}

/// Where an indirect far call leads.
#[repr(C)]
struct Pointer {
    offset: u64,
    selector: u64,
}

/// Calls the landing with RSP at `stack`; the address behind the call.
///
/// # Safety
///
/// What it stores below `stack` may be lost.
unsafe fn far_call(stack: u64, code: u64) -> u64 {
    let pointer = Pointer {
        offset: address_of_landing(),
        selector: code,
    };
    let behind;
    // SAFETY: R12 and R13 lead back here; the rest is the caller's duty.
    unsafe {
        asm!(
            "mov r12, rsp",
            "lea r13, [rip + 2f]",
            "mov rsp, {stack}",
            // call far [rax], of 64 bits
            ".byte 0x48, 0xff, 0x18",
            "2:",
            stack = in(reg) stack,
            in("rax") &raw const pointer,
            out("r12") _,
            out("r13") behind,
        );
    }
    behind
}

/// Returns to what stands at `stack`.
///
/// # Safety
///
/// That must be the landing.
unsafe fn far_return(stack: u64) {
    // SAFETY: R12 and R13 lead back here; the rest is the caller's duty.
    unsafe {
        asm!(
            "mov r12, rsp",
            "lea r13, [rip + 2f]",
            "mov rsp, {stack}",
            "retfq",
            "2:",
            stack = in(reg) stack,
            out("r12") _,
            out("r13") _,
        );
    }
}

/// Returns as from an interrupt to what stands at `stack`.
///
/// # Safety
///
/// That must be the landing.
unsafe fn iret(stack: u64) {
    // SAFETY: R12 and R13 lead back here; the rest is the caller's duty.
    unsafe {
        asm!(
            "mov r12, rsp",
            "lea r13, [rip + 2f]",
            "mov rsp, {stack}",
            "iretq",
            "2:",
            stack = in(reg) stack,
            out("r12") _,
            out("r13") _,
        );
    }
}
