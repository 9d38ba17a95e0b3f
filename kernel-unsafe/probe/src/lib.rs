//! The cell `probe`, which only images for tests have.
//!
//! It drives nothing. What it does is what a cell is for, as small as it can be:
//! it looks at bytes that the safe kernel shows it, and answers with a number.

#![cfg(feature = "test-hooks")]
#![cfg_attr(target_os = "none", no_std)]
#![expect(unsafe_code, reason = "has footholds for attacks")]

mod serve;

pub use serve::Probe;
