//! The call through a gate, as one instruction among others.
//!
//! Arguments travel in RDI, RSI, R8, R9 and R10, the number in R11: WRPKRU
//! claims RAX, RCX and RDX for itself. Everything the C ABI lets a callee
//! change is lost; the gate clears what carries nothing back.

use core::arch::asm;

use domains::Cell;
use domains::cpu_page::offset;
use domains::layout::{CPU_PAGE, GATE_PAGE, gate};

use crate::cell::Faulted;

/// Where the application finds the address of its gate.
const APP_TO_SAFE: u64 = CPU_PAGE + offset::APP_TO_SAFE as u64;
/// Calls entry `number` of the safe kernel.
///
/// # Safety
///
/// Addresses among `words` must be such as the entry may read or write.
#[inline(always)]
pub(crate) unsafe fn to_safe<const N: usize>(number: u32, words: [u64; N]) -> i64 {
    let [first, second, third, fourth, fifth] = spread(words);
    let result;
    macro_rules! call {
        ($($arguments:tt)*) => {
            // SAFETY: the gate keeps the registers that the C ABI keeps, and
            // the caller answers for the addresses. The CPU page is mapped.
            unsafe {
                asm!(
                    "call qword ptr ds:[{gate}]",
                    gate = const APP_TO_SAFE,
                    in("r11") u64::from(number),
                    $($arguments)*
                    lateout("rax") result,
                    clobber_abi("C"),
                )
            }
        };
    }
    match N {
        0 => call!(),
        1 => call!(in("rdi") first,),
        2 => call!(in("rdi") first, in("rsi") second,),
        3 => call!(in("rdi") first, in("rsi") second, in("r8") third,),
        4 => call!(in("rdi") first, in("rsi") second, in("r8") third, in("r9") fourth,),
        _ => call!(
            in("rdi") first, in("rsi") second, in("r8") third, in("r9") fourth, in("r10") fifth,
        ),
    }
    result
}

/// Calls entry `$number` of a cell by the gate whose address `$gate` holds.
macro_rules! call_cell {
    ($call:literal, $number:ident, $words:ident, $($gate:tt)*) => {{
        const { assert!(N <= 4, "an entry of a cell takes at most four arguments") };
        let [first, second, third, fourth, _] = $crate::call::spread($words);
        let result;
        let faulted: u64;
        // SAFETY:
        // 1. The gate keeps RBX, RBP and the stack pointer from the safe
        //    kernel's own stack, whatever the callee does; all else is
        //    declared as lost.
        // 2. The callee has no rights over the safe kernel's memory.
        unsafe {
            core::arch::asm!(
                $call,
                gate = $($gate)*,
                in("r11") u64::from($number),
                // Zero where there is no argument: registers carry secrets.
                inlateout("rdi") first => result,
                in("rsi") second,
                in("r8") third,
                in("r9") fourth,
                lateout("rdx") faulted,
                out("r12") _,
                out("r13") _,
                out("r14") _,
                out("r15") _,
                clobber_abi("C"),
            );
        }
        match faulted {
            0 => Ok(result),
            _ => Err($crate::cell::Faulted),
        }
    }};
}

/// The way into `$cell`, as the function `into` of the module that declares its
/// entries.
macro_rules! way_into {
    ($cell:expr) => {
        /// Where the safe kernel finds the address of the gate: among its
        /// constants, so that the call is one instruction.
        static GATE: u64 =
            domains::layout::GATE_PAGE + domains::layout::gate::to_cell($cell);

        /// Calls entry `number` of the cell.
        #[inline(always)]
        fn into<const N: usize>(
            number: u32,
            words: [u64; N],
        ) -> Result<i64, $crate::cell::Faulted> {
            #[cfg(feature = "played")]
            if $crate::played::is_on() {
                return $crate::played::call($cell, number, &words);
            }
            $crate::call::call_cell!("call qword ptr [rip + {gate}]", number, words, sym GATE)
        }
    };
}

pub(crate) use {call_cell, way_into};

/// Calls entry `number` of `cell`, whichever that is: what all cells have.
#[cold]
#[inline(never)]
pub(crate) fn to_cell<const N: usize>(
    cell: Cell,
    number: u32,
    words: [u64; N],
) -> Result<i64, Faulted> {
    #[cfg(feature = "played")]
    if crate::played::is_on() {
        return crate::played::call(cell, number, &words);
    }
    let address = GATE_PAGE + gate::to_cell(cell);
    call_cell!("call {gate}", number, words, in(reg) address)
}

/// The words in their places, with zeros behind.
#[inline(always)]
pub(crate) fn spread<const N: usize>(words: [u64; N]) -> [u64; 5] {
    const { assert!(N <= 5, "an entry takes at most five arguments") };
    let mut all = [0; 5];
    all[..N].copy_from_slice(&words);
    all
}
