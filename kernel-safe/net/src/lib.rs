//! The cell `net`: the TCP/IP stack, without unsafe code.
//!
//! It is called by the safe kernel and calls nobody. Frames come and go in buffers that
//! the driver's cell shares, the bytes of sockets lie in windows that the safe
//! kernel shares; both are lent by whoever makes a stack. Nothing here may run for
//! longer or take more memory because of what a stranger sends, and where `smoltcp`
//! fails nevertheless, this cell does, and no other.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;
// What tests share with those outside calls the library by its name.
#[cfg(test)]
extern crate self as cell_net;

pub mod bytes;
pub mod carrier;
pub mod config;
pub mod datagram;
pub mod desk;
pub mod hash;
pub mod ip;
pub mod lent;
pub mod limit;
pub mod link;
pub mod names;
pub mod node;
pub mod random;
pub mod stack;
pub mod tcp;
#[cfg(test)]
mod testing;
