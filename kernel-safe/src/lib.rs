//! The safe kernel: what an application asks for, without unsafe code.
//!
//! The crate serves the entries of [`gate::safe`]: threads and their schedule,
//! futexes, sleep, the heap's memory, random bytes, files, the standard
//! streams and sockets. What it decides is plain code that runs on the host in tests; what
//! touches the machine goes through the crate `gate`.
//!
//! | module | holds |
//! |---|---|
//! | [`serve`] | the entries, one line each |
//! | [`boot`], [`events`] | how the core enters: start, upcall, pending events |
//! | [`clock`] | the rate of the clock that all domains read, deadlines by it |
//! | [`schedule`] | each CPU's current thread, queue and alarm, and what moves between CPUs |
//! | [`thread`], [`priority`] | threads, their numbers, stacks and places to wait |
//! | [`life`] | how threads start, block, and end |
//! | [`line`], [`wait`] | who waits, and waiting for something, with a deadline |
//! | [`copy`], [`entropy`], [`futex`], [`memory`], [`stdio`] | one service each |
//! | [`random`] | random bytes |
//! | [`object`], [`counter`] | what can be open, counting events |
//! | [`descriptors`], [`poll`] | what is open, waiting for it |
//! | [`files`] | the name space |
//! | [`volumes`] | folders of the host in it, by 9P or FUSE |
//! | [`network`] | between the cells `nic` and `net`: frames, windows, who works |
//! | [`sockets`] | connections and datagrams, as a program has them |
//! | [`pool`], [`space`] | slots and ranges that come and go |
//! | [`sync`] | atomics and locks, which tests can watch |
//! | [`heap`] | the extents of the kernel's own heap |
//! | [`drivers`] | calls into cells, which may fail |
//! | [`errno`], [`report`] | what the application is told of an error, and the host |
//!
//! No two modules need each other, by whatever way, so that each can be read
//! behind those that it needs.
//!
//! Three rules keep it sound and simple. No lock is held across a switch of
//! threads. The kernel is not preemptible: events that arrive while it runs are
//! noted, and served when it leaves or idles, and between the portions of a call
//! that takes long ([`events::let_others_run`]). And nothing that the application
//! says can make it panic: every bad argument has an [`errno::Errno`].
//!
//! Every CPU may be in here at once. Locks are taken in this order:
//!
//! - a place to wait; the roster, standard input, an event counter or a channel's
//!   slots; a cell; what its input and its bells remember; a schedule,
//! - the pool of random bytes; a cell,
//! - the cell `net`; what is known of the network; the cell `nic`, or the pool of random
//!   bytes and a cell for it; and then one of: a
//!   socket's record, a side of its window, the list of those that were touched, the
//!   network's alarm, or a place to wait; a schedule,
//! - the start of a thread; the space of stacks,
//! - of files in memory, a directory; a file in it; the pool of files.
//!
//! The lock of the kernel's own heap comes behind all of them. All others are
//! taken alone, never two of one kind, and none while a file system is called.
//! A spin is short: who holds a lock neither waits for another CPU nor is
//! interrupted for longer than the core takes to note an event.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod boot;
pub mod clock;
pub mod copy;
pub mod counter;
pub mod date;
pub mod descriptors;
pub mod drivers;
pub mod entropy;
pub mod errno;
pub mod events;
pub mod files;
pub mod futex;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
pub mod heap;
#[cfg(feature = "test-hooks")]
pub mod hooks;
pub mod life;
pub mod line;
pub mod memory;
pub mod network;
pub mod object;
pub mod poll;
pub mod pool;
pub mod priority;
pub mod random;
pub mod report;
pub mod schedule;
pub mod serve;
pub mod sockets;
pub mod space;
pub mod stdio;
pub mod sync;
pub mod thread;
pub mod volumes;
pub mod wait;
