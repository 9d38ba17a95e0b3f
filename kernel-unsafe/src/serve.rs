//! The entries of the unsafe kernel.

use gate::core_call::driver;
use gate::driver::Serve;
use gate::frames;

use crate::channel::{Channel, Refused};
use crate::console::Console;
use crate::devices::{self, Devices};

/// There is no such device.
const NO_DEVICE: i64 = -19;
/// There is nothing yet, or no room.
const AGAIN: i64 = -11;
/// The range is not one of the frames.
const BAD_ADDRESS: i64 = -14;
/// There is no such entry.
#[cfg(not(feature = "test-hooks"))]
const UNKNOWN: i64 = -38;

/// Who serves the entries.
#[derive(Debug)]
pub struct Drivers;

impl Serve for Drivers {
    fn null() -> i64 {
        0
    }

    fn start() -> i64 {
        devices::lock().start()
    }

    fn console_write(console: u32, offset: usize, size: usize) -> i64 {
        with_console(console, offset, size, Console::write)
    }

    fn console_read(console: u32, offset: usize, size: usize) -> i64 {
        with_console(console, offset, size, Console::read)
    }

    fn console_flush(console: u32) -> i64 {
        match devices::lock().consoles.get_mut(console as usize) {
            Some(Some(console)) => console.flush() as i64,
            _ => NO_DEVICE,
        }
    }

    fn entropy(offset: usize, size: usize) -> i64 {
        if frames::address(offset, size).is_none() {
            return BAD_ADDRESS;
        }
        match &mut devices::lock().entropy {
            Some(source) => source.read(offset, size) as i64,
            None => NO_DEVICE,
        }
    }

    fn channel_kind(channel: u32) -> i64 {
        with_channel(channel, |channel| channel.kind())
    }

    fn channel_submit(channel: u32, offset: usize, request: usize, reply: usize) -> i64 {
        let (number, slot) = (channel >> 8, channel & 0xff);
        with_channel(number, |channel| {
            match channel.submit(slot as usize, offset, request, reply) {
                Ok(()) => 0,
                Err(Refused::Busy) => AGAIN,
                Err(Refused::Invalid) => BAD_ADDRESS,
            }
        })
    }

    fn channel_poll(channel: u32) -> i64 {
        with_channel(channel, |channel| match channel.poll() {
            Some((slot, size)) => (slot as i64) << 32 | i64::from(size),
            None => AGAIN,
        })
    }

    fn acknowledge() -> i64 {
        devices::lock().acknowledge();
        driver::unmask();
        0
    }

    #[cfg(feature = "test-hooks")]
    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        if kind == gate::hooks::LIE {
            return with_channel(address as u32, |channel| channel.lie.begin(argument));
        }
        // SAFETY: none is claimed; this feature is for attacks.
        unsafe { gate::hooks::attack(kind, address, argument) }
    }

    #[cfg(not(feature = "test-hooks"))]
    fn hook(_: u32, _: usize, _: usize) -> i64 {
        UNKNOWN
    }
}

/// What `call` answers for a channel, if there is one.
fn with_channel(channel: u32, call: impl FnOnce(&mut Channel) -> i64) -> i64 {
    match devices::lock().channels.get_mut(channel as usize) {
        Some(Some(channel)) => call(channel),
        _ => NO_DEVICE,
    }
}

/// Transfers bytes between a console and the frames; how many.
fn with_console(
    console: u32,
    offset: usize,
    size: usize,
    transfer: fn(&mut Console, usize, usize) -> usize,
) -> i64 {
    if frames::address(offset, size).is_none() {
        return BAD_ADDRESS;
    }
    let Devices { consoles, .. } = &mut *devices::lock();
    match consoles.get_mut(console as usize) {
        Some(Some(console)) => transfer(console, offset, size) as i64,
        _ => NO_DEVICE,
    }
}
