//! Files, directories and mappings: not served yet.
//!
//! What names a file fails with ENOSYS. What names a descriptor fails as POSIX
//! says for the descriptors that there are, which are devices, or with EBADF.

use core::ffi::c_char;

use hermit_abi::{EINVAL, ENOSYS, ENOTDIR, dirent64, stat};

use crate::descriptors::error_of;
use crate::export::refuse;

refuse! {
    /// Would open a file.
    fn sys_open(name: *const c_char, flags: i32, mode: i32) -> i32: ENOSYS;
    /// Would open a directory.
    fn sys_opendir(name: *const c_char) -> i32: ENOSYS;
    /// Would remove a file.
    fn sys_unlink(name: *const c_char) -> i32: ENOSYS;
    /// Would remove a directory.
    fn sys_rmdir(name: *const c_char) -> i32: ENOSYS;
    /// Would make a directory.
    fn sys_mkdir(name: *const i8, mode: u32) -> i32: ENOSYS;
    /// Would describe a file.
    fn sys_stat(name: *const c_char, description: *mut stat) -> i32: ENOSYS;
    /// Would describe a file or a link.
    fn sys_lstat(name: *const c_char, description: *mut stat) -> i32: ENOSYS;
    /// Would read a directory, which no descriptor is.
    fn sys_getdents64(descriptor: i32, entries: *mut dirent64, size: usize) -> i64:
        error_of(descriptor, ENOTDIR);
    /// Would wait until a file is on its disk, which a device does not have.
    fn sys_fsync(descriptor: i32) -> i32: error_of(descriptor, EINVAL);
    /// Would make a descriptor that counts events.
    fn sys_eventfd(value: u64, flags: i16) -> i32: ENOSYS;
    /// Would map memory.
    fn sys_mmap(size: usize, protection: u32, address: &mut *mut u8) -> i32: ENOSYS;
    /// Would unmap memory.
    fn sys_munmap(address: *mut u8, size: usize) -> i32: ENOSYS;
    /// Would change the rights of a mapping.
    fn sys_mprotect(address: *mut u8, size: usize, protection: u32) -> i32: ENOSYS;
}
