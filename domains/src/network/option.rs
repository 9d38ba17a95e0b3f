//! The options of sockets, by numbers of our own.
//!
//! The ABI has a level and a name, and a value of a size for each; here an option
//! is one number and a value of 64 bits.

/// How long a read may wait, in nanoseconds; zero for as long as it likes.
pub const RECEIVE_TIMEOUT: u32 = 1;
/// How long a write may wait, in nanoseconds; zero for as long as it likes.
pub const SEND_TIMEOUT: u32 = 2;
/// How long a close waits: zero if it does not, else one and the seconds. With no
/// seconds the connection is reset.
pub const LINGER: u32 = 3;
/// Whether datagrams may go to everybody.
pub const BROADCAST: u32 = 4;
/// Whether an address may be bound that old connections still have.
pub const REUSE_ADDRESS: u32 = 5;
/// What has gone wrong, which is forgotten when it is read; cannot be set.
pub const ERROR: u32 = 6;
/// Whether the peer is asked now and then if it is still there.
pub const KEEP_ALIVE: u32 = 7;
/// Bytes that may wait to be read.
pub const RECEIVE_BUFFER: u32 = 8;
/// Bytes that may wait to be sent.
pub const SEND_BUFFER: u32 = 9;
/// Whether small pieces are sent at once.
pub const NO_DELAY: u32 = 10;
/// How many routers a packet passes.
pub const HOP_LIMIT: u32 = 11;
/// How many routers a packet to a group passes.
pub const MULTICAST_HOP_LIMIT: u32 = 12;
/// Whether packets to a group of IPv4 come back to this machine.
pub const MULTICAST_LOOP_V4: u32 = 13;
/// Whether packets to a group of IPv6 come back to this machine.
pub const MULTICAST_LOOP_V6: u32 = 14;
/// Whether a socket of IPv6 is of that alone.
pub const V6_ONLY: u32 = 15;
/// Joins the group that is named; cannot be read.
pub const JOIN: u32 = 16;
/// Leaves the group that is named; cannot be read.
pub const LEAVE: u32 = 17;
