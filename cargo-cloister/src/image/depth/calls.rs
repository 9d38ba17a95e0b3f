//! Who calls whom, as the instructions of a kernel say it.
//!
//! Calls and jumps to a fixed address are edges, and so are those through a
//! word of the constants that holds one, or through a register that was last
//! loaded from one in the instructions above. A call through a table that only
//! running code knows (a method of a trait object, a function that came as an
//! argument) is no edge; it is counted.

use std::collections::BTreeMap;

use iced_x86::{
    FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register,
};

use super::functions::{Code, Function};

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
    /// Registers that hold the address of a function.
    known: BTreeMap<u32, usize>,
    /// Whether a table of jumps within the function was read.
    has_jump_table: bool,
    calls: Calls,
}

impl<'c> Reader<'c> {
    fn new(code: &'c Code, function: &'c Function) -> Reader<'c> {
        Reader {
            code,
            function,
            known: BTreeMap::new(),
            has_jump_table: false,
            calls: Calls::default(),
        }
    }

    fn read(mut self, factory: &mut InstructionInfoFactory) -> Calls {
        let instructions = self.code.instructions(self.function);
        for instruction in &instructions {
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

    /// Adds the edge that an instruction is.
    fn follow(&mut self, instruction: &Instruction) {
        match instruction.flow_control() {
            FlowControl::Call if is_near(instruction) => {
                let to = self.code.around(instruction.near_branch_target());
                self.add(Kind::Call, to);
            }
            FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                let target = instruction.near_branch_target();
                if !(self.function.start..self.function.end).contains(&target) {
                    self.add(Kind::Jump, self.code.around(target));
                }
            }
            FlowControl::IndirectCall => self.add(Kind::Call, self.target(instruction)),
            FlowControl::IndirectBranch => match self.target(instruction) {
                None if self.has_jump_table => {}
                target => self.add(Kind::Jump, target),
            },
            _ => {}
        }
    }

    fn add(&mut self, kind: Kind, to: Option<usize>) {
        match to {
            Some(to) => self.calls.edges.push((kind, to)),
            None => self.calls.unknown += 1,
        }
    }

    /// Where a call through a word or a register leads.
    fn target(&self, instruction: &Instruction) -> Option<usize> {
        match instruction.op_kind(0) {
            OpKind::Register => self.known.get(&number(instruction.op_register(0))).copied(),
            OpKind::Memory => self.constant(instruction),
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
        self.has_jump_table |= instruction.mnemonic() == Mnemonic::Movsxd;
        for used in factory.info(instruction).used_registers() {
            if !matches!(used.access(), OpAccess::Read | OpAccess::CondRead) {
                self.known.remove(&number(used.register()));
            }
        }
        let loaded = match instruction.mnemonic() {
            Mnemonic::Mov if instruction.op1_kind() == OpKind::Memory => {
                self.constant(instruction)
            }
            Mnemonic::Lea if instruction.is_ip_rel_memory_operand() => {
                self.code.starting(instruction.ip_rel_memory_address())
            }
            _ => None,
        };
        if let Some(function) = loaded {
            self.known
                .insert(number(instruction.op0_register()), function);
        }
    }
}

fn number(register: Register) -> u32 {
    register.full_register() as u32
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
