//! The parts of the image that are not the library.

use core::alloc::Layout;
use core::panic::PanicInfo;
use core::ptr::{self, NonNull};

use domains::layout::{PAGE_SIZE, SAFE};
use gate::entry::{Page, safe_page};
use gate::memory;
use gate::safe::table;
use kernel_safe::serve::Kernel;
use kernel_safe::{boot, events, report};
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
static HEAP: talc::TalcLock<spin::Mutex<()>, CoreMemory> = talc::TalcLock::new(CoreMemory {
    end: SAFE.heap().start as usize,
    claimed: None,
});

/// By how many pages the heap grows at least.
const STEP_PAGES: usize = 8;

/// Heap memory from the core: one extent that grows.
#[derive(Debug)]
struct CoreMemory {
    /// The first address that is not mapped.
    end: usize,
    /// Where the allocator says that its heap ends.
    claimed: Option<usize>,
}

// SAFETY: asking the core allocates nothing.
unsafe impl Source for CoreMemory {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let start = talc.source.end;
        let pages = pages_for(layout).ok_or(())?;
        memory::map_heap(start as u64, pages as u64).map_err(|_| ())?;
        let end = start + pages * PAGE_SIZE as usize;
        talc.source.end = end;
        let claimed = talc.source.claimed.and_then(pointer);
        let claimed = match claimed {
            // SAFETY: the extent ended at `start`, and what lies behind it up
            // to `end` was mapped just now, for nobody else.
            Some(claimed) => Some(unsafe { talc.extend(claimed, address(end)) }),
            // SAFETY: the pages were mapped just now, for nobody else.
            None => unsafe { talc.claim(address(start), end - start) },
        };
        talc.source.claimed = claimed.map(|claimed| claimed.as_ptr().expose_provenance());
        talc.source.claimed.map(|_| ()).ok_or(())
    }
}

fn pointer(address: usize) -> Option<NonNull<u8>> {
    NonNull::new(self::address(address))
}

fn address(address: usize) -> *mut u8 {
    ptr::with_exposed_provenance_mut(address)
}

/// How many pages make room for `layout`, whatever its alignment costs.
fn pages_for(layout: Layout) -> Option<usize> {
    let size = layout.size().checked_add(layout.align())?;
    let size = size.checked_add(2 * CHUNK_UNIT)?;
    Some(size.div_ceil(PAGE_SIZE as usize).max(STEP_PAGES))
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
    // SAFETY: none is claimed: an image with this feature is there to be
    // attacked, and is refused for release.
    unsafe { gate::hooks::attack(kind, address, argument) }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    report::die(format_args!("{info}"))
}
