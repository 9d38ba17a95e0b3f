//! Reading standard input.
//!
//! The reader fetches from the device itself; a device's interrupt only wakes
//! it. Other threads run while it waits.

use gate::frames;
use gate::user::UserSlice;
use spin::Mutex;

use super::arrivals::{Arrivals, PIECES_MAX, Supply};
use crate::drivers::{self, DriverError, Piece};
use crate::errno::{Answer, Errno, count};
use crate::schedule::alarm::NEVER;
use crate::wait::Place;
use crate::wait::many::Source;

static INPUT: Mutex<Arrivals<Piece>> = Mutex::new(Arrivals::new());
static ARRIVAL: Place = Place::new();

/// The console.
struct Device;

impl Supply for Device {
    type Piece = Piece;

    fn take(&mut self) -> Result<Option<(Piece, usize)>, DriverError> {
        let piece = drivers::receive()?;
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
        // All of a piece lies in the frames.
        _ = frames::read(piece.offset().saturating_add(at), &mut byte);
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
        match ARRIVAL.wait(NEVER, has_nothing) {
            Ok(_) | Err(Errno::Again) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// What is woken when something comes in.
pub fn source() -> Source {
    Source {
        place: &ARRIVAL,
        number: 0,
    }
}

/// Whether a read would not wait.
///
/// # Errors
///
/// The device failed.
pub fn is_ready() -> Result<bool, Errno> {
    let mut input = INPUT.lock();
    let has_next = input.next(&mut Device, &mut { PIECES_MAX })?.is_some();
    Ok(has_next || input.has_ended())
}

/// Whether everything that will ever come has come in.
pub fn has_ended() -> bool {
    INPUT.lock().has_ended()
}

/// Lets the readers look at what a device may have brought.
pub fn on_device() {
    ARRIVAL.wake(usize::MAX);
}

/// Reads what has come in; none if nothing has.
fn read_held(target: UserSlice) -> Result<Option<usize>, Errno> {
    let mut input = INPUT.lock();
    let mut pieces = PIECES_MAX;
    let mut read: usize = 0;
    while read < target.size() {
        let next = match input.next(&mut Device, &mut pieces) {
            Ok(Some(next)) => next,
            Err(errno) if read == 0 => return Err(errno),
            Ok(None) | Err(_) => break,
        };
        let part = target.part(read, next.size);
        let place = next.piece.offset().saturating_add(next.at);
        match part.write_from_frames(place) {
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
