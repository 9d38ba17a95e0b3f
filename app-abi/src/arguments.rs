//! Arguments and environment, as a C program's.
//!
//! The strings stay in the info pages, which the application reads; only the
//! arrays of pointers are made here. They live as long as the program.

use core::alloc::Layout;
use core::ffi::{CStr, c_char, c_int};
use core::ptr;

use gate::info::{self, Options};

use crate::heap;

/// What a program without arguments is called.
const DEFAULT_NAME: &CStr = c"app";

/// The arguments of `main` and the environment.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// How many arguments there are.
    pub(crate) count: c_int,
    /// The arguments, then a null pointer.
    pub(crate) arguments: *const *const c_char,
    /// The environment, then a null pointer.
    pub(crate) environment: *const *const c_char,
}

impl Arguments {
    /// Those of this run.
    pub(crate) fn of_this_run() -> Arguments {
        let options = info::options();
        let given = || options.iter().flat_map(Options::arguments);
        let default = given().next().is_none().then_some(DEFAULT_NAME);
        let arguments = || default.into_iter().chain(given());
        Arguments {
            count: arguments().count() as c_int,
            arguments: array(arguments),
            environment: array(|| options.iter().flat_map(Options::environment)),
        }
    }
}

/// An array of pointers to the strings, closed by a null pointer.
fn array<I: Iterator<Item = &'static CStr>>(strings: impl Fn() -> I) -> *const *const c_char {
    let places = strings().count() + 1;
    let layout = Layout::array::<*const c_char>(places).expect("the strings fit in memory");
    let array: *mut *const c_char = heap::allocate(layout.size(), layout.align()).cast();
    assert!(!array.is_null(), "no memory for the arguments");
    let pointers = strings().map(CStr::as_ptr).chain([ptr::null()]);
    for (place, pointer) in pointers.enumerate() {
        // SAFETY: the array has a place for each string and the null pointer.
        unsafe { array.wrapping_add(place).write(pointer) };
    }
    array
}
