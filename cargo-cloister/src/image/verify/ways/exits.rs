//! The ends of ways at which rights are raised for good.

use domains::layout::SAFE;
use domains::{Domain, Pkru, entries};
use iced_x86::{Instruction, Mnemonic, OpKind, Register};

use super::state::{Held, State};
use super::value::{Token, Value};

/// Whether a way may leave the page by this instruction; else why not.
pub(super) fn exit(state: &State, instruction: &Instruction) -> Result<(), &'static str> {
    if state.is_harmless() {
        return Ok(());
    }
    let safe = Pkru::in_image(Domain::Safe, state.purpose);
    if state.held != Held::Exactly(safe) {
        return Err("it leaves the gate page with the rights of another");
    }
    let token = match state.intruder {
        Domain::App => Token::Entry,
        Domain::Cell(cell) => Token::Armed(cell),
        Domain::Safe => return Ok(()),
    };
    let is_at_its_end = match state.intruder {
        Domain::App => calls_the_table(state, instruction),
        _ => instruction.mnemonic() == Mnemonic::Ret,
    };
    let is_on_its_stack =
        matches!(state.register(Register::RSP), Value::Stack(it, _) if it == token);
    match () {
        () if !is_at_its_end => Err("it raises rights and leads elsewhere"),
        () if !is_on_its_stack => Err("it raises rights and keeps the stack"),
        () if state.is_set(token) => Err("it raises rights and keeps the token"),
        () if !state.is_upward => Err("it raises rights and keeps the direction flag"),
        () => Ok(()),
    }
}

/// Whether an instruction calls what stands in the safe kernel's table, and nowhere else
/// whatever its registers hold.
fn calls_the_table(state: &State, instruction: &Instruction) -> bool {
    let table = SAFE.start + entries::TABLE as u64;
    let is_call = instruction.mnemonic() == Mnemonic::Call
        && instruction.op0_kind() == OpKind::Memory
        && !matches!(instruction.memory_segment(), Register::FS | Register::GS)
        && instruction.memory_index_scale() == 8;
    let base = state.register(instruction.memory_base());
    let start = match base {
        Value::Const(base) => base.wrapping_add(instruction.memory_displacement64()),
        _ => return false,
    };
    let most = match state.register(instruction.memory_index()) {
        Value::Const(most) | Value::Masked(most) => most,
        Value::Any | Value::Stack(..) => return false,
    };
    is_call && start == table && most < entries::SLOTS as u64
}
