//! The cell `hostfs`: servers of the host's files.
//!
//! Requests and replies are bytes here: what they say is the safe kernel's
//! business.

#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(
    feature = "test-hooks",
    expect(unsafe_code, reason = "has footholds for attacks")
)]

mod serve;

pub use serve::Drivers;
