//! Pointers of the caller, for what is served in the application's own domain.
//!
//! A pointer that leads out of the application's region is refused with EFAULT,
//! as the safe kernel refuses one: [`is_own`] compares, and costs next to
//! nothing. Inside the region an address may still be unmapped; where a call is
//! slow anyway, [`read`], [`write`] and [`string`] let the safe kernel copy, which
//! answers EFAULT for that as well. Elsewhere such an address faults as any
//! store of the program would.

use core::mem::MaybeUninit;

use domains::layout::{APP, PAGE_SIZE};
#[cfg(target_os = "hermit")]
use gate::safe;
use hermit_abi::{EFAULT, EINVAL, ENAMETOOLONG, addrinfo, socklen_t, timespec};

/// Values that any bytes make.
///
/// # Safety
///
/// Every pattern of bytes is a value of the type.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: numbers only.
unsafe impl Plain for timespec {}
// SAFETY: numbers and raw pointers only.
unsafe impl Plain for addrinfo {}
// SAFETY: a raw pointer.
unsafe impl Plain for *mut addrinfo {}
// SAFETY: a number.
unsafe impl Plain for u8 {}
// SAFETY: a number.
unsafe impl Plain for i32 {}
// SAFETY: a number.
unsafe impl Plain for u32 {}

/// Whether a value at `pointer` would lie in the application's region. On the
/// host, which has no regions, every pointer but null passes.
#[inline]
pub(crate) fn is_own<T>(pointer: *const T) -> bool {
    if cfg!(target_os = "hermit") {
        APP.contains_range(pointer.addr() as u64, size_of::<T>() as u64)
    } else {
        !pointer.is_null()
    }
}

/// The value that the caller has at `pointer`.
///
/// # Errors
///
/// EFAULT: it cannot be read.
pub(crate) fn read<T: Plain>(pointer: *const T) -> Result<T, i32> {
    let mut value = MaybeUninit::uninit();
    copy(value.as_mut_ptr(), pointer, size_of::<T>())?;
    // SAFETY: the copy filled it, and any bytes make a value.
    Ok(unsafe { value.assume_init() })
}

/// Gives the caller `value` at `pointer`.
///
/// # Errors
///
/// EFAULT: it cannot be written.
pub(crate) fn write<T: Plain>(pointer: *mut T, value: &T) -> Result<(), i32> {
    copy(pointer, value, size_of::<T>())
}

/// Fills `bytes`, a page at most, with those that the caller has at `pointer`.
///
/// # Errors
///
/// EFAULT: they cannot be read.
pub(crate) fn read_bytes(pointer: *const u8, bytes: &mut [u8]) -> Result<(), i32> {
    match bytes.len() {
        0 => Ok(()),
        size => copy(bytes.as_mut_ptr(), pointer, size),
    }
}

/// Gives the caller `bytes`, a page at most, at `pointer`.
///
/// # Errors
///
/// EFAULT: they cannot be written.
pub(crate) fn write_bytes(pointer: *mut u8, bytes: &[u8]) -> Result<(), i32> {
    match bytes.len() {
        0 => Ok(()),
        size => copy(pointer, bytes.as_ptr(), size),
    }
}

/// How many bytes of room the caller says that there are, where the size of a result
/// stands before it is one.
///
/// # Errors
///
/// EFAULT if that cannot be read, EINVAL if C's `int` has no such number.
pub(crate) fn read_room(size: *const socklen_t) -> Result<usize, i32> {
    let room = i32::try_from(read(size)?).map_err(|_| EINVAL)?;
    usize::try_from(room).map_err(|_| EINVAL)
}

/// The bytes of the caller's C string, without its end.
///
/// # Errors
///
/// EFAULT if it cannot be read up to its end, ENAMETOOLONG if it is longer than
/// `buffer`.
pub(crate) fn string(pointer: *const u8, buffer: &mut [u8]) -> Result<&[u8], i32> {
    let mut filled = 0;
    while filled < buffer.len() {
        let next = pointer.wrapping_add(filled);
        // A string may end just before a page that is missing.
        let rest_of_page = PAGE_SIZE as usize - next.addr() % PAGE_SIZE as usize;
        let part = &mut buffer[filled..];
        let size = part.len().min(rest_of_page);
        copy(part.as_mut_ptr(), next, size)?;
        if let Some(end) = part[..size].iter().position(|byte| *byte == 0) {
            return Ok(&buffer[..filled + end]);
        }
        filled += size;
    }
    Err(ENAMETOOLONG)
}

/// Has the safe kernel copy bytes of the application.
#[cfg(target_os = "hermit")]
fn copy<T>(target: *mut T, source: *const T, size: usize) -> Result<(), i32> {
    // SAFETY: one side is a variable of the caller of this function, the other
    // is what the program said: as the program's own access would be.
    let reply =
        unsafe { safe::copy(target.expose_provenance(), source.expose_provenance(), size) };
    if reply == 0 { Ok(()) } else { Err(EFAULT) }
}

/// On the host there is no kernel to ask.
#[cfg(not(target_os = "hermit"))]
fn copy<T>(target: *mut T, source: *const T, size: usize) -> Result<(), i32> {
    if target.is_null() || source.is_null() {
        return Err(EFAULT);
    }
    // SAFETY: tests pass valid pointers, or null.
    unsafe {
        target
            .cast::<u8>()
            .copy_from_nonoverlapping(source.cast(), size)
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use core::ptr;

    use super::*;

    #[test]
    fn null_is_nobodys() {
        assert!(!is_own(ptr::null::<u8>()));
        assert_eq!(read(ptr::null::<u8>()), Err(EFAULT));
        assert_eq!(write(ptr::null_mut(), &7_u8), Err(EFAULT));
        assert_eq!(read_bytes(ptr::null(), &mut [0; 3]), Err(EFAULT));
        assert_eq!(write_bytes(ptr::null_mut(), &[0; 3]), Err(EFAULT));
        assert_eq!(read_room(ptr::null()), Err(EFAULT));
    }

    #[test]
    fn no_bytes_can_lie_anywhere() {
        assert_eq!(read_bytes(ptr::null(), &mut []), Ok(()));
        assert_eq!(write_bytes(ptr::null_mut(), &[]), Ok(()));
    }

    #[test]
    fn room_is_a_number_that_c_has() {
        assert_eq!(read_room(&128), Ok(128));
        assert_eq!(read_room(&i32::MAX.unsigned_abs()), Ok(0x7fff_ffff));
        assert_eq!(read_room(&0x8000_0000), Err(EINVAL));
    }

    #[test]
    fn a_string_ends_at_its_zero_or_is_too_long() {
        let mut text = [b'x'; 5000];
        text[4500] = 0;
        let mut buffer = [1; 4600];
        let found = string(text.as_ptr(), &mut buffer).expect("it has an end");
        assert_eq!(found.len(), 4500);
        assert_eq!(string(text.as_ptr(), &mut [0; 100]), Err(ENAMETOOLONG));
        // Its page is read as far as there is room: all of that must be the test's own.
        assert_eq!(string([0; 10].as_ptr(), &mut [1; 10]), Ok(&b""[..]));
    }
}
