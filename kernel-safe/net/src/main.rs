//! The image of the cell `net`: the library, and what it needs around it.

#![cfg_attr(target_os = "none", no_std, no_main)]
#![cfg_attr(
    target_os = "none",
    expect(
        unsafe_code,
        reason = "the entry page has a section, and the heap is raw memory"
    )
)]

#[cfg(target_os = "none")]
mod image;
#[cfg(target_os = "none")]
mod lends;
#[cfg(target_os = "none")]
mod serve;

/// Never runs: the image is built for the guest only.
#[cfg(not(target_os = "none"))]
fn main() {}
