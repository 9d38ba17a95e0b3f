//! The parts of the image that are not the library.

use core::alloc::Layout;
use core::panic::PanicInfo;
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, Ordering};

use domains::Cell;
use domains::layout::Region;
use gate::cell::net::table;
use gate::entry::{Page, cell_page};
use spin::Mutex;
use talc::TalcLock;
use talc::base::Talc;
use talc::base::binning::Binning;
use talc::source::Source;

use crate::serve::Entries;

/// What the core and the gate find at the start of the domain.
#[used]
// SAFETY: the section holds nothing else, and nothing in Rust depends on where
// this lies.
#[unsafe(link_section = ".entries")]
#[unsafe(no_mangle)]
static ENTRIES: Page = cell_page(table::<Entries>());

/// The heap: what was granted of its region, and nothing else.
#[global_allocator]
static HEAP: TalcLock<Mutex<()>, Granted> = TalcLock::new(Granted);

/// Whether there was no room for something since this was asked last.
static WAS_SHORT: AtomicBool = AtomicBool::new(false);

/// Memory that comes by grants: whoever wants more can only say so.
#[derive(Debug)]
struct Granted;

// SAFETY: nothing is given, and no allocation is made.
unsafe impl Source for Granted {
    fn acquire<B: Binning>(_: &mut Talc<Self, B>, _: Layout) -> Result<(), ()> {
        WAS_SHORT.store(true, Ordering::Relaxed);
        Err(())
    }
}

/// Whether there was no room for something since this was asked last.
pub(crate) fn was_short() -> bool {
    WAS_SHORT.swap(false, Ordering::Relaxed)
}

/// How far the heap goes; nowhere before something was granted.
static END: Mutex<Option<End>> = Mutex::new(None);

/// Where the heap ends, for the allocator.
#[derive(Clone, Copy)]
struct End(NonNull<u8>);

// SAFETY: it is an address, of memory that the allocator has.
unsafe impl Send for End {}

/// The heap has the first `size` bytes of its region from now on; false if that is not
/// possible.
pub(crate) fn grant(size: usize) -> bool {
    const REGION: Region = Cell::Net.region().heap();
    if size as u64 > REGION.size() {
        return false;
    }
    let start: *mut u8 = ptr::with_exposed_provenance_mut(REGION.start as usize);
    let mut end = END.lock();
    let mut heap = HEAP.lock();
    *end = match *end {
        None => {
            // SAFETY: the safe kernel has mapped so much of the heap's region before
            // this call, and nobody else uses it.
            let claimed = unsafe { heap.claim(start, size) };
            claimed.map(End)
        }
        Some(End(before)) => {
            let last = start.wrapping_add(size);
            // SAFETY: the heap ends at `before`, as the allocator said; what lies
            // between was mapped as above. A grant that is smaller changes nothing.
            let extended = unsafe { heap.extend(before, last) };
            Some(End(extended))
        }
    };
    end.is_some()
}

/// A fault like any other: the core brings the safe kernel back.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    gate::entry::fail()
}
