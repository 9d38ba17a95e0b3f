//! Hermit's ABI for applications: gate stubs, and what needs no kernel.
//!
//! The standard library of the target `x86_64-unknown-hermit` calls functions
//! named `sys_*`. Here is every one that `hermit-abi` declares, so that a
//! program of any crates links. This code is part of the application's domain
//! and has the application's rights: it is convenience, not a boundary. What
//! can be answered here is: memory comes from a local allocator, clocks from
//! the info pages, errno from the thread's block; a free lock or semaphore
//! costs no crossing. What needs a kernel is a call through the gate.
//!
//! | module | serves |
//! |---|---|
//! | `start`, `tls`, `arguments` | the first instructions of program and threads |
//! | `threads`, `futex`, `semaphore` | threads and waiting |
//! | `memory`, `heap`, `cache`, `slab`, `extents`, `lock` | allocation |
//! | `mapping` | memory by the page |
//! | `bytes` | the memory functions that the compiler calls |
//! | `time`, `process` | clocks, exit and entropy |
//! | `descriptors`, `files`, `events` | input and output, files and directories, poll |
//! | `queues`, `names` | the old wait queues, names of hosts |
//! | `sockets` | the network |
//! | `panic`, `backtrace` | the last words of a program that dies |
//! | `errno`, `own`, `export` | errors, pointers of the caller, what is said of each function |
//!
//! Functions return a negative errno on failure and store it in the thread's
//! block as well. The safe kernel tries every pointer that it follows and
//! answers EFAULT; `own` does the same for what is served here.

#![cfg_attr(target_os = "hermit", no_std)]
#![expect(
    unsafe_code,
    reason = "C functions over raw pointers, exported by name"
)]
#![cfg_attr(
    not(target_os = "hermit"),
    expect(dead_code, reason = "the host starts no program, it only runs tests")
)]

extern crate alloc;

#[cfg(target_os = "hermit")]
mod arguments;
mod backtrace;
#[cfg(target_os = "hermit")]
mod bytes;
mod cache;
mod descriptors;
mod errno;
mod events;
mod export;
mod extents;
mod files;
mod futex;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
mod heap;
mod lock;
mod mapping;
mod memory;
mod names;
mod own;
#[cfg(target_os = "hermit")]
mod panic;
mod process;
mod queues;
mod semaphore;
mod slab;
mod sockets;
#[cfg(target_os = "hermit")]
mod start;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
mod threads;
mod time;
mod tls;
