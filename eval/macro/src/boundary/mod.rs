//! Programs that do little else than cross into the kernel.
//!
//! They are ours, and so are their values, which can be worked out by hand.

pub(crate) mod ping_pong;
pub(crate) mod tree;
