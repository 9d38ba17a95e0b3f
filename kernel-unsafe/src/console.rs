//! Consoles: one stream of bytes each way.
//!
//! A device with several ports is used by its first port for anything but a
//! system console. That kind keeps what the host does not read at once, and
//! lets the guest wait; port 0, which is all that a device without this feature
//! has, throws it away.

use bitflags::bitflags;
use virtio_drivers::transport::{SomeTransport, Transport};

use crate::control;
use crate::receiver::Receiver;
use crate::ring;
use crate::sender::Sender;

bitflags! {
    /// What a console offers.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    struct Feature: u64 {
        /// Several ports, and queues to speak about them.
        const MULTIPORT = 1 << 1;
        /// The device is none from before the standard.
        const VERSION_1 = 1 << 32;
    }
}

/// The queue by which port 0 receives; it sends by the next one.
const ONLY_PORT: u16 = 0;
/// The queue by which port 1 receives, behind those that speak about ports.
const FIRST_PORT: u16 = 4;

/// How many pages of input a console holds.
const INPUT_PAGES: usize = 2;

/// The pages of a console: its rings, what it says, and what it holds each way.
pub(crate) const PAGES: usize = 2 * ring::PAGES + control::PAGES + INPUT_PAGES + ring::SLOTS;

/// A console.
#[derive(Debug)]
pub(crate) struct Console {
    transport: SomeTransport<'static>,
    receiver: Receiver,
    sender: Sender,
}

impl Console {
    /// Starts the console; none if it does not behave like one.
    pub(crate) fn new(mut transport: SomeTransport<'static>) -> Option<Console> {
        let has_ports = transport
            .begin_init(Feature::all())
            .contains(Feature::MULTIPORT);
        let queue = if has_ports { FIRST_PORT } else { ONLY_PORT };
        let receiver = Receiver::new(&mut transport, queue, INPUT_PAGES)?;
        let sender = Sender::new(&mut transport, queue + 1)?;
        let control = if has_ports {
            Some(control::prepare(&mut transport)?)
        } else {
            None
        };
        transport.finish_init();
        receiver.start(&mut transport);
        if let Some(control) = control {
            control.open_port(&mut transport);
        }
        Some(Console {
            transport,
            receiver,
            sender,
        })
    }

    /// Sends bytes of the frames; how many the device took.
    pub(crate) fn write(&mut self, offset: usize, size: usize) -> usize {
        self.sender.send(&mut self.transport, offset, size)
    }

    /// Waits a little for the device to finish what it was given; how many pages
    /// it has not.
    pub(crate) fn flush(&mut self) -> usize {
        self.sender.flush()
    }

    /// Receives bytes into the frames, if there are any; how many.
    pub(crate) fn read(&mut self, offset: usize, size: usize) -> usize {
        self.receiver.receive(&mut self.transport, offset, size)
    }

    /// Takes note of an interrupt.
    pub(crate) fn acknowledge(&mut self) {
        self.transport.ack_interrupt();
    }
}
