//! Moving, filling and comparing bytes, for the application.
//!
//! The target's `compiler_builtins` leave the functions that every program
//! needs to the system. They use SSE2, which the kernels do not have: small
//! sizes by two overlapping moves, middle sizes by 64 bytes a round, and large
//! ones by the string instructions that CPUs optimise (ERMS).

mod compare;
mod copy;
mod fill;
mod length;

pub use compare::compare;
pub use copy::copy;
pub use fill::fill;
pub use length::length;

/// From how many bytes on a string instruction is worth its start-up.
const STRING_MIN: u32 = 16 << 10;

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    const SPACE: usize = STRING_MIN as usize + 512;

    /// Sizes around every threshold.
    fn sizes() -> impl Iterator<Item = usize> {
        let large = STRING_MIN as usize - 2..=STRING_MIN as usize + 2;
        (0..=200).chain(large)
    }

    fn pattern() -> [u8; SPACE] {
        core::array::from_fn(|index| (index * 7 + index / 256) as u8)
    }

    #[test]
    fn copies_match_the_slices_own_copy_however_they_overlap() {
        let pattern = pattern();
        for size in sizes() {
            for (from, to) in [
                (300, 0),
                (300, 299),
                (0, 1),
                (3, 40),
                (0, 300),
                (64, 0),
                (7, 7),
            ] {
                let (mut ours, mut theirs) = (pattern, pattern);
                let base = ours.as_mut_ptr();
                let (target, source) = (base.wrapping_add(to), base.wrapping_add(from));
                // SAFETY: both ranges lie inside the array.
                assert_eq!(unsafe { copy(target, source, size) }, target);
                theirs.copy_within(from..from + size, to);
                assert_eq!(ours, theirs, "{size} bytes from {from} to {to}");
            }
        }
    }

    #[test]
    fn fills_exactly_what_was_asked() {
        let pattern = pattern();
        for size in sizes() {
            let (mut ours, mut theirs) = (pattern, pattern);
            // SAFETY: the range lies inside the array.
            unsafe { fill(ours[5..].as_mut_ptr(), 0x1a5, size) };
            theirs[5..5 + size].fill(0xa5);
            assert_eq!(ours, theirs, "{size} bytes");
        }
    }

    #[test]
    fn comparisons_have_the_sign_of_the_first_difference() {
        let left = &pattern()[..201];
        for size in 0..=200 {
            // SAFETY: both ranges lie inside the array.
            let result = unsafe { compare(left.as_ptr(), left.to_vec().as_ptr(), size) };
            assert_eq!(result, 0, "{size} equal bytes");
            for place in 0..size {
                let mut right = left.to_vec();
                right[place] ^= 0x80;
                right[size - 1] ^= 1;
                let expected = left[..size].cmp(&right[..size]) as i32;
                // SAFETY: both ranges lie inside arrays.
                let result = unsafe { compare(left.as_ptr(), right.as_ptr(), size) };
                assert_eq!(result.signum(), expected, "{size} bytes, {place}");
            }
        }
    }

    #[test]
    fn strings_end_at_their_first_zero() {
        let mut string = [1_u8; 100];
        for start in 0..40 {
            for end in start..100 {
                string.fill(1);
                string[..start].fill(0);
                string[end] = 0;
                // SAFETY: a zero stands at `end`.
                let result = unsafe { length(string[start..].as_ptr()) };
                assert_eq!(result, end - start);
            }
        }
    }
}
