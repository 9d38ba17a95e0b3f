//! Wakes the other CPUs, one after the other, at boot.
//!
//! INIT and a start-up interrupt (Intel SDM volume 3, 9.4.4), to a frame below
//! 1 MiB that holds the first instructions while it is needed. The number of a
//! CPU is the id of its local APIC. Where one does not come in time, it and those
//! behind it are left out; their ways stay closed by [`offer`].

#![expect(unsafe_code, reason = "reads the stub's instructions")]

use core::sync::atomic::Ordering::Relaxed;

use domains::cpu_page::CPUS_MAX;

use super::offer::{self, Answer};
use super::seat;
use crate::boot::entry::{REAL_MODE_SIZE, clear_tables, real_mode};
use crate::cpu::control::Settings;
use crate::cpu::stacks::Place;
use crate::device::lapic;
use crate::memory::frame::Frame;
use crate::memory::frames::Frames;
use crate::memory::hatch;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::report;

/// Frames that a start-up interrupt can name, and that are memory on a PC.
const LOW: core::ops::Range<u64> = 1..0xa0;
/// How long to wait until the start-up interrupt is repeated.
const PATIENCE_NS: u32 = 20_000_000;
/// How long to wait for a CPU. Where the host is busy it may take a while
/// before a virtual CPU runs at all.
const LIMIT_NS: u32 = 3_000_000_000;
/// How often to look, if the timer stands still.
const LOOKS_MAX: u64 = 4_000_000_000;

/// Wakes the other CPUs of `count`, which must come to these settings; how many
/// are up, with this one. None if memory runs out.
pub(crate) fn all(
    count: u32,
    settings: Settings,
    warns: bool,
    space: &mut Space,
) -> Option<u32> {
    let Some(stub) = place_stub(&mut space.frames) else {
        warn(warns, format_args!("no memory below 1 MiB: one CPU only"));
        return Some(1);
    };
    let count = match lapic::id() {
        0 => count.clamp(1, CPUS_MAX as u32),
        _ => 1,
    };
    for number in 1..count {
        let tables = hatch::tables(&space.tables, &mut space.frames)?;
        for page in Place::OWN.pages() {
            seat::own_page(page, &tables, space)?;
        }
        seat::prepare(number.into(), tables, Place::OWN, settings, space)?;
        let what = match wake(number as u8, stub, tables.root()) {
            Some(Answer::Up) => continue,
            None => "does not start",
            Some(Answer::Taken | Answer::Refused) => "cannot be used",
        };
        warn(warns, format_args!("CPU {number} {what}"));
        return Some(number);
    }
    remove_stub(stub, &mut space.frames);
    Some(count)
}

/// Offers the seat in the tables below `root` to the CPU with APIC id `id`, and
/// starts it.
fn wake(id: u8, stub: Frame, root: Frame) -> Option<Answer> {
    offer::make(id, root);
    lapic::start(u32::MAX);
    lapic::send(id, lapic::INIT);
    for limit in [PATIENCE_NS, LIMIT_NS] {
        lapic::send(id, lapic::START | stub.number() as u32);
        if wait(limit) {
            return offer::answer();
        }
    }
    offer::withdraw(id);
    if offer::answer() == Some(Answer::Taken) {
        wait(u32::MAX);
        offer::give_up();
    }
    offer::answer()
}

/// Waits until the CPU is up or refuses, or the timer has run for `limit`.
fn wait(limit: u32) -> bool {
    for _ in 0..LOOKS_MAX {
        if matches!(offer::answer(), Some(Answer::Up | Answer::Refused)) {
            return true;
        }
        if u32::MAX - lapic::left() >= limit {
            return false;
        }
        core::hint::spin_loop();
    }
    false
}

/// Copies the stub to a free frame below 1 MiB.
fn place_stub(frames: &mut Frames) -> Option<Frame> {
    let frame = LOW
        .map(Frame::from_number)
        .find(|frame| frames.pass(*frame, Owner::FREE, Owner::CORE))?;
    let source = (real_mode as *const ()).cast::<[u8; REAL_MODE_SIZE]>();
    // SAFETY: the stub is that long, in the core's own code, which it may read.
    let bytes = unsafe { source.read_unaligned() };
    let words = PhysicalMap::CORE.words(frame);
    for (word, bytes) in words.iter().zip(bytes.as_chunks().0) {
        word.store(u64::from_le_bytes(*bytes), Relaxed);
    }
    Some(frame)
}

/// Gives the stub's frame back, cleared. The boot tables, in which everything
/// can be written and executed, are needed no more, either.
fn remove_stub(stub: Frame, frames: &mut Frames) {
    PhysicalMap::CORE.zero(stub);
    frames.release(stub);
    // SAFETY: every CPU has tables of its own by now.
    unsafe { clear_tables() };
}

fn warn(is_wanted: bool, what: core::fmt::Arguments<'_>) {
    if is_wanted {
        report::line(format_args!("cloister: {what}"));
    }
}
