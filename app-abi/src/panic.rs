//! Panics of this library, apart from those of the program.

use core::panic::PanicInfo;

use gate::safe;

/// Ends the program: the standard library's panic machinery is not ours to
/// use, and a broken invariant here is no state to run on in.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        // SAFETY: the call takes no address and does not return.
        unsafe { safe::abort() };
    }
}
