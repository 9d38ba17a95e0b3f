//! Copying views of the windows of cells.
//!
//! A window is foreign memory to the safe kernel as it is to the cell: the other
//! one, and a device, may change it at any time. So nobody makes a Rust reference
//! into it; bytes are moved out once, and only the copy is looked at. A [`View`]
//! is the only type by which safe code reaches a cell, and each comes from the
//! table of windows.

use core::arch::asm;

use domains::layout::Region;
use domains::windows;

/// A view of bytes of a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct View(Region);

impl View {
    /// The output of a console.
    pub const fn output(console: usize) -> View {
        View(windows::output(console))
    }

    /// A piece of input.
    pub const fn input(piece: usize) -> View {
        View(windows::input(piece))
    }

    /// Random bytes.
    pub const fn random() -> View {
        View(windows::random())
    }

    /// A request to a volume and its reply.
    pub const fn request(volume: usize, slot: usize) -> View {
        View(windows::request(volume, slot))
    }

    /// What the cell `probe` is shown.
    #[cfg(feature = "test-hooks")]
    pub const fn probe() -> View {
        View(windows::probe())
    }

    /// The address of its first byte.
    pub const fn address(&self) -> usize {
        self.0.start as usize
    }

    /// How many bytes it shows.
    pub const fn size(&self) -> usize {
        self.0.size() as usize
    }

    /// The part behind its first `start` bytes; none of it if there are fewer.
    pub const fn from(&self, start: usize) -> View {
        let size = self.size();
        let start = if start < size { start } else { size };
        View(Region {
            start: self.0.start + start as u64,
            end: self.0.end,
        })
    }

    /// Its first `size` bytes; none if it has fewer.
    pub const fn first(&self, size: usize) -> Option<View> {
        // DEFENCE: view-end
        if size <= self.size() {
            Some(View(Region::new(self.0.start, size as u64)))
        } else {
            None
        }
    }

    /// Copies `bytes` to its beginning; false if they do not fit.
    pub fn write(&self, bytes: &[u8]) -> bool {
        let Some(target) = self.first(bytes.len()) else {
            return false;
        };
        // SAFETY: the target is a window, where nobody holds a reference.
        unsafe { copy(target.address(), bytes.as_ptr().addr(), bytes.len()) };
        true
    }

    /// Fills `buffer` from its beginning; false if it is too short.
    pub fn read(&self, buffer: &mut [u8]) -> bool {
        let Some(source) = self.first(buffer.len()) else {
            return false;
        };
        // SAFETY: the buffer is exclusive; the source is a window.
        unsafe { copy(buffer.as_mut_ptr().addr(), source.address(), buffer.len()) };
        true
    }
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
    fn no_part_reaches_beyond_the_whole() {
        let view = View::random();
        let size = view.size();
        assert_eq!(view.first(size), Some(view));
        assert_eq!(view.first(size + 1), None);
        assert_eq!(view.from(1).first(size), None);
        assert_eq!(view.from(1).address(), view.address() + 1);
        assert_eq!(view.from(size - 1).size(), 1);
        for far in [size, size + 1, usize::MAX] {
            assert_eq!(view.from(far).size(), 0);
            assert_eq!(view.from(far).first(1), None);
        }
        assert!(!view.from(size).write(&[1]));
        assert!(!view.from(size).read(&mut [1]));
    }
}
