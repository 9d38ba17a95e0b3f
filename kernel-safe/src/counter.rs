//! Event counters: what `eventfd` opens.
//!
//! A number of 64 bits. A write adds to it and waits while it would become too
//! large; a read takes all of it, or one, and waits while it is zero. Slots are
//! never freed, so a counter is passed around as a plain reference.

use gate::user::UserSlice;

use crate::errno::{Answer, Errno};
use crate::object::source::{Key, Source};
use crate::object::{Description, Object, flags, poll_bits};
use crate::pool::Pool;
use crate::schedule::{self, alarm::NEVER};
use crate::sync::Mutex;
use crate::wait::Place;

/// The highest value of a counter.
const VALUE_MAX: u64 = u64::MAX - 1;
/// Bytes of a value, as it is read and written.
const SIZE: usize = size_of::<u64>();

static POOL: Mutex<Pool<Shared>> = Mutex::new(Pool::new());

/// How much a read takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Take {
    /// The whole value.
    All,
    /// One, as from a semaphore.
    One,
}

/// Flags of the ABI for a new counter.
mod flag {
    /// A read takes one.
    pub(super) const SEMAPHORE: u32 = 1;
    /// Without a meaning, as nothing executes other programs.
    pub(super) const CLOSE_ON_EXEC: u32 = 0o4_0000;
}

/// A counter.
#[derive(Clone, Copy, Debug)]
pub struct Counter(&'static Shared);

/// A place for a counter.
#[derive(Debug)]
struct Shared {
    number: u32,
    count: Mutex<Count>,
    /// Where a change is waited for.
    change: Place,
}

/// What a counter is at the moment.
#[derive(Clone, Copy, Debug)]
struct Count {
    value: u64,
    take: Take,
}

impl Count {
    /// What a read would bring; none if it has to wait.
    fn next(&self) -> Option<u64> {
        match (self.value, self.take) {
            (0, _) => None,
            (_, Take::One) => Some(1),
            (value, Take::All) => Some(value),
        }
    }

    /// The value with `more`; none if a write of that has to wait.
    fn with(&self, more: u64) -> Option<u64> {
        let sum = self.value.checked_add(more);
        sum.filter(|sum| *sum <= VALUE_MAX)
    }

    fn events(&self) -> u32 {
        let readable = self.next().map_or(0, |_| poll_bits::INPUT);
        let writable = self.with(1).map_or(0, |_| poll_bits::OUTPUT);
        readable | writable
    }
}

/// A counter of `value`, and the flags of its description.
///
/// # Errors
///
/// A flag is unknown, the value is too high, or memory is short.
pub fn make(value: u64, given: u32) -> Result<(Counter, u32), Errno> {
    if given & !(flag::SEMAPHORE | flag::CLOSE_ON_EXEC | flags::NONBLOCK) != 0 {
        return Err(Errno::Invalid);
    }
    let take = match given & flag::SEMAPHORE {
        0 => Take::All,
        _ => Take::One,
    };
    let counter = Counter::new(value, take)?;
    Ok((counter, flags::READ_WRITE | given & flags::NONBLOCK))
}

impl Counter {
    /// A counter of `value`.
    ///
    /// # Errors
    ///
    /// Memory is short, or the value is too high.
    pub fn new(value: u64, take: Take) -> Result<Counter, Errno> {
        if value > VALUE_MAX {
            return Err(Errno::Invalid);
        }
        let slot = POOL.lock().take(Shared::new)?;
        *slot.count.lock() = Count { value, take };
        Ok(Counter(slot))
    }

    fn look(self) -> Count {
        *self.0.count.lock()
    }

    /// Tries until it is done, and wakes who waits for the change.
    fn repeat(
        self,
        waits: bool,
        attempt: impl Fn() -> Result<(), Errno>,
        is_possible: impl Fn() -> bool,
    ) -> Answer {
        let has_to_wait = || {
            if is_possible() {
                Err(Errno::Again)
            } else {
                Ok(())
            }
        };
        loop {
            match attempt() {
                Ok(()) => break,
                Err(Errno::Again) if waits => {}
                Err(errno) => return Err(errno),
            }
            match self.0.change.wait(NEVER, has_to_wait) {
                Ok(_) | Err(Errno::Again) => {}
                Err(errno) => return Err(errno),
            }
        }
        if self.0.change.wake(usize::MAX) > 0 {
            schedule::give_way();
        }
        Ok(SIZE as i64)
    }

    /// Takes the value only once it has been copied.
    fn try_read(self, target: UserSlice) -> Result<(), Errno> {
        let mut count = self.0.count.lock();
        let taken = count.next().ok_or(Errno::Again)?;
        target.write(&taken.to_le_bytes())?;
        count.value = count.value.saturating_sub(taken);
        Ok(())
    }

    fn try_write(self, more: u64) -> Result<(), Errno> {
        let mut count = self.0.count.lock();
        count.value = count.with(more).ok_or(Errno::Again)?;
        Ok(())
    }
}

impl Object for Counter {
    /// Reads the value.
    ///
    /// # Errors
    ///
    /// The target is too small or not the application's, or the value is zero
    /// and the caller does not wait.
    fn read(&self, description: &Description, buffers: &[UserSlice]) -> Answer {
        let target = whole(buffers)?;
        target.check()?;
        self.repeat(
            description.waits(),
            || self.try_read(target),
            || self.look().next().is_some(),
        )
    }

    /// Adds a value.
    ///
    /// # Errors
    ///
    /// The source is too small or not the application's, or the sum would be
    /// too high and the caller does not wait.
    fn write(&self, description: &Description, buffers: &[UserSlice]) -> Answer {
        let mut bytes = [0; SIZE];
        whole(buffers)?.read(&mut bytes)?;
        let more = u64::from_le_bytes(bytes);
        if more > VALUE_MAX {
            return Err(Errno::Invalid);
        }
        self.repeat(
            description.waits(),
            || self.try_write(more),
            || self.look().with(more).is_some(),
        )
    }

    fn events(&self) -> u32 {
        self.look().events()
    }

    fn source(&self) -> Option<Source> {
        Some(Source {
            place: &self.0.change,
            key: Key::Counter(self.0.number),
        })
    }

    fn close(&self) {
        POOL.lock().give_back(self.0.number);
    }
}

/// The buffer for a value, which is the first.
fn whole(buffers: &[UserSlice]) -> Result<UserSlice, Errno> {
    let buffer = buffers.first().filter(|buffer| buffer.size() >= SIZE);
    buffer.copied().ok_or(Errno::Invalid)
}

impl Shared {
    fn new(number: u32) -> Shared {
        Shared {
            number,
            count: Mutex::new(Count {
                value: 0,
                take: Take::All,
            }),
            change: Place::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_takes_all_or_one() {
        let count = |value, take| Count { value, take };
        assert_eq!(count(5, Take::All).next(), Some(5));
        assert_eq!(count(5, Take::One).next(), Some(1));
        assert_eq!(count(0, Take::All).next(), None);
        assert_eq!(count(0, Take::One).next(), None);
    }

    #[test]
    fn a_value_has_an_end() {
        let full = Count {
            value: VALUE_MAX,
            take: Take::All,
        };
        assert_eq!(full.with(0), Some(VALUE_MAX));
        assert_eq!(full.with(1), None);
        assert_eq!(full.with(u64::MAX), None);
        assert_eq!(full.events(), poll_bits::INPUT);
        let empty = Count { value: 0, ..full };
        assert_eq!(empty.events(), poll_bits::OUTPUT);
        assert_eq!(
            Counter::new(u64::MAX, Take::All).err(),
            Some(Errno::Invalid)
        );
    }

    #[test]
    fn bad_buffers_are_refused() {
        let counter = Counter::new(1, Take::All).expect("memory");
        let description = Description::new();
        let both = |buffers: &[UserSlice]| {
            let read = counter.read(&description, buffers);
            (read, counter.write(&description, buffers))
        };
        let refused = |errno| (Err(errno), Err(errno));
        assert_eq!(both(&[]), refused(Errno::Invalid));
        assert_eq!(both(&[UserSlice::new(8, 7)]), refused(Errno::Invalid));
        assert_eq!(both(&[UserSlice::new(8, 8)]), refused(Errno::BadAddress));
        counter.close();
    }
}
