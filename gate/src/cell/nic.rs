//! The entries of the cell `nic`: a network device.
//!
//! Buffers are those of [`domains::network::packets`], lists those of
//! [`domains::network::desk`].

use domains::Cell;

use crate::interface::interface;

interface! {
    calls into Cell::Nic;

    /// Does nothing: what a call costs.
    0 => null();
    /// Starts the device; one if there is one. What card it is, is on the desk then.
    1 => start();
    /// Gives the device so many buffers to receive into and so many frames to send,
    /// from the desk, and puts there what has come and what was sent: how much, in
    /// one word, with what else there is to say. Buffers that come without a size hold
    /// nothing, and those of one packet come together. Unless there is more, the device
    /// interrupts from then on when something comes, with bit 0 of `arm`, and when
    /// something was sent, with bit 1. After an error, but that there is no device,
    /// nobody knows who has what: the cell must be started anew.
    2 => exchange(posts: u32, sends: u32, arm: u32);
    /// With `test-hooks`: touches memory as the hooks module says.
    3 => hook(kind: u32, address: usize, argument: usize);
}
