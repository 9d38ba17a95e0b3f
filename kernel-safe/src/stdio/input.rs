//! Reading standard input.
//!
//! The reader fetches from the device itself; a device's interrupt only wakes
//! it. Other threads run while it waits.

use gate::user::UserSlice;
use spin::Mutex;

use super::arrivals::{Arrivals, PIECES_MAX, Supply};
use crate::drivers::{self, ARRIVAL, DriverError, Piece};
use crate::errno::{Answer, Errno, count};
use crate::events;
use crate::object::source::{Key, Source};

static INPUT: Mutex<Arrivals<Piece>> = Mutex::new(Arrivals::new());

/// The console, and how it is looked at.
enum Device {
    /// For what has come in.
    Now,
    /// The same; if nothing has, the next piece wakes who waits.
    OrLater,
}

impl Supply for Device {
    type Piece = Piece;

    fn take(&mut self) -> Result<Option<(Piece, usize)>, DriverError> {
        let piece = match self {
            Device::Now => drivers::receive()?,
            Device::OrLater => drivers::receive_or_arm()?,
        };
        Ok(piece.map(|piece| {
            let size = piece.size();
            (piece, size)
        }))
    }

    fn give_back(&mut self, piece: Piece) -> Result<(), DriverError> {
        drivers::give_back(piece)
    }

    fn byte(&self, piece: &Piece, at: usize) -> u8 {
        let mut byte = [0];
        // A piece has no byte behind its size.
        _ = piece.window().from(at).read(&mut byte);
        let [byte] = byte;
        byte
    }
}

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
        match ARRIVAL.wait(has_nothing) {
            Ok(()) => {}
            // It rang meanwhile, as it does for ever if the cell wants that.
            // DEFENCE: readers-give-way
            Err(Errno::Again) => events::let_others_run(),
            Err(errno) => return Err(errno),
        }
    }
}

/// What is woken when something comes in.
pub fn source() -> Source {
    Source {
        place: ARRIVAL.place(),
        key: Key::Input,
    }
}

/// Whether a read would not wait. If it would, who waits is woken when that
/// changes.
///
/// # Errors
///
/// The device failed.
pub fn is_ready() -> Result<bool, Errno> {
    INPUT.lock().is_ready(&mut Device::OrLater)
}

/// Whether everything that will ever come has come in.
pub fn has_ended() -> bool {
    INPUT.lock().has_ended()
}

/// Reads what has come in; none if nothing has.
fn read_held(target: UserSlice) -> Result<Option<usize>, Errno> {
    let mut input = INPUT.lock();
    let mut pieces = PIECES_MAX;
    let mut read: usize = 0;
    while read < target.size() {
        let next = match input.next(&mut Device::Now, &mut pieces) {
            Ok(Some(next)) => next,
            Err(errno) if read == 0 => return Err(errno),
            Ok(None) | Err(_) => break,
        };
        let part = target.part(read, next.size);
        match part.write_from(next.piece.window().from(next.at)) {
            Ok(()) => {}
            Err(error) if read == 0 => return Err(error.into()),
            Err(_) => break,
        }
        input.consume(part.size());
        read = read.saturating_add(part.size());
    }
    Ok((read > 0 || input.has_ended()).then_some(read))
}

/// Agrees to wait if nothing has come in.
fn has_nothing() -> Result<(), Errno> {
    if is_ready()? {
        Err(Errno::Again)
    } else {
        Ok(())
    }
}
