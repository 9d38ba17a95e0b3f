//! What is known of registers between the instructions of a function.

use std::collections::BTreeMap;

use iced_x86::{Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register};

/// What a register holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// The address of a function.
    Function(usize),
    /// That, if the way led through the instructions above.
    Maybe(usize),
    /// A distance that was read from a table.
    Distance,
    /// A place within the function that a table of jumps gave.
    Place,
}

/// Registers whose contents are known.
#[derive(Default)]
pub(super) struct Registers(BTreeMap<u32, Value>);

impl Registers {
    /// What `register` holds.
    pub(super) fn get(&self, register: Register) -> Option<Value> {
        self.0.get(&number(register)).copied()
    }

    /// Goes over an instruction, which loads the address of `function` if of any.
    pub(super) fn note(
        &mut self,
        instruction: &Instruction,
        function: Option<usize>,
        factory: &mut InstructionInfoFactory,
    ) {
        let value = function.map(Value::Function);
        let value = value.or_else(|| self.by_table(instruction));
        for used in factory.info(instruction).used_registers() {
            if !matches!(used.access(), OpAccess::Read | OpAccess::CondRead) {
                self.0.remove(&number(used.register()));
            }
        }
        if let Some(value) = value {
            self.0.insert(number(instruction.op0_register()), value);
        }
    }

    /// A table of jumps is read and its distance added to its address.
    fn by_table(&self, instruction: &Instruction) -> Option<Value> {
        let is_distance = |place| {
            instruction.op_kind(place) == OpKind::Register
                && self.get(instruction.op_register(place)) == Some(Value::Distance)
        };
        let of_table = instruction.op1_kind() == OpKind::Memory
            && instruction.memory_index_scale() == size_of::<i32>() as u32;
        match instruction.mnemonic() {
            Mnemonic::Movsxd if of_table => Some(Value::Distance),
            Mnemonic::Add if is_distance(0) || is_distance(1) => Some(Value::Place),
            _ => None,
        }
    }

    /// A function was called and has come back.
    pub(super) fn call(&mut self) {
        // DEFENCE: stack-caller-saved
        for register in CALLER_SAVED {
            self.0.remove(&number(register));
        }
    }

    /// Other ways lead here than by the instructions above.
    pub(super) fn meet(&mut self) {
        // DEFENCE: stack-branch-targets
        self.0.retain(|_, value| match *value {
            Value::Function(it) | Value::Maybe(it) => {
                *value = Value::Maybe(it);
                true
            }
            Value::Distance | Value::Place => false,
        });
    }
}

/// What a function need not give back as it was.
const CALLER_SAVED: [Register; 9] = [
    Register::RAX,
    Register::RCX,
    Register::RDX,
    Register::RSI,
    Register::RDI,
    Register::R8,
    Register::R9,
    Register::R10,
    Register::R11,
];

fn number(register: Register) -> u32 {
    register.full_register() as u32
}
