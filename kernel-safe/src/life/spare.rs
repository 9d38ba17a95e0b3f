//! Stacks that ended threads left for later ones, and giving them back.
//!
//! They are memory that nobody uses, so whoever would fail for memory has them
//! given back first, and tries once more: who starts a thread, and who asks for
//! memory for the application. No lock is held that this needs: the roster's,
//! and that of the addresses of stacks.

use super::{ROSTER, begin};
use crate::errno::Errno;
use crate::network;
use crate::thread::ThreadRef;
use crate::thread::stack::Stack;

/// Does `work`; if it fails for memory and stacks could be given back, it is
/// done once more.
///
/// # Errors
///
/// What `work` says.
pub fn if_needed<R>(mut work: impl FnMut() -> Result<R, Errno>) -> Result<R, Errno> {
    match work() {
        // DEFENCE: spare-stacks
        Err(Errno::NoMemory) if give_back() > 0 || network::trim() => work(),
        result => result,
    }
}

/// Gives the stack of a slot without a thread back; whether there was one.
/// Where another CPU still runs on its stacks, this waits.
pub(super) fn release(thread: ThreadRef) -> bool {
    thread.context().restart(begin, 0);
    let stack = thread.start().lock().stack.take();
    stack.map(Stack::unmap).is_some()
}

/// Gives back the stacks of all slots without a thread; how many. Each slot
/// looked at goes behind the others, so each is looked at once.
fn give_back() -> usize {
    let free = ROSTER.lock().free();
    (0..free)
        .map_while(|_| give_one_back())
        .filter(|was_there| *was_there)
        .count()
}

/// Looks at the slot that is the next to be used; none if no slot is free.
fn give_one_back() -> Option<bool> {
    let (place, thread) = ROSTER.lock().take_stale(0)?;
    // Its thread may be this one, on its way out.
    let was_there = thread.context().is_left() && release(thread);
    ROSTER.lock().put_back(place);
    Some(was_there)
}
