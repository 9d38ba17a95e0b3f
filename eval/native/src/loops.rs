//! The loops that measure, one for each thing.
//!
//! A loop takes the time with LFENCE, RDTSC, LFENCE before and RDTSCP, LFENCE
//! behind (Intel SDM volume 2, RDTSC and RDTSCP): what comes before has ended
//! when the first is taken, what is timed has ended when the second is, and
//! nothing moves across either. A sample is the lower half of the difference:
//! whatever takes longer was interrupted.
//!
//! The arguments of a call are ready before the clock starts. What is timed is
//! the caller's CALL, with the MOV of its target where it has one, everything up
//! to its return, and one MOV of the answer, which the empty measurement has too.

#![expect(unsafe_code, reason = "each loop is assembly")]

use std::arch::naked_asm;

use domains::cpu_page::offset;
use domains::layout::{CPU_PAGE, GATE_PAGE, gate};
use domains::{Domain, Pkru};

use crate::handlers::{FILL, WORD, null};
use crate::measure::frame;
use crate::walls::{SINK, TIMED};

const APP_RIGHTS: u32 = Pkru::of(Domain::App).bits();
const SAFE_RIGHTS: u32 = Pkru::of(Domain::Safe).bits();

/// Declares a loop: what is done before the clock starts, and what is timed.
///
/// In: RBP the place of the first sample, and the words of [`frame`]. What is
/// done before is lost in RAX, RBX and RDX. What is timed leaves its answer in
/// R8, and keeps RBX, RBP and RSP; it may change everything else, and memory
/// below RSP.
macro_rules! measured {
    ($(#[doc = $about:literal])* $name:ident [$($before:literal),*] [$($timed:literal),*]
     $($operands:tt)*) => {
        $(#[doc = $about])*
        ///
        /// # Safety
        ///
        /// Only the trampoline of [`crate::measure`] may call it, with rights
        /// that the measured code can start with.
        #[unsafe(naked)]
        pub(crate) unsafe extern "C" fn $name() {
            naked_asm!(
                // In the same place of a cache line in each build.
                ".p2align 6",
                "2:",
                $($before,)*
                // The clock starts: half of it is enough, and the gates keep RBX.
                "lfence",
                "rdtsc",
                "mov ebx, eax",
                "lfence",
                $($timed,)*
                // The clock stops.
                "rdtscp",
                "lfence",
                "sub eax, ebx",
                "mov dword ptr [rbp], eax",
                "add rbp, 4",
                // A wrong answer is counted.
                "xor eax, eax",
                "cmp r8, qword ptr [rsp + {expected}]",
                "setne al",
                "add qword ptr [rsp + {wrong}], rax",
                "cmp rbp, qword ptr [rsp + {end}]",
                "jne 2b",
                "ret",
                expected = const frame::EXPECTED,
                wrong = const frame::WRONG,
                end = const frame::END,
                $($operands)*
            )
        }
    };
}

measured! {
    /// Nothing: the overhead of all others.
    empty [] ["mov r8d, {word}"]
    word = const WORD,
}

/// How many rotations wait for one another: the word comes back as it was.
const ROTATIONS: u64 = 16 * 64;
/// Core cycles that they take: each answer is there after one.
pub(crate) const ROTATION_CYCLES: u64 = ROTATIONS;
/// How many multiplications wait for one another.
const MULTIPLICATIONS: u64 = 300;
/// Core cycles that they take: each answer is there after three.
pub(crate) const MULTIPLICATION_CYCLES: u64 = 3 * MULTIPLICATIONS;

measured! {
    /// The core's own clock: a chain that takes a known number of its cycles. RORX
    /// has a latency of one (uops.info: Haswell to Alder Lake's larger cores, Zen to
    /// Zen 4).
    rotations
    []
    ["mov r8d, {word}", ".rept {rotations}", "rorx r8, r8, 1", ".endr"]
    word = const WORD,
    rotations = const ROTATIONS,
}

measured! {
    /// The same by another instruction, to see that both agree. IMUL has a latency of
    /// three on the same cores.
    multiplications
    []
    ["mov r8d, {word}", ".rept {multiplications}", "imul r8, r8, 1", ".endr"]
    word = const WORD,
    multiplications = const MULTIPLICATIONS,
}

measured! {
    /// A call of a function that is like a null entry.
    plain_call [] ["call {null}", "mov r8, rax"]
    null = sym null,
}

measured! {
    /// A call from the application, as its library makes it.
    app_to_safe
    ["mov r11, qword ptr [rsp + {argument}]"]
    ["call qword ptr ds:[{gate}]", "mov r8, rax"]
    argument = const frame::ARGUMENT,
    gate = const CPU_PAGE + offset::APP_TO_SAFE as u64,
}

measured! {
    /// A call from the safe kernel, without arguments.
    safe_to_cell
    ["mov r11, qword ptr [rsp + {argument}]",
     "xor edi, edi", "xor esi, esi", "xor r8d, r8d", "xor r9d, r9d"]
    ["mov eax, {gate}", "call rax", "mov r8, rdi"]
    argument = const frame::ARGUMENT,
    gate = const GATE_PAGE + gate::to_cell(TIMED),
}

measured! {
    /// One WRPKRU, of the value that the register holds, and the registers that
    /// it wants: RDTSC has just changed them.
    wrpkru
    []
    ["xor ecx, ecx", "xor edx, edx", "mov eax, {app}", "wrpkru", "mov r8, rax"]
    app = const APP_RIGHTS,
}

measured! {
    /// Two: to the safe kernel's rights, and back.
    wrpkru_pair
    []
    ["xor ecx, ecx", "xor edx, edx", "mov eax, {safe}", "wrpkru", "mov eax, {app}", "wrpkru",
     "mov r8, rax"]
    safe = const SAFE_RIGHTS,
    app = const APP_RIGHTS,
}

measured! {
    /// What the gate to a cell does for the thread pointer: it reads it
    /// before and writes it behind.
    thread_pointer
    []
    ["rdfsbase rax", "wrfsbase rax", "mov r8d, {word}"]
    word = const WORD,
}

measured! {
    /// What it does so that no vector register tells anything.
    vzeroall
    []
    ["vzeroall", "mov r8d, {word}"]
    word = const WORD,
}

measured! {
    /// The control: a call of Linux that does next to nothing.
    getpid
    []
    ["mov eax, {number}", "syscall", "mov r8, rax"]
    number = const libc::SYS_getpid,
}

measured! {
    /// The paper's `write_bytes`: the safe kernel has a cell fill so many bytes
    /// of its memory.
    write_bytes
    ["movabs rdi, {sink}", "mov rsi, qword ptr [rsp + {argument}]",
     "xor r8d, r8d", "xor r9d, r9d", "mov r11d, {number}"]
    ["mov eax, {gate}", "call rax", "mov r8, rdi"]
    argument = const frame::ARGUMENT,
    sink = const SINK,
    number = const FILL,
    gate = const GATE_PAGE + gate::to_cell(TIMED),
}
