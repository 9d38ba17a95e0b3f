//! The first instructions of the program and of each thread.
//!
//! Both come on a new stack, take room for their storage from its top, go on
//! below that, and only then run code that may use thread-local variables.

use core::ffi::{c_char, c_int};

use gate::{client, info, safe};

use crate::arguments::Arguments;
use crate::heap;
use crate::threads::Start;
use crate::tls::Place;

unsafe extern "C" {
    /// The standard library's entry.
    fn runtime_entry(
        count: c_int,
        arguments: *const *const c_char,
        environment: *const *const c_char,
    ) -> !;
}

gate::start!(first: start_program, thread: start_thread);

/// The address at which the safe kernel starts threads.
pub(crate) fn thread_entry() -> usize {
    thread_start as *const () as usize
}

fn start_program(_: u64) -> ! {
    let mark = 0_u8;
    let top = (&raw const mark).expose_provenance();
    let bottom = Place::below(top, &info::boot().tls).bottom;
    // SAFETY: the stack is this thread's, and nothing on it is used again.
    unsafe { client::continue_on(bottom, run_program, top as u64) }
}

extern "C" fn run_program(top: u64) -> ! {
    // SAFETY: `start_program` found the top, and we run below the place.
    unsafe { install_storage(top as usize) };
    let Arguments {
        count,
        arguments,
        environment,
    } = Arguments::of_this_run();
    // SAFETY: the arrays are as a C program's, and nobody runs yet.
    unsafe { runtime_entry(count, arguments, environment) }
}

fn start_thread(start: u64) -> ! {
    let mark = 0_u8;
    let top = (&raw const mark).expose_provenance();
    let start = Start::from_word(start);
    // SAFETY: the record is this thread's from now on.
    unsafe { (*start).top = top };
    let bottom = Place::below(top, &info::boot().tls).bottom;
    // SAFETY: the stack is this thread's, and nothing on it is used again.
    unsafe { client::continue_on(bottom, run_thread, start.expose_provenance() as u64) }
}

extern "C" fn run_thread(start: u64) -> ! {
    let start = Start::from_word(start);
    // SAFETY: `start_thread` passed its record on.
    let top = unsafe { (*start).top };
    // SAFETY: `start_thread` found the top, and we run below the place.
    unsafe { install_storage(top) };
    // The record's memory goes to the thread's cache, which is there now.
    // SAFETY: `start_thread` passed its record on.
    unsafe { Start::take(start) }.run();
    heap::leave();
    loop {
        // SAFETY: the call takes no address and does not return.
        unsafe { safe::exit_thread() };
    }
}

/// Makes the storage below `top` the calling thread's.
///
/// # Safety
///
/// The caller runs below the place that [`Place::below`] finds for `top`.
unsafe fn install_storage(top: usize) {
    let tls = &info::boot().tls;
    // SAFETY: the call takes no address.
    let thread = unsafe { safe::thread() };
    // SAFETY: the place is the top of this thread's stack, used by nobody.
    unsafe { Place::below(top, tls).install(tls, thread as u32) };
}
