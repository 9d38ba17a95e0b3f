//! A foothold in the drivers, and a device that writes where it is told.
//!
//! The source of entropy writes random bytes wherever a descriptor says. The
//! attacks here reset it and write its rings by hand: with what the core must
//! convict of, or refuse. Whoever would be harmed is watched in physical memory.

mod allowed;
mod nic;
mod queue;
mod race;
mod refused;
mod reset;
mod rings;
mod victim;

use domains::layout::Region;
use domains::{Cell, windows};

use queue::{Buffer, Queue};
use victim::{Victim, plain};

/// The cell that was taken over: the source of entropy is its.
const CELL: Cell = Cell::Console;
/// Its windows.
const WINDOWS: Region = windows::all(CELL, 0);

/// Runs the attack of this name.
pub fn run(what: &str, rest: &[&str]) -> Result<(), String> {
    match (what, rest) {
        ("works", []) => works(),
        ("give", [how, whom]) => give(how, whom),
        ("nic", attack) => nic::run(attack),
        ("range", [which]) => range(which),
        ("rings", [rule]) => rings::run(rule),
        ("refused", [what]) => refused::run(what),
        ("reset", []) => reset::run(),
        ("race", []) => race::run(),
        ("allowed", [what]) => allowed::run(what),
        _ => Err(format!("no such attack: {what} {rest:?}")),
    }
}

/// The control: what is the cell's is written, beside the ring and in a window.
fn works() -> Result<(), String> {
    let mut queue = Queue::begin()?;
    let window = WINDOWS.end as usize - 8;
    for address in [queue.spare(), window] {
        let victim = Victim::at(address as u64)?;
        queue.give(&[Buffer::new(address as u64, 8)]);
        match queue.publish() {
            0 if !victim.is_whole_after(&queue) => {}
            answer => return Err(format!("{address:#x} was not written: {answer}")),
        }
    }
    Ok(())
}

/// Gives the device a word of `whom`, by the address that domains have for it or
/// by the one that plain arithmetic takes for it.
fn give(how: &str, whom: &str) -> Result<(), String> {
    let (address, victim) = Victim::of(whom)?;
    let address = match how {
        "known" => address,
        "plain" => plain(victim.physical())?,
        other => return Err(format!("no such way: {other}")),
    };
    convicted(Buffer::new(address, 8), victim)
}

/// Gives the device what is partly, or nowhere, its own.
fn range(which: &str) -> Result<(), String> {
    let windows = WINDOWS.end;
    let dma = CELL.dma().end;
    let (buffer, behind) = match which {
        "behind-windows" => (Buffer::new(windows - 8, 16), windows),
        "behind-dma" => (Buffer::new(dma - 8, 16), dma),
        "all" => (Buffer::new(dma - 16, u32::MAX), dma),
        "wrapping" => (Buffer::new(u64::MAX - 7, 16), windows),
        "unmapped" => (Buffer::new(CELL.windows().end - 8, 8), windows),
        other => return Err(format!("no such range: {other}")),
    };
    convicted(buffer, Victim::behind(behind)?)
}

/// Gives the device `buffer`, which the core is to convict of.
fn convicted(buffer: Buffer, victim: Victim) -> Result<(), String> {
    let mut queue = Queue::begin()?;
    queue.give(&[buffer]);
    println!("giving {:#x}", buffer.address);
    println!("victim {:#x}", victim.physical());
    queue.publish_and_die(&victim)
}
