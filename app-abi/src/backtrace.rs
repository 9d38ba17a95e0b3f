//! A backtrace of a program that dies, for the host to put into words.
//!
//! Applications keep frame pointers: each frame begins with the address of
//! its caller's, and above that stands where the caller goes on. The chain is
//! followed with the application's own rights, upwards only, and never out of
//! the thread's stack: a corrupt one ends the backtrace and nothing else.

use domains::report::TraceKind;
use gate::{client, safe};

/// The most frames that are told.
const FRAMES_MAX: usize = 200;

/// A function's frame, as its first instructions lay it out.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Frame {
    /// The caller's frame.
    caller: usize,
    /// Where the caller goes on.
    address: usize,
}

/// Tells the host where the calling thread is, from the frame at `frame` on.
#[inline(never)]
pub(crate) fn tell(frame: usize) {
    let block = client::thread_block();
    // SAFETY: the block is the calling thread's own.
    let thread = unsafe { (*block).thread };
    send(TraceKind::Thread, thread as usize);
    let mark = 0_u8;
    let stack = Stack {
        bottom: (&raw const mark).addr(),
        top: block.addr(),
    };
    let read = |address| {
        let frame: *const Frame = core::ptr::with_exposed_provenance(address);
        // SAFETY: the frame lies on this thread's stack, above what is in use
        // here and below its storage.
        unsafe { frame.read() }
    };
    let addresses = stack.chain(frame, read).take(FRAMES_MAX);
    addresses.for_each(|address| send(TraceKind::Frame, address));
}

fn send(kind: TraceKind, value: usize) {
    // A host that has heard enough refuses more, and nothing is lost.
    // SAFETY: the call takes no address that is followed.
    let _refused = unsafe { safe::trace(kind as u32, value) };
}

/// A part of a thread's stack.
#[derive(Clone, Copy, Debug)]
struct Stack {
    bottom: usize,
    top: usize,
}

impl Stack {
    /// The return addresses of the chain that begins at `frame`, each frame
    /// read by `read`. Only frames on the stack are read, each above the last.
    fn chain(self, frame: usize, read: impl Fn(usize) -> Frame) -> impl Iterator<Item = usize> {
        let (mut low, mut next) = (self.bottom, frame);
        core::iter::from_fn(move || {
            let end = next.checked_add(size_of::<Frame>())?;
            let is_frame = next > low && end <= self.top && next.is_multiple_of(8);
            let frame = is_frame.then(|| read(next))?;
            (low, next) = (next, frame.caller);
            (frame.address != 0).then_some(frame.address)
        })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::HashMap;
    use std::vec::Vec;

    use super::*;

    const STACK: Stack = Stack {
        bottom: 0x1000,
        top: 0x2000,
    };

    fn addresses(first: usize, frames: &[(usize, usize, usize)]) -> Vec<usize> {
        let frames: HashMap<usize, Frame> = frames
            .iter()
            .map(|&(at, caller, address)| (at, Frame { caller, address }))
            .collect();
        let read = |at| *frames.get(&at).expect("only frames of the stack are read");
        STACK.chain(first, read).collect()
    }

    #[test]
    fn a_chain_is_followed_to_its_end() {
        let frames = [(0x1100, 0x1200, 1), (0x1200, 0x1f00, 2), (0x1f00, 0, 3)];
        assert_eq!(addresses(0x1100, &frames), [1, 2, 3]);
    }

    #[test]
    fn a_corrupt_chain_ends_where_it_leaves_the_stack() {
        let wild = [0, 0x1100, 0x10f8, 0x1104, 0x0ff8, 0x1ff8, 0x2000];
        for wild in wild
            .into_iter()
            .chain([1 << 44, usize::MAX, usize::MAX - 15])
        {
            assert_eq!(addresses(0x1100, &[(0x1100, wild, 1)]), [1], "{wild:#x}");
        }
        for wild in [0, 0x1000, 0x1104, 0x1ff8, 0x2000, usize::MAX] {
            assert_eq!(addresses(wild, &[]), [], "{wild:#x}");
        }
    }
}
