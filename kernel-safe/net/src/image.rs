//! The parts of the image that are not the library.

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;
use core::ptr;

use gate::cell::net::table;
use gate::entry::{Page, cell_page};

use crate::serve::Cell;

/// What the core and the gate find at the start of the domain.
#[used]
// SAFETY: the section holds nothing else, and nothing in Rust depends on where
// this lies.
#[unsafe(link_section = ".entries")]
#[unsafe(no_mangle)]
static ENTRIES: Page = cell_page(table::<Cell>());

#[global_allocator]
static HEAP: Nothing = Nothing;

struct Nothing;

// SAFETY: it gives nothing.
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

/// A fault like any other: the core brings the safe kernel back.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    gate::entry::fail()
}
