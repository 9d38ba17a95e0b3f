//! Buffers of no bytes, rings with two masters, and queues that shrink.

use std::thread;

use super::device::{Device, roles};
use super::{alive_after, unharmed};
use crate::checks::same;
use crate::dma::queue::{Buffer, QUIET, Queue, SIZE, WINDOW, WRITE};
use crate::dma::reset::expect;
use crate::dma::victim::Victim;
use crate::dma::{CELL, WINDOWS};

/// Where the available ring of a queue of one entry lies: behind one descriptor.
const RING_OF_ONE: usize = 16;

/// Descriptors of no bytes at the first and last places that there are.
pub fn empty() -> Result<(), String> {
    let dma = CELL.dma();
    for place in [WINDOWS.start, WINDOWS.end - 1, dma.start, dma.end - 1] {
        for flags in [0, WRITE] {
            let what = format!("no bytes at {place:#x}");
            let mut queue = Queue::begin()?;
            queue.describe(0, Buffer::new(place, 0), flags, 0);
            queue.offer(0);
            expect(&what, queue.publish(), 0)?;
            alive_after(&what)?;
            thread::sleep(WINDOW);
        }
    }
    Ok(())
}

/// No bytes behind the last: that place is not the drivers'.
pub fn behind_end() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let mut queue = Queue::begin()?;
    queue.give(&[Buffer::new(CELL.dma().end, 0)]);
    queue.publish_and_die(&victim)
}

/// The same page as rings of two devices, and as what both write to.
pub fn shared() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let mut queue = Queue::prepare()?;
    let number = roles().consoles[1].ok_or("there is no second console")?;
    share(&Device::new(&queue, number as u64), queue.page() as u64)?;
    queue.finish()?;
    queue.give(&[Buffer::new(queue.spare() as u64, 8)]);
    let other = Device::new(&queue, number as u64);
    let answers = [queue.publish(), other.publish(0), other.publish(1)];
    same("published for both", answers, [0; 3])?;
    queue.wait();
    unharmed(&victim)?;
    alive_after("rings that are shared")
}

/// Starts `other` with rings at `page`.
fn share(other: &Device<'_>, page: u64) -> Result<(), String> {
    other.begin()?;
    for number in 0..2 {
        let answer = other.add_queue(number, u64::from(SIZE), page);
        expect(&format!("queue {number}"), answer, 0)?;
    }
    match other.start() {
        0 => Ok(()),
        answer => Err(format!("the other device does not start: {answer}")),
    }
}

/// A queue of one entry after one of many that were under way, and then what was
/// an entry before.
pub fn small() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    fill()?;
    let queue = Queue::of_reset_device()?;
    queue.agree()?;
    expect("a queue of one", queue.resize(1), 0)?;
    queue.finish()?;
    let spare = Buffer::new(queue.spare() as u64, 8);
    queue.describe(0, spare, WRITE, 0);
    queue.poke(RING_OF_ONE, u64::from(QUIET) | 1 << 16);
    let served = (queue.publish(), queue.wait());
    same("the one entry is served", served, (0, true))?;
    queue.poke(RING_OF_ONE, u64::from(QUIET) | 2 << 16 | 1 << 32);
    queue.publish_and_die(&victim)
}

/// A device that has not been told to start gets all it can have.
fn fill() -> Result<(), String> {
    let mut queue = Queue::prepare()?;
    queue.fill();
    expect("many entries", queue.publish(), 0)
}
