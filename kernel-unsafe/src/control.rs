//! Opening the port of a console that has several.
//!
//! The device wants to hear that the driver knows of ports, that it has set up
//! the port's queues, and that somebody reads there. What it says in return is
//! of no use here, so it gets no queue to say it by.

use virtio_drivers::transport::SomeTransport;

use crate::pool::Page;
use crate::ring::{self, Direction, Ring};

/// The queue for messages to the device.
const QUEUE: u16 = 3;
/// Bytes of a message.
const MESSAGE: usize = 8;
/// The port that is used.
const PORT: u32 = 1;

/// What is said, in this order: about which port, and what.
const MESSAGES: [(u32, Event); 3] = [
    (u32::MAX, Event::DriverReady),
    (PORT, Event::PortReady),
    (PORT, Event::PortOpen),
];

/// The pages of the ring and of what is said.
pub(crate) const PAGES: usize = ring::PAGES + MESSAGES.len();

#[derive(Clone, Copy, Debug)]
#[repr(u16)]
enum Event {
    DriverReady = 0,
    PortReady = 3,
    PortOpen = 6,
}

/// The messages, written but not sent.
#[derive(Debug)]
pub(crate) struct Control {
    ring: Ring,
}

/// Sets the queue up and puts the messages there; none if that fails.
pub(crate) fn prepare(transport: &mut SomeTransport<'static>) -> Option<Control> {
    let mut ring = Ring::new(transport, QUEUE, Direction::ToDevice)?;
    for (port, event) in MESSAGES {
        let mut page = Page::take()?;
        page.bytes_mut()[..MESSAGE].copy_from_slice(&message(port, event));
        ring.post(page, MESSAGE).ok()?;
    }
    Some(Control { ring })
}

impl Control {
    /// Sends the messages. The device keeps the ring and its pages, which go
    /// back to no pool.
    pub(crate) fn open_port(self, transport: &mut SomeTransport<'static>) {
        self.ring.notify(transport);
    }
}

/// A message: the port, the event, and that it is so.
fn message(port: u32, event: Event) -> [u8; MESSAGE] {
    const YES: u16 = 1;
    let mut message = [0; MESSAGE];
    message[..4].copy_from_slice(&port.to_le_bytes());
    message[4..6].copy_from_slice(&(event as u16).to_le_bytes());
    message[6..].copy_from_slice(&YES.to_le_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_laid_out_as_the_standard_says() {
        assert_eq!(message(1, Event::PortOpen), [1, 0, 0, 0, 6, 0, 1, 0]);
    }
}
