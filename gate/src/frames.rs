//! Copying views of the buffers between safe and unsafe kernel.
//!
//! The frames are foreign memory to either side: the other one, and a device,
//! may change them at any time. So nobody makes a Rust reference into them;
//! bytes are moved out once, and only the copy is looked at.

use core::arch::asm;

use domains::layout::FRAMES;

/// How many bytes there are at most: those of volumes are mapped only where
/// there are any.
pub const SIZE: usize = domains::windows::SIZE_MAX;

/// The address of `size` bytes at `offset`; none if they are not all frames.
pub fn address(offset: usize, size: usize) -> Option<usize> {
    // DEFENCE: frames-wrap
    let end = offset.checked_add(size)?;
    // DEFENCE: frames-end
    (end <= SIZE).then_some(FRAMES.start as usize + offset)
}

/// Copies `bytes` to the frames at `offset`; false if they do not fit.
pub fn write(offset: usize, bytes: &[u8]) -> bool {
    let Some(target) = address(offset, bytes.len()) else {
        return false;
    };
    // SAFETY: the target is in the frames, where nobody holds a reference.
    unsafe { copy(target, bytes.as_ptr().addr(), bytes.len()) };
    true
}

/// Fills `buffer` from the frames at `offset`; false if there are too few.
pub fn read(offset: usize, buffer: &mut [u8]) -> bool {
    let Some(source) = address(offset, buffer.len()) else {
        return false;
    };
    // SAFETY: the buffer is exclusive; the source is in the frames.
    unsafe { copy(buffer.as_mut_ptr().addr(), source, buffer.len()) };
    true
}

/// Copies bytes by an instruction that the compiler cannot look into.
///
/// # Safety
///
/// Both sides must be mapped, and the target nobody's reference.
unsafe fn copy(target: usize, source: usize, size: usize) {
    // SAFETY: forwarded to the caller; DF is clear by the C ABI.
    unsafe {
        asm!(
            "rep movsb",
            inout("rdi") target => _,
            inout("rsi") source => _,
            inout("rcx") size => _,
            options(nostack, preserves_flags),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_stay_inside_the_frames() {
        assert_eq!(address(0, SIZE), Some(FRAMES.start as usize));
        assert_eq!(address(1, SIZE), None);
        assert_eq!(address(usize::MAX, 2), None);
        assert!(!write(SIZE, &[1]));
    }
}
