//! What drivers share, each in a cell of its own.
//!
//! Everything here may be wrong, or taken over by a device or a bug, and then
//! loses what its cell has: rings, windows, a page of messages. A cell has no
//! rights over the safe kernel, the application or another cell, and no more by
//! its devices: registers and what a device reads are the core's, which compares
//! every address. A fault ends one call, not the machine. The safe kernel calls a
//! cell by its entries and believes none of its replies.
//!
//! It allocates nothing: rings come from a fixed area, so that it also starts
//! with little memory. Devices are polled; their interrupts only tell the safe
//! kernel when a call is worth its while.
//!
//! | module | what |
//! |---|---|
//! | `image` | the entry page, and what a panic does |
//! | `queues` | the queues of a cell, by number |
//! | `requests` | a queue, and the requests that its device has |
//! | `device` | a device, by core calls |
//! | `machine`, `dma` | memory and addresses for devices |
//! | `patience` | how long a call waits for one |

#![cfg_attr(target_os = "none", no_std)]
#![expect(unsafe_code, reason = "drives devices by rings that they share")]

mod device;
mod dma;
mod image;
#[cfg(feature = "test-hooks")]
mod lies;
mod machine;
mod patience;
mod queues;
mod requests;

pub use device::Device;
pub use dma::take as take_pages;
pub use machine::{Machine, next_queue};
pub use patience::Patience;
pub use queues::{Queues, UNKNOWN, code, done, start_one, word};
pub use requests::{Interrupts, Refused, Requests};
