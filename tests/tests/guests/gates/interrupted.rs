//! Interrupts at every instruction of a gate.
//!
//! Where time is counted in instructions, a timer that is due after ever other times comes
//! at every instruction of a loop in the end. QEMU's log says where it came.

use std::fs;

use cargo_cloister::image::packed::Packed;
use domains::layout::{GATE_PAGE, PAGE_SIZE, gate};
use domains::{Cell, Isolation};
use iced_x86::{Decoder, DecoderOptions, FlowControl};
use tests::boot;

use crate::images::{TOOL, guest_with, image};
use crate::{Verdict, ensure};

/// More instructions than a way through a gate has.
const WAY_MAX: usize = 200;

/// Interrupts hit every instruction of the ways through the gates that calls take, by
/// QEMU's own log, and nobody gets rights by it.
pub(super) fn trial() -> Verdict {
    let log = TOOL.scratch_file("in-gates.interrupts");
    let flags = ["--icount", "--trace-interrupts", &log.to_string_lossy()];
    let outcome = guest_with(Isolation::Mpk, &["preempt", "in-gates", "36000"], &flags);
    ensure(outcome.status == 0, "no rights that are not his", &outcome)?;
    let hit = boot::interrupted_at(&log, GATE_PAGE..GATE_PAGE + PAGE_SIZE);
    let image = fs::read(image("tests/guests", Isolation::Mpk))?;
    let packed = Packed::read(&image).map_err(|error| error.to_string())?;
    let load = packed.loads.iter().find(|load| load.address == GATE_PAGE);
    let page = &load.ok_or("there is a gate page")?.bytes;
    let ways = [gate::APP_TO_SAFE, gate::to_cell(Cell::Console)];
    for start in ways {
        let way = way(page, start);
        let missed: Vec<_> = way.iter().filter(|at| !hit.contains(at)).collect();
        ensure(way.len() > 15, "a way of some length", &way)?;
        ensure(
            missed.is_empty(),
            "an interrupt at each instruction",
            &missed,
        )?;
    }
    Ok(())
}

/// The instructions of a gate from its entry on, up to the call of what is behind it, and
/// from there to its return: where a check is passed it goes straight on.
fn way(page: &[u8], entry: u64) -> Vec<u64> {
    let mut decoder = Decoder::with_ip(64, page, GATE_PAGE, DecoderOptions::NONE);
    let mut way = Vec::new();
    let mut at = GATE_PAGE + entry;
    while way.len() < WAY_MAX {
        let place = (at - GATE_PAGE) as usize;
        if decoder.set_position(place).is_err() {
            break;
        }
        decoder.set_ip(at);
        let instruction = decoder.decode();
        way.push(at);
        match instruction.flow_control() {
            FlowControl::Return | FlowControl::Exception | FlowControl::IndirectBranch => break,
            FlowControl::UnconditionalBranch => at = instruction.near_branch_target(),
            _ => at = instruction.next_ip(),
        }
    }
    way
}
