//! The parts of the image that are not the library.

use core::alloc::Layout;
use core::panic::PanicInfo;
use core::ptr;

use domains::layout::{PAGE_SIZE, Region, SAFE};
use gate::entry::{Page, safe_page};
use gate::safe::table;
use gate::{info, memory};
use kernel_safe::heap::extents::Extents;
use kernel_safe::serve::Kernel;
use kernel_safe::{boot, events, heap, report};
use talc::base::binning::Binning;
use talc::base::{CHUNK_UNIT, Talc};
use talc::source::Source;

/// What the core and the gate find at the start of the domain.
#[used]
// SAFETY: the section holds nothing else, and nothing in Rust depends on where
// this lies.
#[unsafe(link_section = ".entries")]
static ENTRIES: Page = safe_page(start, events::upcall, events::pending, table::<Kernel>());

#[global_allocator]
static HEAP: talc::TalcLock<spin::Mutex<()>, CoreMemory> =
    talc::TalcLock::new(CoreMemory(Extents::new(SAFE.heap().start)));

/// Heap memory from the core, in extents: each is a heap by itself for the
/// allocator.
#[derive(Debug)]
struct CoreMemory(Extents);

// SAFETY: asking the core allocates nothing. A heap that ends is one that was
// claimed here, as a whole, and nobody else changes the size of one.
unsafe impl Source for CoreMemory {
    const TRACK_HEAP_END: bool = true;

    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let extents = &mut talc.source.0;
        let size = needed(layout).ok_or(())?;
        let extent = extents.take(size, limit()).ok_or(())?;
        if memory::map_heap(extent.start, extent.size() / PAGE_SIZE).is_err() {
            extents.give_back(extent, limit());
            return Err(());
        }
        let base = ptr::with_exposed_provenance_mut(extent.start as usize);
        // SAFETY: the pages were mapped just now, for nobody else.
        let claimed = unsafe { talc.claim(base, extent.size() as usize) };
        claimed.map(|_| ()).ok_or(())
    }

    unsafe fn resize(
        &mut self,
        chunk_base: *mut u8,
        heap_end: *mut u8,
        is_heap_base: bool,
    ) -> *mut u8 {
        // DEFENCE: heap-shrinks
        if !is_heap_base {
            return heap_end;
        }
        // The allocator keeps a few bytes at the start of each extent.
        let first = chunk_base as u64 - 1;
        let extent = Region {
            start: first - first % PAGE_SIZE,
            end: heap_end as u64,
        };
        if self.0.keeps(extent, limit()) {
            return heap_end;
        }
        // SAFETY: nothing in the extent is allocated, and by the answer below
        // the allocator forgets that it was there.
        let unmapped = unsafe { memory::unmap_heap(extent.start, extent.size() / PAGE_SIZE) };
        if unmapped.is_err() {
            return heap_end;
        }
        self.0.give_back(extent, limit());
        chunk_base
    }
}

/// How large the heap may become.
fn limit() -> u64 {
    heap::limit(info::boot().memory)
}

/// How many bytes make room for `layout`, whatever its alignment costs.
fn needed(layout: Layout) -> Option<u64> {
    let size = layout.size().checked_add(layout.align())?;
    u64::try_from(size.checked_add(2 * CHUNK_UNIT)?).ok()
}

/// Where the core starts the kernel.
extern "C" fn start() -> ! {
    #[cfg(feature = "test-hooks")]
    kernel_safe::hooks::install(attack);
    boot::start()
}

/// What attacks from inside this domain.
#[cfg(feature = "test-hooks")]
fn attack(kind: u32, address: usize, argument: usize) -> i64 {
    if kind == gate::hooks::HEAP_IN_USE {
        return HEAP.lock().counters().allocated_bytes as i64;
    }
    // SAFETY: none is claimed: an image with this feature is there to be
    // attacked, and is refused for release.
    unsafe { gate::hooks::attack(kind, address, argument) }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    report::die(format_args!("{info}"))
}
