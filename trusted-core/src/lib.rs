//! The trusted core: the only code of the machine that runs in ring 0.
//!
//! It boots, maps pages with their keys, takes traps, keeps the contexts of
//! preempted threads, and reports what crosses a wall. Everything else runs in
//! ring 3. Three things hold wherever one looks:
//!
//! - **The core follows no pointer of a domain.** Core calls take scalars; user
//!   pages are never touched through the addresses that domains use.
//! - **Rights decide, addresses do not.** Who called is read from PKRU.
//! - **No domain chooses a key.** The region of an address says whose page it
//!   is, and the page is mapped with its key in one write.
//!
//! Start reading at [`boot::start`] for the way up, and at the trap entry for
//! everything after.

#![no_std]

pub mod boot;
mod call;
mod cpu;
mod device;
#[cfg(feature = "fuzzed")]
pub mod fuzzed;
#[cfg_attr(not(feature = "test-hooks"), path = "no_hooks.rs")]
mod hooks;
mod lock;
mod memory;
pub mod report;
mod smp;
mod state;
mod time;
mod trap;
