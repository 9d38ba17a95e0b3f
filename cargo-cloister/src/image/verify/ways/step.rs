//! What an instruction does on a way on which rights were raised.
//!
//! The gates use few instructions, and only what they use is understood: any other
//! breaks the proof. What only changes registers that no way depends on is one of
//! [`changes_little`].

use iced_x86::{Instruction, Mnemonic, OpKind, Register};

use super::exits;
use super::state::{Flags, Held, State, is_of_cpu_page};
use super::value::Value;
use domains::Pkru;

/// How a way goes on: in no way if it ends, or does nothing that concerns anybody else, in
/// two if it forks. Or why it must not go on so.
type Next = Result<Vec<State>, &'static str>;

/// What a way does with memory.
enum Memory {
    /// It reads or writes a word of the CPU page.
    CpuPage(u64),
    /// It is on the stack of the callee.
    Stack,
}

/// What an operand's memory is, if it is one that a way may touch.
type Found = Result<Memory, &'static str>;

/// Takes a step.
pub(super) fn step(mut state: State, instruction: &Instruction) -> Next {
    if state.is_harmless() {
        return Ok(Vec::new());
    }
    state.at = instruction.next_ip();
    match instruction.mnemonic() {
        Mnemonic::Ud2 | Mnemonic::Int3 | Mnemonic::Hlt => Ok(Vec::new()),
        Mnemonic::Call | Mnemonic::Ret => exits::exit(&state, instruction).map(|()| Vec::new()),
        Mnemonic::Jmp if is_near(instruction) => Ok(vec![jump(state, instruction)]),
        Mnemonic::Jmp => exits::exit(&state, instruction).map(|()| Vec::new()),
        Mnemonic::Je | Mnemonic::Jne | Mnemonic::Jrcxz => Ok(branch(state, instruction)),
        _ => {
            let goes_on = change(&mut state, instruction)?;
            Ok(goes_on.then_some(state).into_iter().collect())
        }
    }
}

fn is_near(instruction: &Instruction) -> bool {
    instruction.op0_kind() == OpKind::NearBranch64
}

fn jump(mut state: State, instruction: &Instruction) -> State {
    state.at = instruction.near_branch_target();
    state
}

/// A branch goes one way where it is known which, and else both.
fn branch(state: State, instruction: &Instruction) -> Vec<State> {
    let on_zero = instruction.mnemonic() != Mnemonic::Jne;
    let is_zero = match instruction.mnemonic() {
        Mnemonic::Jrcxz => state.register(Register::RCX).is_zero(),
        _ => match state.flags {
            Flags::Zero(is_zero) => Some(is_zero),
            Flags::RightsAre(bits) => return compared(state, bits, instruction),
            Flags::Any => None,
        },
    };
    match is_zero {
        Some(is_zero) if is_zero == on_zero => vec![jump(state, instruction)],
        Some(_) => vec![state],
        None => vec![state.clone(), jump(state, instruction)],
    }
}

/// A branch behind the comparison of the rights: on one side they are known.
fn compared(state: State, bits: u32, instruction: &Instruction) -> Vec<State> {
    let (mut equal, other) = (state.clone(), state);
    equal.held = Held::Exactly(Pkru::from_bits(bits));
    equal.set_register(Register::EAX, Value::Const(bits.into()));
    match instruction.mnemonic() {
        Mnemonic::Je => vec![jump(equal, instruction), other],
        _ => vec![equal, jump(other, instruction)],
    }
}

/// What other instructions change; whether the way goes on behind them.
fn change(state: &mut State, it: &Instruction) -> Result<bool, &'static str> {
    match it.mnemonic() {
        Mnemonic::Cmp | Mnemonic::Test => state.flags = flags(state, it)?,
        Mnemonic::Mov => return move_word(state, it),
        Mnemonic::Xchg => exchange(state, it)?,
        Mnemonic::Push | Mnemonic::Pop => stack(state, it)?,
        Mnemonic::Xor | Mnemonic::And => combine(state, it)?,
        Mnemonic::Cld => state.is_upward = true,
        _ if changes_little(it) => {
            if let Some(Memory::CpuPage(_)) = memory(state, it).transpose()? {
                return Err("it keeps modes where others read");
            }
        }
        _ => return Err("it does with raised rights what is not understood"),
    }
    Ok(true)
}

/// Instructions on registers that decide nothing.
fn changes_little(it: &Instruction) -> bool {
    use Mnemonic::{Fldcw, Fninit, Fnstcw, Ldmxcsr, Nop, Stmxcsr, Vzeroall, Wrfsbase};
    matches!(
        it.mnemonic(),
        Fldcw | Fninit | Fnstcw | Ldmxcsr | Nop | Stmxcsr | Vzeroall | Wrfsbase
    )
}

/// The memory of an instruction, if it has some and may touch it.
fn memory(state: &State, it: &Instruction) -> Option<Found> {
    let has_some = (0..it.op_count()).any(|operand| it.op_kind(operand) == OpKind::Memory);
    has_some.then(|| place(state, it))
}

fn place(state: &State, it: &Instruction) -> Found {
    const CHOSEN: &str = "it uses memory at an address that the intruder chooses";
    if state.held == Held::Chosen {
        return Err("it uses memory with rights that the intruder chooses");
    }
    let is_flat = !matches!(it.memory_segment(), Register::FS | Register::GS);
    let address = it.memory_displacement64();
    let base = match it.memory_base() {
        Register::None => Value::Const(0),
        register => state.register(register),
    };
    match base.moved(address.cast_signed()) {
        _ if !is_flat || it.memory_index() != Register::None => Err(CHOSEN),
        Value::Const(address) if is_of_cpu_page(address) => Ok(Memory::CpuPage(address)),
        Value::Stack(..) => Ok(Memory::Stack),
        _ => Err(CHOSEN),
    }
}

/// What an operand holds.
fn operand(state: &State, it: &Instruction, number: u32) -> Result<Value, &'static str> {
    Ok(match it.op_kind(number) {
        OpKind::Register => state.register(it.op_register(number)),
        OpKind::Memory => match place(state, it)? {
            Memory::CpuPage(address) if it.memory_size().size() == 8 => state.word(address),
            Memory::CpuPage(_) | Memory::Stack => Value::Any,
        },
        _ => Value::Const(it.immediate(number)),
    })
}

fn flags(state: &State, it: &Instruction) -> Result<Flags, &'static str> {
    let (first, second) = (operand(state, it, 0)?, operand(state, it, 1)?);
    let is_of_rights = state.shows_rights() && it.mnemonic() == Mnemonic::Cmp;
    if is_of_rights && it.op0_register() == Register::EAX {
        return Ok(match second {
            Value::Const(bits) => Flags::RightsAre(bits as u32),
            _ => Flags::Any,
        });
    }
    let looked_at = match it.mnemonic() {
        Mnemonic::Cmp if second == Value::Const(0) => first,
        Mnemonic::Test if it.op0_register() == it.op1_register() => first,
        _ => Value::Any,
    };
    Ok(looked_at.is_zero().map_or(Flags::Any, Flags::Zero))
}

/// MOV; false if it has no right to write there.
fn move_word(state: &mut State, it: &Instruction) -> Result<bool, &'static str> {
    let value = operand(state, it, 1)?;
    if it.op0_kind() == OpKind::Register {
        state.set_register(it.op0_register(), value);
        return Ok(true);
    }
    if let Memory::CpuPage(address) = place(state, it)? {
        if !state.may_write_cpu_page() {
            return Ok(false);
        }
        state.set_word(address, value)?;
    }
    Ok(true)
}

fn exchange(state: &mut State, it: &Instruction) -> Result<(), &'static str> {
    if it.op0_kind() != OpKind::Register || it.op1_kind() != OpKind::Register {
        return Err("it exchanges a register and memory");
    }
    let (first, second) = (it.op0_register(), it.op1_register());
    let values = (state.register(first), state.register(second));
    state.set_register(first, values.1);
    state.set_register(second, values.0);
    Ok(())
}

/// PUSH and POP, on the callee's stack alone.
fn stack(state: &mut State, it: &Instruction) -> Result<(), &'static str> {
    let top = state.register(Register::RSP);
    let Value::Stack(..) = top else {
        return Err("it uses the intruder's stack with raised rights");
    };
    let is_push = it.mnemonic() == Mnemonic::Push;
    if !is_push {
        state.set_register(it.op0_register(), Value::Any);
    }
    state.set_register(Register::RSP, top.moved(if is_push { -8 } else { 8 }));
    Ok(())
}

/// XOR of a register with itself, and AND with a mask.
fn combine(state: &mut State, it: &Instruction) -> Result<(), &'static str> {
    if it.op0_kind() != OpKind::Register {
        return Err("it changes memory in place");
    }
    let register = it.op0_register();
    let value = match (it.mnemonic(), operand(state, it, 1)?) {
        (Mnemonic::Xor, _) if it.op1_register() == register => Value::Const(0),
        (Mnemonic::And, Value::Const(mask)) => Value::Masked(mask),
        _ => Value::Any,
    };
    state.set_register(register, value);
    state.flags = Flags::Any;
    Ok(())
}
