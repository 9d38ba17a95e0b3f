//! The cell `nic`: a network device.
//!
//! Frames are bytes here: what they say is the business of the cell `net`.

#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(
    feature = "test-hooks",
    expect(unsafe_code, reason = "has footholds for attacks")
)]

mod serve;

pub use serve::Driver;
