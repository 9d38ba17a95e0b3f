//! Moving many bytes by messages that hold few.

use crate::errno::Errno;

/// Does `step(offset, at, size)` for each part of `size` bytes that fits a
/// message of `most`, as far as it goes; how many bytes were moved.
///
/// # Errors
///
/// The first step failed, or there is no such offset.
pub fn each(
    size: usize,
    most: usize,
    offset: u64,
    mut step: impl FnMut(u64, usize, usize) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let mut done: usize = 0;
    while done < size {
        let part = size.saturating_sub(done).min(most);
        let place = offset.checked_add(done as u64).ok_or(Errno::TooBig)?;
        match step(place, done, part) {
            Ok(moved) => {
                done = done.saturating_add(moved.min(part));
                // DEFENCE: parts-short
                if moved < part {
                    break;
                }
            }
            Err(errno) if done == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_moved_before_an_error_counts() {
        let mut steps = 0;
        let moved = each(250, 100, 7, |offset, at, size| {
            assert_eq!(offset, 7 + at as u64);
            steps += 1;
            if steps < 3 {
                Ok(size)
            } else {
                Err(Errno::NoSpace)
            }
        });
        assert_eq!(moved, Ok(200));
        assert_eq!(
            each(1, 1, 0, |_, _, _| Err(Errno::NoSpace)),
            Err(Errno::NoSpace)
        );
    }

    #[test]
    fn a_short_step_is_the_last() {
        assert_eq!(each(250, 100, 0, |_, _, size| Ok(size.min(60))), Ok(60));
        assert_eq!(each(0, 100, 0, |_, _, _| Err(Errno::NoSpace)), Ok(0));
    }

    #[test]
    fn a_server_that_moves_nothing_is_asked_once() {
        let mut steps = 0;
        let moved = each(250, 100, 0, |_, _, _| {
            steps += 1;
            assert!(steps < 10, "it is asked for ever");
            Ok(0)
        });
        assert_eq!((moved, steps), (Ok(0), 1));
        // One that says to have moved more has moved what it was asked for.
        assert_eq!(each(250, 100, 0, |_, _, _| Ok(usize::MAX)), Ok(250));
    }

    #[test]
    fn no_offset_lies_behind_the_last() {
        assert_eq!(
            each(2, 1, u64::MAX, |_, _, size| Ok(size)),
            Err(Errno::TooBig)
        );
    }
}
