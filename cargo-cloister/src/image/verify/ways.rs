//! Every way through the gate page, followed with values that are not known.
//!
//! Whoever is in ring 3 may jump to any byte of the page, with whatever in his
//! registers, in his memory and on his stack. As long as he has his own rights that is
//! his affair. So a way begins where rights change: at each WRPKRU that a decoder finds
//! from any byte, with all registers unknown. It is followed to its end, for the
//! application and for each cell, and must come to one of these:
//!
//! - an exception;
//! - the same rights as before, wherever that leads;
//! - the table of the safe kernel, from the application, on the thread's kernel stack,
//!   with its token consumed and a number within the table;
//! - the safe kernel that has called, from a cell, on the stack that the cell's token
//!   said, with the token consumed.
//!
//! On the way nothing is read or written with other rights but words of the CPU page
//! and the callee's own stack. What the safe kernel may become, it may: it is trusted
//! with all of that. The tokens are what the core and the gates keep, by
//! [`domains::cpu_page`]: set for whoever runs, else zero.

mod exits;
mod state;
mod step;
mod value;

use domains::layout::{GATE_PAGE, PAGE_SIZE};
use domains::{Domain, Isolation};
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic};

use self::state::State;
use super::Violation;
use crate::image::packed::Packed;
use crate::image::scan::Run;

/// More instructions than any way has, with all its forks.
const STEPS_MAX: usize = 4096;

/// Checks the ways through the gate page, which lies in `text`.
pub(super) fn check(image: &Packed, text: &[Run], violations: &mut Vec<Violation>) {
    let page = text.iter().find(|run| run.from(GATE_PAGE).is_some());
    let (Isolation::Mpk, Some(page)) = (image.isolation, page) else {
        return;
    };
    let purpose = image.purpose();
    let intruders = purpose.domains().filter(|it| *it != Domain::Safe);
    for intruder in intruders {
        // DEFENCE: ways-proof
        let found = raises(page).find_map(|at| follow(page, State::new(purpose, intruder, at)));
        violations.extend(found);
    }
}

/// Behind each change of rights that a decoder finds from some byte of the page.
fn raises(page: &Run) -> impl Iterator<Item = u64> {
    let decoded = (GATE_PAGE..GATE_PAGE + PAGE_SIZE).filter_map(|at| decode(page, at));
    let changes = decoded.filter(|it| it.mnemonic() == Mnemonic::Wrpkru);
    changes.map(|it| it.next_ip())
}

/// Follows a way and its forks to their ends; the first that is none.
fn follow(page: &Run, start: State) -> Option<Violation> {
    let (begin, intruder) = (start.at, start.intruder);
    let violation = |at, why: &str| Violation::WayThrough {
        intruder: intruder.name(),
        begin,
        at,
        why: why.into(),
    };
    let mut states = vec![start];
    for _ in 0..STEPS_MAX {
        let state = states.pop()?;
        let at = state.at;
        // What is no instruction raises an exception.
        let Some(instruction) = decode(page, at) else {
            continue;
        };
        match step::step(state, &instruction) {
            Ok(on) => states.extend(on),
            Err(why) => return Some(violation(at, why)),
        }
    }
    Some(violation(begin, "it has no end"))
}

/// The instruction at an address of the page; none if there is none.
fn decode(page: &Run, at: u64) -> Option<Instruction> {
    if !(GATE_PAGE..GATE_PAGE + PAGE_SIZE).contains(&at) {
        return None;
    }
    let bytes = page.from(at)?;
    let instruction = Decoder::with_ip(64, bytes, at, DecoderOptions::NONE).decode();
    (!instruction.is_invalid()).then_some(instruction)
}
