//! A ring that is rewritten by another CPU while it is published.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use gate::hooks::{BESIDE, FLIP, IN_DRIVER, NOTHING};

use super::queue::{Buffer, Queue};
use super::victim::{Victim, plain};
use crate::cpus::pinned;
use crate::hooks::hook;

/// How often it is published, if nothing comes of it.
const PUBLISHED_MAX: usize = 5_000;

/// CPU 1 puts the victim's address into a descriptor again and again, for a
/// moment, while this one has it published. Either the core sees the right
/// address, and the device writes there, or it convicts.
pub fn run() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let mut queue = Queue::begin()?;
    queue.give(&[Buffer::new(queue.spare() as u64, 8)]);
    let is_over = Arc::new(AtomicBool::new(false));
    let flipping = {
        let (is_over, page, bad) = (is_over.clone(), queue.page(), plain(victim.physical())?);
        pinned(1, move || flip(&is_over, page, bad as usize))?
    };
    let published = publish(&mut queue);
    is_over.store(true, SeqCst);
    // Its last call may have come to nothing.
    let _ = flipping.recv();
    match victim.is_whole_after(&queue) {
        true => println!("published {published} times, and nothing was harmed"),
        false => return Err("harmed".to_owned()),
    }
    Ok(())
}

/// How often it was published before the conviction.
fn publish(queue: &mut Queue) -> usize {
    for count in 0..PUBLISHED_MAX {
        if queue.publish() != 0 || hook(NOTHING | IN_DRIVER, 0, 0) != 0 {
            return count;
        }
        queue.wait();
        queue.offer(0);
    }
    PUBLISHED_MAX
}

fn flip(is_over: &AtomicBool, place: usize, bad: usize) {
    while !is_over.load(SeqCst) {
        hook(FLIP | BESIDE, place, bad);
    }
}
