//! The output of consoles.
//!
//! The application's bytes are copied once, into the console's window, and the
//! device reads them there when the host has time. Nobody waits for that but who
//! finds the window taken the next time: he sleeps until the device interrupts,
//! and nothing gets lost.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use domains::device::Roles;
use domains::{Cell, windows};
use gate::cell::console::{self as entries, queue};
use gate::cell::{Faulted, with_slot};
use gate::used::UsedRing;
use gate::user::{BadAddress, UserSlice};
use gate::view::View;
use gate::{clock, info};

use super::bell::Bell;
use super::handle::Held;
use super::stall::Stall;
use super::{DriverError, handle};
use crate::errno::Errno;

/// The most bytes that a console is sent at once.
pub const SEND_MAX: usize = windows::OUTPUT_SIZE;

/// A console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Console {
    /// Standard input and output.
    Main = 0,
    /// Standard error.
    Error = 1,
}

/// Why bytes were not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// They are not the application's.
    BadAddress,
    /// The console does not take them.
    Console(DriverError),
}

/// Both of them.
const CONSOLES: [Console; 2] = [Console::Main, Console::Error];

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    /// To the guest.
    Input = 0,
    /// To the host.
    Output = 1,
}

/// The window of a console.
struct Window {
    /// Whether the device has it. Only whoever holds the cell looks.
    is_taken: AtomicBool,
    /// How many bytes it holds for the device.
    size: AtomicUsize,
    /// Whether it will not come back: its return cannot even be waited for.
    is_lost: AtomicBool,
    /// Where its return is waited for.
    back: Bell,
}

static WINDOWS: [Window; 2] = [const { Window::new() }; 2];

/// Sends the application's bytes, at most [`SEND_MAX`], to a console; how many:
/// none while the host has not read what it was sent before.
///
/// # Errors
///
/// None is out.
pub fn send(console: Console, bytes: UserSlice) -> Result<usize, SendError> {
    let mut held = held();
    held.check(console.queue())?;
    console.window().check()?;
    if held.is_sending(console, entries::poll)? {
        return Ok(0);
    }
    let (window, size) = (View::output(console as usize), bytes.size());
    bytes
        .read_to(window)
        .map_err(|BadAddress| SendError::BadAddress)?;
    // Whatever the cell says of it, the device may have it now.
    console.window().give(size);
    let place = with_slot(console.queue(), 0);
    let given = held.call(|| entries::submit(place, window.address(), size, 0));
    match given.and_then(|answer| held.taken(answer)) {
        // Started anew, the cell has given the device what is in its window.
        Ok(()) | Err(DriverError::Restarted) => Ok(size),
        Err(why) => Err(why.into()),
    }
}

/// Sleeps until the host has read what a console was sent.
///
/// # Errors
///
/// It has already, or never will; or memory is short.
pub fn wait_to_send(console: Console) -> Result<(), Errno> {
    let is_sending = || held().is_sending_or_armed(console) == Ok(true);
    console
        .window()
        .back
        .wait(|| is_sending().then_some(()).ok_or(Errno::Again))
}

/// Waits until every console has finished what it was given, as long as the
/// host goes on reading. The machine ends behind this: there is nobody whom an
/// interrupt should let run meanwhile.
pub fn flush() {
    for console in CONSOLES {
        let mut stall = Stall::new(clock::monotonic_ns());
        loop {
            let sending = held().is_sending(console, entries::spin);
            let is_unfinished = matches!(sending, Ok(true) | Err(DriverError::Restarted));
            let unfinished = i64::from(is_unfinished);
            if !stall.is_worth_waiting(unfinished, clock::monotonic_ns()) {
                break;
            }
            core::hint::spin_loop();
        }
    }
}

/// Wakes those who wait for a console's window if it has come back. The device
/// may have interrupted for input.
pub(super) fn on_device(console: Console, held: &mut Held<'_>) {
    // Whoever sleeps hears of a failure with all others.
    _ = held.look_if_armed(console);
}

/// Wakes those who wait for a console's window: the cell has failed, or was started
/// anew.
pub(super) fn on_failure() {
    WINDOWS.iter().for_each(|window| window.back.ring());
}

/// The cell has stopped: takes the windows back that devices had finished with.
pub(super) fn salvage(held: &Held<'_>) {
    for console in CONSOLES {
        let window = console.window();
        window.back.disarm();
        window.is_lost.store(false, Ordering::Relaxed);
        // DEFENCE: output-once
        if console.has_finished(held) {
            window.set_taken(false);
        }
    }
}

/// How many windows devices had not finished with.
pub(super) fn under_way() -> u32 {
    taken().map(|_| 1).sum()
}

/// The cell was started anew: gives the devices what they had not finished. What one
/// had sent of a piece comes out twice; to the host tool it sends all of it or nothing.
pub(super) fn resume() -> Result<(), Faulted> {
    for console in taken() {
        let (view, window) = (View::output(console as usize), console.window());
        let size = window.size.load(Ordering::Relaxed);
        let place = with_slot(console.queue(), 0);
        match entries::submit(place, view.address(), size, 0)? {
            0 => {}
            _ => return Err(Faulted),
        }
    }
    Ok(())
}

fn taken() -> impl Iterator<Item = Console> {
    CONSOLES.into_iter().filter(|it| it.window().is_taken())
}

impl From<DriverError> for SendError {
    fn from(error: DriverError) -> SendError {
        SendError::Console(error)
    }
}

impl Window {
    const fn new() -> Window {
        Window {
            is_taken: AtomicBool::new(false),
            size: AtomicUsize::new(0),
            is_lost: AtomicBool::new(false),
            back: Bell::new(),
        }
    }

    fn is_taken(&self) -> bool {
        self.is_taken.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<(), DriverError> {
        // DEFENCE: lost-window
        if self.is_lost.load(Ordering::Relaxed) {
            Err(DriverError::Failed)
        } else {
            Ok(())
        }
    }

    fn give(&self, size: usize) {
        self.size.store(size, Ordering::Relaxed);
        self.set_taken(true);
    }

    fn set_taken(&self, is_taken: bool) {
        self.is_taken.store(is_taken, Ordering::Relaxed);
    }
}

impl Console {
    const fn queue(self) -> u32 {
        match self {
            Console::Main => queue::OUTPUT,
            Console::Error => queue::ERRORS,
        }
    }

    /// Whether its device has used more than the cell has passed on.
    fn has_finished(self, held: &Held<'_>) -> bool {
        let index = used_ring(self, Direction::Output).and_then(|ring| ring.index());
        index.is_some_and(|index| index != held.come_by(self.queue()))
    }

    fn window(self) -> &'static Window {
        let [main, error] = &WINDOWS;
        match self {
            Console::Main => main,
            Console::Error => error,
        }
    }
}

/// The cell.
fn held() -> Held<'static> {
    handle(Cell::Console).lock()
}

/// What the device of `console` has used of the queue that its cell uses: that of
/// its first port behind the system's, or of its only one.
pub(super) fn used_ring(console: Console, direction: Direction) -> Option<UsedRing> {
    const FIRST_PORT: usize = 4;
    let device = device(console)?;
    let ring = |port| UsedRing::of(Cell::Console, device, port + direction as usize);
    let mut rings = [ring(FIRST_PORT), ring(0)].into_iter();
    rings.find(|ring| ring.index().is_some())
}

/// The queues that the cell may have started for devices with these roles, a bit for
/// each.
pub(super) fn possible_queues(roles: &Roles) -> i64 {
    let [main, errors] = roles.consoles;
    let of = |role: Option<usize>, queues: i64| role.map_or(0, |_| queues);
    of(main, 1 << queue::OUTPUT | 1 << queue::INPUT)
        | of(errors, 1 << queue::ERRORS)
        | of(roles.entropy, 1 << queue::RANDOM)
}

fn device(console: Console) -> Option<usize> {
    let roles = Roles::new(&info::boot().devices);
    roles.consoles.get(console as usize).copied().flatten()
}

/// Whether the device of `console` is among `devices`, a bit for each.
pub(super) fn is_among(console: Console, devices: u64) -> bool {
    device(console).is_some_and(|device| devices >> (device & 63) & 1 != 0)
}

impl Held<'_> {
    /// Whether the device still has what it was given, as `look` says.
    fn is_sending(
        &mut self,
        console: Console,
        look: fn(u32) -> Result<i64, Faulted>,
    ) -> Result<bool, DriverError> {
        let window = console.window();
        if window.is_taken() {
            let come = self.take(console.queue(), &window.back, look)?;
            self.judge_window(console.queue(), come)?;
            window.set_taken(come.is_none());
        }
        Ok(window.is_taken())
    }

    /// Judges what has come back by a queue for output: it has one window.
    fn judge_window(
        &mut self,
        queue: u32,
        come: Option<(usize, usize)>,
    ) -> Result<(), DriverError> {
        match come {
            // DEFENCE: output-slot
            Some((slot, _)) if slot != 0 => {
                Err(self.convict_of(queue, "it brought what was not sent"))
            }
            _ => Ok(()),
        }
    }

    /// Takes the window if somebody waits for it and it has come back.
    fn look_if_armed(&mut self, console: Console) -> Result<(), DriverError> {
        if console.window().back.is_armed() {
            self.is_sending(console, entries::poll)?;
        }
        Ok(())
    }

    /// Whether the device still has it. If so, who sleeps then will hear of it.
    fn is_sending_or_armed(&mut self, console: Console) -> Result<bool, DriverError> {
        let window = console.window();
        if window.is_taken() {
            let come = self.take_or_arm(console.queue(), &window.back);
            let is_lost = come == Err(DriverError::Failed);
            window.is_lost.fetch_or(is_lost, Ordering::Relaxed);
            let come = come?;
            self.judge_window(console.queue(), come)?;
            window.set_taken(come.is_none());
        }
        Ok(window.is_taken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::handle::Handle;

    #[test]
    fn who_cannot_wait_for_a_window_does_not_look_for_it_again() {
        let window = Window::new();
        window.set_taken(true);
        assert_eq!(window.check(), Ok(()));
        window.is_lost.store(true, Ordering::Relaxed);
        assert_eq!(window.check(), Err(DriverError::Failed));
    }

    #[test]
    fn nothing_but_the_window_comes_back() {
        let _off = gate::played::keep_off();
        let handle = Handle::new(Cell::Console);
        assert_eq!(handle.lock().judge_window(0, None), Ok(()));
        assert_eq!(handle.lock().judge_window(0, Some((0, 0))), Ok(()));
        let lie = handle.lock().judge_window(0, Some((1, 0)));
        assert_eq!(lie, Err(DriverError::Failed));
    }

    #[test]
    fn only_what_is_there_has_queues() {
        let mut roles = Roles::default();
        assert_eq!(possible_queues(&roles), 0);
        roles.consoles = [Some(3), None];
        assert_eq!(possible_queues(&roles), 0b101);
        roles.consoles = [Some(3), Some(4)];
        roles.entropy = Some(0);
        assert_eq!(possible_queues(&roles), 0b1111);
    }
}
