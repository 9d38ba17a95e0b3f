//! Rings that break a rule.

use super::queue::{Buffer, NEXT, Queue, SIZE, WRITE};
use super::victim::Victim;

/// The number of a descriptor behind the end of the table. It lies over entries
/// of the available ring that are not used yet, and is good: nothing else is
/// wrong with it.
const BEYOND: u16 = SIZE + 1;
/// Flag of a descriptor: it leads to a table of others.
const INDIRECT: u16 = 1 << 2;
/// Where that table lies in the page of the rings.
const TABLE: usize = 2048;

/// Breaks the rule of this name.
pub fn run(rule: &str) -> Result<(), String> {
    let mut queue = Queue::begin()?;
    let (_, victim) = Victim::of("core")?;
    let good = Buffer::new(queue.spare() as u64, 8);
    match rule {
        "loop" => {
            queue.describe(0, good, WRITE | NEXT, 1);
            queue.describe(1, good, WRITE | NEXT, 0);
            queue.offer(0);
        }
        "next" => {
            queue.describe(0, good, WRITE | NEXT, BEYOND);
            queue.offer(0);
            queue.describe(BEYOND, good, WRITE, 0);
        }
        "head" => {
            queue.offer(BEYOND);
            queue.describe(BEYOND, good, WRITE, 0);
        }
        "indirect" => lead_elsewhere(&mut queue, &victim),
        "jump" => {
            queue.give(&[good]);
            queue.jump(SIZE);
        }
        "twice" => {
            queue.give(&[good]);
            queue.offer(0);
        }
        "tail" => {
            queue.give(&[good, good]);
            queue.describe(2, good, WRITE | NEXT, 1);
            queue.offer(2);
        }
        other => return Err(format!("no such rule: {other}")),
    }
    queue.publish_and_die(&victim)
}

/// A descriptor to a table that leads to the victim, with the address that
/// devices have for it.
fn lead_elsewhere(queue: &mut Queue, victim: &Victim) {
    queue.poke(TABLE, victim.physical());
    queue.poke(TABLE + 8, 8 | u64::from(WRITE) << 32);
    let table = Buffer::new((queue.page() + TABLE) as u64, 16);
    queue.describe(0, table, INDIRECT, 0);
    queue.offer(0);
}
