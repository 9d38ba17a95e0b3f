//! Instructions that tell of a crossing, and those that bound what counts.
//!
//! The gates are known by their addresses, which are the same with walls and
//! without; what crosses into the core, and every write of PKRU, by its bytes.
//! A program that wants only a part of itself counted executes [`BEGIN`] before
//! it and [`END`] behind it, which do nothing.

use domains::Cell;
use domains::layout::{GATE_PAGE, gate};

/// `nop dword ptr [rax + 0x4e474542]`.
const BEGIN: &[u8] = &[0x0f, 0x1f, 0x80, b'B', b'E', b'G', b'N'];
/// `nop dword ptr [rax + 0x53444e45]`.
const END: &[u8] = &[0x0f, 0x1f, 0x80, b'E', b'N', b'D', b'S'];

/// What an instruction is, if it is worth counting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// The first instruction of the gate from the application to the safe
    /// kernel.
    CallSafe,
    /// The first of the gate from the safe kernel to a cell.
    CallCell,
    /// A core call.
    Syscall,
    /// The core's only way out: from core calls, interrupts and faults.
    Iretq,
    /// A write of PKRU, in a gate or in the core.
    Wrpkru,
    /// One round of a repeated string instruction, which moves one byte or word.
    String,
    /// The CPU waits for an interrupt.
    Halt,
    /// From here on things count.
    Begin,
    /// From here on they do not.
    End,
}

impl Mark {
    /// All of them, by number.
    pub const ALL: [Mark; 9] = [
        Mark::CallSafe,
        Mark::CallCell,
        Mark::Syscall,
        Mark::Iretq,
        Mark::Wrpkru,
        Mark::String,
        Mark::Halt,
        Mark::Begin,
        Mark::End,
    ];

    /// What its count is called; bounds are counted apart.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Mark::CallSafe => "calls_safe",
            Mark::CallCell => "calls_cells",
            Mark::Syscall => "core_calls",
            Mark::Iretq => "core_exits",
            Mark::Wrpkru => "wrpkru",
            Mark::String => "string",
            Mark::Halt => "halts",
            Mark::Begin | Mark::End => return None,
        })
    }

    /// What the instruction of these bytes at `address` is: an entry of a gate
    /// may be a write of PKRU as well.
    pub fn of(address: u64, bytes: &[u8]) -> impl Iterator<Item = Mark> {
        let place = match address.checked_sub(GATE_PAGE) {
            Some(gate::APP_TO_SAFE) => Some(Mark::CallSafe),
            Some(offset) if is_gate_to_cell(offset) => Some(Mark::CallCell),
            _ => None,
        };
        let kind = match bytes {
            [0x0f, 0x05] => Some(Mark::Syscall),
            [0x48, 0xcf] => Some(Mark::Iretq),
            [0x0f, 0x01, 0xef] => Some(Mark::Wrpkru),
            [0xf4] => Some(Mark::Halt),
            // REP or REPNE, perhaps REX, and MOVS, CMPS, STOS, LODS or SCAS.
            [0xf2 | 0xf3, 0xa4..=0xa7 | 0xaa..=0xaf]
            | [0xf2 | 0xf3, 0x40..=0x4f, 0xa4..=0xa7 | 0xaa..=0xaf] => Some(Mark::String),
            BEGIN => Some(Mark::Begin),
            END => Some(Mark::End),
            _ => None,
        };
        place.into_iter().chain(kind)
    }
}

fn is_gate_to_cell(offset: u64) -> bool {
    Cell::ALL.iter().any(|cell| gate::to_cell(*cell) == offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_known_by_place_and_others_by_bytes() {
        let of = |address, bytes: &[u8]| Mark::of(address, bytes).collect::<Vec<_>>();
        assert_eq!(of(GATE_PAGE, &[0x31, 0xc9]), [Mark::CallSafe]);
        for cell in Cell::ALL {
            let into_cell = GATE_PAGE + gate::to_cell(cell);
            assert_eq!(of(into_cell, &[0x53]), [Mark::CallCell]);
        }
        assert_eq!(of(0x1234, BEGIN), [Mark::Begin]);
        assert_eq!(of(0x1234, &[0x0f, 0x01, 0xef]), [Mark::Wrpkru]);
        assert_eq!(of(0x1234, &[0xf4]), [Mark::Halt]);
        assert_eq!(of(0, &[0xf3, 0xa4]), [Mark::String]);
        assert_eq!(of(0, &[0xf3, 0x48, 0xab]), [Mark::String]);
        assert_eq!(of(0, &[0xf3, 0x90]), []);
        assert_eq!(of(0, &[0x90]), []);
    }
}
