//! The unsafe kernel: drivers, behind a wall of their own.
//!
//! Everything here may be wrong, or taken over by a device or a bug, and then
//! loses what it has: rings, windows, a page of messages. It has no rights over
//! the safe kernel or the application, and no more by its devices: registers
//! and what a device reads are the core's, which compares every address. A
//! fault in it ends one call, not the machine. The safe kernel calls it through
//! the entries that [`Drivers`] serves and believes none of its replies.
//!
//! It allocates nothing: rings come from a fixed area, so that it also starts
//! with little memory. Devices are polled; their interrupts only tell the safe
//! kernel when a call is worth its while.
//!
//! | module | what |
//! |---|---|
//! | `serve` | the entries |
//! | `queues` | the queues that the safe kernel knows by number |
//! | `requests` | a queue, and the requests that its device has |
//! | `console` | consoles with several ports |
//! | `device` | a device, by core calls |
//! | `machine`, `dma` | memory and addresses for devices |
//! | `patience` | how long a call waits for one |

#![cfg_attr(target_os = "none", no_std)]
#![expect(unsafe_code, reason = "drives devices by rings that they share")]

mod console;
#[cfg(feature = "test-hooks")]
mod costs;
mod device;
mod dma;
#[cfg(feature = "test-hooks")]
mod lies;
mod machine;
mod patience;
mod queues;
mod requests;
mod serve;

pub use serve::Drivers;
