//! The unsafe kernel: drivers, behind a wall of their own.
//!
//! Everything here may be wrong, or taken over by a device or a bug, and then
//! loses what it has: device registers, rings, buffers. It has no rights over
//! the safe kernel or the application, it holds no secret of theirs, and a
//! fault in it ends one call, not the machine. The safe kernel calls it through
//! the entries that [`Drivers`] serves and believes none of its replies.
//!
//! It allocates nothing: rings and buffers come from a fixed pool of pages, so
//! that it also starts with little memory. Devices are polled; their
//! interrupts only tell the safe kernel when a call is worth its while.
//!
//! | module | what |
//! |---|---|
//! | `serve` | the entries |
//! | `devices` | the devices that were found |
//! | `console`, `entropy` | two kinds of device |
//! | `control` | opening the port of a console that has several |
//! | `channel` | requests to servers of the host, such as of files |
//! | `sender`, `receiver` | streams of bytes over rings |
//! | `ring` | one virtqueue and the pages that the device has |
//! | `mmio`, `pci` | finding devices on either bus |
//! | `machine`, `pool`, `places` | memory and addresses for devices |
//! | `patience` | how long a call waits for one |

#![cfg_attr(target_os = "none", no_std)]
#![expect(
    unsafe_code,
    reason = "drives devices: shared rings, registers, physical addresses"
)]

mod channel;
mod console;
mod control;
mod devices;
mod entropy;
#[cfg(feature = "test-hooks")]
mod lies;
mod machine;
mod mmio;
mod patience;
mod pci;
mod places;
mod pool;
mod receiver;
mod ring;
mod sender;
mod serve;

pub use serve::Drivers;
