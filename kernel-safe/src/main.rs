//! The safe kernel's image: the library, and what it needs around it.
//!
//! The entry page, the allocator and the panic handler: the only unsafe code in
//! the safe kernel's domain besides the crate `gate` and the allocator itself.

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

/// Never runs: the image is built for the guest only.
#[cfg(not(target_os = "none"))]
fn main() {}
