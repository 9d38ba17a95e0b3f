//! What the parts of the network share.
//!
//! ```text
//! application ── sockets ──▶ safe kernel ──▶ net   the TCP/IP stack
//!                                  │  ▲
//!                                  ▼  │ frames: numbers of buffers
//!                                  nic             the driver of a network device
//! ```
//!
//! The safe kernel calls both cells and neither calls the other. Frames lie in
//! [`packets`], buffers that both cells reach; numbers of buffers and other small
//! things pass over the [`desk`] of each cell. The bytes of a socket lie in its
//! [`window`], which the safe kernel reads and writes without a call.
//! What a cell has written in any of these is an allegation.

pub mod desk;
pub mod name;
pub mod option;
pub mod packets;
pub mod setting;
pub mod window;

pub use name::Name;
pub use setting::Setting;
