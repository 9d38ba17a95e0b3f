//! Reading standard input.
//!
//! The reader fetches from the device itself; a device's interrupt only wakes
//! it. Other threads run while it waits.

use gate::user::UserSlice;
use spin::Mutex;

use super::buffer::InputBuffer;
use crate::drivers::{self, DriverError};
use crate::errno::{Answer, Errno, count};
use crate::schedule::alarm::NEVER;
use crate::wait::{self, Key};

/// How much is fetched at once: it lies on the kernel's stack for a moment.
const FETCH: usize = 512;

static INPUT: Mutex<InputBuffer> = Mutex::new(InputBuffer::new());

/// Reads at most as many bytes as `target` has; zero at the end of the file.
///
/// # Errors
///
/// The target is not the application's, or the device failed.
pub fn read(target: UserSlice) -> Answer {
    target.check()?;
    loop {
        if let Some(read) = read_held(target)? {
            return count(read);
        }
        match wait::wait(Key::INPUT, NEVER, has_nothing) {
            Ok(_) | Err(Errno::Again) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Whether a read would not wait.
///
/// # Errors
///
/// The device failed.
pub fn is_ready() -> Result<bool, Errno> {
    let mut input = INPUT.lock();
    fetch(&mut input)?;
    Ok(input.is_ready())
}

/// Whether everything that will ever come has come in.
pub fn has_ended() -> bool {
    INPUT.lock().has_ended()
}

/// Lets the readers look at what a device may have brought.
pub fn on_device() {
    wait::wake(Key::INPUT, usize::MAX);
}

/// Reads what is held already; none if that is nothing.
fn read_held(target: UserSlice) -> Result<Option<usize>, Errno> {
    let mut input = INPUT.lock();
    if !input.is_ready() {
        return Ok(None);
    }
    let next = input.next();
    let bytes = next.get(..next.len().min(target.size())).unwrap_or(next);
    target.write(bytes)?;
    let read = bytes.len();
    input.consume(read);
    Ok(Some(read))
}

/// Agrees to wait if nothing has come in.
fn has_nothing() -> Result<(), Errno> {
    if is_ready()? {
        Err(Errno::Again)
    } else {
        Ok(())
    }
}

/// Fetches what the device holds, as far as there is room.
fn fetch(input: &mut InputBuffer) -> Result<(), Errno> {
    input.reserve()?;
    let mut wire = [0; FETCH];
    while input.room() > 0 && !input.has_ended() {
        let size = input.room().min(FETCH);
        let part = wire.get_mut(..size).ok_or(Errno::Invalid)?;
        let received = match drivers::receive(part) {
            Ok(0) => break,
            Ok(received) => received,
            Err(DriverError::Absent) => {
                input.end();
                0
            }
            Err(DriverError::Failed) => return Err(Errno::Device),
        };
        input.take_in(part.get(..received).unwrap_or(part));
    }
    Ok(())
}
