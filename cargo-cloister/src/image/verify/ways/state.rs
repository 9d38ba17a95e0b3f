//! What is known of the processor on a way.

use domains::cpu_page::CpuPage;
use domains::layout::CPU_PAGE;
use domains::table::key_of;
use domains::{Area, Domain, Pkru, Purpose, Rights};
use iced_x86::Register;

use super::value::{Token, Value};

/// The rights that the way has now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Held {
    /// What the intruder has put into EAX.
    Chosen,
    /// This, or it would have died.
    Exactly(Pkru),
}

/// What the flags say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flags {
    /// Nothing that is known.
    Any,
    /// Whether what was looked at is zero.
    Zero(bool),
    /// Whether EAX, and so the rights, are this.
    RightsAre(u32),
}

/// A point of a way, and what is known there.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Who has come here.
    pub(super) intruder: Domain,
    /// What the image is for.
    pub(super) purpose: Purpose,
    /// Where the next instruction is.
    pub(super) at: u64,
    pub(super) held: Held,
    pub(super) flags: Flags,
    /// Whether strings go upwards.
    pub(super) is_upward: bool,
    registers: [Value; 16],
    /// Whether EAX is what was written to PKRU.
    shows_rights: bool,
    /// The tokens that are not zero.
    set: Vec<Token>,
}

impl State {
    /// Behind a WRPKRU, which leads on with zero in ECX and EDX only. An intruder runs, so
    /// his own token is set and no other.
    pub(super) fn new(purpose: Purpose, intruder: Domain, at: u64) -> State {
        let own = match intruder {
            Domain::App => Some(Token::Entry),
            Domain::Cell(cell) => Some(Token::Armed(cell)),
            Domain::Safe => None,
        };
        let mut registers = [Value::Any; 16];
        (registers[1], registers[2]) = (Value::Const(0), Value::Const(0));
        State {
            intruder,
            purpose,
            at,
            held: Held::Chosen,
            flags: Flags::Any,
            is_upward: false,
            registers,
            shows_rights: true,
            set: own.into_iter().collect(),
        }
    }

    /// What a general register holds; nothing is known of others.
    pub(super) fn register(&self, register: Register) -> Value {
        let full = register.full_register();
        let value = match full.is_gpr64() {
            true => self.registers[full.number()],
            false => Value::Any,
        };
        match register.size() {
            8 => value,
            4 => value.halved(),
            _ => Value::Any,
        }
    }

    /// Puts a value into a general register: what an instruction on 32 bits leaves of
    /// it, and nothing that is known if the register is smaller.
    pub(super) fn set_register(&mut self, register: Register, value: Value) {
        let full = register.full_register();
        if full.is_gpr64() {
            self.shows_rights &= full != Register::RAX;
            self.registers[full.number()] = match register.size() {
                8 => value,
                4 => value.halved(),
                _ => Value::Any,
            };
        }
    }

    /// Whether EAX is still what was written to PKRU.
    pub(super) fn shows_rights(&self) -> bool {
        self.shows_rights && self.held == Held::Chosen
    }

    /// Whether a token is set.
    pub(super) fn is_set(&self, token: Token) -> bool {
        self.set.contains(&token)
    }

    /// The word at an address of the CPU page.
    pub(super) fn word(&self, address: u64) -> Value {
        match Token::at(self.purpose, address) {
            Some(token) if self.is_set(token) => Value::Stack(token, 0),
            Some(_) => Value::Const(0),
            None => Value::Any,
        }
    }

    /// Writes a word of the CPU page: nothing but zero is written to a token on a way
    /// that has raised its rights.
    pub(super) fn set_word(&mut self, address: u64, value: Value) -> Result<(), &'static str> {
        match (Token::at(self.purpose, address), value.is_zero()) {
            (None, _) => Ok(()),
            (Some(token), Some(true)) => {
                self.set.retain(|it| *it != token);
                Ok(())
            }
            (Some(_), _) => Err("it sets a token"),
        }
    }

    /// Whether the way has rights to write the CPU page; without them that is an
    /// exception.
    pub(super) fn may_write_cpu_page(&self) -> bool {
        let Held::Exactly(pkru) = self.held else {
            return true;
        };
        pkru.rights(key_of(Area::Info)) == Rights::ReadWrite
    }

    /// Whether the rights are the intruder's own.
    pub(super) fn is_harmless(&self) -> bool {
        self.held == Held::Exactly(Pkru::in_image(self.intruder, self.purpose))
    }
}

/// Whether an address is one of the CPU page's words.
pub(super) fn is_of_cpu_page(address: u64) -> bool {
    (CPU_PAGE..CPU_PAGE + size_of::<CpuPage>() as u64).contains(&address)
}
