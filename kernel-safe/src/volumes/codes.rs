//! What a server calls an error, as a program of the guest is told.

use crate::errno::Errno;

/// The error that Linux numbers `code`. What has no number of ours is a
/// failure of the device.
pub fn from_linux(code: u32) -> Errno {
    match code {
        1 => Errno::NotPermitted,
        2 => Errno::NotFound,
        9 => Errno::BadDescriptor,
        12 => Errno::NoMemory,
        13 => Errno::Denied,
        16 | 26 => Errno::Busy,
        17 => Errno::Exists,
        20 => Errno::NotDirectory,
        21 => Errno::IsDirectory,
        22 => Errno::Invalid,
        23 | 24 => Errno::TooManyDescriptors,
        27 => Errno::TooBig,
        // A quota that is used up is as good as a disk that is full.
        28 | 122 => Errno::NoSpace,
        30 => Errno::ReadOnly,
        36 => Errno::NameTooLong,
        38 => Errno::NotSupported,
        39 => Errno::NotEmpty,
        40 => Errno::Loop,
        75 => Errno::Overflow,
        95 => Errno::Unsupported,
        _ => Errno::Device,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_errors_keep_their_number() {
        for code in 0..200 {
            let errno = from_linux(code);
            let same = errno as i64 == i64::from(code);
            let known = matches!(code, 23 | 26 | 122) || errno == Errno::Device;
            assert!(same || known, "{code}: {errno:?}");
        }
    }
}
