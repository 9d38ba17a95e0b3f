//! Nonsense to all queues of all devices but the one that prints.
//!
//! It comes in chains that break no rule: what they hold is for the host's
//! devices to refuse. The machine goes on.

use domains::device::{Kind, Roles, feature};
use domains::layout::PAGE_SIZE;

use super::chance::Chance;
use super::device::{Device, poke, roles};
use super::{alive_after, say_round, unharmed};
use crate::dma::CELL;
use crate::dma::queue::{QUIET, Queue, SIZE, WRITE};
use crate::dma::victim::Victim;

const ROUNDS: u64 = 2000;
/// How many bring few enough interrupts.
const FEW: u64 = 8;
/// Queues of a device that are tried.
const QUEUES: u64 = 6;
/// Where the available ring lies in the page of the rings.
const AVAILABLE: u64 = 16 * SIZE as u64;

/// Tells one device after the other.
pub fn run() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let caller = Queue::begin()?;
    let mut chance = Chance::new(0x5851_f42d_4c95_7f2d);
    let devices = devices(&roles());
    let mut published = 0;
    for round in 0..ROUNDS {
        let device = Device::new(&caller, chance.one_of(&devices));
        published += tell(&device, &mut chance);
        if round % FEW == 0 {
            say_round(round);
        }
        alive_after(&format!("nonsense in round {round}"))?;
    }
    println!("{published} chains");
    unharmed(&victim)
}

fn devices(roles: &Roles) -> Vec<u64> {
    let kinds = gate::info::boot().devices.iter().enumerate();
    kinds
        .filter(|(number, kind)| {
            Kind::from_number(**kind).is_some_and(|kind| kind.cell() == CELL)
                && roles.consoles[0] != Some(*number)
        })
        .map(|(number, _)| number as u64)
        .collect()
}

/// Resets a device and gives it a chain by each queue; by how many.
fn tell(device: &Device<'_>, chance: &mut Chance) -> usize {
    let more = chance.one_of(&[0, feature::MULTIPORT]);
    if device.agree(feature::VERSION_1 | more) < 0 {
        return 0;
    }
    let queues: Vec<u64> = (0..QUEUES)
        .filter(|queue| !chance.is_one_in(4) && has_queue(device, *queue))
        .collect();
    // The device finds it when it starts, or is told of it then.
    let is_early = chance.is_one_in(4);
    if !is_early {
        device.start();
    }
    let size = write_message(chance);
    let published = queues.iter().filter(|queue| {
        write_chain(rings(**queue), size, chance);
        device.publish(**queue) == 0
    });
    let published = published.count();
    if is_early {
        device.start();
    }
    published
}

/// Whether the device has got this queue.
fn has_queue(device: &Device<'_>, queue: u64) -> bool {
    let rings = rings(queue);
    (0..4).for_each(|word| poke(rings + AVAILABLE + 8 * word, 0));
    device.add_queue(queue, u64::from(SIZE), rings) == 0
}

/// The page for the rings of a queue.
const fn rings(queue: u64) -> u64 {
    CELL.dma().end - (2 + QUEUES - queue) * PAGE_SIZE
}

/// The page of the messages.
const fn message() -> u64 {
    CELL.dma().end - 2 * PAGE_SIZE
}

/// Writes what looks like a message of 9P, of FUSE or of a console; its size.
fn write_message(chance: &mut Chance) -> u64 {
    (0..16).for_each(|word| poke(message() + 8 * word, chance.next()));
    let size = chance.below(200);
    let ninep = size | (2 * (3 + chance.below(61))) << 32 | 7 << 40;
    let fuse = size | chance.below(52) << 32;
    let console = chance.below(3) | chance.below(9) << 32 | 1 << 48;
    poke(message(), chance.one_of(&[ninep, fuse, console]));
    size
}

/// Writes a chain at `rings`, which begins with the message, and makes it
/// available.
fn write_chain(rings: u64, size: u64, chance: &mut Chance) {
    let length = 1 + chance.below(4);
    for number in 0..length {
        let has_next = u64::from(number + 1 < length);
        let flags = has_next | chance.one_of(&[0, u64::from(WRITE)]);
        let bytes = chance.one_of(&[0, 8, size, 64, PAGE_SIZE]);
        let offset = if number == 0 { 0 } else { 8 * chance.below(4) };
        poke(rings + 16 * number, message() + offset);
        let rest = bytes | flags << 32 | (number + 1) << 48;
        poke(rings + 16 * number + 8, rest);
    }
    poke(rings + AVAILABLE, u64::from(QUIET) | 1 << 16);
}
