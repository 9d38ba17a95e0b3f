//! Arguments that lie: strings without an end, vectors that promise too much.

use std::ffi::c_char;
use std::ptr;

use domains::layout::PAGE_SIZE;
use gate::safe;
use hermit_abi::{
    EAI_SYSTEM, EFAULT, EINVAL, ENAMETOOLONG, ENOENT, IOV_MAX, O_NONBLOCK, eventfd, fcntl,
    get_errno, getaddrbyname, getaddrinfo, ioctl, iovec, open, read, readv, write, writev,
};

use crate::checks::same;

const PAGE: usize = PAGE_SIZE as usize;
const ERROR_STREAM: i32 = 2;

pub fn run() -> Result<(), String> {
    let edge = edge()?;
    strings(edge)?;
    vectors(edge)?;
    patience()
}

/// The end of a page of ours behind which nothing is mapped.
fn edge() -> Result<usize, String> {
    for _ in 0..100 {
        // SAFETY: what is mapped is new.
        let page = unsafe { safe::extend_heap(PAGE) };
        let end = usize::try_from(page).map_err(|_| format!("no page: {page}"))? + PAGE;
        // SAFETY: a byte of the page is overwritten by what lies behind it, if
        // anything does.
        if unsafe { safe::copy(end - 1, end, 1) } == -i64::from(EFAULT) {
            return Ok(end);
        }
    }
    Err("there is something behind every page".into())
}

/// Fills the last `size` bytes before `edge`, the last of them with `last`.
fn fill(edge: usize, size: usize, last: u8) -> *const c_char {
    let start: *mut u8 = ptr::with_exposed_provenance_mut(edge - size);
    // SAFETY: the page is ours, and used for nothing else.
    unsafe {
        start.write_bytes(b'x', size);
        start.add(size - 1).write(last);
    }
    start.cast()
}

fn strings(edge: usize) -> Result<(), String> {
    let mut address = [0; 4];
    for size in [1, 2, 100, 255] {
        // SAFETY: the ABI is to refuse what has no end.
        unsafe {
            let endless = fill(edge, size, b'x');
            same("open", open(endless, 0, 0), -EFAULT)?;
            same(
                "a host",
                getaddrbyname(endless, address.as_mut_ptr(), 4),
                -EFAULT,
            )?;
            let code = getaddrinfo(endless, ptr::null(), ptr::null(), &mut ptr::null_mut());
            same("hosts", (code, get_errno()), (EAI_SYSTEM, EFAULT))?;
        }
        let ended = fill(edge, size + 1, 0);
        // SAFETY: the string ends at the last byte of the page.
        same("with an end", unsafe { open(ended, 0, 0) }, -ENOENT)?;
    }
    // SAFETY: as above.
    unsafe {
        same("open", open(fill(edge, 257, 0), 0, 0), -ENAMETOOLONG)?;
        same(
            "a host",
            getaddrbyname(fill(edge, 300, 0), address.as_mut_ptr(), 4),
            -ENAMETOOLONG,
        )
    }
}

fn vectors(edge: usize) -> Result<(), String> {
    let buffer = |address: usize, iov_len| iovec {
        iov_base: ptr::with_exposed_provenance_mut(address),
        iov_len,
    };
    let invalid = -(EINVAL as isize);
    let fault = -(EFAULT as isize);
    let good = buffer(edge - PAGE, 8);
    let huge = [
        buffer(edge - PAGE, usize::MAX / 2),
        buffer(edge - PAGE, usize::MAX / 2),
    ];
    let list = edge - size_of::<iovec>();
    // SAFETY: the page is ours.
    unsafe { ptr::with_exposed_provenance_mut::<iovec>(list).write(good) };
    let list = ptr::with_exposed_provenance(list);
    // SAFETY: the ABI is to refuse what is not valid.
    unsafe {
        same("a count", writev(ERROR_STREAM, &good, IOV_MAX + 1), invalid)?;
        same("a count", readv(0, &good, usize::MAX), invalid)?;
        same("a sum", writev(ERROR_STREAM, huge.as_ptr(), 2), invalid)?;
        same("a sum", readv(0, huge.as_ptr(), 2), invalid)?;
        same("a list at an end", writev(ERROR_STREAM, list, 2), fault)?;
        same(
            "a buffer at an end",
            writev(ERROR_STREAM, &buffer(edge - 4, 8), 1),
            fault,
        )?;
        same("nothing", writev(ERROR_STREAM, ptr::null(), 0), 0)?;
    }
    split(edge)
}

/// A value is not lost where its reader's buffer is not all there.
fn split(edge: usize) -> Result<(), String> {
    let fault = -(EFAULT as isize);
    // SAFETY: the value is valid; the ABI is to refuse what is not.
    unsafe {
        let counter = eventfd(7, 0);
        let short = ptr::with_exposed_provenance_mut::<u8>(edge - 4);
        same("a place at an end", read(counter, short, 8), fault)?;
        same("a value at an end", write(counter, short, 8), fault)?;
        let mut value = 0_u64;
        same(
            "a place",
            read(counter, ptr::from_mut(&mut value).cast(), 8),
            8,
        )?;
        same("the value", value, 7)?;
        same("close", hermit_abi::close(counter), 0)
    }
}

/// FIONBIO changes whether a descriptor waits, and says if it cannot.
fn patience() -> Result<(), String> {
    use hermit_abi::{EBADF, ENOTTY, F_GETFL, FIONBIO};
    let mut fails = 1_i32;
    let word = ptr::from_mut(&mut fails).cast();
    // SAFETY: the word is valid; the ABI is to refuse what is not.
    unsafe {
        let counter = eventfd(0, 0);
        same(
            "without a word",
            ioctl(counter, FIONBIO, ptr::null_mut()),
            -EFAULT,
        )?;
        same("another command", ioctl(counter, 77, word), -ENOTTY)?;
        same("nothing open", ioctl(-1, FIONBIO, word), -EBADF)?;
        same("failing", ioctl(counter, FIONBIO, word), 0)?;
        same(
            "the flag",
            fcntl(counter, F_GETFL, 0) & O_NONBLOCK,
            O_NONBLOCK,
        )?;
        fails = 0;
        same(
            "waiting",
            ioctl(counter, FIONBIO, ptr::from_mut(&mut fails).cast()),
            0,
        )?;
        same("the flag", fcntl(counter, F_GETFL, 0) & O_NONBLOCK, 0)?;
        same("close", hermit_abi::close(counter), 0)
    }
}
