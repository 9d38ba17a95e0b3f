//! How long a call looks again and again whether a device has answered.
//!
//! The core ends a call that takes too long as if it had faulted; a device that
//! does not answer must not look like a driver that hangs.

use gate::clock;

/// The longest that a call waits, in nanoseconds: well below the core's limit.
const LIMIT: u64 = 5_000_000;

/// The time that a call has left.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    end: u64,
}

impl Patience {
    /// All of it.
    #[expect(clippy::new_without_default, reason = "it begins now")]
    pub fn new() -> Patience {
        Patience {
            end: clock::monotonic_ns().saturating_add(LIMIT),
        }
    }

    /// Tries until there is an answer or patience is over.
    pub fn wait<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            if let Some(answer) = attempt() {
                return Some(answer);
            }
            if clock::monotonic_ns() >= self.end {
                return None;
            }
            core::hint::spin_loop();
        }
    }
}
