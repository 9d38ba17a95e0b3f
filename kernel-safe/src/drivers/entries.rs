//! Answers of the cell `net`: a number that can be, or a reason.

use super::DriverError;
use crate::errno::Errno;

/// Why `net` did not do what it was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// It refused.
    Refused(Errno),
    /// Its cell faulted or lied, and was started anew: it knows nothing any more.
    Restarted,
    /// Its cell was given up.
    Failed,
}

impl From<DriverError> for Trouble {
    fn from(error: DriverError) -> Trouble {
        match error {
            DriverError::Restarted => Trouble::Restarted,
            DriverError::Absent | DriverError::Failed => Trouble::Failed,
        }
    }
}

impl From<Trouble> for Errno {
    fn from(trouble: Trouble) -> Errno {
        match trouble {
            Trouble::Refused(errno) => errno,
            Trouble::Restarted => Errno::Reset,
            Trouble::Failed => Errno::NetworkDown,
        }
    }
}

/// What an answer alleges: a number up to `most`, or why there is none. None if it
/// cannot be.
pub(super) fn read(answer: i64, most: u64) -> Option<Result<u64, Errno>> {
    match u64::try_from(answer) {
        // DEFENCE: answer-in-bounds
        Ok(number) => (number <= most).then_some(Ok(number)),
        Err(_) => Errno::of_network(answer.checked_neg()?).map(Err),
    }
}

#[cfg(test)]
mod tests {
    use domains::errno;

    use super::*;

    #[test]
    fn an_answer_is_a_number_that_can_be_or_an_errno_that_there_is() {
        assert_eq!(read(7, 7), Some(Ok(7)));
        assert_eq!(read(8, 7), None);
        assert_eq!(read(-errno::ENOBUFS, 0), Some(Err(Errno::NoBuffers)));
        for answer in [-1000, i64::MIN, -errno::ESRCH, i64::MAX] {
            assert_eq!(read(answer, 7), None, "{answer}");
        }
    }
}
