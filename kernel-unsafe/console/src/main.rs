//! The image of the cell `console`: its entry page, and what a panic does.

#![cfg_attr(target_os = "none", no_std, no_main)]
#![cfg_attr(
    target_os = "none",
    expect(unsafe_code, reason = "the entry page has a section of its own")
)]

/// The table that the gate indexes.
#[cfg(target_os = "none")]
#[used]
#[unsafe(no_mangle)]
#[unsafe(link_section = ".entries")]
static ENTRIES: gate::entry::Page =
    gate::entry::cell_page(gate::cell::console::table::<cell_console::Drivers>());

/// A fault like any other: the core brings the safe kernel back.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    gate::entry::fail()
}

/// The image is built for the guest only.
#[cfg(not(target_os = "none"))]
fn main() {}
