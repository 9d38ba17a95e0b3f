//! Indices that come round, and rings that change under the core's eyes.

use super::device::peek;
use super::{alive_after, are_alive, unharmed};
use crate::dma::CELL;
use crate::dma::queue::{Buffer, Queue, SIZE, WRITE};
use crate::dma::reset::expect;
use crate::dma::victim::Victim;

/// More entries than an index counts.
const ENTRIES: u32 = (1 << 16) + 1000;
/// How often the device has the rings to write to.
const ROUNDS: usize = 50;
/// How often they are published meanwhile.
const LOOKS: usize = 20;
/// So much of the page of the rings holds both of them.
const RINGS: u32 = 200;

/// Gives the device more entries than an index counts.
pub fn index() -> Result<(), String> {
    let mut queue = Queue::begin()?;
    queue.fill();
    let ring = CELL.used_ring(queue.device as usize, 0);
    let mut given = u32::from(SIZE);
    while given < ENTRIES {
        expect(&format!("entry {given}"), queue.publish(), 0)?;
        alive_after("an index that comes round")?;
        // If nothing comes, the boot's own limit ends it.
        while (peek(ring) >> 16) as u16 != given as u16 {
            std::hint::spin_loop();
        }
        queue.jump(SIZE);
        given += u32::from(SIZE);
    }
    println!("{given} entries");
    Ok(())
}

/// The device writes by chance over the driver's own rings, which the core then
/// reads: a conviction comes sooner or later.
pub fn own_rings() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let mut queue = Queue::begin()?;
    let rounds = (0..ROUNDS).take_while(|_| overwrite(&mut queue)).count();
    unharmed(&victim)?;
    println!("published {rounds} times, and nothing was harmed");
    Ok(())
}

/// Whether all of it was published.
fn overwrite(queue: &mut Queue) -> bool {
    for number in 0..SIZE {
        let rings = Buffer::new(queue.page() as u64, RINGS);
        queue.describe(number, rings, WRITE, 0);
        queue.offer(number);
    }
    (0..=LOOKS).all(|_| queue.publish() == 0 && are_alive())
}
