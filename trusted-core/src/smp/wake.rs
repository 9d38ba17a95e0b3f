//! Wakes the other CPUs, one after the other, at boot.
//!
//! INIT and a start-up interrupt (Intel SDM volume 3, 9.4.4), to a frame below
//! 1 MiB that holds the first instructions while it is needed. A CPU that does
//! not come in time is left out, and the next one gets its seat: numbers stay
//! dense. The ways of CPUs that are left out stay closed by [`offer`].

#![expect(unsafe_code, reason = "reads the stub's instructions")]

use core::sync::atomic::Ordering::Relaxed;

use super::entry::{self, REAL_MODE_SIZE, real_mode};
use super::ids::Ids;
use super::offer::{self, Answer, Terms};
use super::seat::{self, Seat};
use crate::device::lapic;
use crate::memory::frame::Frame;
use crate::memory::frames::Frames;
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

/// Wakes the CPUs that were `found`; those that are up. None if memory runs
/// out. `terms` makes what a CPU must be like of its seat.
pub(crate) fn all(
    found: &Ids,
    space: &mut Space,
    warns: bool,
    terms: impl Fn(Seat) -> Terms,
) -> Option<Ids> {
    let mut up = Ids::only(found.as_slice()[0]);
    let Some(stub) = place_stub(&mut space.frames) else {
        warn(warns, format_args!("no memory below 1 MiB: one CPU only"));
        return Some(up);
    };
    let mut free = None;
    for id in found.others().iter().copied() {
        let seat = match free.take() {
            Some(seat) => seat,
            None => seat::prepare(up.count() as u64, space)?,
        };
        match wake(id, stub, terms(seat)) {
            Answer::Up => up.add(id),
            Answer::None => {
                warn(warns, format_args!("CPU with APIC id {id} does not start"));
                free = Some(seat);
            }
            Answer::Taken | Answer::Refused => {
                warn(warns, format_args!("CPU with APIC id {id} cannot be used"));
                break;
            }
        }
    }
    if up.count() == found.count() {
        remove_stub(stub, &mut space.frames);
    }
    Some(up)
}

/// Offers a seat to the CPU with APIC id `id` and starts it.
fn wake(id: u8, stub: Frame, terms: Terms) -> Answer {
    offer::make(id, terms);
    lapic::start(u32::MAX);
    lapic::send_init(id);
    for limit in [PATIENCE_NS, LIMIT_NS] {
        lapic::send_start(id, stub.number() as u8);
        if wait(limit) {
            return offer::answer();
        }
    }
    offer::withdraw(id);
    if offer::answer() == Answer::Taken {
        wait(u32::MAX);
        offer::give_up();
    }
    offer::answer()
}

/// Waits until the CPU is up or refuses, or the timer has run for `limit`.
fn wait(limit: u32) -> bool {
    for _ in 0..LOOKS_MAX {
        if matches!(offer::answer(), Answer::Up | Answer::Refused) {
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
    entry::forget_boot_tables();
}

fn warn(is_wanted: bool, what: core::fmt::Arguments<'_>) {
    if is_wanted {
        report::line(format_args!("cloister: {what}"));
    }
}
