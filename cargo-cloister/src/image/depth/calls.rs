//! Who calls whom, as the instructions of a kernel say it.
//!
//! Calls and jumps to a fixed address are edges, and so are those through a
//! word of the constants that holds one, or through a register that was last
//! loaded from one in the instructions above. A call through a table that only
//! running code knows (a method of a trait object, a function that came as an
//! argument) is no edge; it is counted. Where another way may have loaded the
//! register with something else, it is both: an edge, and counted.

use std::collections::BTreeSet;

use iced_x86::{FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpKind};

use super::functions::{Code, Function};
use super::registers::{Registers, Value};

/// How a function reaches another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// Its frame stays while the other runs.
    Call,
    /// It is left, and its frame with it.
    Jump,
}

/// What a function calls.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Calls {
    /// Other functions, or itself.
    pub(super) edges: Vec<(Kind, usize)>,
    /// How many calls lead nowhere that the code tells.
    pub(super) unknown: usize,
}

/// What every function of `code` calls.
pub(super) fn of(code: &Code) -> Vec<Calls> {
    let mut factory = InstructionInfoFactory::new();
    let functions = code.functions.iter();
    functions
        .map(|function| Reader::new(code, function).read(&mut factory))
        .collect()
}

/// Reads a function from its first to its last instruction.
struct Reader<'c> {
    code: &'c Code,
    function: &'c Function,
    registers: Registers,
    calls: Calls,
}

impl<'c> Reader<'c> {
    fn new(code: &'c Code, function: &'c Function) -> Reader<'c> {
        Reader {
            code,
            function,
            registers: Registers::default(),
            calls: Calls::default(),
        }
    }

    fn read(mut self, factory: &mut InstructionInfoFactory) -> Calls {
        let instructions = self.code.instructions(self.function);
        let targets = self.targets(&instructions);
        for instruction in &instructions {
            if targets.contains(&instruction.ip()) {
                self.registers.meet();
            }
            self.follow(instruction);
            self.note(instruction, factory);
        }
        let ends = instructions.last().is_none_or(is_end);
        if !ends && let Some(next) = self.code.starting(self.function.end) {
            self.calls.edges.push((Kind::Jump, next));
        }
        self.calls.edges.sort_unstable();
        self.calls.edges.dedup();
        self.calls
    }

    /// Where branches of the function and its tables of jumps lead.
    fn targets(&self, instructions: &[Instruction]) -> BTreeSet<u64> {
        let mut targets = BTreeSet::new();
        for instruction in instructions {
            match instruction.flow_control() {
                FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                    targets.insert(instruction.near_branch_target());
                }
                _ if instruction.mnemonic() == Mnemonic::Lea
                    && instruction.is_ip_rel_memory_operand() =>
                {
                    targets.extend(self.table(instruction.ip_rel_memory_address()));
                }
                _ => {}
            }
        }
        targets
    }

    /// Where the table of jumps at `start` leads, if it is one.
    fn table(&self, start: u64) -> impl Iterator<Item = u64> {
        let places = (start..).step_by(size_of::<i32>());
        let distances = places.map_while(|place| self.code.distance(place));
        distances
            .map(move |distance| start.wrapping_add_signed(i64::from(distance)))
            .take_while(|target| self.is_within(*target))
    }

    fn is_within(&self, address: u64) -> bool {
        (self.function.start..self.function.end).contains(&address)
    }

    /// Adds the edge that an instruction is.
    fn follow(&mut self, instruction: &Instruction) {
        match instruction.flow_control() {
            FlowControl::Call if is_near(instruction) => {
                let to = self.code.around(instruction.near_branch_target());
                self.add(Kind::Call, to);
            }
            FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                let target = instruction.near_branch_target();
                if !self.is_within(target) {
                    self.add(Kind::Jump, self.code.around(target));
                }
            }
            FlowControl::IndirectCall => {
                self.follow_value(Kind::Call, self.target(instruction))
            }
            FlowControl::IndirectBranch => {
                self.follow_value(Kind::Jump, self.target(instruction));
            }
            _ => {}
        }
    }

    fn follow_value(&mut self, kind: Kind, value: Option<Value>) {
        match value {
            Some(Value::Function(to)) => self.add(kind, Some(to)),
            Some(Value::Maybe(to)) => {
                self.add(kind, Some(to));
                self.add(kind, None);
            }
            // DEFENCE: stack-jump-tables
            Some(Value::Place) if kind == Kind::Jump => {}
            _ => self.add(kind, None),
        }
    }

    fn add(&mut self, kind: Kind, to: Option<usize>) {
        match to {
            Some(to) => self.calls.edges.push((kind, to)),
            None => self.calls.unknown += 1,
        }
    }

    /// Where a call through a word or a register leads.
    fn target(&self, instruction: &Instruction) -> Option<Value> {
        match instruction.op_kind(0) {
            OpKind::Register => self.registers.get(instruction.op_register(0)),
            OpKind::Memory => self.constant(instruction).map(Value::Function),
            _ => None,
        }
    }

    /// The function whose address stands in the constant that is read.
    fn constant(&self, instruction: &Instruction) -> Option<usize> {
        let is_fixed = instruction.is_ip_rel_memory_operand();
        let place = is_fixed.then(|| instruction.ip_rel_memory_address())?;
        self.code.starting(self.code.word(place)?)
    }

    /// Keeps in mind what an instruction does to registers.
    fn note(&mut self, instruction: &Instruction, factory: &mut InstructionInfoFactory) {
        let loaded = match instruction.mnemonic() {
            Mnemonic::Mov if instruction.op1_kind() == OpKind::Memory => {
                self.constant(instruction)
            }
            Mnemonic::Lea if instruction.is_ip_rel_memory_operand() => {
                self.code.starting(instruction.ip_rel_memory_address())
            }
            _ => None,
        };
        self.registers.note(instruction, loaded, factory);
        match instruction.flow_control() {
            FlowControl::Call | FlowControl::IndirectCall => self.registers.call(),
            FlowControl::Next | FlowControl::ConditionalBranch => {}
            // Nobody comes from above.
            _ => self.registers.meet(),
        }
    }
}

fn is_near(instruction: &Instruction) -> bool {
    instruction.op_kind(0) == OpKind::NearBranch64
}

/// Whether nothing behind the instruction runs because of it.
fn is_end(instruction: &Instruction) -> bool {
    let flow = instruction.flow_control();
    let is_filler = matches!(
        instruction.mnemonic(),
        Mnemonic::Int3 | Mnemonic::Ud2 | Mnemonic::Nop
    );
    // Behind a call that never returns there may be nothing.
    is_filler || !matches!(flow, FlowControl::Next | FlowControl::ConditionalBranch)
}
