//! The course of a fault: it waits, is done, and puts back what was lent.

use iced_x86::{
    Decoder, DecoderOptions, Instruction, InstructionInfoFactory, OpAccess, Register,
};

use crate::guest::{NAMES, RAX, REGISTERS, RIP, RSP};
use crate::kind::Kind;
use crate::plan::Plan;
use crate::random::Random;

/// Bytes of the longest instruction.
const LONGEST: usize = 15;
/// A jump to itself.
const ROUND: [u8; 2] = [0xeb, 0xfe];
/// How often an address without memory is drawn again.
const DRAWS: u32 = 256;
/// How much of a stack counts as data, in bytes.
const STACK: u64 = 1024;

/// The registers and the memory of who executes.
pub trait Machine {
    fn register(&self, number: u32) -> u64;
    fn set_register(&self, number: u32, value: u64);
    fn read(&self, address: u64, bytes: &mut [u8]) -> bool;
    fn write(&self, address: u64, bytes: &[u8]) -> bool;
}

/// An instruction of the domain that is about to be executed.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Where it lies.
    pub at: u64,
    /// How many bytes it has.
    pub size: u64,
    /// How many the domain has executed before.
    pub count: u64,
    /// How many were executed in all.
    pub total: u64,
}

/// How the CPU goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// With this instruction.
    On,
    /// Where its instruction pointer says now.
    Elsewhere,
}

/// A fault that was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Done {
    /// Before which instruction.
    pub at: u64,
    /// How many the domain had executed.
    pub count: u64,
    /// In words.
    pub what: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// The instruction has not come.
    Waiting,
    /// It is to come once more.
    Again { at: u64, total: u64 },
    /// A register is to have its value again.
    Lent {
        register: u32,
        value: u64,
        total: u64,
    },
    /// The code is changed, and put back when the domain begins anew.
    Round { at: u64, bytes: [u8; 2] },
    /// Nothing follows.
    Over,
}

/// A fault and how far it has come.
#[derive(Debug)]
pub struct Course {
    plan: Plan,
    phase: Phase,
    random: Random,
    pub done: Option<Done>,
}

impl Course {
    /// It has not begun.
    pub fn new(plan: Plan) -> Course {
        let seed = plan.fault.map_or(0, |fault| fault.seed);
        Course {
            plan,
            phase: Phase::Waiting,
            random: Random(seed),
            done: None,
        }
    }

    /// Whether nothing follows.
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// An instruction of the domain is about to be executed.
    pub fn step(&mut self, machine: &impl Machine, step: Step) -> Next {
        match self.phase {
            Phase::Waiting => self.begin(machine, step),
            Phase::Again { at, total } => {
                self.phase = Phase::Over;
                // An instruction that led out of the domain is not come back to.
                if step.total != total + 1 {
                    return Next::On;
                }
                machine.set_register(RIP, at);
                Next::Elsewhere
            }
            Phase::Lent {
                register,
                value,
                total,
            } => {
                self.phase = Phase::Over;
                if step.total == total + 1 {
                    machine.set_register(register, value);
                }
                Next::On
            }
            Phase::Round { at, bytes } => {
                if step.at != at {
                    machine.write(at, &bytes);
                    self.phase = Phase::Over;
                }
                Next::On
            }
            Phase::Over => Next::On,
        }
    }

    fn begin(&mut self, machine: &impl Machine, step: Step) -> Next {
        let Some(fault) = self.plan.fault.filter(|fault| step.count >= fault.at) else {
            return Next::On;
        };
        let done = match fault.kind {
            Kind::Register => Some(self.flip_register(machine)),
            Kind::Memory => self.flip_memory(machine),
            Kind::Skip => Some(self.skip(machine, step)),
            Kind::Again => Some(self.again(step)),
            Kind::Store => self.misplace(machine, step),
            Kind::Return => self.answer(machine, step),
            Kind::Stuck => self.go_round(machine, step),
        };
        let Some((what, next)) = done else {
            return Next::On;
        };
        self.done = Some(Done {
            at: step.at,
            count: step.count,
            what,
        });
        if self.phase == Phase::Waiting {
            self.phase = Phase::Over;
        }
        next
    }

    fn flip_register(&mut self, machine: &impl Machine) -> (String, Next) {
        let number = self.random.below(REGISTERS.into()) as u32;
        let bit = self.random.below(64);
        let before = machine.register(number);
        let after = before ^ 1 << bit;
        machine.set_register(number, after);
        let name = NAMES[number as usize];
        (
            format!("bit {bit} of {name}: {before:#x} became {after:#x}"),
            Next::On,
        )
    }

    fn flip_memory(&mut self, machine: &impl Machine) -> Option<(String, Next)> {
        for _ in 0..DRAWS {
            let address = self.draw(machine);
            let bit = self.random.below(8);
            let mut byte = [0];
            if machine.read(address, &mut byte) {
                let after = byte[0] ^ 1 << bit;
                machine.write(address, &[after]);
                let what = format!(
                    "bit {bit} at {address:#x}: {:#x} became {after:#x}",
                    byte[0]
                );
                return Some((what, Next::On));
            }
        }
        None
    }

    /// An address of the domain's data: on the stack one time in four.
    fn draw(&mut self, machine: &impl Machine) -> u64 {
        let ranges = &self.plan.data;
        let size = |range: &std::ops::Range<u64>| range.end - range.start;
        let all: u64 = ranges.iter().map(size).sum();
        if self.random.below(4) == 0 || all == 0 {
            return machine.register(RSP).wrapping_add(self.random.below(STACK));
        }
        let mut place = self.random.below(all);
        for range in ranges {
            if place < size(range) {
                return range.start + place;
            }
            place -= size(range);
        }
        0
    }

    fn skip(&mut self, machine: &impl Machine, step: Step) -> (String, Next) {
        machine.set_register(RIP, step.at.wrapping_add(step.size));
        ("an instruction was left out".to_owned(), Next::Elsewhere)
    }

    fn again(&mut self, step: Step) -> (String, Next) {
        self.phase = Phase::Again {
            at: step.at,
            total: step.total,
        };
        ("an instruction was executed twice".to_owned(), Next::On)
    }

    /// The store's base is the pointer, until it is done.
    fn misplace(&mut self, machine: &impl Machine, step: Step) -> Option<(String, Next)> {
        let instruction = instruction(machine, step.at)?;
        let register = base_of_store(&instruction)?;
        let (value, pointer) = (machine.register(register), self.plan.pointer);
        machine.set_register(register, pointer);
        self.phase = Phase::Lent {
            register,
            value,
            total: step.total,
        };
        let name = NAMES[register as usize];
        Some((
            format!("a store by {name}, which was {value:#x}, went by {pointer:#x}"),
            Next::On,
        ))
    }

    fn answer(&mut self, machine: &impl Machine, step: Step) -> Option<(String, Next)> {
        let instruction = instruction(machine, step.at)?;
        if instruction.mnemonic() != iced_x86::Mnemonic::Ret {
            return None;
        }
        let before = machine.register(RAX);
        let after = match self.random.below(4) {
            0 => 0,
            1 => 1,
            2 => u64::MAX,
            _ => self.random.next(),
        };
        machine.set_register(RAX, after);
        Some((
            format!("a function returned {after:#x}, not {before:#x}"),
            Next::On,
        ))
    }

    fn go_round(&mut self, machine: &impl Machine, step: Step) -> Option<(String, Next)> {
        let mut bytes = [0; 2];
        let is_done = machine.read(step.at, &mut bytes) && machine.write(step.at, &ROUND);
        is_done.then(|| {
            self.phase = Phase::Round { at: step.at, bytes };
            ("the code went round and round".to_owned(), Next::Elsewhere)
        })
    }
}

/// The instruction at an address.
fn instruction(machine: &impl Machine, at: u64) -> Option<Instruction> {
    let mut bytes = [0; LONGEST];
    // At the end of what is mapped there are fewer.
    let size = (1..=LONGEST).rev().find(|size| {
        let place = bytes.get_mut(..*size);
        place.is_some_and(|place| machine.read(at, place))
    })?;
    let mut decoder = Decoder::with_ip(64, &bytes[..size], at, DecoderOptions::NONE);
    let instruction = decoder.decode();
    (!instruction.is_invalid()).then_some(instruction)
}

/// The register by which an instruction stores, unless that is the stack's.
fn base_of_store(instruction: &Instruction) -> Option<u32> {
    let mut factory = InstructionInfoFactory::new();
    let memory = factory.info(instruction).used_memory();
    let stores = memory.iter().filter(|used| {
        matches!(
            used.access(),
            OpAccess::Write
                | OpAccess::ReadWrite
                | OpAccess::CondWrite
                | OpAccess::ReadCondWrite
        )
    });
    let bases = stores.filter_map(|used| number_of(used.base()));
    bases.into_iter().find(|number| *number != RSP)
}

/// The number that debuggers give a register of eight bytes.
fn number_of(register: Register) -> Option<u32> {
    let name = format!("{register:?}").to_lowercase();
    let place = NAMES.iter().position(|known| *known == name)?;
    u32::try_from(place).ok()
}

#[cfg(test)]
mod tests;
