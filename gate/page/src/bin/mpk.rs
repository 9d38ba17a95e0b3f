//! The gate page of `--isolation=mpk`: the only ring-3 code that writes PKRU.
//!
//! Every WRPKRU is followed at once by a comparison with an immediate, so that
//! whoever jumps to it with another value in EAX dies. Every change of domain
//! is followed by a look at the token that stands for it in the CPU page,
//! *after* the change, so that whoever jumps to a gate that is not his dies
//! too: the application cannot become a cell, nor a cell the application or
//! another cell. What validates a call is done with the callee's rights, on the
//! callee's stack, and nothing here is read from memory that the caller can
//! write.
//!
//! There is a macro for each kind of edge with more than one gate: a new cell is a
//! line of the module `cells`.
//!
//! The caller's stack is touched only with the caller's rights: its pointer is
//! a number until the rights are back. Registers that carry nothing are
//! cleared on the way to a domain with fewer rights.

#![cfg_attr(target_os = "none", no_std, no_main)]
#![cfg_attr(
    target_os = "none",
    expect(unsafe_code, reason = "the gates are assembly")
)]

#[cfg(target_os = "none")]
core::arch::global_asm!(
    ".section .gate, \"ax\", @progbits",
    // Raises or lowers the rights to \pkru. Clobbers EAX, ECX and EDX.
    ".macro set_rights pkru, site",
    "xor ecx, ecx",
    "xor edx, edx",
    "mov eax, \\pkru",
    ".global __wrpkru_\\site",
    "__wrpkru_\\site:",
    "wrpkru",
    // DEFENCE: rights-compared
    "cmp eax, \\pkru",
    "jne die",
    ".endm",
    "",
    // ---- Application to safe kernel ---------------------------------------
    // In: RDI, RSI, R8, R9, R10 arguments; R11 number; return address on the
    // application's stack. Out: RAX result, all else that is not preserved
    // zero.
    ".org {app_to_safe}",
    ".global app_to_safe",
    "app_to_safe:",
    "set_rights {safe}, enter_safe",
    // The token is the thread's kernel stack: taken here, given back on the
    // way out. No token, no entry: a kernel runs already.
    // DEFENCE: entry-token
    "mov rcx, qword ptr ds:[{entry_stack}]",
    "jrcxz die",
    // DEFENCE: entry-token-taken
    "mov qword ptr ds:[{entry_stack}], 0",
    // The mask is the bound: no number leads outside the table, speculatively
    // or otherwise.
    // DEFENCE: entry-number
    "and r11d, {mask}",
    // What is served, for the report of a fault: above all that the stack
    // holds, in a word that the token points to and nobody else uses.
    "mov qword ptr [rcx], r11",
    "xchg rsp, rcx",
    "push rcx",
    // DEFENCE: entry-direction
    "cld",
    "mov rdx, r10",
    "movabs rax, {safe_table}",
    "call qword ptr [rax + 8*r11]",
    "leave_safe:",
    // Events noted while the kernel ran are served before it is left.
    // DEFENCE: pending-served
    "cmp dword ptr ds:[{pending}], 0",
    "jne serve_pending",
    "pop r11",
    "mov qword ptr ds:[{entry_stack}], rsp",
    "mov r8, rax",
    "set_rights {app}, leave_safe",
    // Only the safe kernel can have set the token: a cell, jumping here to become
    // the application, finds none.
    // DEFENCE: leave-token
    "cmp qword ptr ds:[{entry_stack}], 0",
    "je die",
    "mov rsp, r11",
    "mov rax, r8",
    // DEFENCE: leave-clears
    "xor edi, edi",
    "xor esi, esi",
    "xor r8d, r8d",
    "xor r9d, r9d",
    "xor r10d, r10d",
    "xor r11d, r11d",
    "ret",
    "",
    "die:",
    "ud2",
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
    // In: RDI entry, RSI its stack, RDX argument, RCX kernel stack.
    ".org {enter_app}",
    ".global enter_app",
    "enter_app:",
    "mov qword ptr ds:[{entry_stack}], rcx",
    "mov r11, rdi",
    "mov rdi, rdx",
    "set_rights {app}, enter_app",
    // DEFENCE: enter-token
    "cmp qword ptr ds:[{entry_stack}], 0",
    "je die",
    "mov rsp, rsi",
    // DEFENCE: enter-clears
    "xor eax, eax",
    "xor ebx, ebx",
    "xor ebp, ebp",
    "xor esi, esi",
    "xor r8d, r8d",
    "xor r9d, r9d",
    "xor r10d, r10d",
    "xor r12d, r12d",
    "xor r13d, r13d",
    "xor r14d, r14d",
    "xor r15d, r15d",
    "jmp r11",
    "",
    // ---- Safe kernel to a cell --------------------------------------------
    // In: as above but no fifth argument, and zero for each that is not there,
    // on the safe kernel's stack. Out: RDI result, RDX zero, or not zero if the
    // core brought us back from a fault. Keeps RBX, RBP, RSP and the thread
    // pointer; what else the caller needs it has saved.
    ".macro cell_gate cell, number, pkru",
    ".org {cells} + \\number * {cell}",
    ".global to_\\cell",
    "to_\\cell:",
    // What the callee could ruin is kept on our stack; where that is, is the
    // token.
    "push rbx",
    "push rbp",
    // The thread pointer is the application's, and any ring-3 code can change
    // it.
    "rdfsbase rax",
    "push rax",
    // So are its floating-point modes, below that pointer, where nobody else
    // writes.
    "stmxcsr dword ptr [rsp - 8]",
    "fnstcw word ptr [rsp - 4]",
    "mov qword ptr ds:[{armed} + 8 * \\number], rsp",
    "mov qword ptr ds:[{cell_entry}], r11",
    "mov rsp, qword ptr ds:[{cell_stacks} + 8 * \\number]",
    // The callee learns nothing from registers that carry no argument.
    // DEFENCE: driver-clears
    "xor ebx, ebx",
    "xor ebp, ebp",
    "xor r10d, r10d",
    "xor r12d, r12d",
    "xor r13d, r13d",
    "xor r14d, r14d",
    "xor r15d, r15d",
    // Nor from the application's vector registers, which no kernel uses.
    // DEFENCE: vectors-cleared
    "vzeroall",
    "set_rights \\pkru, enter_\\cell",
    // Whoever jumps here to become the cell, the application or another cell,
    // finds no token. So the number is the safe kernel's, and needs no bound.
    // DEFENCE: driver-token
    "cmp qword ptr ds:[{armed} + 8 * \\number], 0",
    "je die",
    "movabs rax, {cells_start} + \\number * {cell_region} + {table}",
    "call qword ptr [rax + 8*r11]",
    // The return is an entry: rights first, then the token, then our stack.
    "mov rdi, rax",
    "set_rights {safe}, leave_\\cell",
    "return_from_\\cell:",
    // DEFENCE: return-token
    "mov rsp, qword ptr ds:[{armed} + 8 * \\number]",
    "test rsp, rsp",
    "jz die",
    // DEFENCE: return-token-taken
    "mov qword ptr ds:[{armed} + 8 * \\number], 0",
    // An exception that the callee unmasked would be the application's death,
    // and so would one that it left pending: the registers of x87 are empty at
    // a call, and are so again.
    // DEFENCE: vector-modes
    "ldmxcsr dword ptr [rsp - 8]",
    // DEFENCE: x87-pending
    "fninit",
    // DEFENCE: x87-modes
    "fldcw word ptr [rsp - 4]",
    "pop rax",
    // DEFENCE: thread-pointer
    "wrfsbase rax",
    "pop rbp",
    "pop rbx",
    // DEFENCE: return-direction
    "cld",
    "ret",
    // Return from a call whose callee faulted. The core comes here with the safe
    // kernel's rights. Anyone else finds no token, or cannot clear it.
    ".org {cells} + \\number * {cell} + {faulted}",
    ".global \\cell\\()_faulted",
    "\\cell\\()_faulted:",
    "xor edi, edi",
    "mov edx, 1",
    "jmp return_from_\\cell",
    ".endm",
    app_to_safe = const layout::gate::APP_TO_SAFE,
    enter_app = const layout::gate::ENTER_APP,
    cells = const layout::gate::CELLS,
    cell = const layout::gate::CELL,
    faulted = const layout::gate::faulted(Cell::ALL[0]) - layout::gate::CELLS,
    safe = const Pkru::of(Domain::Safe).bits(),
    app = const Pkru::of(Domain::App).bits(),
    entry_stack = const word(offset::ENTRY_STACK),
    armed = const word(offset::armed(Cell::ALL[0])),
    cell_stacks = const word(offset::cell_stack(Cell::ALL[0])),
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
            concat!("cell_gate ", stringify!($name), ", {number}, {pkru}"),
            number = const $cell.number(),
            pkru = const domains::Pkru::of(domains::Domain::Cell($cell)).bits(),
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
use domains::{Cell, Domain, Pkru, cpu_page::offset, entries, layout};

/// Never runs: the page has no Rust code.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// Never runs: the page is built for the guest only.
#[cfg(not(target_os = "none"))]
fn main() {}
