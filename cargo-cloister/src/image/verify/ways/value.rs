//! What is known of a value, and of a token.

use domains::cpu_page::offset;
use domains::layout::CPU_PAGE;
use domains::{Cell, Purpose};

/// A word of the CPU page that stands for an edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token {
    /// That of the application, which is the kernel stack of its thread.
    Entry,
    /// That of a cell, which is the stack of the safe kernel that has called it.
    Armed(Cell),
}

impl Token {
    /// The token at an address, if one is there.
    pub(super) fn at(purpose: Purpose, address: u64) -> Option<Token> {
        let armed = purpose.cells().iter().map(|cell| Token::Armed(*cell));
        let mut all = [Token::Entry].into_iter().chain(armed);
        all.find(|token| token.address() == address)
    }

    fn address(self) -> u64 {
        let offset = match self {
            Token::Entry => offset::ENTRY_STACK,
            Token::Armed(cell) => offset::armed(cell),
        };
        CPU_PAGE + offset as u64
    }
}

/// What is known of 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// Nothing: the intruder has chosen it.
    Any,
    /// It is this.
    Const(u64),
    /// It has no other bits than these.
    Masked(u64),
    /// It is so many bytes from where the token led.
    Stack(Token, i64),
}

impl Value {
    /// Whether it is zero, as far as that is known.
    pub(super) fn is_zero(self) -> Option<bool> {
        match self {
            Value::Const(value) => Some(value == 0),
            // A stack is nowhere near the end of the address space.
            Value::Stack(..) => Some(false),
            Value::Any | Value::Masked(_) => None,
        }
    }

    /// So many bytes further.
    pub(super) fn moved(self, by: i64) -> Value {
        match self {
            Value::Const(value) => Value::Const(value.wrapping_add_signed(by)),
            Value::Stack(token, at) => Value::Stack(token, at.wrapping_add(by)),
            Value::Any | Value::Masked(_) => Value::Any,
        }
    }

    /// Its lower half, as an instruction on 32 bits leaves it.
    pub(super) fn halved(self) -> Value {
        match self {
            Value::Const(value) => Value::Const(value & u64::from(u32::MAX)),
            Value::Masked(mask) => Value::Masked(mask & u64::from(u32::MAX)),
            Value::Any | Value::Stack(..) => Value::Masked(u64::from(u32::MAX)),
        }
    }
}
