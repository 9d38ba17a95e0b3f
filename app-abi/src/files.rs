//! Files and directories.
//!
//! The safe kernel copies each path, once and no further than a path can be
//! long; it opens, makes and removes. There is no current directory: a path
//! without a slash in front counts from the root as well.

use core::ffi::c_char;
use core::mem::offset_of;

use domains::files::entry;
use gate::safe;
use hermit_abi::{
    DT_CHR, DT_DIR, DT_LNK, DT_REG, DT_UNKNOWN, O_DIRECTORY, O_RDONLY, dirent64, stat,
};

use crate::errno::{reply, reply32};
use crate::export::export;

/// Opens a file; its descriptor.
fn open(name: *const c_char, flags: i32, mode: i32) -> i32 {
    // SAFETY: the caller gave a path.
    reply32(unsafe { safe::open(name.expose_provenance(), flags as u32, mode as u32) })
}

/// Describes the file of a path; a link at its end if `follow` is zero.
fn describe(name: *const c_char, description: *mut stat, follow: u32) -> i32 {
    let (name, description) = (name.expose_provenance(), description.expose_provenance());
    // SAFETY: the caller gave a path, and a place for the description.
    reply32(unsafe { safe::file_status(name, description, follow) })
}

export! {
    /// Opens a file.
    #[abi(kernel, [
        EACCES, EEXIST, EFAULT, EINVAL, EIO, EISDIR, ELOOP, EMFILE, ENAMETOOLONG, ENOENT, ENOMEM,
        ENOSPC, ENOTDIR, EROFS,
    ])]
    fn sys_open(name: *const c_char, flags: i32, mode: i32) -> i32 {
        open(name, flags, mode)
    }

    /// Opens a directory.
    #[abi(kernel, [
        EACCES, EFAULT, EIO, ELOOP, EMFILE, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR,
    ])]
    fn sys_opendir(name: *const c_char) -> i32 {
        open(name, O_RDONLY | O_DIRECTORY, 0)
    }

    /// Removes the name of a file.
    #[abi(kernel, [
        EBUSY, EFAULT, EIO, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EROFS,
    ])]
    fn sys_unlink(name: *const c_char) -> i32 {
        // SAFETY: the caller gave a path.
        reply32(unsafe { safe::remove_file(name.expose_provenance()) })
    }

    /// Removes an empty directory.
    #[abi(kernel, [
        EBUSY, EFAULT, EINVAL, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, ENOTEMPTY, EROFS,
    ])]
    fn sys_rmdir(name: *const c_char) -> i32 {
        // SAFETY: the caller gave a path.
        reply32(unsafe { safe::remove_directory(name.expose_provenance()) })
    }

    /// Makes a directory.
    #[abi(kernel, [
        EEXIST, EFAULT, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOSPC, ENOTDIR, EROFS,
    ])]
    fn sys_mkdir(name: *const i8, mode: u32) -> i32 {
        // SAFETY: the caller gave a path.
        reply32(unsafe { safe::make_directory(name.expose_provenance(), mode) })
    }

    /// Describes a file.
    #[abi(kernel, [EFAULT, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR])]
    fn sys_stat(name: *const c_char, description: *mut stat) -> i32 {
        describe(name, description, 1)
    }

    /// Describes a file, or a link itself.
    #[abi(kernel, [EFAULT, EIO, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR])]
    fn sys_lstat(name: *const c_char, description: *mut stat) -> i32 {
        describe(name, description, 0)
    }

    /// Reads the entries of a directory.
    #[abi(
        kernel,
        [EBADF, EFAULT, EINVAL, EIO, ENOTDIR],
        "As there, EINVAL where not all entries that are left fit; without `.` and `..`."
    )]
    fn sys_getdents64(descriptor: i32, entries: *mut dirent64, size: usize) -> i64 {
        // SAFETY: the caller gave a buffer of that size.
        reply(unsafe { safe::list(descriptor, entries.expose_provenance(), size) }) as i64
    }

    /// Waits until a file is where it survives.
    #[abi(kernel, [EBADF, EINVAL, EIO], "Hermit's own kernel has no such function.")]
    fn sys_fsync(descriptor: i32) -> i32 {
        // SAFETY: the call takes no address.
        reply32(unsafe { safe::sync(descriptor) })
    }
}

/// The kernel writes `dirent64` as the ABI has it.
const _: () = {
    assert!(offset_of!(dirent64, d_name) == entry::HEAD);
    assert!(offset_of!(dirent64, d_off) == 8 && offset_of!(dirent64, d_reclen) == 16);
    assert!(offset_of!(dirent64, d_type) == 18);
    assert!(
        DT_UNKNOWN == entry::UNKNOWN && DT_CHR == entry::DEVICE && DT_DIR == entry::DIRECTORY
    );
    assert!(DT_REG == entry::FILE && DT_LNK == entry::LINK);
};
