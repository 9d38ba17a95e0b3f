//! Input as a console brings it, a piece at a time.
//!
//! The device has the pieces of the window to write to, except those that the
//! reader has not given back. Those that were given back it gets several at once,
//! and all of them before anybody waits. It gets the first when somebody reads.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use domains::Cell;
use domains::windows::{INPUT_SIZE, INPUTS};
use gate::cell::console::{self, queue};
use gate::cell::{Faulted, with_slot};
use gate::view::View;
use spin::Mutex;

use super::bell::Bell;
use super::console::{Direction, used_ring};
use super::handle::Held;
use super::held::steadily;
use super::order::Order;
use super::{Console, DriverError, handle};

/// The pieces that the device has, a bit for each.
static GIVEN: AtomicU32 = AtomicU32::new(0);

/// Whether it got any. Only whoever holds the cell looks.
static IS_STARTED: AtomicBool = AtomicBool::new(false);

/// How many of them it does not know of yet. Only whoever holds the cell looks.
static UNSEEN: AtomicUsize = AtomicUsize::new(0);

/// Those that it has, in order. Only whoever holds the cell looks.
static ORDER: Mutex<Order> = Mutex::new(Order::new());

/// Those that it had filled when its cell was stopped. Only whoever holds the cell
/// looks.
static SALVAGED: Mutex<Order> = Mutex::new(Order::new());

/// How many it gets at once.
const AT_ONCE: usize = INPUTS / 2;

/// Where the next piece is waited for.
pub static ARRIVAL: Bell = Bell::new();

/// A piece that has come back, and is the holder's.
#[derive(Debug)]
pub struct Piece {
    number: usize,
    size: usize,
}

impl Piece {
    /// Where its bytes lie.
    pub const fn window(&self) -> View {
        View::input(self.number)
    }

    /// How many bytes it holds.
    pub const fn size(&self) -> usize {
        self.size
    }
}

/// Takes a piece that has come in; none if nothing has.
///
/// # Errors
///
/// There is no console, or its driver failed or lies.
pub fn receive() -> Result<Option<Piece>, DriverError> {
    persist(|held| held.take(queue::INPUT, &ARRIVAL, console::poll))
}

/// Does the same, but if nothing has come in, [`ARRIVAL`] will ring.
///
/// # Errors
///
/// As [`receive`].
pub fn receive_or_arm() -> Result<Option<Piece>, DriverError> {
    persist(|held| {
        let come = held.take_or_arm(queue::INPUT, &ARRIVAL)?;
        if come.is_none() {
            UNSEEN.store(0, Ordering::Relaxed);
        }
        Ok(come)
    })
}

/// Takes a piece by `look`, once more whenever that has the cell started anew.
fn persist(
    mut look: impl FnMut(&mut Held<'_>) -> Result<Option<(usize, usize)>, DriverError>,
) -> Result<Option<Piece>, DriverError> {
    let mut held = handle(Cell::Console).lock();
    let mut look = |held: &mut Held<'_>| {
        let Some((number, size)) = look(held)? else {
            return Ok(None);
        };
        let piece = take(number, size);
        let lie = "it brought input that cannot be";
        let piece = piece.ok_or_else(|| held.convict_of(queue::INPUT, lie));
        piece.map(Some)
    };
    // Readers take turns by a lock of their own: nobody else may run in between.
    steadily(|| next(&mut held, start, salvaged, &mut look))
}

/// A piece that was salvaged, if there is one.
fn salvaged() -> Option<Piece> {
    let (number, size) = SALVAGED.lock().pop()?;
    Some(Piece { number, size })
}

/// The next piece: one that was salvaged, or else one by `look`. The cell may fail
/// when the device is started, and then what was salvaged comes before all that the
/// device brings later.
fn next<H, P>(
    held: &mut H,
    start: impl FnOnce(&mut H) -> Result<(), DriverError>,
    salvaged: impl FnOnce() -> Option<P>,
    look: impl FnOnce(&mut H) -> Result<Option<P>, DriverError>,
) -> Result<Option<P>, DriverError> {
    // DEFENCE: input-salvaged-first
    let started = start(held);
    let salvaged = salvaged();
    if salvaged.is_some() {
        return Ok(salvaged);
    }
    started?;
    look(held)
}

/// The cell has stopped: takes the pieces that the device has filled.
pub(super) fn salvage(held: &Held<'_>) {
    ARRIVAL.disarm();
    let taken = held.come_by(queue::INPUT);
    let ring = used_ring(Console::Main, Direction::Input);
    let Some((ring, index)) = ring.and_then(|ring| Some((ring, ring.index()?))) else {
        return;
    };
    let (mut order, mut salvaged) = (ORDER.lock(), SALVAGED.lock());
    let filled = match index.wrapping_sub(taken) {
        filled if usize::from(filled) <= INPUTS => filled,
        // It has told of more than there was.
        _ => 0,
    };
    for number in 0..filled {
        let size = ring.length(taken.wrapping_add(number)).unwrap_or(0) as usize;
        // DEFENCE: input-salvaged
        if let Some((piece, _)) = order.pop() {
            GIVEN.fetch_and(!bit(piece), Ordering::Relaxed);
            salvaged.push(piece, size.min(INPUT_SIZE));
        }
    }
}

/// The cell was started anew: gives the device the pieces that it had.
pub(super) fn resume() -> Result<(), Faulted> {
    UNSEEN.store(0, Ordering::Relaxed);
    let order = ORDER.lock();
    let mut give = order.iter().map(|(piece, _)| {
        let (place, window) = place(piece);
        match console::submit(place, window.address(), 0, window.size())? {
            0 => Ok(()),
            _ => Err(Faulted),
        }
    });
    give.try_for_each(|given| given)
}

/// Lets the readers look at what the console may have brought.
pub(super) fn on_device() {
    ARRIVAL.ring();
}

/// Lets the console write to a piece again.
///
/// # Errors
///
/// The driver failed.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the piece is not the caller's any more"
)]
pub fn give_back(piece: Piece) -> Result<(), DriverError> {
    give(&mut handle(Cell::Console).lock(), piece.number)
}

/// Lets the console write to all pieces, once: a program that does not read
/// starts without this.
fn start(held: &mut Held<'_>) -> Result<(), DriverError> {
    held.check(queue::INPUT)?;
    if !IS_STARTED.swap(true, Ordering::Relaxed) {
        (0..INPUTS).try_for_each(|number| give(held, number))?;
    }
    Ok(())
}

/// The piece that is said to have come back, if it can be true.
fn take(number: usize, size: usize) -> Option<Piece> {
    let bit = bit(number);
    // DEFENCE: input-size
    let can_be = number < INPUTS && size <= INPUT_SIZE;
    // DEFENCE: input-piece
    if can_be && GIVEN.fetch_and(!bit, Ordering::Relaxed) & bit != 0 {
        // DEFENCE: held-not-given
        ORDER.lock().remove(number);
        Some(Piece { number, size })
    } else {
        None
    }
}

/// Gives a piece. If the cell is started anew meanwhile, it has it then.
fn give(held: &mut Held<'_>, number: usize) -> Result<(), DriverError> {
    let (place, window) = place(number);
    let give = match next_unseen() {
        0 => console::submit,
        _ => console::add,
    };
    GIVEN.fetch_or(bit(number), Ordering::Relaxed);
    ORDER.lock().push(number, 0);
    let given = held.call(|| give(place, window.address(), 0, window.size()));
    match given.and_then(|answer| held.taken(answer)) {
        Err(DriverError::Restarted) => Ok(()),
        given => given,
    }
}

/// The slot and the window of a piece.
fn place(number: usize) -> (u32, View) {
    let slot = u32::try_from(number).unwrap_or(0);
    (with_slot(queue::INPUT, slot), View::input(number))
}

/// Counts a piece that is given; how many the device then does not know of.
fn next_unseen() -> usize {
    let unseen = UNSEEN.load(Ordering::Relaxed).saturating_add(1) % AT_ONCE;
    UNSEEN.store(unseen, Ordering::Relaxed);
    unseen
}

const fn bit(number: usize) -> u32 {
    1 << (number & 31)
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[test]
    fn only_what_was_given_comes_back_and_once() {
        GIVEN.store(0b10, Ordering::Relaxed);
        ORDER.lock().push(1, 0);
        assert!(take(0, 1).is_none());
        assert!(take(INPUTS, 1).is_none());
        assert!(take(33, 1).is_none());
        assert!(take(1, INPUT_SIZE + 1).is_none());
        assert_eq!(take(1, 5).map(|piece| piece.size()), Some(5));
        assert!(take(1, 5).is_none());
        assert_eq!(ORDER.lock().pop(), None, "the device has it no more");
    }

    #[test]
    fn what_is_salvaged_at_the_start_is_read_first() {
        let (salvaged, failed) = (Cell::new(None), Err(DriverError::Failed));
        let read = |started, come| {
            let start = |(): &mut ()| {
                salvaged.set(come);
                started
            };
            next(&mut (), start, || salvaged.take(), |()| Ok(Some(2)))
        };
        assert_eq!(read(Ok(()), Some(1)), Ok(Some(1)));
        assert_eq!(read(failed, Some(1)), Ok(Some(1)));
        assert_eq!(read(Ok(()), None), Ok(Some(2)));
        assert_eq!(read(failed, None), Err(DriverError::Failed));
    }
}
