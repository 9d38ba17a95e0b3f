//! What the safe kernel has mapped for this cell, as the stack wants it lent.

use core::ptr;
use core::sync::atomic::AtomicU64;

use cell_net::desk::{Desk, WORDS};
use cell_net::lent::{Control, Lender, Window};
use domains::layout::Region;
use domains::network::packets;
use domains::network::window::{self, CONTROL, Pages};
use domains::windows;

/// Lends the windows of sockets, and buffers.
#[derive(Debug)]
pub(crate) struct Mapped;

impl Lender for Mapped {
    fn window(&mut self, socket: usize, pages: Pages) -> Option<Window> {
        let words = ptr::with_exposed_provenance(window::control(socket).start as usize);
        // SAFETY:
        // 1. The safe kernel maps a window, page aligned and zeroed at first, before it
        //    opens its socket, and unmaps none whose number is in use here: a page that
        //    is not there is a fault of this cell.
        // 2. Its words are written and read atomically on both sides.
        let words: &'static [AtomicU64; CONTROL / 8] = unsafe { &*words };
        Some(Window {
            control: Control(words),
            // SAFETY: the window of a number belongs to whoever opened it: the stack
            // refuses a number that is in use, and forgets the window first. The safe
            // kernel reads what was told, and writes where it was told to, which
            // nobody touches here meanwhile.
            received: unsafe { bytes(window::received(socket, pages)) },
            // SAFETY: as above; both rings lie apart.
            sent: unsafe { bytes(window::sent(socket, pages)) },
        })
    }

    fn buffer(&mut self, number: usize) -> Option<&mut [u8]> {
        if number >= packets::COUNT {
            return None;
        }
        // SAFETY:
        // 1. Buffers are mapped at boot for good, large ones before they are given.
        // 2. Whoever lends is borrowed as long as a buffer is, so there is one
        //    reference to it here. The driver and its device have other buffers,
        //    unless they lie: then bytes change that are only copied, and what was
        //    copied is what is looked at.
        Some(unsafe { bytes(packets::buffer(number)) })
    }
}

/// The desk.
pub(crate) fn desk() -> Desk {
    let words = ptr::with_exposed_provenance(windows::net().start as usize);
    // SAFETY: the desk is a window of this cell, mapped at boot for good, page aligned,
    // and its words are read and written atomically here. The safe kernel does not
    // touch it during a call.
    let words: &'static [AtomicU64; WORDS] = unsafe { &*words };
    Desk(words)
}

/// The bytes of a region.
///
/// # Safety
///
/// The region must be mapped for this cell as long as they are used, and nobody must
/// have another reference to it.
unsafe fn bytes(region: Region) -> &'static mut [u8] {
    let start = ptr::with_exposed_provenance_mut(region.start as usize);
    // SAFETY: forwarded to the caller; bytes need no alignment and any value is one.
    unsafe { core::slice::from_raw_parts_mut(start, region.size() as usize) }
}
