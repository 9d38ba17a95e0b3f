//! Footholds in the kernel domains, for the attack tests.
//!
//! An attack that starts inside a kernel domain needs code there that does
//! what an attacker would. Images built for release refuse this feature.

#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "each block executes one of several attacks"
)]

mod foreign_call;
mod registers;
mod vectors;
mod words;

use core::arch::asm;
use core::sync::atomic::{AtomicU64, Ordering};

use domains::Cell;
use domains::cpu_page::offset;
use domains::layout::CPU_PAGE;

use crate::cell::console;
use crate::clock;

pub(crate) use registers::with_registers;
pub use words::FLIPS;

/// Loads a byte at the address.
pub const LOAD: u32 = 0;
/// Stores a byte at the address.
pub const STORE: u32 = 1;
/// Jumps to the address.
pub const FETCH: u32 = 2;
/// Executes the privileged instruction number `argument` of [`PRIVILEGED`].
pub const PRIVILEGE: u32 = 3;
/// Recurses until the stack is full.
pub const OVERFLOW: u32 = 4;
/// Makes core call number `argument`.
pub const CORE_CALL: u32 = 5;
/// Spins for ever.
pub const SPIN: u32 = 6;
/// Counts the ticks of `argument` null calls into a cell.
pub const TIME_CELL_CALLS: u32 = 7;
/// Counts the ticks of `argument` null core calls.
pub const TIME_CORE_CALLS: u32 = 8;
/// Safe kernel only: sets the time slice of threads to `argument` nanoseconds.
pub const SET_TIME_SLICE: u32 = 9;
/// Safe kernel only: how often the application was preempted.
pub const PREEMPTIONS: u32 = 10;
/// Safe kernel only: makes the core's test hook `address` with `argument`.
pub const CORE_HOOK: u32 = 11;
/// Moves the thread pointer to `address`.
pub const MOVE_THREAD_POINTER: u32 = 12;
/// What the vector registers hold, or-ed together.
pub const READ_VECTORS: u32 = 13;
/// PKRU behind the return from a null call into a cell.
pub const PKRU_AFTER_CELL_CALL: u32 = 14;
/// Safe kernel only: how many bytes of its heap are allocated.
pub const HEAP_IN_USE: u32 = 27;
/// The address of the domain's canary, or, with an argument, how many of its
/// words have changed.
pub const CANARY: u32 = 30;
/// Safe kernel only: lets every pointer of the application pass.
pub const BLUNT_POINTERS: u32 = 31;
/// Counts the ticks of `address` calls into a cell that fill
/// `argument` bytes there, at most [`FILLED_MAX`].
pub const TIME_FILLS: u32 = 16;
/// Counts the ticks of a call into a cell that faults, from the call
/// to the error.
pub const TIME_FAULT: u32 = 17;
/// Fills `argument` bytes of the domain's own.
pub const FILL: u32 = 18;
/// Counts the ticks of `argument` calls into a cell by its hook, for nothing:
/// what a call for something else takes beside that.
pub const TIME_HOOKS: u32 = 20;
/// Does nothing.
pub const NOTHING: u32 = 21;
/// Safe kernel only: the ticks at which the application was last preempted.
pub const PREEMPTED_AT: u32 = 19;
/// The cells `hostfs` and `nic` only: lies about the replies of channel number
/// `address`, or about frames, in the way that `argument` says.
pub const LIE: u32 = 15;
/// Returns with the direction flag set.
pub const SET_DIRECTION: u32 = 22;
/// Unmasks exceptions of both floating-point units, changes how they round, and
/// leaves one pending and a register full.
pub const SPOIL_FLOATING: u32 = 23;
/// Safe kernel only: fills the registers that carry nothing to a cell and
/// answers, or-ed together, what it found in them.
pub const FILL_REGISTERS: u32 = 24;
/// Which tokens are there: the application's in bit 0, behind it that of each cell.
pub const TOKENS: u32 = 25;
/// The cell `console` only: counts the ticks of a call to publish `address` new
/// requests or, with an argument, of the next one, which finds them completed.
pub const TIME_PUBLISH: u32 = 37;
/// The word at `address`.
pub const LOAD_WORD: u32 = 38;
/// Stores `argument` as the word at `address`.
pub const STORE_WORD: u32 = 39;
/// Makes core call number `address` with the four words at `argument`.
pub const CORE_CALL_WITH: u32 = 40;
/// Puts the two words at `argument` into those at `address`, and back what was,
/// [`FLIPS`] times.
pub const FLIP: u32 = 41;
/// Makes core call number `address` with the four words at `argument` for ever.
pub const REPEAT: u32 = 42;
/// Panics.
pub const PANIC: u32 = 43;
/// A word that means nothing, by chance that begins with `argument`.
pub const GARBAGE: u32 = 44;
/// Safe kernel only: what the cell `probe` says of the `argument` bytes at
/// `address`, which are the application's.
pub const DIGEST: u32 = 45;
/// The cell `console` only: keeps whoever reads input busy for nothing.
pub const TEASE: u32 = 46;
/// The cell `nic` only: asks the network who has the IPv4 address `address`; with an
/// argument the ticks of a call that brings a frame and sends one.
pub const ASK: u32 = 47;
/// With [`in_cell`]: beside whatever other call there is under way.
pub const BESIDE: u32 = 1 << 16;
/// Safe kernel only: what the vector registers held whenever the application was
/// preempted, or-ed together.
pub const VECTORS_AT_UPCALL: u32 = 26;

/// Has the safe kernel pass the rest on to `cell`.
pub const fn in_cell(cell: Cell) -> u32 {
    1 << (8 + cell.number())
}

/// The cell that a kind is passed on to; none if it is for the safe kernel.
pub fn cell_of(kind: u32) -> Option<Cell> {
    Cell::ALL
        .into_iter()
        .find(|cell| kind & in_cell(*cell) != 0)
}

/// What that cell is told.
pub const fn for_cell(kind: u32) -> u32 {
    kind & 0xff
}

/// Instructions that ring 3 must not execute.
pub const PRIVILEGED: [&str; 15] = [
    "cli", "hlt", "in", "out", "mov cr4", "mov dr7", "wrmsr", "xsetbv", "invlpg", "clts",
    "lgdt", "lidt", "ltr", "swapgs", "sgdt",
];

/// What a word of a canary holds.
const CANARY_WORD: u64 = 0x0dd5_ea1e_dca9_a21e;
/// Words of which each domain has its own, for attacks to aim at. Two pages, so
/// that whatever a call writes fits in.
static CANARY_WORDS: [AtomicU64; 1024] = [const { AtomicU64::new(CANARY_WORD) }; 1024];

/// The most bytes that [`FILL`] fills.
pub const FILLED_MAX: usize = 4096;
/// What it fills.
static FILLED: [AtomicU64; FILLED_MAX / 8] = [const { AtomicU64::new(0) }; FILLED_MAX / 8];

/// Fills so many bytes, as a function does that is unsafe because it trusts its
/// caller; how many.
fn fill(size: usize) -> i64 {
    let size = size.min(FILLED_MAX);
    // What nobody reads would not be written.
    let target = core::hint::black_box(FILLED.as_ptr().cast::<u8>().cast_mut());
    // SAFETY: the bytes are there, and whatever they hold is a number.
    unsafe { core::ptr::write_bytes(target, 0x5a, size) };
    size as i64
}

/// The ticks of a call into a cell that reads the safe kernel's
/// memory; negative if it may.
fn ticks_of_fault() -> i64 {
    let start = clock::ticks();
    let outcome = console::hook(LOAD, domains::layout::SAFE.start as usize, 0);
    let ticks = clock::ticks() - start;
    if outcome.is_err() { ticks as i64 } else { -1 }
}

/// The canary's address, or how many of its words have changed.
fn canary(argument: usize) -> i64 {
    if argument == 0 {
        return CANARY_WORDS.as_ptr().addr() as i64;
    }
    let has_changed = |word: &&AtomicU64| word.load(Ordering::Relaxed) != CANARY_WORD;
    CANARY_WORDS.iter().filter(has_changed).count() as i64
}

/// Does what `kind` says with the calling domain's rights.
///
/// # Safety
///
/// This is an attack. It is sound only where walls stand or nothing matters.
pub unsafe fn attack(kind: u32, address: usize, argument: usize) -> i64 {
    // SAFETY: none is claimed; the caller wants the fault.
    unsafe {
        match kind {
            LOAD => asm!("mov al, [{}]", in(reg) address, out("al") _),
            STORE => asm!("mov byte ptr [{}], 0x41", in(reg) address),
            FETCH => asm!("call {}", in(reg) address, clobber_abi("C")),
            PRIVILEGE => privileged(argument),
            OVERFLOW => return overflow(argument),
            CORE_CALL => return foreign_call::make(argument),
            PKRU_AFTER_CELL_CALL => return pkru_after_cell_call(),
            READ_VECTORS => return vectors::found(),
            CANARY => return canary(argument),
            SET_DIRECTION => asm!("std"),
            SPOIL_FLOATING => spoil_floating(),
            LOAD_WORD | STORE_WORD | CORE_CALL_WITH | FLIP | REPEAT => {
                return words::attack(kind, address, argument);
            }
            FILL_REGISTERS => return registers::found(),
            TOKENS => return tokens(),
            MOVE_THREAD_POINTER => asm!("wrfsbase {}", in(reg) address),
            TIME_CELL_CALLS => {
                return ticks_of(argument, || {
                    let _ = console::null();
                });
            }
            TIME_CORE_CALLS => {
                return ticks_of(argument, || {
                    let _ = crate::core_call::null();
                });
            }
            TIME_FILLS => {
                return ticks_of(address, || {
                    let _ = console::hook(FILL, 0, argument);
                });
            }
            TIME_HOOKS => {
                return ticks_of(argument, || {
                    let _ = console::hook(NOTHING, 0, 0);
                });
            }
            NOTHING => {}
            TIME_FAULT => return ticks_of_fault(),
            FILL => return fill(argument),
            GARBAGE => return domains::injection::scramble(argument as u64) as i64,
            PANIC => panic!("as it was told to"),
            // Without a pause, which takes an emulator long.
            SPIN => asm!("2:", "jmp 2b"),
            _ => return -22,
        }
    }
    0
}

/// Leaves the floating-point units as no callee may.
fn spoil_floating() {
    /// Nothing is masked, and the flag of a division by zero is up.
    const MXCSR: u32 = 0x6004;
    const CONTROL: u16 = 0xc40;
    // SAFETY: no kernel computes with these units.
    unsafe {
        asm!(
            "fninit",
            "fldcw word ptr [{control}]",
            "fldz",
            "fld1",
            "fdiv st, st(1)",
            "ldmxcsr dword ptr [{mxcsr}]",
            control = in(reg) &CONTROL,
            mxcsr = in(reg) &MXCSR,
        );
    }
}

/// Which tokens are there.
fn tokens() -> i64 {
    let offsets = Cell::ALL.map(offset::armed);
    let words = [offset::ENTRY_STACK].into_iter().chain(offsets).enumerate();
    let bit = |(bit, offset): (usize, usize)| {
        let address = CPU_PAGE as usize + offset;
        // SAFETY: every domain reads the CPU page.
        let word =
            unsafe { core::ptr::with_exposed_provenance::<u64>(address).read_volatile() };
        i64::from(word != 0) << bit
    };
    words.map(bit).sum()
}

/// Executes a privileged instruction.
///
/// # Safety
///
/// As [`attack`].
unsafe fn privileged(number: usize) {
    // SAFETY: none is claimed; each instruction faults in ring 3.
    unsafe {
        match number {
            0 => asm!("cli"),
            1 => asm!("hlt"),
            2 => asm!("in al, 0x80", out("al") _),
            3 => asm!("out 0x80, al", in("al") 0_u8),
            4 => asm!("mov cr4, {}", in(reg) 0_u64),
            5 => asm!("mov dr7, {}", in(reg) 0_u64),
            6 => asm!("wrmsr", in("ecx") 0xc000_0080_u32, in("eax") 0, in("edx") 0),
            7 => asm!("xsetbv", in("ecx") 0, in("eax") 1, in("edx") 0),
            8 => asm!("invlpg [{}]", in(reg) 0_u64),
            9 => asm!("clts"),
            10 => asm!("lgdt [{}]", in(reg) 0x1000_2000_u64),
            11 => asm!("lidt [{}]", in(reg) 0x1000_2000_u64),
            12 => asm!("ltr {0:x}", in(reg) 0_u64),
            13 => asm!("swapgs"),
            _ => {
                let mut store = [0_u8; 16];
                asm!("sgdt [{}]", in(reg) store.as_mut_ptr());
            }
        }
    }
}

/// The ticks of `count` times `call`: those of a loop that makes it twice, less
/// those of one that makes it once.
fn ticks_of(count: usize, call: impl Fn()) -> i64 {
    let once = ticks_of_loop(count, &call);
    let twice = ticks_of_loop(count, || {
        call();
        call();
    });
    twice - once
}

fn ticks_of_loop(count: usize, body: impl Fn()) -> i64 {
    let start = clock::ticks();
    for _ in 0..count {
        body();
    }
    clock::ticks().wrapping_sub(start) as i64
}

/// Fills the stack.
fn overflow(depth: usize) -> i64 {
    let frame = core::hint::black_box([depth as u8; 512]);
    if core::hint::black_box(depth) == usize::MAX {
        return 0;
    }
    overflow(depth + 1) + i64::from(core::hint::black_box(frame)[depth % 512])
}

/// Calls a cell and reads PKRU.
fn pkru_after_cell_call() -> i64 {
    if console::null().is_err() {
        return -5;
    }
    let pkru: u32;
    // SAFETY: RDPKRU touches no memory; CR4.PKE is set where there are walls.
    unsafe { asm!("rdpkru", in("ecx") 0, out("eax") pkru, out("edx") _) };
    i64::from(pkru)
}
