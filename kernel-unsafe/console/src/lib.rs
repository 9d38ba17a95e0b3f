//! The cell `console`: consoles, and the source of entropy.
//!
//! | module | what |
//! |---|---|
//! | `serve` | the entries |
//! | `device` | consoles with several ports |
//! | `costs`, `tease` | for tests: what a request costs, and a reader kept busy |

#![cfg_attr(target_os = "none", no_std)]
#![expect(unsafe_code, reason = "drives devices by rings that they share")]

#[cfg(feature = "test-hooks")]
mod costs;
mod device;
mod serve;
#[cfg(feature = "test-hooks")]
mod tease;

pub use serve::Drivers;
