//! The devices that this kernel drives: consoles and sources of entropy.

use virtio_drivers::device::common::Feature;
use virtio_drivers::transport::{SomeTransport, Transport};

use crate::patience::Patience;
use crate::receiver::Receiver;
use crate::sender::Sender;

const RECEIVE_QUEUE: u16 = 0;
const SEND_QUEUE: u16 = 1;
const ENTROPY_QUEUE: u16 = 0;

/// How many pages of input a console holds.
const INPUT_PAGES: usize = 2;

/// A console with one port.
#[derive(Debug)]
pub(crate) struct Console {
    transport: SomeTransport<'static>,
    receiver: Receiver,
    sender: Sender,
}

impl Console {
    /// Starts the console; none if it does not behave like one.
    pub(crate) fn new(mut transport: SomeTransport<'static>) -> Option<Console> {
        transport.begin_init(Feature::VERSION_1);
        let receiver = Receiver::new(&mut transport, RECEIVE_QUEUE, INPUT_PAGES)?;
        let sender = Sender::new(&mut transport, SEND_QUEUE)?;
        transport.finish_init();
        receiver.start(&mut transport);
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

/// A source of random bytes.
#[derive(Debug)]
pub(crate) struct Entropy {
    transport: SomeTransport<'static>,
    receiver: Receiver,
}

impl Entropy {
    /// Starts the source; none if it does not behave like one.
    pub(crate) fn new(mut transport: SomeTransport<'static>) -> Option<Entropy> {
        transport.begin_init(Feature::VERSION_1);
        let receiver = Receiver::new(&mut transport, ENTROPY_QUEUE, 1)?;
        transport.finish_init();
        receiver.start(&mut transport);
        Some(Entropy {
            transport,
            receiver,
        })
    }

    /// Puts at most `size` random bytes into the frames; how many. Waits a
    /// little if there are none yet.
    pub(crate) fn read(&mut self, offset: usize, size: usize) -> usize {
        let mut read = || match self.receiver.receive(&mut self.transport, offset, size) {
            0 if size > 0 => None,
            done => Some(done),
        };
        Patience::new().wait(&mut read).unwrap_or(0)
    }

    /// Takes note of an interrupt.
    pub(crate) fn acknowledge(&mut self) {
        self.transport.ack_interrupt();
    }
}
