//! The trusted core as an image: the library, and what a panic does.

#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    trusted_core::report::panic(info)
}

/// On the host the core is a library with tests.
#[cfg(not(target_os = "none"))]
fn main() {}
