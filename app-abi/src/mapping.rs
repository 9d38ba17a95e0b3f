//! Memory by the page: mappings that the program asks for by itself.
//!
//! The ABI's `mmap` has no address, no flags and no file. What it gives is
//! zeroed, has its frames when they are touched, and is as large as the
//! machine's memory at most, all mappings together. A page is never writable
//! and executable at once, and one that holds WRPKRU is never executable.

use gate::safe;

use crate::errno::reply32;
use crate::export::export;

export! {
    /// Maps `size` bytes, of whole pages; their address goes to `address`.
    #[abi(kernel, [EACCES, EFAULT, EINVAL, ENOMEM], "Zeroed, lazy; rights are kept, W and X exclude each other.")]
    fn sys_mmap(size: usize, protection: u32, address: &mut *mut u8) -> i32 {
        let place = (&raw mut *address).expose_provenance();
        // SAFETY: the caller gave a place for the address.
        reply32(unsafe { safe::map(size, protection, place) })
    }

    /// Unmaps the pages of `size` bytes at `address`, which were mapped.
    #[abi(kernel, [EINVAL, ENOMEM], "Mappings and their parts only.")]
    fn sys_munmap(address: *mut u8, size: usize) -> i32 {
        // SAFETY: the caller uses them no more.
        reply32(unsafe { safe::unmap(address.expose_provenance(), size) })
    }

    /// Changes what may be done with mapped pages.
    #[abi(kernel, [EACCES, EINVAL, ENOMEM], "EACCES for W with X, and for code that holds WRPKRU.")]
    fn sys_mprotect(address: *mut u8, size: usize, protection: u32) -> i32 {
        // SAFETY: the caller answers for what it loses.
        reply32(unsafe { safe::protect(address.expose_provenance(), size, protection) })
    }
}
