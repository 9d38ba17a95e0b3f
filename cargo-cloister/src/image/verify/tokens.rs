//! Tokens: who changes his rights looks whether the change is his to make.
//!
//! A checked WRPKRU proves which rights there are, and not who jumped to it. So
//! the way on from each, and from where the core continues a call that faulted,
//! is followed by a decoder: before anything is stored, and before the way forks
//! or leaves, there must be a comparison of the token of that edge with zero that
//! leads to UD2.

use domains::cpu_page::offset::{self, ENTRY_STACK};
use domains::layout::{CPU_PAGE, GATE_PAGE, PAGE_SIZE, gate};
use domains::{Cell, Domain, Isolation, Purpose};
use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic,
    OpAccess, OpKind, Register,
};

use super::gates::dies;
use super::{GateSite, Violation};
use crate::image::packed::Packed;
use crate::image::scan::{Run, WRPKRU};

/// `cmp eax, imm32`, behind each WRPKRU.
const CMP_SIZE: u64 = 5;
/// How many instructions may come before the look.
const REACH: usize = 16;

/// Checks that each of `sites`, which lie in `text`, looks at its token.
pub(super) fn check(
    image: &Packed,
    text: &[Run],
    sites: &[GateSite],
    violations: &mut Vec<Violation>,
) {
    if image.isolation == Isolation::None {
        return;
    }
    let ways = sites.iter().map(|site| {
        let checked = site.address + WRPKRU.len() as u64 + CMP_SIZE;
        (checked, token(image.purpose(), site))
    });
    let cells = image.purpose().cells().iter();
    let faulted =
        cells.map(|cell| (GATE_PAGE + gate::faulted(*cell), word(offset::armed(*cell))));
    for (way, token) in ways.chain(faulted) {
        let run = text.iter().find(|run| run.from(way).is_some());
        let looked = run
            .ok_or("there is nothing")
            .and_then(|run| look(run, way, token));
        // DEFENCE: token-proof
        if let Err(why) = looked {
            let why = why.into();
            violations.push(Violation::NoToken { address: way, why });
        }
    }
}

/// The token of the edge that a change of rights is part of.
fn token(purpose: Purpose, site: &GateSite) -> u64 {
    match site.domain {
        Domain::App => word(ENTRY_STACK),
        Domain::Safe => from_cell(purpose, site.address)
            .map_or(word(ENTRY_STACK), |cell| word(offset::armed(cell))),
        Domain::Cell(cell) => word(offset::armed(cell)),
    }
}

/// The cell whose gate `address` lies in; none in front of those.
fn from_cell(purpose: Purpose, address: u64) -> Option<Cell> {
    let place = address.checked_sub(GATE_PAGE + gate::CELLS)? / gate::CELL;
    purpose.cells().get(usize::try_from(place).ok()?).copied()
}

const fn word(offset: usize) -> u64 {
    CPU_PAGE + offset as u64
}

/// Follows the way from `start` to a look at `token`; else why there is none.
fn look(run: &Run, start: u64, token: u64) -> Result<(), &'static str> {
    let mut factory = InstructionInfoFactory::new();
    let mut at = start;
    for _ in 0..REACH {
        let instruction = decode(run, at)?;
        if reads(&instruction, token) && is_look(run, &instruction) {
            return Ok(());
        }
        if instruction.mnemonic() == Mnemonic::Wrpkru {
            return Err("rights change again before it is looked at");
        }
        let memory = factory.info(&instruction).used_memory();
        let mut accesses = memory.iter().map(|memory| memory.access());
        if !accesses.all(|access| matches!(access, OpAccess::Read | OpAccess::NoMemAccess)) {
            return Err("something is stored before it is looked at");
        }
        at = match instruction.flow_control() {
            FlowControl::Next => instruction.next_ip(),
            FlowControl::UnconditionalBranch => instruction.near_branch_target(),
            // The comparison behind WRPKRU, which was checked, goes on or dies.
            FlowControl::ConditionalBranch if dies(run, instruction.near_branch_target()) => {
                instruction.next_ip()
            }
            _ => return Err("the way forks or leaves before it is looked at"),
        };
        if !(GATE_PAGE..GATE_PAGE + PAGE_SIZE).contains(&at) {
            return Err("the way leaves the gate page before it is looked at");
        }
    }
    Err("it is not looked at soon")
}

fn decode(run: &Run, at: u64) -> Result<Instruction, &'static str> {
    let bytes = run.from(at).ok_or("the way leads nowhere")?;
    let instruction = Decoder::with_ip(64, bytes, at, DecoderOptions::NONE).decode();
    match instruction.is_invalid() {
        true => Err("the way leads to no instruction"),
        false => Ok(instruction),
    }
}

/// Whether an operand is the whole word at `address`, whatever registers hold.
fn reads(instruction: &Instruction, address: u64) -> bool {
    let is_memory = |operand| instruction.op_kind(operand) == OpKind::Memory;
    (0..instruction.op_count()).any(is_memory)
        && instruction.memory_base() == Register::None
        && instruction.memory_index() == Register::None
        // DEFENCE: token-segment
        && !matches!(instruction.memory_segment(), Register::FS | Register::GS)
        && instruction.memory_displacement64() == address
        && instruction.memory_size().size() == size_of::<u64>()
}

/// Whether `first`, which reads the token, and what stands behind it end in UD2
/// where that is zero.
fn is_look(run: &Run, first: &Instruction) -> bool {
    let leads_to_death = |at, mnemonic| {
        let jump = decode(run, at);
        jump.is_ok_and(|it| it.mnemonic() == mnemonic && dies(run, it.near_branch_target()))
    };
    let loaded = first.op0_register();
    match first.mnemonic() {
        Mnemonic::Cmp => {
            first.immediate(1) == 0 && leads_to_death(first.next_ip(), Mnemonic::Je)
        }
        Mnemonic::Mov if first.op0_kind() == OpKind::Register => {
            let tests = decode(run, first.next_ip()).ok().filter(|it| {
                it.mnemonic() == Mnemonic::Test
                    && (it.op0_register(), it.op1_register()) == (loaded, loaded)
            });
            loaded == Register::RCX && leads_to_death(first.next_ip(), Mnemonic::Jrcxz)
                || tests.is_some_and(|it| leads_to_death(it.next_ip(), Mnemonic::Je))
        }
        _ => false,
    }
}
