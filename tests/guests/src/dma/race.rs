//! A ring that is rewritten by another CPU while it is published.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use gate::hooks::{BESIDE, FLIP, NOTHING};

use super::CELL;
use super::queue::{Buffer, Queue, WRITE};
use super::victim::Victim;
use crate::cpus::pinned;
use crate::hooks::{CONSOLE, hook};

/// How often it is published, if nothing comes of it.
const PUBLISHED_MAX: usize = 3_000;
/// Bytes at the end of the drivers' memory, and of what is twice as long.
const SHORT: u32 = 8;
const LONG: u32 = 16;
/// The descriptor that is rewritten, and the one that it is rewritten with.
const GIVEN: u16 = 0;
const OTHER: u16 = 1;

/// CPU 1 has a descriptor be a long buffer and a short one, again and again, while
/// this one has it published. Both are the drivers' own; only the long one at the
/// place of the short one is not, and that is in memory at no time. Whoever reads
/// the descriptor once seldom gets that mixture, and convicts; whoever reads a word
/// of it again, after a look, has the device write it.
pub fn run() -> Result<(), String> {
    let end = CELL.dma().end;
    let victim = Victim::behind(end)?;
    let mut queue = Queue::begin()?;
    queue.give(&[Buffer::new(queue.spare() as u64, LONG)]);
    let short = Buffer::new(end - u64::from(SHORT), SHORT);
    queue.describe(OTHER, short, WRITE, 0);
    let is_over = Arc::new(AtomicBool::new(false));
    let flipping = {
        let (is_over, places) = (is_over.clone(), [GIVEN, OTHER].map(|it| queue.place(it)));
        pinned(1, move || flip(&is_over, places))?
    };
    let published = publish(&mut queue);
    is_over.store(true, SeqCst);
    // Its last call may have come to nothing.
    let _ = flipping.recv();
    match victim.is_whole_after(&queue) {
        true => println!("published {published} times, and nothing was harmed"),
        false => return Err(format!("harmed, published {published} times")),
    }
    Ok(())
}

/// How often it was published before the conviction.
fn publish(queue: &mut Queue) -> usize {
    for count in 0..PUBLISHED_MAX {
        if queue.publish() != 0 || hook(NOTHING | CONSOLE, 0, 0) != 0 {
            return count;
        }
        queue.wait();
        queue.offer(0);
    }
    PUBLISHED_MAX
}

fn flip(is_over: &AtomicBool, [given, other]: [usize; 2]) {
    while !is_over.load(SeqCst) {
        hook(FLIP | CONSOLE | BESIDE, given, other);
    }
}
