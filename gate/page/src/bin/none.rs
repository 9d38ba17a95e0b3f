//! The gate page of `--isolation=none`: the baseline.
//!
//! Calls have the same shape as through the real gates, without the walls: no
//! change of PKRU, no change of stack, no tokens. What is left is the table,
//! and a word in the CPU page that tells the core which domain runs.

#![cfg_attr(target_os = "none", no_std, no_main)]
#![cfg_attr(
    target_os = "none",
    expect(unsafe_code, reason = "the gates are assembly")
)]

#[cfg(target_os = "none")]
core::arch::global_asm!(
    ".section .gate, \"ax\", @progbits",
    // ---- Application to safe kernel ---------------------------------------
    ".org {app_to_safe}",
    ".global app_to_safe",
    "app_to_safe:",
    "mov qword ptr ds:[{domain}], {safe}",
    "sub rsp, 8",
    "cld",
    "and r11d, {mask}",
    "mov rdx, r10",
    "movabs rax, {safe_table}",
    "call qword ptr [rax + 8*r11]",
    "leave_safe:",
    "cmp dword ptr ds:[{pending}], 0",
    "jne serve_pending",
    "add rsp, 8",
    "mov qword ptr ds:[{domain}], {app}",
    "ret",
    "",
    "serve_pending:",
    "push rax",
    "sub rsp, 8",
    "movabs rax, {safe_pending}",
    "call qword ptr [rax]",
    "add rsp, 8",
    "pop rax",
    "jmp leave_safe",
    "",
    // ---- First entry of a thread into the application ---------------------
    ".org {enter_app}",
    ".global enter_app",
    "enter_app:",
    "mov qword ptr ds:[{entry_stack}], rcx",
    "mov qword ptr ds:[{domain}], {app}",
    "mov r11, rdi",
    "mov rdi, rdx",
    "mov rsp, rsi",
    "xor ebp, ebp",
    "jmp r11",
    "",
    // ---- Safe kernel to a cell --------------------------------------------
    ".macro cell_gate cell, number, domain",
    ".org {cells} + \\number * {cell}",
    ".global to_\\cell",
    "to_\\cell:",
    "mov qword ptr ds:[{domain}], \\domain",
    "mov qword ptr ds:[{cell_entry}], r11",
    "sub rsp, 8",
    "and r11d, {mask}",
    "xor edx, edx",
    "movabs rax, {cells_start} + \\number * {cell_region} + {table}",
    "call qword ptr [rax + 8*r11]",
    "add rsp, 8",
    "mov rdi, rax",
    "mov qword ptr ds:[{domain}], {safe}",
    "xor edx, edx",
    "ret",
    // Return from a call whose callee faulted: there is no way back.
    ".org {cells} + \\number * {cell} + {faulted}",
    ".global \\cell\\()_faulted",
    "\\cell\\()_faulted:",
    "ud2",
    ".endm",
    app_to_safe = const layout::gate::APP_TO_SAFE,
    enter_app = const layout::gate::ENTER_APP,
    cells = const layout::gate::CELLS,
    cell = const layout::gate::CELL,
    faulted = const layout::gate::faulted(Cell::ALL[0]) - layout::gate::CELLS,
    safe = const Domain::Safe.number(),
    app = const Domain::App.number(),
    entry_stack = const word(offset::ENTRY_STACK),
    domain = const word(offset::DOMAIN),
    cell_entry = const word(offset::CELL_ENTRY),
    pending = const word(offset::PENDING),
    mask = const entries::SLOTS - 1,
    safe_table = const layout::SAFE.start + entries::TABLE as u64,
    safe_pending = const layout::SAFE.start + entries::PENDING as u64,
    table = const entries::TABLE,
    cells_start = const layout::CELLS.start,
    cell_region = const Cell::ALL[0].region().size(),
);

/// The gate into a cell, by the macro above.
#[cfg(target_os = "none")]
macro_rules! gate_into {
    ($name:ident, $cell:expr) => {
        core::arch::global_asm!(
            ".section .gate, \"ax\", @progbits",
            concat!("cell_gate ", stringify!($name), ", {number}, {domain}"),
            number = const $cell.number(),
            domain = const domains::Domain::Cell($cell).number(),
        );
    };
}

// Behind the macros, which the assembler reads in this order.
#[cfg(target_os = "none")]
#[path = "../cells.rs"]
mod cells;

/// The address of a word of the CPU page.
#[cfg(target_os = "none")]
const fn word(offset: usize) -> u64 {
    layout::CPU_PAGE + offset as u64
}

#[cfg(target_os = "none")]
use domains::{Cell, Domain, cpu_page::offset, entries, layout};

/// Never runs: the page has no Rust code.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Never runs: the page is built for the guest only.
#[cfg(not(target_os = "none"))]
fn main() {}
