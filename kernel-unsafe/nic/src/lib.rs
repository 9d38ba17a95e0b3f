//! The cell `nic`: a network card (virtio 1.2, 5.1).
//!
//! Frames are bytes here: what they say is the business of the cell `net`. They lie
//! in buffers that both cells and the card reach, and pass as numbers on the desk,
//! up to 64 each way in a call. Who has which buffer the safe kernel knows; here it is
//! known what the card has, so that it can allege no other. A card that does what
//! it must not do is answered for with an error, and the cell is started anew.
//!
//! What the card offers is used, and each feature can be missing: a packet in several
//! buffers, checksums both ways, segments of TCP over IPv4 that it cuts and joins.
//!
//! | module | what |
//! |---|---|
//! | `serve` | the entries |
//! | `card` | both queues, and what a call does with them |
//! | `ring`, `rings` | a queue, and who has which buffer |
//! | `lists` | what stands on the desk |
//! | `merge` | the packet that comes at the moment |
//! | `facts` | what card it is |
//! | `reach` | the way to all that is outside |
//! | `lies`, `ask` | for tests: a driver that lies, and a question to the network |

#![cfg_attr(target_os = "none", no_std)]
#![expect(unsafe_code, reason = "drives a device by rings that they share")]

#[cfg(feature = "test-hooks")]
mod ask;
mod card;
mod facts;
#[cfg(feature = "test-hooks")]
mod lies;
mod lists;
mod merge;
mod reach;
mod ring;
mod rings;
mod serve;

pub use serve::Driver;
