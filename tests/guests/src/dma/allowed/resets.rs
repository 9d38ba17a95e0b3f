//! A device that is reset again and again.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::TryRecvError;

use domains::core_call::{CoreCall, error};
use domains::device::feature;
use gate::hooks::{BESIDE, CORE_CALL_WITH, STORE_WORD};

use super::{alive_after, unharmed};
use crate::cpus::pinned;
use crate::dma::queue::{Buffer, NEXT, QUIET, Queue, SIZE, WRITE};
use crate::dma::victim::Victim;
use crate::hooks::{CONSOLE, hook};

/// How often it is reset at least, and how often its ring is published.
const RESETS: usize = 100;
const PUBLISHED: usize = 100;
/// How often it has something to complain of.
const COMPLAINTS: usize = 1000;
/// Where the words of the other CPU's calls lie in the page of the rings.
const WORDS: usize = 3584;
/// Where the available ring lies there.
const AVAILABLE: usize = 16 * SIZE as usize;

/// CPU 1 resets the device and sets it up, again and again, while this one
/// publishes.
pub fn beside_publishing() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let queue = Queue::begin()?;
    let published = Arc::new(AtomicUsize::new(0));
    let resetting = {
        let (published, page, device) = (published.clone(), queue.page(), queue.device);
        pinned(1, move || reset_beside(&published, page, device))?
    };
    while resetting.try_recv() == Err(TryRecvError::Empty) {
        publish(&queue, &published)?;
    }
    unharmed(&victim)?;
    alive_after("resets")
}

/// Publishes a chain of all descriptors, which the device may not have by now.
fn publish(queue: &Queue, published: &AtomicUsize) -> Result<(), String> {
    let spare = Buffer::new(queue.spare() as u64, 8);
    for number in 0..SIZE {
        let has_next = if number + 1 == SIZE { 0 } else { NEXT };
        queue.describe(number, spare, WRITE | has_next, number + 1);
    }
    // A queue begins with index zero: the first entry is new each time.
    queue.poke(AVAILABLE, u64::from(QUIET) | 1 << 16);
    match queue.publish() {
        0 => _ = published.fetch_add(1, SeqCst),
        error::INVALID => {}
        answer => return Err(format!("published: {answer}")),
    }
    Ok(())
}

/// Resets the device until that and publishing have happened often enough.
fn reset_beside(published: &AtomicUsize, page: usize, device: u64) {
    let size = u64::from(SIZE);
    let mut count = 0;
    while count < RESETS || published.load(SeqCst) < PUBLISHED {
        for (call, words) in [
            (CoreCall::DeviceBegin, [feature::VERSION_1, 0, 0]),
            (CoreCall::DeviceQueue, [0, size, page as u64]),
            (CoreCall::DeviceStart, [0, 0, 0]),
        ] {
            call_beside(page + WORDS, call, device, words);
        }
        count += 1;
    }
}

/// Makes a core call whose words lie at `place`.
fn call_beside(place: usize, call: CoreCall, device: u64, words: [u64; 3]) {
    let [first, second, third] = words;
    let words = [device, first, second, third];
    for (number, word) in words.into_iter().enumerate() {
        hook(
            STORE_WORD | CONSOLE | BESIDE,
            place + 8 * number,
            word as usize,
        );
    }
    hook(CORE_CALL_WITH | CONSOLE | BESIDE, call as usize, place);
}

/// Gives the device descriptors that it complains of to the host.
pub fn with_complaints() -> Result<(), String> {
    for _ in 0..COMPLAINTS {
        let mut queue = Queue::begin()?;
        queue.describe(0, Buffer::new(queue.spare() as u64, 0), WRITE, 0);
        queue.offer(0);
        queue.publish();
    }
    alive_after("what a device complains of")
}
