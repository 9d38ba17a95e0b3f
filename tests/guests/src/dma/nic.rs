//! The same foothold in the cell of the network card.
//!
//! A card reads and writes buffers that two cells share, and otherwise what is its
//! cell's. It writes nothing here, because nothing comes: what counts is what the core
//! lets it have.

use domains::device::{Roles, feature};
use domains::layout::Region;
use domains::network::packets;
use domains::{Cell, windows};

use super::queue::{Buffer, Queue, SIZE};
use super::victim::Victim;

/// Gives the card what is its own, or what is not.
pub fn run(attack: &[&str]) -> Result<(), String> {
    match attack {
        ["own"] => own(),
        ["give", whom] => give(whom),
        other => Err(format!("no such attack on a card: {other:?}")),
    }
}

/// The queue of a card that was reset, ready for use.
fn begin() -> Result<Queue, String> {
    let roles = Roles::new(&gate::info::boot().devices);
    let queue = Queue::of_reset(Cell::Nic, roles.network.ok_or("there is no card")?)?;
    let ready = [
        queue.features(feature::VERSION_1) - feature::VERSION_1 as i64,
        queue.resize(SIZE),
        queue.start(),
    ];
    match ready {
        [0, 0, 0] => Ok(queue),
        answers => Err(format!("not started: {answers:?}")),
    }
}

/// The control: buffers for frames, the desk and the cell's own memory for rings.
fn own() -> Result<(), String> {
    let mut queue = begin()?;
    let all = windows::shared(Cell::Nic).ok_or("it shares nothing")?.1;
    let small = |region: Region| Buffer::new(region.start, region.size() as u32);
    for buffer in [
        small(packets::buffer(0)),
        small(packets::buffer(packets::COUNT - 1)),
        small(all),
        small(windows::nic()),
        Buffer::new(queue.spare() as u64, 8),
    ] {
        queue.fill_one(buffer);
        let answer = queue.publish();
        if answer != 0 {
            return Err(format!("{:#x} was refused: {answer}", buffer.address));
        }
    }
    Ok(())
}

/// Gives it a word of `whom`, or what reaches beyond the buffers.
fn give(whom: &str) -> Result<(), String> {
    let all = windows::shared(Cell::Nic).ok_or("it shares nothing")?.1;
    let (buffer, victim) = match whom {
        "behind-packets" => (Buffer::new(all.end - 8, 16), Victim::behind(all.end)?),
        whom => {
            let (address, victim) = Victim::of(whom)?;
            (Buffer::new(address, 8), victim)
        }
    };
    let mut queue = begin()?;
    queue.fill_one(buffer);
    println!("giving {:#x}", buffer.address);
    queue.publish_and_die(&victim)
}
